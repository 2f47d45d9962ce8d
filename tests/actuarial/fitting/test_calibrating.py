"""A whole calibration: an artefact that the price reads, the same for the same input, and honest about its prior."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from actuarial.calibration import parse_calibration, shipped_calibration
from actuarial.fitting import calibrate
from actuarial.fitting.calibrating import independent
from actuarial.fitting.constraints import broken
from actuarial.fitting.experience import Experience
from actuarial.fitting.parts import Part, Uncertainty, combined, gathered, merged, records
from actuarial.fitting.population_fit import fit_populations
from actuarial.fitting.prior import artefact, parameters
from actuarial.fitting.sample_experience import sample_experience
from actuarial.fitting.steps import NAMES
from actuarial.tariff import tariff
from policies.digest import canonical_json, sha256_hex
from policies.findings import Finding, Severity, WaarborgError
from policies.regimes import load_regime

AT = date(2026, 11, 24)
REGIME, CALIBRATION, PRIOR = load_regime("nl-2027"), shipped_calibration(), artefact()
MARKET = sample_experience(600, 3, AT, REGIME, CALIBRATION)


@pytest.fixture(scope="module")
def done() -> tuple:
    told: list[tuple[int, int, str, str]] = []
    return calibrate(MARKET, [PRIOR], REGIME, progress=lambda *step: told.append(step)), told


def test_progress_names_every_step_in_order(done: tuple) -> None:
    assert [(number, steps, name) for number, steps, name, _ in done[1]] == [
        (number, len(NAMES), name) for number, name in enumerate(NAMES, start=1)
    ]
    assert all(detail for *_, detail in done[1])


def test_the_artefact_is_canonical_named_by_its_digest_and_read_by_the_price(done: tuple) -> None:
    found = done[0]
    assert canonical_json(found.artefact) == found.text
    assert sha256_hex(found.text.encode()) == found.calibration.sha256
    assert parse_calibration(found.text, found.calibration.sha256) == found.calibration
    t = tariff(found.calibration, REGIME)
    assert t.unpriced == ()
    np.testing.assert_allclose(t.mixture.sum(axis=1), 1.0, atol=1e-4)
    assert (t.theta >= 0).all()


def test_the_same_input_gives_the_same_artefact_and_validation(done: tuple) -> None:
    again = calibrate(MARKET, [PRIOR], REGIME)
    assert again.text == done[0].text
    assert canonical_json(again.validation) == canonical_json(done[0].validation)


def test_it_says_what_it_was_made_from(done: tuple) -> None:
    data = done[0].artefact
    assert data["kind"] == "fitted"
    assert data["prior"] == CALIBRATION.sha256 == done[0].champion
    assert data["regime"] == REGIME.sha256
    assert data["data"]["experience"] == MARKET.sha256 == data["experience"]["sha256"]
    assert data["experience"]["claims"] == len(MARKET.claims)
    assert data["as_of"] == data["experience"]["to"] == "2026-11-24"


def test_every_parameter_has_a_source_and_what_was_fitted_has_an_interval_around_it(done: tuple) -> None:
    data = done[0].artefact
    values = dict(parameters(data))
    for path, ends in data["uncertainty"].items():
        assert ends["low"] <= values[path] <= ends["high"], path
        assert ends["se"] > 0, path
    assert {"frequency.exposure_elasticity", "frequency.sharing", "reporting_lag.shape", "frequency.dispersion"} <= set(
        data["uncertainty"]
    )
    for path in data["uncertainty"]:
        branch = path
        while branch and branch not in data["sources"]:
            branch = branch.rpartition(".")[0]
        assert data["sources"][branch].startswith("fitted"), path


def test_parameters_that_nothing_speaks_for_are_those_of_the_prior(done: tuple) -> None:
    data = done[0].artefact
    assert data["loadings"] == PRIOR["loadings"]
    assert data["history"] == PRIOR["history"]
    assert data["frequency"]["perils"]["CBR"]["theta"] == PRIOR["frequency"]["perils"]["CBR"]["theta"]
    assert data["frequency"]["classes"]["A3"] == 0


def test_theta_low_and_high_are_the_interval_and_never_reward_danger(done: tuple) -> None:
    for peril, row in done[0].calibration.perils.items():
        assert 0 <= row.theta_low <= row.theta <= row.theta_high, peril


def test_the_validation_holds_every_table_that_the_report_draws(done: tuple) -> None:
    tables = done[0].validation["tables"]
    expected = """experience parameters relativities actual_expected fit lorenz gini lift double_lift murphy out_of_time
        population_stability bootstrap prior_sensitivity lag_models lag_curve lag_counts tail_stability mean_excess
        severity_heads tail_plot tail_bracket trend trend_effects external_base credibility tests mixture dispersion
        ilf ilf_check constraints constraint_cost conduct"""
    assert set(expected.split()) <= set(tables)
    assert all(tables[name] for name in expected.split())
    assert json.loads(canonical_json(done[0].validation)) == json.loads(json.dumps(done[0].validation))


def test_balance_the_fit_expects_the_claims_that_came_and_no_worse_than_the_champion(done: tuple) -> None:
    fit = {row["model"]: row for row in done[0].validation["tables"]["fit"]}
    claims = fit["fitted"]["claims"]
    assert abs(fit["fitted"]["expected"] - claims) < np.sqrt(claims)
    assert fit["fitted"]["deviance"] < fit["champion"]["deviance"] < fit["null"]["deviance"]


def test_a_market_that_rewards_danger_yields_a_calibration_that_does_not(done: tuple) -> None:
    classes = MARKET.years["obliged_class"].replace({"A5": "A2", "A2": "A5"})
    turned = MARKET.years.assign(
        obliged_class=classes, z_FIN=-3 * MARKET.years["z_FIN"], autonomy=3 - MARKET.years["autonomy"]
    )
    found = calibrate(replace(MARKET, years=turned), [PRIOR], REGIME)
    assert broken(found.calibration, REGIME) == broken(done[0].calibration, REGIME) == ()
    table = found.tables["constraints"]
    bound = set(table.loc[table["binding"], "constraint"])
    assert {"class-order"} <= bound
    assert {f.subject for f in found.findings if f.code == "fit-constraint" and f.severity is Severity.WARNING} <= bound
    artefact = found.artefact
    assert set(artefact["unconstrained"]) >= {"frequency.sharing", "frequency.perils.FIN.theta"}
    assert len(artefact["constraints"]) == len(table)
    balances = table[table["constraint"].str.startswith("balance")]
    assert list(artefact["balance"].values()) == pytest.approx(list(balances["value"]), rel=1e-5)


def test_the_same_claims_never_count_twice(done: tuple) -> None:
    mine = done[0].artefact
    assert independent([mine, PRIOR], MARKET) is PRIOR
    later = MARKET.years.assign(start=MARKET.years["start"] + pd.DateOffset(years=9))
    assert independent([mine, PRIOR], replace(MARKET, years=later)) is mine
    with pytest.raises(WaarborgError, match="has seen claims of the same time"):
        independent([mine], MARKET)
    again = calibrate(MARKET, [mine, PRIOR], REGIME)
    assert again.artefact["prior"] == CALIBRATION.sha256
    assert again.champion == done[0].calibration.sha256
    assert any(f.code == "fit-prior-older" for f in again.findings)
    assert again.artefact["frequency"] == mine["frequency"]


@pytest.mark.parametrize(
    ("market", "message"),
    [
        (replace(MARKET, as_of=date(2026, 1, 1)), "data of 2026-11-24, after its as-of date 2026-01-01"),
        (replace(MARKET, years=MARKET.years.head(0), claims=MARKET.claims.head(0)), "no system-years"),
        (replace(MARKET, claims=MARKET.claims.head(0)), "0 claims are too few to fit"),
        (replace(MARKET, years=MARKET.years.drop(columns=[c for c in MARKET.years if c[:2] == "z_"])), "danger score"),
    ],
)
def test_what_no_fit_can_read_is_refused_in_one_line(market: Experience, message: str) -> None:
    with pytest.raises(WaarborgError, match=message) as refused:
        calibrate(market, [PRIOR], REGIME)
    assert "\n" not in str(refused.value)


def test_constraints_that_cannot_hold_together_are_refused_before_any_step() -> None:
    own = dict(REGIME.incentives.constraints)
    own["safety-capped"] = replace(own["safety-capped"], bound=0.01)
    regime = replace(REGIME, incentives=replace(REGIME.incentives, constraints=own))
    told: list[tuple[int, int, str, str]] = []
    with pytest.raises(WaarborgError) as refused:
        calibrate(MARKET, [PRIOR], regime, progress=lambda *step: told.append(step))
    first, *named, last = str(refused.value).splitlines()
    assert first == "regime nl-2027: safety-pays and safety-capped cannot hold together"
    assert [line.partition(":")[0] for line in named] == ["safety-pays", "safety-capped"]
    assert last == "the smallest relaxation: safety-capped by 0.04 (0.01 -> 0.05)"
    assert told == []


def test_findings_are_gravest_first_and_warnings_go_with_the_artefact(done: tuple) -> None:
    order = [list(Severity).index(f.severity) for f in done[0].findings]
    assert order == sorted(order)
    grave = [f for f in done[0].findings if f.severity is not Severity.INFO]
    assert len(done[0].artefact["warnings"]) == len(grave) > 0


def test_a_test_reference_that_bears_on_theta_waits_until_danger_is_measured_with_it(done: tuple) -> None:
    table = {row["test"]: row for row in done[0].validation["tables"]["tests"]}
    assert table["xstest_unsafe"]["basis"] == "likelihood"
    assert done[0].calibration.tests["xstest_unsafe"] == CALIBRATION.tests["xstest_unsafe"]
    assert done[0].calibration.tests["shutdown_avoidance"] != CALIBRATION.tests["shutdown_avoidance"]
    assert [f.subject for f in done[0].findings if f.code == "test-waits"] == ["xstest_unsafe"]
    anew = fit_populations(CALIBRATION.tests).tests
    measured = calibrate(MARKET, [PRIOR], REGIME, tests=anew)
    assert measured.calibration.tests["xstest_unsafe"].a == pytest.approx(anew["xstest_unsafe"].a, rel=1e-5)
    assert not [f for f in measured.findings if f.code == "test-waits"]


def test_few_data_move_a_normal_prior_by_their_precision() -> None:
    mean, covariance = combined(np.array([0.0]), np.eye(1), np.array([3.0]), 2 * np.eye(1))
    assert mean == pytest.approx([1.0])
    assert covariance == pytest.approx(np.array([[2 / 3]]))


def test_findings_that_only_inform_are_gathered_by_code_and_the_others_are_not() -> None:
    info = [Finding("a", Severity.INFO, subject, f"why {subject}") for subject in ("x", "y", "z")]
    grave = [Finding("b", Severity.WARNING, subject, "why") for subject in ("x", "y")]
    found = gathered([*info, *grave])
    assert [f.line() for f in found] == ["info a x: why x; likewise y, z", "warning b x: why", "warning b y: why"]


def test_a_part_sets_paths_and_forgets_the_certainty_of_what_it_replaces() -> None:
    base = {"a": {"b": [1, {"c": 2}]}, "sources": {}, "uncertainty": {"a.b.0": {"se": 1}, "a.b.1.c": {"se": 2}}}
    part = Part("", {"a.b.1.c": 5, "a.b.0": 7}, {"a.b.0": Uncertainty(0.1, 6.0, 8.0)}, {"a": "fitted"})
    found = merged(base, [part])
    assert found["a"] == {"b": [7, {"c": 5}]}
    assert found["uncertainty"] == {"a.b.0": {"se": 0.1, "low": 6.0, "high": 8.0}}
    assert found["sources"] == {"a": "fitted"}
    assert base["a"] == {"b": [1, {"c": 2}]}


def test_records_hold_no_number_that_is_not_finite() -> None:
    frame = pd.DataFrame(
        {"x": [1.5, np.nan, np.inf], "n": [1, 2, 3], "day": pd.to_datetime(["2026-01-02", None, None]), "ok": True}
    )
    assert records({"t": frame})["t"] == [
        {"x": 1.5, "n": 1, "day": "2026-01-02", "ok": True},
        {"x": None, "n": 2, "day": None, "ok": True},
        {"x": None, "n": 3, "day": None, "ok": True},
    ]


def test_the_champion_is_asked_about_the_same_rows(done: tuple) -> None:
    fit = {row["model"]: row for row in done[0].validation["tables"]["fit"]}
    assert fit["champion"]["expected"] == pytest.approx(fit["fitted"]["claims"], rel=0.5)
    assert fit["champion"]["expected"] != fit["fitted"]["expected"]


def test_it_prints_as_one_short_line_and_asks_for_a_prior(done: tuple) -> None:
    assert len(repr(done[0])) < 80
    with pytest.raises(WaarborgError, match="give at least one artefact"):
        calibrate(MARKET, [], REGIME)


def test_a_peril_whose_danger_the_experience_lacks_keeps_the_prior_and_is_named(done: tuple) -> None:
    claims = MARKET.claims[MARKET.claims["peril"] != "BOD"]
    found = calibrate(replace(MARKET, years=MARKET.years.drop(columns="z_BOD"), claims=claims), [PRIOR], REGIME)
    (kept,) = [f for f in found.findings if f.code == "fit-prior-kept"]
    assert "frequency.perils.BOD" in kept.line()
    assert found.artefact["frequency"]["perils"]["BOD"] == PRIOR["frequency"]["perils"]["BOD"]


def test_another_country_is_calibrated_too() -> None:
    regime = load_regime("oostmark-2028")
    classes = {c: next(iter(regime.classes)) for c in REGIME.classes if c not in regime.classes}
    years = MARKET.years.assign(obliged_class=MARKET.years["obliged_class"].replace(classes))
    found = calibrate(replace(MARKET, years=years), [PRIOR], regime)
    assert {row["obliged_class"] for row in found.tables["tail_bracket"].to_dict("records")} <= set(regime.classes)
    assert found.artefact["regime"] == regime.sha256
