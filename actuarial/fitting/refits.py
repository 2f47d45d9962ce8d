"""What refits say, as tidy frames: a year held out, resampled firms, another prior. The caller refits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from actuarial.fitting.metrics import (
    LEVEL,
    Integers,
    deviance_gain,
    negative_binomial_log_score,
    poisson_log_score,
    predictive_interval,
)
from actuarial.rounding import Floats


def out_of_time(
    model: str, year: int, claims: Floats, expected: Floats, firm: Integers, dispersion: float, relative_error: float
) -> pd.DataFrame:
    """Frame `out_of_time`, one row: a year that the fit has not seen, (R, P), and the interval of its claims.

    Variance of the total: Poisson, plus `dispersion` times the squares of the firms' expectations, plus the squared
    `relative_error` of the predicted level. The score is the mean over rows of -log of the Poisson probability.
    """
    total = float(expected.sum())
    between = dispersion * float(np.square(np.bincount(firm, expected.sum(axis=1))).sum())
    variance = total + between + (relative_error * total) ** 2
    score = float(poisson_log_score(claims, expected).sum()) / len(expected)
    return _out_of_time_row(model, year, float(claims.sum()), total, variance, score)


def out_of_time_gain(year: int, claims: Floats, fitted: Floats, champion: Floats, firm: Integers) -> pd.DataFrame:
    """Frame `out_of_time_gain` (year, gain, low, high), one row: the champion's deviance less the fit's on a year that
    the fit has not seen; counts are (R, P), `firm` (R,) codes 0 to F - 1."""
    gain, low, high = deviance_gain(claims, fitted, champion, firm)
    return pd.DataFrame([{"year": year, "gain": gain, "low": low, "high": high}])


def out_of_time_count(model: str, year: int, actual: float, expected: float, variance: float) -> pd.DataFrame:
    """Frame `out_of_time`, one row: a single count that the model has not seen, such as a year of public incidents.

    The score is -log of its negative binomial probability, Poisson unless `variance` exceeds `expected`.
    """
    count, mean = np.array(actual), np.array(expected)
    if variance > expected:
        score = negative_binomial_log_score(count, mean, (variance - expected) / expected**2)
    else:
        score = poisson_log_score(count, mean)
    return _out_of_time_row(model, year, actual, expected, variance, float(score))


def bootstrap_summary(paths: Sequence[str], estimates: Floats, draws: Floats) -> pd.DataFrame:
    """Frame `bootstrap` from estimates (k,) and their refits to resampled firms (B, k).

    Raises ValueError when a draw is not finite (leave refits that did not converge out, and count them) or B < 2.
    """
    if draws.ndim != 2 or len(draws) < 2 or not np.isfinite(draws).all():  # noqa: PLR2004
        raise ValueError("a bootstrap needs at least two draws by parameter, all finite")
    low, high = np.quantile(draws, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0], axis=0)
    mean, sd = draws.mean(axis=0), draws.std(axis=0, ddof=1)
    return pd.DataFrame({"path": list(paths), "estimate": estimates, "mean": mean, "sd": sd, "low": low, "high": high})


def prior_sensitivity(
    paths: Sequence[str], estimates: Floats, errors: Floats, changed: Mapping[float, Floats]
) -> pd.DataFrame:
    """Frame `prior_sensitivity`: `changed` maps the factor on every prior's s.d. to the estimates (k,) that it gives.

    `errors` (k,) are the standard errors of `estimates` (k,), the unit of the shift; an error of 0 gives a shift of 0.
    """
    unit = np.where(errors > 0.0, errors, np.inf)
    parts = [
        pd.DataFrame(
            {"path": list(paths), "sd_factor": factor, "estimate": moved, "shift_in_se": (moved - estimates) / unit}
        )
        for factor, moved in changed.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _out_of_time_row(
    model: str, year: int, actual: float, expected: float, variance: float, score: float
) -> pd.DataFrame:
    low, high = predictive_interval(expected, variance)
    row = {"model": model, "year": year, "actual": actual, "expected": expected, "low": low, "high": high}
    return pd.DataFrame([row | {"log_score": score}])
