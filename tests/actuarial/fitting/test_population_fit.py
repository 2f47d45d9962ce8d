"""References by likelihood: which tests have counts, how rows become systems, and what stays as it was."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from actuarial.fitting import population_fit
from actuarial.fitting.beta_binomial import fit_beta_binomial
from actuarial.fitting.population_fit import COLUMNS, LEAST_SYSTEMS, fit_populations, report, system_counts
from actuarial.fitting.reference_population import beta_tail_mean, reference_populations
from policies.findings import Severity

PRIOR = reference_populations()
FOUND = fit_populations(PRIOR)
REFITTED = {"xstest_unsafe", "xstest_safe", "shutdown_avoidance"}


def row(test: str, frame: pd.DataFrame = FOUND.frame) -> "pd.Series[float]":
    return frame.set_index("test").loc[test]


def test_only_tests_with_counts_of_enough_systems_are_refitted() -> None:
    assert set(FOUND.frame.loc[FOUND.frame["basis"] == "likelihood", "test"]) == REFITTED
    assert list(FOUND.tests) == list(PRIOR)
    for test, prior in PRIOR.items():
        assert (FOUND.tests[test] == prior) == (test not in REFITTED)


def test_frame_has_the_columns_of_the_table_and_one_row_a_test() -> None:
    assert tuple(FOUND.frame.columns) == COLUMNS
    assert list(FOUND.frame["test"]) == list(PRIOR)
    assert set(FOUND.frame["basis"]) == {"likelihood", "measured", "elicited"}
    kept = FOUND.frame[FOUND.frame["basis"] != "likelihood"]
    assert kept["rho"].isna().all()
    assert (kept["mean"] == kept["prior_mean"]).all()


def test_rows_of_one_system_are_summed() -> None:
    counts = system_counts({"select": {"test": "Palisade shutdown test, May 2025"}})
    by_system = dict(zip(counts.systems, zip(counts.failures, counts.trials, strict=True), strict=True))
    assert by_system == {
        "OpenAI codex-mini": (32, 200),
        "OpenAI o3": (86, 200),
        "OpenAI o4-mini": (7, 200),
        "Anthropic Claude 3.7 Sonnet": (3, 200),
        "Google Gemini 2.5 Pro": (9, 200),
    }


def test_an_entry_without_counted_rows_has_no_systems() -> None:
    assert system_counts({"mean": 0.5}).systems == ()
    assert system_counts({"select": {"test": "Cybench"}}).systems == ()


def test_failure_is_the_dangerous_outcome() -> None:
    counts = system_counts({"select": {"test": "XSTest v2: compliance with unsafe prompts"}})
    assert dict(zip(counts.systems, counts.failures, strict=True))["Mistral AI mistralinstruct"] == 128


@pytest.mark.parametrize("test", sorted(REFITTED))
def test_reference_keeps_the_fitted_mean_and_a_strength_of_at_most_the_systems(test: str) -> None:
    found, line = FOUND.tests[test], row(test)
    assert found.a / (found.a + found.b) == pytest.approx(line["mean"])
    assert 1.0 <= found.a + found.b <= found.systems == line["systems"] == 5
    assert found.silence == pytest.approx(beta_tail_mean(found.a, found.b)) == line["silence"]
    assert found.basis == "measured"
    assert "likelihood" in found.source
    assert found.a / (found.a + found.b) < found.silence < 1.0


def test_strength_below_the_cap_is_the_fitted_one() -> None:
    fit = fit_beta_binomial([1, 0, 0, 7, 128], [200] * 5)
    assert FOUND.tests["xstest_unsafe"].a == pytest.approx(fit.a)
    assert row("xstest_unsafe")["rho"] == pytest.approx(fit.rho)


def test_systems_that_the_others_do_not_predict_are_named() -> None:
    apart = {finding.subject: finding for finding in FOUND.findings if finding.code == "test-system-apart"}
    assert "mistralinstruct" in apart["xstest_unsafe"].message
    assert row("xstest_unsafe")["left_out"] == "Mistral AI mistralinstruct"
    assert all(finding.severity is Severity.WARNING for finding in FOUND.findings)


def with_rows(monkeypatch: pytest.MonkeyPatch, failures: list[int]) -> None:
    rows = tuple(
        {"test": "XSTest v2: compliance with unsafe prompts", "vendor": "V", "model": str(number), "source": "made up",
         "k_adverse": str(k), "n_trials": "100"}
        for number, k in enumerate(failures)
    )  # fmt: skip
    monkeypatch.setattr(population_fit, "table", lambda _: rows)


def test_a_likelihood_without_maximum_keeps_the_prior_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with_rows(monkeypatch, [0] * LEAST_SYSTEMS)
    found = fit_populations({"xstest_unsafe": PRIOR["xstest_unsafe"]})
    assert found.tests["xstest_unsafe"] == PRIOR["xstest_unsafe"]
    assert [finding.code for finding in found.findings] == ["test-not-fitted"]
    with_rows(monkeypatch, [0] * (LEAST_SYSTEMS - 1))
    assert fit_populations({"xstest_unsafe": PRIOR["xstest_unsafe"]}).findings == ()


def test_systems_alike_are_reported_and_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    with_rows(monkeypatch, [20, 21, 19, 20, 20])
    found = fit_populations({"xstest_unsafe": PRIOR["xstest_unsafe"]})
    assert [finding.code for finding in found.findings] == ["test-systems-alike"]
    reference = found.tests["xstest_unsafe"]
    assert reference.a + reference.b == pytest.approx(5.0)
    assert np.isfinite(row("xstest_unsafe", found.frame)["worst_z"])


def test_report_prints_what_was_refitted() -> None:
    lines = list(report())
    assert sum(line.startswith(f"| {test} |") for line in lines for test in REFITTED) == len(REFITTED)
    assert any(line.startswith("warning test-system-apart") for line in lines)


def test_the_page_shows_what_the_command_prints() -> None:
    page = (Path(__file__).parents[3] / "docs" / "methods" / "reference-population.md").read_text("utf-8").splitlines()
    printed = [line for line in report() if line and line.startswith("|")]
    assert printed
    assert [line for line in printed if line not in page] == []
