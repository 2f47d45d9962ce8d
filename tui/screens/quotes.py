"""The list of quotes in the book."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from tui import formatting
from tui.actions import ACTIONS, Place, own
from tui.export import quotes_csv, write_new
from tui.labels import decision_label
from tui.messages import Counted, FileWritten
from tui.screens.audit import AuditScreen
from tui.screens.desk_screen import DeskScreen
from tui.screens.new_quote import NewQuoteScreen
from tui.screens.quote import QuoteScreen
from tui.session import Session
from tui.texts import Lang, say
from tui.widgets.entry import Entry
from tui.widgets.virtual_table import Column, VirtualTable
from tui.widgets.words import Words
from underwriting.intake.text import safe

if TYPE_CHECKING:
    from underwriting.desk import Desk
    from underwriting.records import QuoteRow


FILTER_KEYS = next(action.keys for action in ACTIONS if action.id == "filter")
AROUND = 3  # cells of a line of the screen that the table does not write on


@dataclass(frozen=True, slots=True)
class BookRows:
    """The quotes of the book that match a text, as rows of a table."""

    desk: Desk
    text: str
    matching: int

    def count(self) -> int:
        """How many match."""
        return self.matching

    def fetch(self, start: int, stop: int) -> Sequence[QuoteRow]:
        """The rows from `start` up to `stop`."""
        return self.desk.quotes(self.text, start, stop)


class QuotesScreen(DeskScreen):
    """The list, with a filter that works as you type."""

    PLACE = Place.QUOTES
    BINDINGS = own(Place.QUOTES)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.counted: Counted | None = None
        self.filtering = False
        self.trouble = ""

    def failed(self, error: BaseException) -> None:
        """A book that cannot be read is told in the title too: the toast goes, the trouble stays."""
        self.trouble = safe(str(error).partition("\n")[0])
        super().failed(error)
        self.paint()

    def body(self) -> ComposeResult:
        """Filter, titles, table."""
        yield Entry(id="filter", compact=True)
        yield Words(id="header")
        yield VirtualTable(id="table")
        yield Words(id="empty")

    @property
    def table(self) -> VirtualTable:
        """The table."""
        return self.query_one("#table", VirtualTable)

    @property
    def filter(self) -> Input:
        """The filter field."""
        return self.query_one("#filter", Input)

    def title_line(self) -> Content:
        """Where we are, and how many quotes match."""
        found = self.counted
        if found is None:
            state = (self.trouble, "$error") if self.trouble else (self.say("app.opening"), "")
            return Content.assemble((f" Waarborg · {self.say('quotes.title')}  ", "bold"), state)
        numbers = {name: formatting.count(getattr(found, name), self.session.lang) for name in ("matching", "total")}
        return Content.assemble(
            (f" Waarborg · {self.say('quotes.title')}", "bold"), ("  " + self.say("quotes.found", **numbers), "$muted")
        )

    def paint(self) -> None:
        """Titles, columns, the word for nothing."""
        super().paint()
        self.filter.placeholder = self.say("quotes.filter")
        self.table.dress(columns(self.session.lang))
        self.query_one("#header", Words).put(self.table.header(self.size.width - AROUND))
        empty = self.counted is not None and self.counted.matching == 0
        self.query_one("#empty", Words).put(
            self.say("quotes.none" if self.counted and self.counted.total else "quotes.empty") if empty else ""
        )
        self.set_class(empty, "-empty")

    def begin(self) -> None:
        """The list waits for the desk."""
        self.table.focus()
        self.reload()

    def on_screen_resume(self) -> None:
        """Another screen may have saved a quote."""
        self.reload()

    def on_resize(self, event: events.Resize) -> None:
        """Titles follow the width."""
        self.query_one("#header", Words).put(self.table.header(event.size.width - AROUND))

    def reload(self) -> None:
        """Count again what matches the filter."""
        if self.session.opened is not None:
            self.ask("count", partial(_counted, self.session.desk, self.filter.value.strip()))

    def on_counted(self, event: Counted) -> None:
        """Show what matches."""
        self.counted = event
        self.table.show(BookRows(self.session.desk, event.text, event.matching), event.matching)
        self.paint()

    def on_input_changed(self) -> None:
        """Filter as you type."""
        self.table.cursor = 0
        self.reload()

    def on_key(self, event: events.Key) -> None:
        """Keys typed faster than the focus moves still reach the list: after the filter key they are the filter's."""
        if self.filtering and event.character and event.is_printable:
            self.filter.insert_text_at_cursor(event.character)
            event.stop()
        elif event.key in FILTER_KEYS:
            self.filtering = True

    def on_input_submitted(self) -> None:
        """Back to the list, filtered."""
        self.leave_filter()

    def leave_filter(self) -> None:
        """The list has the keys again."""
        self.filtering = False
        self.table.focus()

    def on_rows_chosen(self) -> None:
        """A second click opens."""
        self.action_open()

    def on_file_written(self, event: FileWritten) -> None:
        """Say where the export is."""
        self.tell(self.say("quotes.exported", records=event.records, path=event.path))

    def list_in_use(self) -> Widget:
        """The table, also from the filter."""
        return self.table

    def action_open(self) -> None:
        """Open the quote under the cursor."""
        row = self.table.current()
        if row is not None:
            self.app.push_screen(QuoteScreen(self.session, row.id))

    def action_new(self) -> None:
        """Quote a dossier."""
        if self.session.opened is not None:
            self.app.push_screen(NewQuoteScreen(self.session))

    def action_audit(self) -> None:
        """Audit the tariff in force and the book."""
        if self.session.opened is not None:
            self.app.push_screen(AuditScreen(self.session))

    def action_filter(self) -> None:
        """Type a filter."""
        self.filtering = True
        self.set_focus(self.filter)

    def action_clear(self) -> None:
        """Clear the filter."""
        self.filter.value = ""
        self.leave_filter()

    def action_export(self) -> None:
        """Write the list that matches the filter."""
        if self.counted is not None:
            self.ask("export", partial(_exported, self.session.desk, self.counted.text, Path.cwd()))


def columns(lang: Lang) -> tuple[Column, ...]:
    """The columns of the list."""
    return (
        Column(say("column.decision", lang), lambda row: decision_label(row.decision, lang), 12),
        Column(say("column.firm", lang), lambda row: formatting.plain(row.firm)),
        Column(say("column.class", lang), lambda row: formatting.plain(row.obliged_class), 6),
        Column(say("column.limit", lang), lambda row: Content(formatting.amount(row.limit, lang)), 14, True, 100),
        Column(say("column.due", lang), lambda row: Content(formatting.amount(row.due, lang)), 13, right=True),
        Column(say("column.at", lang), lambda row: Content(formatting.day(row.at, lang)), 11),
        Column(say("column.inception", lang), lambda row: Content(formatting.day(row.inception, lang)), 11, False, 100),
        Column(say("column.id", lang), lambda row: Content.styled(safe(row.id), "$muted"), 14, False, 120),
    )


def _counted(desk: Desk, text: str) -> Counted:
    return Counted(text, desk.count(text), desk.count())


def _exported(desk: Desk, text: str, folder: Path) -> FileWritten:
    rows = desk.quotes(text)
    return FileWritten(write_new(folder, "quotes", ".csv", quotes_csv(rows)), len(rows))
