"""A table of records that are all in memory: titles above a list with a cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from tui.widgets.rows import MARGIN, Rows
from tui.widgets.virtual_table import Column, line, titles
from tui.widgets.words import Words


class RecordList(Rows):
    """The list; a table dresses it."""

    def __init__(self, id: str) -> None:  # noqa: A002 - the word of the framework
        super().__init__(id=id)
        self.records: Sequence[Any] = ()
        self._columns: tuple[Column, ...] = ()

    def show(self, records: Sequence[Any], columns: tuple[Column, ...]) -> None:
        """Show these records in these columns."""
        self.records, self._columns = records, columns
        self.rows_changed()

    def row_count(self) -> int:
        """How many records there are."""
        return len(self.records)

    def current(self) -> Any:
        """The record under the cursor, None when there is none."""
        return self.records[self.cursor] if self.cursor < len(self.records) else None

    def keeps_cursor(self) -> bool:
        """What stands beside the list is about the row under its cursor."""
        return True

    def paint(self, index: int, width: int) -> Content:
        """A record in its columns."""
        return line(self._columns, self.records[index], width)


class RecordTable(Vertical):
    """Titles and list."""

    DEFAULT_CSS = """
    RecordTable > Words { height: 1; color: $primary; text-style: bold; text-wrap: nowrap; }
    RecordTable > RecordList { height: 1fr; overflow-y: scroll; }
    """

    def __init__(self, id: str) -> None:  # noqa: A002 - the word of the framework
        super().__init__(id=id)
        self._columns: tuple[Column, ...] = ()

    def compose(self) -> ComposeResult:
        """Titles above the list."""
        yield Words(id=f"{self.id}-titles")
        yield RecordList(id=f"{self.id}-list")

    @property
    def list(self) -> RecordList:
        """The list."""
        return self.query_one(RecordList)

    def show(self, records: Sequence[Any], columns: tuple[Column, ...]) -> None:
        """Show these records in these columns."""
        self._columns = columns
        self.list.show(records, columns)
        self._title()

    def on_resize(self) -> None:
        """Titles follow the width."""
        self._title()

    def _title(self) -> None:
        width = self.list.scrollable_content_region.width - MARGIN
        self.query_one(Words).put(titles(self._columns, width) if width > 0 else "")
