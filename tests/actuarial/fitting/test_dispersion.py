"""Dispersion of claim counts against statsmodels, SciPy's negative binomial, and simulated counts of known variance."""

import numpy as np
import pytest
import statsmodels.discrete.discrete_model as peer
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import nbinom, poisson

from actuarial.fitting.dispersion import (
    cameron_trivedi,
    dispersion,
    fit_dispersion,
    log_likelihood,
    policy_years,
)


def draw(seed: int, size: int, a: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    mean = np.exp(rng.normal(-1.0, 1.0, size))
    frailty = rng.gamma(1.0 / a, a, size) if a else 1.0
    return mean, rng.poisson(mean * frailty).astype(float)


def test_likelihood_is_that_of_the_negative_binomial_and_of_poisson() -> None:
    mean, claims = draw(1, 500, 0.6)
    for a in (0.05, 0.6, 3.0):
        others = nbinom.logpmf(claims, 1.0 / a, 1.0 / (1.0 + a * mean)).sum() - poisson.logpmf(claims, mean).sum()
        assert log_likelihood(a, mean, claims) - log_likelihood(0.0, mean, claims) == pytest.approx(others, rel=1e-9)


@pytest.mark.parametrize("a", [0.3, 1.5])
def test_fit_agrees_with_statsmodels(a: float) -> None:
    """At the level that statsmodels fits together with the dispersion, the profile is at its own maximum too."""
    mean, claims = draw(2, 4_000, a)
    fit = peer.NegativeBinomial(claims, np.ones((4_000, 1)), offset=np.log(mean)).fit(disp=0)
    found, se = fit_dispersion(mean * np.exp(fit.params[0]), claims)
    assert found == pytest.approx(fit.params[1], rel=1e-3)
    assert se == pytest.approx(fit.bse[1], rel=5e-3)


@pytest.mark.parametrize("a", [0.2, 0.7, 2.0])
def test_dispersion_of_simulated_counts_is_found(a: float) -> None:
    estimates = np.array([fit_dispersion(*draw(seed, 2_000, a)) for seed in range(100)])
    covered = np.abs(estimates[:, 0] - a) < 1.645 * estimates[:, 1]
    assert 0.82 <= covered.mean() <= 0.97
    assert estimates[:, 0].mean() == pytest.approx(a, abs=4.0 * estimates[:, 0].std() / 10.0)


def test_auxiliary_regression_is_least_squares_through_the_origin() -> None:
    mean, claims = draw(3, 300, 0.5)
    y = ((claims - mean) ** 2 - claims) / mean
    slope = (mean * y).sum() / (mean**2).sum()
    error = np.sqrt(((y - slope * mean) ** 2).sum() / 299 / (mean**2).sum())
    assert cameron_trivedi(mean, claims)[:2] == pytest.approx((slope, slope / error))


def test_poisson_counts_are_seldom_called_dispersed_and_dispersed_ones_mostly() -> None:
    poisson_p, dispersed_p = (
        np.array([cameron_trivedi(*draw(seed, 1_000, a))[2] for seed in range(300)]) for a in (0, 0.5)
    )
    assert 0.02 <= (poisson_p < 0.05).mean() <= 0.085
    assert (dispersed_p < 0.05).mean() > 0.95


def test_verdict_says_which_law_the_counts_follow() -> None:
    plain, wild = dispersion(*draw(5, 5_000, 0.0)), dispersion(*draw(4, 5_000, 0.8))
    assert plain.verdict.startswith("Poisson")
    assert plain.dispersion < 2.0 * plain.se
    assert wild.verdict.startswith("Negative binomial")
    assert wild.dispersion == pytest.approx(0.8, abs=3.0 * wild.se)
    assert max(wild.p, wild.likelihood_p) < 1e-6
    assert (wild.policy_years, wild.claims) == (5_000, int(draw(4, 5_000, 0.8)[1].sum()))


def test_counts_steadier_than_poisson_have_no_dispersion() -> None:
    found = dispersion(np.full(400, 2.0), np.tile([1.0, 2.0, 2.0, 3.0], 100))
    assert (found.dispersion, found.likelihood_ratio, found.likelihood_p) == (0.0, 0.0, 1.0)
    assert found.se == pytest.approx((400 * 4.0 / 2.0) ** -0.5)
    assert found.p > 0.99
    assert found.verdict.startswith("Poisson")


def test_tests_that_disagree_leave_it_undecided() -> None:
    """One outlier moves the likelihood, while the regression, whose error it also moves, is not convinced."""
    claims = np.zeros(200)
    claims[:20] = 1.0
    claims[0] = 6.0
    found = dispersion(np.full(200, claims.mean()), claims)
    assert found.likelihood_p < 0.05 < found.p
    assert found.verdict.startswith("Undecided")


def test_a_policy_year_adds_systems_and_perils_of_a_firm() -> None:
    firm, year = np.array(["b", "a", "b", "b"]), np.array([2025, 2025, 2026, 2025])
    expected = np.array([[0.1, 0.2], [1.0, 2.0], [10.0, 20.0], [0.3, 0.4]])
    known, came = policy_years(firm, year, expected, np.ones((4, 2)))
    assert sorted(zip(known.round(9), came, strict=True)) == [(1.0, 4.0), (3.0, 2.0), (30.0, 2.0)]
    assert policy_years(firm, year, expected[:, 0], np.ones(4))[0].sum() == pytest.approx(expected[:, 0].sum())


@given(
    arrays(float, 40, elements=st.floats(0.5, 20.0)),
    arrays(np.int64, 40, elements=st.integers(0, 30)).filter(lambda counts: counts.any()),
)
def test_the_fit_is_the_highest_point_of_the_likelihood(mean: np.ndarray, claims: np.ndarray) -> None:
    found, se = fit_dispersion(mean, claims.astype(float))
    top = log_likelihood(found, mean, claims)
    assert se > 0.0
    for near in (0.9 * found, 1.1 * found + 1e-3):
        assert log_likelihood(near, mean, claims) <= top + 1e-6


@pytest.mark.parametrize(
    ("expected", "counts", "message"),
    [
        ([1.0, 0.0], [1.0, 0.0], "positive expected"),
        ([1.0], [1.0], "at least two"),
        ([1.0, 1.0], [0.5, 0.0], "whole"),
        ([1.0, 1.0], [0.0, 0.0], "all zero"),
        ([1e-9, 1e-9], [9.0, 0.0], "more dispersed"),
    ],
)
def test_what_has_no_dispersion_is_refused(expected: list[float], counts: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dispersion(np.array(expected), np.array(counts))
