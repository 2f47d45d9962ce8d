"""Published results on tails, censored Pareto losses and increased limits; each with its source and tolerance.

The tolerance is half a unit of the last digit in print unless said otherwise.
"""

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from actuarial.calibration import HeadSeverity
from actuarial.fitting.ilf import consistency
from actuarial.fitting.severity import fit_tail, log_likelihood, pareto_log_likelihood
from actuarial.severity import layer, limited_expected_value, splice

# Daily rainfall in south-west England, 1914-1962, millimetres above 30 (Coles 2001, data of examples 1.6 and 4.4.1):
# value, days
RAIN = (
    (30.2, 3), (30.5, 14), (30.7, 1), (31.0, 3), (31.2, 3), (31.7, 1), (31.8, 11), (32.0, 3), (32.3, 2), (32.5, 3),
    (32.8, 1), (33.0, 7), (33.3, 1), (33.5, 6), (33.8, 2), (34.0, 3), (34.3, 5), (34.8, 2), (35.1, 1), (35.3, 5),
    (35.6, 6), (36.1, 1), (36.3, 2), (36.6, 2), (36.8, 2), (37.1, 1), (37.3, 1), (37.6, 2), (37.8, 1), (38.1, 5),
    (38.4, 2), (39.1, 1), (39.4, 4), (39.9, 1), (40.1, 1), (40.6, 1), (40.9, 2), (41.9, 2), (42.4, 1), (42.7, 1),
    (42.9, 1), (43.2, 1), (43.4, 1), (44.2, 1), (44.5, 2), (45.2, 1), (45.7, 3), (47.0, 3), (47.5, 1), (47.8, 2),
    (48.5, 2), (48.8, 1), (51.3, 2), (51.6, 1), (53.3, 1), (54.9, 1), (55.4, 1), (55.9, 2), (59.2, 1), (59.4, 2),
    (67.3, 1), (72.4, 1), (76.7, 1), (83.3, 1), (85.3, 1), (86.6, 1),
)  # fmt: skip
# Daily log returns of the Dow Jones index, September 1995 to September 2000, per cent above 2 (Coles 2001, 4.4.2)
DOW_JONES = (
    2.001, 2.002, 2.006, 2.008, 2.044, 2.070, 2.075, 2.104, 2.145, 2.146, 2.166, 2.189, 2.214, 2.238, 2.252, 2.303,
    2.317, 2.336, 2.365, 2.379, 2.399, 2.480, 2.514, 2.570, 2.605, 2.650, 2.710, 2.798, 3.074, 3.205, 3.211, 3.321,
    3.754, 4.065, 4.601, 4.810, 4.861,
)  # fmt: skip
# Klugman, Panjer, Willmot, Loss Models, data set B
DATA_SET_B = (27, 82, 115, 126, 155, 161, 243, 294, 340, 384, 457, 680, 855, 877, 974, 1193, 1340, 1884, 2558, 15743)
EXPONENTIAL = 1e-7  # a shape so small that the generalised Pareto is the exponential


def pareto(xi: float, beta: float, threshold: float) -> HeadSeverity:
    """A splice whose tail is this generalised Pareto; the body is never asked."""
    return HeadSeverity(math.log(threshold), 1.0, threshold, xi, beta)


def best_alpha(low: np.ndarray, high: np.ndarray, theta: float, single_parameter: bool) -> float:
    """Maximum-likelihood alpha of a Pareto with known theta: from theta on, or (shifted by 1) from 0 on."""
    start = theta if single_parameter else 1.0
    moved = 0.0 if single_parameter else 1.0

    def misfit(log_alpha: float) -> float:
        alpha = math.exp(log_alpha)
        return -log_likelihood(pareto(1 / alpha, theta / alpha, start), low + moved, high + moved, start)

    return math.exp(float(minimize_scalar(misfit, bounds=(-4.0, 3.0), method="bounded", options={"xatol": 1e-9}).x))


def best_mean(low: np.ndarray, high: np.ndarray) -> tuple[float, float]:
    """Maximum-likelihood mean of an exponential, and its log likelihood."""

    def misfit(log_mean: float) -> float:
        return -log_likelihood(pareto(EXPONENTIAL, math.exp(log_mean), 1.0), low + 1.0, high + 1.0, 1.0)

    best = minimize_scalar(misfit, bounds=(0.0, 12.0), method="bounded", options={"xatol": 1e-9})
    return math.exp(float(best.x)), -float(best.fun)


def covariance(excess: np.ndarray, beta: float, xi: float) -> np.ndarray:
    """Inverse observed information of (beta, xi) by central differences."""

    def value(b: float, x: float) -> float:
        return pareto_log_likelihood(excess, xi + x, beta + b)

    h = 1e-3
    bb = (value(h, 0) - 2 * value(0, 0) + value(-h, 0)) / h**2
    xx = (value(0, h) - 2 * value(0, 0) + value(0, -h)) / h**2
    bx = (value(h, h) - value(h, -h) - value(-h, h) + value(-h, -h)) / (4 * h**2)
    return np.linalg.inv(-np.array([[bb, bx], [bx, xx]]))


def test_generalised_pareto_of_the_rainfall_data() -> None:
    """Coles (2001), An Introduction to Statistical Modeling of Extreme Values, section 4.4.1: u = 30, 152 exceedances,
    sigma = 7.44, xi = 0.184, log likelihood -485.1, covariance (0.9188, -0.0655; -0.0655, 0.0102), to 1 %."""
    losses = np.repeat(*zip(*RAIN, strict=True))
    fit = fit_tail(losses, 30.0)
    assert fit.losses == 152
    assert fit.beta == pytest.approx(7.44, abs=0.005)
    assert fit.xi == pytest.approx(0.184, abs=0.0006)
    excess = losses - 30.0
    assert pareto_log_likelihood(excess, fit.xi, fit.beta) == pytest.approx(-485.1, abs=0.05)
    published = np.array([[0.9188, -0.0655], [-0.0655, 0.0102]])
    assert covariance(excess, fit.beta, fit.xi) == pytest.approx(published, rel=0.01)


def test_generalised_pareto_of_the_dow_jones_returns() -> None:
    """Coles (2001), section 4.4.2: u = 2, 37 exceedances, sigma = 0.495, xi = 0.288 with standard
    errors 0.150 and 0.258, these to 1 %."""
    fit = fit_tail(np.array(DOW_JONES), 2.0)
    assert fit.losses == 37
    assert fit.beta == pytest.approx(0.495, abs=0.0005)
    assert fit.xi == pytest.approx(0.288, abs=0.0005)
    errors = np.sqrt(np.diag(covariance(np.array(DOW_JONES) - 2.0, fit.beta, fit.xi)))
    assert errors == pytest.approx([0.150, 0.258], rel=0.01)


def test_right_censored_single_parameter_pareto() -> None:
    """Society of Actuaries, Exam C sample questions, number 4: losses 3, 6 and 14 and two above 25, theta = 1;
    alpha = 3 / ln 157,500 = 0.2507."""
    low = np.array([3.0, 6.0, 14.0, 25.0, 25.0])
    high = np.where(low == 25.0, np.inf, low)
    assert best_alpha(low, high, theta=1.0, single_parameter=True) == pytest.approx(0.2507, abs=5e-5)


def test_two_parameter_pareto_with_known_scale() -> None:
    """Society of Actuaries, Exam C sample questions, number 37: claims 225, 525 and 950, theta = 150;
    alpha = 3 / 4.4128 = 0.68, answer "at least 0.6, but less than 0.7"."""
    losses = np.array([225.0, 525.0, 950.0])
    assert best_alpha(losses, losses, theta=150.0, single_parameter=False) == pytest.approx(0.68, abs=0.005)


def test_exponential_limit_complete_and_censored() -> None:
    """Klugman, Panjer and Willmot, Loss Models, data set B, exponential: mean 1,424.4 and log likelihood -165.23 from
    all losses; mean 594.14 when they are limited to 250."""
    losses = np.array(DATA_SET_B, dtype=float)
    mean, likelihood = best_mean(losses, losses)
    assert mean == pytest.approx(1424.4, abs=0.05)
    assert likelihood == pytest.approx(-165.23, abs=0.005)
    low = np.minimum(losses, 250.0)
    assert best_mean(low, np.where(losses > 250.0, np.inf, low))[0] == pytest.approx(594.14, abs=0.005)


@pytest.mark.parametrize(("threshold", "expected"), [(2_000.0, 1_600.0), (1_000.0, 400.0)])
def test_pareto_layer_means(threshold: float, expected: float) -> None:
    """Riegel, R package Pareto, tests of Pareto_Layer_Mean: layer 8,000 xs 2,000, alpha = 2, thresholds 2,000 and
    1,000: 1,600 and 400 per loss above the threshold. Tolerance 1e-9 relative."""
    s = splice([pareto(0.5, threshold / 2.0, threshold)])
    per_loss = layer(s, np.array([2_000.0]), np.array([8_000.0]), np.ones(1))[0, 0]
    assert per_loss / (1.0 - s.weight[0]) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("surcharge", [0.1, 0.2, 0.4])
def test_riebesells_factors_are_those_of_a_pareto_tail(surcharge: float) -> None:
    """Riebesell (1936) by Mack and Fackler (2003), Exposure Rating in Liability Reinsurance: the premium rises by the
    same share z whenever the limit doubles, ILF = (1 + z)^log2(limit / basic), consistent above a threshold exactly
    with a Pareto of alpha = 1 - log2(1 + z). So each doubling costs 1 + z times the one before. Tolerance 1e-9."""
    alpha = 1.0 - math.log2(1.0 + surcharge)
    limits = 1e6 * 2.0 ** np.arange(6)
    s = splice([pareto(1 / alpha, 1e6 / alpha, 1e6)])
    doublings = np.diff(limited_expected_value(s, limits[:, None])[:, 0])
    assert doublings[1:] / doublings[:-1] == pytest.approx(1.0 + surcharge, rel=1e-9)
    verdict = consistency(limits, (1.0 + surcharge) ** np.log2(limits / 1e6))
    assert verdict.increasing
    assert verdict.concave
