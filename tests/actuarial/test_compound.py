"""The aggregate limit against exact moments, exact small cases and Monte Carlo from another route."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from actuarial.calibration import HeadSeverity
from actuarial.compound import STEPS, layer_grid, limited_aggregate
from actuarial.severity import layer, limited_expected_value, splice

S = splice(
    (
        HeadSeverity(mu=9.0, sigma=1.6, threshold=60_000.0, xi=0.8, beta=80_000.0),
        HeadSeverity(mu=11.0, sigma=1.2, threshold=400_000.0, xi=1.2, beta=300_000.0),
    )
)
D, L = 10_000.0, 2_500_000.0


@pytest.mark.parametrize("aggregate", [2.5e6, 5e6, 12.34e6])
def test_grid_keeps_mass_and_mean(aggregate: float) -> None:
    grid = layer_grid(S, D, L, aggregate, 1.3)
    mean = grid @ (np.arange(STEPS + 1) * aggregate / STEPS)
    expected = layer(S, np.array([D]), np.array([L]), np.array([1.3]))[0]
    assert grid.sum(axis=1) == pytest.approx([1.0, 1.0], abs=1e-12)
    assert mean == pytest.approx(expected, rel=1e-9)


def test_far_aggregate_leaves_the_plain_expected_loss() -> None:
    frequency = np.array([[0.02, 0.01]])
    aggregate = 40 * L
    found = limited_aggregate(frequency, layer_grid(S, D, L, aggregate, 1.0), aggregate, 0.3)
    plain = frequency @ layer(S, np.array([D]), np.array([L]), np.ones(1))[0]
    assert found == pytest.approx(plain, rel=1e-6)


def test_constant_losses_against_the_negative_binomial_itself() -> None:
    """Losses of exactly one limit each: min(S, A) is a function of the count, summed here term by term."""
    mean, dispersion, aggregate = 1.7, 0.4, 3.0
    grid = np.zeros((1, STEPS + 1))
    unit = 1.0
    step = aggregate / STEPS
    position = unit / step  # 85.33: the mass is spread over two grid points, keeping the mean
    grid[0, int(position)] = 1 - (position - int(position))
    grid[0, int(position) + 1] = position - int(position)
    counts = np.arange(200)
    probability = stats.nbinom(1 / dispersion, 1 / (1 + dispersion * mean)).pmf(counts)
    exact = (np.minimum(counts * unit, aggregate) * probability).sum()
    found = limited_aggregate(np.array([[mean]]), grid, aggregate, dispersion)
    assert found[0] == pytest.approx(exact, rel=1e-3)


def panjer(claim: np.ndarray, mean: float, dispersion: float) -> np.ndarray:
    """Distribution of a negative binomial sum by Panjer's recursion (ASTIN Bulletin 12, 1981, p. 22)."""
    q = dispersion * mean / (1 + dispersion * mean)
    a, b = q, (1 / dispersion - 1) * q
    total = np.zeros_like(claim)
    total[0] = (1 + dispersion * mean * (1 - claim[0])) ** (-1 / dispersion)
    for s in range(1, len(claim)):
        j = np.arange(1, s + 1)
        total[s] = ((a + b * j / s) * claim[1 : s + 1] * total[s - 1 :: -1][:s]).sum() / (1 - a * claim[0])
    return total


@pytest.mark.parametrize(("mean", "tolerance"), [(0.01, 1e-7), (0.1, 1e-7), (1.0, 1e-6), (5.0, 1e-5)])
def test_against_panjers_recursion_on_a_grid_eight_times_finer(mean: float, tolerance: float) -> None:
    aggregate, dispersion, fine = 2.0 * L, 0.5, 8 * STEPS
    h = aggregate / fine
    edges = np.minimum(np.arange(fine + 2) * h, L)
    levels = limited_expected_value(S, D + edges[:, None])[:, 0]
    limited = levels - levels[0]
    claim = np.append(1 - limited[1] / h, (2 * limited[1:-1] - limited[:-2] - limited[2:]) / h)
    annual = panjer(claim, mean, dispersion)
    exact = aggregate - ((aggregate - np.arange(fine) * h) * annual[:fine]).sum()
    found = limited_aggregate(np.array([[mean, 0.0]]), layer_grid(S, D, L, aggregate, 1.0), aggregate, dispersion)
    assert found[0] == pytest.approx(exact, rel=tolerance)


def test_against_simulation() -> None:
    rng = np.random.default_rng(20270101)
    mean, dispersion, aggregate, runs = 2.0, 0.5, 4.0e6, 200_000
    counts = rng.negative_binomial(1 / dispersion, 1 / (1 + dispersion * mean), runs)
    u = rng.random(counts.sum())
    body = S.weight[0]
    lognormal = stats.lognorm(1.6, scale=np.exp(9.0))
    in_body = u < body
    x = np.where(
        in_body,
        lognormal.ppf(np.minimum(u, body) / body * lognormal.cdf(60_000.0)),
        stats.genpareto(0.8, loc=60_000.0, scale=80_000.0).ppf(np.clip((u - body) / (1 - body), 0, 1)),
    )
    losses = np.clip(x - D, 0, L)
    annual = np.bincount(np.repeat(np.arange(runs), counts), weights=losses, minlength=runs)
    simulated = np.minimum(annual, aggregate)
    found = limited_aggregate(np.array([[mean, 0.0]]), layer_grid(S, D, L, aggregate, 1.0), aggregate, dispersion)
    error = simulated.std() / np.sqrt(runs)
    assert abs(found[0] - simulated.mean()) < 4 * error


@given(
    first=st.floats(0.0, 5.0),
    second=st.floats(0.0, 5.0),
    more=st.floats(0.0, 2.0),
    dispersion=st.floats(0.01, 2.0),
    aggregate=st.floats(L, 10 * L),
)
def test_rises_with_frequency_and_stays_below_aggregate(
    first: float, second: float, more: float, dispersion: float, aggregate: float
) -> None:
    frequency = np.array([[first, second], [first + more, second]])
    found = limited_aggregate(frequency, layer_grid(S, D, L, aggregate, 1.0), aggregate, dispersion)
    assert found[1] >= found[0] - 1e-7 * aggregate
    assert np.all(found <= aggregate * (1 + 1e-9))
    assert np.all(found <= frequency @ layer(S, np.array([D]), np.array([L]), np.ones(1))[0] + 1e-7 * aggregate)


def test_no_claims_no_loss() -> None:
    assert limited_aggregate(np.zeros((1, 2)), layer_grid(S, D, L, 5e6, 1.0), 5e6, 0.3)[0] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("dispersion", [0.0, 1e-9, 1e-6, 1e-4])
def test_without_dispersion_counts_are_poisson(dispersion: float) -> None:
    mean, aggregate = 1.7, 3.0
    grid = np.zeros((1, STEPS + 1))
    grid[0, STEPS // 3] = 1.0  # every claim costs a third of the aggregate limit
    counts = np.arange(60)
    probability = stats.poisson(mean).pmf(counts)
    expected = (probability * np.minimum(counts * (STEPS // 3) * aggregate / STEPS, aggregate)).sum()
    found = limited_aggregate(np.array([[mean]]), grid, aggregate, dispersion)
    assert found == pytest.approx([expected], rel=1e-4)
    assert limited_aggregate(np.array([[0.0]]), grid, aggregate, dispersion) == pytest.approx([0.0])
