"""The book on disk: what SQLite is told, what it refuses, and that rows come back as the values they were."""

# ruff: noqa: S608 - the tests name the tables and columns themselves

import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from itertools import count
from pathlib import Path

import pytest
from book_values import DAY, ROWS, SOURCES, entry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.findings import NotFoundError, WaarborgError
from policies.money import Money
from underwriting import bookfile
from underwriting.bookfile import create_book
from underwriting.quote import Decision
from underwriting.records import Kind
from underwriting.store import Store

SHARED_STORE = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "book.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    create_book(path)
    opened = Store(path)
    yield opened
    opened.close()


def raw(path: Path) -> "closing[sqlite3.Connection]":
    """The book through SQLite's own defaults, as a stranger would open it."""
    return closing(sqlite3.connect(path, isolation_level=None))


# --- the file


def test_a_book_is_its_owners_alone(store: Store, path: Path) -> None:
    store.add(*entry())
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert {"book.sqlite", "book.sqlite-lock", "book.sqlite-wal"} <= set(modes)
    assert set(modes.values()) == {0o600}


def test_every_pragma_is_in_force_on_a_connection(store: Store) -> None:
    wanted = {
        "busy_timeout": 5000,
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "trusted_schema": 0,
        "secure_delete": 1,
        "cell_size_check": 1,
    }
    for engine in (store._readers, store._writers):
        with engine.connect() as connection:
            assert {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted} == wanted


def test_a_pragma_that_sqlite_refuses_is_an_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_book(path)
    monkeypatch.setattr(bookfile, "PRAGMAS", (("synchronous", "FULL", 3),))
    with pytest.raises(WaarborgError, match="synchronous = FULL; it stays at 2"):
        Store(path)


def test_a_connection_that_fails_names_the_book(path: Path) -> None:
    with pytest.raises(NotFoundError, match="no book at"):
        Store(path)
    assert not path.parent.exists()


def test_creating_a_book_leaves_one_that_exists_alone(store: Store, path: Path) -> None:
    store.add(*entry())
    create_book(path)
    assert store.count() == 1
    assert sorted(file.name for file in path.parent.iterdir() if file.is_dir()) == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is not a book of Waarborg"),
        (b"not a database, but long enough to be read as one" * 40, "file is not a database"),
        (b"SQLite format 3\x00" + b"\x00" * 4080, "file is not a database"),
    ],
)
def test_a_file_that_is_no_book_is_refused_and_left_as_it_was(path: Path, content: bytes, told: str) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(WaarborgError, match=told) as refusal:
        Store(path)
    assert "\n" not in str(refusal.value)
    assert path.read_bytes() == content
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_database_of_another_program_is_refused_and_left_as_it_was(path: Path) -> None:
    path.parent.mkdir()
    with raw(path) as connection:
        connection.execute("CREATE TABLE quote (id TEXT)")
    before = path.read_bytes()
    with pytest.raises(WaarborgError, match="is not a book of Waarborg"):
        Store(path)
    assert path.read_bytes() == before


def test_a_cut_off_book_is_one_clear_error(path: Path) -> None:
    create_book(path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(WaarborgError, match=f"book {path}: "):
        Store(path).count()


def test_a_book_of_a_newer_version_is_refused(store: Store, path: Path) -> None:
    with raw(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(WaarborgError, match="schema 99, made by a newer Waarborg"):
        Store(path)


def test_a_book_that_cannot_be_made_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(bookfile, "migrate", full)
    with pytest.raises(WaarborgError, match="disk is full"):
        create_book(path)
    assert [file.name for file in path.parent.iterdir()] == ["book.sqlite-lock"]


def test_a_migration_that_fails_leaves_the_book_as_it_was(
    store: Store, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(*entry())
    scripts = tmp_path / "migrations"
    shutil.copytree(Path(bookfile.__file__).parent / "migrations", scripts)
    (scripts / "0003_half.sql").write_text("CREATE TABLE claim (id TEXT) STRICT;\nCREATE TABLE quote (id TEXT);\n")
    monkeypatch.setattr(bookfile.resources, "files", lambda _package: tmp_path)
    with pytest.raises(WaarborgError, match="table quote already exists"):
        Store(path)
    with raw(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        assert connection.execute("SELECT name FROM sqlite_schema WHERE name = 'claim'").fetchall() == []
    assert store.count() == 1


def test_a_locked_book_is_one_clear_error(store: Store, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bookfile, "PRAGMAS", (("busy_timeout", "1", 1),))
    with raw(path) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        with pytest.raises(WaarborgError, match="database is locked"):
            Store(path).add(*entry())


def test_an_amount_beyond_64_bits_is_one_clear_error(store: Store) -> None:
    with pytest.raises(WaarborgError, match="too large"):
        store.add(*entry(limit=Money(2**63)))
    assert store.count() == 0


# --- append-only


@pytest.mark.parametrize("table", ["artefact", "quote"])
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_rows_are_never_changed_deleted_or_replaced(store: Store, path: Path, table: str, recursive: str) -> None:
    store.add(*entry())
    with raw(path) as stranger:
        stranger.execute(f"PRAGMA recursive_triggers = {recursive}")
        before = stranger.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
        changed = "kind = 'regime'" if table == "artefact" else "due_cents = 1"
        for statement in (
            f"UPDATE {table} SET {changed}",
            f"DELETE FROM {table}",
            f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
            f"REPLACE INTO {table} SELECT * FROM {table}",
            f"INSERT OR IGNORE INTO {table} SELECT * FROM {table}",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="is never"):
                stranger.execute(statement)
        assert stranger.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() == before


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "2026-02-30"),
        ("at", "now"),
        ("inception", "01-01-2027"),
        ("saved_at", None),
        ("saved_at", "2026-13-01"),
        ("limit_cents", 0),
        ("limit_cents", 1.5),
        ("limit_cents", "much"),
        ("due_cents", -1),
        ("due_cents", float("nan")),
        ("decision", "bound"),
        ("id", ""),
        ("obliged_class", ""),
        *((f"{name}_sha256", "0" * 64) for name in ("profile", "regime", "calibration", "content")),
        *((name, None) for name in ("id", "firm", "kvk", "obliged_class", "decision", "at", "inception")),
        *((name, None) for name in ("limit_cents", "due_cents")),
        *((f"{name}_sha256", None) for name in ("profile", "regime", "calibration", "content")),
    ],
)
def test_the_database_refuses_values_that_make_no_sense(store: Store, path: Path, column: str, value: object) -> None:
    store.add(*entry("Q-1"))
    with raw(path) as stranger:
        stranger.execute("PRAGMA foreign_keys = ON")
        names = [name for _, name, *_ in stranger.execute("PRAGMA table_info(quote)")]
        good = dict(zip(names, stranger.execute("SELECT * FROM quote").fetchone(), strict=True)) | {"id": "Q-2"}
        insert = f"INSERT INTO quote VALUES ({', '.join('?' * len(names))})"
        with pytest.raises(sqlite3.Error):
            stranger.execute(insert, list((good | {column: value}).values()))
        stranger.execute(insert, list(good.values()))


@pytest.mark.parametrize(
    ("sha256", "kind", "content"),
    [
        ("abc", "profile", "x"),
        ("A" * 64, "profile", "x"),
        ("g" * 64, "profile", "x"),
        (None, "profile", "x"),
        ("a" * 64, "letter", "x"),
        ("a" * 64, None, "x"),
        ("a" * 64, "profile", ""),
        ("a" * 64, "profile", None),
        ("a" * 64, "profile", b"x"),
    ],
)
def test_an_artefact_is_named_by_a_digest_and_holds_text(
    store: Store, path: Path, sha256: object, kind: object, content: object
) -> None:
    with raw(path) as stranger:
        with pytest.raises(sqlite3.IntegrityError):
            stranger.execute("INSERT INTO artefact VALUES (?, ?, ?)", [sha256, kind, content])
        stranger.execute("INSERT INTO artefact VALUES (?, ?, ?)", ["a" * 64, "profile", "x"])


# --- values


IDS = count()


@SHARED_STORE
@given(ROWS, st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
def test_an_entry_returns_as_the_value_it_was(store: Store, row: dict[str, object], kvk: str) -> None:
    made, artefacts = entry(f"Q-{next(IDS)}.", **row)
    made = replace(made, kvk=kvk)
    store.add(made, artefacts)
    assert store.entry(made.row.id) == made
    assert made.row in store.rows()
    for artefact in artefacts:
        assert store.artefact(artefact.sha256) == artefact


def test_saving_again_changes_nothing(store: Store) -> None:
    store.add(*entry())
    made, artefacts = entry()
    store.add(replace(made, saved_at=date(2030, 1, 1)), artefacts)
    assert store.count() == 1
    assert store.entry("Q-1").saved_at == DAY


def test_other_content_under_the_same_id_is_refused(store: Store) -> None:
    store.add(*entry("Q-1"))
    other, artefacts = entry("Q-2")
    with pytest.raises(WaarborgError, match="Q-1 is in the book with other content"):
        store.add(replace(other, row=replace(other.row, id="Q-1")), artefacts)
    assert store.count() == 1


def test_a_quote_without_its_artefacts_is_not_half_written(store: Store) -> None:
    made, artefacts = entry()
    with pytest.raises(WaarborgError, match="FOREIGN KEY"):
        store.add(made, artefacts[:2])
    assert store.count() == 0
    with pytest.raises(NotFoundError):
        store.artefact(SOURCES[0].sha256)


def test_a_prefix_finds_one_quote(store: Store) -> None:
    for name in ("Q-ab1", "Q-ab2", "Q-c%3"):
        store.add(*entry(name))
    assert store.entry("Q-ab1").row.id == "Q-ab1"
    assert store.entry("Q-c").row.id == "Q-c%3"
    with pytest.raises(WaarborgError, match="more than one"):
        store.entry("Q-a")
    for absent in ("Q-%", "Q-_", "q-ab1", "Q-ab11"):
        with pytest.raises(NotFoundError):
            store.entry(absent)


# --- the list


MARKET = [
    ("Q-01", "Anker Zorg", "A3", Decision.QUOTED, date(2026, 11, 1)),
    ("Q-02", "Baken 100%", "A3", Decision.REFERRED, date(2026, 11, 3)),
    ("Q-03", "Duin_Zorg", "A0", Decision.DECLINED, date(2026, 11, 3)),
    ("Q-04", "Echo\\Recht", "A7", Decision.QUOTED, date(2026, 11, 2)),
    ("Q-05", "Fakkel /Zorg/", "A3", Decision.QUOTED, date(2026, 11, 2)),
]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path = tmp_path_factory.mktemp("market") / "book.sqlite"
    create_book(path)
    store = Store(path)
    for name, firm, obliged, decision, at in MARKET:
        store.add(*entry(name, firm, obliged_class=obliged, decision=decision, at=at))
    yield store
    store.close()


def expected(text: str) -> list[str]:
    """The same question put to a list in memory."""
    found = [
        row for row in MARKET if all(any(word.lower() in cell.lower() for cell in row[:4]) for word in text.split())
    ]
    return [row[0] for row in sorted(sorted(found, key=lambda row: row[1]), key=lambda row: row[4], reverse=True)]


WORDS = st.sampled_from(
    ("zorg", "ZORG", "a3", "quoted", "Q-0", "%", "_", "\\", "/", "100%", "d", "Echo\\", "zz", "'", '"', "anker")
)


@settings(max_examples=150)
@given(st.lists(WORDS, max_size=3), st.integers(0, 6), st.none() | st.integers(0, 7))
def test_the_list_holds_every_word_and_pages(market: Store, words: list[str], start: int, stop: int | None) -> None:
    text = " ".join(words)
    assert [row.id for row in market.rows(text, start, stop)] == expected(text)[
        start : max(stop, start) if stop is not None else None
    ]
    assert market.count(text) == len(expected(text))


def test_the_list_is_newest_first(market: Store) -> None:
    assert [row.id for row in market.rows()] == ["Q-02", "Q-03", "Q-04", "Q-05", "Q-01"]


# --- writers at the same time


RACER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from book_values import entry
from underwriting.bookfile import create_book
from underwriting.store import Store
path = Path(sys.argv[1])
create_book(path)
store = Store(path)
for number in range(40):
    store.add(*entry(f"Q-{number}"))
store.close()
"""


def test_two_processes_saving_the_same_quotes_agree(path: Path) -> None:
    command = [sys.executable, "-c", RACER, str(path), str(Path(__file__).parent)]
    racers = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    told = [racer.communicate()[1] for racer in racers]
    assert told == ["", ""]
    assert [racer.returncode for racer in racers] == [0, 0]
    with raw(path) as connection:
        assert connection.execute("SELECT count(*), count(DISTINCT id) FROM quote").fetchone() == (40, 40)
        assert connection.execute("SELECT count(*) FROM artefact").fetchone() == (40 + len(SOURCES),)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_writer_shuts_the_door_at_its_first_look(store: Store, path: Path) -> None:
    """The book's writers look and write in one go; a deferred transaction, the negative control, does not."""
    with raw(path) as stranger:
        stranger.execute("PRAGMA busy_timeout = 0")
        with store._session(store._writers) as session:
            session.connection()
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                stranger.execute("BEGIN IMMEDIATE")
        with store._session(store._readers) as session:
            session.connection()
            stranger.execute("BEGIN IMMEDIATE")
            stranger.execute("ROLLBACK")


def lock_state(path: Path) -> str:
    """Whether another process could take the lock file now: "held" or "free"."""
    probe = (
        "import fcntl, sys\n"
        "handle = open(sys.argv[1])\n"
        "try:\n    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "except BlockingIOError:\n    print('held')\nelse:\n    print('free')\n"
    )
    command = [sys.executable, "-c", probe, str(path.with_name("book.sqlite-lock"))]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_a_writer_holds_the_lock_file_and_a_reader_does_not(store: Store, path: Path) -> None:
    with store._session(store._writers):
        assert lock_state(path) == "held"
    with store._session(store._readers):
        assert lock_state(path) == "free"


def test_a_book_is_migrated_and_closed_under_the_lock(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both may write: a migration, and the checkpoint of the last connection that closes."""
    seen: list[str] = []
    monkeypatch.setattr(bookfile, "migrate", lambda *_: seen.append(lock_state(path)))
    opened = Store(path)
    monkeypatch.setattr(opened._readers, "dispose", lambda: seen.append(lock_state(path)))
    opened.close()
    assert seen == ["held", "held"]


def test_kinds_of_the_schema_are_those_of_the_code(store: Store, path: Path) -> None:
    with raw(path) as connection:
        (sql,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'artefact'").fetchone()
    assert all(f"'{kind}'" in sql for kind in Kind)
