"""The look of every chart: sizes, type, colours that the colour-blind tell apart; a figure as clean SVG."""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter, NullLocator
from matplotlib.transforms import blended_transform_factory

from underwriting.documents.content import Axis

NARROW, WIDE = 4.2, 8.6  # inches: half the text, and the whole of it
MEASURED, DRAWN = 9, 10  # points: space is measured in a broad typeface, so that a narrower one can be set larger
INK, MUTED, RULE = "#1b2430", "#5b6570", "#dfe3e8"  # text, second text (5.9 to 1 on white), grid
# Okabe and Ito's blue, vermilion, green and purple, darkened until each has 4.5 to 1 on white
PALE, FAINT = "#c3d7e6", "#9aa5b1"  # a bar behind a bar, and one of many lines: never alone in what they tell
BLUE, ORANGE, GREEN, PURPLE = "#00609c", "#b04a00", "#007a56", "#96497a"
FACES = (
    "'Libertinus Serif', Charter, 'Bitstream Charter', 'Sitka Text', Cambria, Georgia, 'Liberation Serif', "
    "'Times New Roman', serif"
)
LOG_STEPS = (  # where ticks of a logarithmic axis stand in each decade, the closest first
    (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0),
    (1.0, 1.5, 2.0, 3.0, 5.0, 7.0),
    (1.0, 2.0, 5.0),
    (1.0, 3.0),
    (1.0,),
)
LETTERS_PER_INCH, TICK_GAP = 8, 2  # of written ticks along an axis, with the gap between two of them

SETTINGS: dict[str, Any] = {
    "svg.fonttype": "none",  # letters stay letters: they can be read aloud, searched and scaled
    "font.family": "DejaVu Sans",  # comes with Matplotlib and measures the space; the reader's typeface is FACES
    "font.size": MEASURED,
    "axes.titlesize": MEASURED,
    "axes.labelsize": MEASURED,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": RULE,
    "grid.linewidth": 0.7,
    "text.color": INK,
    "text.usetex": False,
    "text.parse_math": False,  # a name with a dollar sign is a name
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "xtick.major.width": 0.7,
    "legend.frameon": False,
    "legend.fontsize": MEASURED,
    "legend.handlelength": 1.8,
    "legend.columnspacing": 1.2,
    "legend.borderpad": 0.0,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.04,
    "figure.constrained_layout.w_pad": 0.04,
}


@contextmanager
def canvas(width: float, height: float, name: str) -> Iterator[Figure]:
    """An empty figure in the house style; `name` seeds the identifiers within its SVG."""
    settings: Any = {**SETTINGS, "svg.hashsalt": name}
    with mpl.rc_context(settings):
        yield Figure(figsize=(width, height))


def scale(axes: Axes, which: str, axis: Axis) -> None:
    """Give the x or y axis its label, scale, limits and written numbers."""
    part = axes.xaxis if which == "x" else axes.yaxis
    if axis.log:
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    if axis.low is not None or axis.high is not None:
        (axes.set_xlim if which == "x" else axes.set_ylim)(axis.low, axis.high)
    if which == "x":
        axes.set_xlabel(axis.label)
    else:  # above the axis, where it is read level
        left = blended_transform_factory(axes.figure.transFigure, axes.transAxes)
        axes.text(0, 1.06, axis.label, transform=left, color=MUTED)
    part.set_major_locator(
        _log_ticks(axes, which, axis.write) if axis.log else MaxNLocator(5, steps=[1, 2, 2.5, 5, 10])
    )
    part.set_major_formatter(FuncFormatter(lambda value, _: axis.write(value)))
    part.set_minor_formatter(NullFormatter())
    part.set_minor_locator(NullLocator())


def _log_ticks(axes: Axes, which: str, write: Callable[[float], str]) -> FixedLocator:
    """Ticks as close as their written numbers allow; where even decades are too close, every other one or fewer."""
    low, high = axes.get_xlim() if which == "x" else axes.get_ylim()
    box = axes.figure.bbox
    room = LETTERS_PER_INCH * (box.width if which == "x" else box.height) / axes.figure.dpi
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    closest = [[step * 10.0**decade for decade in decades for step in steps] for steps in LOG_STEPS]
    wider = [[10.0**decade for decade in decades if decade % apart == 0] for apart in range(2, len(decades) + 2)]
    for ticks in (*closest, *wider):
        shown = [tick for tick in ticks if low <= tick <= high]
        taken = sum((len(write(tick)) if which == "x" else 1) + TICK_GAP for tick in shown)
        if taken <= room:
            return FixedLocator(shown)
    return FixedLocator([])


def svg_of(figure: Figure, name: str) -> str:
    """The figure as one <svg> element without prologue, metadata or date; identifiers unique by `name`, type FACES."""
    target = io.StringIO()
    empty = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with warnings.catch_warnings():
        # the measuring typeface may lack a letter of a name; the reader's typefaces draw it
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font", UserWarning)
        figure.savefig(target, format="svg", metadata=empty, transparent=True)
    text = target.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r' id="[A-Za-z][\w.]*?_\d+"', "", text)
    text = re.sub(r"(?<=<!--).*?(?=-->)", "", text, flags=re.DOTALL).replace("<!---->", "")
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r"(url\(#|href=\"#)", rf"\g<1>{name}-", text)
    text = re.sub(r"\s*<defs>\s*<style.*?</style>\s*</defs>", "", text, flags=re.DOTALL)  # would rule the whole page
    text = text.replace(f"font-size: {MEASURED}px", f"font-size: {DRAWN}px").replace("'DejaVu Sans'", FACES)
    text = text.replace("<svg ", '<svg stroke-linejoin="round" ', 1)
    return re.sub(r"\n\s*\n", "\n", text).strip()
