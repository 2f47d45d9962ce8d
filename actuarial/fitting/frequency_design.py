"""The terms of the claim frequency (pricing.md 4) for an experience: its columns, their prior, its rows."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from actuarial.calibration import Calibration
from actuarial.evidence import Ints
from actuarial.fitting.experience import (
    DISCOVERED,
    Experience,
    claim_counts,
    danger_column,
    reported_years,
    years_between_days,
)
from actuarial.fitting.frequency import Block, Penalty
from actuarial.rounding import Floats

LEVEL = 0.9
Z = float(ndtri((1 + LEVEL) / 2))
FACTORS = ("classes", "roles", "autonomy", "sectors", "maturity")
COLUMN_OF = {"classes": "obliged_class", "roles": "role", "autonomy": "autonomy", "sectors": "sector"}
INTERCEPT, THETA = "intercept", "theta"


@cache
def settings() -> Mapping[str, Any]:
    """What frequency.toml says."""
    return tomllib.loads(resources.files("actuarial.fitting").joinpath("frequency.toml").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Columns:
    """The K coefficients: dotted path in the artefact, prior mean and covariance, and which of them are fitted."""

    perils: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]  # factor -> names of its levels
    paths: tuple[str, ...]
    mean: Floats  # (K,)
    covariance: Floats  # (K, K), zero where a coefficient is fixed

    @property
    def sd(self) -> Floats:
        """Standard deviations of the prior, (K,); zero where a coefficient is fixed."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    def at(self, path: str) -> int:
        """Position of a path."""
        return self.paths.index(path)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of the experience as numbers: claims (R, P), years at risk and those whose claims are known (R,), codes.

    `codes` by factor (R,), `log_exposure`, `withheld` = 1 - compliance (R,), `danger` (R, P), `firm` codes (R,).
    """

    claims: Floats
    at_risk: Floats
    years: Floats
    codes: Mapping[str, Ints]
    log_exposure: Floats
    withheld: Floats
    danger: Floats
    firm: Ints

    @property
    def firms(self) -> int:
        """Number of firms."""
        return int(self.firm.max(initial=-1)) + 1


def columns(prior: Calibration, artefact: Mapping[str, Any], perils: tuple[str, ...]) -> Columns:
    """The coefficients of a fit on these perils. `artefact` is the prior's own JSON: it may hold a covariance."""
    levels = {
        "classes": tuple(prior.classes),
        "roles": tuple(prior.roles),
        "autonomy": tuple(str(step) for step in range(len(prior.autonomy))),
        "sectors": tuple(prior.sectors),
        "maturity": tuple(str(band) for band in range(len(prior.maturity))),
    }
    found = list(_opinions(prior, perils))
    paths = tuple(path for path, _, _ in found)
    covariance = np.diag([sd**2 for _, _, sd in found])
    if "posterior" in artefact:
        _inherit(covariance, paths, artefact["posterior"])
    return Columns(perils, levels, paths, np.array([mean for _, mean, _ in found]), covariance)


def _opinions(prior: Calibration, perils: tuple[str, ...]) -> Iterator[tuple[str, float, float]]:
    """Path, mean and standard deviation of every coefficient, in the order of `blocks`."""
    sd, reference = settings()["prior_sd"], settings()["reference"]
    for peril in perils:
        row = prior.perils[peril]
        yield f"frequency.perils.{peril}.{INTERCEPT}", row.intercept, math.sqrt(math.log1p(row.cv**2))
    for peril in perils:
        row = prior.perils[peril]
        yield f"frequency.perils.{peril}.{THETA}", row.theta, (row.theta_high - row.theta_low) / (2 * Z)
    yield "frequency.exposure_elasticity", prior.exposure_elasticity, sd["exposure_elasticity"]
    yield "frequency.sharing", prior.sharing, sd["sharing"]
    named = {"classes": prior.classes, "roles": prior.roles, "sectors": prior.sectors}
    numbered = {"autonomy": prior.autonomy, "maturity": [effect for _, effect in prior.maturity]}
    for factor in FACTORS:
        entries = named[factor].items() if factor in named else enumerate(numbered[factor])
        suffix = ".effect" if factor == "maturity" else ""
        for level, effect in entries:
            path = f"frequency.{factor}.{level}{suffix}"
            yield path, effect, 0.0 if level == reference[factor] else sd[factor]


def _inherit(covariance: Floats, paths: tuple[str, ...], posterior: Mapping[str, Any]) -> None:
    """Put the prior's own covariance (rows of its lower triangle) where it has one and the coefficient is not fixed."""
    size = len(posterior["paths"])
    full = np.zeros((size, size))
    for row, values in enumerate(posterior["covariance"]):
        full[row, : row + 1] = full[: row + 1, row] = values
    theirs = [
        n for n, path in enumerate(posterior["paths"]) if path in paths and covariance[(paths.index(path),) * 2] > 0
    ]
    mine = [paths.index(posterior["paths"][n]) for n in theirs]
    covariance[np.ix_(mine, mine)] = full[np.ix_(theirs, theirs)]


def penalty(cols: Columns) -> Penalty:
    """The prior as a penalty; coefficients without spread are fixed."""
    free = cols.sd > 0
    precision = np.zeros_like(cols.covariance)
    precision[np.ix_(free, free)] = np.linalg.inv(cols.covariance[np.ix_(free, free)])
    return Penalty(cols.mean, precision, free)


def rows_of(experience: Experience, prior: Calibration, lag: tuple[float, float], perils: tuple[str, ...]) -> Rows:
    """The rows of an experience. `lag` is the (shape, scale in days) of the reporting delay.

    Raises ValueError for a level that the prior calibration does not know, or an exposure that is not positive.
    """
    years = experience.years
    if not (years["exposure"] > 0).all():
        raise ValueError(f"{int((~(years['exposure'] > 0)).sum())} rows have no exposure; every system needs some")
    numbers = ["exposure", "compliance", *(danger_column(peril) for peril in perils)]
    if unreadable := [name for name in numbers if not np.isfinite(years[name].to_numpy(dtype=float)).all()]:
        raise ValueError(f"{', '.join(unreadable)} must hold a finite number in every row")
    levels = {"classes": tuple(prior.classes), "roles": tuple(prior.roles), "sectors": tuple(prior.sectors)}
    codes = {factor: _codes(years[COLUMN_OF[factor]], names, factor) for factor, names in levels.items()}
    codes["autonomy"] = years["autonomy"].to_numpy().astype(np.int64)
    codes["maturity"] = maturity_band(years, prior)
    return Rows(
        claims=claim_counts(experience, perils),
        at_risk=years_between_days(years["start"], years["end"]),
        years=reported_years(experience, *lag) * known_share(experience),
        codes={factor: codes[factor] for factor in FACTORS},
        log_exposure=np.log(years["exposure"].to_numpy(dtype=float)),
        withheld=1.0 - years["compliance"].to_numpy(dtype=float),
        danger=years[[danger_column(peril) for peril in perils]].to_numpy(dtype=float),
        firm=np.asarray(pd.factorize(years["firm"])[0], dtype=np.int64),
    )


def _codes(values: pd.Series[Any], names: tuple[str, ...], factor: str) -> Ints:
    codes = pd.Index(names).get_indexer(pd.Index(values.astype(str)))
    if (codes < 0).any():
        unknown = sorted(set(values[codes < 0].astype(str)))
        raise ValueError(f"the prior calibration knows no {factor} {', '.join(unknown)}; it knows {', '.join(names)}")
    return np.asarray(codes, dtype=np.int64)


def maturity_band(years: pd.DataFrame, prior: Calibration) -> Ints:
    """Maturity band of each row, (R,): by the years since deployment at its middle."""
    start = years_between_days(years["deployed"], years["start"])
    end = years_between_days(years["deployed"], years["end"])
    bands = np.array([band for band, _ in prior.maturity])
    return np.maximum(np.searchsorted(bands, np.maximum((start + end) / 2, 0.0), side="right") - 1, 0)


def known_share(experience: Experience) -> float:
    """Share of reported claims that are known at all: those concealed and not discovered never enter the data.

    Each discovered claim stands for 1 / detection concealed ones (Horvitz and Thompson 1952).
    """
    if experience.detection is None or experience.claims.empty:
        return 1.0
    discovered = float((experience.claims["conduct"] == DISCOVERED).sum())
    everything = len(experience.claims) + discovered * (1.0 / experience.detection - 1.0)
    return len(experience.claims) / everything


def cells_of(rows: Rows) -> tuple[Rows, Ints]:
    """Rows of one firm with equal covariates as one cell, and the cell of each row: the same likelihood, fewer rows."""
    keys = np.column_stack([rows.firm, *rows.codes.values(), rows.log_exposure, rows.withheld, rows.danger])
    frame = pd.DataFrame(keys)
    cell = np.asarray(frame.groupby(list(frame.columns), sort=False).ngroup(), dtype=np.int64)
    first = np.unique(cell, return_index=True)[1]
    claims = np.zeros((len(first), rows.claims.shape[1]))
    np.add.at(claims, cell, rows.claims)
    cells = replace(
        rows,
        claims=claims,
        at_risk=np.asarray(np.bincount(cell, rows.at_risk), dtype=float),
        years=np.asarray(np.bincount(cell, rows.years), dtype=float),
        codes={factor: code[first] for factor, code in rows.codes.items()},
        log_exposure=rows.log_exposure[first],
        withheld=rows.withheld[first],
        danger=rows.danger[first],
        firm=rows.firm[first],
    )
    return cells, cell


def blocks(rows: Rows, cols: Columns) -> tuple[Block, ...]:
    """The design over rows x perils, peril by peril: (P * R) entries in the order of `cols.paths`."""
    perils = len(cols.perils)
    count = len(rows.years)
    peril = np.repeat(np.arange(perils), count)
    nought = np.zeros(perils * count, dtype=np.int64)
    return (
        Block(peril, perils),
        Block(peril, perils, rows.danger.T.ravel()),
        Block(nought, 1, np.tile(rows.log_exposure, perils)),
        Block(nought, 1, np.tile(rows.withheld, perils)),
        *(Block(np.tile(rows.codes[factor], perils), len(cols.levels[factor])) for factor in FACTORS),
    )


def known_perils(prior: Calibration, experience: Experience) -> tuple[str, ...]:
    """Perils that both the prior calibration and the experience know."""
    return tuple(peril for peril in experience.perils if peril in prior.perils)
