"""One head's severity from its claims and the prior of the last calibration (docs/methods/severity.md).

The parameters psi = (mu, log sigma, xi, log beta) have a normal prior around those of the prior calibration; the claims
update it. The mode is the credibility estimate on the log scale and on xi: the more the claims say of a parameter, the
less of the prior remains. The threshold is set first; every psi then makes a splice without a step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, minimize
from scipy.special import ndtri

from actuarial.calibration import HeadSeverity
from actuarial.fitting.insured_severity import TAIL_SHARE, authored
from actuarial.fitting.severity import (
    BETA_BOUNDS,
    LEVEL,
    MU_BOUNDS,
    SIGMA_BOUNDS,
    XI_BOUNDS,
    borrow,
    log_likelihood,
)
from actuarial.rounding import Floats
from actuarial.severity import limited_expected_value, splice

NAMES = ("mu", "log_sigma", "xi", "log_beta")
STEPS = np.array([1e-3, 1e-3, 1e-3, 1e-3])  # of numerical derivatives: far above rounding, far below any error
TAIL_SHARES = (0.01, 0.20)  # of the claims above the threshold: a tail to fit, and a body below it
TINY = 1e-9  # of the largest information: a direction of which the claims say nothing
Z = float(ndtri((1.0 + LEVEL) / 2.0))


@dataclass(frozen=True, slots=True, eq=False)
class HeadFit:
    """A head's severity, the covariance (4, 4) of psi, and what it rests on.

    `credibility` is the share of the prior's uncertainty about the limited mean that the claims removed, `cv` the
    coefficient of variation of that mean from the uncertainty left. `unconstrained` is the fit without a prior and
    `own_error` (4,) its standard errors; None where the head keeps the prior.
    """

    severity: HeadSeverity
    prior: HeadSeverity
    covariance: Floats
    claims: int
    tail: int
    credibility: float
    cv: float
    unconstrained: HeadSeverity | None
    own_error: Floats | None


def fit_head(low: Floats, high: Floats, prior: HeadSeverity, basic_limit_eur: float, sd_factor: float = 1.0) -> HeadFit:
    """One head's severity from claims in [low, high] (C,), euros of the pricing year at the reference size.

    `high` may be infinite: a claim cut off at `low` by something that does not depend on it, as a limit.
    """
    precision = np.diag((sd_factor * prior_sd()) ** -2.0)
    if len(low) < authored()["claims"]["fewest"]:
        gradient = _log_mean_gradient(to_psi(prior), prior.threshold, basic_limit_eur)
        spread = _inverse(precision)
        cv = math.sqrt(gradient @ spread @ gradient)
        return HeadFit(prior, prior, spread, len(low), 0, 0.0, cv, None, None)
    threshold = _threshold(low, prior.threshold)
    centre = to_psi(prior) + np.array([0.0, 0.0, 0.0, math.log(threshold / prior.threshold)])
    psi = _mode(low, high, threshold, centre, precision, centre)
    own = _mode(low, high, threshold, centre, np.zeros((4, 4)), psi)
    information = _information(low, high, threshold, psi)
    covariance = _inverse(precision + information)
    gradient = _log_mean_gradient(psi, threshold, basic_limit_eur)
    left = float(gradient @ covariance @ gradient)
    before = float(gradient @ _inverse(precision) @ gradient)
    return HeadFit(
        from_psi(psi, threshold),
        from_psi(centre, threshold),
        covariance,
        len(low),
        int((low > threshold).sum()),
        1.0 - left / before,
        math.sqrt(left),
        from_psi(own, threshold),
        _errors(_information(low, high, threshold, own)),
    )


def prior_sd() -> Floats:
    """Standard deviations of the prior of psi, (4,)."""
    return np.array([authored()["claims"][f"prior_sd_{name}"] for name in NAMES], dtype=float)


def to_psi(s: HeadSeverity) -> Floats:
    """(mu, log sigma, xi, log beta) of a severity."""
    return np.array([s.mu, math.log(s.sigma), s.xi, math.log(s.beta)])


def from_psi(psi: Floats, threshold: float) -> HeadSeverity:
    """The severity of these parameters; any of them make a splice without a step at the threshold."""
    mu, log_sigma, xi, log_beta = (float(value) for value in psi)
    return HeadSeverity(mu, math.exp(log_sigma), threshold, xi, math.exp(log_beta))


def limited_mean(fit: HeadFit, limit_eur: float) -> tuple[float, float, float]:
    """E[min(X, limit)] in euros with its 90 % interval, by the delta method on the log scale."""
    psi, threshold = to_psi(fit.severity), fit.severity.threshold
    gradient = _log_mean_gradient(psi, threshold, limit_eur)
    half = Z * math.sqrt(gradient @ fit.covariance @ gradient)
    centre = _log_mean(psi, threshold, limit_eur)
    return math.exp(centre), math.exp(centre - half), math.exp(centre + half)


def _threshold(low: Floats, prior: float) -> float:
    """Where the tail starts: at the prior's threshold as long as a usable share of the claims lies above it.

    Otherwise the claims' own 95 % point, by credibility on the log scale with the prior's.
    """
    constant = authored()["data"]["credibility_losses"]
    share = borrow(float((low > prior).mean()), len(low), TAIL_SHARE, constant)
    own = float(np.quantile(low, 1.0 - TAIL_SHARE))
    if TAIL_SHARES[0] <= share <= TAIL_SHARES[1] or own <= 0:
        return prior
    return math.exp(borrow(math.log(own), len(low), math.log(prior), constant))


def _mode(low: Floats, high: Floats, threshold: float, centre: Floats, precision: Floats, start: Floats) -> Floats:
    """psi at the maximum of log likelihood less half the squared distance to the prior's centre."""

    def misfit(psi: Floats) -> float:
        away = psi - centre
        return float(0.5 * away @ precision @ away) - log_likelihood(from_psi(psi, threshold), low, high, 0.0)

    log_u = math.log(threshold)
    edges = (
        (log_u + MU_BOUNDS[0], log_u + MU_BOUNDS[1]),
        (math.log(SIGMA_BOUNDS[0]), math.log(SIGMA_BOUNDS[1])),
        XI_BOUNDS,
        (log_u + math.log(BETA_BOUNDS[0]), log_u + math.log(BETA_BOUNDS[1])),
    )
    bounds = Bounds([a for a, _ in edges], [b for _, b in edges])
    return np.asarray(minimize(misfit, start, method="L-BFGS-B", bounds=bounds).x, dtype=float)


def _information(low: Floats, high: Floats, threshold: float, psi: Floats) -> Floats:
    """Observed information (4, 4) of psi by central differences, negative directions set to zero."""

    def value(shift: Floats) -> float:
        return log_likelihood(from_psi(psi + shift, threshold), low, high, 0.0)

    moves = np.diag(STEPS)
    hessian = np.empty((4, 4))
    for i in range(4):
        for j in range(i, 4):
            a, b = moves[i], moves[j]
            second = (value(a + b) - value(a - b) - value(b - a) + value(-a - b)) / (4 * STEPS[i] * STEPS[j])
            hessian[i, j] = hessian[j, i] = -second
    sizes, directions = np.linalg.eigh(hessian)
    return np.asarray(directions * np.maximum(sizes, 0.0) @ directions.T, dtype=float)


def _errors(information: Floats) -> Floats:
    """Standard errors (4,) of a fit without a prior; nan where the claims do not determine psi."""
    sizes, directions = np.linalg.eigh(information)
    if sizes[0] <= TINY * sizes[-1]:
        return np.full(4, np.nan)
    variances: Floats = (directions**2 / sizes).sum(axis=1)
    return np.sqrt(variances)


def _inverse(matrix: Floats) -> Floats:
    return np.asarray(np.linalg.inv(matrix), dtype=float)


def _log_mean(psi: Floats, threshold: float, limit: float) -> float:
    return math.log(float(limited_expected_value(splice([from_psi(psi, threshold)]), np.array([limit]))[0]))


def _log_mean_gradient(psi: Floats, threshold: float, limit: float) -> Floats:
    """Gradient (4,) of the log of the limited mean in psi."""
    moves = np.diag(STEPS)
    rises = [_log_mean(psi + move, threshold, limit) - _log_mean(psi - move, threshold, limit) for move in moves]
    return np.asarray(np.array(rises) / (2 * STEPS), dtype=float)
