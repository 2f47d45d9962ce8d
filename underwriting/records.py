"""Records: what the book keeps of quotes and calibrations, as values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from policies.digest import sha256_hex
from policies.money import Money
from underwriting.quote import Decision, Quote


class Kind(StrEnum):
    """What an artefact holds."""

    PROFILE = "profile"
    REGIME = "regime"
    CALIBRATION = "calibration"
    QUOTE = "quote"


@dataclass(frozen=True, slots=True)
class Artefact:
    """Text that is written once, under the digest of its bytes."""

    sha256: str
    kind: Kind
    content: str


def artefact(kind: Kind, content: str) -> Artefact:
    """An artefact named by its content."""
    return Artefact(sha256_hex(content.encode()), kind, content)


@dataclass(frozen=True, slots=True)
class QuoteRow:
    """What a list shows of a quote. The firm's name is as declared: make it safe before it meets a screen."""

    id: str
    firm: str
    obliged_class: str
    limit: Money
    due: Money
    decision: Decision
    at: date
    inception: date


@dataclass(frozen=True, slots=True)
class Entry:
    """One quote in the book: its row, and the digests of the artefacts that replay it."""

    row: QuoteRow
    kvk: str
    profile_sha256: str
    regime_sha256: str
    calibration_sha256: str
    content_sha256: str
    saved_at: date


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """A calibration that can be put in force: who fitted it, on which day, from which prior and under which regime.

    The three digests are empty for one that ships with the program: it has no validation.
    """

    sha256: str
    prior_sha256: str
    regime_sha256: str
    validation_sha256: str
    fitted_by: str
    fitted_at: date


@dataclass(frozen=True, slots=True)
class Approval:
    """One approval. `number` counts them in the order in which they were given; it decides between two of one day."""

    number: int
    calibration_sha256: str
    approved_by: str
    reason: str
    effective_from: date
    approved_at: date


def in_force(approvals: Iterable[Approval], day: date) -> Approval | None:
    """The approval that holds on a day: the latest to take effect, and of those of one day the last one given."""
    taken = (approval for approval in approvals if approval.effective_from <= day)
    return max(taken, key=lambda approval: (approval.effective_from, approval.number), default=None)


def row_of(quote: Quote) -> QuoteRow:
    """The row of a quote."""
    return QuoteRow(
        id=quote.id,
        firm=quote.profile.firm.name,
        obliged_class=quote.obliged_class,
        limit=quote.profile.cover.terms.limit,
        due=quote.breakdown.due,
        decision=quote.decision,
        at=quote.at,
        inception=quote.profile.cover.inception,
    )
