"""The panes of the audit screen: what each shows of a certificate, metrics, a curve and constraints."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from driving import Driver, audited, drive, measured, shown, toasts, until
from fake_audit import fake_audit, some_metrics
from fake_desk import FakeDesk, a_book, a_certificate


@pytest.fixture(autouse=True)
def by_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    fake_audit(monkeypatch)


def test_refuted_claim_shows_its_broken_step_and_the_firm_in_plain_numbers() -> None:
    async def script(pilot: Driver) -> None:
        await audited(pilot)
        screen = shown(pilot)
        assert "✗ certificate not valid" in screen
        assert "✗ made-up" in screen
        for told in ("Counter-example", "class  A3", "danger BOD  0.5 → 1.5", "limit  €2,500,000"):
            assert told in screen
        assert "€12,000.00 → €11,500.50" in screen
        assert screen.count("danger BOD") == 1
        await pilot.press("j")
        await until(pilot, lambda: "✓ made-up" in shown(pilot))
        assert "Counter-example" not in shown(pilot)
        assert "bounds 0.05 – 0.1" in shown(pilot)

    drive(script)


def test_valid_certificate_says_so() -> None:
    async def script(pilot: Driver) -> None:
        await audited(pilot)
        assert "✓ certificaat geldig" in shown(pilot)

    drive(script, FakeDesk(proved=a_certificate(refuted=False)), lang="nl")


def test_every_standing_shows_glyph_and_word() -> None:
    async def script(pilot: Driver) -> None:
        await measured(pilot)
        for told in ("✗ alarm", "✓ in orde", "! let op", "? geen data"):
            assert told in shown(pilot)
        assert "0,80 – 1,20" in shown(pilot)
        assert "alarm < 0,50" in shown(pilot)

    drive(script, lang="nl", size=(180, 40))


def test_rows_behind_a_figure_stand_in_columns_and_the_rest_is_counted() -> None:
    async def script(pilot: Driver) -> None:
        await measured(pilot)
        head, first = (next(line for line in shown(pilot).splitlines() if told in line) for told in ("up part", "S0  "))
        assert head.index("made-up sum") == first.index("0.5", first.index("S0"))
        assert "and 3 lines more" in shown(pilot)

    drive(script)


def test_curve_follows_firm_and_peril_and_marks_today_and_the_floor() -> None:
    async def script(pilot: Driver) -> None:
        screen = await audited(pilot)
        await pilot.press("3")
        await until(pilot, lambda: "today €10,000.00 · -1 €3,025 · +1 €20,000" in shown(pilot))
        for told in ("●", "┄", "minimum premium €3,025.00", "1 of 24", "steps more dangerous (z), today = 0"):
            assert told in shown(pilot)
        await pilot.press("j")
        await until(pilot, lambda: "today €10,000.00 · -1 €5,000 · +1 €15,000" in shown(pilot))
        assert "danger today: hr-1 +1.6 · arm +1.2" in shown(pilot)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "2 of 24" in shown(pilot))
        assert screen.wanted == (1, "BOD")

    drive(script)


def test_last_firm_is_the_end() -> None:
    async def script(pilot: Driver) -> None:
        await audited(pilot)
        await pilot.press("3", *["right_square_bracket"] * 3)
        await until(pilot, lambda: "1 of 1" in shown(pilot))

    drive(script, FakeDesk(a_book(1)))


def test_constraints_show_room_and_price() -> None:
    async def script(pilot: Driver) -> None:
        await audited(pilot)
        await pilot.press("4")
        await until(pilot, lambda: "Safety always pays" in shown(pilot))
        for told in ("! binding", "✓ room", "✗ violated", "? unknown", "A1 → A2", "123,456", "Price 12.50"):
            assert told in shown(pilot)
        await pilot.press("G")
        await until(pilot, lambda: "speaks of claims" in shown(pilot))

    drive(script, size=(140, 60))


def test_calibration_by_opinion_has_room_and_no_price() -> None:
    async def script(pilot: Driver) -> None:
        await audited(pilot)
        await pilot.press("4")
        await until(pilot, lambda: "not fitted under constraints" in shown(pilot))
        assert "✓ room" in shown(pilot)

    drive(script, FakeDesk(fitted=()))


def test_names_of_others_are_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    first, *rest = some_metrics()
    firm = replace(first.firms[0], name="[bold]rood[/] \x1b[2J", why="[/]", values=(("[b]", "\x1b]52;"),), quote_id="")
    fake_audit(monkeypatch, lines=(replace(first, firms=(firm,), rows=({"segment": "[x] \x07"},)), *rest))

    async def script(pilot: Driver) -> None:
        await measured(pilot)
        screen = shown(pilot)
        assert "[bold]rood[/] \\u001b[2J" in screen
        assert "[x] \\u0007" in screen
        assert "\x1b" not in screen
        await pilot.press("enter", "enter")
        await until(pilot, lambda: "has no quote" in toasts(pilot))
        assert "\x1b" not in toasts(pilot)

    drive(script)
