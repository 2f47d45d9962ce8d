"""The report of a calibration as a board gets it: complete, self-contained, safe, the same bytes every time."""

import math
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from report_tables import artefact, findings, tables, validation

from policies.findings import Finding
from underwriting.documents.calibration_page import page
from underwriting.documents.calibration_print import printed
from underwriting.documents.calibration_report import report_of, write_report
from underwriting.documents.content import Report
from underwriting.documents.voice import Voice
from underwriting.texts import finding_title

FITTED_AT = date(2026, 11, 20)
AS_OF = date(2026, 11, 1)
APPROVALS = [("Bram Jansen", "Read with the bracket of the tail.", date(2027, 1, 1))]
HOSTILE = "<script>alert(1)</script> \"'&amp; #panic() *b* $x$ \\ 李 \x00\u202e"
VOID = {"meta", "link", "br", "hr", "img"}
FEW = ("gini", "population_stability", "fit", "external_base")  # tables without a drawing


class Outline(HTMLParser):
    """What a page is made of; asserts that every element that opens is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.unlabelled: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.add(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src", "xlink:href", "action"}]
        if tag == "svg" and not (found.get("role") == "img" and found.get("aria-label")):
            self.unlabelled.append(str(found))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def few() -> dict[str, Any]:
    """A validation of a few tables, none of them drawn: made in no time."""
    drawn = tables()
    return {**validation(), "tables": {name: drawn[name] for name in FEW}}


def reported(lang: str, data: dict[str, Any] | None = None, **changes: Any) -> Report:
    told = {"fitted_by": "Anna de Vries", "fitted_at": FITTED_AT, "approvals": APPROVALS, **changes}
    return report_of(artefact(), data or few(), lang=lang, **told)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The whole report in Dutch, with every table."""
    folder = tmp_path_factory.mktemp("report") / "new"
    return write_report(folder, artefact(), validation(), "Anna de Vries", FITTED_AT, APPROVALS, "nl")


@pytest.fixture(scope="module")
def outline(written: tuple[Path, Path]) -> Outline:
    return Outline(written[0].read_text("utf-8"))


def test_both_files_bear_the_start_of_the_digest(written: tuple[Path, Path]) -> None:
    assert [path.name for path in written] == [f"calibration-{'ab' * 6}-nl.html", f"calibration-{'ab' * 6}-nl.pdf"]


def test_the_page_fetches_nothing_and_runs_nothing(written: tuple[Path, Path], outline: Outline) -> None:
    text = written[0].read_text("utf-8")
    assert outline.addresses
    assert {address[:1] for address in outline.addresses} == {"#"}
    assert outline.tags & {"script", "iframe", "link", "img", "object", "embed", "form"} == set()
    assert not re.search(r"https?:|//|@import|url\((?!#)", text.replace("/* ", ""))


def test_every_reference_on_the_page_has_its_target(written: tuple[Path, Path], outline: Outline) -> None:
    text = written[0].read_text("utf-8")
    assert len(outline.ids) == len(set(outline.ids))
    wanted = {address[1:] for address in outline.addresses} | set(re.findall(r"url\(#([^)]+)\)", text))
    assert wanted <= set(outline.ids)


def test_every_section_has_title_reading_and_nothing_missing(outline: Outline) -> None:
    report = reported("nl")
    assert {section.id for section in report.sections} <= set(outline.ids)
    for section in report.sections:
        assert section.title in outline.text
        assert section.about in outline.text
    assert Voice("nl").says("page.missing", names="|").partition("|")[0] not in outline.text


def test_every_finding_approval_and_fact_is_on_the_page(outline: Outline) -> None:
    titles = [finding_title(Finding(**row), "nl") for row in findings()]
    told = [*titles, *(row["message"] for row in findings())]
    assert [text for text in told if text not in outline.text] == []
    for text in ("Anna de Vries", "20 november 2026", "Bram Jansen", APPROVALS[0][1], "1 januari 2027", "ab" * 32):
        assert text in outline.text


def test_figures_tables_and_captions_are_accessible(outline: Outline) -> None:
    assert outline.unlabelled == []
    assert {"figure", "figcaption", "caption", "th", "main", "nav", "h1"} <= outline.tags


def test_what_is_no_number_is_a_dash(outline: Outline) -> None:
    assert not re.search(r"\b(nan|inf|None|NaN)\b", outline.text)


def test_the_print_is_accessible_and_bears_the_name(written: tuple[Path, Path]) -> None:
    pdf = written[1].read_bytes()
    assert pdf.startswith(b"%PDF-1.7")
    assert pdf.rstrip().endswith(b"%%EOF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 15
    assert ("ab" * 6).encode() in pdf  # in the title
    assert b"pdfuaid:part" in pdf
    assert b"D:20261101" in pdf  # the day of the data, not of the printing


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_the_same_input_gives_the_same_bytes(lang: str) -> None:
    data = {**few(), "tables": {name: tables()[name] for name in ("tail_bracket", "lift")}}
    first, second = reported(lang, data), reported(lang, data)
    assert page(first) == page(second)
    assert printed(first, AS_OF) == printed(second, AS_OF)


def test_page_and_print_say_the_same_in_another_language() -> None:
    dutch, english = reported("nl"), reported("en")
    assert [s.id for s in dutch.sections] == [s.id for s in english.sections]
    assert all(a.title != b.title or a.title.isascii() for a, b in zip(dutch.sections, english.sections, strict=True))
    assert dutch.verdict[1] != english.verdict[1]
    assert "2.239" not in page(english)
    assert "61,250" in page(english)
    assert "61.250" in page(dutch)


@pytest.mark.parametrize("empty", [{}, None])
def test_a_calibration_without_validation_is_reported_with_its_gaps(empty: dict[str, Any] | None) -> None:
    bare = {"calibration": "", "champion": None, "findings": [], "tables": empty}
    report = reported("en", bare)
    assert report.status == "unchecked"
    assert report.verdict[0] == "No checks were run on this calibration."
    assert len(report.id) == 64
    assert all(section.missing for section in report.sections if section.id != "origin")
    assert "Nothing" not in report.stamp
    assert printed(report, AS_OF).startswith(b"%PDF")
    assert "Not available" in page(report)


def test_hostile_text_is_only_text() -> None:
    data = few()
    data["findings"] = [{"code": HOSTILE, "severity": "error", "subject": HOSTILE, "message": HOSTILE}]
    data["tables"]["relativities"] = [
        {"factor": "sector", "level": HOSTILE, "relativity": 1.2, "low": 1.0, "high": 1.4, "prior": 1.1, "claims": 3}
    ]
    report = reported("en", data, fitted_by=HOSTILE, approvals=[(HOSTILE, HOSTILE, FITTED_AT)])
    text = page(report)
    outline = Outline(text)
    assert "script" not in outline.tags
    assert "\x00" not in text
    assert "\u202e" not in text
    assert outline.text.count("<script>alert(1)</script>") >= 6
    assert printed(report, AS_OF).startswith(b"%PDF")  # a letter without a typeface costs the standard, not the print


@pytest.mark.parametrize(
    ("severities", "status"),
    [
        ([], "clear"),
        (["info"], "clear"),
        (["info", "warning"], "read"),
        (["warning", "refer"], "refer"),
        (["refer", "error", "info"], "blocked"),
        (["decline"], "blocked"),
        (["unheard-of"], "blocked"),
    ],
)
def test_the_gravest_finding_decides(severities: list[str], status: str) -> None:
    rows = [{"code": "x", "severity": severity, "subject": "", "message": ""} for severity in severities]
    report = reported("en", {**few(), "findings": rows})
    assert report.status == status
    assert sum(len(gravity.remarks) for gravity in report.findings) == len(rows)


def test_the_verdict_counts_in_words_and_names_what_moved_most() -> None:
    data = few()
    data["tables"]["parameters"] = [
        {"path": "frequency.classes.A5", "prior": 1.0, "estimate": 1.0 + math.log(1.5)},
        {"path": "frequency.perils.DIS.intercept", "prior": -5.0, "estimate": -5.0 + math.log(0.5)},
        {"path": "severity.heads.H1.beta", "prior": 100.0, "estimate": 900.0},
    ]
    counts, fit, change = reported("en", data).verdict
    assert counts == "The checks of this calibration gave 2 warnings and 1 remark."
    assert "once the warnings below have been read" in fit
    assert change.index("Discrimination, unequal treatment: base frequency (−50%)") < change.index("A5 (+50%)")


def test_reservations_that_a_finding_tells_are_not_told_twice() -> None:
    data = few()
    told = data["findings"][0]["message"]
    fresh = {**artefact(), "warnings": [f"info peril-without-claims CBR: {told}", "Another reservation."]}
    report = report_of(fresh, data, "A", FITTED_AT, [], "en")
    rows = [row for table in report.sections[-1].tables for row in table.rows]
    assert ("Another reservation.",) in rows
    assert not any(told in cell for row in rows for cell in row)


@pytest.mark.parametrize("lang", ["fr", ""])
def test_an_unknown_language_is_refused(lang: str) -> None:
    with pytest.raises(KeyError):
        reported(lang)


def test_drawing_and_setting_libraries_load_only_when_a_report_is_made() -> None:
    statement = "import sys, underwriting.documents.calibration_report\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", statement], capture_output=True, text=True, check=True)
    assert {"matplotlib", "typst", "jinja2", "pandas", "numpy"} & set(run.stdout.split()) == set()


@pytest.mark.parametrize("change", [lambda rows: rows[:1], lambda rows: [dict.fromkeys(row) for row in rows]])
def test_tables_of_one_row_or_without_numbers_are_no_accident(change: Callable[[list[Any]], list[Any]]) -> None:
    data = {**few(), "tables": {name: change(rows) for name, rows in tables().items()}}
    report = reported("en", data)
    assert not re.search(r"\b(nan|None)\b", Outline(page(report)).text)
    assert printed(report, AS_OF).startswith(b"%PDF")
