"""What the screens do with answers, failures, languages and widths."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from driving import NARROW, Driver, drive, form, listed, opened, shown, toasts, typed, until
from fake_desk import FakeDesk, a_book, a_breakdown, a_quote

from actuarial.breakdown import PremiumBreakdown
from policies.findings import NotFoundError, WaarborgError
from policies.money import Money
from tui.app import WaarborgApp
from tui.screens.new_quote import NewQuoteScreen
from tui.screens.quote import PANES, QuoteScreen
from tui.screens.quotes import QuotesScreen
from underwriting.quote import Decision, Quote
from underwriting.replay import Replay


def test_first_frame_stands_before_the_book_is_open() -> None:
    gate = threading.Event()
    threads: list[threading.Thread] = []

    def open_desk() -> FakeDesk:
        threads.append(threading.current_thread())
        gate.wait(5)
        return FakeDesk()

    async def main() -> None:
        app = WaarborgApp(open_desk, "en")
        async with app.run_test() as pilot:
            for _ in range(400):
                await pilot.pause()
                if threads:
                    break
            assert "Opening the book" in shown(pilot)
            await pilot.press("n", "enter", "e", "r")  # nothing to do yet, and nothing breaks
            assert isinstance(app.screen, QuotesScreen)
            gate.set()
            await listed(pilot)
            assert "24 of 24" in shown(pilot)

    asyncio.run(main())
    assert threads[0] is not threading.main_thread()


def test_a_book_that_cannot_be_opened_ends_the_program_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    def open_desk() -> FakeDesk:
        raise WaarborgError("[b]the book\x1b is of a later version")

    async def main() -> int | None:
        app = WaarborgApp(open_desk, "en")
        async with app.run_test() as pilot:
            for _ in range(400):
                await pilot.pause()
                if app._exit:
                    break
        return app.return_code

    assert asyncio.run(main()) == 2
    assert capsys.readouterr().err.strip() == "[b]the book\\u001b is of a later version"


def test_empty_book_says_what_to_do() -> None:
    async def script(pilot: Driver) -> None:
        assert "Press n to quote a dossier folder" in shown(pilot)
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, QuotesScreen)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, NewQuoteScreen))

    drive(script, FakeDesk([]))


def test_filter_without_matches_says_so() -> None:
    async def script(pilot: Driver) -> None:
        await pilot.press("slash")
        await typed(pilot, "nergens")
        await until(pilot, lambda: "No quote matches the filter" in shown(pilot))
        assert "0 of 24" in shown(pilot)

    drive(script)


def test_export_writes_the_filtered_list_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def script(pilot: Driver) -> None:
        screen = pilot.app.screen
        assert isinstance(screen, QuotesScreen)
        await pilot.press("slash")
        await typed(pilot, "kornoelje")
        await until(pilot, lambda: bool(screen.counted and screen.counted.text == "kornoelje"))
        await pilot.press("enter", "e")
        await until(pilot, lambda: "6 quotes written" in toasts(pilot))

    drive(script)
    lines = (tmp_path / "quotes.csv").read_text("utf-8").splitlines()[1:]
    assert len(lines) == 6
    assert all("Kornoelje" in line for line in lines)


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (NotFoundError("no quote Q-1"), "That did not work no quote Q-1"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (ValueError("a defect"), "ValueError: a defect"),
    ],
)
def test_failure_is_a_toast_and_the_screen_stays(failure: Exception, expected: str) -> None:
    desk = FakeDesk()

    async def script(pilot: Driver) -> None:
        screen = await opened(pilot)
        desk.trouble = failure
        await pilot.press("w")
        await until(pilot, lambda: expected in toasts(pilot))
        assert pilot.app.screen is screen
        await pilot.press("p")
        await until(pilot, lambda: "identical" in toasts(pilot))

    drive(script, desk)


def test_quote_that_cannot_be_opened_leads_back_to_the_list() -> None:
    desk = FakeDesk()

    async def script(pilot: Driver) -> None:
        desk.trouble = WaarborgError("stored bytes differ")
        await pilot.press("enter")
        await until(pilot, lambda: "stored bytes differ" in toasts(pilot))
        assert isinstance(pilot.app.screen, QuotesScreen)

    drive(script, desk)


def test_levers_move_the_premium_at_once_and_back() -> None:
    desk = FakeDesk()

    async def script(pilot: Driver) -> None:
        screen = await opened(pilot)
        assert "was" not in shown(pilot)
        await pilot.press("2", "space")
        await until(pilot, lambda: len(screen.priced) == 1)
        assert screen.shown is not None
        assert screen.shown.breakdown.due == Money(11_883_392 - 1_241_018)
        assert "was €118,833.92, saves €12,410.18" in shown(pilot)
        assert "106,423.74" in shown(pilot)
        assert "what if" in shown(pilot)
        await pilot.press("space")
        await until(pilot, lambda: not screen.priced)
        assert "118,833.92" in shown(pilot)
        assert "what if" not in shown(pilot)

    drive(script, desk)
    assert desk.asked == [frozenset(), frozenset({"test:hr-1/agentharm"})]  # once unseen, then by the key


def test_one_deductible_at_a_time() -> None:
    async def script(pilot: Driver) -> None:
        screen = await opened(pilot)
        await pilot.press("2", "j", "space", "j", "space")
        await until(pilot, lambda: screen.priced == screen.pulled != frozenset())
        assert screen.priced == {"deductible:10000000"}

    drive(script)


def test_overtaken_price_is_not_shown() -> None:
    """Keys that follow each other quickly end at the price of the last."""

    async def script(pilot: Driver) -> None:
        screen = await opened(pilot)
        await pilot.press("2")
        screen.action_pull()
        screen.action_down()
        screen.action_pull()
        await until(pilot, lambda: screen.priced == screen.pulled)
        assert screen.priced == {"test:hr-1/agentharm", "deductible:25000000"}
        assert "saves €20,520.23" in shown(pilot)

    drive(script)


def test_levers_go_back_when_pricing_fails() -> None:
    desk = FakeDesk()

    async def script(pilot: Driver) -> None:
        screen = await opened(pilot)
        desk.trouble = WaarborgError("no such lever")
        await pilot.press("2", "space")
        await until(pilot, lambda: "no such lever" in toasts(pilot))
        assert screen.pulled == frozenset()
        assert "[x]" not in shown(pilot)

    drive(script, desk)


def test_replay_names_the_first_difference() -> None:
    async def script(pilot: Driver) -> None:
        await opened(pilot)
        await pilot.press("p")
        await until(pilot, lambda: "differs: line 3 (class)" in toasts(pilot))

    drive(script, FakeDesk(replays=Replay(False, "line 3 (class).amount.cents: archived 1, recomputed 2")))


def test_new_quote_is_made_saved_and_listed(tmp_path: Path) -> None:
    (tmp_path / "dossier.toml").write_text("remark")
    desk = FakeDesk()

    async def script(pilot: Driver) -> None:
        await form(pilot)
        await typed(pilot, str(tmp_path))
        await until(pilot, lambda: "Can be quoted; findings: 1" in shown(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, QuoteScreen) and pilot.app.screen.shown is not None)
        await pilot.press("2", "space", "w")
        await until(pilot, lambda: "is saved, without the levers" in toasts(pilot))
        await pilot.press("escape")
        await listed(pilot)
        await until(pilot, lambda: "Nieuwkomer B.V." in shown(pilot))
        assert "25 of 25" in shown(pilot)

    drive(script, desk)
    assert desk.book[0] == a_quote("Nieuwkomer B.V.", 99)


def test_bad_dossier_keeps_the_form_with_all_findings(tmp_path: Path) -> None:
    (tmp_path / "dossier.toml").write_text("wrong")

    async def script(pilot: Driver) -> None:
        screen = await form(pilot)
        await typed(pilot, str(tmp_path))
        await until(pilot, lambda: "Cannot be quoted; findings: 2." in shown(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: "Cannot be quoted; findings: 2." in shown(pilot))
        assert pilot.app.screen is screen
        for part in ("dossier.toml, firm.kvk", "give 8 digits", "evidence/a.csv, row 2, trials", "at least 1"):
            assert part in shown(pilot)

    drive(script)


def test_form_forgets_findings_of_another_folder(tmp_path: Path) -> None:
    (tmp_path / "dossier.toml").write_text("wrong")

    async def script(pilot: Driver) -> None:
        await form(pilot)
        await typed(pilot, str(tmp_path))
        await until(pilot, lambda: "Cannot be quoted" in shown(pilot))
        await typed(pilot, str(tmp_path)[:-1])
        await until(pilot, lambda: "Choose a folder" in shown(pilot))

    drive(script)


def test_narrow_screen_shows_one_pane_and_the_price() -> None:
    async def script(pilot: Driver) -> None:
        screen = await opened(pilot)
        for key, name in zip("1234", PANES, strict=True):
            await pilot.press(key)
            assert [pane for pane in PANES if screen.query_one(f"#{pane}").display] == [name]
            assert screen.query_one("#price").display
        await pilot.press("2", "space")
        await until(pilot, lambda: bool(screen.priced))
        assert "saves €12,410.18" in shown(pilot)

    drive(script, size=NARROW)


def test_wide_screen_shows_every_pane() -> None:
    async def script(pilot: Driver) -> None:
        screen = await opened(pilot)
        assert [pane for pane in PANES if screen.query_one(f"#{pane}").display] == list(PANES)
        for text in ("Premium due", "hr-1", "BOD", "Risk premium", "deductible €250,000", "~ info"):
            assert text in shown(pilot)

    drive(script, FakeDesk([a_quote()]), size=(120, 60))


def test_everything_speaks_the_other_language_after_the_switch() -> None:
    async def script(pilot: Driver) -> None:
        screen = await opened(pilot)
        await pilot.press("2", "space")
        await until(pilot, lambda: bool(screen.priced))
        assert "was € 118.833,92, scheelt € 12.410,18".replace("€ ", "€\u00a0") in shown(pilot)
        for dutch in ("Te betalen", "Maatregelen", "Risico", "Bevindingen", "wat als", "Technische premie", "× 1,250"):
            assert dutch in shown(pilot)
        assert "voorleggen Verzekerd bedrag of" in shown(pilot)
        await pilot.press("L")
        await until(pilot, lambda: "saves €12,410.18" in shown(pilot))
        assert "refer The limit or the premium" in shown(pilot)
        for english in ("Premium due", "Levers", "Risk", "Findings", "what if", "Technical premium", "× 1.250"):
            assert english in shown(pilot)
        for dutch in ("Maatregelen", "Bevindingen", "wat als", "scheelt", "Technische premie", "1,250"):
            assert dutch not in shown(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: "118,833.92" in shown(pilot))
        assert "1 of 1" in shown(pilot)
        assert "voorgelegd" not in shown(pilot)

    drive(script, FakeDesk([a_quote()]), lang="nl")


@pytest.mark.parametrize("decision", Decision)
def test_every_decision_shows_glyph_and_word(decision: Decision) -> None:
    expected = {Decision.QUOTED: "✓ quoted", Decision.REFERRED: "! referred", Decision.DECLINED: "✗ declined"}

    async def script(pilot: Driver) -> None:
        assert expected[decision] in shown(pilot)
        await opened(pilot)
        assert expected[decision] in shown(pilot)

    drive(script, FakeDesk([a_quote(decision=decision)]), size=NARROW)


def bare(quote: Quote) -> Quote:
    """The quote without levers, findings, premium; paid at once."""
    breakdown = PremiumBreakdown(a_breakdown().lines[:1])
    return replace(quote, levers=(), findings=(), breakdown=breakdown, instalments=(breakdown.due,))


def test_quote_without_levers_or_findings() -> None:
    async def script(pilot: Driver) -> None:
        screen = await opened(pilot)
        assert "No lever lowers this premium." in shown(pilot)
        assert "✓ No findings." in shown(pilot)
        assert "payable at once" in shown(pilot)
        await pilot.press("2", "space")
        assert screen.pulled == frozenset()

    drive(script, FakeDesk([bare(a_book(1)[0])]))


def test_cursor_explains_the_line_with_its_source() -> None:
    async def script(pilot: Driver) -> None:
        await opened(pilot)
        assert "calibration base" in shown(pilot)
        await pilot.press("1", "j", "j")
        await until(pilot, lambda: "calibration class" in shown(pilot))
        assert "36,145.00 → 54,217.50" in shown(pilot)

    drive(script)
