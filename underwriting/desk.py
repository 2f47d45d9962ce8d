"""The desk: the verbs a screen, a command or a script calls. The composition root; it alone hands out the clock."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from actuarial.calibration import Calibration, parse_calibration, shipped_calibration
from policies.findings import BadInputError, Severity, WaarborgError
from policies.regimes import Regime, load_regime, parse_regime
from underwriting import archive, settings
from underwriting.intake.dossier import Submission, read_dossier
from underwriting.quote import Quote
from underwriting.records import Artefact, Kind, QuoteRow
from underwriting.replay import Replay, compare

if TYPE_CHECKING:
    from underwriting.store import Store

WHAT_IF = "what-if "  # before the id of a quote that is not of a dossier as it was read

__all__ = ["Desk", "QuoteRow", "Replay", "open_desk"]


def open_desk(book: Path | None = None, *, regime: str | None = None, today: Callable[[], date] = date.today) -> Desk:
    """A desk over a book, by default the user's own, under a regime, by default the one of the settings.

    Nothing is opened or created until a verb needs it: reading never creates a book, saving does.
    Raises NotFoundError for an unknown regime.
    """
    return Desk(book or settings.book_path(), load_regime(regime or settings.regime_id()), today)


class Desk:
    """What an underwriter does. Every verb raises WaarborgError with one clear line when it cannot."""

    def __init__(self, book: Path, regime: Regime, today: Callable[[], date]) -> None:
        self.book = book
        self.regime = regime
        self.today = today
        self._open: Store | None = None

    @cached_property
    def calibration(self) -> Calibration:
        """The calibration in force."""
        return shipped_calibration()

    def read(self, folder: Path | str, at: date | None = None) -> Submission:
        """The dossier in a folder as of a day, today by default: a profile and findings, or findings alone."""
        return read_dossier(Path(folder), self.regime, at or self.today())

    def quote(self, folder: Path | str, at: date | None = None) -> Quote:
        """The quote for the dossier in a folder. Raises BadInputError with every error at once."""
        from underwriting.quoting import quote  # noqa: PLC0415 - SciPy costs 0.3 s, and a list does without

        at = at or self.today()
        submission = self.read(folder, at)
        if submission.profile is None:
            raise BadInputError(f for f in submission.findings if f.severity is Severity.ERROR)
        return quote(submission.profile, submission.findings, at, self.regime, self.calibration)

    def what_if(self, quote: Quote, lever_ids: frozenset[str]) -> Quote:
        """The same firm with these levers pulled, under the quote's own regime and calibration. It cannot be saved."""
        from underwriting.quoting import what_if  # noqa: PLC0415 - SciPy costs 0.3 s, and a list does without

        changed = what_if(quote, lever_ids, self.regime_of(quote), self.calibration_of(quote))
        return replace(changed, id=f"{WHAT_IF}{quote.id}")

    def save(self, quote: Quote) -> None:
        """Write a quote into the book, which is created when absent. Saving it again changes nothing."""
        from underwriting.quoting import quote_id  # noqa: PLC0415 - SciPy costs 0.3 s, and a list does without

        inputs = (quote.profile, quote.intake, quote.at, self.regime_of(quote), self.calibration_of(quote))
        if quote.id != quote_id(*inputs):
            raise WaarborgError(f"{quote.id} is not the quote of a dossier as it was read, so it is not saved")
        sources = (
            self._source(Kind.REGIME, quote.regime_sha256),
            self._source(Kind.CALIBRATION, quote.calibration_sha256),
        )
        archive.save(self._store(create=True), quote, sources, self.today())

    def quotes(self, text: str = "", start: int = 0, stop: int | None = None) -> tuple[QuoteRow, ...]:
        """Quotes `start` to `stop`, newest first, that hold every word of `text` in firm, id, class or decision."""
        return self._store().rows(text, start, stop) if self.book.exists() else ()

    def count(self, text: str = "") -> int:
        """How many quotes `quotes` would give in all."""
        return self._store().count(text) if self.book.exists() else 0

    def find(self, quote_id: str) -> Quote:
        """The saved quote whose id starts so. Raises NotFoundError, TamperedError."""
        return archive.find(self._store(), quote_id)

    def replay(self, quote_id: str) -> Replay:
        """Quote again from the archived profile, findings, regime and calibration, and compare."""
        from underwriting.quoting import quote  # noqa: PLC0415 - SciPy costs 0.3 s, and a list does without

        store = self._store()
        old = archive.find(store, quote_id)
        regime = _regime(archive.read(store, Kind.REGIME, old.regime_sha256))
        calibration = _calibration(archive.read(store, Kind.CALIBRATION, old.calibration_sha256))
        return compare(old, quote(old.profile, old.intake, old.at, regime, calibration))

    def load_sample(self, firms: int, seed: int, progress: Callable[[int, int, str], None]) -> None:
        """Draw a market of fictional firms as of today, keep its dossiers beside the book, quote and save them all.

        `progress` is told after each: firms done, firms in all, the dossier just saved.
        """
        from underwriting.sample import write_market  # noqa: PLC0415 - drawing a market is seldom asked for

        self._store(create=True)
        at = self.today()
        folder = self.book.parent / "samples" / f"{at.isoformat()}-seed-{seed}"
        market = write_market(folder, firms, seed, at, self.regime, self.calibration)
        for done, dossier in enumerate(market, start=1):
            self.save(self.quote(dossier, at))
            progress(done, firms, dossier.name)

    def regime_of(self, quote: Quote) -> Regime:
        """The regime that a quote was made under. Raises NotFoundError when neither program nor book has it."""
        if quote.regime_sha256 == self.regime.sha256:
            return self.regime
        return _regime(self._source(Kind.REGIME, quote.regime_sha256))

    def calibration_of(self, quote: Quote) -> Calibration:
        """The calibration that a quote was made with. Raises NotFoundError when neither program nor book has it."""
        if quote.calibration_sha256 == self.calibration.sha256:
            return self.calibration
        return _calibration(self._source(Kind.CALIBRATION, quote.calibration_sha256))

    def _source(self, kind: Kind, sha256: str) -> Artefact:
        return archive.shipped(kind, sha256) or archive.read(self._store(), kind, sha256)

    def _store(self, *, create: bool = False) -> Store:
        """The open book; opened at first need, since a quote that is not saved has no use for a database."""
        if self._open is None:
            from underwriting.store import Store, create_book  # noqa: PLC0415 - costs half a second

            if create:
                create_book(self.book)
            self._open = Store(self.book)
        return self._open


def _regime(source: Artefact) -> Regime:
    return parse_regime(json.loads(source.content))


def _calibration(source: Artefact) -> Calibration:
    return parse_calibration(source.content, source.sha256)
