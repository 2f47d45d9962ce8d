"""Every action of the registry, pressed on every screen where it is legal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from driving import Driver, audited, desk_screen, drive, form, listed, opened, shown, toasts, typed, until
from fake_audit import fake_audit
from fake_desk import FakeDesk, a_book
from textual.command import CommandPalette
from textual.widget import Widget

from tui.actions import ACTIONS, Place, keys_on, legal
from tui.app import WaarborgApp
from tui.screens.audit import AuditScreen
from tui.screens.desk_screen import DeskScreen
from tui.screens.help import HelpScreen
from tui.screens.new_quote import NewQuoteScreen
from tui.screens.quote import QuoteScreen
from tui.screens.quotes import QuotesScreen
from tui.texts import LANGS, words
from tui.themes import DARK, LIGHT
from tui.widgets.rows import Rows

SCREENS: dict[Place, type[DeskScreen]] = {
    Place.QUOTES: QuotesScreen,
    Place.NEW: NewQuoteScreen,
    Place.QUOTE: QuoteScreen,
    Place.AUDIT: AuditScreen,
    Place.HELP: HelpScreen,
}
LEGAL = [(place, action.id) for place in Place for action in legal(place)]
LEAVING = {
    "open",
    "new",
    "quote",
    "audit",
    "look",
    "back",
    "quit",
}  # the others leave a screen as they found it: one session for all
EFFECTS: dict[tuple[Place, str], Callable[[Driver, str], object]] = {}


def effect(action: str, *places: Place) -> Callable[..., Callable[..., object]]:
    """The decorated script presses the key of the action on these screens and asserts what came of it."""

    def register(script: Callable[..., object]) -> Callable[..., object]:
        for place in places or Place:
            EFFECTS[place, action] = script
        return script

    return register


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with two dossiers and forty other folders."""
    for name, content in (("aa-goed", "sound"), ("ab-fout", "wrong")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "dossier.toml").write_text(content)
    for number in range(40):
        (tmp_path / f"map-{number:02d}").mkdir()
    monkeypatch.chdir(tmp_path)
    fake_audit(monkeypatch)
    return tmp_path


async def arrive(pilot: Driver, place: Place) -> None:
    """Go to a screen from the list."""
    if place is Place.QUOTE:
        await opened(pilot)
    elif place is Place.NEW:
        screen = await form(pilot)
        await until(pilot, lambda: screen.folders.row_count() > 2)
    elif place is Place.AUDIT:
        await audited(pilot)
    elif place is Place.HELP:
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))


def press_all(place: Place, actions: list[str]) -> None:
    """On one screen, press the first key of each action and assert its effect."""
    keys = {action.id: keys_on(action, place)[0] for action in legal(place)}

    async def script(pilot: Driver) -> None:
        await arrive(pilot, place)
        for action in actions:
            await EFFECTS[place, action](pilot, keys[action])

    drive(script, FakeDesk(a_book(150)), size=(120, 24))


@pytest.mark.parametrize(("place", "action"), [pair for pair in LEGAL if pair[1] in LEAVING])
def test_leaving_action_has_its_effect(place: Place, action: str, here: Path) -> None:
    press_all(place, [action])


@pytest.mark.parametrize("place", Place)
def test_every_other_action_has_its_effect(place: Place, here: Path) -> None:
    press_all(place, [action for where, action in LEGAL if where is place and action not in LEAVING])


def test_every_legal_action_is_pressed() -> None:
    assert [pair for pair in LEGAL if pair not in EFFECTS] == []
    assert [pair for pair in EFFECTS if pair not in LEGAL] == []


@pytest.mark.parametrize("place", Place)
def test_registry_is_the_source_of_every_binding(place: Place) -> None:
    """Each key of each legal action leads to that action, and has a handler on the screen or the application."""
    own, everywhere = SCREENS[place]._merged_bindings, WaarborgApp._merged_bindings
    assert own is not None
    assert everywhere is not None
    for action in legal(place):
        bound = own if action.places else everywhere
        for key in action.keys:
            assert [binding.action for binding in bound.key_to_bindings[key]] == [action.id]
        assert hasattr(SCREENS[place], f"action_{action.id}") or hasattr(WaarborgApp, f"action_{action.id}")


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_each_action_has_words_in_both_languages(action: object) -> None:
    name = action.id
    for section in ("action", "explain"):
        entry = words()[f"{section}.{name}"]
        assert set(entry) == set(LANGS)
        assert all(entry.values())
    assert words()[f"explain.{name}"]["nl"] != words()[f"explain.{name}"]["en"]


def test_no_key_means_two_things_on_one_screen() -> None:
    for place in Place:
        keys = [key for action in legal(place) for key in action.keys]
        assert sorted(keys) == sorted(set(keys))


def _list(pilot: Driver) -> Widget:
    target = desk_screen(pilot).list_in_use()
    assert target is not None
    return target


def _position(target: Widget) -> float:
    return target.cursor if isinstance(target, Rows) else target.scroll_y


async def _moves(pilot: Driver, key: str, start: str | None, forward: bool) -> None:
    if desk_screen(pilot).PLACE is Place.QUOTE:
        await pilot.press("1")
    target = _list(pilot)
    if start:
        await pilot.press(start)
    before = _position(target)
    await pilot.press(key)
    await until(pilot, lambda: (_position(target) > before) if forward else (_position(target) < before))


LISTS = (Place.QUOTES, Place.NEW, Place.QUOTE, Place.AUDIT, Place.HELP)


@effect("down", *LISTS)
async def _(pilot: Driver, key: str) -> None:
    await _moves(pilot, key, None, True)


@effect("up", *LISTS)
async def _(pilot: Driver, key: str) -> None:
    await _moves(pilot, key, "down", False)


@effect("page_down", *LISTS)
async def _(pilot: Driver, key: str) -> None:
    await _moves(pilot, key, None, True)


@effect("page_up", *LISTS)
async def _(pilot: Driver, key: str) -> None:
    await _moves(pilot, key, "pagedown", False)


@effect("bottom", Place.QUOTES, Place.QUOTE, Place.AUDIT, Place.HELP)
async def _(pilot: Driver, key: str) -> None:
    await _moves(pilot, key, None, True)


@effect("top", Place.QUOTES, Place.QUOTE, Place.AUDIT, Place.HELP)
async def _(pilot: Driver, key: str) -> None:
    await _moves(pilot, key, "G", False)
    assert _position(_list(pilot)) == 0


@effect("open", Place.QUOTES)
async def _(pilot: Driver, key: str) -> None:
    await pilot.press("j", key)
    await until(pilot, lambda: isinstance(pilot.app.screen, QuoteScreen))
    assert "Q-000000000002" in shown(pilot)


@effect("new", Place.QUOTES)
async def _(pilot: Driver, key: str) -> None:
    await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.screen, NewQuoteScreen))
    assert "aa-goed" in shown(pilot)


@effect("filter", Place.QUOTES)
async def _(pilot: Driver, key: str) -> None:
    await pilot.press(key, *"toe")
    screen = pilot.app.screen
    assert isinstance(screen, QuotesScreen)
    await until(pilot, lambda: bool(screen.counted and screen.counted.text == "toe"))
    assert "37 of 150" in shown(pilot)
    assert "Zilverberk" not in shown(pilot)
    await pilot.press("enter")
    assert pilot.app.focused is screen.table
    await pilot.press("escape")
    await until(pilot, lambda: "150 of 150" in shown(pilot))


@effect("clear", Place.QUOTES)
async def _(pilot: Driver, key: str) -> None:
    screen = pilot.app.screen
    assert isinstance(screen, QuotesScreen)
    await pilot.press("slash")
    await typed(pilot, "toendra")
    await pilot.press(key)
    await until(pilot, lambda: bool(screen.counted and screen.counted.text == ""))
    assert "150 of 150" in shown(pilot)
    assert pilot.app.focused is screen.table


@effect("back", Place.NEW, Place.QUOTE, Place.AUDIT, Place.HELP)
async def _(pilot: Driver, key: str) -> None:
    await pilot.press(key)
    await listed(pilot)


@effect("export", Place.QUOTES)
async def _(pilot: Driver, key: str) -> None:
    await pilot.press(key)
    await until(pilot, lambda: "150 quotes written to" in toasts(pilot))
    assert len(Path("quotes.csv").read_text("utf-8").splitlines()) == 151


@effect("export", Place.QUOTE)
async def _(pilot: Driver, key: str) -> None:
    await pilot.press(key)
    await until(pilot, lambda: "written to" in toasts(pilot))
    written = json.loads(Path("Q-000000000001.json").read_text("utf-8"))
    assert written["due_cents"] == a_book(1)[0].breakdown.due.cents


@effect("export", Place.AUDIT)
async def _(pilot: Driver, key: str) -> None:
    await pilot.press("1", key)
    await until(pilot, lambda: "rows written to" in toasts(pilot))
    assert len(Path("certificate.csv").read_text("utf-8").splitlines()) == 62  # two steps a claim, one where it broke


@effect("audit", Place.QUOTES)
async def _(pilot: Driver, key: str) -> None:
    await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.screen, AuditScreen) and bool(pilot.app.screen.certificate))
    assert "certificate not valid" in shown(pilot)


@effect("look", Place.AUDIT)
async def _(pilot: Driver, key: str) -> None:
    screen = pilot.app.screen
    assert isinstance(screen, AuditScreen)
    await pilot.press(key)
    assert screen.pane.opened
    assert screen.focused is screen.pane.inside()


@effect("certificate", Place.AUDIT)
async def _(pilot: Driver, key: str) -> None:
    await pilot.press("4", key)
    assert pilot.app.focused is pilot.app.screen.query_one("#certificate-table-list")


@effect("metrics", Place.AUDIT)
async def _(pilot: Driver, key: str) -> None:
    await pilot.press(key)
    await until(pilot, lambda: "Safety gradient" in shown(pilot))
    assert pilot.app.focused is pilot.app.screen.query_one("#metrics-table-list")


@effect("curve", Place.AUDIT)
async def _(pilot: Driver, key: str) -> None:
    await pilot.press(key)
    await until(pilot, lambda: "today €10,000.00" in shown(pilot))
    assert pilot.app.focused is pilot.app.screen.query_one("#curve-table-list")


@effect("constraints", Place.AUDIT)
async def _(pilot: Driver, key: str) -> None:
    await pilot.press(key)
    await until(pilot, lambda: "Safety always pays" in shown(pilot))
    assert pilot.app.focused is pilot.app.screen.query_one("#constraints-table-list")


@effect("next_firm", Place.AUDIT)
async def _(pilot: Driver, key: str) -> None:
    await pilot.press("3")
    await until(pilot, lambda: "1 of 150" in shown(pilot))
    await pilot.press(key)
    await until(pilot, lambda: "2 of 150" in shown(pilot))
    assert "Kornoelje" in shown(pilot)
    await pilot.press("left_square_bracket")
    await until(pilot, lambda: "1 of 150" in shown(pilot))


@effect("previous_firm", Place.AUDIT)
async def _(pilot: Driver, key: str) -> None:
    await pilot.press("3", "right_square_bracket", "right_square_bracket")
    await until(pilot, lambda: "3 of 150" in shown(pilot))
    await pilot.press(key)
    await until(pilot, lambda: "2 of 150" in shown(pilot))
    await pilot.press(key, key, key)  # it stops at the first
    await until(pilot, lambda: "1 of 150" in shown(pilot))


@effect("quote", Place.NEW)
async def _(pilot: Driver, key: str) -> None:
    await typed(pilot, "aa-goed")
    await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.screen, QuoteScreen) and pilot.app.screen.shown is not None)
    assert "Nieuwkomer B.V." in shown(pilot)
    assert "not saved" in shown(pilot)


@effect("complete", Place.NEW)
async def _(pilot: Driver, key: str) -> None:
    screen = pilot.app.screen
    assert isinstance(screen, NewQuoteScreen)
    await pilot.press("down", key)
    await until(pilot, lambda: screen.field.value == "ab-fout/")
    assert screen.focused is screen.field
    await typed(pilot, "")
    await until(pilot, lambda: screen.folders.row_count() > 2)


@effect("pull", Place.QUOTE)
async def _(pilot: Driver, key: str) -> None:
    screen = pilot.app.screen
    assert isinstance(screen, QuoteScreen)
    await pilot.press(key)  # from another pane the key first goes to the levers
    await pilot.press(key)
    await until(pilot, lambda: len(screen.priced) == 1)
    assert "saves €12,410.18" in shown(pilot)
    await pilot.press(key)
    await until(pilot, lambda: not screen.priced)


@effect("reset", Place.QUOTE)
async def _(pilot: Driver, key: str) -> None:
    screen = pilot.app.screen
    assert isinstance(screen, QuoteScreen)
    await pilot.press("2", "space")
    await until(pilot, lambda: len(screen.priced) == 1)
    await pilot.press(key)
    await until(pilot, lambda: not screen.priced and screen.shown is screen.base)
    assert "saves" not in shown(pilot)
    assert "[x]" not in shown(pilot)


@effect("save", Place.QUOTE)
async def _(pilot: Driver, key: str) -> None:
    await pilot.press(key)
    await until(pilot, lambda: "Q-000000000001 is saved" in toasts(pilot))


@effect("replay", Place.QUOTE)
async def _(pilot: Driver, key: str) -> None:
    await pilot.press(key)
    await until(pilot, lambda: "Replay of Q-000000000001: identical to the cent." in toasts(pilot))


@effect("premium", Place.QUOTE)
async def _(pilot: Driver, key: str) -> None:
    await pilot.press("2", key)
    assert pilot.app.focused is pilot.app.screen.query_one("#waterfall")


@effect("levers", Place.QUOTE)
async def _(pilot: Driver, key: str) -> None:
    await pilot.press(key)
    assert pilot.app.focused is pilot.app.screen.query_one("#lever-list")


@effect("risk", Place.QUOTE)
async def _(pilot: Driver, key: str) -> None:
    await pilot.press(key)
    assert pilot.app.focused is pilot.app.screen.query_one("#risk")


@effect("findings", Place.QUOTE)
async def _(pilot: Driver, key: str) -> None:
    await pilot.press(key)
    assert pilot.app.focused is pilot.app.screen.query_one("#findings")


@effect("help", Place.QUOTES, Place.NEW, Place.QUOTE, Place.AUDIT)
async def _(pilot: Driver, key: str) -> None:
    place = desk_screen(pilot).PLACE
    await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
    own = next(action for action in ACTIONS if place in action.places)
    assert own.help("en")[:20] in shown(pilot)
    await pilot.press("escape")
    await until(pilot, lambda: desk_screen(pilot).PLACE is place)


@effect("help", Place.HELP)
async def _(pilot: Driver, key: str) -> None:
    depth = len(pilot.app.screen_stack)
    await pilot.press(key)
    assert len(pilot.app.screen_stack) == depth


@effect("language")
async def _(pilot: Driver, key: str) -> None:
    assert "quit" in shown(pilot)
    await pilot.press(key)
    await until(pilot, lambda: "stop" in shown(pilot))
    assert "quit" not in shown(pilot)
    await pilot.press(key)
    await until(pilot, lambda: "quit" in shown(pilot))


@effect("dark")
async def _(pilot: Driver, key: str) -> None:
    assert pilot.app.theme == DARK.name
    await pilot.press(key)
    assert pilot.app.theme == LIGHT.name
    await pilot.press(key)
    assert pilot.app.theme == DARK.name


@effect("command_palette")
async def _(pilot: Driver, key: str) -> None:
    await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.screen, CommandPalette) and "Light/dark" in shown(pilot))
    await pilot.press(*"li", "enter")
    await until(pilot, lambda: pilot.app.theme == LIGHT.name)
    await pilot.press("f8")
    assert pilot.app.theme == DARK.name


@effect("quit")
async def _(pilot: Driver, key: str) -> None:
    await pilot.press(key)
    await until(pilot, lambda: not pilot.app.is_running or pilot.app._exit)
    assert pilot.app.return_code == 0
