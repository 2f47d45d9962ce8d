"""What every screen does: ask the desk in a worker, paint from what it holds, and move in its list."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.worker import Worker, WorkerState

from policies.findings import WaarborgError
from tui.actions import Place
from tui.messages import WorkFailed
from tui.session import Session
from tui.texts import say
from tui.widgets.key_bar import KeyBar
from tui.widgets.rows import Rows
from tui.widgets.words import Words
from underwriting.intake.text import safe

FAR = 10**9


class DeskScreen(Screen[None]):
    """A screen between a title line and a key bar. `paint` puts all that it holds on its widgets: after each answer
    of the desk and after each change of language."""

    PLACE: ClassVar[Place]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    def body(self) -> ComposeResult:
        """The widgets between title and key bar."""
        raise NotImplementedError

    def title_line(self) -> Content:
        """The top line."""
        raise NotImplementedError

    def paint(self) -> None:
        """Put all that this screen holds on its widgets; extend it."""
        self.query_one("#title", Words).put(self.title_line())
        self.query_one(KeyBar).show(self.PLACE, self.session.lang)

    def compose(self) -> ComposeResult:
        """Title, body, key bar."""
        yield Words(id="title")
        yield from self.body()
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """First painting."""
        self.paint()
        self.begin()

    def begin(self) -> None:
        """What a screen does once it stands: focus, first question to the desk."""

    def say(self, key: str, **values: object) -> str:
        """A text in the reader's language."""
        return say(key, self.session.lang, **values)

    def ask(self, group: str, verb: Callable[[], Message | None]) -> None:
        """Run a verb in a thread; its message, if any, comes back here unless a later one of its group overtook it."""
        self.run_worker(verb, group=group, thread=True, exclusive=True, exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Hand on what a worker brought."""
        if event.state is WorkerState.SUCCESS and isinstance(event.worker.result, Message):
            self.post_message(event.worker.result)
        elif event.state is WorkerState.ERROR and event.worker.error:
            self.post_message(WorkFailed(event.worker.error))

    def on_work_failed(self, event: WorkFailed) -> None:
        """A worker of this screen, or of a widget on it, raised."""
        event.stop()
        self.failed(event.error)

    def failed(self, error: BaseException) -> None:
        """Say what went wrong; the screen stays as it was."""
        known = isinstance(error, WaarborgError | OSError)
        self.tell(("" if known else f"{type(error).__name__}: ") + str(error), "error")

    def tell(self, text: str, kind: str = "information") -> None:
        """A toast; its text may hold words of others."""
        title = self.say("error.title") if kind == "error" else ""
        lines = "\n".join(safe(line) for line in text.splitlines()[:8])
        self.notify(lines, title=title, severity="error" if kind == "error" else "information", markup=False)

    def list_in_use(self) -> Widget | None:
        """What the movement keys move: the widget with the focus, unless a screen says otherwise."""
        return self.focused

    def _move(self, step: int) -> None:
        target = self.list_in_use()
        if isinstance(target, Rows):
            target.move(step)
        elif target is not None:
            target.scroll_relative(y=step, animate=False)

    def _page(self) -> int:
        target = self.list_in_use()
        return target.page() if isinstance(target, Rows) else max(target.size.height - 1 if target else 1, 1)

    def action_down(self) -> None:
        """One line down."""
        self._move(1)

    def action_up(self) -> None:
        """One line up."""
        self._move(-1)

    def action_page_down(self) -> None:
        """One screen down."""
        self._move(self._page())

    def action_page_up(self) -> None:
        """One screen up."""
        self._move(-self._page())

    def action_top(self) -> None:
        """To the first line."""
        self._move(-FAR)

    def action_bottom(self) -> None:
        """To the last line."""
        self._move(FAR)

    def action_back(self) -> None:
        """To the screen before this one."""
        self.app.pop_screen()
