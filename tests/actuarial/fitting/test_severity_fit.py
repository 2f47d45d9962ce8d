"""The severity fit against truth we did not make: simulated losses of known parameters, quadrature, scipy."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import genpareto

from actuarial.calibration import HeadSeverity
from actuarial.fitting.severity import (
    body_weight,
    borrow,
    fit_splice,
    fit_tail,
    insured_shape,
    levels,
    log_density,
    log_likelihood,
    pareto_log_likelihood,
    survival,
)
from actuarial.severity import limited_expected_value, splice

TRUTH = HeadSeverity(mu=math.log(20_000), sigma=1.8, threshold=400_000.0, xi=0.9, beta=450_000.0)
HEAVY = HeadSeverity(mu=math.log(5_000), sigma=2.5, threshold=100_000.0, xi=1.3, beta=90_000.0)


def draw(s: HeadSeverity, size: int, seed: int) -> np.ndarray:
    """Losses drawn from the splice by composition, independent of its density."""
    rng = np.random.default_rng(seed)
    body = rng.random(size) < body_weight(s)
    lognormal = np.exp(rng.normal(s.mu, s.sigma, 3 * size))
    below = lognormal[lognormal <= s.threshold][:size]
    above = s.threshold + genpareto.rvs(s.xi, scale=s.beta, size=size, random_state=rng)
    return np.where(body, below, above)


@pytest.mark.parametrize("s", [TRUTH, HEAVY])
def test_density_is_continuous_and_integrates_to_one(s: HeadSeverity) -> None:
    at = np.array([s.threshold * (1 - 1e-9), s.threshold * (1 + 1e-9)])
    below, above = log_density(s, at)
    assert below == pytest.approx(above, abs=1e-6)

    def on_log_scale(y: float) -> float:
        return float(np.exp(log_density(s, np.array([math.exp(y)]))[0] + y))

    u = math.log(s.threshold)
    mass = quad(on_log_scale, -10, u, limit=200)[0] + quad(on_log_scale, u, 60, limit=200)[0]
    assert mass == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("s", [TRUTH, HEAVY])
def test_survival_integrates_to_the_limited_expected_value_of_the_tariff(s: HeadSeverity) -> None:
    for x in (1_000.0, s.threshold, 10 * s.threshold):
        points = [s.threshold] if x > s.threshold else None
        area = quad(lambda v: float(survival(s, np.array([v]))[0]), 0, x, limit=500, points=points)[0]
        assert area == pytest.approx(float(limited_expected_value(splice([s]), np.array([x]))[0]), rel=1e-6)


@pytest.mark.parametrize(("s", "seed"), [(TRUTH, 1), (HEAVY, 2)])
def test_known_parameters_come_back_from_truncated_censored_data(s: HeadSeverity, seed: int) -> None:
    losses = draw(s, 40_000, seed)
    truncated_at = s.threshold / 100
    losses = losses[losses > truncated_at]
    rng = np.random.default_rng(seed)
    low, high = losses.copy(), losses.copy()
    interval = (rng.random(len(losses)) < 0.2) & (losses > 2 * truncated_at)
    low[interval], high[interval] = losses[interval] * 0.8, losses[interval] * 1.25
    censored = losses > 40 * s.threshold
    low[censored], high[censored] = 40 * s.threshold, math.inf
    fit = fit_splice(low, high, s.threshold, truncated_at)
    assert censored.sum() > 5
    assert fit.severity.mu == pytest.approx(s.mu, abs=0.2)
    assert fit.severity.sigma == pytest.approx(s.sigma, abs=0.1)
    assert fit.severity.xi == pytest.approx(s.xi, abs=0.12)
    assert fit.severity.beta == pytest.approx(s.beta, rel=0.12)
    assert fit.log_likelihood >= log_likelihood(s, low, high, truncated_at)
    assert fit.body + fit.tail == len(losses)


def test_ignoring_the_reporting_threshold_would_bias_the_body() -> None:
    losses = draw(TRUTH, 12_000, 3)
    seen = losses[losses > 20_000]
    right = fit_splice(seen, seen, TRUTH.threshold, 20_000.0).severity
    wrong = fit_splice(seen, seen, TRUTH.threshold, 1e-6).severity
    assert abs(right.mu - TRUTH.mu) < 0.5 < abs(wrong.mu - TRUTH.mu)


def test_what_cannot_be_fitted_is_refused() -> None:
    losses = np.array([10.0, 20.0, 30.0])
    with pytest.raises(ValueError, match="above the truncation point"):
        fit_splice(losses, losses, 25.0, 15.0)
    with pytest.raises(ValueError, match="no loss lies above"):
        fit_splice(losses, losses, 40.0, 5.0)


def test_tail_fit_agrees_with_an_independent_maximum() -> None:
    losses = 1e6 + genpareto.rvs(0.8, scale=2e6, size=400, random_state=np.random.default_rng(4))
    fit = fit_tail(losses, 1e6)
    xi, _, beta = genpareto.fit(losses - 1e6, floc=0)
    assert fit.xi == pytest.approx(xi, abs=0.01)
    assert fit.beta == pytest.approx(beta, rel=0.02)
    assert fit.low < 0.8 < fit.high
    assert fit.mean_excess == pytest.approx(float(np.mean(losses)) - 1e6)


def test_profile_interval_is_where_the_likelihood_has_dropped_by_half_a_chi_square() -> None:
    losses = 1.0 + genpareto.rvs(0.6, scale=1.0, size=150, random_state=np.random.default_rng(5))
    fit = fit_tail(losses, 1.0)
    betas = fit.beta * np.exp(np.linspace(-1.5, 1.5, 3001))
    best = pareto_log_likelihood(losses - 1.0, fit.xi, fit.beta)
    for end in (fit.low, fit.high):
        at_end = max(pareto_log_likelihood(losses - 1.0, end, beta) for beta in betas)
        assert best - at_end == pytest.approx(3.841459 / 2, abs=0.02)


def test_borrowing_runs_from_the_pooled_to_the_own_estimate() -> None:
    assert borrow(2.0, 0, 1.0, 20) == 1.0
    assert borrow(2.0, 20, 1.0, 20) == 1.5
    assert borrow(2.0, 10**9, 1.0, 20) == pytest.approx(2.0)


def test_levels_are_shrunken_log_ratios() -> None:
    found = levels(np.array([1.0, 1.0, math.e**3, math.e**3]), ("A", "A", "B", "B"), 2.0)
    assert found == pytest.approx({"A": -0.75, "B": 0.75})


def test_publicity_makes_a_tail_look_heavier_and_the_correction_undoes_it() -> None:
    rng = np.random.default_rng(6)
    all_losses = (1.0 - rng.random(2_000_000)) ** -0.8  # Pareto of shape 0.8 above 1
    publicised = all_losses[rng.random(len(all_losses)) < 0.01 * np.minimum(all_losses, 1e5) ** 0.4]
    seen = float(np.log(publicised[publicised > 5.0] / 5.0).mean())  # Hill estimate
    assert seen == pytest.approx(1 / (1 / 0.8 - 0.4), abs=0.06)
    assert insured_shape(seen, 0.4) == pytest.approx(0.8, abs=0.04)
