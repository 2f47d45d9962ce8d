"""The command line: what it prints, where, with which exit code; and that nothing a user does ends in a traceback."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from dossiers import AT, TABLE, dossier_data, results, save_dossier, write_dossier

from policies.heads import HEADS
from policies.perils import PERILS
from policies.regimes import load_regime
from policies.safety import catalogue
from underwriting import settings
from underwriting.bookfile import create_book
from underwriting.cli import COMMANDS, main
from underwriting.desk import Desk
from underwriting.quote import Quote

DAY = AT.isoformat()
Run = Callable[..., tuple[int, str, list[str]]]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own folder, empty; an English locale."""
    monkeypatch.setenv("WAARBORG_HOME", str(tmp_path / "own"))
    monkeypatch.delenv("WAARBORG_REGIME", raising=False)
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    return tmp_path / "own"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object) -> tuple[int, str, list[str]]:
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return code, out, err.splitlines()

    return call


@pytest.fixture
def safe_folder(tmp_path: Path) -> Path:
    """A dossier that is quoted outright: every required test passed by an accredited evaluator."""
    data, tests = dossier_data(), load_regime(settings.REGIME).required_tests()
    entry = data["systems"][0]["evidence"][0]
    data["systems"][0]["evidence"] = [entry | {"test": test} for test in tests]
    table = results(*({"test": test, "trials": 2000, "failures": 0, "date": "2026-11-01"} for test in tests))
    return save_dossier(tmp_path / "safe", data, {TABLE: table})


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


# --- quote

FIELDS = [
    "schema_version", "quote_id", "at", "decision", "regime", "calibration", "dossier_sha256", "currency", "findings",
    "systems", "lines", "technical_premium_cents", "offered_premium_cents", "tax_cents", "due_cents",
    "due_theta_low_cents", "due_theta_high_cents", "instalments_cents", "levers",
]  # fmt: skip


def test_the_json_of_a_quote_is_the_quote(run: Run, folder: Path, made: Quote) -> None:
    code, out, err = run("quote", folder, "--json", "--at", DAY)
    data = json.loads(out)
    assert (code, err) == (1, [])
    assert list(data) == FIELDS
    assert [data[key] for key in FIELDS[:8]] == [
        1, made.id, DAY, "referred", "nl-2027", made.calibration_sha256, made.profile.sha256, "EUR",
    ]  # fmt: skip
    assert [list(entry) for entry in data["findings"][:1]] == [["code", "severity", "subject", "message", "reference"]]
    assert [entry["code"] for entry in data["findings"]] == [finding.code for finding in made.findings]
    (system,) = data["systems"]
    assert list(system) == ["id", "danger", "compliance", "perils"]
    assert system["danger"] == dict(made.systems[0].danger)
    assert {p: tuple(entry.values()) for p, entry in system["perils"].items()} == {
        p: (priced.frequency, priced.expected_loss.cents) for p, priced in made.systems[0].perils.items()
    }
    assert list(system["perils"]["FIN"]) == ["frequency", "expected_loss_cents"]
    assert [tuple(line) for line in data["lines"]] == [("code", "label", "cents", "factor", "source")] * len(
        made.breakdown.lines
    )
    assert sum(line["cents"] for line in data["lines"]) == data["due_cents"] == made.breakdown.due.cents
    assert data["offered_premium_cents"] + data["tax_cents"] == data["due_cents"]
    assert data["technical_premium_cents"] == made.breakdown.technical_premium.cents
    assert sum(data["instalments_cents"]) == data["due_cents"]
    assert (data["due_theta_low_cents"], data["due_theta_high_cents"]) == (made.due_low.cents, made.due_high.cents)
    assert [list(lever) for lever in data["levers"][:1]] == [["change", "premium_cents", "saving_cents"]]
    assert [lever["saving_cents"] for lever in data["levers"]] == [lever.saving.cents for lever in made.levers]


def test_a_quoted_risk_exits_zero(run: Run, safe_folder: Path) -> None:
    code, out, err = run("quote", safe_folder, "--json", "--at", DAY)
    assert (code, err, json.loads(out)["decision"]) == (0, [], "quoted")


def test_a_declined_risk_is_printed_all_the_same(run: Run, tmp_path: Path) -> None:
    word = load_regime(settings.REGIME).declined_words[0]
    folder = write_dossier(tmp_path / "declined", system={"self_assessed_class": word})
    code, out, err = run("quote", folder, "--json", "--at", DAY)
    assert (code, err, json.loads(out)["decision"]) == (1, [], "declined")
    code, out, _ = run("quote", folder, "--at", DAY)
    assert code == 1
    assert "DECLINED" in out


@pytest.mark.parametrize(("lang", "due"), [("en", "Premium due"), ("nl", "Te betalen premie")])
def test_the_text_of_a_quote_speaks_the_language_asked_for(run: Run, folder: Path, lang: str, due: str) -> None:
    code, out, err = run("quote", folder, "--at", DAY, "--lang", lang)
    assert (code, err) == (1, [])
    assert due in out


def test_the_locale_chooses_the_language(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "nl_NL.UTF-8")
    assert "Te betalen premie" in run("quote", folder, "--at", DAY)[1]
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    assert "Premium due" in run("quote", folder, "--at", DAY)[1]


def test_without_save_nothing_is_written(run: Run, folder: Path, home: Path) -> None:
    run("quote", folder, "--json", "--at", DAY)
    assert not home.exists()


# --- the book


def test_save_list_show_and_replay(run: Run, folder: Path, made: Quote, tmp_path: Path) -> None:
    chosen = ("--book", tmp_path / "other" / "b.sqlite")
    _, first, _ = run(*chosen, "quote", folder, "--json", "--at", DAY, "--save")
    assert run(*chosen, "quote", folder, "--json", "--at", DAY, "--save")[1] == first
    code, out, err = run(*chosen, "quotes", "REFERRED", "fictie", "--json")
    assert (code, err) == (0, [])
    assert json.loads(out) == [
        {
            "quote_id": made.id,
            "firm": made.profile.firm.name,
            "obliged_class": made.obliged_class,
            "limit_cents": made.profile.cover.terms.limit.cents,
            "due_cents": made.breakdown.due.cents,
            "decision": "referred",
            "at": DAY,
            "inception": made.profile.cover.inception.isoformat(),
        }
    ]
    assert made.id in run(*chosen, "quotes")[1]
    assert run(*chosen, "show", made.id[:6], "--json") == (1, first, [])
    assert "Premium due" in run(*chosen, "show", made.id)[1]
    assert run(*chosen, "replay", made.id) == (0, f"{made.id} identical\n", [])
    assert run(*chosen, "replay", "--all") == (0, f"{made.id} identical\n", [])


def test_a_replay_of_no_quote_says_so(run: Run, desk: Desk, home: Path) -> None:
    assert run("replay", "--all") == (0, "", [f"no quotes in {home / 'book.sqlite'}"])
    assert not home.exists()
    create_book(desk.book)
    assert run("--book", desk.book, "replay", "--all") == (0, "", [f"no quotes in {desk.book}"])


def test_an_empty_list_says_so_on_stderr(run: Run, desk: Desk, made: Quote) -> None:
    assert run("quotes")[:2] == (0, "")
    assert json.loads(run("quotes", "--json")[1]) == []
    desk.save(made)
    assert run("--book", desk.book, "quotes", "zz") == (0, "", ["no quote holds all of these words"])


def test_a_replay_that_differs_exits_one(run: Run, desk: Desk, made: Quote, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.save(made)
    monkeypatch.setattr("underwriting.quoting.judge", lambda _case: ())
    code, out, err = run("--book", desk.book, "replay", "--all")
    assert (code, err) == (1, [])
    assert out == f"{made.id} differs: decision: archived 'referred', recomputed 'quoted'\n"


def test_a_replay_of_altered_content_exits_two_and_goes_on(
    run: Run, desk: Desk, made: Quote, safe_folder: Path
) -> None:
    desk.save(made)
    other = desk.quote(safe_folder)
    desk.save(other)
    with closing(sqlite3.connect(desk.book, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER quote_no_update")
        connection.execute("UPDATE quote SET due_cents = 1 WHERE id = ?", [made.id])
    code, out, err = run("--book", desk.book, "replay", "--all")
    assert (code, out) == (2, f"{other.id} identical\n")
    assert err == [
        f"waarborg: {made.id}: the row of {made.id} has been altered: it differs from the quote it stands for"
    ]
    code, out, err = run("--book", desk.book, "show", made.id)
    assert (code, out, len(err)) == (2, "", 1)
    listed = json.loads(run("--book", desk.book, "quotes", made.id, "--json")[1])
    assert [row["due_cents"] for row in listed] == [1]  # the list is an index: it shows the rows as they stand


# --- dossier, catalogue, sample


def test_a_dossier_is_checked_without_a_quote(run: Run, folder: Path, home: Path) -> None:
    code, out, err = run("dossier", "check", folder, "--at", DAY)
    assert (code, err) == (0, [])
    told = out.splitlines()
    assert told[-1] == f"{folder}: read without errors, not yet judged; systems: 1, findings: {len(told) - 1}"
    assert not home.exists()


def test_a_check_does_not_judge(run: Run, tmp_path: Path) -> None:
    word = load_regime(settings.REGIME).declined_words[0]
    folder = write_dossier(tmp_path, system={"self_assessed_class": word})
    code, out, err = run("dossier", "check", folder, "--at", DAY)
    assert (code, err) == (0, [])
    assert "read without errors, not yet judged" in out
    assert "quoted" not in out


def test_a_check_gives_errors_on_stderr_and_the_rest_on_stdout(run: Run, tmp_path: Path) -> None:
    bad = write_dossier(tmp_path / "bad", firm={"kvk": "12"})
    code, out, err = run("dossier", "check", bad, "--at", DAY)
    assert (code, len(err)) == (2, 1)
    assert err[0].startswith("waarborg: error firm-number dossier.toml: firm, kvk: ")
    (line,) = out.splitlines()
    assert line.startswith("info run-read evidence/results.csv: row 2: ")


def test_all_findings_of_bad_input_come_at_once(run: Run, tmp_path: Path, home: Path) -> None:
    bad = write_dossier(tmp_path / "bad", firm={"kvk": "12", "colour": "red"}, system={"autonomy": 9})
    for command in (("quote", bad, "--json", "--save"), ("dossier", "check", bad)):
        code, out, err = run(*command, "--at", DAY)
        assert (code, "error" in out) == (2, False)
        assert len(err) == 3
        assert all(line.startswith("waarborg: error ") for line in err)
        assert all(any(field in line for line in err) for field in ("kvk", "colour", "autonomy"))
    assert not home.exists()


def test_bad_input_is_told_in_dutch_unless_a_program_asks(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = write_dossier(tmp_path / "bad", firm={"kvk": "12"})
    english = run("quote", bad, "--at", DAY)[2]
    dutch = run("quote", bad, "--at", DAY, "--lang", "nl")[2]
    assert english[0].startswith("waarborg: error firm-number dossier.toml: firm, kvk: is ")
    assert dutch[0].startswith("waarborg: fout firm-number dossier.toml: firm, kvk: Het handelsregisternummer ")
    assert dutch[0].endswith(english[0].partition(" kvk: ")[2])
    assert len(dutch) == len(english)
    monkeypatch.setenv("LC_ALL", "nl_NL.UTF-8")
    assert run("quote", bad, "--at", DAY)[2] == dutch == run("dossier", "check", bad, "--at", DAY)[2]
    assert run("quote", bad, "--at", DAY, "--json")[2] == english


def test_a_dossier_is_checked_in_dutch(run: Run, folder: Path) -> None:
    code, out, err = run("dossier", "check", folder, "--at", DAY, "--lang", "nl")
    assert (code, err) == (0, [])
    assert out.splitlines()[-1].startswith(f"{folder}: zonder fouten gelezen, nog niet beoordeeld; systemen: 1, ")
    assert "Telling van een testafname" in out


def test_the_catalogue_as_json(run: Run) -> None:
    code, out, err = run("catalogue", "--json")
    data = json.loads(out)
    assert (code, err) == (0, [])
    assert list(data) == ["schema_version", "regime", "perils", "heads", "tests"]
    assert [(p["id"], p["title"]) for p in data["perils"]] == [(p.id, p.title) for p in PERILS.values()]
    for peril in data["perils"]:
        weights = [entry["weight"] for entry in peril["battery"]]
        assert not weights or sum(weights) == pytest.approx(1)
    assert [head["id"] for head in data["heads"]] == list(HEADS)
    assert {test["id"]: test["minimum_trials"] for test in data["tests"]} == {
        test.id: test.minimum_trials for test in catalogue().values()
    }
    assert {tuple(test) for test in data["tests"]} == {("id", "peril", "direction", "minimum_trials")}
    assert {entry["test"] for p in data["perils"] for entry in p["battery"]} <= {test["id"] for test in data["tests"]}


def test_the_catalogue_as_text_names_everything(run: Run) -> None:
    out = run("catalogue")[1]
    assert [name for name in (*PERILS, *HEADS, *catalogue()) if name not in out] == []


def test_a_sample_market_is_loaded_or_only_written(run: Run, tmp_path: Path, home: Path) -> None:
    code, out, err = run("sample", "--firms", 2, "--seed", 1, "--out", tmp_path / "market")
    assert (code, out) == (0, "")
    assert err[-1].startswith("sample market: 2 of 2 firms")
    assert len(list((tmp_path / "market").glob("*/dossier.toml"))) == 2
    assert not home.exists()
    assert run("sample", "--firms", 2, "--seed", 1)[0] == 0
    assert len(json.loads(run("quotes", "--json")[1])) == 2


# --- what goes wrong is one line on stderr, exit code 2, and nothing else


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["quote"], "Missing argument 'FOLDER'"),
        (["quote", "absent"], "holds no dossier.toml"),
        (["quote", __file__], "is a file; right would be the folder that holds dossier.toml"),
        (["quote", "x" * 300], "cannot be read: File name too long"),
        (["quote", "absent", "--at", "2026-02-30"], "'2026-02-30' does not match"),
        (["quote", "absent", "--lang", "fr"], "'fr' is not one of"),
        (["quote", "absent", "--colour"], "No such option"),
        (["show", "Q-1"], "no book at"),
        (["replay", "Q-1"], "no book at"),
        (["replay"], "name the quotes to replay"),
        (["replay", "Q-1", "--all"], "name the quotes to replay"),
        (["--book", "absent.sqlite", "quotes"], "no book at absent.sqlite"),
        (["--book", "absent.sqlite", "show", "Q-1"], "no book at absent.sqlite"),
        (["--book", "absent.sqlite", "replay", "--all"], "no book at absent.sqlite"),
        (["dossier", "check", "absent"], "holds no dossier.toml"),
        (["dossier", "burn"], "No such command"),
        (["sample", "--firms", "0", "--seed", "1"], "0 is not in the range"),
        (["sample", "--firms", "2"], "Missing option '--seed'"),
        (["bind"], "No such command 'bind'"),
        (["--colour"], "No such option"),
    ],
)
def test_one_line_and_exit_code_two(run: Run, arguments: list[str], told: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out, len(err)) == (2, "", 1)
    assert err[0].startswith("waarborg: ")
    assert told in err[0]


@pytest.mark.parametrize("content", [b"", b"plain text", b"SQLite format 3\x00" + b"\x07" * 5000])
@pytest.mark.parametrize("command", [["quotes"], ["show", "Q-1"], ["replay", "--all"]])
def test_a_file_that_is_no_book(run: Run, tmp_path: Path, content: bytes, command: list[str]) -> None:
    path = tmp_path / "book.sqlite"
    path.write_bytes(content)
    code, out, err = run("--book", path, *command)
    assert (code, out, len(err)) == (2, "", 1)
    assert str(path) in err[0]
    assert path.read_bytes() == content


def test_a_quote_is_not_saved_into_a_file_that_is_no_book(run: Run, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes")
    code, out, err = run("--book", path, "quote", folder, "--at", DAY, "--save")
    assert (code, out, len(err)) == (2, "", 1)
    assert path.read_text() == "my notes"


def test_a_book_where_no_file_can_be(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for book, told in (
        (tmp_path / "file" / "b.sqlite", f"{tmp_path / 'file'} is not a folder that can hold a book"),
        (tmp_path, "is not a plain file; give a file"),
        (os.devnull, "is not a plain file; give a file"),
        ("/proc/none/b.sqlite", "No such file or directory"),
    ):
        code, out, err = run("--book", book, "quote", folder, "--at", DAY, "--save")
        assert (code, out, len(err)) == (2, "", 1)
        assert told in err[0]
    assert not Path(f"{os.devnull}-lock").exists()


def test_an_unknown_regime(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAARBORG_REGIME", "atlantis-1")
    for command in (("quote", folder), ("catalogue",), ("quotes",)):
        code, out, err = run(*command)
        assert (code, out, len(err)) == (2, "", 1)
        assert "nl-2027" in err[0]


def test_hostile_words_do_not_reach_the_terminal(run: Run) -> None:
    for arguments in (["show", "\x1b]52;c;aGk=\x07"], ["\x1b[2Jbind"], ["quote", "\u202eabsent\n\x1b[31m"]):
        code, out, err = run(*arguments)
        assert (code, out, len(err)) == (2, "", 1)
        assert err[0].isprintable()


# --- as a process


def process(*arguments: object, **options: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "underwriting", *map(str, arguments)]
    return subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, **options)  # type: ignore[call-overload, no-any-return]


def test_a_json_quote_loads_no_screen_and_no_database(folder: Path) -> None:
    script = (
        "import sys\nfrom underwriting.cli import main\n"
        f"code = main(['quote', {str(folder)!r}, '--json', '--at', '{DAY}'])\n"
        "print(code, *sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert json.loads(done.stdout)["decision"] == "referred"
    assert "numpy" in loaded
    assert loaded & {"textual", "rich", "pandas", "sqlmodel", "sqlalchemy", "babel", "statsmodels", "cvxpy"} == set()


def test_a_list_loads_no_tariff(desk: Desk, made: Quote) -> None:
    desk.save(made)
    script = (
        "import sys\nfrom underwriting.cli import main\n"
        f"main(['--book', {str(desk.book)!r}, 'quotes'])\nprint(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert made.id in done.stdout
    assert set(done.stderr.split()) & {"scipy", "numpy", "textual", "rich", "pandas"} == set()


def test_help_loads_no_command() -> None:
    script = "import sys\nfrom underwriting.cli import main\nmain(['--help'])\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert [name for name in COMMANDS if f"  {name} " not in done.stdout] == []
    assert set(done.stderr.split()) & {"numpy", "underwriting.commands", "babel"} == set()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_under_stdout_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = process("catalogue", "--json", stdout=full)
    assert (done.returncode, done.stderr.splitlines()) == (2, ["waarborg: No space left on device"])


def test_a_full_disk_under_the_book_is_one_line_and_harms_nothing(folder: Path, desk: Desk, made: Quote) -> None:
    desk.save(made)
    script = (
        "import resource, sys\nfrom underwriting.cli import main\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        f"sys.exit(main(['--book', {str(desk.book)!r}, 'quote', {str(folder)!r}, '--at', '2026-11-25', '--save']))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"waarborg: book {desk.book}: ")
    assert [row.id for row in desk.quotes()] == [made.id]
    desk.save(desk.quote(folder, AT.replace(day=25)))
    assert desk.count() == 2


def test_a_closed_pipe_is_quiet() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as pipe:
        done = process("catalogue", "--json", stdout=pipe)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_terminal_that_lacks_a_letter_is_no_traceback(folder: Path) -> None:
    no_euro = os.environ | {"PYTHONIOENCODING": "latin-1"}
    done = process("quote", folder, "--at", DAY, stdout=subprocess.PIPE, env=no_euro)
    assert (done.returncode, done.stderr) == (1, "")
    assert "\\u20ac" in done.stdout


def test_the_version_and_bare_help_without_a_terminal() -> None:
    assert process("--version", stdout=subprocess.PIPE).stdout.startswith("waarborg, version ")
    bare = process(stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert (bare.returncode, bare.stderr) == (0, "")
    assert bare.stdout.startswith("Usage: waarborg")


def test_no_command_on_a_terminal_opens_the_screen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened: list[Desk] = []
    monkeypatch.setattr("tui.app.run", lambda factory: opened.append(factory()))
    for stream in ("stdin", "stdout"):
        monkeypatch.setattr(f"sys.{stream}.isatty", lambda: True, raising=False)
    assert main(["--book", str(tmp_path / "b.sqlite")]) == 0
    assert main(["--book", str(tmp_path / "b.sqlite"), "tui"]) == 0
    assert [desk.book.name for desk in opened] == ["b.sqlite", "b.sqlite"]


def test_the_screen_without_a_terminal_is_refused_in_one_line(home: Path) -> None:
    command = [sys.executable, "-m", "underwriting", "tui"]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("waarborg: the screen needs a terminal")
    assert len(ended.stderr.splitlines()) == 1
