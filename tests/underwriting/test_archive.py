"""The archive: what is saved returns, and what has been altered is seen."""

# ruff: noqa: S608 - the tests name the tables and columns themselves

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from strategies import AT, CALIBRATION, REGIME, profiles

from policies.digest import canonical_json
from policies.findings import Finding, NotFoundError, Severity, TamperedError, WaarborgError
from policies.regimes import load_regime, parse_regime, regime_data, regime_ids
from policies.restore import restore
from policies.risk import RiskProfile
from underwriting import archive
from underwriting.bookfile import create_book
from underwriting.desk import Desk
from underwriting.quote import Quote
from underwriting.quoting import quote
from underwriting.records import Kind, artefact
from underwriting.store import Store

TOLD = Finding("run-read", Severity.INFO, "evidence/a.csv", "what was counted in a run")


def alter(path: Path, *statements: str) -> None:
    """Change a book the way its owner could: without its triggers."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert connection.execute(statement).rowcount > 0


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(profiles())
def test_a_quote_returns_as_the_value_it_was(book: Path, profile: RiskProfile) -> None:
    value = quote(profile, (TOLD,), AT, REGIME, CALIBRATION)
    assert restore(Quote, json.loads(canonical_json(value))) == value
    create_book(book)
    store = Store(book)
    sources = [archive.shipped(Kind.REGIME, REGIME.sha256), archive.shipped(Kind.CALIBRATION, CALIBRATION.sha256)]
    archive.save(store, value, [source for source in sources if source], AT)
    assert archive.find(store, value.id) == value
    store.close()


@pytest.mark.parametrize("regime", regime_ids())
def test_a_regime_returns_from_its_archived_text(regime: str) -> None:
    archived = archive.shipped(Kind.REGIME, load_regime(regime).sha256)
    assert archived is not None
    again = parse_regime(json.loads(archived.content))
    assert again == load_regime(regime)
    assert again.required_tests() == load_regime(regime).required_tests()
    assert archived == artefact(Kind.REGIME, canonical_json(regime_data(regime)))


def test_what_does_not_ship_is_not_found() -> None:
    assert archive.shipped(Kind.REGIME, "0" * 64) is None
    assert archive.shipped(Kind.CALIBRATION, "0" * 64) is None


def test_quotes_share_what_they_have_in_common(desk: Desk, made: Quote) -> None:
    desk.save(made)
    other = replace(made.profile, firm=replace(made.profile.firm, name="Voorbeeld Baken B.V."))
    desk.save(quote(other, (), made.at, desk.regime, desk.calibration))
    with closing(sqlite3.connect(desk.book)) as connection:
        kinds = dict(connection.execute("SELECT kind, count(*) FROM artefact GROUP BY kind"))
    assert kinds == {"profile": 2, "quote": 2, "regime": 1, "calibration": 1}


@pytest.mark.parametrize(
    ("kind", "was", "becomes"),
    [
        ("profile", "12000", "11000"),
        ("quote", "referred", "quoted"),
        ("regime", "nl-2027", "nl-2028"),
        ("calibration", "theta", "thetb"),
    ],
)
def test_an_altered_artefact_is_seen(desk: Desk, made: Quote, kind: str, was: str, becomes: str) -> None:
    desk.save(made)
    assert desk.replay(made.id).identical
    alter(desk.book, f"UPDATE artefact SET content = replace(content, '{was}', '{becomes}') WHERE kind = '{kind}'")
    with pytest.raises(TamperedError, match=f"{kind} [0-9a-f]{{12}} has been altered"):
        desk.replay(made.id)


def test_an_artefact_under_another_kind_is_seen(desk: Desk, made: Quote) -> None:
    desk.save(made)
    alter(desk.book, "UPDATE artefact SET kind = 'regime' WHERE kind = 'profile'")
    with pytest.raises(TamperedError):
        desk.find(made.id)


@pytest.mark.parametrize(
    "change",
    [
        "due_cents = due_cents - 1",
        "decision = 'quoted'",
        "firm = 'Voorbeeld Anders B.V.'",
        "kvk = '99999999'",
        "regime_sha256 = calibration_sha256",
        "profile_sha256 = regime_sha256",
        "at = '2026-01-01'",
    ],
)
def test_an_altered_row_is_seen(desk: Desk, made: Quote, change: str) -> None:
    desk.save(made)
    alter(desk.book, f"UPDATE quote SET {change}")
    with pytest.raises(TamperedError, match=f"the row of {made.id} has been altered"):
        desk.find(made.id)


def test_a_lost_artefact_is_seen(desk: Desk, made: Quote) -> None:
    desk.save(made)
    alter(desk.book, "DELETE FROM artefact WHERE kind = 'profile'")
    with pytest.raises(NotFoundError, match="artefact"):
        desk.find(made.id)


def test_a_quote_of_another_format_is_not_guessed_at(desk: Desk, made: Quote, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "FORMAT", "waarborg-quote/0")
    desk.save(made)
    monkeypatch.undo()
    with pytest.raises(WaarborgError, match="has format 'waarborg-quote/0'"):
        desk.find(made.id)
