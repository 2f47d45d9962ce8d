"""Calibrations as plain data for scripts (docs/cli.md names every field)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from underwriting.commands.calibration_text import standing
from underwriting.desk import Desk, findings_of
from underwriting.export import SCHEMA_VERSION
from underwriting.records import Approval, CalibrationRow

if TYPE_CHECKING:
    from underwriting.impact import Impact


def row_data(desk: Desk, row: CalibrationRow) -> dict[str, Any]:
    """A calibration: who fitted it on what, what was found, where it stands."""
    approvals = desk.approvals()
    return {
        "schema_version": SCHEMA_VERSION,
        "calibration": row.sha256,
        "as_of": desk.calibration_data(row.sha256)["as_of"],
        "fitted_by": row.fitted_by,
        "fitted_at": row.fitted_at,
        "prior": row.prior_sha256 or None,
        "standing": standing(row, approvals, desk.today()),
        "findings": findings_of(desk.validation(row)),
        "approvals": [approval_data(given) for given in approvals if given.calibration_sha256 == row.sha256],
    }


def approval_data(given: Approval) -> dict[str, Any]:
    """An approval."""
    return {
        "calibration": given.calibration_sha256,
        "approved_by": given.approved_by,
        "reason": given.reason,
        "effective_from": given.effective_from,
        "approved_at": given.approved_at,
    }


def impact_data(found: Impact) -> dict[str, Any]:
    """What a calibration does to a book."""
    return {
        "firms": found.firms,
        "skipped": found.skipped,
        "total_a_cents": found.total_a.cents,
        "total_b_cents": found.total_b.cents,
        "mean": found.mean,
        "quantiles": [{"level": level, "change": change} for level, change in found.quantiles],
        "rising": found.rising,
        "falling": found.falling,
        "beyond_cap": found.beyond_cap,
        "bands": found.bands,
        "movers": [
            {
                "firm": mover.firm,
                "quote_id": mover.quote_id,
                "a_cents": mover.a.cents,
                "b_cents": mover.b.cents,
                "change": mover.change,
                "reasons": mover.reasons,
                "minimum_a": mover.minimum_a,
                "minimum_b": mover.minimum_b,
            }
            for mover in found.movers
        ],
        "findings": found.findings,
    }
