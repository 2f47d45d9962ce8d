"""The book asked without SQLModel which calibration is in force: light, read only, and right about old books."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
from calibration_values import SHIPPED, add_fitted
from dossiers import AT

from policies.findings import NotFoundError, WaarborgError
from underwriting import bookfile
from underwriting.bookfile import calibration_in_force, create_book, state
from underwriting.desk import Desk, open_desk
from underwriting.quote import Quote
from underwriting.store import Store

MIGRATIONS = Path(bookfile.__file__).parent / "migrations"


def old_book(path: Path) -> None:
    """A book as the first version made it."""
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA application_id = {bookfile.APPLICATION_ID}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript((MIGRATIONS / "0001_book.sql").read_text("utf-8"))
        connection.execute("PRAGMA user_version = 1")


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_no_book_and_an_empty_book_put_nothing_in_force(book: Path) -> None:
    assert calibration_in_force(book, AT) is None
    assert state(book) == ()
    assert not book.parent.exists()
    create_book(book)
    assert calibration_in_force(book, AT) is None


def test_an_old_book_quotes_with_what_ships_and_is_migrated_when_it_is_written(
    book: Path, folder: Path, made: Quote
) -> None:
    old_book(book)
    desk = open_desk(book, today=lambda: AT)
    assert desk.quote(folder) == made
    assert version(book) == 1
    desk.save(made)
    assert version(book) == 2
    assert desk.replay(made.id).identical


def test_a_filled_old_book_keeps_its_rows_and_guards(book: Path, made: Quote, monkeypatch: pytest.MonkeyPatch) -> None:
    first_only = bookfile._scripts()[:1]
    with monkeypatch.context() as old:
        old.setattr(bookfile, "_scripts", lambda: first_only)
        desk = open_desk(book, today=lambda: AT)
        desk.save(made)
        desk._store().close()
    with closing(sqlite3.connect(book)) as connection:
        rows = [connection.execute(f"SELECT * FROM {t}").fetchall() for t in ("artefact", "quote")]  # noqa: S608
        guards = set(connection.execute("SELECT sql FROM sqlite_schema WHERE type = 'trigger'"))
    Store(book).close()
    with closing(sqlite3.connect(book)) as connection:
        kept = [connection.execute(f"SELECT * FROM {t}").fetchall() for t in ("artefact", "quote")]  # noqa: S608
        assert guards < set(connection.execute("SELECT sql FROM sqlite_schema WHERE type = 'trigger'"))
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert kept == rows
    assert version(book) == 2


def test_a_book_of_a_newer_version_prices_nothing(book: Path) -> None:
    create_book(book)
    with closing(sqlite3.connect(book)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(WaarborgError, match="schema 99, made by a newer Waarborg"):
        calibration_in_force(book, AT)


@pytest.mark.parametrize("content", [b"", b"my notes", b"SQLite format 3\x00" + b"\x00" * 4080])
def test_a_file_that_is_no_book_prices_nothing_and_stays_as_it_was(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "b.sqlite"
    path.write_bytes(content)
    with pytest.raises(WaarborgError) as refusal:
        calibration_in_force(path, AT)
    assert "\n" not in str(refusal.value)
    assert path.read_bytes() == content
    with pytest.raises(WaarborgError, match="is not a plain file"):
        calibration_in_force(tmp_path, AT)


def test_the_approved_one_is_read_with_its_digest(desk: Desk) -> None:
    row = add_fitted(desk)
    desk.approve(row.sha256, "Piet", "fits better", AT + timedelta(days=1))
    assert calibration_in_force(desk.book, AT) is None
    found = calibration_in_force(desk.book, AT + timedelta(days=1))
    assert found is not None
    assert found.sha256 == row.sha256
    assert desk.calibration.sha256 == SHIPPED


def test_a_lost_calibration_is_named(desk: Desk) -> None:
    row = add_fitted(desk)
    desk.approve(row.sha256, "Piet", "fits better")
    with closing(sqlite3.connect(desk.book, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER artefact_no_delete")
        connection.execute("DELETE FROM artefact WHERE sha256 = ?", [row.sha256])
    with pytest.raises(NotFoundError, match=f"calibration {row.sha256[:12]} is in force on {AT} but not in the book"):
        calibration_in_force(desk.book, AT)


def test_reading_writes_nothing_into_the_book(desk: Desk) -> None:
    add_fitted(desk)
    desk._store().close()
    before = desk.book.read_bytes()
    calibration_in_force(desk.book, date.max)
    assert desk.book.read_bytes() == before


def test_every_write_changes_the_mark_and_a_read_does_not(desk: Desk, made: Quote) -> None:
    marks = [state(desk.book)]
    for write in (lambda: add_fitted(desk), lambda: desk.save(made), lambda: desk.approve("shipped", "Piet", "why")):
        write()
        marks.append(state(desk.book))
        calibration_in_force(desk.book, AT)
        assert state(desk.book) == marks[-1]
    assert len(set(marks)) == 4


def test_a_quote_under_an_approved_calibration_loads_no_sqlmodel(desk: Desk, folder: Path) -> None:
    row = add_fitted(desk)
    desk.approve(row.sha256, "Piet", "fits better")
    script = (
        "import sys\nfrom datetime import date\nfrom pathlib import Path\nfrom underwriting.desk import open_desk\n"
        f"desk = open_desk(Path({str(desk.book)!r}), today=lambda: date.fromisoformat({AT.isoformat()!r}))\n"
        f"print(desk.quote({str(folder)!r}).calibration_sha256, *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    sha256, *loaded = done.stdout.split()
    assert sha256 == row.sha256
    assert set(loaded) & {"sqlmodel", "sqlalchemy", "pandas"} == set()
    assert "sqlite3" in loaded
