"""The desk: the verbs a screen, a command or a script calls. The composition root; it alone hands out the clock."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actuarial.calibration import Calibration, parse_calibration, shipped_calibration
from policies.digest import sha256_hex
from policies.findings import BadInputError, Finding, NotFoundError, Severity, WaarborgError, gravest_first
from policies.regimes import Regime, load_regime, parse_regime
from policies.restore import restore
from policies.risk import RiskProfile
from underwriting import archive, bookfile, settings
from underwriting.approval import approved
from underwriting.intake.dossier import Submission, read_dossier
from underwriting.quote import Quote
from underwriting.records import Approval, Artefact, CalibrationRow, Kind, QuoteRow
from underwriting.replay import Replay, compare

if TYPE_CHECKING:
    from actuarial.certificate import Certificate
    from underwriting.store import Store

SHIPPED, IN_FORCE = "shipped", "in-force"  # names of calibrations beside their digests
SHIPPED_BY = "waarborg"  # who fitted a calibration that ships with the program
SHORT = 12  # digits of a digest that are shown
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
        self._known: dict[str, Calibration] = {}  # calibrations of the book by digest
        self._certificates: dict[tuple[str, str], Certificate] = {}  # by digests of calibration and regime
        self._today: tuple[tuple[date, bookfile.State], Calibration] | None = None

    @property
    def calibration(self) -> Calibration:
        """The calibration in force today. The book is asked anew on another day and after any write to it."""
        mark = (self.today(), bookfile.state(self.book))
        if self._today is None or self._today[0] != mark:
            self._today = (mark, self.in_force())
        return self._today[1]

    def in_force(self, day: date | None = None) -> Calibration:
        """The calibration in force on a day, today by default: that of the last approval to take effect by then, else
        the one that ships with the program. Raises TamperedError."""
        found = bookfile.calibration_in_force(self.book, day or self.today())
        return self._parsed(found) if found else shipped_calibration()

    def calibrations(self) -> tuple[CalibrationRow, ...]:
        """Every calibration that may be put in force: those fitted here, newest first, and those that ship."""
        fitted = self._store().calibrations() if self.book.exists() else ()
        known = {row.sha256 for row in fitted}
        return (*fitted, *(row for row in map(_shipped_row, archive.shipped_calibrations()) if row.sha256 not in known))

    def calibration_row(self, name: str) -> CalibrationRow:
        """The one calibration whose digest starts so; "shipped" and "in-force" are names too.

        Raises NotFoundError naming the ones there are, WaarborgError when several fit.
        """
        prefix = name.lower()
        if name in {SHIPPED, IN_FORCE}:
            prefix = (shipped_calibration() if name == SHIPPED else self.calibration).sha256
        rows = self.calibrations()
        found = [row for row in rows if prefix and row.sha256.startswith(prefix)]
        if not found:
            there = ", ".join((SHIPPED, IN_FORCE, *(row.sha256[:SHORT] for row in rows)))
            raise NotFoundError(f"no calibration {name!r}; there are {there}")
        if len(found) > 1:
            raise WaarborgError(f"{name!r} fits {', '.join(row.sha256[:SHORT] for row in found)}; give more of it")
        return found[0]

    def calibration_of(self, sha256: str) -> Calibration:
        """The calibration of that digest. Raises NotFoundError when neither program nor book has it, TamperedError."""
        return self._known.get(sha256) or self._parsed(self._source(Kind.CALIBRATION, sha256))

    def calibration_data(self, sha256: str) -> dict[str, Any]:
        """The artefact of a calibration as plain data. Raises NotFoundError, TamperedError."""
        return dict(json.loads(self._source(Kind.CALIBRATION, sha256).content))

    def validation(self, row: CalibrationRow) -> dict[str, Any]:
        """What was found when a calibration was fitted, as plain data; empty for one that ships. TamperedError."""
        return archive.read_validation(self._store(), row.validation_sha256) if row.validation_sha256 else {}

    def add_calibration(self, row: CalibrationRow, text: str, validation: str) -> CalibrationRow:
        """Write a fitted calibration and its validation into the book, all or nothing. What is there stays.

        Raises WaarborgError for the validation of another calibration.
        """
        _own(row, json.loads(validation))
        sources = (
            Artefact(row.sha256, Kind.CALIBRATION, text),
            self._source(Kind.CALIBRATION, row.prior_sha256),
            self._source(Kind.REGIME, row.regime_sha256),
        )
        return self._store(create=True).add_calibration(row, sources, validation)

    def approve(self, name: str, by: str, reason: str, effective_from: date | None = None) -> Approval:
        """Put a calibration in force from a day, today by default.

        Raises WaarborgError when whoever fitted it approves it, without a reason, for a day in the past, twice for
        one day, when its validation holds errors or is of another calibration, or without a valid certificate under the
        regime.
        """
        row, today = self.calibration_row(name), self.today()
        validation = self.validation(row)
        if row.validation_sha256:
            _own(row, validation)
        approval = approved(row, by, reason, effective_from or today, today, findings_of(validation))
        source = self._source(Kind.CALIBRATION, row.sha256)
        self._certified(self._parsed(source))
        return self._store(create=True).add_approval(approval, [source])

    def certificate(self, calibration: Calibration | None = None, regime: Regime | None = None) -> Certificate:
        """The certificate of a calibration under a regime, by default of the one in force under the desk's own.

        Raises WaarborgError when it cannot price the regime at all.
        """
        from actuarial.incentives import certify  # noqa: PLC0415 - NumPy costs 0.1 s, and a list does without

        asked, under = calibration or self.calibration, regime or self.regime
        key = (asked.sha256, under.sha256)
        if key not in self._certificates:
            self._certificates[key] = certify(asked, under)
        return self._certificates[key]

    def _certified(self, calibration: Calibration, regime: Regime | None = None) -> Calibration:
        """The calibration, when its certificate holds. Raises WaarborgError naming every claim that does not."""
        from underwriting.certificate_text import refusal  # noqa: PLC0415 - a list does without

        under = regime or self.regime
        found = self.certificate(calibration, under)
        if not found.valid:
            raise WaarborgError(refusal(found, under.currency, under.id))
        return calibration

    def approvals(self) -> tuple[Approval, ...]:
        """All approvals in the order in which they were given."""
        return self._store().approvals() if self.book.exists() else ()

    def newest_profiles(self) -> Iterator[tuple[QuoteRow, RiskProfile]]:
        """The newest quote of every firm with its profile, by business number. Raises TamperedError."""
        return archive.newest_profiles(self._store()) if self.book.exists() else iter(())

    def read(self, folder: Path | str, at: date | None = None) -> Submission:
        """The dossier in a folder as of a day, today by default: a profile and findings, or findings alone."""
        return read_dossier(Path(folder), self.regime, at or self.today())

    def quote(self, folder: Path | str, at: date | None = None) -> Quote:
        """The quote for the dossier in a folder. Raises BadInputError with every error at once, WaarborgError without a
        valid certificate."""
        from underwriting.quoting import quote  # noqa: PLC0415 - SciPy costs 0.3 s, and a list does without

        at = at or self.today()
        submission = self.read(folder, at)
        if submission.profile is None:
            raise BadInputError(f for f in submission.findings if f.severity is Severity.ERROR)
        return quote(submission.profile, submission.findings, at, self.regime, self._certified(self.calibration))

    def what_if(self, quote: Quote, lever_ids: frozenset[str]) -> Quote:
        """The same firm with these levers pulled, under the quote's own regime and calibration. It cannot be saved."""
        from underwriting.quoting import what_if  # noqa: PLC0415 - SciPy costs 0.3 s, and a list does without

        changed = what_if(quote, lever_ids, self.regime_of(quote), self.calibration_of(quote.calibration_sha256))
        return replace(changed, id=f"{WHAT_IF}{quote.id}")

    def save(self, quote: Quote) -> None:
        """Write a quote into the book, which is created when absent. Saving it again changes nothing.

        Raises WaarborgError for a quote of anything but a dossier, and for one without a valid certificate.
        """
        from underwriting.quoting import quote_id  # noqa: PLC0415 - SciPy costs 0.3 s, and a list does without

        inputs = (
            quote.profile,
            quote.intake,
            quote.at,
            self.regime_of(quote),
            self.calibration_of(quote.calibration_sha256),
        )
        if quote.id != quote_id(*inputs):
            raise WaarborgError(f"{quote.id} is not the quote of a dossier as it was read, so it is not saved")
        self._certified(self.calibration_of(quote.calibration_sha256), self.regime_of(quote))
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

    def _parsed(self, source: Artefact) -> Calibration:
        """The calibration of an artefact; its digest is checked, its text parsed once."""
        if sha256_hex(source.content.encode()) != source.sha256 or source.sha256 not in self._known:
            self._known[source.sha256] = _calibration(source)
        return self._known[source.sha256]

    def _source(self, kind: Kind, sha256: str) -> Artefact:
        return archive.shipped(kind, sha256) or archive.read(self._store(), kind, sha256)

    def _store(self, *, create: bool = False) -> Store:
        """The open book; opened at first need, since a quote that is not saved has no use for a database."""
        if self._open is None:
            from underwriting.store import Store  # noqa: PLC0415 - costs half a second

            if create:
                bookfile.create_book(self.book)
            self._open = Store(self.book)
        return self._open


def findings_of(validation: dict[str, Any]) -> tuple[Finding, ...]:
    """The findings of a validation, gravest first."""
    return gravest_first(restore(Finding, {"reference": "", **found}) for found in validation.get("findings", ()))


def _own(row: CalibrationRow, validation: dict[str, Any]) -> None:
    """Refuse a validation that is not of the calibration beside it. Raises WaarborgError."""
    if (other := validation.get("calibration")) != row.sha256:
        of = f"calibration {str(other)[:SHORT]}" if other else "no calibration that it names"
        raise WaarborgError(f"the validation offered with calibration {row.sha256[:SHORT]} is of {of}; fit again")


def _shipped_row(sha256: str) -> CalibrationRow:
    """The row of a calibration that ships: nobody of this book fitted it, so anyone may bring it back."""
    source = archive.shipped(Kind.CALIBRATION, sha256)
    as_of = json.loads(source.content)["as_of"] if source else ""
    return CalibrationRow(sha256, "", "", "", SHIPPED_BY, date.fromisoformat(as_of))


def _regime(source: Artefact) -> Regime:
    return parse_regime(json.loads(source.content))


def _calibration(source: Artefact) -> Calibration:
    return parse_calibration(source.content, source.sha256)
