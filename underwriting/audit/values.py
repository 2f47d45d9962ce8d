"""What the audit reads and what it tells: the book as tables, and a result per metric (docs/methods/audit.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Literal

import numpy as np
import pandas as pd

from actuarial.calibration import Calibration
from policies.incentives import Metric
from policies.regimes import Regime
from policies.risk import RiskProfile

Unit = Literal["ratio", "share", "euro", "points", "count"]
Number = float | int | str

# Columns of the tables of a book, with what each holds. Amounts in `_cents` are integers, in `_eur` floats.
FIRM_COLUMNS: Mapping[str, str] = {
    "kvk": "str",
    "firm": "str",
    "size_class": "str",
    "sector": "str",  # of the system with the largest expected loss
    "country": "str",
    "obliged_class": "str",  # the highest declared class on the schedule
    "priced_class": "str",  # and the highest priced one
    "turnover_eur": "float64",  # worldwide, per year
    "quote_id": "str",
    "decision": "str",
    "due_cents": "int64",  # premium of the period, tax included, after judgement
    "technical_cents": "int64",
    "offered_cents": "int64",  # technical premium after judgement, without tax
    "minimum_bound": "bool",  # the minimum premium decides
    "expected_loss": "float64",  # euros of the period, after the aggregate limit
    "expected_loss_minimum_cover": "float64",  # the same at the minimum limit and deductible of the class
    "term_years": "float64",
}
OVERRIDE_COLUMNS: Mapping[str, str] = {
    "kvk": "str",
    "underwriter": "str",
    "level": "str",  # of the regime's authority
    "technical_cents": "int64",
    "offered_cents": "int64",
    "reason": "str",
    "at": "datetime64[s]",
}
RENEWAL_COLUMNS: Mapping[str, str] = {
    "kvk": "str",
    "before_cents": "int64",
    "after_cents": "int64",
    "risk_changed": "bool",
}
PAYMENT_COLUMNS: Mapping[str, str] = {
    "claim": "str",
    "kvk": "str",
    "amount_cents": "int64",  # owed to the victim
    "floor_cents": "int64",  # the minimum sum of the class
    "refused_for_breach": "bool",
    "delayed_days": "int64",  # beyond what any claim takes, for a breach by the insured
}
CLAIM_COLUMNS: Mapping[str, str] = {
    "kvk": "str",
    "peril": "str",
    "head": "str",
    "incurred_cents": "int64",  # what the cover pays
    "year": "int64",
}
RETEST_COLUMNS: Mapping[str, str] = {
    "kvk": "str",
    "system": "str",
    "test": "str",
    "evaluator": "str",  # who ran the public test
    "public_failures": "int64",
    "public_trials": "int64",
    "heldout_failures": "int64",
    "heldout_trials": "int64",
    "model_matches": "bool",  # the model that was tested is the one in use
    "at": "datetime64[s]",
}
REPLAY_COLUMNS: Mapping[str, str] = {
    "kvk": "str",
    "quote_id": "str",
    "same": "bool",  # replays to the cent
    "reasons": "bool",  # every line names where its parameters stand
}


class Standing(StrEnum):
    """How a metric stands."""

    PASS = "pass"  # noqa: S105 - a word, not a secret
    ATTENTION = "attention"
    ALARM = "alarm"
    NO_DATA = "no_data"  # the book holds nothing to measure


@dataclass(frozen=True, slots=True)
class Affected:
    """A firm behind a metric (or an evaluator, an underwriter: then `kvk` is empty). `why` is a code."""

    firm: str
    kvk: str
    figure: float
    why: str
    values: tuple[tuple[str, Number], ...] = ()


@dataclass(frozen=True, slots=True)
class MetricResult:
    """A metric as measured on `sample` things. `affected` worst first; `detail` are the rows behind the figure.

    `note` is a code for what a reader should know, such as that claims are lacking; empty for nothing.
    """

    id: str
    value: float | None
    standing: Standing
    unit: Unit
    sample: int
    affected: tuple[Affected, ...] = ()
    detail: tuple[Mapping[str, Any], ...] = ()
    note: str = ""

    @property
    def wrong(self) -> bool:
        """Whether it was measured and does not pass."""
        return self.standing in {Standing.ALARM, Standing.ATTENTION}

    @property
    def behind(self) -> tuple[Affected, ...]:
        """Whoever is affected, by number and name, each once with the worst of its rows; worst first."""
        worst: dict[tuple[str, str], Affected] = {}
        for one in self.affected:
            worst.setdefault((one.kvk, one.firm), one)
        return tuple(worst.values())


@dataclass(frozen=True, slots=True)
class AuditBook:
    """A book as the audit reads it on day `at`. `profiles` are those of the rows of `firms`, in their order.

    Tables have the columns above, and no row where nothing of the kind exists yet.
    """

    at: date
    regime: Regime
    calibration: Calibration
    firms: pd.DataFrame
    profiles: tuple[RiskProfile, ...]
    overrides: pd.DataFrame
    renewals: pd.DataFrame
    payments: pd.DataFrame
    claims: pd.DataFrame
    retests: pd.DataFrame
    replays: pd.DataFrame
    skipped: int = 0  # firms left out, whose profiles are in the words of another regime


def table(columns: Mapping[str, str], rows: Iterable[Sequence[Any]] = ()) -> pd.DataFrame:
    """A table of those columns and types; empty by default. Raises ValueError when a row does not fit."""
    return pd.DataFrame(list(rows), columns=list(columns)).astype(dict(columns))


def measured(
    book: AuditBook,
    metric: str,
    value: float | None,
    unit: Unit,
    sample: int,
    affected: Sequence[Affected] = (),
    detail: Sequence[Mapping[str, Any]] = (),
    note: str = "",
    *,
    judged: float | None = None,
    named: bool = False,
) -> MetricResult:
    """The result of a metric of the book's regime. Raises KeyError for a metric that the regime does not have.

    `judged` is the figure held against the thresholds where that is not the value itself (the end of its interval that
    chance leaves). `named`: someone stands out beyond chance, which asks for attention whatever the share of such.
    """
    found = standing(value if judged is None else judged, book.regime.incentives.metrics[metric])
    if named and found is Standing.PASS:
        found = Standing.ATTENTION
    return MetricResult(metric, value, found, unit, sample, tuple(affected), tuple(detail), note)


def without(metric: str, unit: Unit, note: str, detail: Sequence[Mapping[str, Any]] = ()) -> MetricResult:
    """The result of a metric for which the book holds nothing to measure."""
    return MetricResult(metric, None, Standing.NO_DATA, unit, 0, (), tuple(detail), note)


def firm_behind(book: AuditBook, row: int, figure: float, why: str, **values: Number) -> Affected:
    """The firm of a row of the book as one behind a metric."""
    firm = book.profiles[row].firm
    return Affected(firm.name, firm.kvk, figure, why, tuple(values.items()))


def standing(value: float | None, metric: Metric) -> Standing:
    """How a value stands against the thresholds of its metric. A metric without thresholds is told, never judged."""
    if value is None or not np.isfinite(value):
        return Standing.NO_DATA
    if _below(value, metric.red_below) or _above(value, metric.red_above):
        return Standing.ALARM
    if _below(value, metric.least) or _above(value, metric.most):
        return Standing.ATTENTION
    return Standing.PASS


def _below(value: float, bound: float | None) -> bool:
    return bound is not None and value < bound


def _above(value: float, bound: float | None) -> bool:
    return bound is not None and value > bound
