"""The table fetches what comes into view, once, and never shows a row of another source."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from threading import Event

from textual.app import App, ComposeResult
from textual.content import Content
from textual.pilot import Pilot

from tui.messages import WorkFailed
from tui.widgets.rows import cell, hanging
from tui.widgets.virtual_table import PAGE, Column, VirtualTable

COLUMNS = (
    Column("name", Content),
    Column("size", lambda row: Content(str(len(row))), 6, right=True),
    Column("wide only", lambda _: Content("extra"), 9, from_width=100),
)


class Numbers:
    """Rows "n 0", "n 1" and so on; remembers what was fetched."""

    def __init__(self, size: int, name: str = "n", gate: Event | None = None) -> None:
        self.size, self.name, self.gate = size, name, gate
        self.fetched: list[tuple[int, int]] = []

    def count(self) -> int:
        return self.size

    def fetch(self, start: int, stop: int) -> Sequence[str]:
        self.fetched.append((start, stop))
        if self.gate:
            self.gate.wait(5)
        return [f"{self.name} {n}" for n in range(start, min(stop, self.size))]


class Broken(Numbers):
    def fetch(self, *_: int) -> Sequence[str]:
        raise OSError("the disk is gone")


class TableApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.failures: list[BaseException] = []

    def compose(self) -> ComposeResult:
        yield VirtualTable(id="table")

    def on_work_failed(self, event: WorkFailed) -> None:
        self.failures.append(event.error)


def text(pilot: Pilot[None]) -> str:
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


async def settled(pilot: Pilot[None], condition: object) -> None:
    for _ in range(400):
        await pilot.pause()
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError(text(pilot))


def with_table(script: object, size: tuple[int, int] = (60, 20)) -> None:
    async def main() -> None:
        async with TableApp().run_test(size=size) as pilot:
            table = pilot.app.query_one(VirtualTable)
            table.dress(COLUMNS)
            await script(pilot, table)

    asyncio.run(main())


def test_only_pages_in_view_are_fetched() -> None:
    source = Numbers(100_000)

    async def script(pilot: Pilot[None], table: VirtualTable) -> None:
        table.show(source, source.count())
        await settled(pilot, lambda: "n 0 " in text(pilot))
        table.move(10**9)
        await settled(pilot, lambda: "n 99999" in text(pilot))
        assert table.current() == "n 99999"
        table.move(-(10**9))
        await settled(pilot, lambda: "n 0 " in text(pilot))

    with_table(script)
    assert sorted(source.fetched) == [(0, PAGE), (99_900, 100_000)]


def test_rows_of_an_older_source_are_dropped() -> None:
    gate = Event()
    slow, quick = Numbers(5, "old", gate), Numbers(3, "new")

    async def script(pilot: Pilot[None], table: VirtualTable) -> None:
        table.show(slow, 5)
        await settled(pilot, lambda: bool(slow.fetched))
        assert table.current() is None
        table.show(quick, 3)
        await settled(pilot, lambda: "new 0" in text(pilot))
        gate.set()
        await settled(pilot, lambda: not any(worker.is_running for worker in pilot.app.workers))
        assert "old" not in text(pilot)
        assert table.current() == "new 0"

    with_table(script)


def test_failure_to_fetch_is_reported() -> None:
    async def script(pilot: Pilot[None], table: VirtualTable) -> None:
        app = pilot.app
        assert isinstance(app, TableApp)
        table.show(Broken(5), 5)
        await settled(pilot, lambda: bool(app.failures))
        assert str(app.failures[0]) == "the disk is gone"

    with_table(script)


def test_cursor_stays_within_fewer_rows() -> None:
    async def script(pilot: Pilot[None], table: VirtualTable) -> None:
        table.show(Numbers(50), 50)
        table.move(49)
        table.show(Numbers(3), 3)
        assert table.cursor == 2
        table.show(Numbers(0), 0)
        assert table.cursor == 0
        assert table.current() is None
        table.move(1)
        assert table.cursor == 0

    with_table(script)


def test_columns_follow_the_width() -> None:
    async def script(pilot: Pilot[None], table: VirtualTable) -> None:
        assert "wide only" not in table.header(60).plain
        assert "wide only" in table.header(120).plain
        assert table.header(60).cell_length == 60
        assert table.header(120).cell_length == 120

    with_table(script)


def test_click_points_and_second_click_chooses() -> None:
    chosen: list[int] = []

    async def script(pilot: Pilot[None], table: VirtualTable) -> None:
        table.show(Numbers(10), 10)
        await settled(pilot, lambda: "n 4" in text(pilot))
        original = table.post_message
        table.post_message = lambda message: (
            chosen.append(table.cursor) if isinstance(message, VirtualTable.Chosen) else None,
            original(message),
        )[1]
        await pilot.click(VirtualTable, offset=(3, 4))
        assert (table.cursor, chosen) == (4, [])
        await pilot.click(VirtualTable, offset=(3, 4))
        assert chosen == [4]
        await pilot.click(VirtualTable, offset=(3, 15))
        assert (table.cursor, chosen) == (4, [4])

    with_table(script)


def test_cell_counts_wide_characters_double() -> None:
    assert cell("保険", 6).plain == "保険  "
    assert cell("保険会社", 5).cell_length == 5
    assert cell("abcdef", 4).plain == "abc…"
    assert cell("ab", 4, right=True).plain == "  ab"


def test_hanging_text_begins_under_itself() -> None:
    lines = hanging(Content("head  "), Content("one two three four"), 16).plain.splitlines()
    assert lines == ["head  one two", "      three four"]
