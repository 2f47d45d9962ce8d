"""Severity per harm head: limited expected values and layers of the spliced distribution (docs/methods/severity.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from actuarial.calibration import HeadSeverity
from actuarial.rounding import Floats
from actuarial.special import exprel, ndtr


@dataclass(frozen=True, slots=True)
class Splice:
    """Parameters of H heads, each an array (H,): lognormal up to `threshold`, generalised Pareto above.

    `weight` is the probability of the body; it makes the density continuous at the threshold.
    """

    mu: Floats
    sigma: Floats
    threshold: Floats
    xi: Floats
    beta: Floats
    weight: Floats


def splice(heads: Sequence[HeadSeverity]) -> Splice:
    """The severities of these heads as arrays."""
    mu, sigma, threshold, xi, beta = (
        np.array([getattr(head, name) for head in heads], dtype=float)
        for name in ("mu", "sigma", "threshold", "xi", "beta")
    )
    return Splice(mu, sigma, threshold, xi, beta, body_weight(mu, sigma, threshold, beta))


def body_weight(mu: Floats, sigma: Floats, threshold: Floats, beta: Floats) -> Floats:
    """P(X <= threshold) that joins the two densities without a step: p f(u) / F(u) = (1 - p) / beta."""
    z = (np.log(threshold) - mu) / sigma
    density = np.exp(-0.5 * z * z) / (threshold * sigma * np.sqrt(2 * np.pi))
    odds = ndtr(z) / (beta * density)
    return np.asarray(odds / (1 + odds))


def limited_expected_value(s: Splice, x: Floats) -> Floats:
    """LEV(x) = E[min(X, x)] in euros for `x` of shape (..., H). Finite for any xi, also where the mean is not."""
    body = np.minimum(x, s.threshold)
    with np.errstate(divide="ignore"):
        z = (np.log(body) - s.mu) / s.sigma
    at_threshold = ndtr((np.log(s.threshold) - s.mu) / s.sigma)
    below = np.exp(s.mu + 0.5 * s.sigma**2) * ndtr(z - s.sigma) + body * (at_threshold - ndtr(z))
    in_body = s.weight * below / at_threshold + (1 - s.weight) * body
    return np.asarray(in_body + (1 - s.weight) * _mean_excess_to(s, np.maximum(x - s.threshold, 0.0)))


def _mean_excess_to(s: Splice, v: Floats) -> Floats:
    """Integral of the generalised Pareto survival function from 0 to v; exprel keeps xi near 1 exact."""
    log_growth = np.log1p(s.xi * v / s.beta) / s.xi
    return np.asarray(s.beta * log_growth * exprel((s.xi - 1) * log_growth))


def layer(s: Splice, deductible: Floats, limit: Floats, scale: Floats) -> Floats:
    """Expected layer loss per claim, (N, H): E[min(max(kX - d, 0), l)] for d, l, k of shape (N,)."""
    d, top = (deductible / scale)[:, None], ((deductible + limit) / scale)[:, None]
    return np.asarray(scale[:, None] * (limited_expected_value(s, top) - limited_expected_value(s, d)))
