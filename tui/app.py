"""The terminal application. The first frame is painted before the book is opened: whatever is heavy to import comes
with the desk, in a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual.app import App, SystemCommand
from textual.command import CommandPalette
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from tui.actions import bindings, everywhere, legal
from tui.messages import DeskOpened
from tui.screens.desk_screen import DeskScreen
from tui.screens.help import HelpScreen
from tui.screens.quotes import QuotesScreen
from tui.session import Session
from tui.texts import Lang, say
from tui.themes import DARK, THEMES, other
from underwriting.intake.text import safe
from underwriting.settings import language

if TYPE_CHECKING:
    from underwriting.desk import Desk

WIDTHS = [(0, "-narrow"), (120, "-wide")]  # below 120 columns one pane of a quote shows at a time
HEIGHTS = [(0, "-short"), (34, "-tall")]


def run(open_desk: Callable[[], Desk]) -> int:
    """Run the application on the desk that `open_desk` opens, in the language of the terminal; returns an exit code."""
    app = WaarborgApp(open_desk, "nl" if language() == "nl" else "en")
    app.run()
    return app.return_code or 0


class WaarborgApp(App[None]):
    """The screens on top of a desk."""

    CSS_PATH = "app.tcss"
    TITLE = "Waarborg"
    BINDINGS = bindings(everywhere())
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS

    def __init__(self, open_desk: Callable[[], Desk], lang: Lang) -> None:
        super().__init__()
        self.session = Session(lang)
        self._open_desk = open_desk
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DARK.name
        self.animation_level = "none"  # a slow line would pay for each frame

    def get_default_screen(self) -> Screen[None]:
        """The list of quotes."""
        return QuotesScreen(self.session)

    def on_mount(self) -> None:
        """Open the book once the first frame stands."""
        self.call_after_refresh(self._open)

    def _open(self) -> None:
        self.run_worker(lambda: DeskOpened(self._open_desk()), thread=True, group="open", exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """The book is open, or it cannot be opened: then there is nothing to do here."""
        if event.state is WorkerState.SUCCESS and isinstance(event.worker.result, DeskOpened):
            self.session.opened = event.worker.result.desk
            for screen in self.screen_stack:
                if isinstance(screen, QuotesScreen):
                    screen.reload()
        elif event.state is WorkerState.ERROR and event.worker.error:
            self.exit(return_code=2, message=Text(safe(str(event.worker.error))))

    def action_language(self) -> None:
        """Dutch to English and back, on every screen."""
        self.session.lang = "en" if self.session.lang == "nl" else "nl"
        for screen in self.screen_stack:
            if isinstance(screen, DeskScreen):
                screen.paint()

    def action_dark(self) -> None:
        """Light to dark and back."""
        self.theme = other(self.theme)

    def action_help(self) -> None:
        """Help about this screen."""
        if isinstance(self.screen, DeskScreen) and not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.session, self.screen.PLACE))

    def action_command_palette(self) -> None:
        """Find a command by name."""
        if isinstance(self.screen, DeskScreen):
            self.push_screen(CommandPalette(placeholder=say("app.commands", self.session.lang), id="--command-palette"))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette holds what is legal on the screen, from the registry."""
        if isinstance(screen, DeskScreen):
            lang = self.session.lang
            for action in legal(screen.PLACE):
                if action.palette:
                    handler = getattr(screen, f"action_{action.id}", None) or getattr(self, f"action_{action.id}")
                    yield SystemCommand(action.title(lang).capitalize(), action.help(lang), handler)
