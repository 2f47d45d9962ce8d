"""Firms of the sample market as values of the promise: what a dossier would say, without name, number or file.

Firm `i` of seed `s` is the same however many firms are drawn: each has its own spawned seed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from actuarial.calibration import Calibration
from actuarial.market.conduct import draw_incidents, draw_obligations
from actuarial.market.experience import draw_claims
from actuarial.market.outcomes import TestOutcome, draw_habits, draw_outcomes
from actuarial.market.population import Population, Systems, draw_population
from actuarial.market.truth import DeclarationTruth, Truth
from actuarial.risks import declared_class
from actuarial.tariff import tariff
from policies.money import CENTS_PER_EURO, Money
from policies.period import DAYS_PER_YEAR, MONTHS_PER_YEAR, add_months
from policies.regimes import ObligedClass, Regime
from policies.risk import AISystem, Cover, Incident, Obligation, Role, SizeClass
from policies.terms import Terms

AUTONOMY_WORDS = ("adviser", "assistant", "operator", "agent")


@dataclass(frozen=True, slots=True)
class SampleFirm:
    """Firm `number` of the market. `systems` carry no runs: `outcomes` are what their tests showed.

    `safety` and `discipline` are the truth that nobody in the market sees.
    """

    number: int
    size_class: SizeClass
    country: str
    sector: str
    turnover_nl: Money
    turnover_world: Money
    founded: date
    cover: Cover
    systems: tuple[AISystem, ...]
    outcomes: tuple[TestOutcome, ...]
    incidents: tuple[Incident, ...]
    obligations: tuple[Obligation, ...]
    safety: float
    discipline: float


def draw_market(
    firms: int, seed: int, truth: Truth, at: date, regime: Regime, calibration: Calibration
) -> tuple[SampleFirm, ...]:
    """So many firms as they stand on day `at`; about 20 milliseconds each."""
    return tuple(draw_firm(number, seed, truth, at, regime, calibration) for number in range(1, firms + 1))


def draw_firm(number: int, seed: int, truth: Truth, at: date, regime: Regime, calibration: Calibration) -> SampleFirm:
    """Firm `number`, counted from 1, of the market of that seed. Raises WaarborgError as `draw_population` does."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))
    population = draw_population(rng, 1, truth, regime, calibration)
    firms, t = population.firms, tariff(calibration, regime)
    systems = tuple(
        _system(rng, index, population.systems, truth, at, regime) for index in range(len(population.systems.firm))
    )
    discipline = float(firms.discipline[0])
    habits = draw_habits(rng, truth.evidence)
    first = min(system.deployed for system in systems)
    return SampleFirm(
        number=number,
        size_class=SizeClass(tuple(truth.population.sizes)[firms.size[0]]),
        country=truth.population.country,
        sector=tuple(truth.population.sectors)[firms.sector[0]],
        turnover_nl=_thousands(float(firms.turnover_nl[0])),
        turnover_world=_thousands(float(firms.turnover_world[0])),
        founded=first - timedelta(int(firms.years_before[0] * DAYS_PER_YEAR)),
        cover=_cover(rng, systems, truth.declaration, at, regime),
        systems=systems,
        outcomes=tuple(
            outcome
            for index, system in enumerate(systems)
            for outcome in draw_outcomes(
                rng, system.id, t.test_ids, population.systems.rates[index], habits, truth.evidence, at
            )
        ),
        incidents=_incidents(rng, population, systems, truth, at, regime, calibration),
        obligations=tuple(
            duty for s in systems for duty in draw_obligations(rng, s, discipline, truth.conduct, at, regime)
        ),
        safety=float(firms.safety[0]),
        discipline=discipline,
    )


def _system(rng: np.random.Generator, index: int, s: Systems, truth: Truth, at: date, regime: Regime) -> AISystem:
    p, d = truth.population, truth.declaration
    true_word = p.words[s.word[index]]
    self_assessed, assessed = _declared(rng, true_word, d, regime)
    sector = tuple(p.sectors)[s.sector[index]]
    in_annex_iii = self_assessed in d.annex_iii_words
    number = f"EUDB-{rng.integers(10**9):09d}" if in_annex_iii and rng.random() < d.register_number else None
    autonomy = int(s.autonomy[index])
    return AISystem(
        id=f"s{index + 1}",
        name=f"{sector} {AUTONOMY_WORDS[autonomy]} {index + 1}",
        version=f"{rng.integers(1, 6)}.{rng.integers(0, 10)}",
        roles=tuple(Role(role) for role in tuple(p.roles)[s.role_set[index]].split("+")),
        self_assessed_class=self_assessed,
        autonomy=autonomy,
        sector=sector,
        persons_per_month=float(s.persons_per_month[index]),
        deployed=at - timedelta(int(s.age_days[index])),
        foundation_model=tuple(p.foundation_models)[s.foundation_model[index]],
        assessed_class=assessed,
        annex_iii_area=p.sectors[sector].annex_iii_area if in_annex_iii else None,
        eu_db_id=number,
        training_flop=_flop(rng, true_word, d),
    )


def _declared(rng: np.random.Generator, word: str, d: DeclarationTruth, regime: Regime) -> tuple[str, str | None]:
    """The class a firm finds itself, and the one an independent assessor found: always the true one."""
    if rng.random() < d.prohibited:
        return regime.declined_words[0], None
    milder = d.understated_as.get(word)
    self_assessed = milder if milder and rng.random() < d.understated else word
    return self_assessed, word if rng.random() < d.assessed[word] else None


def _flop(rng: np.random.Generator, word: str, d: DeclarationTruth) -> float | None:
    """Training compute of a general-purpose model, to three digits."""
    bounds = d.training_flop.get(word)
    return float(f"{10 ** rng.uniform(*bounds):.2e}") if bounds else None


def _thousands(euros: float) -> Money:
    return Money(round(euros / 1000) * 1000 * CENTS_PER_EURO)


def _cover(
    rng: np.random.Generator, systems: tuple[AISystem, ...], d: DeclarationTruth, at: date, regime: Regime
) -> Cover:
    """A year of cover, in force with the regime or from the next first of a month; sums from the highest class."""
    floor = _highest(systems, regime)
    limit = floor.minimum_limit.times(Decimal(float(rng.choice(d.limit_factors))))
    deductible = floor.minimum_deductible.times(Decimal(float(rng.choice(d.deductible_factors))))
    chosen = tuple(head for head in regime.optional_heads if rng.random() < d.optional_heads)
    return Cover(
        inception=max(regime.in_force_from, add_months(at.replace(day=1), 1)),
        term_months=MONTHS_PER_YEAR,
        heads=(*regime.compulsory_heads, *chosen),
        terms=Terms(deductible, limit, max(limit, floor.minimum_aggregate)),
        instalments=int(rng.choice(regime.instalments)),
    )


def _highest(systems: tuple[AISystem, ...], regime: Regime) -> ObligedClass:
    ladder = tuple(regime.classes)
    return max((declared_class(system, regime) for system in systems), key=lambda c: ladder.index(c.id))


def _incidents(
    rng: np.random.Generator,
    population: Population,
    systems: tuple[AISystem, ...],
    truth: Truth,
    at: date,
    regime: Regime,
    calibration: Calibration,
) -> tuple[Incident, ...]:
    """Claims and near misses of the observed years that the dossier knows of, in order of occurrence."""
    years = int(regime.incident_window_years)
    found: list[Incident] = []
    for per_claim, costs in ((1.0, True), (truth.frequency.near_misses_per_claim, False)):
        at_risk, claims = draw_claims(rng, population, truth, years, regime, calibration, per_claim)
        owners = [systems[number] for number in at_risk.system[claims.row]]
        found += draw_incidents(rng, claims, owners, costs, truth.conduct, at, regime, calibration)
    found.sort(key=lambda incident: (incident.occurred_at, incident.system, incident.peril, incident.loss))
    return tuple(replace(incident, id=f"i{number}") for number, incident in enumerate(found, 1))
