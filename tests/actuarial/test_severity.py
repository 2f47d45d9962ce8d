"""Layers against numeric integration, the closed lognormal form, and the limits of the Pareto tail."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from actuarial.calibration import HeadSeverity
from actuarial.severity import body_weight, layer, limited_expected_value, splice

HEADS = (
    HeadSeverity(mu=9.0, sigma=1.6, threshold=60_000.0, xi=0.8, beta=80_000.0),
    HeadSeverity(mu=11.0, sigma=1.2, threshold=400_000.0, xi=1.0, beta=300_000.0),
    HeadSeverity(mu=10.0, sigma=2.0, threshold=100_000.0, xi=1.4, beta=150_000.0),
    HeadSeverity(mu=8.0, sigma=1.0, threshold=20_000.0, xi=0.05, beta=9_000.0),
)
S = splice(HEADS)


def survival(head: int, x: float) -> float:
    """Survival function written out once more, by SciPy's own distributions."""
    h, p = HEADS[head], S.weight[head]
    if x <= h.threshold:
        body = stats.lognorm(h.sigma, scale=np.exp(h.mu))
        return 1 - p * body.cdf(x) / body.cdf(h.threshold)
    return (1 - p) * stats.genpareto(h.xi, loc=h.threshold, scale=h.beta).sf(x)


@pytest.mark.parametrize("head", range(len(HEADS)))
@pytest.mark.parametrize("x", [500.0, 20_000.0, 150_000.0, 2_500_000.0, 50_000_000.0])
def test_limited_expected_value_is_the_integral_of_survival(head: int, x: float) -> None:
    pieces = [0.0, *(c for c in (HEADS[head].threshold,) if c < x), x]
    expected = sum(integrate.quad(lambda y: survival(head, y), a, b, limit=500)[0] for a, b in pairwise(pieces))
    found = limited_expected_value(S, np.array([[x]]))[0, head]
    assert found == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("head", range(len(HEADS)))
def test_density_is_continuous_at_the_threshold(head: int) -> None:
    u = HEADS[head].threshold
    below = (survival(head, u * (1 - 1e-6)) - survival(head, u)) / (u * 1e-6)
    above = (survival(head, u) - survival(head, u * (1 + 1e-6))) / (u * 1e-6)
    assert below == pytest.approx(above, rel=1e-3)


def test_body_weight_of_a_matched_exponential_tail() -> None:
    """For a tail whose scale equals the inverse hazard of the body at u, the weight is the body's own F(u)."""
    mu, sigma, u = 9.0, 1.5, 50_000.0
    body = stats.lognorm(sigma, scale=np.exp(mu))
    beta = body.sf(u) / body.pdf(u)
    weight = body_weight(np.array([mu]), np.array([sigma]), np.array([u]), np.array([beta]))
    assert weight[0] == pytest.approx(body.cdf(u), rel=1e-12)


amounts = st.floats(0.0, 5e7)


@given(d=amounts, a=st.floats(1.0, 5e7), b=st.floats(1.0, 5e7), k=st.floats(0.2, 5.0))
def test_layer_is_bounded_monotone_and_concave_in_the_limit(d: float, a: float, b: float, k: float) -> None:
    low, high = sorted((a, b))
    middle = (low + high) / 2
    found = layer(S, np.full(3, d), np.array([low, middle, high]), np.full(3, k))
    noise = 1e-9 * high
    assert np.all(found >= -noise)
    assert np.all(found <= np.array([low, middle, high])[:, None] + noise)
    assert np.all(np.diff(found, axis=0) >= -noise)
    assert np.all(2 * found[1] >= found[0] + found[2] - noise)


@given(d=amounts, more=amounts, limit=st.floats(1.0, 5e7))
def test_layer_falls_with_the_deductible(d: float, more: float, limit: float) -> None:
    found = layer(S, np.array([d, d + more]), np.full(2, limit), np.ones(2))
    assert np.all(found[1] <= found[0] + 1e-9 * limit)


@given(d=amounts, limit=st.floats(1.0, 5e7), low=st.floats(0.2, 5.0), high=st.floats(0.2, 5.0))
def test_layer_rises_with_the_scale_of_losses(d: float, limit: float, low: float, high: float) -> None:
    found = layer(S, np.full(2, d), np.full(2, limit), np.array(sorted((low, high))))
    assert np.all(found[1] >= found[0] - 1e-9 * limit)
