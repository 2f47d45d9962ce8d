"""A plain table of results: counts that someone wrote down, without the trials behind them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from policies.findings import Finding
from policies.safety import Independence, SafetyTest, TestRun
from underwriting.intake.claim import Claim, Reading, Tests, date_findings, lodged, run_findings, unknown_test
from underwriting.intake.codes import place, remark
from underwriting.intake.csvtext import Column, Row, a_day, an_id, count_to, read_rows
from underwriting.intake.limits import TABLE_BYTES, TRIAL_COUNT, Refused, sized

COLUMNS = (
    Column("test", "the id of a test in the catalogue", an_id),
    Column("trials", f"a whole number from 0 to {TRIAL_COUNT}", count_to(TRIAL_COUNT)),
    Column("failures", "a whole number from 0 to trials", count_to(TRIAL_COUNT)),
    Column("date", "the day of the run, as YYYY-MM-DD", a_day),
)


def read_table(handle: BinaryIO, claim: Claim, tests: Tests) -> Reading:
    """The rows of the test that the dossier declares, each a run."""
    try:
        raw = handle.read(TABLE_BYTES + 1)
        if len(raw) > TABLE_BYTES:
            raise Refused("file-too-large", f"is longer than {TABLE_BYTES} bytes ({sized(TABLE_BYTES)})")
        rows, found = read_rows(raw, claim.file, COLUMNS)
    except Refused as refused:
        return Reading(findings=(remark(refused.code, claim.file, refused.message),))
    mine = [row for row in rows if row.values.get("test") == claim.test]
    whole = [row for row in mine if len(row.values) == len(COLUMNS)]
    findings = [*found, *_table_findings(claim, rows, mine)]
    test = tests.get(claim.test)
    if test is None:
        return Reading((), (*findings, unknown_test(claim)))
    runs = []
    for row in whole:
        run, remarks = _run(row, claim, test)
        runs += [run] if run else []
        findings += remarks
    return Reading(tuple(runs), tuple(findings))


def _table_findings(claim: Claim, rows: tuple[Row, ...], mine: list[Row]) -> Iterator[Finding]:
    if claim.independence is Independence.SELF_LOGGED:
        message = "a results table holds no log: it counts as self_summary; hand in the log itself"
        yield remark("evidence-no-log", claim.entry, message)
    if not mine and all("test" in row.values for row in rows):  # else it is one of those that cannot be read
        message = f"has no row for {claim.test}; right would be a row whose test is {claim.test}"
        yield remark("table-no-row", claim.file, message)
    unclaimed = [row for row in rows if row.values.get("test", claim.test) not in claim.claimed]
    if unclaimed:
        named = ", ".join(f"{row.number} ({row.values['test']})" for row in unclaimed)
        yield remark("table-unclaimed", place(claim.file, "rows"), f"no entry of the dossier claims rows {named}")
    seen: set[tuple[object, ...]] = set()
    for row in mine:
        key = tuple(row.values.get(column.name) for column in COLUMNS)
        if None not in key and key in seen:
            yield remark("id-duplicate", row.at(claim.file), "repeats a row above; right would be each run once")
        seen.add(key)


def _run(row: Row, claim: Claim, test: SafetyTest) -> tuple[TestRun | None, tuple[Finding, ...]]:
    trials, failures, day = row.values["trials"], row.values["failures"], row.values["date"]
    dates = tuple(date_findings(claim, day, row.at(claim.file, "date")))
    if failures > trials:
        message = f"is {failures} of {trials} trials; right would be at most {trials}"
        return None, (*dates, remark("table-counts", row.at(claim.file, "failures"), message))
    if trials == 0:
        message = "is 0: the row counts as a missing result; right would be the number of trials planned"
        return None, (*dates, remark("table-zero-trials", row.at(claim.file, "trials"), message))
    run = TestRun(
        test=test.id,
        evaluator=claim.evaluator,
        independence=(
            claim.independence if claim.independence is Independence.ACCREDITED else Independence.SELF_SUMMARY
        ),
        run_date=day,
        planned=trials,
        unique_prompts=trials,
        failures=failures,
        clean=trials - failures,
        missing=0,
        sha256=claim.sha256,
        source=row.at(claim.file),
        registered_at=lodged(claim, day),
    )
    return run, (*dates, *run_findings(run, test, trials))
