"""`waarborg audit incentives`: what it prints, writes and returns is what was measured on the book."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from dossiers import AT

from underwriting.audit.book import audit_book
from underwriting.audit.metrics import measure
from underwriting.audit.values import Affected, AuditBook, MetricResult, Standing
from underwriting.cli import main
from underwriting.commands.audit import audit_data, columns, table_lines
from underwriting.desk import Desk, open_desk
from underwriting.export import to_json

Run = Callable[..., tuple[int, str, list[str]]]
FIRMS = 8


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk over a small sample market."""
    desk = open_desk(tmp_path_factory.mktemp("audit") / "book.sqlite", today=lambda: AT)
    desk.load_sample(FIRMS, 3, lambda *_: None)
    return desk


@pytest.fixture(scope="module")
def book(full: Desk) -> AuditBook:
    return audit_book(full)


@pytest.fixture(scope="module")
def results(book: AuditBook) -> Sequence[MetricResult]:
    return measure(book)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], full: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """The command on that book, on its day, in an English locale."""
    monkeypatch.setenv("WAARBORG_HOME", str(tmp_path))
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    monkeypatch.setattr("underwriting.cli.Options.existing", lambda *_: full)

    def call(*arguments: object) -> tuple[int, str, list[str]]:
        code = main(["audit", "incentives", *map(str, arguments)])
        out, err = capsys.readouterr()
        return code, out, err.splitlines()

    return call


@pytest.fixture
def measured(
    monkeypatch: pytest.MonkeyPatch, book: AuditBook, results: Sequence[MetricResult]
) -> Callable[[Sequence[MetricResult]], None]:
    """Let the command find this book and, where they are given, these results."""

    def let(found: Sequence[MetricResult]) -> None:
        monkeypatch.setattr("underwriting.audit.book.audit_book", lambda *_: book)
        monkeypatch.setattr("underwriting.audit.metrics.measure", lambda *_: found)

    let(results)
    return let


def all_pass() -> list[MetricResult]:
    return [MetricResult(f"M{number}", 0.0, Standing.PASS, "share", 1) for number in range(1, 19)]


def test_json_is_what_was_measured_on_the_book(run: Run, book: AuditBook, results: Sequence[MetricResult]) -> None:
    code, out, err = run("--json")
    assert out == to_json(audit_data(book, results)) + "\n"
    told = json.loads(out)
    assert (told["schema_version"], told["firms"], told["at"]) == (1, FIRMS, AT.isoformat())
    assert [metric["id"] for metric in told["metrics"]] == [f"M{number}" for number in range(1, 19)]
    assert told["metrics"][0]["thresholds"] == {"least": 0.8, "most": 1.2, "red_below": 0.5, "red_above": None}
    assert code == int(any(metric["standing"] in {"attention", "alarm"} for metric in told["metrics"]))
    assert err
    assert all(line.startswith("audit: ") for line in err)


def test_an_affected_firm_and_a_figure_without_a_number_in_json(book: AuditBook) -> None:
    behind = Affected("Firm", "99000001", float("inf"), "cliff", (("before_eur", float("nan")),))
    found = MetricResult("M2", float("nan"), Standing.ALARM, "share", 3, (behind,), ({"rise": float("inf")},), "x")
    (told,) = json.loads(to_json(audit_data(book, [found])))["metrics"]
    assert told["value"] is None
    assert told["affected"] == [
        {"firm": "Firm", "kvk": "99000001", "figure": None, "why": "cliff", "values": {"before_eur": None}}
    ]
    assert told["detail"] == [{"rise": None}]


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize(("lang", "word"), [("en", "Safety gradient"), ("nl", "Veiligheidsgradiënt")])
def test_the_table_speaks_the_language_asked_for(
    run: Run, book: AuditBook, results: Sequence[MetricResult], lang: str, word: str
) -> None:
    _, out, _ = run("--lang", lang)
    assert word in out
    assert out.splitlines() == [line.replace("\u00a0", " ") for line in table_lines(book, results, lang)]


@pytest.mark.parametrize(
    ("standing", "code"),
    [(Standing.PASS, 0), (Standing.NO_DATA, 0), (Standing.ATTENTION, 1), (Standing.ALARM, 1)],
)
def test_the_exit_code_is_that_of_the_gravest(
    run: Run, measured: Callable[[Sequence[MetricResult]], None], standing: Standing, code: int
) -> None:
    measured([*all_pass()[:-1], MetricResult("M18", 0.0, standing, "share", 1)])
    assert run("--json")[0] == code


def test_the_worst_names_stand_beneath_the_table(run: Run, measured: Callable[[Sequence[MetricResult]], None]) -> None:
    behind = tuple(Affected(f"Firm {n}", f"9900000{n}", n / 10, "cliff") for n in range(5, 0, -1))
    passes = MetricResult("M1", 1.0, Standing.PASS, "ratio", 10, behind)
    measured([passes, MetricResult("M2", 0.5, Standing.ALARM, "share", 10, (behind[0], *behind))])
    lines = run()[1].splitlines()
    assert [line.split("  ")[3] for line in lines if "  Firm" in line] == ["Firm 5", "Firm 4", "Firm 3"]
    assert lines[-4] == "    Behind it, each once, worst first: 3 of 5"
    assert [line.split()[-1] for line in lines if line.startswith(("M1 ", "M2 "))][:2] == ["5", "5"]


@pytest.mark.usefixtures("measured")
def test_reports_are_written_where_asked_and_named(run: Run, tmp_path: Path) -> None:
    html, pdf = tmp_path / "new" / "audit.html", tmp_path / "audit.pdf"
    _, out, _ = run("--html", html, "--pdf", pdf)
    assert out.splitlines()[-2:] == [str(html), str(pdf)]
    assert html.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert pdf.read_bytes().startswith(b"%PDF")
    _, out, err = run("--json", "--html", html)
    assert json.loads(out)
    assert err == [str(html)]


def test_a_folder_is_no_file_to_write(run: Run, tmp_path: Path) -> None:
    code, out, err = run("--html", tmp_path)
    assert (code, out) == (2, "")
    assert err[-1].startswith("waarborg: ")


def test_an_unknown_tariff_is_bad_input(run: Run) -> None:
    code, out, err = run("--tariff", "beef")
    assert (code, out) == (2, "")
    assert err[-1].startswith("waarborg: no calibration 'beef'")


def test_a_book_that_is_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--book", str(tmp_path / "none.sqlite"), "audit", "incentives"]) == 2
    assert "no book at" in capsys.readouterr().err


def test_columns_are_as_wide_as_their_widest_word() -> None:
    assert list(columns([("a", "bb"), ("ccc", "d")])) == ["a    bb", "ccc  d"]
