"""Poisson or negative binomial: do claim counts of policies vary more than their expectation explains?

docs/methods/credibility.md, section Dispersion, explains the test and the fit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.stats import chi2
from scipy.stats import t as student_t
from statsmodels.regression.linear_model import OLS

from actuarial.rounding import Floats

SIGNIFICANCE = 0.05
P_SHOWN = 1e-4  # a verdict does not split hairs below
LEAST_ROWS = 2  # a regression on one row has no residual
LEAST, MOST = 1e-4, 1e3  # of the dispersion: below it the counts are Poisson, above it they are all but zero


@dataclass(frozen=True, slots=True)
class Dispersion:
    """Variance of a count of mean m is m + `dispersion` * m^2; 0 is Poisson. `se` is its standard error.

    `auxiliary`, `statistic`, `p`: coefficient, t and one-sided p-value of the auxiliary regression; `likelihood_ratio`
    and `likelihood_p` compare the fit with Poisson. `verdict` says it in words.
    """

    policy_years: int
    claims: int
    dispersion: float
    se: float
    auxiliary: float
    statistic: float
    p: float
    likelihood_ratio: float
    likelihood_p: float
    verdict: str


def policy_years(firm: ArrayLike, year: ArrayLike, expected: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """Expected and observed claims per firm and year (K,) from rows (R,) or rows and perils (R, P): a policy covers
    all systems and perils of a firm for a year. Exact: nothing but sums."""
    firms, years = (pd.factorize(np.asarray(labels))[0] for labels in (firm, year))
    codes = pd.factorize(firms * (int(years.max()) + 1) + years)[0]
    known, came = (
        np.asarray(np.bincount(codes, values.reshape(len(codes), -1).sum(axis=1)), dtype=float)
        for values in (expected, counts)
    )
    return known, came


def dispersion(expected: Floats, counts: Floats) -> Dispersion:
    """Test and fit of the negative binomial with means `expected`, (K,), on whole `counts`, (K,); the means are given.

    Raises ValueError when a count is not a whole number, all are 0, a mean is not positive, or there is but one row.
    """
    if len(expected) < LEAST_ROWS or not ((expected > 0.0).all() and np.isfinite(expected).all()):
        raise ValueError("at least two policy years, each with a positive expected count")
    if not ((counts >= 0.0).all() and (counts == np.rint(counts)).all() and counts.any()):
        raise ValueError("counts must be whole, not negative, and not all zero")
    auxiliary, statistic, p = cameron_trivedi(expected, counts)
    fitted, se = fit_dispersion(expected, counts)
    ratio = 2.0 * (log_likelihood(fitted, expected, counts) - log_likelihood(0.0, expected, counts))
    ratio_p = float(0.5 * chi2.sf(ratio, 1)) if ratio > 0.0 else 1.0  # half the mass at 0: the edge of the domain
    verdict = _verdict(fitted, p, ratio_p)
    size, claims = len(counts), int(counts.sum())
    return Dispersion(size, claims, fitted, se, auxiliary, statistic, p, ratio, ratio_p, verdict)


def cameron_trivedi(expected: Floats, counts: Floats) -> tuple[float, float, float]:
    """Coefficient, t statistic and one-sided p-value of the regression of ((y - m)^2 - y) / m on m without intercept.

    Under Poisson the left side has mean 0 and variance 2, against the negative binomial a slope (Cameron and Trivedi,
    Journal of Econometrics 46, 1990). Both arguments (K,), means positive.
    """
    fit = OLS((np.square(counts - expected) - counts) / expected, expected).fit()
    statistic = float(fit.tvalues[0])
    return float(fit.params[0]), statistic, float(student_t.sf(statistic, len(counts) - 1))


def log_likelihood(a: float, expected: Floats, counts: Floats) -> float:
    """Log-likelihood of negative binomial counts of dispersion a (0: Poisson) and given means, without log y!; (K,).

    sum over y of log Gamma(y + 1 / a) - log Gamma(1 / a) + y log a is grouped by the size of the count.
    """
    if a == 0.0:
        return float((counts * np.log(expected) - expected).sum())
    steps, rows = _steps(counts)
    spread = np.log1p(a * expected)
    return float((rows * np.log1p(a * steps)).sum() + (counts * (np.log(expected) - spread) - spread / a).sum())


def fit_dispersion(expected: Floats, counts: Floats) -> tuple[float, float]:
    """Maximum-likelihood dispersion with its standard error, from one-dimensional profile and observed information.

    0 when the likelihood falls from 0 on: the counts vary no more than Poisson; its standard error is then that of the
    Poisson model, (2 / sum m^2)^(1/2). Raises ValueError when no finite dispersion is large enough.
    """

    def slope(log_a: float) -> float:
        return _derivatives(float(np.exp(log_a)), expected, counts)[0]

    low, high = float(np.log(LEAST)), float(np.log(MOST))
    if slope(low) <= 0.0:
        return 0.0, float((np.square(expected).sum() / 2.0) ** -0.5)
    if slope(high) >= 0.0:
        raise ValueError(
            f"counts are more dispersed than {MOST:g} times the square of their means: are these their means?"
        )
    a = float(np.exp(brentq(slope, low, high)))
    return a, float((-_derivatives(a, expected, counts)[1]) ** -0.5)


def _steps(counts: Floats) -> tuple[Floats, Floats]:
    """0, 1, ... below the largest count, and the number of rows whose count is larger than each."""
    sizes = np.bincount(counts.astype(np.int64))
    return np.arange(len(sizes) - 1, dtype=float), np.asarray(sizes[::-1].cumsum()[::-1][1:], dtype=float)


def _derivatives(a: float, expected: Floats, counts: Floats) -> tuple[float, float]:
    """First and second derivative of the log-likelihood in the dispersion."""
    steps, rows = _steps(counts)
    grown = 1.0 + a * expected
    shrunk, spread, total = expected / grown, np.log1p(a * expected), counts + 1.0 / a
    first = (rows * steps / (1.0 + a * steps)).sum() + (spread / a**2 - total * shrunk).sum()
    second = (-rows * np.square(steps / (1.0 + a * steps))).sum()
    second += (-2.0 * spread / a**3 + 2.0 * shrunk / a**2 + total * np.square(shrunk)).sum()
    return float(first), float(second)


def _verdict(fitted: float, p: float, likelihood_p: float) -> str:
    evidence = f"auxiliary regression p = {max(p, P_SHOWN):.2g}, likelihood ratio p = {max(likelihood_p, P_SHOWN):.2g}"
    if max(p, likelihood_p) < SIGNIFICANCE:
        return f"Negative binomial: counts vary more than Poisson, by {fitted:.3g} times the square mean ({evidence})."
    if min(p, likelihood_p) < SIGNIFICANCE:
        return f"Undecided: the two tests disagree; the prudent choice is the dispersion of {fitted:.3g} ({evidence})."
    return f"Poisson: counts do not vary more than their means explain ({evidence})."
