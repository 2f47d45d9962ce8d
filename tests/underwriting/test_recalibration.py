"""Fitting into the book and the commands on calibrations; the fit itself is replaced by one that is quick."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from calibration_values import ERROR, SHIPPED, WARNING, add_fitted, fitted_text, shipped_data, validation_of
from dossiers import AT
from test_archive import alter

from actuarial.calibration import parse_calibration
from policies.digest import digest
from policies.findings import Finding, WaarborgError
from underwriting import recalibration
from underwriting.cli import main
from underwriting.commands import calibration as commands
from underwriting.desk import Desk, findings_of
from underwriting.quote import Quote
from underwriting.recalibration import calibrate

TODAY = AT.isoformat()
Run = Callable[..., tuple[int, str, list[str]]]
EXPERIENCE: Any = "an experience"
TABLES = ("artefact", "validation", "calibration")


class QuickFit:
    """A fit that adds to one parameter, and remembers what it was asked."""

    def __init__(self) -> None:
        self.change = 0.3
        self.findings: list[Finding] = []
        self.asked: list[tuple[Any, ...]] = []
        self.trouble: BaseException | None = None

    def __call__(
        self, experience: Any, artefacts: Any, regime: Any, seed: int, progress: Any, _tests: Any
    ) -> SimpleNamespace:
        self.asked.append((experience, artefacts, regime, seed))
        progress(1, 2, "frequency", "1,234 claims in 9,876 cells")
        if self.trouble:
            raise self.trouble
        progress(2, 2, "validation", "3 tables")
        text = fitted_text(self.change, lambda data: data.update(prior=self.prior(artefacts)))
        found = parse_calibration(text)
        return SimpleNamespace(
            calibration=found,
            text=text,
            artefact=json.loads(text),
            validation=validation_of(found.sha256, self.findings),
        )

    @staticmethod
    def prior(artefacts: Any) -> str:
        return digest(artefacts[0])


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own folder; an English locale; a day that does not pass."""
    monkeypatch.setenv("WAARBORG_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("WAARBORG_REGIME", raising=False)
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    monkeypatch.setenv("LOGNAME", "anna")
    monkeypatch.setattr(Desk, "__init__", _on_that_day(Desk.__init__))
    return tmp_path / "home"


def _on_that_day(made: Callable[..., None]) -> Callable[..., None]:
    return lambda desk, book, regime, _today: made(desk, book, regime, lambda: AT)


@pytest.fixture
def fit(monkeypatch: pytest.MonkeyPatch) -> QuickFit:
    quick = QuickFit()
    monkeypatch.setattr(recalibration, "fit", quick)
    monkeypatch.setattr(commands, "_experience", lambda _desk, _file, _start: (EXPERIENCE, None))
    return quick


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object) -> tuple[int, str, list[str]]:
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return code, out, err.splitlines()

    return call


# --- the verb


def test_a_fit_is_kept_with_its_validation_and_prices_nothing_yet(desk: Desk, fit: QuickFit) -> None:
    fit.findings = [WARNING]
    row = calibrate(desk, EXPERIENCE, " Anna ")
    assert (row.fitted_by, row.fitted_at, row.prior_sha256) == ("Anna", AT, SHIPPED)
    assert row.regime_sha256 == desk.regime.sha256
    assert desk.calibrations()[0] == row
    assert findings_of(desk.validation(row)) == (WARNING,)
    assert desk.calibration.sha256 == SHIPPED
    assert desk.calibration_of(row.sha256) == parse_calibration(fitted_text(0.3), row.sha256)
    assert fit.asked == [(EXPERIENCE, (shipped_data(),), desk.regime, recalibration.SEED)]


def test_the_line_of_priors_goes_back_to_what_ships(desk: Desk, fit: QuickFit) -> None:
    first = calibrate(desk, EXPERIENCE, "Anna")
    fit.change = 0.5
    second = calibrate(desk, EXPERIENCE, "Anna", first.sha256)
    assert second.prior_sha256 == first.sha256
    assert fit.asked[-1][1] == (desk.calibration_data(first.sha256), shipped_data())
    assert list(recalibration.lineage(desk, second)) == [
        desk.calibration_data(sha256) for sha256 in (second.sha256, first.sha256, SHIPPED)
    ]


def test_the_prior_is_the_one_in_force_unless_another_is_named(desk: Desk, fit: QuickFit) -> None:
    first = calibrate(desk, EXPERIENCE, "Anna")
    desk.approve(first.sha256, "Piet", "fits better")
    fit.change = 0.5
    assert calibrate(desk, EXPERIENCE, "Anna").prior_sha256 == first.sha256
    fit.change = 0.6
    assert calibrate(desk, EXPERIENCE, "Anna", "shipped").prior_sha256 == SHIPPED


def test_the_same_fit_again_stays_with_whoever_was_first(desk: Desk, fit: QuickFit) -> None:
    assert calibrate(desk, EXPERIENCE, "Anna") == calibrate(desk, EXPERIENCE, "Piet")
    assert len(desk.calibrations()) == 2


@pytest.mark.parametrize("trouble", [ValueError("no claims"), WaarborgError("no claims"), KeyboardInterrupt()])
def test_nothing_is_written_when_the_fit_fails(desk: Desk, fit: QuickFit, trouble: BaseException) -> None:
    fit.trouble = trouble
    wanted = KeyboardInterrupt if isinstance(trouble, KeyboardInterrupt) else WaarborgError
    with pytest.raises(wanted):
        calibrate(desk, EXPERIENCE, "Anna")
    assert not desk.book.exists()


def test_nothing_is_half_written_when_the_book_fails(
    desk: Desk, fit: QuickFit, made: Quote, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.save(made)

    def full(_session: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as broken:
        broken.setattr("underwriting.store.Session.commit", full)
        with pytest.raises(WaarborgError, match="disk is full"):
            calibrate(desk, EXPERIENCE, "Anna")
    with closing(sqlite3.connect(desk.book)) as connection:
        counts = [connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in TABLES]  # noqa: S608
    assert counts == [4, 0, 0]
    assert [row.sha256 for row in desk.calibrations()] == [SHIPPED]


def test_a_fit_by_nobody_is_refused_before_it_starts(desk: Desk, fit: QuickFit) -> None:
    with pytest.raises(WaarborgError, match="the name is blank"):
        calibrate(desk, EXPERIENCE, " ")
    assert fit.asked == []


# --- waarborg calibrate


def test_a_fit_tells_its_progress_its_findings_and_what_to_do_next(run: Run, desk: Desk, fit: QuickFit) -> None:
    fit.findings = [WARNING]
    code, out, err = run("calibrate", "--experience", "market.zip")
    row = desk.calibrations()[0]
    assert code == 0
    assert row.fitted_by == "anna"
    assert [line.partition(" ... ")[0] for line in err] == [
        "[1/2] frequency: 1,234 claims in 9,876 cells",
        "[2/2] validation: 3 tables",
    ]
    assert all(line.endswith(" s") for line in err)
    for told in (row.sha256, "rank-weak", "frequency.perils.BOD.intercept", f"calibration approve {row.sha256[:12]}"):
        assert told in out
    assert "not approved" in out


def test_a_fit_as_json_that_holds_errors_exits_one(run: Run, fit: QuickFit) -> None:
    fit.findings = [ERROR]
    code, out, _ = run("calibrate", "--experience", "market.zip", "--by", "Piet", "--json")
    data = json.loads(out)
    assert (code, data["fitted_by"], data["prior"]) == (1, "Piet", SHIPPED)
    assert [finding["severity"] for finding in data["findings"]] == ["error"]
    assert [change["path"] for change in data["changed_most"]] == ["frequency.perils.BOD.intercept"]


def test_fitting_the_same_again_is_said(run: Run, fit: QuickFit) -> None:
    run("calibrate", "--experience", "m.zip")
    code, _, err = run("calibrate", "--experience", "m.zip", "--by", "Piet")
    assert code == 0
    assert "is in the book already" in err[-1]


def test_an_interrupted_fit_writes_nothing(run: Run, fit: QuickFit, home: Path) -> None:
    fit.trouble = KeyboardInterrupt()
    assert run("calibrate", "--experience", "m.zip")[:2] == (130, "")
    assert not home.exists()


def test_a_fit_under_a_named_regime(run: Run, desk: Desk, fit: QuickFit) -> None:
    assert run("calibrate", "--experience", "m.zip", "--regime", "atlantis-1")[0] == 2
    run("calibrate", "--experience", "m.zip", "--regime", "nl-2027")
    assert fit.asked[-1][2] == desk.regime


# --- the other commands


@pytest.fixture
def two(desk: Desk) -> tuple[str, str]:
    """Two calibrations in the book: one with a warning, one with an error."""
    return add_fitted(desk, "Anna", 0.3, [WARNING]).sha256, add_fitted(desk, "Bo", 0.9, [ERROR, WARNING]).sha256


def test_the_list_marks_what_is_in_force_and_what_comes_next(run: Run, desk: Desk, two: tuple[str, str]) -> None:
    desk.approve(two[0], "Piet", "fits better", AT + timedelta(days=40))
    desk.approve("shipped", "Piet", "to start with")
    code, out, err = run("calibration", "list")
    assert (code, err) == (0, [])
    lines = {line[:12]: line for line in out.splitlines()}
    assert lines[SHIPPED[:12]].endswith(f"in force since {TODAY}")
    assert lines[two[0][:12]].endswith("next, from 2027-01-03")
    assert "1 error, 1 warning" in lines[two[1][:12]]
    assert lines[two[1][:12]].endswith("not approved")
    data = json.loads(run("calibration", "list", "--json")[1])
    assert {row["calibration"]: row["standing"] for row in data} == {
        SHIPPED: f"in force since {TODAY}",
        two[0]: "next, from 2027-01-03",
        two[1]: "not approved",
    }


def test_without_a_book_there_is_what_ships(run: Run, home: Path) -> None:
    assert "in force as it ships" in run("calibration", "list")[1]
    code, out, _ = run("calibration", "in-force")
    assert (code, out.splitlines()[0]) == (0, f"{SHIPPED} on {TODAY}")
    assert not home.exists()


def test_show_prints_every_parameter(run: Run, desk: Desk, two: tuple[str, str]) -> None:
    desk.approve(two[0], "Piet", "fits better")
    code, out, _ = run("calibration", "show", two[0][:7])
    assert code == 0
    for told in (two[0], "Anna on", "rank-weak", "fits better", "frequency.sectors", "BOD.intercept", "garak.apikey"):
        assert told in out
    assert max(map(len, out.splitlines())) <= 100
    data = json.loads(run("calibration", "show", two[0][:7], "--json")[1])
    assert len(data["parameters"]) > 900
    assert data["parameters"]["frequency.sharing"] == {"value": 0.5, "low": None, "high": None}
    assert data["parameters"]["frequency.perils.BOD.intercept"]["low"] is not None
    assert data["approvals"][0]["approved_by"] == "Piet"


def test_compare_prints_every_parameter_of_both(run: Run, two: tuple[str, str]) -> None:
    code, out, _ = run("calibration", "compare", two[0][:9], "shipped")
    assert code == 0
    assert "Changed: 1 of" in out
    (line,) = [line for line in out.splitlines() if "BOD.intercept" in line]
    assert line.endswith("-0.3  *")
    assert max(map(len, out.splitlines())) <= 100
    data = json.loads(run("calibration", "compare", two[0][:9], "shipped", "--json")[1])
    (told,) = [entry for entry in data["parameters"] if entry["change"]]
    assert (told["path"], told["outside"]) == ("frequency.perils.BOD.intercept", True)
    assert told["a"]["low"] < told["a"]["value"] < told["a"]["high"]


def test_impact_tells_the_book_the_movers_and_why(run: Run, desk: Desk, made: Quote, two: tuple[str, str]) -> None:
    desk.save(made)
    code, out, _ = run("calibration", "impact", "in-force", two[1][:9])
    assert code == 0
    for told in ("Premiums due of 1 firms", made.id, "expected loss at market average +", "50%", "####"):
        assert told in out
    data = json.loads(run("calibration", "impact", "in-force", two[1][:9], "--json")[1])
    assert (data["firms"], data["total_a_cents"], data["a"]) == (1, made.breakdown.due.cents, SHIPPED)
    assert data["movers"][0]["b_cents"] == data["total_b_cents"]
    assert data["movers"][0]["reasons"][0]["code"] == "base"


def test_approve_says_from_when_and_in_force_tells_who_and_why(run: Run, desk: Desk, two: tuple[str, str]) -> None:
    code, out, err = run("calibration", "approve", two[0][:9], "--by", "Piet", "--reason", "fits better")
    assert (code, err) == (0, [])
    claims = len(desk.certificate(desk.calibration_of(two[0])).claims)
    assert claims
    assert out.splitlines()[:2] == [
        f"{two[0][:12]} approved by Piet, in force from {TODAY}",
        f"its certificate under nl-2027 was checked and is valid ({claims} claims)",
    ]
    assert "rank-weak" in "".join(out.splitlines()[2:])
    options = ("--by", "Piet", "--reason", "back", "--from", "2027-01-01", "--json")
    assert json.loads(run("calibration", "approve", "shipped", *options)[1])["effective_from"] == "2027-01-01"
    out = run("calibration", "in-force")[1]
    assert out.splitlines() == [
        f"{two[0]} on {TODAY}",
        f"  since {TODAY} {two[0][:12]}, approved by Piet on {TODAY}: fits better",
        f"  then 2027-01-01 {SHIPPED[:12]}, approved by Piet on {TODAY}: back",
    ]
    data = json.loads(run("calibration", "in-force", "--at", "2027-06-01", "--json")[1])
    assert (data["calibration"], data["approval"]["reason"], data["next"]) == (SHIPPED, "back", None)
    assert json.loads(run("calibration", "in-force", "--at", "2026-01-01", "--json")[1])["calibration"] == SHIPPED


def test_a_report_is_written_where_it_is_asked_for(
    run: Run, desk: Desk, two: tuple[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    desk.approve(two[0], "Piet", "fits better")
    asked: list[tuple[Any, ...]] = []

    def write(folder: Path, *rest: Any) -> tuple[Path, Path]:
        asked.append((folder, *rest))
        return folder / "report.html", folder / "report.pdf"

    monkeypatch.setitem(
        sys.modules,
        "underwriting.documents.calibration_report",
        SimpleNamespace(write_report=write),  # type: ignore[arg-type]
    )
    code, out, _ = run("calibration", "report", two[0][:9], "--out", tmp_path / "out", "--lang", "nl")
    assert (code, out.split()) == (0, [str(tmp_path / "out" / "report.html"), str(tmp_path / "out" / "report.pdf")])
    _, data, validation, by, at, approvals, lang = asked[0]
    assert (data["kind"], validation["calibration"], by, at, lang) == ("fitted", two[0], "Anna", AT, "nl")
    assert approvals == [("Piet", "fits better", AT)]
    run("calibration", "report", "shipped")
    assert asked[1][0] == desk.book.parent / "reports" / SHIPPED[:12]
    assert asked[1][2]["findings"] == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["calibrate", "--from-db", "--experience", "m.zip"], "not both"),
        (["calibrate", "--experience", "m.zip", "--prior", "zz"], "no calibration 'zz'; there are shipped, in-force"),
        (["calibrate", "--experience", "m.zip", "--by", " "], "the name is blank"),
        (["--book", "absent.sqlite", "calibrate"], "no book at absent.sqlite"),
        (["--book", "absent.sqlite", "calibration", "list"], "no book at absent.sqlite"),
        (["calibration", "show", "zz"], "no calibration 'zz'; there are shipped, in-force"),
        (["calibration", "show", "\x1b[2J"], "no calibration"),
        (["calibration", "compare", "shipped"], "Missing argument 'B'"),
        (["calibration", "impact", "shipped", "in-force"], "no firm to rate: the book holds 0 profiles"),
        (["calibration", "approve", "shipped", "--by", "P"], "Missing option '--reason'"),
        (["calibration", "approve", "shipped", "--by", "P", "--reason", " "], "an approval needs a reason"),
        (["calibration", "approve", "shipped", "--by", "P", "--reason", "r", "--from", "2026-01-01"], "in the past"),
        (["calibration", "in-force", "--at", "soon"], "'soon' does not match"),
        (["calibration", "burn"], "No such command"),
    ],
)
def test_one_line_and_exit_code_two(run: Run, fit: QuickFit, arguments: list[str], told: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out, len(err)) == (2, "", 1)
    assert err[0].startswith("waarborg: ")
    assert err[0].isprintable()
    assert told in err[0]


def test_an_altered_calibration_stops_a_quote_in_one_line(run: Run, desk: Desk, folder: Path) -> None:
    row = add_fitted(desk)
    desk.approve(row.sha256, "Piet", "fits better")
    alter(desk.book, "UPDATE artefact SET content = content || ' ' WHERE kind = 'calibration'")
    code, out, err = run("quote", folder, "--json")
    assert (code, out, len(err)) == (2, "", 1)
    assert "has been altered" in err[0]


def test_a_name_that_drives_a_terminal_is_shown_safely(run: Run, desk: Desk) -> None:
    row = add_fitted(desk, "An\x1b[31mna")
    desk.approve(row.sha256, "Pi\x1b[2Jet", "be\x1b]0;cause")
    for command in (("list",), ("show", row.sha256[:9]), ("in-force",)):
        out = run("calibration", *command)[1]
        assert "\x1b" not in out


# --- as a process


def test_a_long_list_goes_quietly_into_a_pipe_that_closes(home: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "underwriting", "calibration", "compare", "shipped", "in-force"]
    with os.fdopen(write, "w") as pipe:
        done = subprocess.run(command, stdout=pipe, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (141, "")


def test_the_list_loads_nothing_that_fits_or_draws(home: Path) -> None:
    script = (
        "import sys\nfrom underwriting.cli import main\nmain(['calibration', 'list'])\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert SHIPPED[:12] in done.stdout
    assert set(done.stderr.split()) & {"numpy", "pandas", "scipy", "matplotlib", "sqlmodel", "textual"} == set()
