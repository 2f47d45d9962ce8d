"""The beta-binomial by maximum likelihood: how often systems fail a test, and how far systems differ beyond chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq, minimize, minimize_scalar
from scipy.special import betaln, digamma, expit, gammaln, logit, ndtri, xlog1py, xlogy
from scipy.stats import chi2

from actuarial.rounding import Floats

LEVEL = 0.9  # of intervals
STRENGTHS = (1e-3, 1e6)  # a + b: from all-or-nothing systems to systems that cannot be told apart
MEANS = (1e-6, 1.0 - 1e-6)  # of the rate, while the likelihood is searched
START_STRENGTH = 5.0  # where the search starts: a middling population
LEAST_TAIL = 1e-15  # a tail area below it has no normal quantile in double precision
ENDS_SLACK = 1e-6  # in log strength: this near to an end of STRENGTHS the estimate is the end


@dataclass(frozen=True, slots=True)
class BetaBinomialFit:
    """Beta(a, b) of the failure rate between systems. `rho` = 1 / (a + b + 1) is the correlation of two trials of one
    system (overdispersion), with its 90 % profile-likelihood interval; `p_value` is that of the likelihood-ratio test
    against the binomial (all systems alike), on the boundary: half a chi-square with one degree of freedom."""

    a: float
    b: float
    rho: float
    rho_low: float
    rho_high: float
    log_likelihood: float
    binomial_log_likelihood: float
    p_value: float
    systems: int
    trials: int

    @property
    def mean(self) -> float:
        """Mean failure rate of the population."""
        return self.a / (self.a + self.b)


@dataclass(frozen=True, slots=True)
class _Groups:
    """Systems with the same result are one row: failures, trials and number of systems, (G,) each."""

    failures: Floats
    trials: Floats
    systems: Floats


def log_probability(failures: ArrayLike, trials: ArrayLike, a: float, b: float) -> Floats:
    """Log probability of `failures` in `trials` when the rate is Beta(a, b); any shape (Skellam 1948)."""
    k, n = np.asarray(failures, dtype=float), np.asarray(trials, dtype=float)
    return np.asarray(_log_ways(k, n) + betaln(k + a, n - k + b) - betaln(a, b))


def fit_beta_binomial(failures: ArrayLike, trials: ArrayLike) -> BetaBinomialFit:
    """The fit to `failures` of `trials`, one entry per system, (N,).

    Raises ValueError for fewer than two systems, counts that are none, or when no trial failed, or every one: then the
    likelihood has no maximum.
    """
    groups = _groups(failures, trials)
    a, b = _maximum(groups)
    low, high = _strength_interval(groups, a, b)
    log_likelihood = _log_likelihood(groups, a, b)
    pooled = groups.systems @ groups.failures / (groups.systems @ groups.trials)
    k, n = groups.failures, groups.trials
    alike = float(groups.systems @ (_log_ways(k, n) + xlogy(k, pooled) + xlog1py(n - k, -pooled)))
    ratio = max(2.0 * (log_likelihood - alike), 0.0)
    return BetaBinomialFit(
        a=a,
        b=b,
        rho=1.0 / (a + b + 1.0),
        rho_low=1.0 / (high + 1.0),
        rho_high=1.0 / (low + 1.0),
        log_likelihood=log_likelihood,
        binomial_log_likelihood=alike,
        p_value=float(chi2.sf(ratio, 1)) / 2.0 if ratio > 0.0 else 1.0,
        systems=int(groups.systems.sum()),
        trials=int(groups.systems @ groups.trials),
    )


def left_out_z(failures: ArrayLike, trials: ArrayLike) -> Floats:
    """Each system's result as a normal score under the fit to the others, (N,): the quantile of its mid-probability
    P(K < k) + P(K = k) / 2. NaN where the others cannot be fitted. Raises ValueError as fit_beta_binomial does."""
    k, n = np.asarray(failures, dtype=float), np.asarray(trials, dtype=float)
    _groups(k, n)
    return np.array([_score(k, n, system) for system in range(len(k))])


def _score(k: Floats, n: Floats, system: int) -> float:
    others = np.arange(len(k)) != system
    try:
        a, b = _maximum(_groups(k[others], n[others]))
    except ValueError:
        return float("nan")
    below = np.exp(log_probability(np.arange(k[system] + 1.0), n[system], a, b))
    above = np.exp(log_probability(np.arange(k[system], n[system] + 1.0), n[system], a, b))
    lower, upper = below.sum() - below[-1] / 2.0, above.sum() - above[0] / 2.0  # the smaller one is the exact one
    if lower <= upper:
        return float(ndtri(max(lower, LEAST_TAIL)))
    return -float(ndtri(max(upper, LEAST_TAIL)))


def _groups(failures: ArrayLike, trials: ArrayLike) -> _Groups:
    k, n = np.asarray(failures, dtype=float), np.asarray(trials, dtype=float)
    if k.ndim != 1 or k.shape != n.shape or len(k) < 2:  # noqa: PLR2004 - one system says nothing about differences
        raise ValueError("a beta-binomial needs the failures and trials of at least two systems")
    if not (np.isfinite(n).all() and (k >= 0).all() and (k <= n).all() and (n > 0).all()):
        raise ValueError("failures must lie between 0 and a positive number of trials")
    if k.sum() == 0 or k.sum() == n.sum():
        raise ValueError("no trial failed, or every one: the likelihood has no maximum")
    pairs, systems = np.unique(np.column_stack([k, n]), axis=0, return_counts=True)
    return _Groups(pairs[:, 0], pairs[:, 1], systems.astype(float))


def _log_ways(k: Floats, n: Floats) -> Floats:
    return np.asarray(gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0))


def _log_likelihood(groups: _Groups, a: float, b: float) -> float:
    return float(groups.systems @ log_probability(groups.failures, groups.trials, a, b))


def _slopes(groups: _Groups, a: float, b: float) -> tuple[float, float]:
    """Derivatives of the log likelihood to a and b."""
    k, n, weight = groups.failures, groups.trials, groups.systems
    shared = digamma(a + b) - digamma(n + a + b)
    to_a = weight @ (digamma(k + a) - digamma(a) + shared)
    return float(to_a), float(weight @ (digamma(n - k + b) - digamma(b) + shared))


def _maximum(groups: _Groups) -> tuple[float, float]:
    """The maximum over the logit of the mean and the log of the strength."""

    def objective(point: Floats) -> tuple[float, Floats]:
        mean, strength = float(expit(point[0])), float(np.exp(point[1]))
        a, b = mean * strength, (1.0 - mean) * strength
        to_a, to_b = _slopes(groups, a, b)
        slopes = np.array([mean * (1.0 - mean) * strength * (to_a - to_b), a * to_a + b * to_b])
        return -_log_likelihood(groups, a, b), -slopes

    rates = (groups.failures + 0.5) / (groups.trials + 1.0)
    start = np.array([logit(np.average(rates, weights=groups.systems)), np.log(START_STRENGTH)])
    bounds = [
        (float(logit(MEANS[0])), float(logit(MEANS[1]))),
        (float(np.log(STRENGTHS[0])), float(np.log(STRENGTHS[1]))),
    ]
    found = minimize(
        objective, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-13, "gtol": 1e-9}
    )
    mean, strength = float(expit(found.x[0])), float(np.exp(found.x[1]))
    return mean * strength, (1.0 - mean) * strength


def _strength_interval(groups: _Groups, a: float, b: float) -> tuple[float, float]:
    """Strengths a + b at which the profile likelihood has fallen by half the chi-square quantile, or the ends."""
    fall = float(chi2.ppf(LEVEL, 1)) / 2.0
    best, peak = np.log(a + b), _log_likelihood(groups, a, b)

    def above(log_strength: float) -> float:
        return _profile(groups, float(np.exp(log_strength))) - peak + fall

    ends = []
    for end in np.log(STRENGTHS):
        at_end = abs(best - end) < ENDS_SLACK or above(float(end)) > 0.0
        ends.append(float(end) if at_end else brentq(above, float(end), float(best)))
    return float(np.exp(ends[0])), float(np.exp(ends[1]))


def _profile(groups: _Groups, strength: float) -> float:
    """The highest log likelihood at that strength, over the mean."""

    def loss(logit_mean: float) -> float:
        mean = float(expit(logit_mean))
        return -_log_likelihood(groups, mean * strength, (1.0 - mean) * strength)

    found = minimize_scalar(loss, bounds=(float(logit(MEANS[0])), float(logit(MEANS[1]))), method="bounded")
    return -float(found.fun)
