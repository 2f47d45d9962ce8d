"""What the workers of the audit screen bring from a real desk over a small book."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from policies.regimes import load_regime
from tui import audit_data
from tui.audit_export import metric_table
from tui.audit_view import metric_lines
from underwriting.audit.values import Affected, MetricResult, Standing
from underwriting.desk import Desk, open_desk

AT = date(2026, 11, 24)
FIRMS = 3
ROWS = (("F", "1", 0.9), ("F", "1", 0.8), ("G", "2", 0.7))  # behind a metric


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


def test_a_firm_that_is_affected_twice_is_shown_twice_and_counted_once() -> None:
    rows = tuple(Affected(name, number, figure, "cliff") for name, number, figure in ROWS)
    found = MetricResult("M2", 0.9, Standing.ALARM, "share", 3, rows)
    (line,) = metric_lines([found], load_regime("nl-2027").incentives.metrics, {"1": "Q-1"})
    assert ([firm.name for firm in line.firms], line.behind) == (["F", "F", "G"], 2)
    table = metric_table([line])
    assert dict(zip(table.header, table.rows[0], strict=True))["firms"] == 2
