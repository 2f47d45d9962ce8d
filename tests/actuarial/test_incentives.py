"""The certificate: what it proves holds on firms that it did not look at, and no mutated tariff gets one."""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actuarial.calibration import Calibration, shipped_calibration
from actuarial.certificate import Verdict
from actuarial.compliance import compliance as compliance_of
from actuarial.compound import layer_grid, limited_aggregate
from actuarial.incentives import certify
from actuarial.proofs import steps
from actuarial.proofs.case import case_of
from actuarial.proofs.disclosure import dominance
from actuarial.proofs.elasticity import damping
from actuarial.proofs.point import Point, due, table
from actuarial.rating import history_factor, rate
from actuarial.severity import layer, splice
from actuarial.special import betaincinv, logit
from actuarial.tariff import tariff
from policies.regimes import Regime, load_regime
from policies.safety import catalogue

CALIBRATION = shipped_calibration()
REGIME = load_regime("nl-2027")
CASE = case_of(CALIBRATION, REGIME)
T = CASE.t
BAND = 10.0 ** (T.size_elasticity / T.size_bands)
LEVERAGE = steps._leverage(CASE, BAND)[0]
PEER = Point("A3", "A3", "provider", "other")


def altered(**fields: object) -> Calibration:
    """The shipped calibration with other parameters, under another name: tariffs are built once a digest."""
    return replace(CALIBRATION, **fields, sha256=f"altered {fields!r}")  # type: ignore[arg-type]


def with_peril(peril: str, **fields: float) -> Calibration:
    return altered(perils={**CALIBRATION.perils, peril: replace(CALIBRATION.perils[peril], **fields)})


@pytest.mark.parametrize("regime_id", ["nl-2027", "oostmark-2028"])
def test_the_shipped_calibration_is_certified(regime_id: str) -> None:
    found = certify(CALIBRATION, load_regime(regime_id))
    assert found.valid
    assert [claim.id for claim in found.claims if claim.verdict is Verdict.NOT_APPLICABLE] == ["balance"]
    assert all(claim.proof for claim in found.claims)
    assert len({claim.id for claim in found.claims}) == len(found.claims)


HISTORY, DESIGNS = CALIBRATION.history, CALIBRATION.test_designs
MUTATIONS: dict[str, tuple[Calibration, set[str]]] = {
    "theta turned around": (
        with_peril("FIN", theta_low=-0.3, theta=-0.2), {"failures", "danger", "elasticity-danger", "constraints"},
    ),
    "low theta turned around": (with_peril("FIN", theta_low=-0.01), {"failures", "danger"}),
    "theta above the cap": (with_peril("SEC", theta=0.9, theta_high=1.0), {"elasticity-danger", "constraints"}),
    "theta of a peril lost": (with_peril("PRV", theta_low=0.0, theta=0.0), {"elasticity-danger", "constraints"}),
    "sharing punished": (altered(sharing=-0.1), {"lateness", "compliance", "elasticity-sharing"}),
    "sharing decides": (altered(sharing=3.0), {"elasticity-sharing", "step-lateness"}),
    "size turned around": (altered(exposure_elasticity=-0.5), {"exposure", "elasticity-exposure"}),
    "more than proportional": (altered(exposure_elasticity=1.2), {"elasticity-exposure"}),
    "a class too cheap": (
        altered(classes={**CALIBRATION.classes, "A4": -0.5}), {"exposure", "ladders"},
    ),
    "a class too dear": (
        altered(classes={**CALIBRATION.classes, "A7": 5.0}), {"step-class"},
    ),
    "autonomy turned around": (altered(autonomy=(0.5, 0.25, 0.0, -0.15)), {"ladders"}),
    "an autonomy cliff": (altered(autonomy=(-0.15, 0.0, 0.9, 1.0)), {"step-autonomy"}),
    "a cliff in time": (altered(maturity=((0.0, 1.0), (1.0, 0.0), (3.0, -0.1))), {"step-maturity"}),
    "a cliff in turnover": (altered(size_elasticity=1.5), {"step-size"}),
    "turnover turned around": (altered(size_elasticity=-0.13), {"exposure"}),
    "concealing is cheap": (altered(history=replace(HISTORY, concealed=2.9)), {"disclosure"}),
    "concealing is cheap near the limit": (altered(history=replace(HISTORY, concealed=3.5)), {"disclosure"}),
    "late is cheaper than in time": (
        altered(history=replace(HISTORY, reported=1.0, late_limit=0.5)), {"lateness", "disclosure"},
    ),
    "a negative incident": (
        altered(history=replace(HISTORY, severity={**HISTORY.severity, "near_miss": -0.1})),
        {"incidents", "lateness"},
    ),
    "an incident is a cliff": (with_peril("BOD", alpha=0.3), {"step-incident"}),
    "no credibility": (with_peril("BOD", alpha=-0.5), {"danger", "incidents", "failures", "lateness", "compliance"}),
    "negative prudence": (with_peril("BOD", cv=-9.0), {"danger", "incidents", "limit", "deductible"}),
    "more spending than premium": (
        altered(loadings=replace(CALIBRATION.loadings, variable_expense=1.1)), {"rounding", "danger", "limit"},
    ),
    "a test turned around": (
        altered(tests={**CALIBRATION.tests, "bbq": replace(CALIBRATION.tests["bbq"], tau=-1.4)}), {"failures"},
    ),
    "a cv that is no number": (with_peril("FIN", cv=math.nan), {"soundness"}),
    "capital that is no number": (with_peril("FIN", capital_per_expected_loss=math.nan), {"soundness"}),
    "expenses that are no number": (
        altered(loadings=replace(CALIBRATION.loadings, fixed_expense_eur=math.nan)), {"soundness"},
    ),
    "a margin that is no number": (
        altered(loadings=replace(CALIBRATION.loadings, reinsurance_margin=math.nan)), {"soundness"},
    ),
    "a severity that is no number": (
        altered(history=replace(HISTORY, severity={**HISTORY.severity, "minor": math.nan})), {"soundness"},
    ),
    "an intercept of nothing": (with_peril("FIN", intercept=-math.inf), {"soundness"}),
    "incidents that do not count": (
        altered(history=replace(HISTORY, severity=dict.fromkeys(HISTORY.severity, 0.0))), {"soundness"},
    ),
    "conduct that does not count": (
        altered(history=replace(HISTORY, reported=0.0, late_limit=0.0, concealed=0.0)), {"soundness"},
    ),
    "a near miss as grave as a disaster": (
        altered(history=replace(HISTORY, severity=dict.fromkeys(HISTORY.severity, 1.0))), {"soundness"},
    ),
    "silence for nothing": (
        altered(tests={**CALIBRATION.tests, "bbq": replace(CALIBRATION.tests["bbq"], silence=1e-9)}), {"soundness"},
    ),
    "results that grow younger": (
        altered(test_designs={**DESIGNS, "bbq": replace(DESIGNS["bbq"], half_life_days=-1.0)}),
        {"soundness"},
    ),
    "a mixture of five claims": (
        altered(mixture={**CALIBRATION.mixture, "FIN": {"G1": 5.0}}), {"soundness"},
    ),
    "turnover of no size": (altered(exposure_unit_turnover_eur=0.0), {"soundness"}),
    "a reference of no size": (altered(size_reference_eur=-1.0), {"soundness"}),
    "a sector for itself": (altered(sectors={**CALIBRATION.sectors, "health": 35.0}), {"soundness"}),
    "thetas out of order": (with_peril("FIN", theta_low=5.0, theta_high=0.0), {"soundness"}),
    "a segment overcharged": (altered(balance={"classes.A3": 1.2, "classes.A4": 1.0}), {"balance"}),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutated_tariff_is_refused(name: str) -> None:
    calibration, broken = MUTATIONS[name]
    found = certify(calibration, REGIME)
    refuted = {claim.id for claim in found.refuted}
    assert not found.valid
    assert broken <= refuted
    assert all(any(not step.holds for step in claim.proof) for claim in found.refuted)


def test_what_is_no_number_is_refused_for_that_alone() -> None:
    found = certify(MUTATIONS["a cv that is no number"][0], REGIME)
    assert [claim.id for claim in found.claims] == ["soundness"]
    assert dict(next(step for step in found.claims[0].proof if not step.holds).values)["name"] == "FIN cv"


@pytest.mark.parametrize(("rule", "bound"), [("safety-capped", 0.01), ("safety-pays", 0.3), ("autonomy-step", 0.2)])
def test_a_constraint_of_the_regime_that_does_not_hold_refuses(rule: str, bound: float) -> None:
    asked = REGIME.incentives.constraints
    changed = MappingProxyType({**asked, rule: replace(asked[rule], bound=bound)})
    regime = replace(REGIME, incentives=replace(REGIME.incentives, constraints=changed), sha256=f"{rule} {bound}")
    claim = next(claim for claim in certify(CALIBRATION, regime).refuted if claim.id == "constraints")
    assert [dict(step.values)["id"] for step in claim.proof if not step.holds] == [rule]


@pytest.mark.parametrize("regime_id", ["nl-2027", "oostmark-2028"])
def test_what_a_firm_pays_at_the_edge_of_a_class_stays_within_the_step(regime_id: str) -> None:
    """The minimum premium included: small firms and large ones, on the same terms."""
    regime = load_regime(regime_id)
    t, most = tariff(CALIBRATION, regime), math.exp(regime.incentives.steps["class"].most)
    for low, high in pairwise(regime.classes):
        for exposure in (0.01, 1.0, 10.0):
            firm = Point(low, low, "provider", "other", exposure=exposure)
            before, after = due([firm, replace(firm, declared_class=high, priced_class=high)], t, regime)
            assert before <= after <= most * before + 5


NAMED = {
    "theta turned around": "danger", "sharing punished": "compliance", "size turned around": "exposure",
    "a class too cheap": "ladders", "autonomy turned around": "ladders", "turnover turned around": "exposure",
    "late is cheaper than in time": "lateness", "a negative incident": "incidents", "a test turned around": "failures",
    "concealing is cheap": "disclosure", "an autonomy cliff": "step-autonomy", "a cliff in time": "step-maturity",
    "a class too dear": "step-class", "a cliff in turnover": "step-size",
}  # fmt: skip


@pytest.mark.parametrize(("name", "claim"), NAMED.items())
def test_a_refuted_claim_names_a_firm(name: str, claim: str) -> None:
    found = next(c for c in certify(MUTATIONS[name][0], REGIME).refuted if c.id == claim)
    assert found.witness is not None
    assert dict(found.witness.firm)["limit_eur"]
    before, after = found.witness.due_before.cents, found.witness.due_after.cents
    if claim.startswith("step"):
        assert abs(math.log(after / before)) > REGIME.incentives.steps[claim.removeprefix("step-")].most
    else:
        assert after < before


def test_a_segment_in_balance_is_proved() -> None:
    found = certify(altered(balance={"classes.A3": 1.04, "sectors.health": 0.9}), REGIME)
    claim = next(c for c in found.claims if c.id == "balance")
    assert (claim.verdict, claim.low, claim.high) == (Verdict.PROVED, 0.9, 1.04)


# --- the inequalities that the proofs stand on

means = st.floats(0.001, 3.0)
limits = st.sampled_from([500_000.0, 2_500_000.0, 25_000_000.0])


@given(means, st.floats(1.0, 3.0), st.floats(0.0, 3.0), limits, st.integers(0, len(T.head_ids) - 1))
def test_the_aggregate_limit_takes_away_no_more_than_the_bound(
    frequency: float, wide: float, dispersion: float, limit: float, head: int
) -> None:
    """The rise of E[min(S, A)] is at least the mean claim times 1 - (1 + kappa) E[S] / A, averaged along the way."""
    aggregate = wide * limit
    grid = layer_grid(T.severity, 5_000.0, limit, aggregate, 1.0)
    mean = float(layer(T.severity, np.array([5_000.0]), np.array([limit]), np.ones(1))[0, head])
    at = np.zeros((2, len(T.head_ids)))
    at[:, head] = frequency, 1.5 * frequency
    low, high = limited_aggregate(at, grid, aggregate, dispersion)
    middle = 1.25 * frequency * mean  # E[S] averaged along the way
    least = 0.5 * frequency * mean * (1 - (1 + dispersion) * middle / aggregate)
    assert high - low >= least - 1e-5 * frequency * mean
    assert high - low <= 0.5 * frequency * mean * (1 + 1e-5)


firms = st.builds(
    lambda exposure, z, years, n, c, autonomy: replace(
        PEER, exposure=exposure, danger=dict.fromkeys(T.peril_ids, z), observed_years=years,
        incidents=dict.fromkeys(T.peril_ids, n), compliance=c, autonomy=autonomy,
    ),
    st.floats(0.01, 500.0), st.floats(-3.0, 2.0), st.floats(0.0, 5.0), st.floats(0.0, 20.0), st.floats(0.0, 1.0),
    st.integers(0, 3),
)  # fmt: skip


@given(firms, st.floats(1.01, 3.0))
def test_a_factor_on_frequency_moves_a_premium_by_no_more(firm: Point, factor: float) -> None:
    grown = replace(firm, exposure=firm.exposure * factor ** (1 / T.elasticity))
    before, after = due([firm, grown], T, REGIME)
    assert before <= after <= before * factor + 5


@given(firms)
def test_a_record_leaves_at_least_the_damping_of_the_domain(firm: Point) -> None:
    risks = table([firm, replace(firm, exposure=firm.exposure * 1.001)], T, REGIME)
    lost = np.log(rate(risks, T).by_peril[1] / rate(risks, T).by_peril[0]) / math.log(1.001) / T.elasticity
    assert (lost >= damping(CASE).least - 1e-6).all()
    assert (lost <= 1 + 1e-6).all()


@given(
    st.floats(500.0, 5_000_000.0), st.floats(500_000.0, 100_000_000.0), st.floats(0.0, 12.0),
    st.integers(0, len(T.peril_ids) - 1),
)  # fmt: skip
def test_no_band_of_turnover_moves_a_layer_by_more_than_the_bound(
    deductible: float, limit: float, decades: float, peril: int
) -> None:
    deductible = min(deductible, REGIME.incentives.domain.deductible_share * limit)
    size = (10.0**decades / T.size_reference) ** T.size_elasticity
    d, top = np.array([deductible] * 2), np.array([limit] * 2)
    covered = np.isin(T.head_ids, REGIME.compulsory_heads)
    before, after = layer(T.severity, d, top, np.array([size, BAND * size])) @ (T.mixture[peril] * covered)
    assert before <= after <= before * LEVERAGE


BOUNDS = {row: steps._logit_jump(CASE, row) for row in range(len(T.test_ids)) if steps._priced(CASE)[row]}


@given(st.sampled_from(sorted(BOUNDS)), st.integers(0, 40), st.integers(0, 3000), st.booleans(), st.floats(0.05, 1.0))
def test_one_failure_moves_a_rate_by_no_more_than_the_bound(
    row: int, failures: int, more: int, chosen: bool, trusted: float
) -> None:
    passes = catalogue()[T.test_ids[row]].minimum_trials + more
    level = T.level_chosen if chosen else T.level_registered

    def rate_of(k: float, good: float) -> float:
        at = 1 - (1 - level) * trusted * good / (trusted * good + T.doubt)
        q = float(betaincinv(T.prior_a[row] + k, T.prior_b[row] + trusted * good, at))
        return float(logit(np.array(min(q, T.silence[row]))))

    assert 0 <= rate_of(failures + 1, passes - 1) - rate_of(failures, passes) <= BOUNDS[row]


@given(st.floats(0.0, 12.0), st.floats(0.0, 12.0))
def test_a_missed_duty_lowers_compliance_by_no_more_than_the_bound(met: float, missed: float) -> None:
    found = compliance_of(np.array([met, met]), np.array([missed, missed + 1.0]), REGIME.compliance)
    assert 0 <= found[0] - found[1] <= steps._compliance_drop(CASE, 0.0, 1.0) + 1e-9


def at_the_edge(regime: Regime, peril: str) -> Point:
    """A firm whose expected loss is just within the share of the aggregate limit that the domain has."""
    t = tariff(CALIBRATION, regime)
    floor = list(regime.classes.values())[-2]
    start = replace(
        PEER, declared_class=floor.id, priced_class=floor.id, observed_years=0.0,
        limit_eur=floor.minimum_limit.cents // 100,
        aggregate_limit_eur=floor.minimum_limit.cents // 100, danger=dict.fromkeys(t.peril_ids, -9.0) | {peril: 0.0},
    )  # fmt: skip
    low, high = 1e-3, 1e9
    for _ in range(40):
        middle = math.sqrt(low * high)
        loss = rate(table([replace(start, exposure=middle)], t, regime), t).by_peril.sum()
        within = loss <= regime.incentives.domain.loss_share * start.aggregate_limit_eur
        low, high = (middle, high) if within else (low, middle)
    return replace(start, exposure=low)


@pytest.mark.parametrize("regime_id", ["nl-2027", "oostmark-2028"])
def test_disclosing_pays_at_the_very_edge_of_the_domain(regime_id: str) -> None:
    regime, weights = load_regime(regime_id), CALIBRATION.history
    t = tariff(CALIBRATION, regime)
    for peril in t.peril_ids:
        firm = at_the_edge(regime, peril)
        for severity in weights.severity.values():
            quiet, late, found = due(
                [
                    firm,
                    *(replace(firm, incidents={peril: severity * w}) for w in (weights.late_limit, weights.concealed)),
                ],
                t,
                regime,
            )
            told = (1 + regime.disclosure_margin) * (late - quiet)
            assert regime.detection_probability * (found - quiet) >= told - 5


def test_the_least_concealed_weight_that_dominates_is_more_than_the_linear_one() -> None:
    """Three times a late report would do without an aggregate limit (pricing.md 5); with one it does not."""
    linear = (1 + REGIME.disclosure_margin) / REGIME.detection_probability * HISTORY.late_limit
    enough = dominance(CASE)
    short = dominance(case_of(altered(history=replace(HISTORY, concealed=linear)), REGIME))
    assert (enough.concealed >= enough.reported).all()
    assert not (short.concealed >= short.reported).all()


def test_the_history_factor_of_the_code_is_that_of_the_proof() -> None:
    firm = replace(PEER, incidents={"FIN": 2.0}, observed_years=4.0)
    risks = table([firm], T, REGIME)
    x = np.full((1, len(T.peril_ids)), 0.3)
    years = (0.3 * T.alpha) / history_factor(x, replace(risks, incidents=np.zeros_like(x)), T)[0] - 0.3 * T.alpha
    y = years / 0.09
    expected = (T.alpha + risks.incidents[0]) / (T.alpha + 0.3 * y)
    assert history_factor(x, risks, T)[0] == pytest.approx(expected)


@pytest.mark.parametrize("alter", [lambda s: replace(s, xi=-0.5), lambda s: replace(s, sigma=-1.0)])
def test_a_severity_that_is_no_distribution_is_refused(alter: Callable[..., object]) -> None:
    heads = {head: alter(row) for head, row in CALIBRATION.severities.items()}
    assert splice(list(CALIBRATION.severities.values())).weight.min() > 0
    found = certify(altered(severities=heads), REGIME)
    assert {"limit", "deductible"} <= {claim.id for claim in found.refuted}
