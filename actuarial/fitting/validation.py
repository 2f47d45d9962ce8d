"""The validation of a calibration: tidy frames of what it predicted beside what came, from arrays of a market.

One row is one system in one year; (R, P) arrays have a column per peril. Refits (a year held out, a bootstrap, another
prior) are the caller's. The frames are read by `verdicts.py` and stored; docs/methods/validation.md explains each.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2, false_discovery_control

from actuarial.fitting.metrics import (
    LEVEL,
    Integers,
    akaike,
    chance_miscalibration,
    deviance_gain,
    equal_bands,
    gini,
    gini_without_each,
    jackknife_error,
    lorenz_curve,
    moment_dispersion,
    murphy,
    normal_interval,
    poisson_deviance,
    poisson_interval,
    poisson_log_score,
    poisson_p,
    population_stability_index,
    sums,
)
from actuarial.rounding import Floats
from policies.findings import WaarborgError

FITTED, CHAMPION, NULL = "fitted", "champion", "null"
PERIL = "peril"  # the factor whose levels are columns
TOTAL, ALL = "total", "all"  # the factor of one level


@cache
def standards() -> Mapping[str, Any]:
    """What validation.toml holds a calibration to."""
    return tomllib.loads(resources.files("actuarial.fitting").joinpath("validation.toml").read_text("utf-8"))


@dataclass(frozen=True, slots=True, eq=False)
class Market:
    """A market as it was seen and as two tariffs expected it.

    `claims`, `fitted`, `champion` (R, P) are counts; `firm` (R,) codes 0 to F - 1; `system_years` (R,) years at risk,
    positive; `recent` (R,) marks the rows of the last year. Raises ValueError on arrays that do not fit together,
    WaarborgError on rows without time at risk and on claims of fewer than two firms.
    """

    perils: Sequence[str]
    claims: Floats
    fitted: Floats
    champion: Floats
    firm: Integers
    system_years: Floats
    recent: np.ndarray[Any, np.dtype[np.bool_]]

    def __post_init__(self) -> None:
        shape = (len(self.system_years), len(self.perils))
        for name, array in (("claims", self.claims), (FITTED, self.fitted), (CHAMPION, self.champion)):
            if array.shape != shape:
                raise ValueError(f"{name} has shape {array.shape}, not rows by perils {shape}")
            if not np.isfinite(array).all():
                raise ValueError(f"{name} holds numbers that are not finite")
        if self.firm.shape != shape[:1] or self.recent.shape != shape[:1]:
            raise ValueError(f"firm and recent must have one entry for each of the {shape[0]} rows")
        if not (used := self.system_years > 0.0).all():
            raise WaarborgError(f"{int((~used).sum())} rows have no time at risk: leave them out")
        if self.claims.min() < 0.0 or min(self.fitted.min(), self.champion.min()) <= 0.0:
            raise ValueError("claims must not be negative and expected claims must be positive")
        if np.count_nonzero(np.bincount(self.firm, self.claims.sum(axis=1))) < 2:  # noqa: PLR2004
            raise WaarborgError("a validation needs claims of at least two firms")


@dataclass(frozen=True, slots=True, eq=False)
class Validation:
    """Frames by name, and the dispersion of a firm's claims about the fitted tariff (variance = mean + d mean^2)."""

    tables: Mapping[str, pd.DataFrame]
    dispersion: float


def validate(market: Market, factors: Mapping[str, Any], parameters: float, seed: int) -> Validation:
    """Every frame that needs no refit.

    `factors`: name -> level of each row, (R,), text or pandas Categorical (whose order is kept); `parameters`: the
    effective number of parameters fitted; `seed` of the simulated markets beside which miscalibration is read.
    """
    coded = {name: _coded(name, levels, len(market.firm)) for name, levels in factors.items()}
    totals = {name: getattr(market, name).sum(axis=1) for name in ("claims", FITTED, CHAMPION)}
    firms = int(market.firm.max()) + 1
    dispersion = _dispersion(*(sums(market.firm, totals[name], firms) for name in ("claims", FITTED)))
    levels = _levels(market, coded, totals, dispersion)
    gain = deviance_gain(market.claims, market.fitted, market.champion, market.firm)
    return Validation(
        tables={
            "actual_expected": _actual_expected(levels),
            "level_tests": _level_tests(levels),
            "fit": _fit(market, parameters),
            "deviance_gain": pd.DataFrame([gain], columns=["gain", "low", "high"]),
            **_ranking(market, totals),
            "lift": _lift(market, totals, dispersion),
            "double_lift": _double_lift(market, totals),
            **_calibration(market, totals, dispersion, seed),
            "population_stability": _population(market, coded),
        },
        dispersion=dispersion,
    )


def banded(name: str, values: Floats) -> pd.Categorical:
    """Ordered bands of a continuous factor, (R,), at the edges in validation.toml: exposure, danger, compliance."""
    edges = standards()["edges"][name]
    inner = [f"{low:g} to {high:g}" for low, high in pairwise(edges)]
    labels = [f"below {edges[0]:g}", *inner, f"{edges[-1]:g} and more"]
    return pd.Categorical.from_codes(np.digitize(values, edges).tolist(), categories=pd.Index(labels), ordered=True)


def _coded(name: str, levels: Any, rows: int) -> pd.Categorical:
    """The levels of a factor with their codes, in the order of a Categorical, else of the alphabet."""
    factor = levels if isinstance(levels, pd.Categorical) else pd.Categorical(np.asarray(levels).astype(str))
    if len(factor) != rows or (factor.codes < 0).any():
        raise ValueError(f"{name} must have a level for each of the {rows} rows")
    return factor


def _by_code(
    code: Integers, count: int, market: Market, claims: Floats, expected: Floats, dispersion: float
) -> pd.DataFrame:
    """Totals of the rows of each code, and the interval of their claims; codes without rows are left out.

    Claims of a firm share a gamma factor, so the variance of a total is its mean plus `dispersion` times the sum over
    firms of their squared expectations.
    """
    firms = int(market.firm.max()) + 1
    of_firms = sums(market.firm * count + code, expected, firms * count).reshape(firms, count)
    frame = pd.DataFrame(
        {
            "system_years": sums(code, market.system_years, count),
            "actual": sums(code, claims, count),
            "expected": of_firms.sum(axis=0),
            "squares": np.square(of_firms).sum(axis=0),
        }
    )
    return _with_interval(frame[frame["system_years"] > 0.0], dispersion)


def _with_interval(frame: pd.DataFrame, dispersion: float) -> pd.DataFrame:
    """The frame with variance_ratio (1 + dispersion * squares / expected) and the interval low, high of `actual`."""
    ratio = 1.0 + dispersion * frame["squares"].to_numpy() / frame["expected"].to_numpy()
    low, high = poisson_interval(frame["actual"].to_numpy(), ratio)
    return frame.assign(variance_ratio=ratio, low=low, high=high)


def _levels(
    market: Market, coded: Mapping[str, pd.Categorical], totals: Mapping[str, Floats], dispersion: float
) -> pd.DataFrame:
    """Totals of the market first, of every level of every factor, and of every peril, with their p-values."""
    parts = []
    for name, factor in {TOTAL: pd.Categorical([ALL] * len(market.firm)), **coded}.items():
        code, count = factor.codes.astype(np.int64), len(factor.categories)
        part = _by_code(code, count, market, totals["claims"], totals[FITTED], dispersion)
        parts.append(part.assign(factor=name, level=[str(factor.categories[row]) for row in part.index]))
    frame = pd.concat([*parts, _peril_levels(market)], ignore_index=True)
    p = poisson_p(frame["actual"].to_numpy(), frame["expected"].to_numpy(), frame["variance_ratio"].to_numpy())
    return frame.assign(p=p, p_adjusted=[p[0], *false_discovery_control(p[1:])])  # the total is a question of its own


def _dispersion(claims: Floats, expected: Floats) -> float:
    """Dispersion of the firms' claims (firms,) or (firms, P) about expectations balanced first, or else a wrong total
    would hide itself behind the spread that it makes."""
    balance = claims.sum(axis=0) / expected.sum(axis=0)
    return moment_dispersion(claims, expected * balance)


def _peril_levels(market: Market) -> pd.DataFrame:
    """Totals of every peril; the dispersion is that of a firm's claims of one peril."""
    firms = int(market.firm.max()) + 1
    claims, expected = (
        np.stack([sums(market.firm, column, firms) for column in counts.T], axis=1)
        for counts in (market.claims, market.fitted)
    )
    frame = pd.DataFrame(
        {
            "system_years": market.system_years.sum(),
            "actual": claims.sum(axis=0),
            "expected": expected.sum(axis=0),
            "squares": np.square(expected).sum(axis=0),
            "factor": PERIL,
            "level": list(market.perils),
        }
    )
    return _with_interval(frame, _dispersion(claims, expected))


def _actual_expected(levels: pd.DataFrame) -> pd.DataFrame:
    expected = levels["expected"]
    ratios = {"ratio": levels["actual"] / expected, "low": levels["low"] / expected, "high": levels["high"] / expected}
    return levels[["factor", "level", "system_years", "actual", "expected"]].assign(**ratios)


def _level_tests(levels: pd.DataFrame) -> pd.DataFrame:
    return levels[["factor", "level", "variance_ratio", "p", "p_adjusted"]]


def _fit(market: Market, parameters: float) -> pd.DataFrame:
    """The null model is one rate per system-year for each peril that has claims, and no claims for the others."""
    happened = market.claims.sum(axis=0) > 0.0
    claims = market.claims[:, happened]
    null = market.system_years[:, None] * (claims.sum(axis=0) / market.system_years.sum())
    models = (
        (NULL, claims, null, float(len(market.perils))),
        (CHAMPION, market.claims, market.champion, 0.0),
        (FITTED, market.claims, market.fitted, parameters),
    )
    rows = []
    for model, actual, expected, count in models:
        score = float(poisson_log_score(actual, expected).sum())
        rows.append(
            {
                "model": model,
                "claims": actual.sum(),
                "expected": expected.sum(),
                "deviance": poisson_deviance(actual, expected),
                "aic": akaike(score, count),
                "log_score": score / len(market.claims),
            }
        )
    return pd.DataFrame(rows)


def _ranking(market: Market, totals: Mapping[str, Floats]) -> dict[str, pd.DataFrame]:
    """Frames lorenz, gini and gini_gain (fitted less champion, its error from both without the same firm)."""
    claims, exposure = totals["claims"], market.system_years
    grid = np.linspace(0.0, 1.0, standards()["cut"]["lorenz_points"] + 1)
    curves, rows, value, without = [], [], {}, {}
    for model in (FITTED, CHAMPION):
        rate = totals[model] / exposure
        curve = np.interp(grid, *lorenz_curve(claims, rate, exposure))
        curves.append(pd.DataFrame({"model": model, "exposure_share": grid, "claim_share": curve}))
        value[model] = gini(claims, rate, exposure)
        without[model] = gini_without_each(claims, rate, exposure, market.firm)
        low, high = normal_interval(value[model], jackknife_error(without[model]))
        rows.append({"model": model, "gini": value[model], "low": max(low, -1.0), "high": min(high, 1.0)})
    gain = value[FITTED] - value[CHAMPION]
    low, high = normal_interval(gain, jackknife_error(without[FITTED] - without[CHAMPION]))
    return {
        "lorenz": pd.concat(curves, ignore_index=True),
        "gini": pd.DataFrame(rows),
        "gini_gain": pd.DataFrame([{"gain": gain, "low": low, "high": high}]),
    }


def _lift(market: Market, totals: Mapping[str, Floats], dispersion: float) -> pd.DataFrame:
    """Claims by band of the fitted rate, the lowest first; bands are numbered from 1."""
    bands = standards()["cut"]["bands"]
    code = equal_bands(totals[FITTED] / market.system_years, market.system_years, bands)
    frame = _by_code(code, bands, market, totals["claims"], totals[FITTED], dispersion)
    return frame.assign(band=frame.index + 1)[
        ["band", "system_years", "expected", "actual", "low", "high"]
    ].reset_index(drop=True)


def _double_lift(market: Market, totals: Mapping[str, Floats]) -> pd.DataFrame:
    """Claims and both predictions by band of fitted / champion, the lowest first; bands are numbered from 1."""
    bands = standards()["cut"]["bands"]
    code = equal_bands(totals[FITTED] / totals[CHAMPION], market.system_years, bands)
    actual, fitted, champion = (sums(code, totals[name], bands) for name in ("claims", FITTED, CHAMPION))
    some = champion > 0.0
    return pd.DataFrame(
        {
            "band": np.flatnonzero(some) + 1,
            "ratio": fitted[some] / champion[some],
            "actual": actual[some],
            "fitted": fitted[some],
            "champion": champion[some],
        }
    )


def _calibration(market: Market, totals: Mapping[str, Floats], dispersion: float, seed: int) -> dict[str, pd.DataFrame]:
    """Frames murphy and calibration_test (how often chance alone miscalibrates as much)."""
    claims, exposure, draws = totals["claims"], market.system_years, standards()["cut"]["calibration_draws"]
    parts = {model: murphy(claims, totals[model], exposure) for model in (FITTED, CHAMPION)}
    chance = chance_miscalibration(totals[FITTED], exposure, market.firm, dispersion, draws, seed)
    found = parts[FITTED].miscalibration
    p = (1.0 + np.count_nonzero(chance >= found)) / (1.0 + draws)
    test = {"model": FITTED, "miscalibration": found, "chance": float(chance.mean()), "p": p}
    frame = pd.DataFrame(
        {
            "model": list(parts),
            "deviance": [part.deviance for part in parts.values()],
            "uncertainty": [part.uncertainty for part in parts.values()],
            "discrimination": [part.discrimination for part in parts.values()],
            "miscalibration": [part.miscalibration for part in parts.values()],
        }
    )
    return {"murphy": frame, "calibration_test": pd.DataFrame([test])}


def _population(market: Market, coded: Mapping[str, pd.Categorical]) -> pd.DataFrame:
    """The last year's exposure by level beside that of the years before; no rows where one of them is empty."""
    columns, rows = ("factor", "psi", "verdict"), []
    recent = market.recent
    if recent.any() and not recent.all():
        firms = [len(np.unique(market.firm[part])) for part in (~recent, recent)]
        for name, factor in coded.items():
            code, count = factor.codes.astype(np.int64), len(factor.categories)
            cells = [sums(code[part], market.system_years[part], count) for part in (~recent, recent)]
            used = (cells[0] + cells[1]) > 0.0
            index = population_stability_index(cells[0][used], cells[1][used])
            rows.append((name, index, stability(index, int(used.sum()), firms)))
    return pd.DataFrame(rows, columns=list(columns))


def stability(index: float, levels: int, firms: Sequence[int]) -> str:
    """Verdict on a population stability index: stable, drifting or shifted.

    An index within the 90 % quantile of chance is stable: about (1 / n + 1 / m) times chi-squared with `levels` - 1
    degrees of freedom when n and m firms are drawn from one population (a panel of the same firms varies less).
    """
    bounds = standards()["population"]
    chance = sum(1.0 / count for count in firms) * float(chi2.ppf(LEVEL, max(levels - 1, 1)))
    if index <= max(bounds["drifting"], chance):
        return "stable"
    return "shifted" if index > bounds["shifted"] else "drifting"
