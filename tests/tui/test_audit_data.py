"""What the workers of the audit screen bring from a real desk over a small book."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tui import audit_data
from underwriting.desk import Desk, open_desk

AT = date(2026, 11, 24)
FIRMS = 3


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    found = open_desk(tmp_path_factory.mktemp("home") / "book.sqlite", today=lambda: AT)
    found.load_sample(FIRMS, 1, lambda *_: None)
    return found


def test_metrics_come_in_the_order_of_the_regime_with_the_quotes_of_their_firms(desk: Desk) -> None:
    told: list[tuple[int, int, str]] = []
    lines = audit_data.measured(desk, lambda *step: told.append(step)).lines
    assert [line.metric.id for line in lines] == list(desk.regime.incentives.metrics)
    assert told[-1] == (FIRMS, FIRMS, audit_data.REPLAYS)
    by_id = {line.metric.id: line for line in lines}
    assert (by_id["M17"].value, by_id["M17"].standing) == (1.0, "pass")
    quotes = {row.firm: row.id for row in desk.quotes()}
    named = [firm for line in lines for firm in line.firms if firm.quote_id]
    assert named
    assert all(quotes[firm.name] == firm.quote_id for firm in named)


def test_certificate_and_constraints_are_of_the_calibration_in_force(desk: Desk) -> None:
    found = audit_data.certified(desk).certificate
    assert (found.calibration_sha256, found.valid) == (desk.calibration.sha256, True)
    rows = audit_data.constrained(desk).rows
    assert not any(row.violated for row in rows)
    assert {row.constraint.id for row in rows} == set(desk.regime.incentives.constraints)


def test_curve_is_of_the_quote_at_its_place(desk: Desk) -> None:
    for place, row in enumerate(desk.quotes()):
        drawn = audit_data.curved(desk, place, None)
        assert drawn is not None
        assert (drawn.quote.id, drawn.total) == (row.id, FIRMS)
        assert dict(drawn.curve.points)[0.0] == row.due
    assert audit_data.curved(desk, FIRMS, None) is None


def test_nothing_is_written_or_created_by_looking(tmp_path: Path) -> None:
    empty = open_desk(tmp_path / "book.sqlite", today=lambda: AT)
    assert audit_data.certified(empty).certificate.valid
    assert audit_data.curved(empty, 0, None) is None
    assert audit_data.constrained(empty).rows
    assert list(tmp_path.iterdir()) == []
