"""A line to type in that takes no character the screen cannot show."""

from __future__ import annotations

from textual.widgets import Input

# Controls (C0, DEL, C1), soft hyphen, zero width, bidirectional marks, line separators, joiners, BOM.
SEEN = "[^\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*"


class Entry(Input):
    """An input without blinking cursor."""

    def __init__(self, id: str, compact: bool = False) -> None:  # noqa: A002 - the word of the framework
        super().__init__(id=id, compact=compact, restrict=SEEN)
        self.cursor_blink = False
