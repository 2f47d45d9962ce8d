"""Approval of calibrations: four eyes, never in the past, append-only; and which one is in force on which day."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from calibration_values import ERROR, SHIPPED, WARNING, add_fitted, fitted_text, validation_of
from dossiers import AT
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from test_archive import alter

from policies.digest import canonical_json, sha256_hex
from policies.findings import NotFoundError, TamperedError, WaarborgError
from underwriting import bookfile
from underwriting.approval import same_person
from underwriting.commands.calibration_text import standing
from underwriting.desk import Desk, findings_of, open_desk
from underwriting.quote import Quote
from underwriting.records import Artefact, Kind, in_force

TOMORROW = AT + timedelta(days=1)


# --- four eyes

ALIKE = [
    " anna de vries",
    "ANNA DE VRIES",
    "Anna  de\tVries ",
    "Ａｎｎａ ｄｅ Ｖｒｉｅｓ",
    "Anna\u00a0de Vries",
    "Anna\u200b de Vries",
    "\u202eAnna de Vries",
    "An\u00adna de Vries",
    "ANNA DE VRIES.",
    "de Vries, Anna",
    "Ánna de-Vries",
]


@pytest.mark.parametrize("name", ALIKE)
def test_whoever_fitted_cannot_approve_however_the_name_is_written(desk: Desk, name: str) -> None:
    row = add_fitted(desk, "Anna de Vries")
    with pytest.raises(WaarborgError, match=f"Anna de Vries fitted {row.sha256[:12]} and cannot approve it"):
        desk.approve(row.sha256, name, "fits better")
    assert desk.approvals() == ()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("José", "Jose\u0301", True),
        ("straße", "STRASSE", True),
        ("ﬁona", "Fiona", True),
        ("Anna", "Anne", False),
        ("Anna B", "AnnaB", False),
    ],
)
def test_who_is_one_person(one: str, other: str, same: bool) -> None:
    assert same_person(one, other) is same
    assert same_person(other, one) is same


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "--"])
def test_nobody_cannot_approve(desk: Desk, name: str) -> None:
    with pytest.raises(WaarborgError, match="the name is blank"):
        desk.approve(add_fitted(desk).sha256, name, "fits better")


@pytest.mark.parametrize("reason", ["", " ", "\t\n"])
def test_an_approval_needs_a_reason(desk: Desk, reason: str) -> None:
    with pytest.raises(WaarborgError, match="needs a reason"):
        desk.approve(add_fitted(desk).sha256, "Piet", reason)


def test_the_database_refuses_the_same_name_too(desk: Desk) -> None:
    row = add_fitted(desk, "Anna")
    given = desk.approve(row.sha256, "Piet", "fits better")
    with pytest.raises(WaarborgError, match="whoever fitted a calibration never approves it"):
        desk._store().add_approval(replace(given, approved_by="Anna", effective_from=TOMORROW), ())


# --- what else is refused


def test_the_past_is_refused_and_today_is_not(desk: Desk) -> None:
    row = add_fitted(desk)
    with pytest.raises(WaarborgError, match=f"is in the past, where quotes are made already; give {AT} or later"):
        desk.approve(row.sha256, "Piet", "fits better", AT - timedelta(days=1))
    assert desk.approve(row.sha256, " Piet  P. ", " fits\nbetter ").effective_from == AT
    (given,) = desk.approvals()
    assert (given.approved_by, given.reason, given.approved_at, given.number) == ("Piet P.", "fits better", AT, 1)


def test_errors_of_the_validation_block_and_warnings_do_not(desk: Desk) -> None:
    bad = add_fitted(desk, findings=[WARNING, ERROR])
    with pytest.raises(WaarborgError, match="cannot be approved") as refusal:
        desk.approve(bad.sha256, "Piet", "fits better")
    assert str(refusal.value).splitlines()[1:] == [ERROR.line()]
    warned = add_fitted(desk, change=0.2, findings=[WARNING])
    desk.approve(warned.sha256, "Piet", "fits better")
    assert findings_of(desk.validation(warned)) == (WARNING,)
    assert desk.calibration.sha256 == warned.sha256


STRANGE = [validation_of("0" * 64), {"findings": []}, {"calibration": None, "findings": []}]


@pytest.mark.parametrize("validation", STRANGE)
def test_the_validation_of_another_calibration_is_not_written(desk: Desk, validation: dict[str, object]) -> None:
    text = canonical_json(validation)
    row = replace(add_fitted(desk), sha256="f" * 64, validation_sha256=sha256_hex(text.encode()))
    with pytest.raises(WaarborgError, match=f"offered with calibration {row.sha256[:12]} is of ") as refusal:
        desk.add_calibration(row, fitted_text(0.2), text)
    assert "\n" not in str(refusal.value)
    assert row.sha256 not in {known.sha256 for known in desk.calibrations()}


@pytest.mark.parametrize("validation", STRANGE)
def test_nothing_is_approved_by_the_validation_of_another(desk: Desk, validation: dict[str, object]) -> None:
    first, text, found = add_fitted(desk), fitted_text(0.2), canonical_json(validation)
    row = replace(first, sha256=sha256_hex(text.encode()), validation_sha256=sha256_hex(found.encode()))
    desk._store().add_calibration(row, [Artefact(row.sha256, Kind.CALIBRATION, text)], found)
    with pytest.raises(WaarborgError, match=f"with calibration {row.sha256[:12]} is of .*; fit again"):
        desk.approve(row.sha256, "Piet", "fits better")
    assert desk.approvals() == ()


def test_twice_for_one_day_is_refused_but_a_way_back_is_not(desk: Desk) -> None:
    one, two = add_fitted(desk), add_fitted(desk, change=0.2)
    desk.approve(one.sha256, "Piet", "fits better")
    with pytest.raises(WaarborgError, match=f"{one.sha256[:12]} is approved already, by Piet, from {AT}"):
        desk.approve(one.sha256, "Mo", "again")
    desk.approve(two.sha256, "Piet", "fits better still")
    desk.approve(one.sha256, "Piet", "no, it does not")
    assert desk.calibration.sha256 == one.sha256
    assert [given.number for given in desk.approvals()] == [1, 2, 3]


def test_a_calibration_that_cannot_price_the_regime_is_refused(desk: Desk) -> None:
    def lose(data: dict[str, dict[str, dict[str, float]]]) -> None:
        del data["frequency"]["classes"]["A3"]

    row = add_fitted(desk, text=fitted_text(alter=lose))
    with pytest.raises(WaarborgError, match="has no effect for A3 of regime nl-2027"):
        desk.approve(row.sha256, "Piet", "fits better")


def test_what_ships_can_be_brought_back_by_anyone_even_into_an_empty_book(desk: Desk) -> None:
    desk.approve("shipped", "Anna", "start from what is known")
    row = add_fitted(desk, "Anna")
    desk.approve(row.sha256, "Piet", "fits better", TOMORROW)
    later = open_desk(desk.book, today=lambda: TOMORROW)
    assert later.calibration.sha256 == row.sha256
    later.approve("shipped", "Anna", "claims came out otherwise")
    assert later.calibration.sha256 == SHIPPED
    with pytest.raises(WaarborgError, match="waarborg fitted"):
        later.approve("shipped", "Waarborg", "who else", TOMORROW + timedelta(days=1))


# --- names


def test_a_name_is_a_unique_start_or_a_word(desk: Desk) -> None:
    rows = [add_fitted(desk, change=change) for change in (0.1, 0.2)]
    for row in rows:
        assert desk.calibration_row(row.sha256[:8]) == row
        assert desk.calibration_row(row.sha256.upper()) == row
    shipped = desk.calibration_row("shipped")
    assert (shipped.sha256, shipped.fitted_by) == (SHIPPED, "waarborg")
    assert desk.calibration_row("in-force") == shipped
    assert desk.calibrations() == (*sorted(rows, key=lambda row: row.sha256), shipped)


@pytest.mark.parametrize("name", ["", "zz", "%", "shipped "])
def test_an_unknown_name_is_told_what_there_is(desk: Desk, name: str) -> None:
    row = add_fitted(desk)
    with pytest.raises(NotFoundError) as refusal:
        desk.calibration_row(name)
    told = str(refusal.value)
    assert all(there in told for there in ("shipped", "in-force", row.sha256[:12], SHIPPED[:12]))
    assert "\n" not in told


def test_a_start_that_fits_several_is_told_which(desk: Desk) -> None:
    first = next(digit for digit in "0123456789abcdef" if not SHIPPED.startswith(digit))
    found = []
    for step in range(1, 60):
        row = add_fitted(desk, change=step / 100)
        found += [row] if row.sha256.startswith(first) else []
        if len(found) == 2:
            break
    with pytest.raises(WaarborgError, match="give more of it") as refusal:
        desk.calibration_row(first)
    assert all(row.sha256[:12] in str(refusal.value) for row in found)


# --- the desk and its calibration


def test_a_saved_quote_keeps_its_own_calibration(desk: Desk, made: Quote, folder: Path) -> None:
    desk.save(made)
    row = add_fitted(desk, change=0.7)
    desk.approve(row.sha256, "Piet", "fits better")
    again = desk.quote(folder)
    assert again.calibration_sha256 == row.sha256
    assert again.id != made.id
    assert again.breakdown.due > made.breakdown.due
    desk.save(again)
    assert desk.replay(made.id).identical
    assert desk.replay(again.id).identical
    assert desk.what_if(desk.find(made.id), frozenset()).breakdown == made.breakdown


def test_a_long_lived_desk_sees_another_ones_approval_and_does_not_open_the_book_for_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = add_fitted(desk)
    assert desk.calibration.sha256 == SHIPPED
    open_desk(desk.book, today=lambda: AT).approve(row.sha256, "Piet", "fits better")
    assert desk.calibration.sha256 == row.sha256

    def opened(*_: object) -> None:
        raise AssertionError("the book was opened for a key stroke")

    monkeypatch.setattr(bookfile, "calibration_in_force", opened)
    assert {desk.calibration.sha256 for _ in range(10)} == {row.sha256}


def test_the_calibration_changes_with_the_day(book: Path) -> None:
    day = [AT]
    desk = open_desk(book, today=lambda: day[0])
    row = add_fitted(desk)
    desk.approve(row.sha256, "Piet", "fits better", TOMORROW)
    assert desk.calibration.sha256 == SHIPPED
    day[0] = TOMORROW
    assert desk.calibration.sha256 == row.sha256


# --- tampering


def test_an_altered_calibration_prices_nothing(desk: Desk, folder: Path) -> None:
    row = add_fitted(desk)
    desk.approve(row.sha256, "Piet", "fits better")
    alter(desk.book, "UPDATE artefact SET content = replace(content, '\"sharing\":', '\"sharing\":1') WHERE true")
    for verb in (lambda: open_desk(desk.book, today=lambda: AT).quote(folder), lambda: desk.quote(folder)):
        with pytest.raises(TamperedError, match=f"{row.sha256[:12]} has been altered"):
            verb()


def test_an_altered_validation_approves_nothing(desk: Desk) -> None:
    row = add_fitted(desk, findings=[ERROR])
    alter(desk.book, "UPDATE validation SET content = replace(content, '\"error\"', '\"info\"')")
    with pytest.raises(TamperedError, match=f"validation {row.validation_sha256[:12]} has been altered"):
        desk.approve(row.sha256, "Piet", "fits better")


@pytest.mark.parametrize("table", ["validation", "calibration", "approval"])
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_rows_are_never_changed_deleted_or_replaced(desk: Desk, table: str, recursive: str) -> None:
    desk.approve(add_fitted(desk).sha256, "Piet", "fits better")
    with closing(sqlite3.connect(desk.book, isolation_level=None)) as stranger:
        stranger.execute(f"PRAGMA recursive_triggers = {recursive}")
        before = stranger.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608
        column = stranger.execute(f"PRAGMA table_info({table})").fetchall()[1][1]
        for statement in (
            f"UPDATE {table} SET {column} = 'x'",  # noqa: S608
            f"DELETE FROM {table}",  # noqa: S608
            f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}",  # noqa: S608
            f"INSERT OR IGNORE INTO {table} SELECT * FROM {table}",  # noqa: S608
        ):
            with pytest.raises(sqlite3.IntegrityError, match="is never"):
                stranger.execute(statement)
        assert stranger.execute(f"SELECT * FROM {table}").fetchall() == before  # noqa: S608


@pytest.mark.parametrize(
    "values",
    [
        (None, "{regime}", "Piet", "why", "2026-11-24", "2026-11-24"),
        (None, "{shipped}", " ", "why", "2026-11-24", "2026-11-24"),
        (None, "{shipped}", "Piet", " ", "2026-11-24", "2026-11-24"),
        (None, "{shipped}", "Piet", "why", "2026-11-23", "2026-11-24"),
        (None, "{shipped}", "Piet", "why", "2026-02-30", "2026-01-01"),
        (1, "{shipped}", "Piet", "why", "2026-11-24", "2026-11-24"),
        (-1, "{shipped}", "Piet", "why", "2026-11-24", "2026-11-24"),
    ],
)
def test_the_database_refuses_an_approval_that_makes_no_sense(desk: Desk, values: tuple[object, ...]) -> None:
    row = add_fitted(desk)
    desk.approve("shipped", "Piet", "why")
    names = {"{regime}": row.regime_sha256, "{shipped}": SHIPPED}
    with closing(sqlite3.connect(desk.book, isolation_level=None)) as stranger:
        stranger.execute("PRAGMA foreign_keys = ON")
        with pytest.raises(sqlite3.IntegrityError):
            stranger.execute("INSERT INTO approval VALUES (?, ?, ?, ?, ?, ?)", [names.get(v, v) for v in values])  # type: ignore[call-overload]
        good = (None, SHIPPED, "Piet", "why", "2026-11-25", "2026-11-24")
        stranger.execute("INSERT INTO approval VALUES (?, ?, ?, ?, ?, ?)", good)


def test_a_calibration_without_its_prior_is_not_half_written(desk: Desk) -> None:
    row = add_fitted(desk)
    text = fitted_text(0.3)
    orphan = replace(row, sha256="0" * 64, validation_sha256="1" * 64)
    with pytest.raises(WaarborgError, match="FOREIGN KEY"):
        desk._store().add_calibration(orphan, (), canonical_json({"text": text}))
    assert [known.sha256 for known in desk.calibrations()] == [row.sha256, SHIPPED]
    with pytest.raises(NotFoundError):
        desk._store().validation("1" * 64)


def test_the_same_calibration_again_stays_as_it_was_first_fitted(desk: Desk) -> None:
    row = add_fitted(desk, "Anna")
    assert add_fitted(desk, "Piet", findings=[ERROR]) == row
    assert desk.validation(row)["findings"] == []


# --- any sequence of days and approvals

NAMES = ("Anna", "Bo", "Chris")


class Approvals(RuleBasedStateMachine):
    """The desk beside the rule in one line: of the approvals that have taken effect, the last by day and by turn."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.today = AT
        self.desk = open_desk(Path(self.folder.name, "b.sqlite"), today=lambda: self.today)
        self.given: list[tuple[date, int, str]] = []

    @initialize()
    def fit(self) -> None:
        self.rows = [add_fitted(self.desk, name, 0.1 * n) for n, name in enumerate(NAMES, start=1)]

    @rule(days=st.integers(1, 3))
    def wait(self, days: int) -> None:
        self.today += timedelta(days=days)

    @rule(which=st.integers(0, 3), who=st.sampled_from(NAMES), ahead=st.integers(-1, 4))
    def approve(self, which: int, who: str, ahead: int) -> None:
        sha256, author = (SHIPPED, "waarborg") if which == len(NAMES) else (self.rows[which].sha256, NAMES[which])
        day = self.today + timedelta(days=ahead)
        same_day = [given for given in self.given if given[0] == day]
        legal = who != author and ahead >= 0 and not (same_day and max(same_day)[2] == sha256)
        if legal:
            self.desk.approve(sha256, who, "why", day)
            self.given.append((day, len(self.given), sha256))
        else:
            with pytest.raises(WaarborgError):
                self.desk.approve(sha256, who, "why", day)

    def expected(self, day: date) -> str:
        return max((given for given in self.given if given[0] <= day), default=(day, 0, SHIPPED))[2]

    @invariant()
    def the_desk_agrees(self) -> None:
        assert self.desk.calibration.sha256 == self.expected(self.today)
        approvals = self.desk.approvals()
        assert [(a.effective_from, a.calibration_sha256) for a in approvals] == [(d, sha) for d, _, sha in self.given]
        for ahead in range(-4, 6):
            day = self.today + timedelta(days=ahead)
            found = in_force(approvals, day)
            assert self.desk.in_force(day).sha256 == self.expected(day)
            assert (found.calibration_sha256 if found else SHIPPED) == self.expected(day)

    @invariant()
    def one_is_said_to_be_in_force_and_one_at_most_to_come_next(self) -> None:
        approvals = self.desk.approvals()
        told = [standing(row, approvals, self.today) for row in self.desk.calibrations()]
        assert sum(where.startswith("next") for where in told) <= 1
        now = [row.sha256 for row, w in zip(self.desk.calibrations(), told, strict=True) if w.startswith("in force")]
        assert now == [self.expected(self.today)]

    def teardown(self) -> None:
        if self.desk._open:
            self.desk._open.close()
        self.folder.cleanup()


Approvals.TestCase.settings = settings(max_examples=8, stateful_step_count=12, deadline=None)
TestApprovals = Approvals.TestCase
