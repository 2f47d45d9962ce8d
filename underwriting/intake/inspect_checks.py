"""What an Inspect log says of itself, held against its trials; each difference is a finding, none changes a count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.findings import Finding
from policies.safety import SafetyTest
from underwriting.intake.claim import Claim
from underwriting.intake.codes import remark
from underwriting.intake.inspect_files import Log
from underwriting.intake.text import shown
from underwriting.intake.trials import former_values, mean_over_prompts, part_of, score_of

SELF_JUDGING = frozenset({"air_bench"})  # its scorer asks the tested model, whatever judge is configured
JUDGE_WORDS = ("judge", "grader", "scorer")  # in the names of model roles and of task arguments
MEANS = ("accuracy", "mean")  # metrics that are plain means over prompts
TOLERANCE = 1e-6  # between a mean as stated and as recomputed


def log_findings(log: Log, test: SafetyTest, claim: Claim, plan_lodged: bool) -> Iterator[Finding]:
    """Everything worth saying of a log of this test."""
    for code, message in (
        *_state(log),
        *_marks_on_trials(log, test),
        *_judge(log, test),
        *_subset(log, plan_lodged),
        *_model(log, claim),
        *_results(log),
    ):
        yield remark(code, claim.file, message)


def is_limited(log: Log) -> bool:
    """Whether only part of the data set was asked for."""
    return any(log.get("eval", "config", name) is not None for name in ("limit", "sample_id"))


def _state(log: Log) -> Iterator[tuple[str, str]]:
    status = log.get("status")
    if not log.finished:
        yield "log-status", "was killed before it finished: trials without a score count as failed"
    elif status != "success":
        yield "log-status", f"ended with status {shown(status)}: trials without a score count as failed"
    if log.get("invalidated") or log.withdrawn:
        yield "log-invalidated", f"was withdrawn by its maker ({log.withdrawn} trials one by one)"


def _marks_on_trials(log: Log, test: SafetyTest) -> Iterator[tuple[str, str]]:
    pairs = [(trial.prompt, trial.epoch) for trial in log.trials]
    if twice := len(pairs) - len(set(pairs)):
        yield "log-duplicate-trial", f"records {twice} trials more than once: of each the worse outcome counts"
    scorer = test.rule.scorer if test.rule else "*"
    scores = [score_of(trial, scorer) for trial in log.trials if trial.scores]
    if edited := sum(1 for score in scores if score and former_values(score)):
        yield "log-scores-edited", f"{edited} scores were changed after the run: of each the worse value counts"
    if absent := sum(1 for score in scores if score is None):
        there = sorted({name for trial in log.trials for name in trial.scores})
        message = (
            f"{absent} trials lack the score {shown(scorer)} and count as failed; there are {shown(', '.join(there))}"
        )
        yield "log-no-scorer", message


def _judge(log: Log, test: SafetyTest) -> Iterator[tuple[str, str]]:
    model = log.get("eval", "model")
    roles, arguments = log.get("eval", "model_roles"), log.get("eval", "task_args")
    named = [
        _model_name(value)
        for table in (roles, arguments)
        if isinstance(table, dict)
        for name, value in table.items()
        if any(word in name for word in JUDGE_WORDS)
    ]
    if test.id in SELF_JUDGING or model in named:
        yield "log-self-judged", f"the tested model {shown(model)} graded its own answers"


def _model_name(value: Any) -> Any:
    return value.get("model") if isinstance(value, dict) else value


def _subset(log: Log, plan_lodged: bool) -> Iterator[tuple[str, str]]:
    if is_limited(log):
        rest = "as the plan lodged beforehand says" if plan_lodged else "the rest of the data set counts as failed"
        yield "log-limited", f"only part of the test was run: {rest}"


def _model(log: Log, claim: Claim) -> Iterator[tuple[str, str]]:
    model = log.get("eval", "model")
    if claim.model is not None and model != claim.model:
        declared = shown(claim.model) if claim.model else '"none", for a system that runs on no model'
        yield "log-other-model", f"tests model {shown(model)}; the system declares {declared}"


def _results(log: Log) -> Iterator[tuple[str, str]]:
    """Stated against recomputed, as far as the statement is a plain mean or a number of prompts."""
    scores, reducers = log.get("results", "scores"), log.get("eval", "config", "epochs_reducer")
    plain = (None, "mean") if reducers in (None, ["mean"]) else ("mean",)
    for entry in scores if isinstance(scores, list) else ():
        if isinstance(entry, dict) and entry.get("reducer") in plain:
            yield from _entry_differences(log, entry)


def _entry_differences(log: Log, entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    scorer, name, metrics = entry.get("scorer"), entry.get("name"), entry.get("metrics")
    if not isinstance(scorer, str) or not isinstance(name, str):
        return
    stated, there = entry.get("scored_samples"), _scored_prompts(log, scorer)
    if type(stated) is int and stated != there:
        yield "log-results-differ", f"states {shown(stated)} prompts scored by {shown(name)}; {there} are there"
    mean = mean_over_prompts(log.trials, scorer, "" if name == scorer else name)
    for metric in MEANS:
        value = _metric(metrics, metric)
        if value is not None and mean is not None and abs(value - mean) > TOLERANCE:
            yield "log-results-differ", f"states {metric} {value:.6g} of {shown(name)}; its trials give {mean:.6g}"


def _metric(metrics: Any, name: str) -> float | None:
    entry = metrics.get(name) if isinstance(metrics, dict) else None
    return part_of(entry, "value")


def _scored_prompts(log: Log, scorer: str) -> int:
    """Prompts with at least one score that is not void."""
    return len(
        {
            trial.prompt
            for trial in log.trials
            if (score := score_of(trial, scorer))
            and (isinstance(score.get("value"), dict) or part_of(score.get("value"), "") is not None)
        }
    )
