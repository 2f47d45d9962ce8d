"""Severity: spliced lognormal / generalised-Pareto fit on publicised losses, and what the tariff borrows from it.

Losses are intervals (low, high) in euros: exact when equal, right-censored when high is infinite. They enter the data
only above a reporting threshold (left truncation). docs/methods/severity.md says what the fits yield.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, brentq, minimize, minimize_scalar
from scipy.special import log_ndtr
from scipy.stats import chi2

from actuarial.calibration import HeadSeverity
from actuarial.rounding import Floats

LEVEL = 0.90  # of every interval that a table shows
LOG_ROOT_TWO_PI = 0.5 * math.log(2.0 * math.pi)
SIGMA_BOUNDS = (0.2, 6.0)
XI_BOUNDS = (0.02, 5.0)
BETA_BOUNDS = (1e-3, 1e3)  # in units of the threshold
MU_BOUNDS = (-25.0, 5.0)  # relative to the log of the threshold
CENSORED = 1e300  # a finite stand-in for the top of a right-censored loss


@dataclass(frozen=True, slots=True)
class SplicedFit:
    """A fitted splice: its parameters, log likelihood, and how many losses lie below and above the threshold."""

    severity: HeadSeverity
    log_likelihood: float
    body: int
    tail: int


@dataclass(frozen=True, slots=True)
class TailFit:
    """Generalised Pareto tail above `threshold`: shape with its profile interval, scale, number of losses."""

    threshold: float
    losses: int
    xi: float
    low: float
    high: float
    beta: float
    mean_excess: float


def body_weight(s: HeadSeverity) -> float:
    """P(X <= threshold) that makes the density continuous there: p f(u) / F(u) = (1 - p) / beta."""
    z = (math.log(s.threshold) - s.mu) / s.sigma
    log_density = -0.5 * z * z - LOG_ROOT_TWO_PI - math.log(s.threshold * s.sigma)
    log_odds = float(log_ndtr(z)) - math.log(s.beta) - log_density
    return float(1.0 / (1.0 + math.exp(-log_odds))) if log_odds > -700 else 0.0  # noqa: PLR2004 - exp overflows


def log_density(s: HeadSeverity, x: Floats) -> Floats:
    """Log density of the splice at x > 0 euros."""
    p, at_u = body_weight(s), (math.log(s.threshold) - s.mu) / s.sigma
    z = (np.log(x) - s.mu) / s.sigma
    body = math.log(max(p, 1e-300)) - float(log_ndtr(at_u)) - 0.5 * z * z - LOG_ROOT_TWO_PI - np.log(x * s.sigma)
    growth = np.log1p(s.xi * np.maximum(x - s.threshold, 0.0) / s.beta)
    tail = math.log(max(1.0 - p, 1e-300)) - math.log(s.beta) - (1.0 + 1.0 / s.xi) * growth
    return np.where(x <= s.threshold, body, tail)


def survival(s: HeadSeverity, x: Floats) -> Floats:
    """P(X > x) of the splice."""
    p, at_u = body_weight(s), (math.log(s.threshold) - s.mu) / s.sigma
    with np.errstate(divide="ignore"):
        z = (np.log(np.minimum(x, s.threshold)) - s.mu) / s.sigma
    growth = np.log1p(s.xi * np.maximum(x - s.threshold, 0.0) / s.beta)
    body = 1.0 - p * np.exp(log_ndtr(z) - log_ndtr(at_u))
    return np.where(x <= s.threshold, body, (1.0 - p) * np.exp(-growth / s.xi))


def log_likelihood(s: HeadSeverity, low: Floats, high: Floats, truncated_at: float) -> float:
    """Log likelihood of losses in [low, high] that were seen because they exceed `truncated_at`."""
    exact = low == high
    top = survival(s, np.minimum(high[~exact], CENSORED))
    within = np.maximum(survival(s, low[~exact]) - np.where(np.isinf(high[~exact]), 0.0, top), 1e-300)
    seen = float(survival(s, np.array([truncated_at]))[0])
    return float(log_density(s, low[exact]).sum() + np.log(within).sum() - len(low) * math.log(max(seen, 1e-300)))


def fit_splice(low: Floats, high: Floats, threshold: float, truncated_at: float) -> SplicedFit:
    """Maximum-likelihood splice at a given threshold.

    `low`, `high` (n,) euros, all above `truncated_at` < `threshold`. Raises ValueError when a loss lies below it or
    nothing lies above the threshold.
    """
    if (low < truncated_at).any() or truncated_at >= threshold:
        raise ValueError("every loss and the threshold must lie above the truncation point")
    if not (low > threshold).any():
        raise ValueError(f"no loss lies above the threshold of {threshold:,.0f}")

    def severity(v: Floats) -> HeadSeverity:
        mu, sigma, xi, beta = math.log(threshold) + v[0], math.exp(v[1]), math.exp(v[2]), threshold * math.exp(v[3])
        return HeadSeverity(mu, sigma, threshold, xi, beta)

    def misfit(v: Floats) -> float:
        return -log_likelihood(severity(v), low, high, truncated_at)

    logs = [MU_BOUNDS, *((math.log(a), math.log(b)) for a, b in (SIGMA_BOUNDS, XI_BOUNDS, BETA_BOUNDS))]
    bounds = Bounds([a for a, _ in logs], [b for _, b in logs])
    starts = [np.array([m, s, x, 0.0]) for m in (-3.0, 0.0) for s in (0.0, 1.0) for x in (-0.7, 0.2)]
    fits = [minimize(misfit, start, method="L-BFGS-B", bounds=bounds) for start in starts]
    best = min(fits, key=lambda fit: float(fit.fun))
    above = int((low > threshold).sum())
    return SplicedFit(severity(best.x), -float(best.fun), len(low) - above, above)


def pareto_log_likelihood(excess: Floats, xi: float, beta: float) -> float:
    """Log likelihood of exact excesses (n,) under the generalised Pareto distribution, xi > 0."""
    return float(-len(excess) * math.log(beta) - (1.0 + 1.0 / xi) * np.log1p(xi * excess / beta).sum())


def profile_beta(excess: Floats, xi: float) -> float:
    """The scale that fits exact excesses (n,) best when the shape is `xi`."""
    scale = float(excess.mean())
    best = minimize_scalar(
        lambda log_beta: -pareto_log_likelihood(excess, xi, scale * math.exp(log_beta)),
        bounds=(-12.0, 6.0),
        method="bounded",
    )
    return scale * math.exp(float(best.x))


def fit_tail(losses: Floats, threshold: float, level: float = 0.95) -> TailFit:
    """Generalised Pareto fit of the losses above a threshold, with the profile-likelihood interval of the shape.

    Raises ValueError when no loss lies above it.
    """
    excess = losses[losses > threshold] - threshold
    if not len(excess):
        raise ValueError(f"no loss lies above the threshold of {threshold:,.0f}")

    def profile(xi: float) -> tuple[float, float]:
        beta = profile_beta(excess, xi)
        return pareto_log_likelihood(excess, xi, beta), beta

    peak = minimize_scalar(lambda xi: -profile(xi)[0], bounds=XI_BOUNDS, method="bounded")
    xi, drop = float(peak.x), float(chi2.ppf(level, 1)) / 2.0

    def below(value: float) -> float:
        return profile(value)[0] + float(peak.fun) + drop

    low = float(brentq(below, XI_BOUNDS[0], xi)) if below(XI_BOUNDS[0]) < 0 else XI_BOUNDS[0]
    high = float(brentq(below, xi, XI_BOUNDS[1])) if below(XI_BOUNDS[1]) < 0 else XI_BOUNDS[1]
    return TailFit(threshold, len(excess), xi, low, high, profile(xi)[1], float(excess.mean()))


def borrow(own: float, losses: int, pooled: float, constant: float) -> float:
    """Credibility estimate: own experience weighs n / (n + constant), the pooled one the rest."""
    weight = losses / (losses + constant)
    return weight * own + (1.0 - weight) * pooled


def insured_shape(publicised: float, publicity_exponent: float) -> float:
    """Tail shape of all claims from that of publicised ones, if P(publicised) grows as loss ^ exponent.

    A tail with survival x^(-a) is seen as x^(-(a - exponent)): the publicised shape 1 / (a - exponent) is too heavy.
    """
    return 1.0 / (1.0 / publicised + publicity_exponent)


def levels(losses: Floats, heads: Sequence[str], constant: float) -> dict[str, float]:
    """Credibility-weighted level of the log losses of each head relative to all of them."""
    log_loss, names = np.log(losses), np.array(heads)
    everything = float(log_loss.mean())
    return {
        head: borrow(float(log_loss[names == head].mean()) - everything, int((names == head).sum()), 0.0, constant)
        for head in sorted(set(heads))
    }
