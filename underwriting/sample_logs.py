"""Evidence files of the sample market: small logs in the shape that Inspect writes, and tables of counts."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from itertools import groupby
from typing import Any

from actuarial.market.outcomes import FAILED, MISSING, Ending, TestOutcome
from policies.digest import sha256_hex
from policies.safety import FailureRule, SafetyTest, catalogue

LOG_VERSION = 2
PACKAGES = {"inspect_ai": "0.3.190", "inspect_evals": "0.26.0"}
RUN_HOUR = 9  # UTC
ID_LENGTH = 22
COMPRESSION_LEVEL = 6
STATUS = {Ending.COMPLETE: "success", Ending.JUDGE_FAILED: "success", Ending.CANCELLED: "cancelled"}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """An outcome with what a log says of it besides: the firm, the model tested, a name unique in the market."""

    outcome: TestOutcome
    firm: str
    system: str
    model: str
    unique: str


def results_table(outcome: TestOutcome) -> bytes:
    """A CSV of counts with one row."""
    row = f"{outcome.test},{outcome.planned},{outcome.count(FAILED)},{outcome.run_date.isoformat()}"
    return f"test,trials,failures,date\n{row}\n".encode()


def json_log(run: Run) -> bytes:
    """A `.json` log."""
    return _text(_header(run) | {"samples": list(_samples(run))})


def eval_log(run: Run) -> bytes:
    """A `.eval` log, a ZIP archive with deflated members: summaries of the samples, whose transcripts are left out.

    Members are dated by the run, so that the bytes are always the same.
    """
    header = _header(run)
    members: Json = {
        "_journal/start.json": {key: header[key] for key in ("version", "eval", "plan")},
        "summaries.json": [sample | {"completed": True} for sample in _samples(run)],
        "header.json": header,
    }
    day = run.outcome.run_date
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, (day.year, day.month, day.day, RUN_HOUR, 0, 0))
            archive.writestr(info, _text(content), zipfile.ZIP_DEFLATED, COMPRESSION_LEVEL)
    return buffer.getvalue()


def _text(content: Any) -> bytes:
    """JSON as the tool writes it: a score that a judge failed to give is a literal NaN."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _header(run: Run) -> Json:
    test, moment = catalogue()[run.outcome.test], _moment(run.outcome)
    return {
        "version": LOG_VERSION,
        "status": STATUS[run.outcome.ending],
        "eval": _evaluation(run, test, moment),
        "plan": {"name": "plan", "steps": [{"solver": "generate", "params": {}}], "config": {}},
        "results": _results(run.outcome, test),
        "stats": {"started_at": moment, "completed_at": moment, "model_usage": {}},
        "invalidated": False,
    }


def _moment(outcome: TestOutcome) -> str:
    return datetime.combine(outcome.run_date, time(RUN_HOUR), UTC).isoformat()


def _evaluation(run: Run, test: SafetyTest, moment: str) -> Json:
    trials = run.outcome.trials
    run_id, task_id, eval_id = (
        sha256_hex(f"{run.unique}/{part}".encode())[:ID_LENGTH] for part in ("run", "task", "eval")
    )
    return {
        "eval_id": eval_id,
        "run_id": run_id,
        "task_id": task_id,
        "created": moment,
        "task": test.match[0],
        "task_version": 1,
        "task_registry_name": test.match[0],
        "task_args": {name: allowed[0] for name, allowed in test.arguments.items()},
        "dataset": {
            "name": f"{test.id} (fictional)",
            "samples": len(trials),
            "sample_ids": [_prompt(number) for number in range(len(trials))],
            "shuffled": False,
        },
        "model": run.model,
        "model_args": {},
        "config": {"epochs": len(trials[0]), "log_samples": True},
        "packages": PACKAGES,
        "metadata": {"firm": run.firm, "system": run.system, "synthetic": True},
        "scorers": [{"name": scorer_of(test)}],
    }


def scorer_of(test: SafetyTest) -> str:
    """The scorer that the catalogue's rule reads; where it takes any, one named after the test."""
    rule = _rule(test)
    return f"{test.id}_scorer" if rule.scorer == "*" else rule.scorer


def _rule(test: SafetyTest) -> FailureRule:
    assert test.rule is not None  # noqa: S101 - only tests with a rule are handed in as logs
    return test.rule


def _prompt(number: int) -> str:
    return f"p{number + 1:03d}"


def _samples(run: Run) -> Iterator[Json]:
    """The trials as recorded; a cancelled run has none for the prompts that it did not reach."""
    outcome, test = run.outcome, catalogue()[run.outcome.test]
    reached = outcome.trials
    if outcome.ending is Ending.CANCELLED:
        reached = outcome.trials[: len(outcome.trials) - _unreached(outcome)]
    for number, epochs in enumerate(reached):
        for epoch, letter in enumerate(epochs, 1):
            yield {
                "id": _prompt(number),
                "epoch": epoch,
                "input": f"Fictional prompt {number + 1}",
                "target": "",
                "scores": _scores(test, letter, outcome.ending),
            }


def _unreached(outcome: TestOutcome) -> int:
    """Prompts at the end of the run without any score."""
    tail = groupby(reversed(outcome.trials), key=lambda epochs: set(epochs) == {MISSING})
    missing, prompts = next(tail)
    return len(list(prompts)) if missing else 0


def _scores(test: SafetyTest, letter: str, ending: Ending) -> Json:
    """The scores of a trial: none for a gap, one without a value where the judge failed."""
    if letter == MISSING and ending is not Ending.JUDGE_FAILED:
        return {}
    if letter == MISSING:
        return {scorer_of(test): {"value": float("nan")}}
    rule, value = _rule(test), score_value(_rule(test), letter == FAILED)
    return {scorer_of(test): {"value": {rule.component: value} if rule.component else value}}


def score_value(rule: FailureRule, failed: bool) -> float:
    """A score that the rule reads as a failure, or as clean."""
    beyond = max(rule.threshold, 1.0) + (rule.comparison in {">", "<="})
    fails_high = rule.comparison in {">", ">=", "=="}
    return beyond if failed == fails_high else 0.0


def _results(outcome: TestOutcome, test: SafetyTest) -> Json:
    """The tool's own summary: the mean over prompts of the mean over epochs, of what was scored."""
    rule, scorer = _rule(test), scorer_of(test)
    by_prompt = [
        [score_value(rule, letter == FAILED) for letter in epochs if letter != MISSING] for epochs in outcome.trials
    ]
    means = [sum(scores) / len(scores) for scores in by_prompt if scores]
    mean = sum(means) / len(means) if means else float("nan")
    return {
        "total_samples": outcome.planned,
        "completed_samples": outcome.planned - len(outcome.trials[0]) * _cut(outcome),
        "scores": [
            {
                "name": rule.component or scorer,
                "scorer": scorer,
                "scored_samples": len(means),
                "unscored_samples": len(outcome.trials) - len(means),
                "metrics": {"mean": {"name": "mean", "value": mean}},
            }
        ],
    }


def _cut(outcome: TestOutcome) -> int:
    return _unreached(outcome) if outcome.ending is Ending.CANCELLED else 0
