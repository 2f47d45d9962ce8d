"""What a dossier claims about an evidence file, what a reader makes of it, and the remarks every run gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from policies.findings import Finding
from policies.safety import Independence, SafetyTest, TestRun
from underwriting.intake.codes import remark

Tests = Mapping[str, SafetyTest]


@dataclass(frozen=True, slots=True)
class Claim:
    """One [[systems.evidence]] entry, and what is needed to judge its file.

    `entry` says where it stands in dossier.toml; `model` is the system's model without its version, empty for none,
    None when the dossier does not say; `claimed` are the tests that the dossier declares for this file; `at` is the
    day of the quote.
    """

    entry: str
    file: str
    test: str
    evaluator: str
    independence: Independence
    sha256: str
    registered_at: date | None
    model: str | None
    claimed: frozenset[str]
    at: date


@dataclass(frozen=True, slots=True)
class Reading:
    """Runs and findings of one file; `run_id` names the run where the format has such a name."""

    runs: tuple[TestRun, ...] = ()
    findings: tuple[Finding, ...] = ()
    run_id: str = ""


def unknown_test(claim: Claim) -> Finding:
    """The finding on a test that the catalogue does not have."""
    message = f"test {claim.test} is not in the catalogue: the file is kept and earns nothing"
    return remark("test-unknown", claim.entry, message, "safety_tests.toml")


def lodged(claim: Claim, run_date: date) -> date | None:
    """The day on which the plan was lodged, if that was not after the run."""
    return claim.registered_at if claim.registered_at and claim.registered_at <= run_date else None


def date_findings(claim: Claim, run_date: date, subject: str) -> Iterator[Finding]:
    """A run in the future, or a plan lodged after it."""
    if run_date > claim.at:
        message = f"the run is dated {run_date}; right would be a day not after the day of the quote, {claim.at}"
        yield remark("date-future", subject, message)
    if claim.registered_at and claim.registered_at > run_date:
        message = f"registered_at {claim.registered_at} is after the run of {run_date}: no plan lodged beforehand"
        yield remark("evidence-late-plan", claim.entry, message)


def run_findings(run: TestRun, test: SafetyTest, scored_prompts: int, version: str = "") -> Iterator[Finding]:
    """What was counted, and whether it is enough to say something."""
    title = " ".join(filter(None, (run.test, version)))
    few = run.missing < run.planned and scored_prompts < test.minimum_trials
    asked = f", {scored_prompts} scored where the test asks for at least {test.minimum_trials}" if few else ""
    yield remark(
        "run-few-prompts" if few else "run-read",
        run.source,
        f"{title} of {run.run_date}: {run.failures} failed, {run.clean} clean, {run.missing} missing of {run.planned} "
        f"planned trials; unique prompts: {run.unique_prompts}{asked}",
        "safety_tests.toml",
    )
    if run.missing == run.planned:
        yield remark("run-nothing-scored", run.source, "no trial has a score: the run counts as a missing result")
