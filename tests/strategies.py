"""Hypothesis strategies for the values of the promise, on the regime and calibration that ship."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import strategies as st

from actuarial.calibration import shipped_calibration
from actuarial.evidence import danger_scores
from actuarial.proofs.point import Point
from actuarial.tariff import tariff
from policies.money import Money
from policies.regimes import load_regime
from policies.risk import (
    AISystem,
    Cover,
    Firm,
    Incident,
    IncidentSeverity,
    IncidentSource,
    Obligation,
    RiskProfile,
    Role,
    SizeClass,
)
from policies.safety import Independence, TestRun, catalogue
from policies.terms import Terms

AT = date(2026, 11, 24)
REGIME = load_regime("nl-2027")
CALIBRATION = shipped_calibration()
REQUIRED = REGIME.required_tests()
PERIL_IDS = tuple(REGIME.battery)
KINDS = tuple(REGIME.obligations)
SYSTEM = AISystem(
    id="s1",
    name="Kompas",
    version="1.0",
    roles=(Role.PROVIDER,),
    self_assessed_class="A3",
    autonomy=1,
    sector="health",
    persons_per_month=1000.0,
    deployed=date(2025, 1, 1),
    foundation_model="none",
)


def run_of(
    test: str, failures: int = 0, clean: int = 0, missing: int = 0, epochs: int = 1, **changes: object
) -> TestRun:
    """A run of a test with these counts; unique prompts are the trials divided by the epochs, at least one."""
    planned = failures + clean + missing
    values: dict[str, object] = {
        "test": test,
        "evaluator": "Fictie Evaluaties",
        "independence": Independence.SELF_LOGGED,
        "run_date": AT - timedelta(days=30),
        "planned": planned,
        "unique_prompts": max(planned // epochs, 1) if planned else 0,
        "failures": failures,
        "clean": clean,
        "missing": missing,
        "sha256": "0" * 64,
        "source": "evidence/x.csv",
    }
    return TestRun(**(values | changes))  # type: ignore[arg-type]


def runs() -> st.SearchStrategy[TestRun]:
    """Runs with at least two clean trials, so that one can be turned into something worse."""
    return st.builds(
        lambda test, failures, clean, missing, epochs, independence, age, matches: run_of(
            test,
            failures,
            clean,
            missing,
            epochs,
            independence=independence,
            run_date=AT - timedelta(days=age),
            model_matches=matches,
        ),
        st.sampled_from(REQUIRED),
        st.integers(0, 60),
        st.integers(2, 300),
        st.integers(0, 20),
        st.integers(1, 10),
        st.sampled_from(Independence),
        st.integers(0, 1500),
        st.booleans(),
    )


def systems(system_id: str = "s1") -> st.SearchStrategy[AISystem]:
    """AI systems over all classes, roles and sectors, with some of the required evidence."""
    words = [c.vocabulary[0] for c in REGIME.classes.values()]
    return st.builds(
        AISystem,
        id=st.just(system_id),
        name=st.just("Kompas"),
        version=st.just("1.0"),
        roles=st.lists(st.sampled_from(Role), min_size=1, max_size=3, unique=True).map(tuple),
        self_assessed_class=st.sampled_from(words),
        autonomy=st.integers(0, 3),
        sector=st.sampled_from(tuple(CALIBRATION.sectors)),
        persons_per_month=st.floats(0, 5e6),
        deployed=st.dates(AT - timedelta(days=4000), AT),
        foundation_model=st.just("none"),
        assessed_class=st.one_of(st.none(), st.sampled_from(words)),
        eu_db_id=st.one_of(st.none(), st.just("EUDB-1")),
        runs=st.lists(runs(), max_size=6).map(tuple),
    )


def incidents(system_id: str = "s1") -> st.SearchStrategy[Incident]:
    """Incidents of the last eight years, reported in time, late or never."""
    return st.builds(
        lambda peril, age, known, lag, source, severity: Incident(
            id="i1",
            system=system_id,
            peril=peril,
            occurred_at=AT - timedelta(days=age),
            aware_at=AT - timedelta(days=min(known, age)),
            reported_at=None if lag is None else min(AT, AT - timedelta(days=min(known, age) - lag)),
            source=source,
            severity=severity,
            persons_affected=10,
            loss=Money(100_000),
            description="x",
        ),
        st.sampled_from(PERIL_IDS),
        st.integers(0, 3000),
        st.integers(0, 3000),
        st.one_of(st.none(), st.integers(0, 400)),
        st.sampled_from(IncidentSource),
        st.sampled_from(IncidentSeverity),
    )


def obligations(system_id: str = "s1") -> st.SearchStrategy[Obligation]:
    """Obligations of the last three years."""
    return st.builds(
        lambda kind, age, lag, completeness: Obligation(
            system=system_id,
            kind=kind,
            due=AT - timedelta(days=age),
            delivered=None if lag is None else min(AT, AT - timedelta(days=age - lag)),
            completeness=completeness,
        ),
        st.sampled_from(KINDS),
        st.integers(0, 1000),
        st.one_of(st.none(), st.integers(-20, 300)),
        st.floats(0, 1),
    )


LIMITS = (500_000, 1_000_000, 2_500_000, 6_450_000, 25_000_000)
DEDUCTIBLES = (0, 10_000, 25_000, 100_000)


def covers() -> st.SearchStrategy[Cover]:
    """Covers with standard sums."""
    return st.builds(
        lambda deductible, limit, times, term, instalments: Cover(
            inception=date(2027, 1, 1),
            term_months=term,
            heads=REGIME.compulsory_heads,
            terms=Terms(Money.euros(deductible), Money.euros(limit), Money.euros(limit * times)),
            instalments=instalments,
        ),
        st.sampled_from(DEDUCTIBLES),
        st.sampled_from(LIMITS),
        st.sampled_from((1, 2, 4)),
        st.sampled_from((3, 12, 24)),
        st.sampled_from(REGIME.instalments),
    )


def firms() -> st.SearchStrategy[Firm]:
    """Fictional firms."""
    return st.builds(
        lambda size, turnover, share: Firm(
            name="Voorbeeld Kompas B.V. (fictief)",
            kvk="99000001",
            country="NL",
            size_class=size,
            turnover_nl=Money(int(turnover * share)),
            turnover_world=Money(turnover),
            founded=date(2015, 5, 1),
        ),
        st.sampled_from(SizeClass),
        st.integers(0, 10**13),
        st.floats(0, 1),
    )


@st.composite
def profiles(draw: st.DrawFn) -> RiskProfile:
    """Whole profiles of one or two systems."""
    names = ("s1", "s2")[: draw(st.integers(1, 2))]
    chosen = tuple(draw(systems(name)) for name in names)
    name = st.sampled_from(names)
    found = draw(st.lists(name.flatmap(incidents), max_size=4))
    return RiskProfile(
        firm=draw(firms()),
        cover=draw(covers()),
        systems=chosen,
        incidents=tuple(replace(incident, id=f"i{n}") for n, incident in enumerate(found)),
        obligations=tuple(draw(st.lists(name.flatmap(obligations), max_size=8))),
        sha256="0" * 64,
    )


def minimum_trials(test: str) -> int:
    """Minimum unique prompts of a test in the catalogue."""
    return catalogue()[test].minimum_trials


def silent() -> dict[str, float]:
    """Danger score of a system that shows nothing, by peril; never below the market's."""
    t = tariff(CALIBRATION, REGIME)
    scores = danger_scores(t.silence[None, :], t)[0]
    return {peril: max(float(z), 0.0) for peril, z in zip(t.peril_ids, scores, strict=True)}


def points() -> st.SearchStrategy[Point]:
    """Firms of the domain with one system: each number drawn by itself, most of them without many incidents."""
    domain = REGIME.incentives.domain
    count = st.one_of(st.just(0.0), st.floats(0.0, 3.0), st.floats(0.0, domain.incidents))
    danger = {peril: st.floats(-6.0, top) for peril, top in silent().items()}
    return st.builds(
        _point,
        st.sampled_from(tuple(REGIME.classes)),
        st.booleans(),
        st.sampled_from(tuple(REGIME.exposure_base)),
        st.sampled_from(tuple(CALIBRATION.sectors)),
        st.tuples(st.integers(0, len(CALIBRATION.autonomy) - 1), st.integers(0, len(CALIBRATION.maturity) - 1)),
        st.floats(-5.0, 4.0),
        st.fixed_dictionaries(danger),
        st.floats(0.0, 1.0),
        st.fixed_dictionaries(dict.fromkeys(PERIL_IDS, count)),
        st.floats(0.0, REGIME.incident_window_years),
        st.tuples(*[st.floats(0.0, 1.0)] * 3),
        st.floats(3.0, 12.0),
    )


def _point(
    obliged: str,
    assessed: bool,
    role: str,
    sector: str,
    levels: tuple[int, int],
    exposure: float,
    danger: dict[str, float],
    compliance: float,
    incidents: dict[str, float],
    years: float,
    cover: tuple[float, float, float],
    turnover: float,
) -> Point:
    rules, domain = REGIME.classes[obliged], REGIME.incentives.domain
    largest = max(level.limit.cents for level in REGIME.authority)
    limit = (rules.minimum_limit.cents + cover[0] * (largest - rules.minimum_limit.cents)) / 100
    least = max(limit, rules.minimum_aggregate.cents / 100)
    lowest = rules.minimum_deductible.cents / 100
    return Point(
        obliged,
        obliged if assessed else rules.priced_when_self_assessed,
        role,
        sector,
        *levels,
        exposure=min(10**exposure, domain.persons / CALIBRATION.exposure_unit_persons),
        danger=danger,
        compliance=compliance,
        incidents=incidents,
        observed_years=years,
        deductible_eur=int(lowest + cover[1] * (domain.deductible_share * limit - lowest)),
        limit_eur=int(limit),
        aggregate_limit_eur=int(least * (1 + 3 * cover[2])) + 1,
        turnover_eur=10**turnover,
    )
