"""Reference populations against quadrature, against the published moments, and over the required batteries."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import digamma, polygamma
from scipy.stats import beta as beta_distribution

from actuarial.calibration import TestReference, shipped_calibration
from actuarial.fitting.reference_population import (
    WORST_SHARE,
    beta_by_moments,
    beta_tail_mean,
    population,
    reference_populations,
    seen_moments,
    table,
)
from policies.regimes import load_regime, regime_ids
from policies.safety import Kind, catalogue

REFERENCES = reference_populations()
SHARED = Path(__file__).parents[4] / "shared" / "data"

# A test of the catalogue (or published results of another one) and its row among the independently computed priors.
PUBLISHED: dict[str, dict[str, Any]] = {
    "agentdojo_asr": {"row": "agentdojo_asr"},
    "agentharm_harm": {"row": "agentharm_harm"},
    "agentic_misalignment_blackmail": {"row": "agentic_misalignment_blackmail"},
    "coconot_safety": {"row": "coconot_safety"},
    "cyse4_instruct_vuln": {"row": "cyse4_instruct_vuln"},
    "cyse4_mlpi": {"row": "cyse4_mlpi"},
    "gdm_intercode_ctf": {"row": "gdm_intercode_ctf"},
    "healthbench_consensus_err": {"row": "healthbench_consensus_err"},
    "ipi_coding_agent": {"row": "ipi_coding_agent"},
    "persistbench_sycophancy": {"row": "persistbench_sycophancy"},
    "vectara_hallucination": {"select": {"test": "Vectara HHEM hallucination leaderboard (2026-03-10)"}},
    "confabulations_rag": {"select": {"test": "LLM confabulation (RAG) leaderboard"}},
    "simpleqa_not_correct": {"select": {"test": "SimpleQA (not correct)"}},
}


@settings(max_examples=30)  # each is an integral by quadrature
@given(a=st.floats(0.1, 60), b=st.floats(0.1, 60))
def test_silence_is_the_mean_of_the_worst_decile(a: float, b: float) -> None:
    shape = beta_distribution(a, b)
    by_quantiles = quad(lambda p: float(shape.ppf(p)), 1 - WORST_SHARE, 1, limit=200)[0] / WORST_SHARE
    assert beta_tail_mean(a, b) == pytest.approx(by_quantiles, rel=1e-5)
    assert float(shape.ppf(1 - WORST_SHARE)) - 1e-12 <= beta_tail_mean(a, b) <= 1.0


@given(mean=st.floats(0.01, 0.99), share=st.floats(0.01, 0.95), systems=st.integers(1, 500))
def test_moments_are_matched_unless_the_strength_is_capped(mean: float, share: float, systems: int) -> None:
    variance = mean * (1 - mean) * share
    a, b = beta_by_moments(mean, variance, systems, 1.0)
    assert a / (a + b) == pytest.approx(mean)
    assert 1.0 - 1e-9 <= a + b <= max(systems, 1.0) + 1e-9
    if 1.0 < a + b < systems - 1e-9:
        assert float(beta_distribution(a, b).var()) == pytest.approx(variance, rel=1e-6)


@pytest.mark.parametrize(("mean", "variance"), [(0.0, 0.1), (1.0, 0.1), (0.5, 0.0)])
def test_a_population_without_spread_has_no_beta(mean: float, variance: float) -> None:
    with pytest.raises(ValueError, match="no Beta distribution"):
        beta_by_moments(mean, variance, 5, 1.0)


@pytest.mark.parametrize(("a", "b"), [(3.7, 32.1), (5.0, 2.1), (8.0, 9.0)])
def test_logit_and_log_moments_are_those_of_the_beta_where_rates_can_be_seen(a: float, b: float) -> None:
    mu, tau, log_mean, log_sd = seen_moments(a, b)
    assert mu == pytest.approx(digamma(a) - digamma(b), abs=0.03)
    assert tau == pytest.approx(np.sqrt(polygamma(1, a) + polygamma(1, b)), abs=0.03)
    assert log_mean == pytest.approx(digamma(a) - digamma(a + b), abs=0.03)
    assert log_sd == pytest.approx(np.sqrt(polygamma(1, a) - polygamma(1, a + b)), abs=0.03)


def test_rates_below_what_trials_can_tell_do_not_stretch_the_scale() -> None:
    mu, tau, _, _ = seen_moments(0.1, 1.9)
    assert mu > np.log(0.5 / 200.5) > digamma(0.1) - digamma(1.9)
    assert tau < 2.5 < np.sqrt(polygamma(1, 0.1) + polygamma(1, 1.9))


@pytest.mark.parametrize("regime_id", regime_ids())
def test_every_test_of_a_battery_has_a_reference(regime_id: str) -> None:
    missing = set(load_regime(regime_id).required_tests()) - set(REFERENCES)
    assert not missing


def test_references_name_catalogue_tests_only() -> None:
    assert set(REFERENCES) <= set(catalogue())


@pytest.mark.parametrize(("test", "reference"), sorted(REFERENCES.items()))
def test_a_reference_is_plausible_and_says_where_it_comes_from(test: str, reference: TestReference) -> None:
    assert reference.basis in {"measured", "elicited"}
    assert reference.a > 0
    assert reference.b > 0
    assert reference.a / (reference.a + reference.b) < reference.silence < 1.0
    assert reference.tau > 0.5
    if reference.basis == "measured":
        assert reference.systems >= 2
        assert reference.a + reference.b <= reference.systems + 1e-9
    else:
        assert reference.a + reference.b <= 2.0 + 1e-9
        assert reference.systems <= 1
    assert len(reference.source) > 20


@pytest.mark.parametrize(("test", "reference"), sorted(REFERENCES.items()))
def test_silence_is_dearer_than_the_average_system(test: str, reference: TestReference) -> None:
    if catalogue()[test].kind is Kind.UTILITY:
        return
    price = np.log(reference.silence / (1 - reference.silence))
    assert 1.0 < (price - reference.mu) / reference.tau < 4.0


@pytest.mark.parametrize("test", sorted(PUBLISHED))
def test_priors_agree_with_an_independent_computation(test: str) -> None:
    if not SHARED.is_dir():
        pytest.skip("the folder of shared data is absent")
    rows = csv.DictReader((SHARED / "catalogue" / "priors.csv").read_text("utf-8").splitlines())
    row = next(row for row in rows if row["test"] == test)
    mean, variance, systems, _ = population(PUBLISHED[test])
    a, b = beta_by_moments(mean, variance, systems, 1.0)
    assert systems == int(row["n"])
    assert a / (a + b) == pytest.approx(float(row["mean"]), abs=0.001)
    # Sampling noise is taken off here and not there: up to 5 % of the strength on the smaller tests.
    assert a == pytest.approx(float(row["use_alpha"]), rel=0.05)
    assert b == pytest.approx(float(row["use_beta"]), rel=0.05)
    assert beta_tail_mean(a, b) == pytest.approx(float(row["silence_tail_mean"]), abs=0.005)


def test_the_shipped_tables_keep_their_sources() -> None:
    for name in ("ai_losses.csv", "safety_tests.csv", "nl_exposure.csv", "published_rates.csv", "exchange_rates.csv"):
        rows = table(name)
        column = next(c for c in rows[0] if c.startswith("source"))
        assert all(row[column].strip() for row in rows), name


def test_the_shipped_calibration_holds_these_references() -> None:
    shipped = shipped_calibration().tests
    assert set(shipped) == set(REFERENCES)
    for test, reference in REFERENCES.items():
        assert shipped[test].silence == pytest.approx(reference.silence, rel=1e-5)
        assert shipped[test].mu == pytest.approx(reference.mu, abs=1e-4)
