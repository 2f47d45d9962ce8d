"""The book on disk: SQLite through SQLModel. The only file that speaks SQL; rows become values before they leave it."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from importlib import resources
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import ColumnElement, Connection, Engine, create_engine, event, func, or_
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool
from sqlmodel import Field, Session, SQLModel, col, select

from policies.findings import NotFoundError, WaarborgError
from policies.money import Money
from underwriting.quote import Decision
from underwriting.records import Artefact, Entry, Kind, QuoteRow

APPLICATION_ID = 0x57416267  # "WAbg": marks the file as a book
PRAGMAS = (  # name, value to set, value read back
    ("busy_timeout", "5000", 5000),
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", 2),
    ("foreign_keys", "ON", 1),
    ("recursive_triggers", "ON", 1),
    ("trusted_schema", "OFF", 0),
    ("secure_delete", "ON", 1),
    ("cell_size_check", "ON", 1),
)
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


class Store:
    """An open book. Raises WaarborgError with one clear line when the file is absent, foreign, damaged or full."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise NotFoundError(_no_file(path) if path.exists() else f"no book at {path}")
        with _plain_errors(path), closing(_connect(path)) as connection, _locked(path):
            _migrate(connection, path)
        self._readers = create_engine("sqlite://", creator=lambda: _connect(path), poolclass=QueuePool)
        event.listen(self._readers, "begin", _begin)
        self._writers = self._readers.execution_options(**{BEGIN: "BEGIN IMMEDIATE"})

    def close(self) -> None:
        """Let go of the file."""
        with _locked(self.path):
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

    @contextmanager
    def _session(self, engine: Engine) -> Iterator[Session]:
        """A session; one that writes holds the file lock, so that no write or checkpoint overlaps another.

        SQLite before 3.51.3 can damage a WAL file when they do.
        """
        with _plain_errors(self.path):
            if engine is self._readers:
                with Session(engine) as session:
                    yield session
            else:
                with _locked(self.path), Session(engine) as session:
                    yield session


def create_book(path: Path) -> None:
    """Create an empty book, complete or not at all, readable by its owner alone; a file that exists is left alone."""
    if path.exists() and not path.is_file():
        raise WaarborgError(_no_file(path))
    with _plain_errors(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(path), TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder:
            if path.exists():
                return
            draft = Path(folder, path.name)
            draft.touch(mode=0o600)
            with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute("PRAGMA journal_mode = WAL")
                _migrate(connection, draft)
            draft.rename(path)


def _no_file(path: Path) -> str:
    return f"book {path} is not a plain file; give a file, or a path where one can be made"


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(BEGIN, "BEGIN"))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """The book's lock file, held; others wait in line, threads of this process too."""
    handle = os.open(path.with_name(f"{path.name}-lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    """Errors of the database and the file system as one line that names the file."""
    try:
        yield
    except DBAPIError as wrapped:
        raise WaarborgError(f"book {path}: {wrapped.orig}") from wrapped
    except sqlite3.Error as error:
        raise WaarborgError(f"book {path}: {error}") from error
    except OverflowError as error:
        raise WaarborgError(f"book {path}: an amount is too large for the book") from error
    except (FileExistsError, NotADirectoryError) as error:
        raise WaarborgError(f"book {path}: {path.parent} is not a folder that can hold a book") from error
    except OSError as error:
        raise WaarborgError(f"book {path}: {error.strerror or error}") from error


def _connect(path: Path) -> sqlite3.Connection:
    """A connection to an existing book with every pragma set and read back."""
    address = f"{path.resolve().as_uri()}?mode=rw"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    try:
        if connection.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
            raise WaarborgError(f"{path} is not a book of Waarborg; give another file, or move this one away")
        for name, value, expected in PRAGMAS:
            connection.execute(f"PRAGMA {name} = {value}").close()
            (found,) = connection.execute(f"PRAGMA {name}").fetchone()
            if found != expected:
                raise WaarborgError(f"book {path}: SQLite refuses {name} = {value}; it stays at {found}")
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the schema to the newest version, one transaction a step. Call with the file lock held.

    After an error a step is open: closing `connection` undoes it.
    """
    folder = resources.files("underwriting").joinpath("migrations")
    scripts = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(scripts):
        raise WaarborgError(
            f"book {path} has schema {version}, made by a newer Waarborg; this one knows {len(scripts)}"
        )
    for number, script in islice(enumerate(scripts, start=1), version, None):
        statements = script.read_text("utf-8")
        connection.executescript(f"BEGIN IMMEDIATE;\n{statements}\nPRAGMA user_version = {number};\nCOMMIT;")


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
