"""A table of any length: rows are fetched page by page, in a worker, when they come into view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from textual.content import Content
from textual.reactive import reactive
from textual.worker import Worker, WorkerState

from tui.messages import PageFetched, WorkFailed
from tui.widgets.rows import Rows, cell

PAGE = 100
GAP = Content("  ")


class RowSource(Protocol):
    """Where the rows come from; both calls run in worker threads."""

    def count(self) -> int:
        """How many rows there are."""

    def fetch(self, start: int, stop: int) -> Sequence[Any]:
        """The rows from `start` up to but not including `stop`."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of fixed width, or of the width that is left when `width` is 0; hidden below `from_width`."""

    title: str
    paint: Callable[[Any], Content]
    width: int = 0
    right: bool = False
    from_width: int = 0


def shown(columns: Sequence[Column], width: int) -> list[Column]:
    """The columns that a line of so many cells has."""
    return [column for column in columns if width >= column.from_width]


def titles(columns: Sequence[Column], width: int) -> Content:
    """The titles above the columns."""
    return _line(shown(columns, width), [Content(column.title) for column in shown(columns, width)], width)


def line(columns: Sequence[Column], row: Any, width: int) -> Content:
    """A row in its columns."""
    there = shown(columns, width)
    return _line(there, [column.paint(row) for column in there], width)


def _line(columns: Sequence[Column], cells: Sequence[Content], width: int) -> Content:
    fixed = sum(column.width for column in columns) + len(GAP) * (len(columns) - 1)
    parts = [
        cell(content, column.width or max(width - fixed, 1), right=column.right)
        for content, column in zip(cells, columns, strict=True)
    ]
    return GAP.join(parts)


class VirtualTable(Rows):
    """The table. `show` gives it a source whose count is known; `dress` gives it columns."""

    count: reactive[int] = reactive(0)

    def __init__(self, id: str) -> None:  # noqa: A002 - the word of the framework
        super().__init__(id=id)
        self._columns: tuple[Column, ...] = ()
        self._source: RowSource | None = None
        self._pages: dict[int, Sequence[Any]] = {}
        self._asked: set[int] = set()
        self._generation = 0

    def dress(self, columns: tuple[Column, ...]) -> None:
        """Paint with these columns from now on."""
        self._columns = columns
        self.refresh()

    def show(self, source: RowSource, count: int) -> None:
        """Show another source; rows fetched for the one before are dropped, also those still on their way."""
        self._source, self.count = source, count
        self._generation += 1
        self._pages, self._asked = {}, set()
        self.rows_changed()

    def row_count(self) -> int:
        """How many rows there are."""
        return self.count

    def current(self) -> Any:
        """The row under the cursor, None while it is still being fetched or when there is none."""
        return self._row(self.cursor) if self.cursor < self.count else None

    def header(self, width: int) -> Content:
        """The titles above the columns."""
        return titles(self._columns, width)

    def paint(self, index: int, width: int) -> Content:
        """The row of that index, or an ellipsis while it is being fetched."""
        row = self._row(index)
        return Content("  …") if row is None else line(self._columns, row, width)

    def _row(self, index: int) -> Any:
        page, place = divmod(index, PAGE)
        if page not in self._pages:
            self._ask(page)
            return None
        rows = self._pages[page]
        return rows[place] if place < len(rows) else None

    def _ask(self, page: int) -> None:
        if page in self._asked or self._source is None:
            return
        self._asked.add(page)
        fetch = partial(_fetch, self._source, self._generation, page)
        self.run_worker(fetch, thread=True, group="pages", exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Take in a fetched page, or tell the screen that it failed."""
        if event.state is WorkerState.SUCCESS and isinstance(event.worker.result, PageFetched):
            fetched = event.worker.result
            if fetched.generation == self._generation:
                self._pages[fetched.page] = fetched.rows
                self.refresh()
        elif event.state is WorkerState.ERROR and event.worker.error:
            self.post_message(WorkFailed(event.worker.error))


def _fetch(source: RowSource, generation: int, page: int) -> PageFetched:
    return PageFetched(generation, page, source.fetch(page * PAGE, (page + 1) * PAGE))
