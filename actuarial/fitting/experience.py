"""The experience of a market, as the fits read it: systems at risk year by year, and the claims that became known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from actuarial.rating import known_years
from actuarial.rounding import Floats
from policies.perils import PERILS
from policies.period import DAYS_PER_YEAR

IN_TIME, LATE, DISCOVERED = CONDUCTS = ("in_time", "late", "discovered")
YEAR_COLUMNS = (
    "firm",  # text: whose experience is pooled, and whose errors are correlated
    "system",  # text, unique in the market
    "start",  # first day at risk
    "end",  # first day no longer at risk, at most the valuation date
    "deployed",  # day
    "obliged_class",  # as the regime declares it, by the best assessment there is
    "role",  # the dearest of its roles
    "autonomy",  # 0 to 3
    "sector",
    "foundation_model",
    "turnover_eur",  # worldwide, a year
    "exposure",  # units a year of the calibration
    "compliance",  # c in [0, 1]
)
CLAIM_COLUMNS = (
    "system",
    "peril",
    "head",  # may be empty: not known yet
    "occurred",  # day
    "known",  # day on which the market came to know of it, at most the valuation date
    "conduct",  # one of CONDUCTS; `discovered` was concealed and came out
    "loss_eur",  # ground-up in euros of its year; may be empty
    "settled",  # day; empty while open
)


def danger_column(peril: str) -> str:
    """The column of `years` that holds the danger score of a peril."""
    return f"z_{peril}"


@dataclass(frozen=True, slots=True, eq=False)
class Experience:
    """A market seen until `as_of`. Days are datetime64, texts are str or categories.

    `years`: one row per system and year at risk (YEAR_COLUMNS and a danger score z_<peril> per peril);
    `claims`: one row per claim that became known (CLAIM_COLUMNS). `source` says in words where it comes from,
    `sha256` is the digest of its data, `detection` the probability that a concealed incident comes to light (None where
    nobody conceals).
    """

    years: pd.DataFrame
    claims: pd.DataFrame
    as_of: date
    source: str
    sha256: str
    detection: float | None = None

    @property
    def perils(self) -> tuple[str, ...]:
        """Perils whose danger the experience knows."""
        return tuple(peril for peril in PERILS if danger_column(peril) in self.years)


def years_between_days(start: pd.Series, end: pd.Series) -> Floats:
    """Years between two columns of days."""
    return np.asarray((end - start).dt.days / DAYS_PER_YEAR, dtype=float)


def reported_years(experience: Experience, shape: float, scale_days: float) -> Floats:
    """Years at risk whose incidents are known on the valuation date, (R,), under a Weibull reporting delay."""
    at = pd.Series(pd.Timestamp(experience.as_of), index=experience.years.index)
    since_start = years_between_days(experience.years["start"], at)
    since_end = years_between_days(experience.years["end"], at)
    scale = scale_days / DAYS_PER_YEAR
    return known_years(since_start, shape, scale) - known_years(since_end, shape, scale)


def claim_counts(experience: Experience, perils: Sequence[str]) -> Floats:
    """Claims per row of `years` and peril, (R, P): those that occurred within the row's time at risk.

    Raises ValueError when a claim belongs to no row.
    """
    years, claims = experience.years, experience.claims
    counts = np.zeros((len(years), len(perils)))
    if claims.empty:
        return counts
    row = rows_of_claims(experience)
    if (row < 0).any():
        raise ValueError(f"{int((row < 0).sum())} claims occurred outside the time at risk of their systems")
    peril = pd.Index(perils).get_indexer(pd.Index(claims["peril"].astype(str)))
    np.add.at(counts, (row[peril >= 0], peril[peril >= 0]), 1.0)
    return counts


def rows_of_claims(experience: Experience) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Position in `years` of the row that each claim falls in, -1 where there is none; (C,)."""
    years, claims = experience.years, experience.claims
    systems, codes = np.unique(years["system"].astype(str).to_numpy(), return_inverse=True)
    start, end = (years[column].to_numpy().astype("datetime64[D]").astype(np.int64) for column in ("start", "end"))
    order = np.lexsort((start, codes))
    system = pd.Index(systems).get_indexer(pd.Index(claims["system"].astype(str)))
    occurred = claims["occurred"].to_numpy().astype("datetime64[D]").astype(np.int64)
    span = int(max(start.max(), occurred.max())) - int(min(start.min(), occurred.min())) + 1
    base = int(min(start.min(), occurred.min()))
    keys = codes[order].astype(np.int64) * span + (start[order] - base)
    found = np.searchsorted(keys, system.astype(np.int64) * span + (occurred - base), side="right") - 1
    row = order[np.maximum(found, 0)]
    inside = (found >= 0) & (system >= 0) & (codes[row] == system) & (occurred >= start[row]) & (occurred < end[row])
    return np.where(inside, row, -1)
