"""The sample market returns its stated truth: every parameter is found again in a large draw."""

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import logit
from scipy.stats import norm

from actuarial.calibration import Calibration, shipped_calibration
from actuarial.market.experience import Experience, draw_experience
from actuarial.market.firms import SampleFirm, draw_market
from actuarial.market.outcomes import CLEAN, FAILED, MISSING, Ending
from actuarial.market.truth import Truth, stated_truth
from actuarial.risks import declared_class
from actuarial.severity import limited_expected_value, splice
from actuarial.tariff import tariff
from policies.heads import HEADS
from policies.perils import PERILS
from policies.period import add_months, years_between
from policies.regimes import Regime, load_regime
from policies.risk import IncidentSeverity, IncidentSource, SizeClass
from policies.safety import Independence, Kind, catalogue

AT = date(2026, 11, 24)
YEARS = 5
FIRMS = 50_000
TOLERANCE = 4.0  # standard errors; a false alarm in 16,000 checks, and the seed is fixed


@pytest.fixture(scope="module")
def regime() -> Regime:
    return load_regime("nl-2027")


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    return shipped_calibration()


@pytest.fixture(scope="module")
def truth() -> Truth:
    return stated_truth()


@pytest.fixture(scope="module")
def experience(truth: Truth, regime: Regime, calibration: Calibration) -> Experience:
    return draw_experience(FIRMS, 7, truth, YEARS, AT, regime, calibration)


@pytest.fixture(scope="module")
def market(truth: Truth, regime: Regime, calibration: Calibration) -> tuple[SampleFirm, ...]:
    return draw_market(200, 1, truth, AT, regime, calibration)


@pytest.fixture(scope="module")
def perils(calibration: Calibration) -> tuple[str, ...]:
    return tuple(peril for peril in PERILS if peril in calibration.perils)


def log_effects(e: Experience, truth: Truth, regime: Regime) -> np.ndarray:
    """Log of the true factors other than base, danger and compliance, per row at risk; the formula written anew."""
    f, p, s = truth.frequency, truth.population, e.population.systems
    role_sets = [max(f.roles[role] for role in roles.split("+")) for roles in p.roles]
    per_system = [
        f.elasticity * math.log(s.exposure[i])
        + f.classes[list(regime.classes)[s.obliged[i]]]
        + role_sets[s.role_set[i]]
        + f.autonomy[s.autonomy[i]]
        + f.sectors[list(p.sectors)[s.sector[i]]]
        for i in range(len(s.firm))
    ]
    maturity = np.array([effect for _, effect in f.maturity])[e.at_risk.maturity]
    return np.asarray(np.array(per_system)[e.at_risk.system] + maturity + np.log(e.at_risk.years_at_risk))


def expected_counts(e: Experience, truth: Truth, regime: Regime, perils: tuple[str, ...]) -> np.ndarray:
    """True expected claims per row and peril, with mean frailty."""
    f, system = truth.frequency, e.at_risk.system
    careless = 1 - e.population.firms.discipline[e.population.systems.firm[system]]
    common = log_effects(e, truth, regime) + f.sharing * careless
    danger = e.population.systems.danger[system]
    columns = [
        f.perils[p].claims_per_thousand / 1000 * np.exp(common + f.perils[p].theta * danger[:, k])
        for k, p in enumerate(perils)
    ]
    return np.stack(columns, axis=1)


def per_firm(values: np.ndarray, e: Experience) -> np.ndarray:
    """Sums of rows at risk by firm, (F, P)."""
    total = np.zeros((len(e.population.firms.size), values.shape[1]))
    np.add.at(total, e.population.systems.firm[e.at_risk.system], values)
    return total


def test_frequencies_are_the_stated_ones(
    experience: Experience, truth: Truth, regime: Regime, perils: tuple[str, ...]
) -> None:
    expected = per_firm(expected_counts(experience, truth, regime, perils), experience)
    alpha = np.array([truth.frequency.perils[peril].alpha for peril in perils])
    error = np.sqrt((expected + expected**2 / alpha).sum(axis=0))  # Poisson, and frailty shared by a firm's rows
    z = (experience.at_risk.counts.sum(axis=0) - expected.sum(axis=0)) / error
    assert np.abs(z).max() < TOLERANCE, dict(zip(perils, z, strict=True))


@pytest.mark.parametrize("peril", ["FIN", "PRV", "SEC"])
def test_a_poisson_regression_finds_theta_and_gamma(
    peril: str, experience: Experience, truth: Truth, regime: Regime, perils: tuple[str, ...]
) -> None:
    e, k, stated = experience, perils.index(peril), truth.frequency.perils[peril]
    firm = e.population.systems.firm[e.at_risk.system]
    danger = e.population.systems.danger[e.at_risk.system, k]
    design = np.column_stack([np.ones(len(firm)), danger, 1 - e.population.firms.discipline[firm]])
    fit = sm.GLM(
        e.at_risk.counts[:, k], design, family=sm.families.Poisson(), offset=log_effects(e, truth, regime)
    ).fit(cov_type="cluster", cov_kwds={"groups": firm})
    expected = [math.log(stated.claims_per_thousand / 1000), stated.theta, truth.frequency.sharing]
    z = (fit.params - expected) / fit.bse
    assert np.abs(z).max() < TOLERANCE, fit.params
    assert fit.bse[1] < 0.05  # sharp enough to tell this theta from the other perils'


def test_frailty_has_the_stated_variance(
    experience: Experience, truth: Truth, regime: Regime, perils: tuple[str, ...]
) -> None:
    """Var(N) = mean + mean^2 / alpha for a firm and peril: moments give alpha back."""
    expected = per_firm(expected_counts(experience, truth, regime, perils), experience)
    counts = per_firm(experience.at_risk.counts, experience)
    for peril in ("FIN", "PRV", "SEC", "DIS"):
        mean, seen = expected[:, perils.index(peril)], counts[:, perils.index(peril)]
        excess = (seen - mean) ** 2 - mean
        weight = mean**2 / (mean + 10 * mean**2 + 10 * mean**4)  # tames the largest firms; any weight is unbiased
        inverse_alpha = (weight * excess).sum() / (weight * mean**2).sum()
        error = (weight * (excess - inverse_alpha * mean**2)).std() * len(mean) ** 0.5 / (weight * mean**2).sum()
        assert abs(inverse_alpha - 1 / truth.frequency.perils[peril].alpha) < TOLERANCE * error, peril
        assert error < 0.25, peril


def test_reporting_delay_is_the_stated_weibull(experience: Experience, truth: Truth) -> None:
    lag, delay = truth.reporting_lag, experience.claims.report_day - experience.claims.accident_day
    for days in (7, 30, 90, 240, 730):
        expected = 1 - math.exp(-((days / lag.scale_days) ** lag.shape))
        error = math.sqrt(expected * (1 - expected) / len(delay))
        assert abs((delay < days).mean() - expected) < TOLERANCE * error, days


def test_claims_occur_while_their_system_runs_and_in_their_year(experience: Experience) -> None:
    c, at_risk = experience.claims, experience.at_risk
    age = experience.population.systems.age_days[at_risk.system[c.row]]
    assert (c.accident_day < 0).all()
    assert (c.accident_day >= -age).all()
    assert (-c.accident_day >= at_risk.year[c.row] * 365.25).all()
    assert (-c.accident_day <= (at_risk.year[c.row] + 1) * 365.25 + 1).all()
    assert (np.bincount(c.row, minlength=len(at_risk.system)) == at_risk.counts.sum(axis=1)).all()


def test_losses_follow_the_severity_of_the_calibration(experience: Experience, calibration: Calibration) -> None:
    """Mean of the loss limited to 1m, against the closed form that pricing uses (an independent computation)."""
    c, e = experience.claims, experience
    turnover = e.population.firms.turnover_world[e.population.systems.firm[e.at_risk.system[c.row]]]
    unscaled = c.loss / (turnover / calibration.size_reference_eur) ** calibration.size_elasticity
    limit = 1e6
    heads = [head for head in HEADS if head in calibration.severities]
    assert set(c.head) == set(range(len(heads)))
    for code, name in enumerate(heads):
        seen = np.minimum(unscaled[c.head == code], limit)
        assert len(seen) > 50, name
        expected = float(limited_expected_value(splice([calibration.severities[name]]), np.array([limit]))[0])
        assert abs(seen.mean() - expected) < TOLERANCE * seen.std() / len(seen) ** 0.5, name


def test_failure_rates_are_the_reference_population_driven_by_safety(
    experience: Experience, truth: Truth, calibration: Calibration
) -> None:
    ids = tariff(calibration, load_regime("nl-2027")).test_ids
    safety = experience.population.firms.safety[experience.population.systems.firm]
    for column, test in enumerate(ids):
        if test not in calibration.tests:
            continue
        reference, rates = calibration.tests[test], experience.population.systems.rates[:, column]
        z = (logit(np.clip(rates, 1e-300, 1 - 1e-16)) - reference.mu) / reference.tau
        capability = catalogue()[test].kind is Kind.CAPABILITY
        loading, guarding = (0.0, 0.0) if capability else (truth.safety.loading, truth.safety.guarding)
        assert abs(z.mean() + guarding) < 0.05, test
        assert abs(z.std() - 1) < 0.05, test
        assert abs(np.corrcoef(z, safety)[0, 1] + loading) < 0.03, test


def test_experience_is_deterministic(truth: Truth, regime: Regime, calibration: Calibration) -> None:
    first, second = (draw_experience(50, 3, truth, YEARS, AT, regime, calibration) for _ in range(2))
    other = draw_experience(50, 4, truth, YEARS, AT, regime, calibration)
    assert (first.claims.loss == second.claims.loss).all()
    assert (first.population.systems.rates == second.population.systems.rates).all()
    assert not np.array_equal(first.population.firms.safety, other.population.firms.safety)


def test_a_firm_does_not_depend_on_how_many_are_drawn(
    market: tuple[SampleFirm, ...], truth: Truth, regime: Regime, calibration: Calibration
) -> None:
    assert draw_market(5, 1, truth, AT, regime, calibration) == market[:5]
    assert draw_market(5, 2, truth, AT, regime, calibration) != market[:5]


def test_two_hundred_firms_show_every_class_sector_and_size(
    market: tuple[SampleFirm, ...], regime: Regime, truth: Truth
) -> None:
    systems = [system for firm in market for system in firm.systems]
    words = [(s.self_assessed_class, s.persons_per_month) for s in systems]
    classes = {found.id for word, persons in words if (found := regime.classify(word, persons))}
    assert classes == set(regime.classes)
    assert {system.sector for system in systems} == set(truth.population.sectors)
    assert {firm.size_class for firm in market} == set(SizeClass)
    assert any(word in regime.declined_words for word, _ in words)
    exempt = [s for s in systems if s.self_assessed_class == "art6_3_exempt" and not s.assessed_class]
    assert {s.eu_db_id is None for s in exempt} == {True, False}
    assert {s.assessed_class is None for s in systems} == {True, False}


def test_two_hundred_firms_show_every_way_a_test_can_end(market: tuple[SampleFirm, ...]) -> None:
    outcomes = [outcome for firm in market for outcome in firm.outcomes]
    assert {outcome.ending for outcome in outcomes} == set(Ending)
    assert {outcome.independence for outcome in outcomes} == set(Independence)
    assert {outcome.logged for outcome in outcomes} == {True, False}
    assert any(not firm.outcomes for firm in market)
    for outcome in outcomes:
        assert sum(outcome.count(letter) for letter in (CLEAN, FAILED, MISSING)) == outcome.planned > 0
        assert len(set(map(len, outcome.trials))) == 1
        assert outcome.run_date < AT
        assert outcome.registered_at is None or outcome.registered_at < outcome.run_date
        if outcome.ending is Ending.JUDGE_FAILED:
            assert outcome.count(MISSING) == outcome.planned


def test_incidents_keep_the_order_of_their_days(market: tuple[SampleFirm, ...], regime: Regime) -> None:
    for firm in market:
        deployed = {system.id: system.deployed for system in firm.systems}
        for incident in firm.incidents:
            assert deployed[incident.system] <= incident.occurred_at <= incident.aware_at <= AT
            assert incident.reported_at is None or incident.aware_at <= incident.reported_at <= AT
            assert (incident.loss.cents == 0) == (incident.severity is IncidentSeverity.NEAR_MISS)
            assert years_between(incident.occurred_at, AT) <= regime.incident_window_years + 0.01
        assert len({incident.id for incident in firm.incidents}) == len(firm.incidents)


def test_conduct_has_the_stated_shares(truth: Truth, regime: Regime, calibration: Calibration) -> None:
    """Incidents old enough to have been reported by now, in a market with many of them."""
    many = replace(truth, frequency=replace(truth.frequency, near_misses_per_claim=150.0))
    known = [i for firm in draw_market(120, 5, many, AT, regime, calibration) for i in firm.incidents]
    old = [i for i in known if years_between(i.aware_at, AT) > 1]
    c, concealed = truth.conduct, 1 - truth.conduct.in_time - truth.conduct.late
    seen = c.in_time + c.late + concealed * regime.detection_probability
    late = [
        i
        for i in old
        if i.reported_at and (i.reported_at - i.aware_at).days > regime.incident_days(i.peril, i.severity)
    ]
    found_out = [i for i in old if i.source is not IncidentSource.SELF]
    for rows, share in ((late, c.late / seen), (found_out, concealed * regime.detection_probability / seen)):
        assert abs(len(rows) / len(old) - share) < TOLERANCE * math.sqrt(share * (1 - share) / len(old))
    assert all(i.reported_at is None for i in found_out)
    assert len(old) > 2000


def test_obligations_follow_the_calendar_of_the_regime(market: tuple[SampleFirm, ...], regime: Regime) -> None:
    start = add_months(AT, -regime.compliance.window_months)
    rows = [row for firm in market for row in firm.obligations]
    assert {row.kind for row in rows} == {kind for kind, rule in regime.obligations.items() if rule.every_months}
    assert all(start <= row.due < AT for row in rows)
    assert all((row.completeness > 0) == (row.delivered is not None) for row in rows)
    lateness = {(row.delivered - row.due).days > 0 if row.delivered else None for row in rows}
    assert lateness == {True, False, None}


def test_cover_meets_the_floor_of_the_highest_class(market: tuple[SampleFirm, ...], regime: Regime) -> None:
    for firm in market:
        terms = firm.cover.terms
        ladder = tuple(regime.classes)
        floor = regime.classes[max((declared_class(s, regime).id for s in firm.systems), key=ladder.index)]
        assert terms.limit >= floor.minimum_limit
        assert terms.aggregate_limit >= floor.minimum_aggregate
        assert terms.deductible >= floor.minimum_deductible
        assert firm.cover.inception == date(2027, 1, 1)
        assert set(regime.compulsory_heads) <= set(firm.cover.heads)


def test_discipline_follows_safety(experience: Experience, truth: Truth) -> None:
    firms, s = experience.population.firms, truth.safety
    mean = s.discipline_alpha / (s.discipline_alpha + s.discipline_beta)
    assert abs(firms.discipline.mean() - mean) < TOLERANCE * firms.discipline.std() / FIRMS**0.5
    rank = norm.ppf((firms.discipline.argsort().argsort() + 0.5) / FIRMS)
    assert abs(np.corrcoef(rank, firms.safety)[0, 1] - s.discipline_safety) < TOLERANCE / FIRMS**0.5
