"""Charts from plain values: dots with intervals, curves, bars, a heat map. Each returns SVG and its reading in words.

The one place, with drawing.py, that loads Matplotlib: import it only when a report is made.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.transforms import blended_transform_factory

from underwriting.documents.content import Axis, Curve, Dot, Drawing
from underwriting.documents.drawing import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    MUTED,
    NARROW,
    ORANGE,
    PALE,
    PURPLE,
    WIDE,
    canvas,
    scale,
    svg_of,
)
from underwriting.intake.text import safe

ROW_HEIGHT, AXIS_HEIGHT, LEGEND_HEIGHT = 0.21, 0.5, 0.24  # inches of a row of dots, of the axis, of the legend
BAR_HEIGHT = 0.19
CURVE_HEIGHT = 2.9
CELL_HEIGHT = 0.3
LEGEND_LETTERS, HANDLE_LETTERS = 58, 6  # letters that fit above a narrow frame; room of a mark and its gap
LONGEST_LABEL, NARROW_LABEL = 44, 28  # letters of a label at all, and in half the width
TOLD_AT_MOST = 30  # values read out in the words of a chart
DARK_CELL = 0.55  # from this share of the deepest blue on, a cell's number is white
STYLES: dict[str, dict[str, Any]] = {
    "actual": {"color": INK, "marker": "o", "markersize": 4, "linestyle": "none"},
    "steps": {"color": INK, "linewidth": 1.4, "drawstyle": "steps-post"},
    "fitted": {"color": BLUE, "linewidth": 1.8},
    "champion": {"color": ORANGE, "linewidth": 1.6, "linestyle": (0, (5, 2))},
    "third": {"color": GREEN, "linewidth": 1.6, "linestyle": (0, (7, 2, 1.5, 2))},
    "fourth": {"color": PURPLE, "linewidth": 1.6, "linestyle": (0, (1.5, 1.5))},
    "reference": {"color": MUTED, "linewidth": 0.9, "linestyle": (0, (2, 2))},
    "faint": {"color": FAINT, "linewidth": 0.9},
}


def dots(
    name: str,
    rows: Sequence[Dot],
    axis: Axis,
    main: str,
    other: str = "",
    reference: float | None = None,
    wide: bool = False,
) -> Drawing:
    """Horizontal dots with intervals, the first row on top; `main` and `other` name the two kinds of mark.

    Long labels take the whole width even where `wide` does not ask for it.
    """
    wide = wide or max((len(row.label) for row in rows), default=0) > NARROW_LABEL
    twofold = any(row.other is not None for row in rows)
    height = AXIS_HEIGHT + LEGEND_HEIGHT * twofold + ROW_HEIGHT * len(rows)
    with canvas(WIDE if wide else NARROW, height, name) as figure:
        axes = figure.subplots()
        at = np.arange(len(rows))[::-1]
        _marks(axes, at, rows, main, other)
        scale(axes, "x", axis)
        if reference is not None:
            axes.axvline(reference, color=INK, linewidth=0.8, zorder=0.5)
        _rows(axes, at, rows)
        if twofold:
            _legend(axes)
        svg = svg_of(figure, name)
    return Drawing(svg, _told(rows, axis.write), height, wide)


def _marks(axes: Axes, at: np.ndarray[Any, Any], rows: Sequence[Dot], main: str, other: str) -> None:
    """Intervals, then the other values, then the values themselves on top."""
    for y, row in zip(at, rows, strict=True):
        if row.low is not None and row.high is not None:
            axes.plot([row.low, row.high], [y, y], color=BLUE, linewidth=1.5, solid_capstyle="butt")
    seconds = [(row.other, y) for y, row in zip(at, rows, strict=True) if row.other is not None]
    if seconds:
        style: dict[str, Any] = {
            "marker": "D",
            "markersize": 4.6,
            "markerfacecolor": "white",
            "markeredgewidth": 1.1,
        }
        axes.plot(*zip(*seconds, strict=True), color=ORANGE, linestyle="none", label=other, **style)
    firsts = [(row.value, y) for y, row in zip(at, rows, strict=True) if row.value is not None]
    if firsts:
        axes.plot(*zip(*firsts, strict=True), color=BLUE, linestyle="none", marker="o", markersize=5, label=main)


def _rows(axes: Axes, at: np.ndarray[Any, Any], rows: Sequence[Dot]) -> None:
    axes.set_yticks(list(at), [_cut(row.label) for row in rows])
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.spines["left"].set_visible(False)
    for y, row in zip(at, rows, strict=True):
        if row.note:
            place: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "va": "center", "ha": "left"}
            axes.annotate(row.note, (1.02, float(y)), color=MUTED, annotation_clip=False, **place)


def _cut(label: str) -> str:
    """A label that leaves room for the chart, without letters that no SVG may hold."""
    return safe(label, LONGEST_LABEL)


def _told(rows: Sequence[Dot], write: Callable[[float], str]) -> str:
    """The rows as words: "A5 1.2 (0.9 – 1.5); A6 ..."."""
    parts = []
    for row in rows[:TOLD_AT_MOST]:
        value = "–" if row.value is None else write(row.value)
        known = row.low is not None and row.high is not None
        parts.append(f"{row.label} {value}" + (f" ({write(row.low)} – {write(row.high)})" if known else ""))  # type: ignore[arg-type]
    return "; ".join(parts) + ("; …" if len(rows) > TOLD_AT_MOST else "")


def curves(name: str, lines: Sequence[Curve], x: Axis, y: Axis, reference: float | None = None) -> Drawing:
    """Curves, steps and points in one frame, the legend above; the words tell the ends of each."""
    with canvas(NARROW, CURVE_HEIGHT, name) as figure:
        axes = figure.subplots()
        for line in lines:
            _draw(axes, line)
        if reference is not None:
            axes.axhline(reference, color=INK, linewidth=0.8, zorder=0.5)
        scale(axes, "x", x)
        scale(axes, "y", y)
        axes.spines["left"].set_visible(False)
        axes.grid(visible=False, axis="x")
        _legend(axes, lift=0.12)
        svg = svg_of(figure, name)
    ends = [
        f"{line.label}: {x.write(line.x[0])} {y.write(line.y[0])} … {x.write(line.x[-1])} {y.write(line.y[-1])}"
        for line in lines
        if len(line.x) and not line.label.startswith("_")
    ]
    return Drawing(svg, f"{x.label}, {y.label}. " + "; ".join(ends), CURVE_HEIGHT)


def _draw(axes: Axes, line: Curve) -> None:
    style = STYLES[line.style]
    values = np.asarray(line.y, dtype=float)
    axes.plot(line.x, values, label=line.label, zorder=3, **style)
    if not len(line.low):
        return
    low, high = np.asarray(line.low, dtype=float), np.asarray(line.high, dtype=float)
    if style.get("linestyle") == "none":
        axes.vlines(line.x, low, high, color=style["color"], linewidth=1.1, zorder=2.5)
    else:
        steps: dict[str, Any] = {"step": "post"} if "drawstyle" in style else {}
        axes.fill_between(line.x, low, high, color=style["color"], alpha=0.13, linewidth=0, **steps)


def bars(
    name: str,
    labels: Sequence[str],
    groups: Sequence[tuple[str, Sequence[float]]],
    axis: Axis,
    write: Callable[[float], str],
    overlaid: bool = False,
) -> Drawing:
    """Horizontal bars with their numbers by `write`, the first label on top.

    Two groups stand below each other, or `overlaid`: the second a pale bar behind the first, whose number stands alone.
    """
    lanes = 1 if overlaid else len(groups)
    height = AXIS_HEIGHT + LEGEND_HEIGHT + (BAR_HEIGHT * lanes + 0.06) * len(labels)
    thick = 0.8 / lanes
    with canvas(WIDE, height, name) as figure:
        axes = figure.subplots()
        at = np.arange(len(labels))[::-1].astype(float)
        for number, (label, values) in enumerate(groups):
            middle = at if overlaid else at + (lanes - 1 - 2 * number) * thick / 2
            color = PALE if overlaid and number else (BLUE, ORANGE)[number]
            drawn = axes.barh(middle, values, height=thick * 0.86, color=color, label=label, zorder=2 - number)
            if not overlaid:
                axes.bar_label(drawn, [write(value) for value in values], padding=3, color=INK)
        if overlaid:
            told = [write(value) for value in groups[0][1]]
            axes.bar_label(drawn, told, padding=3, color=INK)
        scale(axes, "x", axis)
        axes.margins(x=0.12, y=0.02)
        axes.set_yticks(list(at), [_cut(label) for label in labels])
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        _legend(axes)
        svg = svg_of(figure, name)
    words = [
        f"{label}: " + ", ".join(f"{group} {write(values[n])}" for group, values in groups)
        for n, label in enumerate(labels)
    ]
    return Drawing(svg, "; ".join(words), height, wide=True)


def heat_map(
    name: str, rows: Sequence[str], columns: Sequence[str], shares: np.ndarray[Any, Any], write: Callable[[float], str]
) -> Drawing:
    """Shares (R, C) in [0, 1] as shades with their numbers; an empty share (NaN or 0) stays white."""
    height = 0.6 + CELL_HEIGHT * len(rows)
    shares = np.nan_to_num(shares)
    top = max(float(shares.max()), 1e-9)
    with canvas(WIDE, height, name) as figure:
        axes = figure.subplots()
        for (r, c), share in np.ndenumerate(shares):
            box = Rectangle((c - 0.5, r - 0.5), 1, 1, facecolor=_shade(share / top), edgecolor="white", linewidth=1)
            axes.add_patch(box)
            if share > 0:
                color = "white" if share / top > DARK_CELL else INK
                axes.text(c, r, write(float(share)), ha="center", va="center", color=color)
        axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
        axes.set_xticks(range(len(columns)), [_cut(column) for column in columns])
        axes.set_yticks(range(len(rows)), [_cut(row) for row in rows])
        axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
        axes.spines[:].set_visible(False)
        axes.grid(visible=False)
        svg = svg_of(figure, name)
    best = [f"{row}: {columns[int(np.argmax(line))]} {write(float(line.max()))}" for row, line in zip(rows, shares)]  # noqa: B905
    return Drawing(svg, "; ".join(best), height, wide=True)


def _shade(depth: float) -> tuple[float, float, float]:
    """From white to blue; the root makes small shares visible."""
    blue = [int(BLUE[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    weight = math.sqrt(depth) if depth > 0 else 0.0
    red, green, deep = (1 - weight * (1 - part) for part in blue)
    return red, green, deep


def _legend(axes: Axes, lift: float = 0.0) -> None:
    """The legend above the frame, flush with the left edge of the figure."""
    handles, labels = axes.get_legend_handles_labels()
    if not handles:
        return
    fits = sum(map(len, labels)) + HANDLE_LETTERS * len(labels) <= LEGEND_LETTERS
    beside = len(labels) if fits else max(1, LEGEND_LETTERS // (max(map(len, labels)) + HANDLE_LETTERS))
    place = blended_transform_factory(axes.figure.transFigure, axes.transAxes)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1 + lift), bbox_transform=place, ncols=beside, borderaxespad=0.3)
