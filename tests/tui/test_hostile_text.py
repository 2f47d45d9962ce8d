"""Names that try to drive the terminal or the markup: no crash, and no raw character that a screen does not show."""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from driving import NARROW, Driver, desk_screen, drive, form, opened, shown, toasts, typed, until
from fake_desk import FakeDesk, a_quote, a_result, a_system
from hypothesis import given
from hypothesis import strategies as st

from policies.findings import Finding, Severity, WaarborgError
from policies.money import Money
from tui.export import guarded, quotes_csv
from tui.folders import folders_for
from tui.screens.new_quote import NewQuoteScreen
from tui.screens.quote import QuoteScreen
from tui.session import Session
from tui.widgets.entry import Entry
from underwriting.intake.dossier import Submission
from underwriting.intake.text import UNSEEN
from underwriting.quote import Decision, Lever, Quote
from underwriting.records import row_of

ATTACKS = (
    "[/b] plc",
    "[IMPORTANT] plc",
    "[bold red]rood[/bold red] B.V.",
    "[@click=app.quit]klik[/] B.V.",
    "\x1b[2J\x1b[H leeg B.V.",
    "\x1b]52;c;aGFsbG8=\x07 klembord",
    "\x1b]8;;http://example.org\x1b\\koppeling\x1b]8;;\x1b\\",
    "\x9b31m C1 rood",
    "\x07\x08\x0b\x0c\x7f bel en terug",
    "regel\r\nnog een regel\ttab",
    "Banka \u202egnp.exe\u202c B.V.",
    "nul\u200bbreed\u200d\ufeff\u2060 B.V.",
    "scheiding\u2028regel\u2029alinea",
    "=cmd|' /C calc'!A0",
)


def assert_harmless(screen: str) -> None:
    raw = {c for line in screen.split("\n") for c in line if unicodedata.category(c) in UNSEEN}
    assert raw == set()


def hostile_quote() -> Quote:
    """A quote with a system, a finding and a lever for each attack, and the attack in every text of a firm."""
    base = a_quote(ATTACKS[0])
    systems = tuple(replace(a_system(name, name), version=name, foundation_model=name, sector=name) for name in ATTACKS)
    firm = replace(base.profile.firm, kvk=ATTACKS[1], country=ATTACKS[4])
    levers = tuple(
        Lever(f"assess:{name}", "assessment", name, Money(1), Money(100 - n)) for n, name in enumerate(ATTACKS)
    )
    return replace(
        base,
        findings=tuple(Finding("hostile", Severity.REFER, name, name, name) for name in ATTACKS),
        profile=replace(base.profile, firm=firm, systems=systems),
        systems=tuple(
            replace(a_result(system), name=name, danger={"BOD": 1.0})
            for system, name in zip(systems, ATTACKS, strict=True)
        ),
        levers=levers,
    )


@pytest.fixture
def book() -> FakeDesk:
    return FakeDesk([a_quote(name, number + 1) for number, name in enumerate(ATTACKS)])


@pytest.mark.parametrize("size", [NARROW, (140, 40)])
def test_list_shows_every_attack_harmlessly(book: FakeDesk, size: tuple[int, int]) -> None:
    async def script(pilot: Driver) -> None:
        screen = shown(pilot)
        assert_harmless(screen)
        assert "[/b] plc" in screen
        assert "[IMPORTANT] plc" in screen

    drive(script, book, size=size)


def test_quote_shows_every_attack_harmlessly() -> None:
    async def script(pilot: Driver) -> None:
        await opened(pilot)
        screen = shown(pilot)
        assert_harmless(screen)
        assert screen.count("[IMPORTANT] plc") > 4
        await pilot.press("2", *"jjj")
        assert_harmless(shown(pilot))
        await pilot.press("question_mark")
        assert_harmless(shown(pilot))

    drive(script, FakeDesk([hostile_quote()]), lang="nl", size=(140, 260))


@pytest.mark.parametrize("attack", ATTACKS)
def test_title_of_a_quote_is_harmless(attack: str) -> None:
    screen = QuoteScreen(Session("en"), attack)
    assert_harmless(screen.title_line().plain)
    screen.base = a_quote(attack)
    assert_harmless(screen.title_line().plain)


def test_form_shows_findings_and_folders_harmlessly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("goed", *(attack.replace("/", "∕") for attack in ATTACKS)):
        (tmp_path / name).mkdir()
    (tmp_path / "goed" / "dossier.toml").touch()
    monkeypatch.chdir(tmp_path)
    findings = tuple(Finding("hostile", Severity.ERROR, name, name, name) for name in ATTACKS)
    desk = FakeDesk()
    monkeypatch.setattr(desk, "read", lambda _: Submission(None, findings))

    async def script(pilot: Driver) -> None:
        screen = await form(pilot)
        await until(pilot, lambda: screen.folders.row_count() > 0)
        assert "[IMPORTANT] plc" in shown(pilot)
        assert_harmless(shown(pilot))
        await typed(pilot, "goed")
        await until(pilot, lambda: "findings: 14" in shown(pilot))
        assert_harmless(shown(pilot))

    drive(script, desk)


@pytest.mark.parametrize("attack", ATTACKS)
def test_folders_with_unseen_characters_are_not_offered(attack: str, tmp_path: Path) -> None:
    name = attack.replace("/", "∕")
    (tmp_path / name).mkdir()
    offered = [folder.path for folder in folders_for(f"{tmp_path}/")]
    assert offered == ([f"{tmp_path}/{name}/"] if name.isprintable() else [])


def test_toast_of_an_error_is_harmless() -> None:
    async def script(pilot: Driver) -> None:
        for attack in ATTACKS:
            desk_screen(pilot).failed(WaarborgError(attack))
        await until(pilot, lambda: len(pilot.app._notifications) == len(ATTACKS))
        assert_harmless(toasts(pilot))
        assert_harmless(shown(pilot))

    drive(script)


def test_field_takes_no_unseen_character() -> None:
    async def script(pilot: Driver) -> None:
        screen = await form(pilot)
        for attack in ATTACKS:
            screen.field.value = ""
            screen.field.insert_text_at_cursor(attack)
            assert screen.field.value == (attack if attack.isprintable() else "")

    drive(script)


def test_every_input_is_such_a_field() -> None:
    async def script(pilot: Driver) -> None:
        assert [type(field) for field in pilot.app.screen.query("Input")] == [Entry]
        screen = await form(pilot)
        assert isinstance(screen, NewQuoteScreen)
        assert [type(field) for field in screen.query("Input")] == [Entry]

    drive(script)


@given(st.text(max_size=60))
def test_no_cell_of_an_export_is_a_formula(cell: str) -> None:
    written = guarded(cell)
    assert not unicodedata.normalize("NFKC", written).strip().startswith(("=", "+", "-", "@"))
    assert {c for c in written if unicodedata.category(c) in UNSEEN} == set()


def test_export_reads_back_with_guarded_names() -> None:
    quotes = [a_quote(name, number + 1, Decision.QUOTED) for number, name in enumerate(ATTACKS)]
    rows = list(csv.DictReader(quotes_csv(row_of(quote) for quote in quotes).splitlines()))
    assert [row["quote_id"] for row in rows] == [quote.id for quote in quotes]
    assert rows[-1]["firm"] == "'=cmd|' /C calc'!A0"
    assert rows[0] == {
        "quote_id": "Q-000000000001",
        "firm": "[/b] plc",
        "obliged_class": "A3",
        "limit_eur": "5000000.00",
        "due_eur": "118833.92",
        "decision": "quoted",
        "at": "2026-11-23",
        "inception": "2027-01-01",
    }


def test_no_source_of_the_screen_reads_markup() -> None:
    """Text reaches a widget as Content, which is never parsed; toasts switch markup off."""
    sources = {path: path.read_text("utf-8") for path in (Path(__file__).parents[2] / "tui").rglob("*.py")}
    assert len(sources) > 20
    banned = re.compile(r"from_markup|markup=True|\b(Static|Label|Markdown|RichLog)\(\w")
    assert [path for path, text in sources.items() if banned.search(text.replace("class Words(Static", ""))] == []
    assert [path for path, text in sources.items() if "notify(" in text and "markup=False" not in text] == []
