"""Public incidents as an external base: their number per year once late reports are added, and how much of the growth
is risk and how much better reporting.

docs/methods/trend.md explains what tells the two apart; `python -m actuarial.fitting.trend` prints the result.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.stats import nbinom, poisson
from scipy.stats import t as student
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM

from actuarial.calibration import shipped_calibration
from actuarial.fitting.incident_codes import OUTSIDE, UNCODED, authored
from actuarial.fitting.reference_population import table
from actuarial.rating import known_years
from actuarial.rounding import Floats
from policies.findings import Finding, Severity
from policies.perils import PERILS
from policies.period import DAYS_PER_YEAR

WINDOW = 6  # years that a trend is read from: the database opened to everyone in 2020
LAST_YEAR = 2025  # of occurrence in the snapshot
FORECAST_FROM = (2022, 2023, 2024)  # ends of year as the database then stood; earlier states are lost
LEAST_INCIDENTS = 60.0  # of a peril in the window, ten a year, for a trend of its own
LEVEL = 0.9  # of intervals
POISSON = 1e-6  # excess of variance over mean, per mean, below which a count is Poisson: the law would lose its digits
ALL = "all"  # the series of all incidents, whatever their code
ADOPTION = {  # rows of nl_exposure.csv: Dutch firms with 10+ persons that use AI, all of one survey
    "share of enterprises with 10+ persons using at least one AI technology",
    "same",
}


@dataclass(frozen=True, slots=True)
class SeriesFit:
    """log E[incidents of year y] = level + growth (y - middle), by quasi-Poisson with the known share as offset.
    `covariance` (2, 2) is scaled by `dispersion` (at least 1); `freedom` is years less parameters."""

    level: float
    growth: float
    middle: float
    covariance: Floats
    dispersion: float
    freedom: int


@dataclass(frozen=True, slots=True)
class Effect:
    """A yearly growth on the log scale, with its 90 % interval."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class TrendFit:
    """`growth` of all incidents = `reporting` + `risk`. The frames are the tables `trend`, `trend_effects`,
    `external_base` and, for `out_of_time`, rows of that table."""

    growth: Effect
    reporting: Effect
    risk: Effect
    trend: pd.DataFrame
    effects: pd.DataFrame
    external_base: pd.DataFrame
    out_of_time: pd.DataFrame
    findings: tuple[Finding, ...]


def known_shares(years: Sequence[int], at: date, shape: float, scale_days: float) -> Floats:
    """Share of the incidents of each calendar year known on day `at` under a Weibull delay, spread evenly; (Y,)."""
    ages = np.array([[(at - date(year + shift, 1, 1)).days for shift in (0, 1)] for year in years]) / DAYS_PER_YEAR
    scale = scale_days / DAYS_PER_YEAR
    known = known_years(ages[:, 0], shape, scale) - known_years(ages[:, 1], shape, scale)
    return np.asarray(known / (ages[:, 0] - ages[:, 1]))


def incident_series(years: Sequence[int], entered_by: int) -> dict[str, Floats]:
    """Incidents per year as known at the end of year `entered_by`, by peril and for ALL; (Y,) each.

    Incidents without a code are shared out over the perils as the coded ones of their year.
    """
    found = {label: np.zeros(len(years)) for label in (*PERILS, OUTSIDE, UNCODED)}
    for row in table("aiid_counts.csv"):
        if int(row["year"]) in years and int(row["entry_year"]) <= entered_by:
            found[row["peril"]][list(years).index(int(row["year"]))] += float(row["incidents"])
    everything = np.sum(list(found.values()), axis=0)
    coded = np.maximum(everything - found[UNCODED], np.finfo(float).tiny)
    return {ALL: np.rint(everything)} | {peril: found[peril] * everything / coded for peril in PERILS}


def fit_series(years: Sequence[int], counts: Floats, exposure: Floats, trend: bool = True) -> SeriesFit:
    """The growth of `counts` per year over `exposure` (known shares, or incidents that might have been found), (Y,)
    each; without a `trend` the level alone. Raises ValueError unless years outnumber parameters and some counts are
    positive."""
    at = np.asarray(years, dtype=float)
    parameters = 2 if trend else 1
    if len(at) <= parameters or not counts.sum() > 0.0 or not (exposure > 0.0).all():
        raise ValueError(f"{len(at)} years with {counts.sum():g} incidents are too few for a trend")
    middle = float(at.mean())
    design = np.column_stack([np.ones_like(at), at - middle])[:, :parameters]
    found = GLM(counts, design, family=Poisson(), offset=np.log(exposure)).fit()
    dispersion = max(float(found.pearson_chi2) / (len(at) - parameters), 1.0)
    covariance = np.zeros((2, 2))
    covariance[:parameters, :parameters] = np.asarray(found.normalized_cov_params) * dispersion
    level, growth = (*np.asarray(found.params, dtype=float), 0.0)[:2]
    return SeriesFit(float(level), float(growth), middle, covariance, dispersion, len(at) - parameters)


def growth_of(fit: SeriesFit) -> Effect:
    """The growth of a series with its interval by Student's t."""
    reach = float(student.ppf((1.0 + LEVEL) / 2.0, fit.freedom) * np.sqrt(fit.covariance[1, 1]))
    return Effect(fit.growth, fit.growth - reach, fit.growth + reach)


def split_growth(total: SeriesFit, reporting: SeriesFit) -> Effect:
    """Growth of the risk: that of the incidents less that of their reporting, errors added (their fits share only the
    few incidents that both sources hold), at the fewer degrees of freedom of the two."""
    estimate = total.growth - reporting.growth
    error = float(np.sqrt(total.covariance[1, 1] + reporting.covariance[1, 1]))
    reach = float(student.ppf((1.0 + LEVEL) / 2.0, min(total.freedom, reporting.freedom))) * error
    return Effect(estimate, estimate - reach, estimate + reach)


def reporting_series(years: Sequence[int]) -> tuple[Floats, Floats]:
    """Per year: incidents of the second source that the first one holds too, less links by chance; and all incidents of
    the second source; (Y,) each."""
    rows = {int(row["year"]): row for row in table("aiid_links.csv")}
    both = np.array([max(float(rows[year]["both"]) - float(rows[year]["chance"]), 0.0) for year in years])
    return both, np.array([float(rows[year]["second"]) for year in years])


def adoption_growth() -> Effect:
    """Growth of AI use among Dutch firms: over the whole span, with its slowest and fastest spell as the bounds."""
    rows = [row for row in table("nl_exposure.csv") if row["group"] == "AI use" and row["metric"] in ADOPTION]
    used = sorted((int(row["year"]), float(row["value"])) for row in rows)
    spells = [float(np.log(after / before) / (end - start)) for (start, before), (end, after) in pairwise(used)]
    (first, least), (last, most) = used[0], used[-1]
    return Effect(float(np.log(most / least) / (last - first)), min(spells), max(spells))


def forecast(fit: SeriesFit, year: int, known: float, actual: float) -> tuple[float, float, float, float]:
    """Expected incidents of a year of which the share `known` is known, 90 % interval, log score of the `actual` count.

    The predictive law is negative binomial with the variance of the fit: dispersion x mean + (mean x error)^2.
    """
    step = np.array([1.0, year - fit.middle])
    mean = float(np.exp(fit.level + fit.growth * step[1])) * known
    excess = (fit.dispersion - 1.0) * mean + mean**2 * float(step @ fit.covariance @ step)
    law = nbinom(mean**2 / excess, mean / (mean + excess)) if excess > POISSON * mean else poisson(mean)
    low, high = (float(law.ppf(p)) for p in ((1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0))
    return mean, low, high, float(law.logpmf(round(actual)))


def fit_trend(shape: float, scale_days: float, intercepts: Mapping[str, float]) -> TrendFit:
    """The trend of public incidents under a Weibull delay (`shape`, `scale_days`) from occurrence to entry, and their
    shares by peril beside those of the prior claim frequencies, exp of `intercepts` by peril.

    Rows of `out_of_time` are the models "aiid trend" and "aiid no trend", each fitted to what was known at the end of
    the year before, scored on what is known now (-log of the probability, lower is better). Intervals of `trend` are
    those of the fitted mean.
    """
    years = range(LAST_YEAR - WINDOW + 1, LAST_YEAR + 1)
    snapshot: date = authored()["source"]["snapshot"]
    known = known_shares(years, snapshot, shape, scale_days)
    series = incident_series(years, snapshot.year)
    fits = {
        name: fit_series(years, counts, known)
        for name, counts in series.items()
        if name == ALL or counts.sum() >= LEAST_INCIDENTS
    }
    both, second = reporting_series(years)
    reporting = fit_series(years, both, second * known)
    growth, catching, risk = growth_of(fits[ALL]), growth_of(reporting), split_growth(fits[ALL], reporting)
    past = _out_of_time(snapshot, shape, scale_days)
    return TrendFit(
        growth=growth,
        reporting=catching,
        risk=risk,
        trend=pd.concat([_trend_rows(name, years, series[name], known, fit) for name, fit in fits.items()]).reset_index(
            drop=True
        ),
        effects=_effects(fits, catching, risk),
        external_base=_external_base(series, intercepts),
        out_of_time=past,
        findings=(*_remarks(growth, catching, risk), *_misses(past)),
    )


def _effects(fits: Mapping[str, SeriesFit], reporting: Effect, risk: Effect) -> pd.DataFrame:
    """Yearly growths on the log scale. That beyond AI use has the outermost bounds: errors of both, taken together."""
    used = adoption_growth()
    effects = {f"growth of {name}": growth_of(fit) for name, fit in fits.items()} | {
        "growth of reporting": reporting,
        "growth of risk": risk,
        "growth of AI use": used,
        "growth of risk beyond AI use": Effect(
            risk.estimate - used.estimate, risk.low - used.high, risk.high - used.low
        ),
    }
    rows = [(name, effect.estimate, effect.low, effect.high) for name, effect in effects.items()]
    return pd.DataFrame(rows, columns=["effect", "estimate", "low", "high"])


def _trend_rows(name: str, years: Sequence[int], counts: Floats, known: Floats, fit: SeriesFit) -> pd.DataFrame:
    steps = np.column_stack([np.ones(len(years)), np.asarray(years) - fit.middle])
    centre = fit.level + fit.growth * steps[:, 1]
    reach = student.ppf((1.0 + LEVEL) / 2.0, fit.freedom) * np.sqrt(
        np.einsum("yi,ij,yj->y", steps, fit.covariance, steps)
    )
    return pd.DataFrame(
        {
            "series": name,
            "year": list(years),
            "observed": counts,
            "reported_share": known,
            "ultimate": counts / known,
            "fitted": np.exp(centre),
            "low": np.exp(centre - reach),
            "high": np.exp(centre + reach),
        }
    )


def _external_base(series: Mapping[str, Floats], intercepts: Mapping[str, float]) -> pd.DataFrame:
    incidents = np.array([series[peril].sum() for peril in intercepts])
    frequencies = np.exp(np.array(list(intercepts.values())))
    return pd.DataFrame(
        {
            "peril": list(intercepts),
            "incidents": incidents,
            "share": incidents / incidents.sum(),
            "prior_share": frequencies / frequencies.sum(),
        }
    )


def _out_of_time(snapshot: date, shape: float, scale_days: float) -> pd.DataFrame:
    rows = []
    for end in FORECAST_FROM:
        years = range(end - WINDOW + 1, end + 1)
        counts = incident_series(years, end)[ALL]
        then = known_shares(years, date(end, 12, 31), shape, scale_days)
        actual = float(incident_series([end + 1], snapshot.year)[ALL][0])
        (now,) = known_shares([end + 1], snapshot, shape, scale_days)
        for model, trend in (("aiid trend", True), ("aiid no trend", False)):
            fit = fit_series(years, counts, then, trend)
            mean, low, high, score = forecast(fit, end + 1, float(now), actual)
            rows.append((model, end + 1, actual, mean, low, high, -score))
    return pd.DataFrame(rows, columns=["model", "year", "actual", "expected", "low", "high", "log_score"])


def _remarks(growth: Effect, reporting: Effect, risk: Effect) -> Iterator[Finding]:
    message = (
        f"public incidents grow {_percent(growth)} a year; the share that the database catches grows "
        f"{_percent(reporting)}, so the risk grows {_percent(risk)}, if what a second source finds is as easy to catch "
        "as the rest and stays so"
    )
    yield Finding("trend-split", Severity.INFO, "trend", message, "docs/methods/trend.md")
    if risk.low <= 0.0 <= risk.high:
        message = "public incidents do not show whether the risk rises or falls: use no trend in the price"
        yield Finding("trend-unknown", Severity.WARNING, "trend", message, "docs/methods/trend.md")


def _misses(past: pd.DataFrame) -> Iterator[Finding]:
    for row in past[past["model"] == "aiid trend"].to_dict("records"):
        if not row["low"] <= row["actual"] <= row["high"]:
            message = (
                f"{row['actual']:.0f} incidents of {row['year']} against {row['expected']:.0f} forecast "
                f"({row['low']:.0f} to {row['high']:.0f}): a trend of public incidents does not carry a year ahead"
            )
            yield Finding("trend-forecast-missed", Severity.WARNING, "trend", message, "docs/methods/trend.md")
    scores = past.groupby("model")["log_score"].sum()
    if scores["aiid trend"] >= scores["aiid no trend"]:
        message = "forecasts with a trend scored no better than without one: prefer the level of the last years"
        yield Finding("trend-no-better", Severity.WARNING, "trend", message, "docs/methods/trend.md")


def _percent(effect: Effect) -> str:
    middle, low, high = (100.0 * float(np.expm1(value)) for value in (effect.estimate, effect.low, effect.high))
    return f"{middle:.0f} % ({low:.0f} to {high:.0f})"


def report() -> Iterator[str]:
    """The tables and findings under the reporting delay and frequencies of the shipped calibration: what is printed."""
    calibration = shipped_calibration()
    intercepts = {peril: parameters.intercept for peril, parameters in calibration.perils.items()}
    found = fit_trend(calibration.lag_shape, calibration.lag_scale_days, intercepts)
    for frame in (found.trend[found.trend["series"] == ALL], found.effects, found.external_base, found.out_of_time):
        yield frame.to_string(index=False, float_format=lambda value: f"{value:.3g}")
        yield ""
    yield from (finding.line() for finding in found.findings)


if __name__ == "__main__":
    sys.stdout.write("\n".join(report()) + "\n")
