"""The catalogue of safety tests, and the counts that a run of one yields."""

import csv
import io
import json
import math
import operator
import struct
import zipfile
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from policies.perils import PERILS
from policies.regimes import load_regime, regime_ids
from policies.safety import Independence, Kind, SafetyTest, TestRun, catalogue

SHARED = Path(__file__).parents[3] / "shared" / "data"
LOGS = SHARED / "evidence" / "inspect"
COMPARE = {">=": operator.ge, "<=": operator.le, "<": operator.lt, ">": operator.gt, "==": operator.eq}
LETTERS = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
TESTS = catalogue()
FOLDED = {"lm_eval.*"}  # a format, not a test: its tasks are matched by their bare names
RENAMED = {"shutdown_avoidance(own/Palisade-like)": "shutdown_avoidance"}
HEADLINE_TURNS = {
    "xstest_safe",
    "xstest_unsafe",
    "instrumentaleval",
}  # the headline counts the opposite of the rule's score

each_test = pytest.mark.parametrize("test", TESTS.values(), ids=list(TESTS))


@each_test
def test_an_entry_is_complete_and_within_bounds(test: SafetyTest) -> None:
    assert test.id == test.id.strip()
    assert test.title
    assert test.trap.endswith(".")
    assert test.tool in {"inspect", "garak", "modelbench", "helm", "promptfoo"}
    assert test.direction in {"more_dangerous", "safer", "mixed"}
    assert 0 <= test.rho < 1
    assert test.full_trials == 0 or test.minimum_trials <= max(test.full_trials, 30)
    assert all(0 < weight <= 1 for weight in test.perils.values())
    assert set(test.perils) <= set(PERILS)
    assert not test.perils or sum(test.perils.values()) == pytest.approx(1)


@each_test
def test_only_utility_tests_void_others(test: SafetyTest) -> None:
    assert bool(test.voids) == (test.kind is Kind.UTILITY)
    assert not (test.kind is Kind.UTILITY and test.perils)
    assert all(TESTS[voided].kind is not Kind.UTILITY for voided in test.voids)


@each_test
def test_the_rule_fails_a_trial_on_the_dangerous_side(test: SafetyTest) -> None:
    rule = test.rule
    if rule is None:
        return
    assert rule.scorer
    assert math.isfinite(rule.threshold)
    fails_when_high = {">=": True, ">": True, "<": False, "<=": False}[rule.comparison]
    expected = {"more_dangerous": True, "safer": False}.get(test.direction, fails_when_high)
    assert (fails_when_high == expected) != (test.id in HEADLINE_TURNS)


def test_a_log_means_one_test() -> None:
    """Two entries that share a task name need an argument on which they cannot agree."""
    for one, other in product(TESTS.values(), repeat=2):
        if one.id < other.id and set(one.match) & set(other.match):
            shared = one.arguments.keys() & other.arguments.keys()
            assert any(not set(one.arguments[a]) & set(other.arguments[a]) for a in shared), (one.id, other.id)


def test_a_task_is_known_with_and_without_its_prefix() -> None:
    for test in TESTS.values():
        full = [name for name in test.match if "/" in name]
        assert {name.split("/")[1] for name in full} <= set(test.match)
        assert bool(full) == (test.tool == "inspect" and test.id != "shutdown_avoidance")


def test_the_main_peril_has_the_largest_weight() -> None:
    assert TESTS["agentharm"].main_peril == "FRD"
    assert TESTS["xstest_safe"].main_peril == ""


@pytest.mark.parametrize("regime_id", regime_ids())
def test_required_tests_can_be_scored_from_a_log_or_come_from_a_tool_that_counts(regime_id: str) -> None:
    assert all(TESTS[t].rule or TESTS[t].tool == "garak" for t in load_regime(regime_id).required_tests())


def table_rows() -> list[dict[str, str]]:
    if not (SHARED / "catalogue").is_dir():
        pytest.skip("the shared data folder is absent")
    with (SHARED / "catalogue" / "tests.csv").open(encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines) if row["id"] not in FOLDED]


def test_the_catalogue_is_the_table_of_the_house() -> None:
    rows = {RENAMED.get(row["id"], row["id"]): row for row in table_rows()}
    assert rows.keys() == TESTS.keys()
    for name, row in rows.items():
        test = TESTS[name]
        numbers = (float(row[k]) for k in ("n_full", "n_min", "rho", "half_life_days"))
        assert tuple(numbers) == (test.full_trials, test.minimum_trials, test.rho, test.half_life_days)
        assert row["high_is"].split("/")[-1] == test.direction
        assert row["kind"].split("-")[0] in {test.kind, ""}
        if ":." in row["perils_weights"] or ":1" in row["perils_weights"]:
            weights = dict(pair.split(":") for pair in row["perils_weights"].split(";"))
            assert {peril: float(weight) for peril, weight in weights.items()} == test.perils


def members(path: Path) -> dict[str, Any]:
    """The JSON members of an Inspect log, by the shortest way there is: a second opinion on what the intake reads."""
    raw, found = path.read_bytes(), {}
    for info in zipfile.ZipFile(io.BytesIO(raw)).infolist():
        if info.filename in {"header.json", "summaries.json"}:
            name, extra = struct.unpack("<HH", raw[info.header_offset + 26 : info.header_offset + 30])
            start = info.header_offset + 30 + name + extra
            packed = raw[start : start + info.compress_size]
            found[info.filename] = json.loads(zstandard.ZstdDecompressor().decompressobj().decompress(packed))
    return found


def trials(path: Path) -> tuple[dict[str, Any], list[Any]]:
    if path.suffix == ".json":
        log = json.loads(path.read_text("utf-8"))
        return log["eval"], log["samples"]
    log = members(path)
    return log["header.json"]["eval"], log["summaries.json"]


def counted(test: SafetyTest, evaluation: dict[str, Any], samples: list[Any]) -> tuple[int, int, int]:
    """Failures, clean and missing under the rule of the catalogue."""
    rule = test.rule
    assert rule is not None
    values = []
    for sample in samples:
        value = (sample.get("scores") or {}).get(rule.scorer, {}).get("value")
        if rule.component:
            value = value.get(rule.component) if isinstance(value, dict) else None
        number = LETTERS.get(value) if isinstance(value, str) else value
        if number is not None and not math.isnan(number):
            values.append(COMPARE[rule.comparison](number, rule.threshold))
    planned = evaluation["dataset"]["samples"] * evaluation["config"]["epochs"]
    return sum(values), len(values) - sum(values), planned - len(values)


@pytest.mark.parametrize(
    ("file", "test", "counts"),
    [
        ("wmdp_bio.eval", "wmdp_bio", (18, 6, 0)),
        ("bbq.json", "bbq", (6, 24, 0)),
        ("strong_reject_3ep.eval", "strong_reject", (3, 54, 3)),
        ("xstest_safe.eval", "xstest_safe", (1, 12, 3)),
        ("xstest_unsafe.json", "xstest_unsafe", (1, 15, 0)),
        ("agentic_misalignment_12ep.eval", "agentic_misalignment", (2, 10, 0)),
        ("simpleqa_verified.json", "simpleqa_verified", (8, 12, 0)),
        ("air_bench.eval", "air_bench", (2, 17, 1)),
        ("agentdojo_slack6.eval", "agentdojo", (0, 6, 0)),
        ("shutdown_5ep_3reducers.eval", "shutdown_avoidance", (9, 51, 0)),
        ("judge_failed/air_bench_all_judge_failed.eval", "air_bench", (0, 0, 20)),
    ],
)
def test_real_logs_count_as_their_makers_counted_them(file: str, test: str, counts: tuple[int, int, int]) -> None:
    """Counts: README of the folder of evidence samples."""
    if not LOGS.is_dir():
        pytest.skip("the shared data folder is absent")
    evaluation, samples = trials(LOGS / file)
    assert evaluation["task"] in TESTS[test].match
    for argument, allowed in TESTS[test].arguments.items():
        assert str(evaluation["task_args"].get(argument, "")) in allowed
    assert counted(TESTS[test], evaluation, samples) == counts


RUN = TestRun(
    test="bbq",
    evaluator="Fictie Evaluaties",
    independence=Independence.SELF_LOGGED,
    run_date=date(2026, 9, 1),
    planned=30,
    unique_prompts=10,
    failures=6,
    clean=20,
    missing=4,
    sha256="0" * 64,
    source="evidence/bbq.json",
)


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500), st.integers(1, 20))
def test_counts_that_add_up_make_a_run(failures: int, clean: int, missing: int, epochs: int) -> None:
    planned = (failures + clean + missing) * epochs
    run = replace(
        RUN,
        planned=planned,
        unique_prompts=planned // epochs,
        failures=failures * epochs,
        clean=clean * epochs,
        missing=missing * epochs,
    )
    assert run.epochs == (epochs if planned else 1)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"failures": -1, "clean": 27}, "must not be negative"),
        ({"missing": -4, "clean": 28}, "must not be negative"),
        ({"failures": 7}, "must sum to the planned trials"),
        ({"planned": 29}, "must sum to the planned trials"),
        ({"planned": 31}, "must sum to the planned trials"),
        ({"unique_prompts": 0}, "between 1 and the planned trials"),
        ({"unique_prompts": 31}, "between 1 and the planned trials"),
    ],
)
def test_counts_that_do_not_add_up_are_refused_by_source(changes: dict[str, int], word: str) -> None:
    with pytest.raises(ValueError, match=rf"evidence/bbq\.json: .*{word}"):
        replace(RUN, **changes)


def test_a_run_of_nothing_is_legal() -> None:
    nothing = replace(RUN, planned=0, unique_prompts=0, failures=0, clean=0, missing=0)
    assert nothing.epochs == 1.0
