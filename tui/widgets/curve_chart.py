"""The premium against danger as a chart in braille dots: eight to a cell, without a plot library."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from textual.content import Content

from policies.money import CENTS_PER_EURO, Money
from tui import formatting
from tui.texts import Lang, say
from tui.widgets.words import Words

if TYPE_CHECKING:
    from underwriting.curve import DangerCurve

BLANK = 0x2800
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # bits of a braille cell by row and column
DOWN, ACROSS = len(DOTS), len(DOTS[0])
ROUND = (1, 2, 5, 10)  # a scale steps by these times a power of ten
ROWS_A_TICK = 3
AROUND = 4  # lines around the plot: the name of each axis, the line below and its figures
LEAST_WIDTH, LEAST_HEIGHT = 40, 4  # of the plot, in cells: the name of its axis fits; below it there is no chart
CURVE, FLOOR, TODAY, GUIDE = "$primary", "$warning", "bold $accent", "$muted"
FLOOR_MARK, TODAY_MARK, GUIDE_MARK = "┄", "●", "┊"

Cell = tuple[str, str]  # character, style


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the curve is drawn: `width` x `height` cells, z from `left` to `right`, euros from 0 to `top`."""

    width: int
    height: int
    left: float
    right: float
    top: float

    def column(self, z: float) -> int:
        """The column of dots of a shift."""
        return round((z - self.left) / (self.right - self.left) * (self.width * ACROSS - 1))

    def row(self, euros: float) -> int:
        """The row of dots of an amount, counted from above."""
        return round((1.0 - euros / self.top) * (self.height * DOWN - 1))


class CurveChart(Words, can_focus=True):
    """The chart, drawn anew whenever its size changes."""

    def __init__(self, id: str) -> None:  # noqa: A002 - the word of the framework
        super().__init__(id=id)
        self._shown: tuple[DangerCurve, Lang] | None = None

    def show(self, curve: DangerCurve, lang: Lang) -> None:
        """Show this curve."""
        self._shown = (curve, lang)
        self.on_resize()

    def on_resize(self) -> None:
        """Draw to the size there is."""
        if self._shown and self.size.width:
            self.put(chart(*self._shown, self.size.width, self.size.height))


def chart(curve: DangerCurve, lang: Lang, width: int, height: int) -> Content:
    """The curve in `width` x `height` cells with both axes, the minimum premium and today; empty where it is smaller
    than a chart can be."""
    points = [(z, due.cents / CENTS_PER_EURO) for z, due in curve.points]
    plot = height - AROUND
    step = round_step(max(euros for _, euros in points), max(plot // ROWS_A_TICK, 1))
    top = step * max(-(-max(euros for _, euros in points) // step), 1)
    ticks = [step * number for number in range(round(top / step) + 1)]
    labels = [formatting.whole(Money.euros(round(tick)), lang) for tick in ticks]
    gutter = max(len(label) for label in labels)
    frame = Frame(width - gutter - 1, plot, points[0][0], points[-1][0], top)
    if frame.width < LEAST_WIDTH or frame.height < LEAST_HEIGHT:
        return Content()
    at = {frame.row(tick) // DOWN: label for tick, label in zip(ticks, labels, strict=True)}
    cells = _plotted(frame, points, curve.floor.cents / CENTS_PER_EURO)
    lines = [
        Content.assemble((at.get(row, "").rjust(gutter), "$muted"), ("┤" if row in at else "│", GUIDE), *_runs(line))
        for row, line in enumerate(cells)
    ]
    names = (
        Content.styled(say("audit.due_axis", lang).rjust(gutter), "$muted"),
        Content.styled(say("audit.danger_axis", lang).rjust(width), "$muted"),
    )
    return Content("\n").join([names[0], *lines, *_axis(frame, gutter, lang), names[1]])


def round_step(most: float, parts: int) -> float:
    """The least round number of whole euros that reaches `most` in so many steps."""
    power = 1.0
    while True:
        for factor in ROUND[:-1]:
            if factor * power * parts >= most:
                return factor * power
        power *= ROUND[-1]


def _plotted(frame: Frame, points: list[tuple[float, float]], floor: float) -> list[list[Cell]]:
    """The cells of the plot, row by row: the curve before today's mark, the minimum and the guide."""
    dots = _dots(frame, points)
    today = next((euros for z, euros in points if z == 0.0), None)
    column, floor_row = frame.column(0.0) // ACROSS, frame.row(floor) // DOWN
    today_row = None if today is None else frame.row(today) // DOWN

    def cell(row: int, place: int) -> Cell:
        if place == column and row == today_row:
            return TODAY_MARK, TODAY
        if bits := dots.get((row, place)):
            return chr(BLANK + bits), CURVE
        if row == floor_row:
            return FLOOR_MARK, FLOOR
        return (GUIDE_MARK, GUIDE) if place == column else (" ", "")

    return [[cell(row, place) for place in range(frame.width)] for row in range(frame.height)]


def _dots(frame: Frame, points: list[tuple[float, float]]) -> dict[tuple[int, int], int]:
    """The bits of each cell that the curve passes through; steep parts are filled so that it stays one line."""
    bits: dict[tuple[int, int], int] = {}
    before = None
    for column, row in _traced(frame, points):
        last = row if before is None else before
        for dot in range(min(row, last + (row > last)), max(row, last - (row < last)) + 1):
            cell = (dot // DOWN, column // ACROSS)
            bits[cell] = bits.get(cell, 0) | DOTS[dot % DOWN][column % ACROSS]
        before = row
    return bits


def _traced(frame: Frame, points: list[tuple[float, float]]) -> Iterator[tuple[int, int]]:
    """Column and row of dots of the curve, a point per column, straight between the points given."""
    place = 0
    for column in range(frame.width * ACROSS):
        z = frame.left + (frame.right - frame.left) * column / (frame.width * ACROSS - 1)
        while place < len(points) - 2 and points[place + 1][0] < z:
            place += 1
        (low, under), (high, over) = points[place], points[place + 1]
        yield column, frame.row(under + (over - under) * (z - low) / (high - low))


def _axis(frame: Frame, gutter: int, lang: Lang) -> Iterator[Content]:
    """The horizontal axis and the shifts under it, whole standard steps."""
    whole = range(round(frame.left), round(frame.right) + 1)
    marks = {frame.column(z) // ACROSS: formatting.step(z, lang) for z in whole}
    line = "".join("┬" if place in marks else "─" for place in range(frame.width))
    yield Content.styled(" " * gutter + "└" + line, GUIDE)
    figures = [" "] * (gutter + 1 + frame.width)
    for place, label in marks.items():
        start = min(max(gutter + 1 + place - len(label) // 2, 0), len(figures) - len(label))
        figures[start : start + len(label)] = label
    yield Content.styled("".join(figures), "$muted")


def _runs(cells: list[Cell]) -> Iterator[Cell]:
    """Neighbouring cells of one style as one text."""
    for style, run in groupby(cells, key=lambda cell: cell[1]):
        yield "".join(character for character, _ in run), style
