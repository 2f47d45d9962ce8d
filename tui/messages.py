"""What workers bring back and widgets report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

from policies.regimes import Regime
from underwriting.quote import Quote

if TYPE_CHECKING:
    from actuarial.certificate import Certificate
    from tui.audit_view import MetricLine
    from tui.folders import Folder
    from underwriting.constraint_table import ConstraintRow
    from underwriting.curve import DangerCurve
    from underwriting.desk import Desk
    from underwriting.intake.dossier import Submission
    from underwriting.replay import Replay


@dataclass
class DeskOpened(Message):
    """The book is open."""

    desk: Desk


@dataclass
class Counted(Message):
    """How many quotes match, and how many there are."""

    text: str
    matching: int
    total: int


@dataclass
class PageFetched(Message):
    """A page of rows of a table, as asked for in that generation."""

    generation: int
    page: int
    rows: Sequence[object]


@dataclass
class QuoteFound(Message):
    """A quote, and the regime that it was made under."""

    quote: Quote
    regime: Regime


@dataclass
class QuoteMade(Message):
    """A quote of a dossier, not yet saved."""

    quote: Quote


@dataclass
class QuotePriced(Message):
    """The quote with these levers pulled."""

    levers: frozenset[str]
    quote: Quote


@dataclass
class QuoteSaved(Message):
    """The quote is in the book."""


@dataclass
class Replayed(Message):
    """What recomputing the quote gave."""

    replay: Replay


@dataclass
class FileWritten(Message):
    """An export is on disk."""

    path: Path
    records: int


@dataclass
class FoldersFound(Message):
    """Folders that the path in the field may mean, and the dossier folder that it names."""

    typed: str
    folders: tuple[Folder, ...]
    named: Path | None


@dataclass
class DossierChecked(Message):
    """What reading the dossier in the field gave."""

    folder: Path
    submission: Submission


@dataclass
class CertificateMade(Message):
    """What is proved of the tariff in force."""

    certificate: Certificate


@dataclass
class ConstraintsFound(Message):
    """What the regime asks of the tariff in force, and what room is left."""

    rows: tuple[ConstraintRow, ...]


@dataclass
class CurveDrawn(Message):
    """The curve of the quote at that place of the book, which holds so many."""

    place: int
    total: int
    quote: Quote
    curve: DangerCurve


@dataclass
class Measuring(Message):
    """How far the measuring of the book is, in quotes replayed."""

    done: int
    total: int


@dataclass
class MetricsMeasured(Message):
    """The metrics of the book."""

    lines: tuple[MetricLine, ...]


@dataclass
class WorkFailed(Message):
    """A worker raised; whoever owns the screen says so and goes on."""

    error: BaseException
