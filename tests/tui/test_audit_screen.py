"""The audit screen: what it asks and when, what it shows, and where enter and esc lead."""

from __future__ import annotations

import csv
import threading
from pathlib import Path

import pytest
from driving import NARROW, WIDE, Driver, audited, drive, listed, measured, shown, toasts, until
from fake_audit import fake_audit, some_metrics
from fake_desk import FakeDesk

from policies.findings import WaarborgError
from tui import audit_data
from tui.audit_data import REPLAYS, Tell
from tui.messages import MetricsMeasured
from tui.screens.audit import PANES
from tui.screens.quote import QuoteScreen
from tui.screens.quotes import QuotesScreen

WIDE_ENOUGH = (124, 26)  # for a pane and what stands beside it


@pytest.fixture(autouse=True)
def by_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    fake_audit(monkeypatch)


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
def test_one_pane_shows_at_a_time(size: tuple[int, int]) -> None:
    async def script(pilot: Driver) -> None:
        screen = await audited(pilot)
        for key, wanted in zip("1234", PANES, strict=True):
            await pilot.press(key)
            await until(pilot, lambda: True)
            assert [pane for pane in PANES if screen.query_one(pane).display] == [wanted]
            assert screen.focused is screen.query_one(wanted).table.list

    drive(script, size=size)


def test_enter_opens_the_proof_on_a_narrow_screen_and_esc_closes_it() -> None:
    async def script(pilot: Driver) -> None:
        screen = await audited(pilot)
        assert "claim-9" in shown(pilot)
        assert "made-up" not in shown(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "made-up" in shown(pilot))
        assert "claim-9" not in shown(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: "claim-9" in shown(pilot))
        assert screen.focused is screen.pane.table.list
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, QuotesScreen))

    drive(script, size=NARROW)


def test_metrics_are_measured_once_and_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    fake_audit(monkeypatch, before=asked.append)

    async def script(pilot: Driver) -> None:
        await audited(pilot)
        assert asked == []
        await pilot.press("2")
        await until(pilot, lambda: "✗ alarm" in shown(pilot))
        await pilot.press("1", "2")
        await until(pilot, lambda: "✗ alarm" in shown(pilot))

    drive(script, size=WIDE_ENOUGH)
    assert len(asked) == 1


def test_progress_stands_until_the_metrics_do(monkeypatch: pytest.MonkeyPatch) -> None:
    gates = [threading.Event() for _ in range(2)]

    def slowly(tell: Tell) -> None:
        tell(150, 150, "profiles")
        tell(7, 150, REPLAYS)
        gates[0].wait(5)
        tell(150, 150, REPLAYS)
        gates[1].wait(5)

    fake_audit(monkeypatch, before=slowly)

    async def script(pilot: Driver) -> None:
        await audited(pilot)
        await pilot.press("2")
        for gate, told in zip(gates, ("7 of 150", "Computing the metrics"), strict=True):
            for _ in range(400):
                await pilot.pause(0.005)
                if told in shown(pilot):
                    break
            assert told in shown(pilot)
            assert "No firm stands behind" not in shown(pilot)
            gate.set()
        await until(pilot, lambda: "M18" in shown(pilot))

    drive(script, size=WIDE_ENOUGH)


def test_measuring_ends_when_the_screen_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    left, ended = threading.Event(), threading.Event()

    def slowly(tell: Tell) -> None:
        left.wait(5)
        try:
            tell(1, 150, REPLAYS)
        finally:
            ended.set()
        raise AssertionError("measured on after the screen was left")

    fake_audit(monkeypatch, before=slowly)

    async def script(pilot: Driver) -> None:
        await audited(pilot)
        await pilot.press("2", "escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, QuotesScreen)
        left.set()
        await listed(pilot)
        assert toasts(pilot) == ""

    drive(script, size=WIDE_ENOUGH)
    assert ended.wait(5)


def test_failed_measuring_is_told_and_can_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    troubles = [WaarborgError("no firm to audit"), None]

    def measured_at_last(desk: object, tell: Tell) -> MetricsMeasured:
        if trouble := troubles.pop(0):
            raise trouble
        return MetricsMeasured(some_metrics())

    monkeypatch.setattr(audit_data, "measured", measured_at_last)

    async def script(pilot: Driver) -> None:
        await audited(pilot)
        await pilot.press("2")
        await until(pilot, lambda: "no firm to audit" in toasts(pilot))
        await pilot.press("2")
        await until(pilot, lambda: "✗ alarm" in shown(pilot))

    drive(script, size=WIDE_ENOUGH)


def test_enter_leads_from_a_metric_to_its_firms_to_a_quote_and_back() -> None:
    async def script(pilot: Driver) -> None:
        screen = await measured(pilot)
        assert "Firma 1 " in shown(pilot)
        assert "below" in shown(pilot)
        await pilot.press("enter", "j", "enter")
        await until(pilot, lambda: "Firma 1 has no quote in this book." in toasts(pilot))
        await pilot.press("k", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, QuoteScreen) and pilot.app.screen.shown is not None)
        assert "Q-000000000003" in shown(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)
        await pilot.press("escape", "j")
        await until(pilot, lambda: "No firm stands behind this metric." in shown(pilot))

    drive(script, size=WIDE_ENOUGH)


def test_empty_book_has_a_certificate_and_no_curve() -> None:
    async def script(pilot: Driver) -> None:
        await audited(pilot)
        assert "claim-2" in shown(pilot)
        await pilot.press("3", "right_square_bracket", "e")
        await until(pilot, lambda: "As soon as the book has a quote" in shown(pilot))

    drive(script, FakeDesk([]))


def exported(name: str) -> list[dict[str, str]]:
    with Path(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_export_writes_the_table_that_is_shown() -> None:
    async def script(pilot: Driver) -> None:
        screen = await measured(pilot)
        await pilot.press("e")
        await until(pilot, lambda: "18 rows written" in toasts(pilot))
        await pilot.press("enter", "e")
        await until(pilot, lambda: "40 rows written" in toasts(pilot))
        await pilot.press("3")
        await until(pilot, lambda: screen.drawn is not None)
        await pilot.press("e")
        await until(pilot, lambda: "97 rows written" in toasts(pilot))
        await pilot.press("4", "e")
        await until(pilot, lambda: "constraints.csv" in toasts(pilot))

    drive(script, size=WIDE_ENOUGH)
    assert exported("metrics.csv")[0] | {"value": ""} == {
        "metric": "M1", "value": "", "unit": "ratio", "standing": "alarm", "least": "0.8", "most": "1.2",
        "red_below": "0.5", "red_above": "", "sample": "40", "firms": "40", "note": "",
    }  # fmt: skip
    assert exported("metric-M1.csv")[0]["quote_id"] == "Q-000000000003"
    assert [row["due_cents"] for row in exported("curve.csv") if row["shift"] == "0.0"] == ["1000000"]
    assert {row["constraint"] for row in exported("constraints.csv")} == set(FakeDesk().regime.incentives.constraints)


def test_everything_speaks_the_other_language_after_the_switch() -> None:
    async def script(pilot: Driver) -> None:
        await measured(pilot)
        dutch = ("Toezicht", "maatstaf", "Veiligheidsgradiënt", "gemeten over 40", "bedrijf")
        english = ("Audit", "metric", "Safety gradient", "measured on 40", "firm")
        assert all(word in shown(pilot) for word in dutch)
        await pilot.press("L")
        await until(pilot, lambda: all(word in shown(pilot) for word in english))
        assert not any(word in shown(pilot) for word in dutch[:4])
        await pilot.press("4")
        await until(pilot, lambda: "Safety always pays" in shown(pilot))
        await pilot.press("L")
        await until(pilot, lambda: "Veiligheid loont altijd" in shown(pilot))
        assert "≥ 0,05" in shown(pilot)

    drive(script, lang="nl", size=WIDE_ENOUGH)
