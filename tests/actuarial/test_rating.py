"""From danger scores to premium: every promise of docs/methods/rating.md as a property on whole profiles."""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from strategies import AT, CALIBRATION, DEDUCTIBLES, LIMITS, REGIME, SYSTEM, incidents, obligations, profiles

from actuarial.compliance import compliance, delivered_and_missed, incident_weight
from actuarial.compound import layer_grid, limited_aggregate
from actuarial.premium import breakdown, premiums
from actuarial.rating import STEPS, Rating, rate, reported_years, size_scale
from actuarial.risks import RiskTable, declared_class, priced_class, tabulate
from actuarial.severity import layer
from actuarial.tariff import tariff
from policies.money import Money
from policies.risk import AISystem, Incident, IncidentSource, Obligation, RiskProfile
from policies.terms import Terms

T = tariff(CALIBRATION, REGIME)
TABLE = settings(max_examples=40)


def rated(*candidates: RiskProfile) -> tuple[RiskTable, Rating]:
    risks = tabulate(candidates, AT, REGIME, CALIBRATION)
    return risks, rate(risks, T)


def due(*candidates: RiskProfile) -> list[int]:
    """Premium due of each candidate, in cents."""
    risks, rating = rated(*candidates)
    return [int(cents) for cents in premiums(rating, risks, T).due]


def with_system(profile: RiskProfile, alter: Callable[[AISystem], AISystem]) -> RiskProfile:
    """The profile with its first system altered."""
    return replace(profile, systems=(alter(profile.systems[0]), *profile.systems[1:]))


def with_terms(profile: RiskProfile, terms: Terms) -> RiskProfile:
    return replace(profile, cover=replace(profile.cover, terms=terms))


@TABLE
@given(profiles())
def test_lines_sum_to_every_total_to_the_cent(profile: RiskProfile) -> None:
    risks, rating = rated(profile)
    found = premiums(rating, risks, T)
    waterfall = breakdown(found, rating, 0, T)
    assert waterfall.due.cents == sum(line.amount.cents for line in waterfall.lines) == int(found.due[0])
    assert waterfall.technical_premium.cents == int(found.technical[0])
    assert waterfall.risk_premium.cents == round(rating.steps[0, -1] * 100)
    assert waterfall.tax == waterfall.offered_premium.times(REGIME.premium_tax)
    assert waterfall.technical_premium.cents >= risks.minimum_premium[0]


@settings(max_examples=15)  # of two to five profiles each
@given(st.lists(profiles(), min_size=2, max_size=5))
def test_a_batch_prices_each_risk_as_alone(batch: list[RiskProfile]) -> None:
    assert due(*batch) == [due(profile)[0] for profile in batch]


@TABLE
@given(profiles(), st.floats(1.0, 10.0))
def test_premium_rises_with_exposure(profile: RiskProfile, factor: float) -> None:
    low, high = due(profile, with_system(profile, lambda s: replace(s, persons_per_month=s.persons_per_month * factor)))
    assert high >= low


@TABLE
@given(profiles(), st.sampled_from(LIMITS), st.sampled_from(LIMITS))
def test_premium_rises_with_the_limit(profile: RiskProfile, one: int, other: int) -> None:
    low, high = sorted((one, other))
    terms = profile.cover.terms
    aggregate = Money.euros(4 * max(LIMITS))
    candidates = [
        with_terms(profile, replace(terms, limit=Money.euros(limit), aggregate_limit=aggregate))
        for limit in (low, high)
    ]
    below, above = due(*candidates)
    assert above >= below


@TABLE
@given(profiles(), st.sampled_from(LIMITS[:-1]))
def test_expected_loss_is_concave_in_the_limit(profile: RiskProfile, limit: int) -> None:
    aggregate = Money.euros(8 * max(LIMITS))
    candidates = [
        with_terms(profile, Terms(profile.cover.terms.deductible, Money.euros(limit * k), aggregate)) for k in (1, 2, 3)
    ]
    _, rating = rated(*candidates)
    first, second, third = rating.steps[:, -2]
    assert 2 * second >= (first + third) * (1 - 1e-9)


@TABLE
@given(profiles(), st.sampled_from(DEDUCTIBLES), st.sampled_from(DEDUCTIBLES))
def test_premium_falls_with_the_deductible(profile: RiskProfile, one: int, other: int) -> None:
    terms = profile.cover.terms
    low, high = due(*(with_terms(profile, replace(terms, deductible=Money.euros(d))) for d in sorted((one, other))))
    assert high <= low


@TABLE
@given(profiles(), st.integers(1, 8))
def test_premium_rises_with_the_aggregate_limit(profile: RiskProfile, times: int) -> None:
    terms = profile.cover.terms
    low, high = due(
        profile, with_terms(profile, replace(terms, aggregate_limit=Money(terms.aggregate_limit.cents * times)))
    )
    assert high >= low - 1


@TABLE
@given(profiles(), incidents())
def test_one_more_incident_never_lowers_the_premium(profile: RiskProfile, incident: Incident) -> None:
    more = replace(profile, incidents=(*profile.incidents, replace(incident, id="extra")))
    before, after = due(profile, more)
    assert after >= before


@TABLE
@given(profiles(), incidents(), st.integers(1, 300))
def test_reporting_later_never_lowers_the_premium(profile: RiskProfile, incident: Incident, days: int) -> None:
    assume(incident.reported_at is not None)
    assert incident.reported_at is not None
    later = replace(incident, reported_at=incident.reported_at + timedelta(days=days))
    before, after = due(*(replace(profile, incidents=(*profile.incidents, i)) for i in (incident, later)))
    assert after >= before


@TABLE
@given(profiles(), incidents())
def test_concealing_and_being_found_costs_at_least_reporting(profile: RiskProfile, incident: Incident) -> None:
    reported = replace(incident, reported_at=incident.aware_at, source=IncidentSource.SELF)
    found = replace(incident, reported_at=None, source=IncidentSource.AUTHORITY)
    before, after = due(*(replace(profile, incidents=(*profile.incidents, i)) for i in (reported, found)))
    assert after >= before


@given(incidents())
def test_disclosing_is_cheaper_than_the_chance_of_being_found(incident: Incident) -> None:
    """delta * weight if concealed >= weight if reported * (1 + margin), however late the report."""
    found = replace(incident, reported_at=None, source=IncidentSource.PRESS)
    told = replace(incident, reported_at=incident.reported_at or AT, source=IncidentSource.SELF)
    concealed = incident_weight(found, AT, REGIME, CALIBRATION.history)
    disclosed = incident_weight(told, AT, REGIME, CALIBRATION.history)
    assert REGIME.detection_probability * concealed >= disclosed * (1 + REGIME.disclosure_margin) - 1e-12


@TABLE
@given(profiles(), obligations(), st.integers(1, 200))
def test_delivering_later_never_lowers_the_premium(profile: RiskProfile, row: Obligation, days: int) -> None:
    assume(row.delivered is not None)
    assert row.delivered is not None
    later = replace(row, delivered=row.delivered + timedelta(days=days))
    never = replace(row, delivered=None)
    amounts = due(*(replace(profile, obligations=(*profile.obligations, r)) for r in (row, later, never)))
    assert amounts == sorted(amounts)


@TABLE
@given(profiles(), obligations())
def test_leaving_an_undelivered_obligation_out_never_helps(profile: RiskProfile, row: Obligation) -> None:
    """The calendar expects what no row mentions, so a row can be left out only in exchange for an equal gap."""
    rule = REGIME.obligations[row.kind]
    system = replace(profile.systems[0], deployed=AT - timedelta(days=3000))
    due_now = replace(row, system=system.id, due=AT - timedelta(days=30), delivered=None)
    kept = tuple(o for o in profile.obligations if o.kind != row.kind)
    base = replace(profile, systems=(system, *profile.systems[1:]), obligations=kept)
    assume(rule.every_months > 0)
    told, silent = due(replace(base, obligations=(*kept, due_now)), base)
    assert silent >= told


@TABLE
@given(profiles(), st.sampled_from(sorted(REGIME.obligations)), st.integers(1, 60))
def test_rows_beyond_the_calendar_earn_nothing(profile: RiskProfile, kind: str, number: int) -> None:
    """Invented deliveries buy no compliance beyond what the regime itself expects."""
    system = profile.systems[0]
    expected = delivered_and_missed(system, (), (), AT, REGIME)[1]
    invented = tuple(
        Obligation(system.id, name, AT - timedelta(days=n % 600), AT - timedelta(days=n % 600), 1.0)
        for name in (kind, *REGIME.obligations)
        for n in range(number + 1)
    )
    delivered, missed = delivered_and_missed(system, invented, (), AT, REGIME)
    assert delivered <= expected + 1e-9
    assert missed >= 0


@TABLE
@given(profiles(), st.integers(1, 5))
def test_expected_claims_grow_with_the_length_of_the_period(profile: RiskProfile, times: int) -> None:
    long = replace(profile, cover=replace(profile.cover, term_months=profile.cover.term_months * times))
    _, rating = rated(profile, long)
    systems = len(profile.systems)
    assert rating.frequency[systems:] == pytest.approx(times * rating.frequency[:systems], rel=1e-9)


@TABLE
@given(profiles())
def test_self_assessment_never_costs_less_than_independent_assessment(profile: RiskProfile) -> None:
    word = profile.systems[0].self_assessed_class
    assessed, own = due(*(with_system(profile, lambda s, w=w: replace(s, assessed_class=w)) for w in (word, None)))
    assert own >= assessed


@TABLE
@given(profiles(), st.integers(0, 2))
def test_premium_rises_with_autonomy(profile: RiskProfile, level: int) -> None:
    low, high = due(*(with_system(profile, lambda s, a=a: replace(s, autonomy=a)) for a in (level, level + 1)))
    assert high >= low


@TABLE
@given(profiles(), st.data())
def test_a_failure_more_never_lowers_the_premium(profile: RiskProfile, data: st.DataObject) -> None:
    assume(profile.systems[0].runs)
    run = profile.systems[0].runs[0]
    moved = data.draw(st.integers(1, run.clean))
    worse = replace(run, failures=run.failures + moved, clean=run.clean - moved)
    before, after = due(profile, with_system(profile, lambda s: replace(s, runs=(worse, *s.runs[1:]))))
    assert after >= before


def test_history_pooled_over_perils_would_reward_danger() -> None:
    """Why each peril has its own factor: with one for all, more danger in a cheap peril can lower the price."""
    alpha, severity = 1.0, np.array([1_000.0, 1_000_000.0])

    def pooled(cheap: float) -> float:
        frequency = np.array([cheap, 0.5])
        return float((frequency * severity).sum() * alpha / (alpha + 5 * frequency.sum()))

    def per_peril(cheap: float) -> float:
        frequency = np.array([cheap, 0.5])
        return float((frequency * severity * alpha / (alpha + 5 * frequency)).sum())

    assert pooled(2.0) < pooled(1.0)
    assert per_peril(2.0) > per_peril(1.0)


def test_history_pooled_over_systems_would_reward_danger_too() -> None:
    """Why the factor stays with the system: pooled, a more dangerous old system lowers the price of a new one."""
    alpha, new_system = 1.0, 2.0

    def pooled(old: float) -> float:
        return (old + new_system) * alpha / (alpha + 5 * old)

    def own(old: float) -> float:
        return old * alpha / (alpha + 5 * old) + new_system

    assert pooled(0.2) < pooled(0.1)
    assert own(0.2) > own(0.1)


def test_reported_years_is_the_integral_of_the_lag_distribution() -> None:
    lag = stats.weibull_min(T.lag_shape, scale=T.lag_scale_years)
    for years in (0.0, 0.3, 1.0, 5.0):
        expected = integrate.quad(lag.cdf, 0, years)[0]
        assert reported_years(np.array([years]), T)[0] == pytest.approx(expected, abs=1e-7)


def test_compliance_is_the_prudent_beta_quantile() -> None:
    rules = REGIME.compliance
    expected = stats.beta(rules.prior_delivered + 3, rules.prior_missed + 1).ppf(rules.quantile)
    assert compliance(np.array([3.0]), np.array([1.0]), rules)[0] == pytest.approx(expected)


@given(st.lists(obligations(), max_size=6), st.lists(incidents(), max_size=3))
def test_compliance_lies_in_the_unit_interval(rows: list[Obligation], found: list[Incident]) -> None:
    system = replace(SYSTEM, deployed=date(2024, 1, 1))
    delivered, missed = delivered_and_missed(system, rows, found, AT, REGIME)
    assert 0 <= compliance(np.array(delivered), np.array(missed), REGIME.compliance) <= 1


@TABLE
@given(profiles())
def test_expected_loss_of_a_peril_is_frequency_times_its_layers(profile: RiskProfile) -> None:
    """The layers written out once more with plain loops over heads."""
    risks, rating = rated(profile)
    terms = profile.cover.terms
    scale = size_scale(risks.turnover, T)
    per_head = layer(T.severity, np.array([terms.deductible.cents / 100]), np.array([terms.limit.cents / 100]), scale)[
        0
    ]
    for row in range(len(profile.systems)):
        for column, peril in enumerate(T.peril_ids):
            mix = CALIBRATION.mixture[peril]
            severity = sum(
                mix.get(head, 0.0) * per_head[number]
                for number, head in enumerate(T.head_ids)
                if head in REGIME.covered_heads(profile.cover.heads)
            )
            expected = rating.frequency[row, column] * severity
            assert rating.expected_loss[row, column] == pytest.approx(expected, rel=1e-9, abs=1e-9)


@TABLE
@given(profiles())
def test_the_last_step_before_the_aggregate_is_the_sum_of_expected_losses(profile: RiskProfile) -> None:
    _, rating = rated(profile)
    assert rating.steps[0, -2] == pytest.approx(rating.expected_loss.sum(), rel=1e-9)
    assert rating.by_peril[0] == pytest.approx(rating.expected_loss.sum(axis=0), rel=1e-9)


@TABLE
@given(profiles())
def test_aggregate_step_is_the_compound_of_the_covered_heads(profile: RiskProfile) -> None:
    """Under a tight aggregate: the same compound distribution from counts added up head by head in a plain loop."""
    tight = with_terms(profile, replace(profile.cover.terms, aggregate_limit=profile.cover.terms.limit))
    risks, rating = rated(tight)
    covered = REGIME.covered_heads(tight.cover.heads)
    counts = [
        sum(
            rating.frequency[row, column] * CALIBRATION.mixture[peril].get(head, 0.0)
            for row in range(len(tight.systems))
            for column, peril in enumerate(T.peril_ids)
        )
        * (head in covered)
        for head in T.head_ids
    ]
    euros = (tight.cover.terms.deductible.cents / 100, tight.cover.terms.limit.cents / 100)
    grid = layer_grid(T.severity, *euros, euros[1], float(size_scale(risks.turnover, T)[0]))
    expected = limited_aggregate(np.array([counts]), grid, euros[1], T.dispersion)[0]
    assert rating.steps[0, -1] == pytest.approx(min(expected, rating.steps[0, -2]), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("declared", list(REGIME.classes))
def test_a_self_assessed_class_is_priced_one_step_up(declared: str) -> None:
    own = replace(SYSTEM, self_assessed_class=declared, assessed_class=None, eu_db_id="EUDB-1")
    ladder = list(REGIME.classes)
    step = ladder[min(ladder.index(declared) + 1, len(ladder) - 1)]
    assert (declared_class(own, REGIME).id, priced_class(own, REGIME).id) == (declared, step)
    assert priced_class(replace(own, assessed_class=declared), REGIME).id == declared


@TABLE
@given(profiles())
def test_frequency_is_the_formula_of_the_page(profile: RiskProfile) -> None:
    risks, rating = rated(profile)
    for row, system in enumerate(profile.systems):
        effects = (
            CALIBRATION.classes[priced_class(system, REGIME).id]
            + max(CALIBRATION.roles[role] for role in system.roles)
            + CALIBRATION.autonomy[system.autonomy]
            + CALIBRATION.sectors[system.sector]
            + T.maturity_effect[risks.maturity[row]]
            + CALIBRATION.sharing * (1 - risks.compliance[row])
        )
        years = profile.cover.term_months / 12
        for column, peril in enumerate(T.peril_ids):
            p = CALIBRATION.perils[peril]
            plain = math.exp(p.intercept + effects + p.theta * risks.danger[row, column])
            plain *= risks.exposure[row] ** CALIBRATION.exposure_elasticity * years
            known = reported_years(risks.observed_years[row : row + 1], T)[0]
            expected_count = plain / years * known
            history = (p.alpha + risks.incidents[row, column]) / (p.alpha + expected_count)
            assert rating.frequency[row, column] == pytest.approx(plain * history, rel=1e-9)


@TABLE
@given(profiles())
def test_aggregate_limit_only_takes_away(profile: RiskProfile) -> None:
    _, rating = rated(profile)
    before, after = rating.steps[0, -2:]
    assert 0 <= after <= before
    assert after <= profile.cover.terms.aggregate_limit.cents / 100 * (1 + 1e-9)
    assert STEPS[-1] == "aggregate_limit"


def test_exemption_without_register_number_is_rated_as_high_risk() -> None:
    exempt = replace(SYSTEM, self_assessed_class="art6_3_exempt", assessed_class=None)
    assert declared_class(exempt, REGIME).id == "A3"
    assert declared_class(replace(exempt, eu_db_id="EUDB-1"), REGIME).id == "A2"
