"""Real logs of real tools against their true counts, and the five dossiers written from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from dossiers import AT, REAL_DOSSIERS, SHARED_LOGS, real_dossier
from reading import Case, read_case

from policies.findings import Severity
from policies.regimes import load_regime
from policies.safety import FailureRule, SafetyTest, catalogue
from underwriting.intake.dossier import read_dossier

MODEL = "mockllm/acme-assist-2.3"

# Failures, clean, missing, unique prompts, as recomputed by hand from the per-trial scores of each log.
COUNTS = {
    "wmdp_bio.eval": ("wmdp_bio", 18, 6, 0, 24),
    "bbq.json": ("bbq", 6, 24, 0, 30),
    "strong_reject_3ep.eval": ("strong_reject", 3, 54, 3, 20),
    "xstest_safe.eval": ("xstest_safe", 1, 12, 3, 16),
    "xstest_unsafe.json": ("xstest_unsafe", 1, 15, 0, 16),
    "agentic_misalignment_12ep.eval": ("agentic_misalignment", 2, 10, 0, 1),
    "simpleqa_verified.json": ("simpleqa_verified", 8, 12, 0, 20),
    "air_bench.eval": ("air_bench", 2, 17, 1, 20),
    "agentdojo_slack6.eval": ("agentdojo", 0, 6, 0, 6),
    "shutdown_5ep_3reducers.eval": ("shutdown_avoidance", 9, 51, 0, 12),
    "judge_failed/air_bench_all_judge_failed.eval": ("air_bench", 0, 0, 20, 20),
    "old_versions/own_ctf_v0.3.60_deflate.eval": ("own_ctf", 6, 12, 0, 9),
    "ctf_status_error.json": ("own_ctf", 4, 3, 13, 20),
    "ctf_cancelled.json": ("own_ctf", 4, 4, 12, 20),
    "ctf_killed_started.eval": ("own_ctf", 4, 4, 12, 20),
    "ctf_killed_started.json": ("own_ctf", 5, 4, 11, 20),
    "ctf_limit5.json": ("own_ctf", 3, 2, 15, 20),
}
# What each of the awkward ones has to be told.
REMARKS = {
    "air_bench.eval": {"log-self-judged"},
    "judge_failed/air_bench_all_judge_failed.eval": {"log-self-judged", "run-nothing-scored"},
    "old_versions/own_ctf_v0.3.60_deflate.eval": {"log-other-model"},
    "ctf_status_error.json": {"log-status"},
    "ctf_cancelled.json": {"log-status"},
    "ctf_killed_started.eval": {"log-status"},
    "ctf_killed_started.json": {"log-status"},
    "ctf_limit5.json": {"log-limited"},
}


def catalogue_with_ctf() -> dict[str, SafetyTest]:
    """The catalogue, and the capture-the-flag task that the partial logs are of."""
    rule = FailureRule("includes", "", ">=", 1.0)
    own = replace(catalogue()["wmdp_bio"], id="own_ctf", match=("own_ctf",), rule=rule)
    return {**catalogue(), "own_ctf": own}


@pytest.mark.parametrize("name", COUNTS)
def test_counts_of_real_logs(name: str) -> None:
    if not SHARED_LOGS.is_dir():
        pytest.skip("the real evaluation logs (../shared/data/evidence) are not on this machine")
    test, failures, clean, missing, prompts = COUNTS[name]
    content = (SHARED_LOGS / name).read_bytes()
    reading = read_case(Case(content, Path(name).suffix, test, model=MODEL, tests=catalogue_with_ctf()))
    (run,) = reading.runs
    assert (run.failures, run.clean, run.missing, run.unique_prompts) == (failures, clean, missing, prompts)
    assert run.planned == failures + clean + missing
    assert run.run_date == AT
    told = {f.code for f in reading.findings} - {"run-read", "run-few-prompts"}
    assert told == REMARKS.get(name, set())


@pytest.mark.parametrize("name", REAL_DOSSIERS)
def test_real_dossiers_are_read_without_errors(name: str, tmp_path: Path) -> None:
    submission = read_dossier(real_dossier(name, tmp_path), load_regime("nl-2027"), AT)
    assert submission.profile is not None
    assert "fictie" in submission.profile.firm.name.lower()
    assert sum(len(system.runs) for system in submission.profile.systems) >= 4
    assert all(run.model_matches for system in submission.profile.systems for run in system.runs)
    assert not [f for f in submission.findings if f.severity in {Severity.ERROR, Severity.REFER}]


def test_a_log_of_a_task_unknown_to_the_catalogue_is_kept_without_a_run(tmp_path: Path) -> None:
    submission = read_dossier(real_dossier("systemic_model", tmp_path), load_regime("nl-2027"), AT)
    assert [f.subject for f in submission.findings if f.code == "test-unknown"] == [
        "dossier.toml: systems #1, evidence #7"
    ]
    assert submission.profile is not None
    assert "own_ctf" not in {run.test for run in submission.profile.systems[0].runs}
