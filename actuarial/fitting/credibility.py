"""Credibility: how much a firm's own record says, by Buehlmann-Straub in general and for the tariff's history factor.

docs/methods/credibility.md explains the estimators; `python -m benchmarks.credibility` prints their error and speed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from actuarial.rounding import Floats
from policies.findings import Finding, Severity

ALPHA_MAX = 1000.0  # with a thousand expected claims to one's name history moves nothing: stands for infinity
PRIOR_LOG_SD = 0.7  # of log alpha, where the prior has none of its own: within a factor of three either way (90 %)
QUANTILE_90 = 1.6448536  # standard normal, 95 %: both ends of a 90 % interval
LEAST_FIRMS = 2  # to compare
LEAST_WEIGHT = 0.05  # below, the data have not moved the prior and the finding says so
NEEDED_WEIGHT = 0.5  # the finding names the number of claims at which data and prior weigh the same
LONGEST = 1e6  # times the observed exposure: nobody waits longer


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """Structure of a portfolio: values vary by `within` / weight in time and by `between` between firms, around
    `collective`. `clipped`: the estimate of `between` was negative and is set to 0. Per firm, in the order of the
    sorted labels, the mean of its values and its total weight, (F,)."""

    collective: float
    within: float
    between: float
    clipped: bool
    means: Floats
    weights: Floats

    @property
    def constant(self) -> float:
        """k = within / between: the weight at which a firm's own mean counts for one half; infinite without spread."""
        return self.within / self.between if self.between > 0.0 else np.inf

    @property
    def factors(self) -> Floats:
        """Credibility of each firm's own mean, (F,), in [0, 1]."""
        return _factors(self.weights, self.within, self.between)

    @property
    def premiums(self) -> Floats:
        """Credibility estimate of each firm's expected value, (F,); weighted by exposure they restore the total."""
        return np.asarray(self.collective + self.factors * (self.means - self.collective))


def buhlmann_straub(firm: ArrayLike, weights: ArrayLike, values: ArrayLike, iterative: bool = False) -> Structure:
    """Structure of `values` observed with `weights` on firms: three arrays that broadcast to one shape, one entry per
    firm and period, or firms in rows and periods in columns. Entries of weight 0 are not looked at.

    `between` is the unbiased estimator of Buehlmann and Straub (1970) or the iterative pseudo-estimator of Bichsel and
    Straub; `collective` weighs firms by credibility, not by exposure. Raises ValueError when a weight is negative or a
    value not finite, with fewer than two firms, and when no firm has two periods.
    """
    labels, weight, value = (np.ravel(array) for array in np.broadcast_arrays(firm, weights, values))
    weight = weight.astype(float)
    if not (np.isfinite(weight).all() and (weight >= 0.0).all() and np.isfinite(value[weight > 0.0]).all()):
        raise ValueError("weights must be finite and not negative, values finite")
    seen = weight > 0.0
    firms, code = np.unique(labels[seen], return_inverse=True)
    weight, value = weight[seen], value[seen].astype(float)
    freedom = len(code) - len(firms)
    if len(firms) < LEAST_FIRMS or freedom == 0:
        raise ValueError("credibility needs two firms, one of them with two periods")
    total = _totals(code, weight)
    means = _totals(code, weight * value) / total
    within = float((weight * np.square(value - means[code])).sum() / freedom)
    between = _iterative_between(means, total, within) if iterative else _unbiased_between(means, total, within)
    clipped, between = between < 0.0, max(between, 0.0)
    return Structure(_collective(means, total, within, between), within, between, clipped, means, total)


def _totals(code: NDArray[np.int64], values: Floats) -> Floats:
    return np.asarray(np.bincount(code, values), dtype=float)


def _factors(weights: Floats, within: float, between: float) -> Floats:
    return weights * between / (weights * between + within) if between > 0.0 else np.zeros_like(weights)


def _collective(means: Floats, weights: Floats, within: float, between: float) -> float:
    """Credibility-weighted mean; without spread between firms its limit, the mean by exposure."""
    return float(np.average(means, weights=_factors(weights, within, between) if between > 0.0 else weights))


def _unbiased_between(means: Floats, weights: Floats, within: float) -> float:
    total = weights.sum()
    seen = (weights * np.square(means - np.average(means, weights=weights))).sum()
    return float((seen - (len(means) - 1) * within) / (total - np.square(weights).sum() / total))


def _iterative_between(means: Floats, weights: Floats, within: float) -> float:
    """Root a of sum z_i (m_i - m)^2 = (F - 1) a, z_i and m at a. Divided by a the left side falls in a, so that there
    is one root or, just where the unbiased estimator is negative, none: then that negative estimate."""

    def excess(between: float) -> float:
        spread = np.square(means - _collective(means, weights, within, between))
        return float((weights / (weights * between + within) * spread).sum()) - (len(means) - 1)

    most = float(np.square(means - means.mean()).sum() / (len(means) - 1))
    if within == 0.0:
        return most
    return _falling_root(excess, 0.0, most) if excess(0.0) > 0.0 else _unbiased_between(means, weights, within)


# Poisson claims: the history factor (alpha + N) / (alpha + Lambda)


@dataclass(frozen=True, slots=True, eq=False)
class HistoryFit:
    """Credibility constants of the perils, (P,): `alpha` in expected claims, `log_sd` the standard deviation of its
    logarithm; `frame` is the table `credibility`, `findings` say where the data did not speak."""

    perils: tuple[str, ...]
    alpha: Floats
    log_sd: Floats
    frame: pd.DataFrame
    findings: tuple[Finding, ...]


def fit_history(
    firm: ArrayLike,
    expected: Floats,
    counts: Floats,
    perils: Sequence[str],
    prior_alpha: ArrayLike,
    prior_log_sd: ArrayLike = PRIOR_LOG_SD,
) -> HistoryFit:
    """Credibility constants per peril from the rows of an experience: labels of firms (R,), claims expected by the
    tariff with reported exposure (R, P), claims (R, P), the prior alpha of each peril (P,) and the s.d. of its log.

    Claims of a firm in all, N, have mean Lambda and variance Lambda + Lambda^2 / alpha (pricing.md, section 5). Raises
    ValueError when claims fall where none are expected, a count is negative or not finite, or a prior not positive.
    """
    priors, sds = (np.broadcast_to(np.asarray(a, dtype=float), len(perils)) for a in (prior_alpha, prior_log_sd))
    if not ((priors > 0.0).all() and (sds > 0.0).all()):
        raise ValueError("the prior alpha and the standard deviation of its logarithm must be positive")
    if not all(np.isfinite(array).all() and (array >= 0.0).all() for array in (expected, counts)):
        raise ValueError("expected and observed claims must be finite and not negative")
    code = pd.factorize(np.asarray(firm))[0]
    rows = []
    for column, peril in enumerate(perils):
        known, came = (_totals(code, array[:, column]) for array in (expected, counts))
        if came[known == 0.0].any():
            raise ValueError(f"{peril}: claims of firms where none are expected")
        at_risk = known > 0.0
        rows.append(_peril(peril, known[at_risk], came[at_risk], float(priors[column]), float(sds[column])))
    frame = pd.DataFrame([row for row, _, _ in rows])
    log_sd = np.array([sd for _, sd, _ in rows])
    findings = tuple(finding for _, _, found in rows for finding in found)
    return HistoryFit(tuple(perils), frame["alpha"].to_numpy(dtype=float), log_sd, frame, findings)


def _peril(
    peril: str, expected: Floats, claims: Floats, prior: float, prior_sd: float
) -> tuple[dict[str, str | int | float], float, tuple[Finding, ...]]:
    """The row of a peril in the table `credibility`, the s.d. of log alpha, and what there is to say."""
    row: dict[str, str | int | float] = {
        "peril": peril,
        "firms": len(expected),
        "claims": float(claims.sum()),
        "expected": float(expected.sum()),
        "alpha_prior": prior,
    }
    if len(expected) < LEAST_FIRMS or not claims.any():
        unbiased = iterative = alpha = prior
        sd, weight = prior_sd, 0.0
    else:
        unbiased = _alpha(unbiased_heterogeneity(expected, claims))
        iterative = _alpha(iterative_heterogeneity(expected, claims))
        alpha, sd, weight = combined_alpha(expected, claims, prior, prior_sd)
    ends = {"low": alpha * np.exp(-QUANTILE_90 * sd), "high": alpha * np.exp(QUANTILE_90 * sd)}
    row |= {"alpha_unbiased": unbiased, "alpha_iterative": iterative, "alpha": alpha} | ends | {"weight": weight}
    kept = (_kept(peril, expected, claims, prior, prior_sd, weight),) if weight < LEAST_WEIGHT else ()
    return row, sd, kept


def unbiased_heterogeneity(expected: Floats, claims: Floats) -> float:
    """Unbiased estimate of 1 / alpha from totals of firms (F,), weighted by exposure; may be negative.

    Buehlmann-Straub (1970) on N / Lambda with weight Lambda, but the variance within a firm is estimated by its own
    N / Lambda (Poisson) in place of one figure for all: also unbiased, and without the noise of small firms.
    """
    level = claims.sum() / expected.sum()
    mean = level * expected
    total = mean.sum()
    within = ((1.0 - mean / total) * claims / mean).sum()
    return float((np.square(claims - mean) / mean).sum() - within) / float(total - np.square(mean).sum() / total)


def iterative_heterogeneity(expected: Floats, claims: Floats) -> float:
    """Iterative estimate of 1 / alpha from totals of firms (F,), within [1 / ALPHA_MAX, ALPHA_MAX].

    As Bichsel and Straub a root of an equation whose weights depend on the root: each firm's own unbiased estimate
    weighs by the inverse of its variance under the model.
    """
    return _falling_root(lambda a: float(_scores(a, expected, claims)[0].sum()), 1.0 / ALPHA_MAX, ALPHA_MAX)


def spread_variance(mean: Floats, heterogeneity: float) -> Floats:
    """Variance of ((N - L)^2 - N) / L, N Poisson with mean L times a gamma factor of mean 1 and variance a; as L.

    Given the factor T, with D = T - 1, it has mean L D^2 and variance 2 T^2 + 4 L T D^2; the moments of T do the rest.
    """
    a = heterogeneity
    return np.asarray(2.0 * (1.0 + a) + 4.0 * a * (1.0 + 2.0 * a) * mean + (2.0 + 6.0 * a) * np.square(a * mean))


def _scores(a: float, expected: Floats, claims: Floats) -> tuple[Floats, float]:
    """Optimal quadratic estimating equation of 1 / alpha at a: terms of the firms (F,), and its information.

    The level of the tariff is put right first (credibility-weighted): alpha is the spread of firms, not its error.
    """
    share = 1.0 / (1.0 + a * expected)
    leverage = share * expected / (share * expected).sum()
    mean = expected * (share * claims).sum() / (share * expected).sum()
    seen = np.square(claims - mean) / np.maximum(1.0 - leverage, np.finfo(float).eps) - claims
    variance = spread_variance(mean, a)
    return np.asarray((seen - a * np.square(mean)) / variance), float((np.square(mean) / variance).sum())


def combined_alpha(expected: Floats, claims: Floats, prior: float, prior_log_sd: float) -> tuple[float, float, float]:
    """Alpha of data and prior, the s.d. of its logarithm, and the weight of the data, from totals of firms (F,).

    Precision weighting on log alpha: the equation of the iterative estimator plus the pull of the prior. The precision
    of the data is the smaller of the model's and the jackknife's over firms; the weight is its share of the total.
    """
    centre, precision = -np.log(prior), prior_log_sd**-2

    def pull(u: float) -> float:
        return float(np.exp(u) * _scores(float(np.exp(u)), expected, claims)[0].sum() - (u - centre) * precision)

    bound = max(np.log(ALPHA_MAX), abs(centre))
    u = _falling_root(pull, -bound, bound)
    scores, information = _scores(float(np.exp(u)), expected, claims)
    seen = float(np.exp(2.0 * u)) * information**2 / max(information, float(np.square(scores).sum()))
    return float(np.exp(-u)), float((seen + precision) ** -0.5), seen / (seen + precision)


def _falling_root(function: Callable[[float], float], low: float, high: float) -> float:
    """Root of a function that falls from positive to negative; the end at which it is nearest where it does not."""
    if function(low) <= 0.0:
        return low
    return high if function(high) >= 0.0 else float(brentq(function, low, high))


def _alpha(heterogeneity: float) -> float:
    return float(1.0 / np.clip(heterogeneity, 1.0 / ALPHA_MAX, ALPHA_MAX))


def _kept(peril: str, expected: Floats, claims: Floats, prior: float, prior_sd: float, weight: float) -> Finding:
    """That the prior stands, and how many claims of the same firms would weigh as much as it does."""
    needed = claims_needed(expected, claims, prior, prior_sd)
    asks = f"about {needed:,.0f} claims of these firms" if np.isfinite(needed) else "more firms"
    return Finding(
        "fit-alpha-kept",
        Severity.INFO,
        peril,
        f"few claims ({claims.sum():,.0f} of {len(expected):,} firms) carry {weight:.1%} of the credibility constant, "
        f"which stays near the prior's {prior:.3g}; to weigh as much as the prior takes {asks}",
        "docs/methods/credibility.md",
    )


def claims_needed(expected: Floats, claims: Floats, alpha: float, prior_log_sd: float) -> float:
    """Claims of these firms, longer observed, at which the data weigh NEEDED_WEIGHT if `alpha` is right.

    Infinite when no time is long enough: each firm says a limited amount about how firms differ.
    """
    a, wanted = 1.0 / alpha, NEEDED_WEIGHT / (1.0 - NEEDED_WEIGHT) * prior_log_sd**-2
    mean = expected * max(float(claims.sum()), 1.0) / expected.sum()

    def lack(log_times: float) -> float:
        longer = np.exp(log_times) * mean
        return wanted - float((np.square(a * longer) / spread_variance(longer, a)).sum())

    longest = float(np.log(LONGEST))
    if not len(expected) or lack(longest) > 0.0:
        return np.inf
    return float(mean.sum() * np.exp(_falling_root(lack, -longest, longest)))
