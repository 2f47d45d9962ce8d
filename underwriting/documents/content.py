"""What a report says, before it is a page or a print: both are made from these values, so both say the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Row = Mapping[str, object]
Records = Sequence[Row]
Tables = Mapping[str, Records | None]


@dataclass(frozen=True, slots=True)
class Table:
    """Written cells under a caption. `numeric` says of each column whether it is set flush right."""

    caption: str
    head: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis measures, how its numbers are written, and whether it is logarithmic."""

    label: str
    write: Callable[[float], str]
    log: bool = False
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Dot:
    """A row of a dot plot: estimate with interval, perhaps a second value (the prior), a note at the right."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    other: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """Points in order of x in a style of charts.STYLES, with a band or error bars from `low` to `high` where given."""

    label: str
    style: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart as SVG, its reading in words for who cannot see it, its height in inches.

    A wide one takes the whole width of the text; others stand in two columns.
    """

    svg: str
    alt: str
    height: float
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing under a caption."""

    caption: str
    drawing: Drawing


Columns = tuple[tuple[Figure, ...], tuple[Figure, ...]]


def in_columns(figures: Sequence[Figure]) -> Columns:
    """Figures in two columns of about the same height, in order of reading within each."""
    left: list[Figure] = []
    right: list[Figure] = []
    for figure in figures:
        shorter = min((left, right), key=lambda column: sum(f.drawing.height for f in column))
        shorter.append(figure)
    return tuple(left), tuple(right)


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter: what one sees in it ("" when nothing), how to read it, and a sentence on what is missing (or "")."""

    id: str
    title: str
    seen: str
    about: str
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    missing: str = ""

    @property
    def narrow(self) -> tuple[Figure, ...]:
        """The figures that take half the width."""
        return tuple(figure for figure in self.figures if not figure.drawing.wide)

    @property
    def columns(self) -> Columns:
        """The narrow figures in two columns."""
        return in_columns(self.narrow)

    @property
    def wide(self) -> tuple[Figure, ...]:
        """The figures that take the whole width."""
        return tuple(figure for figure in self.figures if figure.drawing.wide)


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding as the reader sees it: its title (or code), what it is about, and what was found."""

    title: str
    subject: str
    message: str


@dataclass(frozen=True, slots=True)
class Gravity:
    """All findings that weigh the same, and what to do about them."""

    severity: str
    title: str
    action: str
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report. `status` is the worst of: clear, read, refer, blocked, unchecked."""

    lang: str
    title: str
    id: str
    status: str
    stamp: str
    verdict: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    findings: tuple[Gravity, ...]
    approvals: Table | None
    sections: tuple[Section, ...]
    glossary: tuple[tuple[str, str], ...]
    words: Mapping[str, str]
