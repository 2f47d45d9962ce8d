"""The book on disk: SQLite through SQLModel. Rows become values before they leave it.

The file itself, and what a quote asks of it, is bookfile.py; no other file speaks SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, create_engine, event, func, or_
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool
from sqlmodel import Field, Session, SQLModel, col, select

from policies.findings import NotFoundError, WaarborgError
from policies.money import Money
from underwriting import bookfile
from underwriting.quote import Decision
from underwriting.records import Approval, Artefact, CalibrationRow, Entry, Kind, QuoteRow

PAGE = 500  # profiles fetched at a time
BEGIN = "begin"  # execution option: the statement that opens a transaction


class _ArtefactRow(SQLModel, table=True):
    __tablename__ = "artefact"

    sha256: str = Field(primary_key=True)
    kind: str
    content: str


class _QuoteRow(SQLModel, table=True):
    __tablename__ = "quote"

    id: str = Field(primary_key=True)
    firm: str
    kvk: str
    obliged_class: str
    decision: str
    at: str
    inception: str
    limit_cents: int
    due_cents: int
    profile_sha256: str
    regime_sha256: str
    calibration_sha256: str
    content_sha256: str
    saved_at: str


class _ValidationRow(SQLModel, table=True):
    __tablename__ = "validation"

    sha256: str = Field(primary_key=True)
    content: str


class _CalibrationRow(SQLModel, table=True):
    __tablename__ = "calibration"

    sha256: str = Field(primary_key=True)
    prior_sha256: str
    regime_sha256: str
    validation_sha256: str
    fitted_by: str
    fitted_at: str


class _ApprovalRow(SQLModel, table=True):
    __tablename__ = "approval"

    number: int = Field(primary_key=True)
    calibration_sha256: str
    approved_by: str
    reason: str
    effective_from: str
    approved_at: str


class Store:
    """An open book. Raises WaarborgError with one clear line when the file is absent, foreign, damaged or full."""

    def __init__(self, path: Path) -> None:
        self.path = path
        bookfile.open_book(path)
        self._readers = create_engine("sqlite://", creator=lambda: bookfile.connect(path), poolclass=QueuePool)
        event.listen(self._readers, "begin", _begin)
        self._writers = self._readers.execution_options(**{BEGIN: "BEGIN IMMEDIATE"})

    def close(self) -> None:
        """Let go of the file."""
        with bookfile.locked(self.path):
            self._readers.dispose()

    def add(self, entry: Entry, artefacts: Iterable[Artefact]) -> None:
        """Add a quote with its artefacts, all or nothing. What is there already stays as it is.

        Raises WaarborgError when the book has another quote under the same id.
        """
        with self._session(self._writers) as session:
            known = session.get(_QuoteRow, entry.row.id)
            if known is not None:
                if known.content_sha256 != entry.content_sha256:
                    raise WaarborgError(f"{entry.row.id} is in the book with other content; a quote is never changed")
                return
            _add_artefacts(session, {artefact.sha256: artefact for artefact in artefacts})
            session.add(_to_row(entry))
            session.commit()

    def artefact(self, sha256: str) -> Artefact:
        """The artefact of that name, its digest not yet checked. Raises NotFoundError."""
        with self._session(self._readers) as session:
            row = session.get(_ArtefactRow, sha256)
            if row is None:
                raise NotFoundError(f"artefact {sha256[:12]} is not in the book {self.path}")
            return Artefact(row.sha256, Kind(row.kind), row.content)

    def entry(self, prefix: str) -> Entry:
        """The one quote whose id starts so. Raises NotFoundError, or WaarborgError when there are several."""
        starts = func.substr(_QuoteRow.id, 1, len(prefix)) == prefix
        with self._session(self._readers) as session:
            found = session.exec(select(_QuoteRow).where(starts).limit(2)).all()
            if not found:
                raise NotFoundError(f"no quote {prefix!r} in the book {self.path}")
            if len(found) > 1:
                raise WaarborgError(f"{prefix!r} fits more than one quote; give more of its id")
            return _to_entry(found[0])

    def rows(self, text: str = "", start: int = 0, stop: int | None = None) -> tuple[QuoteRow, ...]:
        """Quotes `start` to `stop`, newest first, that hold every word of `text` in firm, id, class or decision."""
        query = select(_QuoteRow).where(*_holds(text)).order_by(col(_QuoteRow.at).desc(), _QuoteRow.firm, _QuoteRow.id)
        query = query.offset(start).limit(None if stop is None else max(stop - start, 0))
        with self._session(self._readers) as session:
            return tuple(_to_entry(row).row for row in session.exec(query))

    def count(self, text: str = "") -> int:
        """How many quotes `rows` would give in all."""
        with self._session(self._readers) as session:
            return session.exec(select(func.count()).select_from(_QuoteRow).where(*_holds(text))).one()

    def newest(self) -> Iterator[tuple[QuoteRow, Artefact]]:
        """The newest quote of every firm with its profile, its digest not yet checked, ordered by business number."""
        newest = (col(_QuoteRow.at).desc(), col(_QuoteRow.saved_at).desc(), _QuoteRow.id)
        rank = func.row_number().over(partition_by=col(_QuoteRow.kvk), order_by=newest).label("rank")
        ranked = select(_QuoteRow.id, rank).subquery()
        query = (
            select(_QuoteRow, _ArtefactRow.kind, _ArtefactRow.content)
            .join(ranked, (ranked.c.id == _QuoteRow.id) & (ranked.c.rank == 1))
            .join(_ArtefactRow, col(_ArtefactRow.sha256) == _QuoteRow.profile_sha256)
            .order_by(_QuoteRow.kvk)
            .execution_options(yield_per=PAGE)
        )
        with self._session(self._readers) as session:
            for row, kind, content in session.exec(query):
                yield _to_entry(row).row, Artefact(row.profile_sha256, Kind(kind), content)

    def add_calibration(self, row: CalibrationRow, artefacts: Iterable[Artefact], validation: str) -> CalibrationRow:
        """Add a calibration with its artefacts and the text of its validation, all or nothing.

        Returns the row that the book has: one that is there already stays as it is.
        """
        with self._session(self._writers) as session:
            known = session.get(_CalibrationRow, row.sha256)
            if known is not None:
                return _to_calibration(known)
            _add_artefacts(session, {artefact.sha256: artefact for artefact in artefacts})
            if session.get(_ValidationRow, row.validation_sha256) is None:
                session.add(_ValidationRow(sha256=row.validation_sha256, content=validation))
                session.flush()
            session.add(_CalibrationRow(**_texts(row)))
            session.commit()
            return row

    def calibrations(self) -> tuple[CalibrationRow, ...]:
        """The calibrations that were fitted here, newest first."""
        query = select(_CalibrationRow).order_by(col(_CalibrationRow.fitted_at).desc(), _CalibrationRow.sha256)
        with self._session(self._readers) as session:
            return tuple(_to_calibration(row) for row in session.exec(query))

    def validation(self, sha256: str) -> str:
        """The text of the validation of that name, its digest not yet checked. Raises NotFoundError."""
        with self._session(self._readers) as session:
            row = session.get(_ValidationRow, sha256)
            if row is None:
                raise NotFoundError(f"validation {sha256[:12]} is not in the book {self.path}")
            return row.content

    def add_approval(self, approval: Approval, artefacts: Iterable[Artefact]) -> Approval:
        """Add an approval with the calibration that it needs, under the next number; returns it with that number.

        Raises WaarborgError when the last approval from that day is of the same calibration.
        """
        with self._session(self._writers) as session:
            given = [_to_approval(row) for row in session.exec(select(_ApprovalRow).order_by(col(_ApprovalRow.number)))]
            same_day = [other for other in given if other.effective_from == approval.effective_from]
            if same_day and same_day[-1].calibration_sha256 == approval.calibration_sha256:
                who = f"{approval.calibration_sha256[:12]} is approved already, by {same_day[-1].approved_by}"
                raise WaarborgError(f"calibration {who}, from {approval.effective_from}")
            _add_artefacts(session, {artefact.sha256: artefact for artefact in artefacts})
            numbered = replace(approval, number=given[-1].number + 1 if given else 1)
            session.add(_ApprovalRow(**_texts(numbered)))
            session.commit()
            return numbered

    def approvals(self) -> tuple[Approval, ...]:
        """All approvals in the order in which they were given."""
        with self._session(self._readers) as session:
            rows = session.exec(select(_ApprovalRow).order_by(col(_ApprovalRow.number)))
            return tuple(_to_approval(row) for row in rows)

    @contextmanager
    def _session(self, engine: Engine) -> Iterator[Session]:
        """A session; one that writes holds the file lock, so that no write or checkpoint overlaps another.

        SQLite before 3.51.3 can damage a WAL file when they do.
        """
        with bookfile.plain_errors(self.path), _unwrapped():
            if engine is self._readers:
                with Session(engine) as session:
                    yield session
            else:
                with bookfile.locked(self.path), Session(engine) as session:
                    yield session


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(BEGIN, "BEGIN"))


@contextmanager
def _unwrapped() -> Iterator[None]:
    """Errors of SQLite without what SQLAlchemy puts around them."""
    try:
        yield
    except DBAPIError as wrapped:
        raise (wrapped.orig or wrapped) from wrapped


def _add_artefacts(session: Session, artefacts: dict[str, Artefact]) -> None:
    known = session.exec(select(_ArtefactRow.sha256).where(col(_ArtefactRow.sha256).in_(artefacts)))
    new = artefacts.keys() - set(known)
    session.add_all(_ArtefactRow(sha256=a.sha256, kind=a.kind, content=a.content) for a in map(artefacts.get, new) if a)
    session.flush()


def _holds(text: str) -> list[ColumnElement[bool]]:
    """A condition a word: it stands in the firm, id, class or decision. LIKE wildcards in a word mean themselves."""
    columns = (_QuoteRow.firm, _QuoteRow.id, _QuoteRow.obliged_class, _QuoteRow.decision)
    return [or_(*(col(column).contains(word, autoescape=True) for column in columns)) for word in text.split()]


def _to_row(entry: Entry) -> _QuoteRow:
    row = entry.row
    return _QuoteRow(
        id=row.id,
        firm=row.firm,
        kvk=entry.kvk,
        obliged_class=row.obliged_class,
        decision=row.decision.value,
        at=row.at.isoformat(),
        inception=row.inception.isoformat(),
        limit_cents=row.limit.cents,
        due_cents=row.due.cents,
        profile_sha256=entry.profile_sha256,
        regime_sha256=entry.regime_sha256,
        calibration_sha256=entry.calibration_sha256,
        content_sha256=entry.content_sha256,
        saved_at=entry.saved_at.isoformat(),
    )


def _to_entry(row: _QuoteRow) -> Entry:
    return Entry(
        row=QuoteRow(
            id=row.id,
            firm=row.firm,
            obliged_class=row.obliged_class,
            limit=Money(row.limit_cents),
            due=Money(row.due_cents),
            decision=Decision(row.decision),
            at=date.fromisoformat(row.at),
            inception=date.fromisoformat(row.inception),
        ),
        kvk=row.kvk,
        profile_sha256=row.profile_sha256,
        regime_sha256=row.regime_sha256,
        calibration_sha256=row.calibration_sha256,
        content_sha256=row.content_sha256,
        saved_at=date.fromisoformat(row.saved_at),
    )


def _texts(row: CalibrationRow | Approval) -> dict[str, Any]:
    """The fields of a value as its row holds them: days as ISO text."""
    values = {field.name: getattr(row, field.name) for field in fields(row)}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def _to_calibration(row: _CalibrationRow) -> CalibrationRow:
    return CalibrationRow(
        sha256=row.sha256,
        prior_sha256=row.prior_sha256,
        regime_sha256=row.regime_sha256,
        validation_sha256=row.validation_sha256,
        fitted_by=row.fitted_by,
        fitted_at=date.fromisoformat(row.fitted_at),
    )


def _to_approval(row: _ApprovalRow) -> Approval:
    return Approval(
        number=row.number,
        calibration_sha256=row.calibration_sha256,
        approved_by=row.approved_by,
        reason=row.reason,
        effective_from=date.fromisoformat(row.effective_from),
        approved_at=date.fromisoformat(row.approved_at),
    )
