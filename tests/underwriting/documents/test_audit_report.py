"""The report of an audit: it says what was measured, names who stands behind it, and is the same bytes every time."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_calibration_report import HOSTILE, Outline

from actuarial.calibration import shipped_calibration
from policies.regimes import load_regime
from underwriting.audit.book import book_of
from underwriting.audit.metrics import measure
from underwriting.audit.values import Affected, AuditBook, MetricResult, Standing
from underwriting.audit_faults import Fault
from underwriting.audit_sample import planted
from underwriting.documents import audit_report
from underwriting.documents.audit_layout import page, printed
from underwriting.documents.audit_report import AuditReport, cell, gravest, lines_of, report_of, says, written

AT = date(2027, 1, 15)
REGIME, CALIBRATION = load_regime("nl-2027"), shipped_calibration()
IDS = tuple(REGIME.incentives.metrics)
LANGS = ("en", "nl")


@pytest.fixture(scope="module")
def book() -> AuditBook:
    return planted(20, 6, AT, REGIME, CALIBRATION, frozenset(Fault))


@pytest.fixture(scope="module")
def results(book: AuditBook) -> Sequence[MetricResult]:
    return measure(book)


@pytest.fixture(scope="module", params=LANGS)
def report(request: pytest.FixtureRequest, book: AuditBook, results: Sequence[MetricResult]) -> AuditReport:
    return report_of(book, results, request.param)


def standing_as(standings: Sequence[Standing]) -> list[MetricResult]:
    return [MetricResult(name, 0.5, one, "share", 1) for name, one in zip(IDS, standings, strict=True)]


# --- what it says


def test_the_table_has_every_metric_of_the_regime_in_order(report: AuditReport) -> None:
    assert tuple(line.id for line in report.lines) == IDS == tuple(f"M{number}" for number in range(1, 19))


def test_those_that_do_not_pass_have_a_section_and_then_the_others_with_someone_behind_them(
    report: AuditReport, results: Sequence[MetricResult]
) -> None:
    wrong = [r.id for r in results if r.standing in {Standing.ATTENTION, Standing.ALARM}]
    others = [r.id for r in results if r.id not in wrong and r.affected]
    assert wrong
    assert others
    assert [section.id for section in report.sections] == wrong + others


def test_a_metric_that_passes_has_a_short_section(book: AuditBook) -> None:
    behind = (Affected("F", "1", 0.0, "reports_too_few"),)
    passes = MetricResult("M7", 0.005, Standing.PASS, "share", 200, behind, ({"reported": 1},))
    (section,) = report_of(book, [passes], "en").sections
    assert [[row[0] for row in table.rows] for table in section.tables] == [["F"]]
    assert says("section.named", "en") not in section.about  # nobody stands out beyond chance


@pytest.mark.parametrize(("lang", "words"), [("en", "told, not judged."), ("nl", "gemeld, niet beoordeeld.")])
def test_a_metric_without_a_norm_is_told_without_a_verdict(book: AuditBook, lang: str, words: str) -> None:
    told = MetricResult("M18", 0.5, Standing.PASS, "count", 9, (Affected("F", "1", 1.0, "never_told"),))
    judged = replace(told, id="M10")
    seen, other = (section.seen for section in report_of(book, [told, judged], lang).sections)
    assert f": {words} " in seen
    assert says("standing.pass", lang) not in seen
    assert says("standing.pass", lang) in other


@pytest.mark.parametrize("lang", LANGS)
def test_whoever_comes_twice_is_counted_and_named_once(book: AuditBook, lang: str) -> None:
    rows = [("A", "1", 0.9, "beyond_authority"), ("B", "2", 0.8, "no_reason"), ("A", "1", 0.7, "no_reason")]
    rows += [("A", "3", 0.6, "no_reason"), ("A", "1", 0.5, "no_reason")]  # a namesake is someone else
    found = MetricResult("M11", 0.5, Standing.ALARM, "share", 9, tuple(Affected(*row) for row in rows))
    assert [(one.firm, one.kvk, one.figure) for one in found.behind] == [
        ("A", "1", 0.9),
        ("B", "2", 0.8),
        ("A", "3", 0.6),
    ]
    told = report_of(book, [found], lang)
    assert told.lines[0].behind == "3"
    table = told.sections[0].tables[0]
    assert table.caption == says("section.affected", lang)
    assert [row[:2] for row in table.rows] == [("A", "1"), ("B", "2"), ("A", "3")]
    both = "; ".join(audit_report.why(code, lang) for code in ("beyond_authority", "no_reason"))
    assert table.rows[0][3] == both


@given(rows=st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from("12"), st.floats(0, 1)), max_size=20))
def test_behind_is_everyone_once_in_the_order_of_their_worst(rows: list[tuple[str, str, float]]) -> None:
    worst_first = tuple(Affected(*row, "dear") for row in sorted(rows, key=lambda row: -row[2]))
    behind = MetricResult("M10", 0.5, Standing.PASS, "share", 1, worst_first).behind
    assert sorted((one.firm, one.kvk) for one in behind) == sorted({row[:2] for row in rows})
    assert all(one.figure == max(row[2] for row in rows if row[:2] == (one.firm, one.kvk)) for one in behind)
    assert [one.figure for one in behind] == sorted((one.figure for one in behind), reverse=True)


def test_ten_are_named_of_how_many(book: AuditBook) -> None:
    behind = tuple(Affected(f"F{n}", str(n), 1.0, "dear") for n in range(12) for _ in range(2))
    (section,) = report_of(book, [MetricResult("M10", 0.0, Standing.PASS, "share", 99, behind)], "en").sections
    (table,) = section.tables
    assert [row[0] for row in table.rows] == [f"F{n}" for n in range(10)]
    assert table.caption == says("section.affected_of", "en", shown=10, all=12)


@settings(max_examples=50)
@given(standings=st.lists(st.sampled_from(Standing), min_size=18, max_size=18))
def test_three_sentences_tell_how_many_stand_how(book: AuditBook, standings: list[Standing]) -> None:
    told = report_of(book, standing_as(standings), "en")
    counts = [int(number) for number in re.findall(r"\d+", told.verdict[0])]
    order = (Standing.PASS, Standing.ATTENTION, Standing.ALARM, Standing.NO_DATA)
    assert counts == [18, *(standings.count(one) for one in order)]
    lacking = {name for name, one in zip(IDS, standings, strict=True) if one is Standing.NO_DATA}
    assert set(re.findall(r"M\d+", told.verdict[2])) == lacking
    assert gravest(standing_as(standings)) is next(
        one for one in (Standing.ALARM, Standing.ATTENTION, Standing.PASS, Standing.NO_DATA) if one in standings
    )


def test_the_gravest_is_told_with_who_stands_behind_it(book: AuditBook, results: Sequence[MetricResult]) -> None:
    worst = next(r for r in results if r.standing is Standing.ALARM)
    assert worst.affected[0].firm in report_of(book, results, "en").verdict[1]


@pytest.mark.parametrize(
    ("value", "unit", "en", "nl"),
    [
        (0.1234, "share", "12.3%", "12,3\u00a0%"),
        (0.05, "share", "5%", "5\u00a0%"),
        (0.00012, "share", "0.01%", "0,01\u00a0%"),
        (0.1326, "points", "13.3 points", "13,3 punten"),
        (-0.002, "points", "−0.2 points", "−0,2 punten"),
        (1.2, "ratio", "1.2", "1,2"),
        (3.0, "count", "3", "3"),
        (1234.0, "euro", "€1,230", "€\u00a01.230"),
        (0.105, "euro", "€ 0.105", "€ 0,105"),
        (None, "share", "–", "–"),
        (float("nan"), "ratio", "–", "–"),
    ],
)
def test_a_figure_in_its_unit(value: float | None, unit: str, en: str, nl: str) -> None:
    assert (written(value, unit, "en"), written(value, unit, "nl")) == (en, nl)  # type: ignore[arg-type]


def test_norms_are_those_of_the_regime() -> None:
    lines = {line.id: line for line in lines_of(standing_as([Standing.PASS] * 18), REGIME, "en")}
    assert (lines["M1"].norm, lines["M1"].alarm) == ("80% to 120%", "below 50%")
    assert (lines["M18"].norm, lines["M18"].alarm) == (says("norm.told", "en"), "–")
    assert (lines["M10"].norm, lines["M10"].alarm) == ("at most 1%", "above 3%")


def test_who_stands_out_within_the_norm_is_explained(book: AuditBook) -> None:
    named = MetricResult("M7", 0.005, Standing.ATTENTION, "share", 200, (Affected("F", "1", 0.0, "reports_too_few"),))
    (section,) = report_of(book, [named], "en").sections
    assert says("section.named", "en") in section.about
    beyond = replace(named, value=0.1)
    assert says("section.named", "en") not in report_of(book, [beyond], "en").sections[0].about


def test_every_code_of_every_metric_has_words(results: Sequence[MetricResult], book: AuditBook) -> None:
    bare = measure(book_of(book.profiles[:3], AT, REGIME, CALIBRATION))
    known = audit_report._texts()
    for result in (*results, *bare):
        codes = [("why", result.note)] if result.note else []
        codes += [("why", one.why) for one in result.affected]
        codes += [("name", name) for one in result.affected for name, _ in one.values]
        codes += [("name", name) for row in result.detail for name in row]
        assert {f"{kind}.{code}" for kind, code in codes} <= known.keys(), result.id


def test_texts_have_both_languages_and_the_same_values() -> None:
    for key, entry in audit_report._texts().items():
        assert set(entry) == {"en", "nl"}, key
        assert set(re.findall(r"{(\w+)}", entry["en"])) == set(re.findall(r"{(\w+)}", entry["nl"])), key


def test_cells_by_name() -> None:
    assert cell("due_eur", 302_500.0, "en") == "€302,000"
    assert cell("p", 1e-9, "en") == "< 0.001"
    assert (cell("odd", True, "nl"), cell("odd", False, "en")) == ("ja", "no")
    assert (cell("size_class", "medium", "nl"), cell("sector", "health", "nl")) == ("middelgroot", "health")
    assert (cell("share", 0.5, "en"), cell("reported", 11.0, "en"), cell("gap", float("inf"), "en")) == (
        "50%",
        "11",
        "–",
    )


# --- how it is laid out


def test_the_page_fetches_nothing_and_links_to_what_is_there(report: AuditReport) -> None:
    text = page(report)
    outline = Outline(text)
    assert {address[:1] for address in outline.addresses} == {"#"}
    assert outline.tags & {"script", "iframe", "link", "img", "object", "embed", "form"} == set()
    assert not re.search(r"https?:|@import|url\(", text)
    assert len(outline.ids) == len(set(outline.ids))
    assert {address[1:] for address in outline.addresses} <= set(outline.ids)
    assert f'<html lang="{report.lang}">' in text


def test_the_page_says_all_that_the_report_says(report: AuditReport) -> None:
    text = Outline(page(report)).text
    said = [report.stamp, *report.verdict, *(line.title for line in report.lines), *(s.seen for s in report.sections)]
    said += [c for s in report.sections for t in s.tables for row in t.rows for c in row]
    assert [one for one in said if " ".join(one.split()) not in text] == []


def test_page_and_print_are_the_same_bytes_every_time(book: AuditBook, results: Sequence[MetricResult]) -> None:
    one, other = (report_of(book, results, "nl") for _ in range(2))
    assert page(one) == page(other)
    pdf = printed(one, AT)
    assert pdf == printed(other, AT)
    assert pdf.startswith(b"%PDF-1.7")
    assert b"pdfuaid:part" in pdf  # tagged
    assert b"D:20270115" in pdf  # the day of the audit, not of the printing


def test_a_name_is_never_markup(book: AuditBook) -> None:
    behind = Affected(HOSTILE, HOSTILE, 1.0, "dear", (("reason", HOSTILE),))
    wrong = MetricResult("M10", 0.5, Standing.ALARM, "share", 1, (behind,), ({"reason": HOSTILE},))
    told = report_of(book, [wrong], "en")
    outline = Outline(page(told))
    assert "script" not in outline.tags
    assert "<script>alert(1)</script>" in outline.text
    assert printed(told, AT).startswith(b"%PDF")
