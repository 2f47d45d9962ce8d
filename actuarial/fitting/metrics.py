"""How well predicted claim counts describe the claims that came: pure functions over arrays.

`claims`, `expected` and `exposure` have one entry per row (R,); a score is a loss, so lower is better. A rate is
expected claims per unit of exposure. Formulas and sources: docs/methods/validation.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.special import gammainc, gammaincc, gammaincinv, gammaln, hyp2f1, ive, xlogy
from scipy.stats import nbinom, norm, poisson

from actuarial.rounding import Floats

Integers = NDArray[np.int64]

LEVEL = 0.90  # of every interval, unless the caller says otherwise
TINY = float(np.finfo(float).tiny)  # in place of a shape of 0, for which the gamma functions are not defined
SHARE_FLOOR = 1e-4  # an empty cell of a population counts as one in ten thousand: the index stays finite


def sums(code: Integers, weights: Floats, count: int) -> Floats:
    """Sum of the weights (R,) of each code 0 to count - 1; (count,)."""
    return np.bincount(code, weights, count).astype(float)


# Counts beside their expectation


def poisson_interval(
    count: Floats, variance_ratio: Floats | float = 1.0, level: float = LEVEL
) -> tuple[Floats, Floats]:
    """Exact interval of the mean of a Poisson count (Garwood, Biometrika 1936), same shape as `count`.

    Where the variance is `variance_ratio` times the mean, count / variance_ratio is read as the Poisson count.
    """
    tail, scaled = (1.0 - level) / 2.0, np.asarray(count, dtype=float) / variance_ratio
    low = np.where(scaled > 0.0, gammaincinv(np.maximum(scaled, TINY), tail), 0.0)
    high = gammaincinv(scaled + 1.0, 1.0 - tail)
    return np.asarray(low * variance_ratio), np.asarray(high * variance_ratio, dtype=float)


def poisson_p(count: Floats, expected: Floats, variance_ratio: Floats | float = 1.0) -> Floats:
    """Two-sided p-value of a count against its expectation: below 1 - level exactly where the interval excludes it."""
    scaled, mean = np.asarray(count, dtype=float) / variance_ratio, np.asarray(expected, dtype=float) / variance_ratio
    at_most = gammaincc(scaled + 1.0, mean)
    at_least = np.where(scaled > 0.0, gammainc(np.maximum(scaled, TINY), mean), 1.0)
    return np.asarray(np.minimum(2.0 * np.minimum(at_most, at_least), 1.0))


def moment_dispersion(claims: Floats, expected: Floats) -> float:
    """Dispersion d of variance = mean + d mean^2, by moments over any shape of counts; 0 where they vary less.

    The count itself stands for the Poisson variance (Cameron and Trivedi, Journal of Econometrics 1990): of rare claims
    only the repeated ones then count, and the estimate is far less noisy.
    """
    return max(float((np.square(claims - expected) - claims).sum() / np.square(expected).sum()), 0.0)


def predictive_interval(mean: float, variance: float, level: float = LEVEL) -> tuple[float, float]:
    """Quantiles between which a count of that mean and variance falls: negative binomial, or Poisson if no wider."""
    law = nbinom(mean**2 / (variance - mean), mean / variance) if variance > mean else poisson(mean)
    return float(law.ppf((1.0 - level) / 2.0)), float(law.ppf((1.0 + level) / 2.0))


# Scores


def unit_deviance(claims: Floats, expected: Floats) -> Floats:
    """Poisson deviance of each count, 2 [y log(y / mu) - (y - mu)], any shape; `expected` must be positive."""
    return np.asarray(2.0 * (xlogy(claims, claims / expected) - claims + expected))


def poisson_deviance(claims: Floats, expected: Floats) -> float:
    """Poisson deviance of all counts together, any shape; `expected` must be positive."""
    return float(unit_deviance(claims, expected).sum())


def poisson_log_score(claims: Floats, expected: Floats) -> Floats:
    """-log of the Poisson probability of each count; any shape."""
    return np.asarray(expected - xlogy(claims, expected) + gammaln(claims + 1.0))


def negative_binomial_log_score(claims: Floats, expected: Floats, dispersion: float) -> Floats:
    """-log of the negative binomial probability of each count, variance = mean + dispersion mean^2, dispersion > 0."""
    size = 1.0 / dispersion
    combinations = gammaln(claims + size) - gammaln(size) - gammaln(claims + 1.0)
    return np.asarray(size * np.log1p(expected / size) - xlogy(claims, expected / (size + expected)) - combinations)


def poisson_crps(claims: Floats, expected: Floats) -> Floats:
    """Continuous ranked probability score of a Poisson prediction, closed form (Wei and Held, TEST 2014); any shape."""
    spread = expected * (ive(0, 2.0 * expected) + ive(1, 2.0 * expected))
    distance = (claims - expected) * (2.0 * poisson.cdf(claims, expected) - 1.0)
    return np.asarray(distance + 2.0 * expected * poisson.pmf(claims, expected) - spread)


def negative_binomial_crps(claims: Floats, expected: Floats, dispersion: float) -> Floats:
    """Continuous ranked probability score of a negative binomial prediction, closed form (Wei and Held, TEST 2014)."""
    size = 1.0 / dispersion
    p = size / (size + expected)
    below = p * (2.0 * nbinom.cdf(claims - 1.0, size + 1.0, p) - 1.0)
    spread = hyp2f1(size + 1.0, 0.5, 2.0, -4.0 * (1.0 - p) / p**2)
    distance = claims * (2.0 * nbinom.cdf(claims, size, p) - 1.0)
    return np.asarray(distance - size * (1.0 - p) / p**2 * (below + spread))


def akaike(log_score: float, parameters: float) -> float:
    """Akaike's criterion from a total log score and the number of (effective) parameters."""
    return 2.0 * (log_score + parameters)


def deviance_gain(claims: Floats, fitted: Floats, champion: Floats, firm: Integers) -> tuple[float, float, float]:
    """Deviance of the champion less that of the fitted tariff on counts (R, P), and its interval (low, high).

    The gain is a sum over independent firms (Vuong, Econometrica 1989); `firm` (R,) holds codes 0 to F - 1, F > 1.
    """
    rows = (unit_deviance(claims, champion) - unit_deviance(claims, fitted)).sum(axis=1)
    firms = int(firm.max()) + 1
    by_firm = sums(firm, rows, firms)
    gain = float(by_firm.sum())
    return gain, *normal_interval(gain, float(np.sqrt(firms) * by_firm.std(ddof=1)))


# Ranking


def _ranks(score: Floats) -> tuple[Integers, int]:
    """Rank of each row among the distinct scores and their number. Scores are compared in single precision: the same
    risk at risk for another time has the same rate but for its last digits, and must tie."""
    distinct, rank = np.unique(np.asarray(score, dtype=np.float32), return_inverse=True)
    return rank.astype(np.int64), len(distinct)


def exposure_rank(score: Floats, exposure: Floats) -> Floats:
    """Share of the exposure that scores lower, plus half of what ties; (R,) in (0, 1)."""
    rank, distinct = _ranks(score)
    weight = sums(rank, exposure, distinct)
    return np.asarray((np.cumsum(weight) - weight / 2.0)[rank] / weight.sum())


def equal_bands(score: Floats, exposure: Floats, count: int) -> Integers:
    """Band of each row, 0 to count - 1, of about equal exposure by ascending score; ties are never parted."""
    return np.minimum((exposure_rank(score, exposure) * count).astype(np.int64), count - 1)


def lorenz_curve(claims: Floats, score: Floats, exposure: Floats) -> tuple[Floats, Floats]:
    """Cumulative shares of exposure and of claims by ascending score, from (0, 0) to (1, 1); ties are one segment."""
    rank, distinct = _ranks(score)
    steps = (sums(rank, weights, distinct) for weights in (exposure, claims))
    x, y = (np.concatenate(([0.0], np.cumsum(step) / step.sum())) for step in steps)
    return x, y


def gini(claims: Floats, score: Floats, exposure: Floats) -> float:
    """One minus twice the area under the Lorenz curve, 0 where the score says nothing.

    Raises ValueError without claims.
    """
    if not claims.sum() > 0.0:
        raise ValueError("a Gini coefficient needs at least one claim")
    return 2.0 * float(claims @ exposure_rank(score, exposure) / claims.sum()) - 1.0


def gini_without_each(claims: Floats, score: Floats, exposure: Floats, firm: Integers) -> Floats:
    """Gini without each firm in turn, (F,), exact in O(R log R); `firm` holds codes 0 to F - 1.

    Claims times exposure ranked below is a sum over pairs of rows; what is taken out are the pairs with a row of the
    firm. Raises ValueError when claims come from fewer than two firms.
    """
    rank, distinct = _ranks(score)
    by_firm = np.bincount(firm, claims)
    if np.count_nonzero(by_firm) < 2:  # noqa: PLR2004 - without the only firm that claims there is nothing to rank
        raise ValueError("the error of a Gini coefficient needs claims of at least two firms")
    weight, claimed = sums(rank, exposure, distinct), sums(rank, claims, distinct)
    below = (np.cumsum(weight) - weight / 2.0)[rank]
    above = (claimed.sum() - np.cumsum(claimed) + claimed / 2.0)[rank]
    pairs = claims @ below - np.bincount(firm, claims * below) - np.bincount(firm, exposure * above)
    pairs += _pairs_within(claims, rank, exposure, firm)
    left = (by_firm.sum() - by_firm) * (weight.sum() - np.bincount(firm, exposure))
    return np.asarray(2.0 * pairs / left - 1.0)


def _pairs_within(claims: Floats, rank: Integers, exposure: Floats, firm: Integers) -> Floats:
    """Claims times exposure ranked below, of pairs of rows of one firm; (F,)."""
    cells, cell = np.unique(firm * (rank.max() + 1) + rank, return_inverse=True)
    weight, claimed, owner = np.bincount(cell, exposure), np.bincount(cell, claims), cells // (rank.max() + 1)
    total = np.bincount(owner, weight)
    before = (np.cumsum(total) - total)[owner]
    return np.bincount(owner, claimed * (np.cumsum(weight) - weight / 2.0 - before)).astype(float)


def jackknife_error(without_each: Floats) -> float:
    """Standard error of a statistic from its values without each of F independent units (Tukey 1958)."""
    units = len(without_each)
    return float(np.sqrt((units - 1.0) / units * np.square(without_each - without_each.mean()).sum()))


def normal_interval(estimate: float, error: float, level: float = LEVEL) -> tuple[float, float]:
    """Estimate plus and minus the normal quantile times its standard error."""
    reach = float(norm.ppf((1.0 + level) / 2.0)) * error
    return estimate - reach, estimate + reach


# Calibration


@dataclass(frozen=True, slots=True)
class Murphy:
    """Parts of a Poisson deviance: deviance = uncertainty - discrimination + miscalibration, each at least 0."""

    deviance: float
    uncertainty: float  # of one rate for all
    discrimination: float  # what ranking the risks takes off
    miscalibration: float  # what wrong levels put on again


def recalibrated(claims: Floats, expected: Floats, exposure: Floats) -> Floats:
    """Expected claims whose rate is the isotonic regression of the observed rate on the predicted one; (R,).

    It has the least Poisson deviance of all non-decreasing functions of the predicted rate.
    """
    rank, distinct = _ranks(expected / exposure)
    weight = sums(rank, exposure, distinct)
    rate = isotonic_regression(sums(rank, claims, distinct) / weight, weights=weight).x
    return np.asarray(rate[rank] * exposure)


def murphy(claims: Floats, expected: Floats, exposure: Floats) -> Murphy:
    """Murphy decomposition of the Poisson deviance by isotonic recalibration (Dimitriadis and others, PNAS 2021).

    Raises ValueError without claims.
    """
    if not claims.sum() > 0.0:
        raise ValueError("the decomposition of a deviance needs at least one claim")
    deviance = poisson_deviance(claims, expected)
    uncertainty = poisson_deviance(claims, exposure * (claims.sum() / exposure.sum()))
    best = recalibrated(claims, expected, exposure)
    positive = best > 0.0  # the lowest rates may be recalibrated to 0: they have no claims and no deviance
    least = poisson_deviance(claims[positive], best[positive])
    return Murphy(deviance, uncertainty, uncertainty - least, deviance - least)


def chance_miscalibration(
    expected: Floats, exposure: Floats, firm: Integers, dispersion: float, draws: int, seed: int
) -> Floats:
    """Miscalibration of draws from the prediction itself, (draws,): isotonic regression finds some in any sample.

    Claims are Poisson given a gamma factor of each firm with mean 1 and variance `dispersion`; draws without a single
    claim are drawn again, which terminates because `expected` is positive.
    """
    rng = np.random.default_rng(seed)
    found = np.empty(draws)
    for draw in range(draws):
        claims = np.zeros_like(expected)
        while not claims.any():
            claims = rng.poisson(expected * _firm_factors(rng, int(firm.max()) + 1, dispersion)[firm]).astype(float)
        found[draw] = murphy(claims, expected, exposure).miscalibration
    return found


def _firm_factors(rng: np.random.Generator, firms: int, dispersion: float) -> Floats:
    """A gamma factor per firm with mean 1 and variance `dispersion`; (firms,)."""
    return rng.gamma(1.0 / dispersion, dispersion, firms) if dispersion > 0.0 else np.ones(firms)


# Population


def population_stability_index(reference: Floats, current: Floats) -> float:
    """Sum over cells of (q - p) log(q / p), p and q the shares of `reference` and `current`, both (cells,), not all 0.

    Jeffreys' divergence between the two populations; shares are at least SHARE_FLOOR.
    """
    p, q = (np.maximum(cells / cells.sum(), SHARE_FLOOR) for cells in (reference, current))
    return float(((q - p) * np.log(q / p)).sum())
