"""What chance explains: tests whose null hypothesis is an honest book, so that no firm is named for bad luck."""

from __future__ import annotations

import math

import numpy as np
from scipy import special, stats

from actuarial.evidence import Bools
from actuarial.rounding import Floats

# Expected share of those named who are honest. Where everyone is honest it is the chance that anyone is named: that
# weighs, and the audit comes back every year, so one book in a hundred.
FALSE_DISCOVERIES = 0.01
INTERVAL = 0.9  # the level of every interval of the audit


def discoveries(p_values: Floats, share: float = FALSE_DISCOVERIES) -> Bools:
    """Which of n tests are discoveries at that false discovery rate (Benjamini and Hochberg 1995, JRSS B 57), (n,)."""
    count = len(p_values)
    order = np.argsort(p_values, kind="stable")
    under = np.flatnonzero(p_values[order] <= share * np.arange(1, count + 1) / max(count, 1))
    found = np.zeros(count, dtype=bool)
    if len(under):
        found[order[: under[-1] + 1]] = True
    return found


def at_least(successes: Floats, trials: Floats, other_successes: Floats, other_failures: Floats) -> Floats:
    """P(X >= successes) among so many trials, given what others showed, elementwise; 1 where there is no trial.

    Beta-binomial: the chance of a success is known from others alone, from Jeffreys' prior, and no better than so.
    """
    return np.asarray(stats.betabinom.sf(successes - 1, trials, other_successes + 0.5, other_failures + 0.5))


def at_most(counts: Floats, means: Floats, dispersion: float) -> Floats:
    """P(X <= count) of a negative binomial with variance = mean + dispersion mean^2, elementwise; 1 at mean 0."""
    size = 1.0 / dispersion
    return np.asarray(stats.nbinom.cdf(counts, size, size / (size + means)))


def fewer_failures(failures: Floats, trials: Floats, other_failures: Floats, other_trials: Floats) -> float:
    """One-sided p value of the Cochran-Mantel-Haenszel test over k pairs of samples, (k,) each, with the correction
    for continuity: small when the first samples fail less than the others (Mantel and Haenszel 1959, JNCI 22)."""
    total, failed = trials + other_trials, failures + other_failures
    expected = trials * failed / total
    variance = trials * other_trials * failed * (total - failed) / (total**2 * np.maximum(total - 1, 1))
    lacking = float((expected - failures).sum()) - 0.5
    spread = math.sqrt(float(variance.sum()))
    return float(special.ndtr(-lacking / spread)) if spread > 0 else 1.0


def gap(failures: Floats, trials: Floats, other_failures: Floats, other_trials: Floats) -> tuple[float, float, float]:
    """Mantel-Haenszel difference of failure rates, others less first, over k pairs, with its 90 % interval.

    Pairs weigh n m / (n + m). The variance of a rate is that of (f + 1/2) / (n + 1): no pair without a failure is
    taken for certain.
    """
    weight = trials * other_trials / (trials + other_trials)
    difference = other_failures / other_trials - failures / trials
    variance = _rate_variance(failures, trials) + _rate_variance(other_failures, other_trials)
    mean = float((weight * difference).sum() / weight.sum())
    half = _z() * math.sqrt(float((weight**2 * variance).sum())) / float(weight.sum())
    return mean, mean - half, mean + half


def _rate_variance(failures: Floats, trials: Floats) -> Floats:
    rate = (failures + 0.5) / (trials + 1)
    return np.asarray(rate * (1 - rate) / trials)


def mean_difference(first: Floats, others: Floats) -> tuple[float, float]:
    """Difference of means, first less others, and its two-sided p value (Welch 1947); p is 1 where either has fewer
    than two members, or nothing varies and nothing differs."""
    if min(len(first), len(others)) < 2:  # noqa: PLR2004 - a variance takes two
        return 0.0, 1.0
    difference = float(first.mean() - others.mean())
    parts = (float(first.var(ddof=1)) / len(first), float(others.var(ddof=1)) / len(others))
    error = math.sqrt(sum(parts))
    if error <= abs(difference) * np.finfo(float).eps:
        return difference, float(difference == 0.0)
    own = parts[0] / sum(parts)
    freedom = 1 / (own**2 / (len(first) - 1) + (1 - own) ** 2 / (len(others) - 1))
    return difference, float(2 * stats.t.sf(abs(difference) / error, freedom))


def mean_interval(sample: Floats) -> tuple[float, float]:
    """The 90 % interval of a mean by Student's t; infinite for fewer than two."""
    if len(sample) < 2:  # noqa: PLR2004 - a variance takes two
        return -math.inf, math.inf
    half = float(stats.t.ppf((1 + INTERVAL) / 2, len(sample) - 1) * sample.std(ddof=1) / math.sqrt(len(sample)))
    return float(sample.mean()) - half, float(sample.mean()) + half


def rank_correlation(x: Floats, y: Floats) -> tuple[float, float, float] | None:
    """Spearman's rank correlation with its 90 % interval by Fisher's z, variance after Fieller, Hartley and Pearson
    (1957); None for fewer than five pairs or where either does not vary."""
    if len(x) < 5 or np.ptp(x) == 0 or np.ptp(y) == 0:  # noqa: PLR2004 - Fisher's z takes four, a figure one more
        return None
    r = float(np.corrcoef(stats.rankdata(x), stats.rankdata(y))[0, 1])
    z, half = math.atanh(max(min(r, 1 - 1e-12), -1 + 1e-12)), _z() * math.sqrt(1.06 / (len(x) - 3))
    return r, math.tanh(z - half), math.tanh(z + half)


def two_sided(actual: Floats, drawn: Floats) -> Floats:
    """Two-sided p values (k,) of actual figures against drawn ones (D, k); the actual one counts as drawn: never 0."""
    above, below = ((side.sum(axis=0) + 1) / (len(drawn) + 1) for side in (drawn >= actual, drawn <= actual))
    return np.asarray(np.minimum(1.0, 2 * np.minimum(above, below)))


def _z() -> float:
    return float(special.ndtri((1 + INTERVAL) / 2))
