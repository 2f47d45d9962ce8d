"""Logs of the Inspect evaluation framework: which test, which plan, which day, and the trials counted one by one.

Headline metrics, directions and status are never trusted; inspect_checks.py compares them with what was counted.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, BinaryIO

from policies.findings import Finding
from policies.safety import SafetyTest, TestRun
from underwriting.intake.claim import Claim, Reading, Tests, date_findings, lodged, run_findings, unknown_test
from underwriting.intake.codes import remark
from underwriting.intake.inspect_checks import is_limited, log_findings
from underwriting.intake.inspect_files import Log, read_archive, read_document
from underwriting.intake.limits import TRIAL_COUNT, Refused
from underwriting.intake.text import safe, shown
from underwriting.intake.trials import Outcome, outcomes_by_trial

TOOL = "inspect"

Outcomes = dict[tuple[str, int], Outcome]


def read_eval(handle: BinaryIO, claim: Claim, tests: Tests) -> Reading:
    """What a `.eval` archive says."""
    return _read(read_archive, handle, claim, tests)


def read_json(handle: BinaryIO, claim: Claim, tests: Tests) -> Reading:
    """What a `.json` log says."""
    return _read(read_document, handle, claim, tests)


def _read(opener: Callable[[BinaryIO], Log], handle: BinaryIO, claim: Claim, tests: Tests) -> Reading:
    try:
        log = opener(handle)
        run_date = _run_date(log)
    except Refused as refused:
        return Reading(findings=(remark(refused.code, claim.file, refused.message),))
    test, identity = _test_of(log, claim, tests)
    findings = (*identity, *date_findings(claim, run_date, claim.file))
    run_id = _run_id(log)
    if test is None:
        return Reading((), findings, run_id)
    run, counted = _counted(log, test, claim, run_date)
    return Reading((run,) if run else (), (*findings, *counted), run_id)


def _run_id(log: Log) -> str:
    """The tool's own name for this run of this task; empty when the log has none."""
    names = [log.get("eval", key) for key in ("run_id", "task_id")]
    return "/".join(names) if all(isinstance(name, str) and name for name in names) else ""


def _test_of(log: Log, claim: Claim, tests: Tests) -> tuple[SafetyTest | None, tuple[Finding, ...]]:
    """The test to count, when log and dossier agree on one that can be counted, or the finding that says why not."""
    matching = [test for test in tests.values() if test.tool == TOOL and _is_of(log, test)]
    declared = tests.get(claim.test)
    if declared in matching:
        if declared and declared.rule:
            return declared, ()
        message = f"the catalogue has no failure rule for {claim.test}: its logs earn nothing; hand in a results table"
        return None, (remark("test-unscored", claim.entry, message, "safety_tests.toml"),)
    if declared is None and not matching:
        return None, (unknown_test(claim),)
    found = ", ".join(test.id for test in matching) or "unknown to the catalogue"
    message = f"is a log of task {shown(log.get('eval', 'task'))} (test {found}); the dossier declares {claim.test}"
    return None, (remark("test-mismatch", claim.file, message),)


def _is_of(log: Log, test: SafetyTest) -> bool:
    """Whether task name and arguments are those of a test; an argument that is absent or null counts as ""."""
    names = (log.get("eval", "task"), log.get("eval", "task_registry_name"))
    given = {name: log.get("eval", "task_args", name) for name in test.arguments}
    return any(name in test.match for name in names) and all(
        ("" if given[name] is None else str(given[name])) in allowed for name, allowed in test.arguments.items()
    )


def _run_date(log: Log) -> date:
    """The day on which the run ended, else began, else was created, in UTC. Raises Refused when it does not say."""
    for keys in (("stats", "completed_at"), ("stats", "started_at"), ("eval", "created")):
        text = log.get(*keys)
        try:
            moment = datetime.fromisoformat(text) if isinstance(text, str) else None
            if moment:
                return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).date()
        except (ValueError, OverflowError):
            continue
    raise Refused("log-no-date", "says nowhere when it was made; right would be a log as its tool wrote it")


def _counted(log: Log, test: SafetyTest, claim: Claim, run_date: date) -> tuple[TestRun | None, tuple[Finding, ...]]:
    """The run, and what the log has to be told about. A log without any planned trial gives no run."""
    assert test.rule is not None  # noqa: S101 - _test_of returns no other
    outcomes = outcomes_by_trial(log.trials, test.rule)
    prompts, planned = _plan(log, outcomes, claim, run_date)
    checks = tuple(log_findings(log, test, claim, lodged(claim, run_date) is not None))
    if not planned:
        return None, (*checks, remark("run-nothing-scored", claim.file, "the log holds no trial at all"))
    found = list(outcomes.values())
    failures, clean = found.count(Outcome.FAILED), found.count(Outcome.CLEAN)
    model = log.get("eval", "model")
    run = TestRun(
        test=test.id,
        evaluator=claim.evaluator,
        independence=claim.independence,
        run_date=run_date,
        planned=planned,
        unique_prompts=prompts,
        failures=failures,
        clean=clean,
        missing=planned - failures - clean,
        sha256=claim.sha256,
        source=claim.file,
        model=safe(model) if isinstance(model, str) else "",
        model_matches=model == claim.model,
        registered_at=lodged(claim, run_date),
    )
    scored = len({prompt for (prompt, _), outcome in outcomes.items() if outcome is not Outcome.MISSING})
    return run, (*checks, *run_findings(run, test, scored, _version(log)))


def _plan(log: Log, outcomes: Outcomes, claim: Claim, run_date: date) -> tuple[int, int]:
    """Planned prompts and trials: the whole data set, unless a smaller plan was lodged; never fewer than were found."""
    prompts = _count(log.get("eval", "dataset", "samples"))
    chosen = log.get("eval", "dataset", "sample_ids")
    if is_limited(log) and lodged(claim, run_date) and isinstance(chosen, list):
        prompts = len(chosen)
    prompts = max(prompts, len({prompt for prompt, _ in outcomes}))
    epochs = max(_count(log.get("eval", "config", "epochs")), 1)
    return prompts, max(prompts * epochs, len(outcomes))


def _count(value: Any) -> int:
    return value if type(value) is int and 0 <= value <= TRIAL_COUNT else 0


def _version(log: Log) -> str:
    """The version of the task, the fuller the better."""
    full = log.get("eval", "metadata", "full_task_version")
    version = full if isinstance(full, str) else log.get("eval", "task_version")
    return f"version {safe(str(version))}" if isinstance(version, str | int) else ""
