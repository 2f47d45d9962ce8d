"""The tables of the audit screen as CSV: machine form, whatever the language of the reader."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.export import guarded

if TYPE_CHECKING:
    from actuarial.certificate import Certificate
    from tui.audit_view import MetricLine
    from tui.messages import CurveDrawn
    from underwriting.constraint_table import ConstraintRow

Cell = str | float | int | bool | None


@dataclass(frozen=True, slots=True)
class Table:
    """A table with the name of its file."""

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def table_csv(table: Table) -> str:
    """The table as CSV: decimal points, empty where there is nothing, no cell that a spreadsheet would run."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(table.header)
    for row in table.rows:
        writer.writerow([guarded(cell) if isinstance(cell, str) else "" if cell is None else cell for cell in row])
    return text.getvalue()


def certificate_table(certificate: Certificate) -> Table:
    """A row per line of a proof."""
    rows = (
        (claim.id, str(claim.verdict), claim.low, claim.high, step.code, step.holds, _pairs(step.values))
        for claim in certificate.claims
        for step in claim.proof
    )
    return Table("certificate", ("claim", "verdict", "low", "high", "step", "holds", "values"), tuple(rows))


def metric_table(lines: Iterable[MetricLine]) -> Table:
    """A row per metric, with its thresholds."""
    header = (
        "metric",
        "value",
        "unit",
        "standing",
        "least",
        "most",
        "red_below",
        "red_above",
        "sample",
        "firms",
        "note",
    )
    rows = (
        (
            line.metric.id,
            line.value,
            line.unit,
            line.standing,
            line.metric.least,
            line.metric.most,
            line.metric.red_below,
            line.metric.red_above,
            line.sample,
            line.behind,
            line.note,
        )
        for line in lines
    )
    return Table("metrics", header, tuple(rows))


def firm_table(line: MetricLine) -> Table:
    """A row per firm behind a metric."""
    rows = ((firm.name, firm.quote_id, firm.figure, firm.why, _pairs(firm.values)) for firm in line.firms)
    return Table(f"metric-{line.metric.id}", ("firm", "quote_id", "figure", "why", "values"), tuple(rows))


def curve_table(drawn: CurveDrawn) -> Table:
    """A row per point of a curve."""
    quote, curve = drawn.quote, drawn.curve
    rows = ((quote.id, curve.peril or "all", shift, due.cents, curve.floor.cents) for shift, due in curve.points)
    return Table("curve", ("quote_id", "peril", "shift", "due_cents", "minimum_cents"), tuple(rows))


def constraint_table(rows: Iterable[ConstraintRow]) -> Table:
    """A row per inequality."""
    header = ("constraint", "what", "kind", "bound", "value", "slack", "binding", "dual", "moved_eur")
    cells = (
        (
            row.constraint.id,
            row.what,
            str(row.constraint.kind),
            row.bound,
            row.value,
            row.slack,
            row.binding,
            row.dual,
            row.moved_eur,
        )
        for row in rows
    )
    return Table("constraints", header, tuple(cells))


def _pairs(values: Sequence[tuple[str, Cell]]) -> str:
    return "; ".join(f"{name}={value}" for name, value in values)
