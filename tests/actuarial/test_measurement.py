"""What the sample market shows of itself follows the stated truth: runs of tests, conduct, settlement, declarations."""

from datetime import date

import numpy as np
import pytest

from actuarial.calibration import Calibration, shipped_calibration
from actuarial.evidence import RunTable
from actuarial.market.experience import Experience, draw_experience, expected_claims, first_and_last_day
from actuarial.market.measurement import (
    DISCOVERED,
    HIDDEN,
    IN_TIME,
    LATE,
    as_it_is,
    as_measured,
    draw_conduct,
    draw_settlement,
    stream,
)
from actuarial.market.runs import draw_runs
from actuarial.market.truth import stated_truth
from actuarial.tariff import tariff
from policies.perils import PERILS
from policies.period import DAYS_PER_YEAR
from policies.regimes import Regime, load_regime
from policies.safety import catalogue

AT = date(2026, 11, 24)
FIRMS = 4_000
TOLERANCE = 4.0  # standard errors; seeds are fixed


@pytest.fixture(scope="module")
def regime() -> Regime:
    return load_regime("nl-2027")


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    return shipped_calibration()


@pytest.fixture(scope="module")
def market(regime: Regime, calibration: Calibration) -> Experience:
    return draw_experience(FIRMS, 3, stated_truth(), 5, AT, regime, calibration)


@pytest.fixture(scope="module")
def many(regime: Regime, calibration: Calibration) -> Experience:
    """A market with many claims."""
    return draw_experience(40_000, 3, stated_truth(), 5, AT, regime, calibration)


@pytest.fixture(scope="module")
def runs(market: Experience, regime: Regime, calibration: Calibration) -> RunTable:
    return draw_runs(stream(3, 7), market.population, stated_truth().evidence, regime, calibration)


def share(found: np.ndarray, expected: float) -> None:
    """A share is the expected one, within its standard error."""
    assert abs(found.mean() - expected) < TOLERANCE * (expected * (1 - expected) / len(found)) ** 0.5, found.mean()


def test_expected_claims_are_those_of_the_formula_written_anew(
    market: Experience, regime: Regime, calibration: Calibration
) -> None:
    f, s, firms, a = stated_truth().frequency, market.population.systems, market.population.firms, market.at_risk
    p, found = stated_truth().population, expected_claims(market, stated_truth(), regime, calibration)
    for row in range(0, len(a.system), 997):
        i = a.system[row]
        roles = list(p.roles)[s.role_set[i]].split("+")
        for code, peril in enumerate(PERILS):
            log_mean = (
                np.log(f.perils[peril].claims_per_thousand / 1000)
                + f.elasticity * np.log(s.exposure[i])
                + f.classes[list(regime.classes)[s.obliged[i]]]
                + max(f.roles[role] for role in roles)
                + f.autonomy[s.autonomy[i]]
                + f.sectors[list(p.sectors)[s.sector[i]]]
                + f.maturity[a.maturity[row]][1]
                + f.perils[peril].theta * s.danger[i, code]
                + f.sharing * (1 - firms.discipline[s.firm[i]])
            )
            assert found[row, code] == pytest.approx(a.years_at_risk[row] * np.exp(log_mean))


def test_days_at_risk_are_the_years_at_risk(market: Experience) -> None:
    start, end = first_and_last_day(market)
    assert np.abs((end - start) / DAYS_PER_YEAR - market.at_risk.years_at_risk).max() < 1 / 365
    row, day = market.claims.row, market.claims.accident_day
    assert ((day >= start[row]) & (day < end[row])).mean() > 0.99  # the rest on the day that two years share
    assert (day < 0).all()


# --- tests


def test_which_tests_are_handed_in(
    runs: RunTable, market: Experience, regime: Regime, calibration: Calibration
) -> None:
    e, t, systems = stated_truth().evidence, tariff(calibration, regime), market.population.systems
    handed = np.zeros(systems.rates.shape)
    np.add.at(handed, (runs.system, runs.test), 1)
    silent = np.array([handed[systems.firm == firm].sum() == 0 for firm in range(FIRMS)])
    share(silent, e.no_evidence)
    share((handed[~silent[systems.firm]] > 0).ravel(), e.handed_in)
    share((handed[handed > 0] == 2), e.rerun)
    assert handed.shape[1] == len(t.test_ids)
    assert handed.max() == 2


def test_failures_come_at_the_true_rate(runs: RunTable, market: Experience) -> None:
    scored = runs.failures + runs.clean
    rate = market.population.systems.rates[runs.system, runs.test]
    whole = runs.missing == 0
    single = whole & (runs.epochs == 1)
    z = (runs.failures - scored * rate)[single] / np.sqrt((scored * rate * (1 - rate))[single])
    assert abs(z.mean()) < TOLERANCE / len(z) ** 0.5
    assert z.var() == pytest.approx(1, abs=0.05)


def test_repeats_of_a_prompt_are_as_alike_as_the_catalogue_says(
    runs: RunTable, market: Experience, regime: Regime, calibration: Calibration
) -> None:
    """Variance of the failures of a run with repeats: that of independent trials times 1 + (epochs - 1) rho."""
    rho = np.array([catalogue()[test].rho for test in tariff(calibration, regime).test_ids])[runs.test]
    rate = market.population.systems.rates[runs.system, runs.test]
    members = (runs.epochs > 1) & (runs.missing == 0) & (rate > 0.05) & (rate < 0.95)
    n, q = (runs.failures + runs.clean)[members], rate[members]
    inflation = 1 + (runs.epochs - 1)[members] * rho[members]
    z2 = (runs.failures[members] - n * q) ** 2 / (n * q * (1 - q) * inflation)
    assert len(z2) > 2000
    assert abs(z2.mean() - 1) < TOLERANCE * z2.std() / len(z2) ** 0.5
    assert inflation.mean() > 1.2


def test_runs_that_were_cut_off_or_not_judged_miss_their_trials(runs: RunTable) -> None:
    e = stated_truth().evidence
    planned = runs.failures + runs.clean + runs.missing
    logged = runs.epochs > 1  # only runs with logs repeat a prompt
    share((runs.missing == planned)[logged], e.judge_failed)
    cut = (runs.missing / planned)[logged]
    share((cut > 0) & (cut < 1), 1 - (1 - e.cancelled - e.judge_failed) * (1 - e.with_gaps) - e.judge_failed)
    assert (planned > 0).all()
    assert min(runs.failures.min(), runs.clean.min(), runs.missing.min()) >= 0


def test_trust_is_that_of_the_regime(runs: RunTable, regime: Regime) -> None:
    e, rules = stated_truth().evidence, regime.evidence
    assert runs.trust.max() <= rules.unsigned
    assert (runs.heard >= runs.trust).all()
    share(runs.chosen, (1 - e.registered) * (1 - e.accredited))
    assert 0 < runs.superseded.mean() < e.rerun


# --- claims


def test_conduct_of_claims(many: Experience, regime: Regime) -> None:
    c, p = stated_truth().conduct, regime.detection_probability
    conduct = draw_conduct(stream(3, 8), many.claims, c, regime)
    concealed = 1 - c.in_time - c.late
    expected = {IN_TIME: c.in_time, LATE: c.late, DISCOVERED: concealed * p, HIDDEN: concealed * (1 - p)}
    for code, stated in expected.items():
        share(conduct == code, stated)


def test_settlement_is_the_stated_weibull_of_head_and_size(
    many: Experience, regime: Regime, calibration: Calibration
) -> None:
    """(time / scale)^shape is exponential with mean 1, for every head and for small and large losses."""
    s, claims = stated_truth().settlement, many.claims
    settled = draw_settlement(stream(3, 9), claims, s, regime, calibration)
    heads = tariff(calibration, regime).head_ids
    scale = np.array([s.scale_days[head] for head in heads])[claims.head]
    scale *= (claims.loss / s.reference_eur) ** s.loss_elasticity
    standard = ((settled - claims.report_day + 0.5) / scale) ** s.shape
    large = claims.loss > np.median(claims.loss)
    groups = [claims.head == code for code in range(len(heads))] + [large, ~large]
    for members in groups:
        count = members.sum()
        assert abs(standard[members].mean() - 1) < TOLERANCE / count**0.5 + 0.01  # days are whole
    assert set(s.scale_days) == set(heads)


# --- what is seen


def test_the_truth_is_seen_as_it_is(market: Experience, regime: Regime) -> None:
    conduct = draw_conduct(stream(3, 8), market.claims, stated_truth().conduct, regime)
    seen = as_it_is(market, conduct)
    systems = market.population.systems
    assert (seen.danger == systems.danger).all()
    assert (seen.compliance == market.population.firms.discipline[systems.firm]).all()
    assert (seen.obliged == systems.obliged).all()
    assert set(seen.conduct) == {IN_TIME, LATE}


def test_a_measurement_leaves_the_market_as_it_was_and_can_be_repeated(
    market: Experience, regime: Regime, calibration: Calibration
) -> None:
    before = market.population.systems.danger.copy()
    conduct = draw_conduct(stream(3, 8), market.claims, stated_truth().conduct, regime)
    first, second = (as_measured(stream(3, 2), market, conduct, stated_truth(), regime, calibration) for _ in range(2))
    for field in ("danger", "compliance", "obliged", "conduct"):
        assert (getattr(first, field) == getattr(second, field)).all()
    assert (market.population.systems.danger == before).all()
    assert (first.compliance > 0).all()
    assert (first.compliance < 1).all()


def test_discovered_claims_lower_compliance_and_late_ones_do_not(
    market: Experience, regime: Regime, calibration: Calibration
) -> None:
    claims = market.claims
    quiet = np.full(len(claims.row), IN_TIME)
    loud = np.full(len(claims.row), DISCOVERED)
    low, high = (
        as_measured(stream(3, 2), market, conduct, stated_truth(), regime, calibration).compliance
        for conduct in (loud, quiet)
    )
    recent = (claims.report_day < 0) & (claims.report_day > -700)
    hit = np.zeros(len(low), dtype=bool)
    hit[market.at_risk.system[claims.row[recent]]] = True
    assert (low <= high).all()
    assert (low[hit] < high[hit]).all()
    assert hit.any()
    late = as_measured(
        stream(3, 2), market, np.full(len(claims.row), LATE), stated_truth(), regime, calibration
    ).compliance
    assert (late == high).all()
