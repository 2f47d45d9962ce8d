"""Verdicts: silent on a sound calibration, one planted fault a code, and words that name the size and the remedy."""

import ast
import math
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from actuarial.fitting import verdicts
from actuarial.fitting.verdicts import CHECKS, CODES, findings
from policies.findings import Finding, Severity

Records = list[dict[str, object]]


def level(factor: str, name: str, actual: float, expected: float, reach: float) -> dict[str, object]:
    ratio = actual / expected
    counts = {"factor": factor, "level": name, "actual": actual, "expected": expected}
    return counts | {"ratio": ratio, "low": ratio - reach, "high": ratio + reach}


SOUND: Mapping[str, Records] = {
    "actual_expected": [level("total", "all", 400, 400, 0.1), level("class", "A5", 90, 95, 0.2)],
    "level_tests": [
        {"factor": "total", "level": "all", "variance_ratio": 1.0, "p": 0.9, "p_adjusted": 0.9},
        {"factor": "class", "level": "A5", "variance_ratio": 1.0, "p": 0.6, "p_adjusted": 0.9},
    ],
    "fit": [
        {"model": "null", "claims": 400, "deviance": 3000.0, "aic": 3500.0},
        {"model": "champion", "claims": 400, "deviance": 2800.0, "aic": 3300.0},
        {"model": "fitted", "claims": 400, "deviance": 2700.0, "aic": 3250.0},
    ],
    "deviance_gain": [{"gain": 100.0, "low": 60.0, "high": 140.0}],
    "gini": [
        {"model": "fitted", "gini": 0.4, "low": 0.3, "high": 0.5},
        {"model": "champion", "gini": 0.35, "low": 0.25, "high": 0.45},
    ],
    "gini_gain": [{"gain": 0.05, "low": 0.01, "high": 0.09}],
    "double_lift": [
        {"band": 1, "ratio": 0.8, "actual": 40, "fitted": 42.0, "champion": 52.0},
        {"band": 2, "ratio": 1.2, "actual": 60, "fitted": 58.0, "champion": 48.0},
    ],
    "murphy": [
        {"model": "fitted", "discrimination": 500.0, "miscalibration": 40.0},
        {"model": "champion", "discrimination": 400.0, "miscalibration": 90.0},
    ],
    "calibration_test": [{"model": "fitted", "miscalibration": 40.0, "chance": 38.0, "p": 0.4}],
    "population_stability": [{"factor": "class", "psi": 0.02, "verdict": "stable"}],
    "out_of_time": [
        {"model": "fitted", "year": 2030, "actual": 95, "expected": 100.0, "low": 80, "high": 121, "log_score": 0.2},
        {"model": "champion", "year": 2030, "actual": 95, "expected": 60.0, "low": 45, "high": 76, "log_score": 0.3},
        {
            "model": "public incidents",
            "year": 2025,
            "actual": 9,
            "expected": 9.0,
            "low": 5,
            "high": 14,
            "log_score": 2.1,
        },
    ],
    "out_of_time_gain": [{"year": 2030, "gain": 4.0, "low": -2.0, "high": 10.0}],
    "parameters": [
        {"path": "theta.FIN", "prior_sd": 0.2, "se": 0.1, "estimate": 0.3},
        {"path": "eta", "prior_sd": math.nan, "se": 0.1, "estimate": 0.5},
        {"path": "severity.heads.G1.mu", "prior_sd": None, "se": None, "estimate": 9.0},
    ],
    "bootstrap": [
        {"path": "theta.FIN", "estimate": 0.3, "sd": 0.09},
        {"path": "eta", "estimate": 0.5, "sd": 0.1},
    ],
    "prior_sensitivity": [
        {"path": "theta.FIN", "sd_factor": 0.5, "estimate": 0.32, "shift_in_se": 0.2},
        {"path": "theta.FIN", "sd_factor": 2.0, "estimate": 0.25, "shift_in_se": -0.5},
    ],
}
FAULTS = [  # code, severity, the table at fault, its row, what is changed, what the message must say
    ("validation-few-claims", Severity.WARNING, "fit", 2, {"claims": 20}, ["68 claims", "20%"]),
    ("fit-worse-than-null", Severity.REFER, "fit", 2, {"aic": 3520.0}, ["3,520.0", "3,500.0"]),
    (
        "fit-worse-than-champion",
        Severity.REFER,
        "deviance_gain",
        0,
        {"low": -70.5, "high": -1.5},
        ["2,700.0", "1.5 to 70.5"],
    ),
    ("rank-reversed", Severity.ERROR, "gini", 0, {"gini": -0.2, "low": -0.3, "high": -0.1}, ["-0.200", "cannot be"]),
    ("rank-unproven", Severity.WARNING, "gini", 0, {"low": -0.01}, ["-0.010 to 0.500"]),
    ("rank-worse-than-champion", Severity.REFER, "gini_gain", 0, {"gain": -0.2, "high": -0.1}, ["0.350", "0.200"]),
    ("double-lift-lost", Severity.WARNING, "double_lift", 0, {"actual": 80}, ["27.2", "15.7", "wrong direction"]),
    ("miscalibrated", Severity.REFER, "calibration_test", 0, {"miscalibration": 88.0, "p": 0.01}, ["10% of", "p 0.01"]),
    ("population-shifted", Severity.WARNING, "population_stability", 0, {"psi": 0.4, "verdict": "shifted"}, ["0.40"]),
    ("population-shifted", Severity.INFO, "population_stability", 0, {"psi": 0.15, "verdict": "drifting"}, ["0.15"]),
    ("out-of-time", Severity.REFER, "out_of_time", 0, {"actual": 122}, ["122 came where 100.0", "80 to 121"]),
    (
        "out-of-time-beaten",
        Severity.REFER,
        "out_of_time_gain",
        0,
        {"gain": -9.0, "low": -15, "high": -3},
        ["3.0 to 15"],
    ),
    ("error-understated", Severity.WARNING, "bootstrap", 0, {"sd": 0.3}, ["theta.FIN (0.3, implied 0.0866)"]),
    ("error-overstated", Severity.INFO, "bootstrap", 1, {"sd": 0.05}, ["eta (0.05, implied 0.1)"]),
    ("prior-sensitive", Severity.WARNING, "prior_sensitivity", 1, {"shift_in_se": -1.4}, ["-1.4", "at 2 times"]),
    ("prior-untouched", Severity.INFO, "parameters", 0, {"se": 0.198}, ["theta.FIN"]),
]


def judged(changes: Mapping[tuple[str, int], Mapping[str, object]]) -> tuple[Finding, ...]:
    """Findings on the sound calibration after rows of its tables are changed."""
    return findings(
        {
            name: pd.DataFrame([row | dict(changes.get((name, at), {})) for at, row in enumerate(rows)])
            for name, rows in SOUND.items()
        }
    )


def off(row: int, ratio: float) -> dict[tuple[str, int], dict[str, object]]:
    """Row of actual_expected proven off by a ratio."""
    counts = {"actual": 400.0 * ratio, "expected": 400.0, "ratio": ratio, "low": ratio - 0.05, "high": ratio + 0.05}
    return {("actual_expected", row): counts, ("level_tests", row): {"p_adjusted": 0.001}}


def test_a_sound_calibration_has_no_findings() -> None:
    assert judged({}) == ()
    assert findings({}) == ()
    assert findings({"fit": pd.DataFrame()}) == ()


@pytest.mark.parametrize(("code", "severity", "table", "row", "change", "words"), FAULTS)
def test_each_fault_has_its_finding(
    code: str, severity: Severity, table: str, row: int, change: dict[str, object], words: list[str]
) -> None:
    found = judged({(table, row): change})
    assert [(finding.code, finding.severity) for finding in found] == [(code, severity)]
    for word in words:
        assert word in found[0].message or word in found[0].subject
    assert found[0].reference.startswith("docs/methods/validation.md, ")


def test_the_total_is_reported_once_and_levels_beside_it() -> None:
    both = off(0, 1.5) | off(1, 1.5)
    assert [finding.code for finding in judged(both)] == ["balance-off"]
    assert "too low" in judged(both)[0].message
    near = off(0, 1.5) | {("level_tests", 1): {"p_adjusted": 0.001}}
    near[("actual_expected", 1)] = {"ratio": 1.6, "low": 1.4, "high": 1.8}
    assert [finding.code for finding in judged(near)] == ["balance-off"]
    worse = judged(off(0, 1.5) | off(1, 2.0))
    assert [finding.code for finding in worse] == ["balance-off", "level-off"]
    assert worse[1].subject == "class A5"
    alone = judged(off(1, 0.7))
    assert [finding.code for finding in alone] == ["level-off"]
    assert "280 claims where 400.0 were expected" in alone[0].message
    assert "too much" in alone[0].message


@pytest.mark.parametrize(
    "changes",
    [
        off(1, 1.04),  # proven, but less than a twentieth
        off(1, 1.5) | {("level_tests", 1): {"p_adjusted": 0.2}},  # large, but not proven
        {("calibration_test", 0): {"miscalibration": 88.0, "p": 0.2}},
        {("calibration_test", 0): {"miscalibration": 45.0, "p": 0.01}},
        {("fit", 2): {"aic": 3505.0}},
        {("deviance_gain", 0): {"gain": -5.0, "low": -20.0, "high": 10.0}},
        {("double_lift", 0): {"actual": 50}},
        {("out_of_time_gain", 0): {"gain": -4.0, "low": -10.0, "high": 2.0}},
        {("out_of_time", 2): {"actual": 40}},  # the trend's own step says so
        {("bootstrap", 0): {"sd": 0.12}},
        {("parameters", 0): {"se": 0.185}, ("bootstrap", 0): {"sd": 0.01}},  # hardly moved by data: nothing to compare
    ],
)
def test_what_is_small_or_may_be_chance_is_not_reported(changes: dict[tuple[str, int], dict[str, object]]) -> None:
    assert judged(changes) == ()


def test_gravest_first_and_many_parameters_in_one_finding() -> None:
    rows = [{"path": f"theta.{n}", "sd_factor": 2.0, "estimate": 0.0, "shift_in_se": 1.5 + n} for n in range(9)]
    rows.append({"path": "theta.8", "sd_factor": 0.5, "estimate": 0.0, "shift_in_se": -20.0})
    tables = {"prior_sensitivity": pd.DataFrame(rows), "gini_gain": pd.DataFrame(SOUND["gini_gain"])}
    tables["gini"] = pd.DataFrame([SOUND["gini"][0] | {"high": -0.1}, SOUND["gini"][1]])
    first, second = findings(tables)
    assert first.code == "rank-reversed"
    assert second.subject == "9 parameters"
    assert second.message.startswith("theta.8 (-20.0 standard errors at 0.5 times the width), theta.7 ")
    assert "and 4 more" in second.message


def test_codes_are_exactly_those_that_the_checks_use() -> None:
    source = ast.parse(Path(verdicts.__file__).read_text("utf-8"))
    calls = [node for node in ast.walk(source) if isinstance(node, ast.Call)]
    named = [
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Name)
        and call.func.id in {"_finding", "_gathered"}
        and isinstance(call.args[0], ast.Constant)
    ]
    assert sorted(named) == sorted(CODES)
    assert {fault[0] for fault in FAULTS} | {"balance-off", "level-off"} == set(CODES)
    assert {name for _, needed in CHECKS for name in needed} == set(SOUND)
