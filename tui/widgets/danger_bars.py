"""The danger score of a system per peril, as bars left (safer) and right (more dangerous) of the market."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content

from policies.perils import PERILS
from tui import formatting
from tui.labels import peril_label
from tui.texts import Lang
from tui.widgets.rows import cell

HALF = 4  # cells on either side of the market
SCALE = 2.0  # the z at which a bar is full
VALUE = 5


def danger_bars(danger: Mapping[str, float], width: int, lang: Lang) -> Content:
    """A line per peril: code, title, bar around zero, z."""
    label_width = max(width - 2 * HALF - 1 - VALUE - 6, 3)
    return Content("\n").join(
        Content.assemble(
            (f"{peril} ", "$muted"),
            cell(peril_label(peril, lang), label_width),
            " ",
            danger_bar(danger[peril]),
            cell(formatting.signed(danger[peril], lang), VALUE, right=True),
        )
        for peril in PERILS
        if peril in danger
    )


def danger_bar(z: float) -> Content:
    """The bar of one score, 2 * HALF + 1 cells wide, cut at SCALE."""
    halves = min(round(abs(z) / SCALE * HALF * 2), HALF * 2)
    full, rest = divmod(halves, 2)
    if z >= 0:
        return Content.assemble((" " * HALF + "│", "$muted"), (("█" * full + "▌" * rest).ljust(HALF), "$warning"))
    return Content.assemble((("▐" * rest + "█" * full).rjust(HALF), "$success"), ("│" + " " * HALF, "$muted"))
