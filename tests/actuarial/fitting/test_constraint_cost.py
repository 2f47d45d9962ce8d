"""The price of constraints: what each costs in deviance and euros, and what is told of it."""

from dataclasses import replace
from datetime import date
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest

from actuarial.calibration import shipped_calibration
from actuarial.fitting.constraint_cost import (
    COLUMNS,
    NEWS,
    constraint_findings,
    constraint_frame,
    cost_frame,
    layer_severity,
    span,
    told_in_artefact,
    worth_of,
)
from actuarial.fitting.experience import danger_column
from actuarial.fitting.frequency_fit import FrequencyFit, fit_frequency, rate_of
from actuarial.fitting.sample_experience import sample_experience
from actuarial.proofs.point import Point, table
from actuarial.rating import rate
from actuarial.tariff import tariff
from policies.findings import Severity, WaarborgError
from policies.incentives import Constraint, ConstraintKind
from policies.regimes import Regime, load_regime

AT, LAG = date(2026, 11, 24), (0.8, 205.0)
REGIME, CALIBRATION = load_regime("nl-2027"), shipped_calibration()
MARKET = sample_experience(1_500, 1, AT, REGIME, CALIBRATION)
CALM = sample_experience(3_000, 1, AT, REGIME, CALIBRATION)
TURNED = replace(  # danger of FIN seems to help, and A2 and A5 have changed places
    MARKET,
    years=MARKET.years.assign(
        **{danger_column("FIN"): -2 * MARKET.years[danger_column("FIN")]},
        obliged_class=MARKET.years["obliged_class"].replace({"A5": "A2", "A2": "A5"}),
    ),
)
WIDE = 5.0


def asking(**changes: Constraint) -> Regime:
    constraints = MappingProxyType({**REGIME.incentives.constraints, **changes})
    return replace(REGIME, incentives=replace(REGIME.incentives, constraints=constraints))


FOUND = fit_frequency(TURNED, CALIBRATION, {}, LAG, REGIME, WIDE)
WORTH = worth_of(FOUND, CALIBRATION, REGIME, span(MARKET.years))
FRAME = constraint_frame(FOUND, WORTH)
BINDING = FRAME[FRAME["binding"]]


def without_rule(name: str) -> FrequencyFit:
    """The fit under the regime less one constraint."""
    rest = {key: rule for key, rule in REGIME.incentives.constraints.items() if key != name}
    incentives = replace(REGIME.incentives, constraints=MappingProxyType(rest))
    return fit_frequency(TURNED, CALIBRATION, {}, LAG, replace(REGIME, incentives=incentives), WIDE)


def test_the_table_holds_every_row_and_tells_which_bind() -> None:
    assert tuple(FRAME.columns) == COLUMNS
    assert len(FRAME) == len(FOUND.held) + len(FOUND.balanced)
    assert (FRAME["slack"] > -1e-9).all()
    assert (BINDING["dual"] > 0).all()
    assert (FRAME.loc[~FRAME["binding"], ["dual", "deviance_paid", "moved_eur", "moved_eur_per_point"]] == 0).all(
        axis=None
    )
    fin = BINDING.set_index(["constraint", "what"]).loc[("safety-pays", "FIN")]
    assert fin["value"] == pytest.approx(0.05)
    assert fin["unconstrained"] < 0 < fin["dual"]
    assert fin["moved_eur"] > fin["moved_eur_per_point"] > 0
    assert (BINDING["constraint"] == "class-order").any()


def test_the_deviance_of_a_floor_is_what_a_refit_under_the_regime_without_it_gains() -> None:
    floors = BINDING[BINDING["constraint"] == "safety-pays"]
    rest = without_rule("safety-pays")
    gained = 2 * (FOUND.solution.objective - rest.solution.objective)
    if len(floors) == 1:
        assert floors["deviance_paid"].sum() == pytest.approx(gained, rel=1e-3)
    assert floors["deviance_paid"].max() <= gained + 1e-6
    assert gained > NEWS


def test_euros_are_those_of_a_plain_loop_over_segments() -> None:
    rows, cols, years = FOUND.rows, FOUND.cols, span(MARKET.years)
    severity = layer_severity(CALIBRATION, REGIME, cols.levels["classes"], cols.perils)

    def yearly(coefficients: np.ndarray) -> np.ndarray:
        claims = rate_of(rows, cols, coefficients) * rows.at_risk[:, None] / years
        segments = np.zeros_like(severity)
        for n, obliged in enumerate(rows.codes["classes"]):
            segments[obliged] += claims[n] * severity[obliged]
        return segments

    moved = 0.5 * np.abs(yearly(FOUND.estimate) - yearly(FOUND.unconstrained)).sum()
    assert cost_frame(FOUND, WORTH)["moved_eur"].item() == pytest.approx(moved, rel=1e-6)


def test_the_euros_of_a_claim_are_those_of_the_rating() -> None:
    t = tariff(CALIBRATION, REGIME)
    severity = layer_severity(CALIBRATION, REGIME, t.class_ids, t.peril_ids)
    covers = [REGIME.classes[c] for c in t.class_ids]
    points = [
        Point(
            declared_class=c,
            priced_class=c,
            role="provider",
            sector="other",
            deductible_eur=cover.minimum_deductible.cents // 100,
            limit_eur=cover.minimum_limit.cents // 100,
            turnover_eur=t.size_reference,
        )
        for c, cover in zip(t.class_ids, covers, strict=True)
    ]
    rated = rate(table(points, t, REGIME), t)
    np.testing.assert_allclose(severity, rated.expected_loss / rated.frequency, rtol=1e-9)


def test_what_all_constraints_cost_together() -> None:
    cost = cost_frame(FOUND, WORTH).iloc[0]
    assert cost["binding"] == len(BINDING)
    assert cost["deviance_paid"] == pytest.approx(cost["deviance_constrained"] - cost["deviance_unconstrained"])
    assert cost["deviance_paid"] >= BINDING["deviance_paid"].max() - 1e-6
    assert 0 <= cost["likelihood_ratio_p"] < 0.05


def test_where_nothing_binds_nothing_is_paid_or_told() -> None:
    found = fit_frequency(CALM, CALIBRATION, {}, LAG, REGIME)
    worth = worth_of(found, CALIBRATION, REGIME, span(CALM.years))
    frame, cost = constraint_frame(found, worth), cost_frame(found, worth).iloc[0]
    assert not frame["binding"].any()
    assert cost["deviance_paid"] == pytest.approx(0.0, abs=1e-6)
    assert cost["likelihood_ratio_p"] == 1.0
    assert constraint_findings(frame, REGIME) == ()


def test_a_constraint_that_binds_hard_is_news_and_one_that_costs_little_is_not() -> None:
    told = {f.subject: f for f in constraint_findings(FRAME, REGIME)}
    assert set(told) >= set(BINDING["constraint"])
    safety = told["safety-pays"]
    assert (safety.code, safety.severity) == ("fit-constraint", Severity.WARNING)
    assert "Safety always pays: binds at" in safety.message
    assert "data and policy disagree" in safety.message
    assert "EUR" in safety.message
    thin = FRAME.assign(deviance_paid=FRAME["deviance_paid"].clip(upper=1.0))
    assert {f.severity for f in constraint_findings(thin, REGIME) if f.code == "fit-constraint"} == {Severity.INFO}


def test_a_balance_that_stays_exceeded_is_told_and_kept_in_the_artefact() -> None:
    cheap = Constraint("even", ConstraintKind.BALANCE, "classes", "Even", "Gelijk", "", "", 0.0, -0.3, 30, 1e-3)
    regime = asking(even=cheap)
    found = fit_frequency(MARKET, CALIBRATION, {}, LAG, regime)
    frame = constraint_frame(found, worth_of(found, CALIBRATION, regime, span(MARKET.years)))
    exceeded = frame[(frame["constraint"] == "even") & (frame["slack"] < 0)]
    assert len(exceeded) > 0
    told = [f for f in constraint_findings(frame, regime) if f.code == "fit-balance"]
    assert {f.subject for f in told} == {f"even {what}" for what in exceeded["what"]}
    balance = told_in_artefact(found, frame)["balance"]
    for row in exceeded.to_dict("records"):
        assert balance[f"classes.{row['what']}"] == pytest.approx(row["value"])


def test_the_artefact_keeps_the_unconstrained_estimate_beside_the_other() -> None:
    told = told_in_artefact(FOUND, FRAME)
    assert told["unconstrained"]["frequency.perils.FIN.theta"] < 0
    assert set(told["unconstrained"]) == set(FOUND.cols.paths)
    assert len(told["constraints"]) == len(FRAME)
    assert set(told["constraints"][0]) == {"id", "what", "slack", "dual", "binding", "moved_eur"}
    for key, ratio in told["balance"].items():
        factor, level = key.split(".")
        rows = FOUND.rows.codes[factor] == FOUND.cols.levels[factor].index(level)
        assert ratio == pytest.approx(FOUND.expected[rows].sum() / FOUND.rows.claims[rows].sum(), rel=1e-6)


def test_constraints_that_clash_are_refused_before_the_fit() -> None:
    low = Constraint("low-cap", ConstraintKind.CAP, "sharing", "Low cap", "Lage grens", "", "", -0.02)
    with pytest.raises(WaarborgError, match="sharing-pays and low-cap cannot hold together") as told:
        fit_frequency(MARKET, CALIBRATION, {}, LAG, asking(**{"low-cap": low}))
    assert "by 0.12" in str(told.value)


def test_the_span_is_from_the_first_day_to_the_last() -> None:
    years = pd.DataFrame(
        {"start": pd.to_datetime(["2024-01-01", "2025-01-01"]), "end": pd.to_datetime(["2025-01-01", "2026-01-01"])}
    )
    assert span(years) == pytest.approx(2.0, abs=0.01)
