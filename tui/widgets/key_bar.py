"""The bottom line: the keys of this screen, in the reader's language, also for the mouse."""

from __future__ import annotations

from textual.content import Content
from textual.style import Style

from tui.actions import Place, keys_on, legal, shown_key
from tui.texts import Lang
from tui.widgets.words import Words


class KeyBar(Words):
    """The keys of one screen."""

    DEFAULT_CSS = "KeyBar { dock: bottom; height: 1; background: $panel; color: $foreground; padding: 0 1; }"

    def on_mount(self) -> None:
        """Keys keep their own colours; the mouse finds them all the same."""
        self.auto_links = False

    def show(self, place: Place, lang: Lang) -> None:
        """Show the keys of that screen."""
        parts = []
        for action in (action for action in legal(place) if action.bar):
            key = keys_on(action, place)[0]
            part = Content.assemble((shown_key(key), "bold $accent"), f" {action.title(lang)}")
            parts.append(part.stylize(Style.from_meta({"@click": f"app.simulate_key('{key}')"})))
        self.put(Content("  ").join(parts))
