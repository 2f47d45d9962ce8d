"""The one registry of actions: it drives keys, key bar, command palette, help and tests.

The action `open` is handled by `action_open` of a screen where it is legal, or of the application.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from textual.binding import Binding, BindingType

from tui.texts import Lang, say


class Place(StrEnum):
    """The screens. An action without places is legal everywhere."""

    QUOTES = "quotes"
    NEW = "new"
    QUOTE = "quote"
    AUDIT = "audit"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Action:
    """Something a user can do. `bar` shows it in the key bar, `palette` in the command palette; its words are
    `action.<id>` and `explain.<id>` of texts.toml."""

    id: str
    keys: tuple[str, ...]
    places: tuple[Place, ...] = ()
    bar: bool = True
    palette: bool = True

    def title(self, lang: Lang) -> str:
        """Two words at most."""
        return say(f"action.{self.id}", lang)

    def help(self, lang: Lang) -> str:
        """One sentence."""
        return say(f"explain.{self.id}", lang)


EVERY_LIST = (Place.QUOTES, Place.NEW, Place.QUOTE, Place.AUDIT, Place.HELP)
READ_LISTS = (Place.QUOTES, Place.QUOTE, Place.AUDIT, Place.HELP)
TYPING = (Place.NEW,)  # here a field has the focus, and a key that types cannot do anything else

ACTIONS: tuple[Action, ...] = (
    Action("open", ("enter",), (Place.QUOTES,)),
    Action("new", ("n",), (Place.QUOTES,)),
    Action("filter", ("slash",), (Place.QUOTES,)),
    Action("audit", ("a",), (Place.QUOTES,)),
    Action("quote", ("enter",), (Place.NEW,)),
    Action("complete", ("tab",), (Place.NEW,)),
    Action("pull", ("space",), (Place.QUOTE,)),
    Action("reset", ("r",), (Place.QUOTE,), bar=False),
    Action("save", ("w",), (Place.QUOTE,)),
    Action("replay", ("p",), (Place.QUOTE,)),
    Action("look", ("enter",), (Place.AUDIT,)),
    Action("export", ("e",), (Place.QUOTES, Place.QUOTE, Place.AUDIT)),
    Action("premium", ("1",), (Place.QUOTE,), bar=False),
    Action("levers", ("2",), (Place.QUOTE,), bar=False),
    Action("risk", ("3",), (Place.QUOTE,), bar=False),
    Action("findings", ("4",), (Place.QUOTE,), bar=False),
    Action("certificate", ("1",), (Place.AUDIT,), bar=False),
    Action("metrics", ("2",), (Place.AUDIT,), bar=False),
    Action("curve", ("3",), (Place.AUDIT,), bar=False),
    Action("constraints", ("4",), (Place.AUDIT,), bar=False),
    Action("next_firm", ("right_square_bracket",), (Place.AUDIT,), bar=False),
    Action("previous_firm", ("left_square_bracket",), (Place.AUDIT,), bar=False),
    Action("down", ("down", "j"), EVERY_LIST, bar=False, palette=False),
    Action("up", ("up", "k"), EVERY_LIST, bar=False, palette=False),
    Action("page_down", ("pagedown",), EVERY_LIST, bar=False, palette=False),
    Action("page_up", ("pageup",), EVERY_LIST, bar=False, palette=False),
    Action("top", ("g", "home"), READ_LISTS, bar=False, palette=False),
    Action("bottom", ("G", "end"), READ_LISTS, bar=False, palette=False),
    Action("clear", ("escape",), (Place.QUOTES,), bar=False, palette=False),
    Action("back", ("escape",), (Place.NEW, Place.QUOTE, Place.AUDIT, Place.HELP), palette=False),
    Action("help", ("question_mark", "f1")),
    Action("language", ("L", "f9")),
    Action("dark", ("D", "f8"), bar=False),
    Action("command_palette", ("ctrl+p",), bar=False, palette=False),
    Action("quit", ("q", "ctrl+q")),
)

TYPED = {"question_mark", "slash", "space"}
SHOWN_KEYS = {
    "question_mark": "?",
    "slash": "/",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "escape": "esc",
    "down": "↓",
    "up": "↑",
    "pagedown": "pgdn",
    "pageup": "pgup",
}


def legal(place: Place) -> Iterator[Action]:
    """The actions legal on a screen, its own before those of everywhere."""
    yield from (action for action in ACTIONS if place in action.places)
    yield from everywhere()


def everywhere() -> Iterator[Action]:
    """The actions legal on every screen."""
    return (action for action in ACTIONS if not action.places)


def bindings(actions: Iterator[Action]) -> list[BindingType]:
    """The key bindings of these actions."""
    return [Binding(",".join(action.keys), action.id, id=action.id, show=False) for action in actions]


def own(place: Place) -> list[BindingType]:
    """The key bindings that a screen adds to those of everywhere."""
    return bindings(action for action in ACTIONS if place in action.places)


def keys_on(action: Action, place: Place) -> tuple[str, ...]:
    """The keys that do it on a screen."""
    if place not in TYPING:
        return action.keys
    return tuple(key for key in action.keys if len(key) > 1 and key not in TYPED)


def shown_key(key: str) -> str:
    """A key as it stands in the key bar and in the help."""
    return SHOWN_KEYS.get(key, key)
