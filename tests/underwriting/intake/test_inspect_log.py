"""Trials of small made logs: what counts as failed, clean and missing, and what a log has to be told."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspect_logs import DEFLATE, MODEL, STORED, ZSTANDARD, eval_log, header, json_log, trial, trials
from reading import Case, codes, counts, read_case, read_trials

from policies.findings import Severity
from policies.safety import FailureRule
from underwriting.intake.trials import Outcome, Trial, outcome_of, outcomes_by_trial

EXACT = FailureRule("judge", "", "<", 1.0)


def of(value: Any, rule: FailureRule = EXACT, **more: Any) -> Outcome:
    return outcome_of(Trial("p", 1, {"judge": {"value": value} | more}), rule)


@pytest.mark.parametrize("method", [STORED, DEFLATE, ZSTANDARD])
def test_every_compression_gives_the_same_counts(method: int) -> None:
    reading = read_case(Case(eval_log(header(), trials("CCIC"), method)))
    assert counts(reading) == (1, 3, 0, 4, 4)


def test_the_two_containers_agree() -> None:
    archive = read_case(Case(eval_log(header(), trials("CIIP"))))
    document = read_case(Case(json_log(header(), trials("CIIP")), suffix=".json"))
    assert counts(archive) == counts(document) == (3, 1, 0, 4, 4)
    assert codes(archive) == codes(document) == set()


@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        ("C", Outcome.CLEAN),
        ("P", Outcome.FAILED),
        ("I", Outcome.FAILED),
        ("N", Outcome.FAILED),
        (1, Outcome.CLEAN),
        (True, Outcome.CLEAN),
        (False, Outcome.FAILED),
        (0.99, Outcome.FAILED),
        (math.nan, Outcome.MISSING),
        (math.inf, Outcome.MISSING),
        (None, Outcome.MISSING),
        ("NOT SCORED", Outcome.MISSING),
        ("1.0", Outcome.MISSING),
        ([1], Outcome.MISSING),
        ({"judge": 1}, Outcome.MISSING),
        (10**400, Outcome.MISSING),
    ],
)
def test_outcome_of_a_value(value: Any, outcome: Outcome) -> None:
    assert of(value) is outcome


@pytest.mark.parametrize(
    ("comparison", "fails"),
    [(">=", {0.5, 0.7}), (">", {0.7}), ("<=", {0.2, 0.5}), ("<", {0.2}), ("==", {0.5})],
)
def test_every_comparison(comparison: str, fails: set[float]) -> None:
    rule = FailureRule("judge", "", comparison, 0.5)
    assert {value for value in (0.2, 0.5, 0.7) if of(value, rule) is Outcome.FAILED} == fails


def test_a_component_is_taken_from_an_object_only() -> None:
    rule = FailureRule("judge", "refusal", "<", 1.0)
    assert of({"refusal": 0, "other": 5}, rule) is Outcome.FAILED
    assert of({"refusal": 1}, rule) is Outcome.CLEAN
    assert of({"other": 1}, rule) is Outcome.MISSING
    assert of(1.0, rule) is Outcome.MISSING


def test_a_star_takes_the_only_scorer_and_never_chooses() -> None:
    rule = FailureRule("*", "", "<", 1.0)
    assert outcome_of(Trial("p", 1, {"any": {"value": 0}}), rule) is Outcome.FAILED
    assert outcome_of(Trial("p", 1, {"a": {"value": 0}, "b": {"value": 1}}), rule) is Outcome.MISSING


def test_an_edited_score_counts_by_its_worst_value() -> None:
    assert of("C", history=[{"value": "I"}, {"value": "C"}]) is Outcome.FAILED
    assert of("C", history=[{"value": math.nan}, {"value": "C"}]) is Outcome.MISSING
    assert of("C", history=[{"value": "UNCHANGED"}, {"answer": "x"}]) is Outcome.CLEAN


@given(st.permutations([Outcome.CLEAN, Outcome.MISSING, Outcome.FAILED]), st.integers(1, 3))
def test_of_a_trial_recorded_twice_the_worse_counts_in_any_order(order: list[Outcome], first: int) -> None:
    values = {Outcome.CLEAN: 1, Outcome.MISSING: None, Outcome.FAILED: 0}
    seen = order[:first]
    outcomes = outcomes_by_trial((Trial("p", 1, {"judge": {"value": values[o]}}) for o in seen), EXACT)
    assert outcomes == {("p", 1): max(seen)}


def test_what_was_planned_and_not_scored_is_missing() -> None:
    rows = [*trials("CCI"), {"id": "p3", "epoch": 1, "error": "provider failed"}, trial("p4", math.nan)]
    reading = read_trials(rows, prompts=10)
    assert counts(reading) == (1, 2, 7, 10, 10)


def test_epochs_multiply_the_plan_and_leave_the_prompts() -> None:
    rows = [*trials("CC", epoch=1), *trials("CI", epoch=2)]
    assert counts(read_trials(rows, prompts=3, epochs=2)) == (1, 3, 2, 6, 3)


def test_the_plan_is_never_less_than_what_was_found() -> None:
    rows = [*trials("CCCC"), *trials("II", epoch=2)]
    assert counts(read_trials(rows, prompts=1)) == (2, 4, 0, 6, 4)


def test_duplicates_are_told_and_count_once() -> None:
    rows = [*trials("CCCC"), trial("p0", "I")]
    reading = read_case(Case(eval_log(header(), rows, samples=trials("CCCC"))))
    assert counts(reading) == (1, 3, 0, 4, 4)
    assert codes(reading) == {"log-duplicate-trial"}


def test_edits_are_told() -> None:
    rows = [*trials("CCC"), trial("p3", "C")]
    rows[3]["scores"]["choice"]["history"] = [{"value": "I"}]
    reading = read_trials(rows)
    assert counts(reading) == (1, 3, 0, 4, 4)
    assert codes(reading) == {"log-scores-edited"}


def test_a_killed_run_is_read_from_its_journal() -> None:
    reading = read_case(Case(eval_log(header(prompts=6), trials("CIC"), killed=True)))
    assert counts(reading) == (1, 2, 3, 6, 6)
    assert codes(reading) == {"log-status"}
    assert reading.runs[0].run_date == date(2026, 10, 1)  # the day of creation: a killed run has no end


@pytest.mark.parametrize("killed", [True, False])
def test_samples_that_no_summary_covers_still_count(killed: bool) -> None:
    rows = trials("CCII")
    reading = read_case(Case(eval_log(header(), rows[:2], samples=rows, killed=killed)))
    assert counts(reading) == (2, 2, 0, 4, 4)


@pytest.mark.parametrize("status", ["error", "cancelled"])
def test_status_changes_no_count_and_is_told(status: str) -> None:
    reading = read_trials(trials("CC"), changes={"status": status})
    assert counts(reading) == (0, 2, 2, 4, 4)
    assert codes(reading) == {"log-status"}


def test_a_success_without_a_score_is_all_missing() -> None:
    reading = read_trials([trial(f"p{i}", math.nan) for i in range(4)])
    assert counts(reading) == (0, 0, 4, 4, 4)
    assert codes(reading) == {"run-nothing-scored"}


def test_a_log_without_any_trial_or_plan_gives_no_run() -> None:
    reading = read_trials([], prompts=0)
    assert reading.runs == ()
    assert codes(reading) == {"run-nothing-scored"}


def test_a_limited_run_counts_the_rest_unless_its_plan_was_lodged_before() -> None:
    limited = {"eval.config.limit": 2, "eval.dataset.sample_ids": ["p0", "p1"]}
    rows = trials("CI")
    assert counts(read_trials(rows, prompts=10, changes=limited)) == (1, 1, 8, 10, 10)
    lodged = read_trials(rows, {"registered_at": date(2026, 9, 1)}, prompts=10, changes=limited)
    assert counts(lodged) == (1, 1, 0, 2, 2)
    assert lodged.runs[0].registered_at == date(2026, 9, 1)
    late = read_trials(rows, {"registered_at": date(2026, 10, 2)}, prompts=10, changes=limited)
    assert counts(late) == (1, 1, 8, 10, 10)
    assert late.runs[0].registered_at is None
    assert codes(late) == {"log-limited", "evidence-late-plan"}


def test_a_withdrawn_log_or_trial_is_referred() -> None:
    whole = read_trials(trials("CCCC"), changes={"invalidated": True})
    part = read_trials([*trials("CCC"), trial("p3", "C", invalidation={"reason": "own"})])
    assert counts(part) == (0, 3, 1, 4, 4)
    for reading in (whole, part):
        assert [f.severity for f in reading.findings if f.code == "log-invalidated"] == [Severity.REFER]


@pytest.mark.parametrize(
    ("entry", "differs"),
    [
        ({"metrics": {"accuracy": {"value": 0.75}}, "scored_samples": 4}, False),
        ({"metrics": {"accuracy": {"value": 0.5}}, "scored_samples": 4}, True),
        ({"metrics": {"mean": {"value": 0.5}}}, True),
        ({"metrics": {"accuracy": {"value": 0.75}}, "scored_samples": 79}, True),
        ({"metrics": {"accuracy": {"value": 1.0}}, "reducer": "max"}, False),
        ({"metrics": {"refusal_rate": {"value": 93.0}}}, False),
        ({"metrics": None}, False),
    ],
)
def test_the_logs_own_results_are_recomputed(entry: dict[str, Any], differs: bool) -> None:
    results = {"scores": [{"name": "choice", "scorer": "choice"} | entry]}
    reading = read_trials(trials("CCCI"), changes={"results": results})
    assert codes(reading) == ({"log-results-differ"} if differs else set())
    assert counts(reading) == (1, 3, 0, 4, 4)


def test_the_mean_of_a_component_is_recomputed_over_epochs() -> None:
    rows = [trial("p0", {"security": s}, epoch, "injection_task_scorer") for epoch, s in ((1, "C"), (2, "I"), (3, "I"))]
    stated = {"name": "security", "scorer": "injection_task_scorer", "metrics": {"accuracy": {"value": 1 / 3}}}
    reading = read_trials(
        rows,
        {"test": "agentdojo"},
        task="inspect_evals/agentdojo",
        prompts=1,
        epochs=3,
        changes={"results": {"scores": [stated]}},
    )
    assert counts(reading) == (1, 2, 0, 3, 1)
    assert codes(reading) == set()


def test_a_log_of_another_model_is_told_and_marked() -> None:
    reading = read_trials(trials("CCCC"), {"model": "fictie/other"})
    assert codes(reading) == {"log-other-model"}
    assert not reading.runs[0].model_matches
    assert reading.runs[0].model == MODEL
    assert codes(read_trials(trials("CCCC"), {"model": ""})) == {"log-other-model"}  # declares no model at all


@pytest.mark.parametrize(
    "changes",
    [
        {"eval.model_roles": {"grader": {"model": MODEL}}},
        {"eval.task_args": {"judge_llm": {"model": MODEL, "config": {}}}},
        {"eval.task_args": {"scorer_model": MODEL}},
    ],
)
def test_a_model_that_judges_itself_is_told(changes: dict[str, Any]) -> None:
    assert codes(read_trials(trials("CCCC"), changes=changes)) == {"log-self-judged"}


def test_missing_scorer_is_told_and_counts_as_missing() -> None:
    reading = read_trials([trial(f"p{i}", "C", scorer="other") for i in range(4)])
    assert counts(reading) == (0, 0, 4, 4, 4)
    assert codes(reading) == {"log-no-scorer", "run-nothing-scored"}


@pytest.mark.parametrize(
    ("test", "task", "arguments", "code"),
    [
        ("bbq", "inspect_evals/wmdp_bio", {}, "test-mismatch"),
        ("no_such_test", "inspect_evals/wmdp_bio", {}, "test-mismatch"),
        ("bbq", "own_task", {}, "test-mismatch"),
        ("xstest_safe", "inspect_evals/xstest", {"subset": "unsafe"}, "test-mismatch"),
        ("xstest_unsafe", "inspect_evals/xstest", {}, "test-mismatch"),
        ("garak.promptinject", "inspect_evals/bbq", {}, "test-mismatch"),
        ("no_such_test", "own_task", {}, "test-unknown"),
        ("stereoset", "inspect_evals/stereoset", {}, "test-unscored"),
    ],
)
def test_which_test_a_log_is_of(test: str, task: str, arguments: dict[str, Any], code: str) -> None:
    reading = read_trials(trials("CCCC"), {"test": test}, task=task, changes={"eval.task_args": arguments})
    assert reading.runs == ()
    assert codes(reading) == {code}
    (finding,) = (f for f in reading.findings if f.code == code)
    assert test in finding.message
    assert finding.severity is (Severity.ERROR if code == "test-mismatch" else Severity.WARNING)
    if code == "test-mismatch":
        assert task in finding.message


def test_the_default_subset_may_go_unnamed() -> None:
    rows = [trial("p0", "C", scorer="model_graded_qa")]
    reading = read_trials(rows, {"test": "xstest_safe"}, task="inspect_evals/xstest", prompts=1)
    assert counts(reading) == (0, 1, 0, 1, 1)


@pytest.mark.parametrize(
    ("stats", "created", "day"),
    [
        ({"completed_at": "2026-10-02T23:30:00-05:00"}, "2026-09-01T00:00:00Z", date(2026, 10, 3)),
        ({"completed_at": "", "started_at": "2026-10-02T01:00:00"}, "2026-09-01T00:00:00Z", date(2026, 10, 2)),
        ({"completed_at": "soon"}, "2026-09-01T00:00:00Z", date(2026, 9, 1)),
    ],
)
def test_the_day_of_a_run_is_in_utc(stats: dict[str, str], created: str, day: date) -> None:
    reading = read_trials(trials("CCCC"), changes={"stats": stats, "eval.created": created})
    assert reading.runs[0].run_date == day


def test_a_log_without_a_date_is_an_error() -> None:
    reading = read_trials(trials("CCCC"), changes={"stats": None, "eval.created": None})
    assert codes(reading) == {"log-no-date"}


def test_a_run_in_the_future_is_an_error() -> None:
    reading = read_trials(trials("CCCC"), changes={"stats.completed_at": "2026-11-25T00:00:00+00:00"})
    assert codes(reading) == {"date-future"}


def test_few_prompts_are_told_by_the_prompts_that_were_scored() -> None:
    few = read_trials([trial(f"p{i}", "C" if i < 399 else math.nan) for i in range(400)], prompts=400)
    enough = read_trials(trials("C" * 400), prompts=400)
    assert "run-few-prompts" in {f.code for f in few.findings}
    assert "run-few-prompts" not in {f.code for f in enough.findings}


def test_a_run_is_named_by_run_and_task() -> None:
    assert read_trials(trials("CCCC")).run_id == "run-1/task-1"
    assert read_trials(trials("CCCC"), changes={"eval.task_id": None}).run_id == ""


@given(
    st.lists(st.sampled_from(["C", "I", "P", math.nan, None, "?"]), min_size=1, max_size=30),
    st.integers(0, 40),
    st.integers(1, 3),
)
def test_counts_always_sum_to_the_plan(values: list[Any], prompts: int, epochs: int) -> None:
    rows = [trial(f"p{i}", value) for i, value in enumerate(values)]
    failures, clean, missing, planned, unique = counts(read_trials(rows, prompts=prompts, epochs=epochs))
    assert (failures, clean) == (sum(v in {"I", "P"} for v in values), values.count("C"))
    assert unique == max(prompts, len(values))
    assert planned == unique * epochs == failures + clean + missing
