"""Text in columns for a terminal: tables and paragraphs that keep within a width, whatever letters they hold."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, takewhile, zip_longest

from underwriting.intake.limits import TEXT_LENGTH
from underwriting.intake.text import safe

WIDTH = 100
NARROWEST = 12  # columns that a text keeps when it gives way
GAP = "  "
BREAKS = "_/-"  # a word that is too long is broken behind one of these where it has one


def table(rows: Iterable[Sequence[str]], aligned: str, indent: str = "  ", *, cut: bool = False) -> Iterator[str]:
    """Rows as lines of aligned columns, WIDTH wide at most as far as "~" columns can give way. Cells are made safe.

    `aligned` has for each column "<", ">", or "~": on the left, and wrapped where room is short, or cut with `cut`.
    """
    cells = [[safe(cell, TEXT_LENGTH) for cell in row] for row in rows]
    widths = [max(map(width_of, column)) for column in zip(*cells, strict=True)]
    widths = _narrowed(widths, aligned, WIDTH - len(indent) - len(GAP) * (len(aligned) - 1))
    for row in cells:
        blocks = [[_cut(c, width)] if cut else wrapped(c, width) for c, width in zip(row, widths, strict=True)]
        for line in zip_longest(*blocks, fillvalue=""):
            yield (indent + GAP.join(map(_padded, line, widths, aligned))).rstrip()


def paragraph(text: str, indent: str = "") -> Iterator[str]:
    """Running text as indented lines within WIDTH. It is made safe."""
    return (indent + line for line in wrapped(safe(text, len(text) + 1), WIDTH - len(indent)))


def wrapped(text: str, width: int) -> list[str]:
    """A text as lines of at most `width` columns, broken at spaces, and inside a word only where it is longer."""
    if width_of(text) <= width:
        return [text]
    lines: list[str] = []
    for word in text.split():
        if lines and width_of(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
            continue
        rest = word
        while width_of(rest) > width:
            head = _head(rest, width)
            lines.append(head)
            rest = rest[len(head) :]
        lines.append(rest)
    return lines


def width_of(text: str) -> int:
    """Columns that a terminal gives to a text: two for a wide character, none for a combining one."""
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 0 if unicodedata.combining(character) else 1


def _narrowed(widths: list[int], aligned: str, room: int) -> list[int]:
    """Widths with the widest "~" column narrowed, one column of the terminal at a time, until all fit."""
    left = list(widths)
    giving = [i for i, side in enumerate(aligned) if side == "~" and widths[i] > NARROWEST]
    while sum(left) > room and giving:
        widest = max(giving, key=left.__getitem__)
        left[widest] -= 1
        giving = [i for i in giving if left[i] > NARROWEST]
    return left


def _fitting(text: str, width: int) -> str:
    """The longest start of a text that fits, and at least its first character."""
    return text[: max(sum(1 for _ in takewhile(lambda total: total <= width, accumulate(map(_columns, text)))), 1)]


def _head(word: str, width: int) -> str:
    """As much of a word as fits on a line, up to a good place for a break where there is one."""
    head = _fitting(word, width)
    return head[: max(map(head.rfind, BREAKS)) + 1] or head


def _cut(cell: str, width: int) -> str:
    return cell if width_of(cell) <= width else _fitting(cell, width - 1) + "…"


def _padded(cell: str, width: int, side: str) -> str:
    space = " " * (width - width_of(cell))
    return space + cell if side == ">" else cell + space
