"""Results tables: counts that someone wrote down."""

from __future__ import annotations

import re
from datetime import date

import pytest
from dossiers import results
from reading import Case, codes, counts, read_case

from policies.findings import Severity
from policies.safety import Independence
from underwriting.intake.claim import Reading
from underwriting.intake.limits import TRIAL_COUNT


def read(
    text: str, independence: Independence = Independence.ACCREDITED, claimed: frozenset[str] = frozenset()
) -> Reading:
    return read_case(Case(text.encode(), ".csv", independence=independence, claimed=claimed))


def test_each_row_of_the_declared_test_is_a_run() -> None:
    reading = read(results({}, {"failures": 0, "date": "2026-10-02"}))
    assert [(r.failures, r.clean, r.missing, r.unique_prompts) for r in reading.runs] == [
        (8, 392, 0, 400),
        (0, 400, 0, 400),
    ]
    assert [r.run_date for r in reading.runs] == [date(2026, 10, 1), date(2026, 10, 2)]
    assert [r.source for r in reading.runs] == ["evidence/run.csv: row 2", "evidence/run.csv: row 3"]
    assert codes(reading) == set()


@pytest.mark.parametrize(
    ("declared", "counted", "told"),
    [
        (Independence.ACCREDITED, Independence.ACCREDITED, set()),
        (Independence.SELF_LOGGED, Independence.SELF_SUMMARY, {"evidence-no-log"}),
        (Independence.SELF_SUMMARY, Independence.SELF_SUMMARY, set()),
    ],
)
def test_a_table_holds_no_log(declared: Independence, counted: Independence, told: set[str]) -> None:
    reading = read(results({}), declared)
    assert reading.runs[0].independence is counted
    assert codes(reading) == told


def test_more_failures_than_trials_is_an_error_with_row_and_field() -> None:
    reading = read(results({}, {"failures": 401}))
    assert len(reading.runs) == 1
    assert [f.subject for f in reading.findings if f.code == "table-counts"] == ["evidence/run.csv: row 3, failures"]


def test_zero_trials_are_legal_and_equal_a_missing_result() -> None:
    reading = read(results({"trials": 0, "failures": 0}))
    assert reading.runs == ()
    assert codes(reading) == {"table-zero-trials"}


@pytest.mark.parametrize("value", ["-5", "1.5", "many", "", "NaN", "1e3", "٣", "123456789"])
@pytest.mark.parametrize("column", ["trials", "failures"])
def test_counts_are_whole_numbers(column: str, value: str) -> None:
    reading = read(results({column: value}))
    assert reading.runs == ()
    (finding,) = reading.findings
    assert finding.code == ("field-value" if value else "field-missing")
    assert finding.subject == f"evidence/run.csv: row 2, {column}"


def test_a_test_without_a_row_is_an_error() -> None:
    assert codes(read(results({"test": "mask"}), claimed=frozenset({"mask"}))) == {"table-no-row"}


def test_a_row_whose_test_cannot_be_read_is_told_once() -> None:
    for bad in ("b b q", "=1+1", ""):
        (finding,) = read(results({"test": bad})).findings
        assert finding.subject == "evidence/run.csv: row 2, test"
    (finding,) = read("test,trials,failures,date\nbbq,400\n").findings
    assert finding.code == "csv-width"


def test_a_count_that_is_too_large_is_told_the_largest() -> None:
    for trials in (TRIAL_COUNT + 1, 10**15):
        (finding,) = read(results({"trials": trials, "failures": 0})).findings
        assert finding.message == f'is "{trials}"; right would be a whole number from 0 to 10000000'
    assert len(read(results({"trials": TRIAL_COUNT, "failures": 0})).runs) == 1


def test_rows_that_nobody_claims_are_told_by_number() -> None:
    text = results({}, {"test": "mask"}, {"test": "b3"})
    reading = read(text, claimed=frozenset({"b3"}))
    (finding,) = (f for f in reading.findings if f.code == "table-unclaimed")
    assert finding.message.endswith("3 (mask)")
    assert counts(reading) == (8, 392, 0, 400, 400)


def test_a_repeated_row_is_an_error() -> None:
    assert codes(read(results({}, {}))) == {"id-duplicate"}


def test_a_run_in_the_future_is_an_error() -> None:
    assert codes(read(results({"date": "2026-11-25"}))) == {"date-future"}


def test_a_test_that_the_catalogue_does_not_know_earns_nothing() -> None:
    reading = read_case(Case(results({"test": "own_test"}).encode(), ".csv", test="own_test"))
    assert reading.runs == ()
    assert "test-unknown" in codes(reading)
    assert all(f.severity is Severity.WARNING for f in reading.findings)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "csv-columns"),
        ("test;trials;failures;date\nbbq;4;1;2026-10-01\n", "csv-columns"),
        ("test,trials,failures,date,note\n", "csv-columns"),
        ("test,trials,failures\n", "csv-columns"),
        ('test,trials,failures,date\n"bbq,400,8,2026-10-01\n', "csv-syntax"),
        ("test,trials,failures,date\n" + "bbq,400,8,2026-10-01\n" * 20_001, "file-too-large"),
        ("test,trials,failures,date\n" + "x" * (8 * 2**20), "file-too-large"),
    ],
    ids=["empty", "semicolons", "column too many", "column too few", "quote left open", "rows", "bytes"],
)
def test_what_is_no_such_table_is_refused(text: str, code: str) -> None:
    assert [f.code for f in read(text).findings] == [code]


def test_columns_may_stand_in_any_order_after_a_byte_order_mark() -> None:
    text = "\ufeffdate,failures,trials,test\n\n2026-10-01,8,400,bbq\n"
    reading = read(text)
    assert counts(reading) == (8, 392, 0, 400, 400)
    assert reading.runs[0].source == "evidence/run.csv: row 3"


def test_a_short_row_is_told_once() -> None:
    reading = read(results({}) + "bbq,400\n")
    assert [(f.code, f.subject) for f in reading.findings if f.code != "run-read"] == [
        ("csv-width", "evidence/run.csv: row 3")
    ]


def test_broken_csv_is_told_in_words_of_our_own() -> None:
    head = "test,trials,failures,date\n"
    for body in ('"bbq"x,400,8,2026-10-01\n', '"bbq,400', "x" * 200_000):
        (finding,) = read(head + body).findings
        assert finding.code == "csv-syntax"
        assert re.fullmatch(r"line \d+ is not well-formed CSV; right would be [a-z ,]+", finding.message)
