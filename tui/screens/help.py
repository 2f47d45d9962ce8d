"""What each key does on the screen beneath, and what the signs mean."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from tui import formatting
from tui.actions import ACTIONS, Action, Place, everywhere, keys_on, own, shown_key
from tui.screens.desk_screen import DeskScreen
from tui.session import Session
from tui.widgets.rows import cell, hanging
from tui.widgets.words import Words

KEYS, TITLE, MARGIN = 12, 16, 6
SIGNS = {
    "ok": (formatting.OK, "$success"),
    "refer": (formatting.REFER, "$warning"),
    "stop": (formatting.STOP, "$error"),
    "estimate": (formatting.ESTIMATE, "$accent"),
    "missing": (formatting.MISSING, "$warning"),
}


class HelpScreen(DeskScreen):
    """The registry as a page."""

    PLACE = Place.HELP
    BINDINGS = own(Place.HELP)

    def __init__(self, session: Session, about: Place) -> None:
        super().__init__(session)
        self.about = about

    def on_resize(self) -> None:
        """The explanations wrap to the width."""
        self.paint()

    def body(self) -> ComposeResult:
        """One page that scrolls."""
        with VerticalScroll(id="page"):
            yield Words(id="help-text")

    def begin(self) -> None:
        """The page has the focus."""
        self.query_one("#page").focus()

    def title_line(self) -> Content:
        """Where we are."""
        return Content.styled(f" Waarborg · {self.say('help.title')}", "bold")

    def paint(self) -> None:
        """The page."""
        super().paint()
        here = (action for action in ACTIONS if self.about in action.places)
        blocks = [self._keys("help.here", here), self._keys("help.everywhere", everywhere()), self._signs()]
        self.query_one("#help-text", Words).put(Content("\n\n").join(blocks))

    def _keys(self, title: str, actions: Iterable[Action]) -> Content:
        lang = self.session.lang
        lines = [
            hanging(
                cell(" ".join(shown_key(key) for key in keys_on(action, self.about)), KEYS, "bold $accent")
                + cell(action.title(lang), TITLE),
                Content.styled(action.help(lang), "$muted"),
                self.size.width - MARGIN,
            )
            for action in actions
        ]
        return Content("\n").join([Content.styled(self.say(title), "bold $primary"), *lines])

    def _signs(self) -> Content:
        lines = [
            cell(glyph, KEYS, f"bold {style}") + self.say(f"help.{name}") for name, (glyph, style) in SIGNS.items()
        ]
        return Content("\n").join([Content.styled(self.say("help.glyphs"), "bold $primary"), *lines])
