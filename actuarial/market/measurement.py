"""What the sample market shows of itself: measured danger and compliance, declared classes, conduct and settlement.

All is drawn from streams of its own, so that the market underneath is the same with and without it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from actuarial.calibration import Calibration
from actuarial.compliance import compliance
from actuarial.evidence import Bools, Ints, danger_scores, failure_rates
from actuarial.market.experience import Claims, Experience
from actuarial.market.population import Population
from actuarial.market.runs import draw_runs
from actuarial.market.truth import ConductTruth, DeclarationTruth, SettlementTruth, Truth
from actuarial.rounding import Floats
from actuarial.tariff import tariff
from policies.findings import WaarborgError
from policies.period import DAYS_PER_YEAR, MONTHS_PER_YEAR, add_months
from policies.regimes import ObligationRule, Regime

IN_TIME, LATE, DISCOVERED, HIDDEN = range(4)  # conduct of a claim; nobody ever hears of a hidden one
STREAM = 0  # spawn key of these draws; firms of dossiers have the keys from 1
DAYS_PER_MONTH = DAYS_PER_YEAR / MONTHS_PER_YEAR


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody knows of the market: danger (S, P), compliance (S,), obliged class (S,), conduct of claims (C,).

    The class is a position in the regime's list, the conduct one of IN_TIME, LATE, DISCOVERED and HIDDEN.
    """

    danger: Floats
    compliance: Floats
    obliged: Ints
    conduct: Ints


def stream(seed: int, purpose: int) -> np.random.Generator:
    """A generator of its own for one purpose of a seed, beside that of the market and those of its firms."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(STREAM, purpose)))


def as_it_is(market: Experience, conduct: Ints) -> Seen:
    """True danger, discipline and class; who would conceal reports late."""
    systems, discipline = market.population.systems, market.population.firms.discipline
    return Seen(systems.danger, discipline[systems.firm], systems.obliged, np.minimum(conduct, LATE))


def as_measured(
    rng: np.random.Generator, market: Experience, conduct: Ints, truth: Truth, regime: Regime, calibration: Calibration
) -> Seen:
    """Danger from the tests that firms hand in, compliance from the calendar, classes as declared."""
    population, t = market.population, tariff(calibration, regime)
    runs = draw_runs(rng, population, truth.evidence, regime, calibration)
    danger = danger_scores(failure_rates(runs, len(population.systems.firm), t), t)
    delivered, missed = _duties(rng, market, truth.conduct, regime)
    missed += _unreported(market, conduct, regime)
    return Seen(
        danger=danger,
        compliance=compliance(delivered, missed, regime.compliance),
        obliged=_declared(rng, population, truth, regime),
        conduct=conduct,
    )


def draw_conduct(rng: np.random.Generator, claims: Claims, c: ConductTruth, regime: Regime) -> Ints:
    """Conduct of each claim (C,): concealed ones come to light with the regime's detection probability."""
    level, found = rng.random(len(claims.row)), rng.random(len(claims.row))
    concealed = np.where(found < regime.detection_probability, DISCOVERED, HIDDEN)
    return np.select([level < c.in_time, level < c.in_time + c.late], [IN_TIME, LATE], concealed)


def draw_settlement(
    rng: np.random.Generator, claims: Claims, s: SettlementTruth, regime: Regime, calibration: Calibration
) -> Ints:
    """Day on which each claim is settled (C,), counted as its other days."""
    scale = np.array([s.scale_days[head] for head in tariff(calibration, regime).head_ids])[claims.head]
    scale = scale * (claims.loss / s.reference_eur) ** s.loss_elasticity
    days: Floats = scale * rng.weibull(s.shape, len(scale))
    return claims.report_day + np.floor(days).astype(np.int64)


def _duties(rng: np.random.Generator, market: Experience, c: ConductTruth, regime: Regime) -> tuple[Floats, Floats]:
    """Weighted scores delivered and missed of each system's duties that fell due in the window, (S,) each.

    All months are of one length. As in `actuarial.compliance`, deliveries earn up to what the calendar expects.
    """
    population, rules, at = market.population, regime.compliance, market.valuation_date
    age, discipline = population.systems.age_days, population.firms.discipline[population.systems.firm]
    active_months = np.minimum(age, (at - add_months(at, -rules.window_months)).days) / DAYS_PER_MONTH
    delivered, missed = np.zeros(len(age)), np.zeros(len(age))
    for rule in (rule for rule in regime.obligations.values() if rule.every_months):
        earned = np.zeros(len(age))
        for days_ago, due in _calendar(rule, age, rules.window_months):
            score = _scores(rng, days_ago, discipline, c, rules.late_scale_days)
            earned += np.where(due, score, 0.0)
            missed += rule.weight * np.where(due, 1 - score, 0.0)
        delivered += rule.weight * np.minimum(earned, active_months // rule.every_months)
    return delivered, missed


def _calendar(rule: ObligationRule, age: Ints, window_months: int) -> list[tuple[Floats, Bools]]:
    """Days since each due day of a recurring duty, (S,), and whether it lies in the window."""
    every, window = rule.every_months * DAYS_PER_MONTH, window_months * DAYS_PER_MONTH
    passed = age // every
    newest = age - passed * every
    return [
        (newest + number * every, (number < passed) & (newest + number * every <= window))
        for number in range(window_months // rule.every_months + 1)
    ]


def _scores(
    rng: np.random.Generator, days_ago: Floats, discipline: Floats, c: ConductTruth, late_scale_days: float
) -> Floats:
    """Completeness x timeliness of one duty of each system, 0 when it has not been delivered yet."""
    met, missed, whole = (
        rng.random(len(days_ago)) < chance for chance in (discipline, c.missed_of_failed_duties, c.complete)
    )
    late = np.where(met, 0.0, 1 + np.floor(rng.exponential(c.days_late_mean, len(days_ago))))
    completeness = np.where(whole, 1.0, rng.uniform(c.least_completeness, 1.0, len(days_ago)))
    never = (~met & missed) | (late > days_ago)
    return np.where(never, 0.0, completeness * np.exp(-late / late_scale_days))


def _unreported(market: Experience, conduct: Ints, regime: Regime) -> Floats:
    """What discovered claims of the window, never reported, add to the duties missed, (S,)."""
    rules, claims = regime.compliance, market.claims
    recent = (claims.report_day < 0) & (claims.report_day >= -rules.window_months * DAYS_PER_MONTH)
    system = market.at_risk.system[claims.row]
    weight = rules.incident_report_weight * (recent & (conduct == DISCOVERED))
    return np.asarray(np.bincount(system, weights=weight, minlength=len(market.population.systems.firm)), dtype=float)


def _declared(rng: np.random.Generator, population: Population, truth: Truth, regime: Regime) -> Ints:
    """The class that the regime gives each system by the best assessment there is, (S,)."""
    s, p, d = population.systems, truth.population, truth.declaration
    count = len(s.firm)
    milder = np.array([p.words.index(d.understated_as.get(word, word)) for word in p.words])[s.word]
    assessed = rng.random(count) < np.array([d.assessed[word] for word in p.words])[s.word]
    told = np.where(~assessed & (rng.random(count) < d.understated), milder, s.word)
    registered = rng.random(count) < d.register_number
    declared = np.empty(count, dtype=np.int64)
    for true, heard, number in np.unique(np.stack([s.word, told, registered]), axis=1).T:
        members = np.flatnonzero((s.word == true) & (told == heard) & (registered == number))
        words = (p.words[true], p.words[heard])
        declared[members] = _class_positions(words, bool(number), s.persons_per_month[members], d, regime)
    return declared


def _class_positions(
    words: tuple[str, str], registered: bool, persons: Floats, d: DeclarationTruth, regime: Regime
) -> Ints:
    """Positions of the obliged class of systems of one true word that are heard to be of another."""
    true, heard = words
    flop = 10 ** d.training_flop[true][0] if true in d.training_flop else 0.0
    ladder = tuple(regime.classes)
    found = regime.classify(heard, 0.0, flop)
    if found and found.register_number_required and not registered:
        found = regime.classify(found.without_register_number, 0.0, flop)
    if found is None:
        raise WaarborgError(f"the sample market has systems of class {heard!r}, which regime {regime.id} does not know")
    return np.where(persons >= found.escalates_at_persons, ladder.index(found.escalates_to), ladder.index(found.id))
