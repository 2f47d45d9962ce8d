"""Refits of a calibration: a year held out, a prior half and twice as wide, firms drawn again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from actuarial.calibration import Calibration
from actuarial.fitting.experience import Experience
from actuarial.fitting.frequency_design import Rows, columns, rows_of
from actuarial.fitting.frequency_fit import FrequencyFit, fit_frequency, rate_of
from actuarial.fitting.refits import bootstrap_summary, out_of_time, out_of_time_gain, prior_sensitivity
from actuarial.fitting.tariff_fit import tangent
from actuarial.rounding import Floats
from policies.findings import WaarborgError
from policies.regimes import Regime

SD_FACTORS = (0.5, 2.0)
DRAWS = 200  # of firms: the end of a 90 % interval within a twentieth of its width


@dataclass(frozen=True, slots=True)
class Refitted:
    """A prior, its artefact, the reporting delay and the regime: what a refit starts from."""

    prior: Calibration
    artefact: Mapping[str, Any]
    lag: tuple[float, float]
    regime: Regime


def before(experience: Experience, day: date) -> Experience:
    """The experience as it was known on an earlier day."""
    at = pd.Timestamp(day)
    years, claims = experience.years, experience.claims
    years = years[years["start"] < at]
    years = years.assign(end=years["end"].where(years["end"] < at, at))
    return replace(
        experience, years=years, claims=claims[(claims["occurred"] < at) & (claims["known"] <= at)], as_of=day
    )


def after(experience: Experience, day: date) -> Experience:
    """The experience that came after a day, as it is known now."""
    at = pd.Timestamp(day)
    years, claims = experience.years, experience.claims
    years = years[years["end"] > at]
    years = years.assign(start=years["start"].where(years["start"] > at, at))
    return replace(experience, years=years, claims=claims[claims["occurred"] >= at])


def held_out(
    experience: Experience, base: Refitted, champion: Calibration, dispersion: float
) -> dict[str, pd.DataFrame]:
    """Fit to all but the last year, as it was known then, and predict that year: frames `out_of_time` and its gain.

    Raises WaarborgError when what is left cannot be fitted.
    """
    day = (pd.Timestamp(experience.as_of) - pd.DateOffset(years=1)).date()
    earlier = before(experience, day)
    if earlier.years.empty:
        raise WaarborgError("there is no experience before the last year")
    found = fit_frequency(earlier, base.prior, base.artefact, base.lag, base.regime)
    rows = rows_of(after(experience, day), base.prior, base.lag, found.cols.perils)
    old = columns(champion, {}, found.cols.perils)
    flat = found.rows.claims.sum(axis=0) / found.rows.years.sum()
    relative = float(np.sqrt(_level_variance(found)))
    predictions = {
        "fitted": (_expected(rows, found.estimate, found), relative),
        "champion": (rate_of(rows, old, old.mean) * rows.years[:, None], 0.0),
        "null": (flat * rows.years[:, None], 0.0),
    }
    year = experience.as_of.year
    frames = [
        out_of_time(model, year, rows.claims, expected, rows.firm, dispersion, error)
        for model, (expected, error) in predictions.items()
    ]
    gain = out_of_time_gain(year, rows.claims, predictions["fitted"][0], predictions["champion"][0], rows.firm)
    return {"out_of_time": pd.concat(frames, ignore_index=True), "out_of_time_gain": gain}


def _expected(rows: Rows, coefficients: Floats, found: FrequencyFit) -> Floats:
    return rate_of(rows, found.cols, coefficients) * rows.years[:, None]


def _level_variance(found: FrequencyFit) -> float:
    """Variance of the log of all expected claims together."""
    weight = found.expected.sum(axis=0)
    names = list(found.log_variance)
    shares = weight / weight.sum()
    return float(sum(share * found.log_variance[name] for share, name in zip(shares, names, strict=True)))


def sensitivity(found: FrequencyFit) -> pd.DataFrame:
    """Each group of priors half and twice as wide, the others as they are: frame `prior_sensitivity`.

    One Newton step from the estimate, held by the constraints that bind: the gradient of the data there is the pull of
    the old prior, so that the new prior's pull less the old one's is what moves it.
    """
    free = np.flatnonzero(found.cols.sd > 0)
    paths = [found.cols.paths[column] for column in free]
    precision = np.linalg.inv(found.cols.covariance[np.ix_(free, free)])
    away = (found.estimate - found.cols.mean)[free]
    changed = {factor: found.estimate[free].copy() for factor in SD_FACTORS}
    groups = np.array([prior_group(path) for path in paths])
    for factor in SD_FACTORS:
        for group in np.unique(groups):
            mine = groups == group
            narrower = np.where(mine, 1.0 / factor, 1.0)
            more = narrower[:, None] * precision * narrower - precision
            hessian = found.solution.hessian.copy()
            hessian[np.ix_(free, free)] += more
            step = tangent(found.program, replace(found.solution, hessian=hessian))[np.ix_(free, free)] @ more @ away
            changed[factor][mine] -= step[mine]
    return prior_sensitivity(paths, found.estimate[free], found.se[free], changed)


def prior_group(path: str) -> str:
    """The group of a coefficient: its factor, or intercepts or thetas of all perils."""
    parts = path.split(".")
    return parts[-1] if parts[1] == "perils" else parts[1]


def resampled(found: FrequencyFit, seed: int) -> pd.DataFrame:
    """Firms drawn again with replacement, each refit in one Newton step from the estimate: frame `bootstrap`."""
    rng = np.random.default_rng(seed)
    firms = len(found.pulls)
    times = rng.multinomial(firms, np.full(firms, 1.0 / firms), size=DRAWS) - 1.0
    free = np.flatnonzero(found.cols.sd > 0)
    draws = found.estimate[free] + times @ found.pulls[:, free]
    return bootstrap_summary([found.cols.paths[column] for column in free], found.estimate[free], draws)
