"""What the audit screen asks, in workers. Whatever is heavy is imported here at first need, and by name: the screen
itself never reaches it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from tui.audit_view import metric_lines
from tui.messages import CertificateMade, ConstraintsFound, CurveDrawn, MetricsMeasured

if TYPE_CHECKING:
    from underwriting.desk import Desk

Tell = Callable[[int, int, str], None]  # done, of how many, of what
REPLAYS = "replays"  # what takes longest


def certified(desk: Desk) -> CertificateMade:
    """The certificate of the calibration in force."""
    return CertificateMade(desk.certificate())


def constrained(desk: Desk) -> ConstraintsFound:
    """The constraints of the regime beside the calibration in force."""
    from underwriting.constraint_table import constraint_rows  # noqa: PLC0415 - the first frame does without

    calibration = desk.calibration
    fitted = desk.calibration_data(calibration.sha256).get("constraints", ())
    return ConstraintsFound(constraint_rows(desk.regime, calibration, fitted))


def curved(desk: Desk, place: int, peril: str | None) -> CurveDrawn | None:
    """The curve of the quote at a place of the book, newest first; None where the book has none there."""
    from underwriting.curve import danger_curve  # noqa: PLC0415 - SciPy costs 0.3 s, and a list does without

    rows = desk.quotes("", place, place + 1)
    if not rows:
        return None
    quote = desk.find(rows[0].id)
    drawn = danger_curve(quote, desk.regime_of(quote), desk.calibration_of(quote.calibration_sha256), peril)
    return CurveDrawn(place, desk.count(), quote, drawn)


def measured(desk: Desk, tell: Tell) -> MetricsMeasured:
    """All metrics on the whole book; `tell` hears how far it is."""
    book = import_module("underwriting.audit.book").audit_book(desk, progress=tell)
    results = import_module("underwriting.audit.metrics").measure(book)
    quotes = dict(zip(book.firms["kvk"], book.firms["quote_id"], strict=True))
    return MetricsMeasured(metric_lines(results, book.regime.incentives.metrics, quotes))
