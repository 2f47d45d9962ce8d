"""The file of the book through SQLite alone: made, locked, migrated, and asked which calibration is in force.

A quote that is not saved needs no more than that, and SQLModel would cost it half a second.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from policies.findings import NotFoundError, WaarborgError
from underwriting.records import Artefact, Kind

APPLICATION_ID = 0x57416267  # "WAbg": marks the file as a book
FIRST_WITH_APPROVALS = 2  # schema; an older book has approved nothing yet
BUSY = ("busy_timeout", "5000", 5000)
PRAGMAS = (  # name, value to set, value read back
    BUSY,
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", 2),
    ("foreign_keys", "ON", 1),
    ("recursive_triggers", "ON", 1),
    ("trusted_schema", "OFF", 0),
    ("secure_delete", "ON", 1),
    ("cell_size_check", "ON", 1),
)
IN_FORCE = """
    SELECT approval.calibration_sha256, artefact.content
    FROM approval LEFT JOIN artefact ON artefact.sha256 = approval.calibration_sha256 AND artefact.kind = 'calibration'
    WHERE approval.effective_from <= ?
    ORDER BY approval.effective_from DESC, approval.number DESC
    LIMIT 1
"""
State = tuple[tuple[int, int, int], ...]


def create_book(path: Path) -> None:
    """Create an empty book, complete or not at all, readable by its owner alone; a file that exists is left alone."""
    if path.exists() and not path.is_file():
        raise WaarborgError(_no_file(path))
    with plain_errors(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(path), TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder:
            if path.exists():
                return
            draft = Path(folder, path.name)
            draft.touch(mode=0o600)
            with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute("PRAGMA journal_mode = WAL")
                migrate(connection, draft)
            draft.rename(path)


def open_book(path: Path) -> None:
    """See that there is a book and bring it to the newest schema. Raises NotFoundError, WaarborgError."""
    if not path.is_file():
        raise NotFoundError(_no_file(path) if path.exists() else f"no book at {path}")
    with plain_errors(path), closing(connect(path)) as connection, locked(path):
        migrate(connection, path)


def state(path: Path) -> State:
    """A mark that changes with every write to the book, from the file system alone; empty when there is no book."""
    files = (path, path.with_name(f"{path.name}-wal"))
    seen = (file.stat() for file in files if file.is_file())
    return tuple((stat.st_ino, stat.st_mtime_ns, stat.st_size) for stat in seen)


def calibration_in_force(path: Path, day: date) -> Artefact | None:
    """The calibration that the approvals of a book put in force on a day, its digest not yet checked.

    None when none of them has taken effect, when the book is older than approvals, or when there is no book. The book
    is opened to be read, never migrated. Raises NotFoundError when the calibration itself is lost.
    """
    if not path.is_file():
        if path.exists():
            raise WaarborgError(_no_file(path))
        return None
    with plain_errors(path), closing(_connection(path, "ro")) as connection:
        connection.execute(f"PRAGMA {BUSY[0]} = {BUSY[1]}").close()
        if _version(connection, path, len(_scripts())) < FIRST_WITH_APPROVALS:
            return None
        found = connection.execute(IN_FORCE, [day.isoformat()]).fetchone()
    if found is None:
        return None
    sha256, content = found
    if content is None:
        raise NotFoundError(f"calibration {sha256[:12]} is in force on {day} but not in the book {path}")
    return Artefact(sha256, Kind.CALIBRATION, content)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """The book's lock file, held; others wait in line, threads of this process too."""
    handle = os.open(path.with_name(f"{path.name}-lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """Errors of the database and the file system as one line that names the file."""
    try:
        yield
    except sqlite3.Error as error:
        raise WaarborgError(f"book {path}: {error}") from error
    except OverflowError as error:
        raise WaarborgError(f"book {path}: an amount is too large for the book") from error
    except (FileExistsError, NotADirectoryError) as error:
        raise WaarborgError(f"book {path}: {path.parent} is not a folder that can hold a book") from error
    except OSError as error:
        raise WaarborgError(f"book {path}: {error.strerror or error}") from error


def connect(path: Path) -> sqlite3.Connection:
    """A connection to an existing book with every pragma set and read back."""
    connection = _connection(path, "rw")
    try:
        for name, value, expected in PRAGMAS:
            connection.execute(f"PRAGMA {name} = {value}").close()
            (found,) = connection.execute(f"PRAGMA {name}").fetchone()
            if found != expected:
                raise WaarborgError(f"book {path}: SQLite refuses {name} = {value}; it stays at {found}")
    except BaseException:
        connection.close()
        raise
    return connection


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the schema to the newest version, one transaction a step. Call with the file lock held.

    After an error a step is open: closing `connection` undoes it.
    """
    scripts = _scripts()
    version = _version(connection, path, len(scripts))
    for number, script in islice(enumerate(scripts, start=1), version, None):
        statements = script.read_text("utf-8")
        connection.executescript(f"BEGIN IMMEDIATE;\n{statements}\nPRAGMA user_version = {number};\nCOMMIT;")


def _connection(path: Path, mode: str) -> sqlite3.Connection:
    """A bare connection to an existing book. Raises WaarborgError when the file is a database of another program."""
    address = f"{path.resolve().as_uri()}?mode={mode}"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    try:
        if connection.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
            raise WaarborgError(f"{path} is not a book of Waarborg; give another file, or move this one away")
    except BaseException:
        connection.close()
        raise
    return connection


def _scripts() -> list[Traversable]:
    """The migrations in order."""
    folder = resources.files("underwriting").joinpath("migrations")
    return sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)


def _version(connection: sqlite3.Connection, path: Path, known: int) -> int:
    """The schema of the book. Raises WaarborgError when it is newer than this program."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > known:
        raise WaarborgError(f"book {path} has schema {version}, made by a newer Waarborg; this one knows {known}")
    return int(version)


def _no_file(path: Path) -> str:
    return f"book {path} is not a plain file; give a file, or a path where one can be made"
