"""The commands path and letter: what they print, where, with which exit code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from dossiers import AT, write_dossier

from underwriting.cli import main
from underwriting.desk import open_desk

Run = Callable[..., tuple[int, str, list[str]]]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own folder; an English locale."""
    monkeypatch.setenv("WAARBORG_HOME", str(tmp_path / "own"))
    monkeypatch.delenv("WAARBORG_REGIME", raising=False)
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    return tmp_path / "own"


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Everything that reaches stdout counts, a solver's own words too."""

    def call(*arguments: object) -> tuple[int, str, list[str]]:
        code = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return code, out, err.splitlines()

    return call


@pytest.fixture
def saved(folder: Path, home: Path) -> str:
    """The id of a quote in the user's own book."""
    own = open_desk(home / "book.sqlite", today=lambda: AT)
    made = own.quote(folder)
    own.save(made)
    return made.id


def due_of(run: Run, quote_id: str) -> int:
    return int(json.loads(run("show", quote_id, "--json")[1])["due_cents"])


def test_a_path_is_found_and_said_step_by_step(run: Run, saved: str) -> None:
    target = due_of(run, saved) * 8 // 10
    code, out, err = run("path", saved, "--target", f"{target / 100:.2f}", "--json")
    data = json.loads(out)
    assert (code, err) == (0, [])
    assert data["reached"]
    assert data["after_cents"] <= target == data["target_cents"]
    assert data["before_cents"] - sum(step["saving_cents"] for step in data["steps"]) == data["after_cents"]
    assert data["cost_cents"] == sum(step["cost_cents"] for step in data["steps"])
    assert data["steps"][-1]["due_cents"] == data["after_cents"]
    code, out, err = run("path", saved, "--target", f"{target / 100:.2f}")
    assert (code, err) == (0, [])
    assert all(step["id"] in "".join(out.split()) for step in data["steps"])
    assert data["sought"] == "fewest actions"
    assert out.startswith("Fewest actions for ")
    assert out.endswith("No set of fewer actions exists, nor one of as many that costs less.\n")
    assert not re.search("cheap", out, re.IGNORECASE)


def test_a_target_out_of_reach_gives_the_lowest_premium_and_exit_code_1(run: Run, saved: str) -> None:
    code, out, err = run("path", saved, "--target", "1", "--json")
    data = json.loads(out)
    assert (code, err, data["reached"]) == (1, [], False)
    code, out, _ = run("path", saved, "--target", "1", "--lang", "nl")
    assert code == 1
    assert out.startswith("Minste acties voor ")
    assert "Buiten bereik" in out
    assert not re.search("goedko", out, re.IGNORECASE)


def test_own_costs_decide(run: Run, saved: str, tmp_path: Path) -> None:
    target = f"{due_of(run, saved) * 8 // 10 / 100:.2f}"
    file = tmp_path / "costs.csv"
    file.write_text("action,eur\nassessment,1\n", "utf-8")
    data = json.loads(run("path", saved, "--target", target, "--costs", file, "--json")[1])
    assert data["sought"] == "least cost"
    assert data["steps"][0]["id"] == "assess:assist"
    assert data["steps"][0]["cost_cents"] == 100
    out = run("path", saved, "--target", target, "--costs", file)[1]
    assert out.startswith("Cheapest path of ")
    assert out.endswith("No cheaper set of actions exists.\n")
    out = run("path", saved, "--target", target, "--costs", file, "--lang", "nl")[1]
    assert out.startswith("Goedkoopste weg van ")
    assert out.endswith("Een goedkopere reeks acties bestaat niet.\n")
    file.write_text("action,eur\nassessment,90000\n", "utf-8")
    data = json.loads(run("path", saved, "--target", target, "--costs", file, "--json")[1])
    assert "assess:assist" not in [step["id"] for step in data["steps"]]


def test_without_a_target_every_action_is_listed(run: Run, saved: str, folder: Path) -> None:
    code, out, _ = run("path", saved, "--json")
    data = json.loads(out)
    assert code == 0
    savings = [action["saving_cents"] for action in data["actions"]]
    assert savings == sorted(savings, reverse=True)
    assert all(action["due_cents"] + action["saving_cents"] == data["due_cents"] for action in data["actions"])
    assert json.loads(run("path", folder, "--json")[1])["actions"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--target", "12,50"), "is no amount"),
        (("--target", "-5"), "is no amount"),
        (("--target", "9", "--costs", "absent.csv"), "does not exist"),
    ],
)
def test_bad_input_is_one_clear_line(run: Run, saved: str, arguments: tuple[str, ...], told: str) -> None:
    code, out, err = run("path", saved, *arguments)
    assert (code, out, len(err)) == (2, "", 1)
    assert told in err[0]


def test_a_cost_of_an_unknown_action_is_told(run: Run, saved: str, tmp_path: Path) -> None:
    file = tmp_path / "costs.csv"
    file.write_text("action,eur\ntset,1\n", "utf-8")
    code, _, err = run("path", saved, "--target", "9", "--costs", file)
    assert (code, len(err)) == (2, 1)
    assert "no such action: tset" in err[0]


@pytest.mark.parametrize("command", ["path", "letter"])
def test_an_absent_quote_and_a_folder_without_a_dossier_are_told(
    run: Run, saved: str, command: str, tmp_path: Path
) -> None:
    code, _, err = run(command, "Q-absent")
    assert (code, len(err)) == (2, 1)
    assert "Q-absent" in err[0]
    (tmp_path / "empty").mkdir()
    code, _, err = run(command, tmp_path / "empty")
    assert (code, len(err)) == (2, 1)
    assert "dossier-missing" in err[0]


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_a_letter_is_written_beside_the_book_or_where_asked(
    run: Run, saved: str, home: Path, tmp_path: Path, lang: str
) -> None:
    code, out, err = run("letter", saved, "--lang", lang)
    first = Path(out.strip())
    assert (code, err, first) == (0, [], home / "letters" / f"{saved}-{lang}.pdf")
    code, out, _ = run("letter", saved, "--lang", lang, "--out", tmp_path / "deep" / "letter.pdf")
    second = Path(out.strip())
    assert code == 0
    assert first.read_bytes().startswith(b"%PDF")
    assert first.read_bytes() == second.read_bytes()


def test_a_letter_as_text_goes_to_stdout_or_into_a_file(run: Run, saved: str, tmp_path: Path) -> None:
    code, out, _ = run("letter", saved, "--text", "--lang", "nl")
    assert code == 0
    assert "Geacht bestuur" in out
    run("letter", saved, "--text", "--lang", "nl", "--out", tmp_path / "letter.txt")
    assert (tmp_path / "letter.txt").read_text("utf-8").splitlines()[1] == out.splitlines()[1]


def test_a_declined_firm_has_a_letter_and_no_path(run: Run, tmp_path: Path) -> None:
    declined = write_dossier(tmp_path / "declined", system={"self_assessed_class": "prohibited"})
    code, out, err = run("letter", declined, "--text")
    assert (code, err) == (0, [])
    assert "Why we cannot offer you a premium" in out
    code, out, err = run("path", declined, "--target", "100")
    assert (code, out, len(err)) == (2, "", 1)
    assert "is declined" in err[0]


@pytest.mark.parametrize("command", ["path", "letter"])
def test_no_advice_is_given_on_a_quote_of_another_engine(
    run: Run, saved: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("underwriting.quoting.ENGINE", 99)
    code, out, err = run(command, saved)
    assert (code, out, len(err)) == (2, "", 1)
    assert "quote its dossier anew" in err[0]


def test_a_letter_loads_nothing_that_solves_or_fits() -> None:
    source = "import sys, underwriting.documents.letter; print([m for m in ('cvxpy', 'pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
