"""A list of one-line rows with a cursor: paints the rows in view and no others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style
from textual.visual import Visual

MARGIN = 1  # between a row and the scroll bar


class Rows(ScrollView, can_focus=True, inherit_bindings=False):
    """Base of the lists. A subclass says how many rows there are and paints one; `cursor` is the row pointed at."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--cursor"}
    DEFAULT_CSS = """
    Rows { overflow-x: hidden; background: $background; }
    Rows > .rows--cursor { background: $panel; color: $foreground; text-style: bold; }
    Rows:focus > .rows--cursor {
        background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold;
    }
    """

    cursor: reactive[int] = reactive(0)

    @dataclass
    class Pointed(Message):
        """The cursor stands on another row."""

        rows: Rows

    @dataclass
    class Chosen(Message):
        """The row under the cursor was clicked."""

        rows: Rows

    def row_count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def paint(self, index: int, width: int) -> Content:
        """The row of that index, at most `width` cells wide."""
        raise NotImplementedError

    def rows_changed(self) -> None:
        """Call when the rows are others: the scroll range and the cursor follow."""
        self.virtual_size = Size(0, self.row_count())  # lays out anew only when it differs
        self.cursor = min(self.cursor, max(self.row_count() - 1, 0))
        self.refresh()

    def move(self, step: int) -> None:
        """Move the cursor so many rows, stopping at the ends."""
        self.cursor = min(max(self.cursor + step, 0), max(self.row_count() - 1, 0))

    def page(self) -> int:
        """How many rows a page holds."""
        return max(self.scrollable_content_region.height - 1, 1)

    def watch_cursor(self, old: int, new: int) -> None:
        """Keep the cursor in view."""
        self.scroll_to_region(Region(0, new, 1, 1), animate=False)
        self.refresh_line(old)
        self.refresh_line(new)
        self.post_message(self.Pointed(self))

    def on_click(self, event: events.Click) -> None:
        """First click points, the next one chooses."""
        offset = event.get_content_offset(self)
        index = round(self.scroll_y) + offset.y if offset else -1
        if not 0 <= index < self.row_count():
            return
        if index == self.cursor:
            self.post_message(self.Chosen(self))
        self.cursor = index

    def render_line(self, y: int) -> Strip:
        """The strip at line `y` of the view."""
        index, width = y + round(self.scroll_y), self.scrollable_content_region.width
        style = self.visual_style
        if index >= self.row_count():
            return Strip.blank(width, style.rich_style)
        content = self.paint(index, max(width - MARGIN, 1))
        if index == self.cursor and (self.has_focus or self.keeps_cursor()):
            style += Style.from_styles(self.get_component_styles("rows--cursor"))
            content = Content(content.plain)  # colours chosen for the background would not show on the cursor
        strips = Visual.to_strips(self, content, width, 1, style, pad=True)
        return strips[0] if strips else Strip.blank(width, style.rich_style)

    def keeps_cursor(self) -> bool:
        """Whether the cursor shows while another widget has the focus."""
        return False


def cell(text: Content | str, width: int, style: str = "", *, right: bool = False) -> Content:
    """The text in exactly `width` cells, cut with an ellipsis or padded; wide characters count double."""
    content = Content.styled(text, style) if isinstance(text, str) else text.stylize(style)
    cut = content.truncate(width, ellipsis=True)
    gap = max(width - cut.cell_length, 0)
    return cut.pad_left(gap) if right else cut.pad_right(gap)


def hanging(head: Content, text: Content, width: int) -> Content:
    """The text after a head of its own width, wrapped so that every line begins under the first."""
    lines = text.wrap(max(width - head.cell_length, 1))
    blank = Content(" " * head.cell_length)
    return Content("\n").join((head if number == 0 else blank) + line for number, line in enumerate(lines))
