"""The firms and AI systems of the sample market as arrays: F firms, S systems, P perils, T tests.

One code path draws a whole market at once and a single firm as a market of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv, expit, ndtr

from actuarial.calibration import Calibration
from actuarial.evidence import Ints, danger_scores
from actuarial.market.truth import PopulationTruth, SafetyTruth, SizeTruth, Truth
from actuarial.rounding import Floats
from actuarial.tariff import Tariff, tariff
from policies.findings import WaarborgError
from policies.period import DAYS_PER_YEAR
from policies.regimes import ObligedClass, Regime
from policies.safety import Kind, catalogue

PER_THOUSAND = 1000.0


@dataclass(frozen=True, slots=True)
class Firms:
    """Arrays (F,), and `frailty` (F, P), the firm's own factor on its claims of a peril, with mean 1.

    Ints are positions in the truth's lists. Turnover in euros a year. `discipline` is the true compliance in [0, 1].
    """

    size: Ints
    sector: Ints
    turnover_world: Floats
    turnover_nl: Floats
    years_before: Floats  # from founding to the first deployment
    safety: Floats
    discipline: Floats
    frailty: Floats


@dataclass(frozen=True, slots=True)
class Systems:
    """Arrays (S,), `rates` (S, T) true failure rates, `danger` (S, P) the danger scores they make.

    `word` is the true class word, `obliged` the true obliged class (position in the regime's list), `role_set` a
    position in the truth's role sets, `exposure` in units a year, `age_days` since deployment.
    """

    firm: Ints
    word: Ints
    obliged: Ints
    role_set: Ints
    autonomy: Ints
    sector: Ints
    foundation_model: Ints
    persons_per_month: Floats
    exposure: Floats
    age_days: Ints
    rates: Floats
    danger: Floats


@dataclass(frozen=True, slots=True)
class Population:
    """Firms and their systems, sorted by firm; every firm has at least one system."""

    firms: Firms
    systems: Systems


def draw_population(
    rng: np.random.Generator, firms: int, truth: Truth, regime: Regime, calibration: Calibration
) -> Population:
    """So many firms with their systems. Raises WaarborgError when the regime does not know the truth's class words."""
    t = tariff(calibration, regime)
    drawn = _firms(rng, firms, truth, t)
    return Population(drawn, _systems(rng, drawn, truth, regime, calibration))


def pick(rng: np.random.Generator, shares: Sequence[float], count: int) -> Ints:
    """So many positions in `shares`, each with probability proportional to its share."""
    edges = np.cumsum(shares)
    return np.asarray(np.searchsorted(edges, rng.random(count) * edges[-1], side="right"), dtype=np.int64)


def _firms(rng: np.random.Generator, count: int, truth: Truth, t: Tariff) -> Firms:
    p = truth.population
    sizes = tuple(p.sizes.values())
    size = pick(rng, [s.share for s in sizes], count)
    turnover = np.clip(
        _by_size(sizes, "turnover_median")[size] * np.exp(p.turnover_sigma * rng.standard_normal(count)),
        np.array([s.turnover[0] for s in sizes])[size],
        np.array([s.turnover[1] for s in sizes])[size],
    )
    safety = rng.standard_normal(count)
    alpha = np.array([truth.frequency.perils[peril].alpha for peril in t.peril_ids])
    return Firms(
        size=size,
        sector=pick(rng, [s.share for s in p.sectors.values()], count),
        turnover_world=turnover,
        turnover_nl=turnover * rng.uniform(*p.turnover_nl_share, count),
        years_before=rng.uniform(*p.firm_years_before, count),
        safety=safety,
        discipline=_discipline(rng, safety, truth.safety),
        frailty=rng.gamma(alpha, 1 / alpha, (count, len(alpha))),
    )


def _by_size(sizes: tuple[SizeTruth, ...], field: str) -> Floats:
    return np.array([getattr(size, field) for size in sizes])


def _discipline(rng: np.random.Generator, safety: Floats, s: SafetyTruth) -> Floats:
    """A beta variable tied to safety through a normal copula."""
    own = np.sqrt(1 - s.discipline_safety**2) * rng.standard_normal(len(safety))
    return np.asarray(betaincinv(s.discipline_alpha, s.discipline_beta, ndtr(s.discipline_safety * safety + own)))


def _systems(rng: np.random.Generator, firms: Firms, truth: Truth, regime: Regime, calibration: Calibration) -> Systems:
    p, t = truth.population, tariff(calibration, regime)
    sizes = tuple(p.sizes.values())
    further = rng.poisson(_by_size(sizes, "further_systems")[firms.size])
    firm = np.repeat(np.arange(len(firms.size)), np.minimum(1 + further, p.most_systems))
    count = len(firm)
    persons = np.ceil(
        _by_size(sizes, "persons_median")[firms.size[firm]] * np.exp(p.persons_sigma * rng.standard_normal(count))
    )
    word = _words(rng, firms.size[firm], p)
    role_set = pick(rng, tuple(p.roles.values()), count)
    rates = _failure_rates(rng, firms.safety[firm], truth.safety, t)
    age = np.clip(rng.exponential(p.years_deployed_mean, count), *p.years_deployed)
    stays = rng.random(count) < p.sector_of_system_is_firms
    elsewhere = pick(rng, [s.share for s in p.sectors.values()], count)
    return Systems(
        firm=firm,
        word=word,
        obliged=_obliged(word, persons, p, regime),
        role_set=role_set,
        autonomy=pick(rng, p.autonomy, count),
        sector=np.where(stays, firms.sector[firm], elsewhere),
        foundation_model=pick(rng, tuple(p.foundation_models.values()), count),
        persons_per_month=persons,
        exposure=_exposure(firm, role_set, persons, firms.turnover_nl, p, regime, calibration),
        age_days=np.ceil(age * DAYS_PER_YEAR).astype(np.int64),
        rates=rates,
        danger=danger_scores(rates, t),
    )


def _words(rng: np.random.Generator, size: Ints, p: PopulationTruth) -> Ints:
    """True class words, by the shares of the firm's size."""
    edges = np.cumsum([[p.classes[name][word] for word in p.words] for name in p.sizes], axis=1)
    level = rng.random(len(size)) * edges[size, -1]
    return np.asarray((level[:, None] >= edges[size]).sum(axis=1), dtype=np.int64)


def _obliged(word: Ints, persons: Floats, p: PopulationTruth, regime: Regime) -> Ints:
    """Position of the obliged class in the regime's list."""
    ladder = tuple(regime.classes)
    plain = [_class_of(name, regime) for name in p.words]
    start = np.array([ladder.index(c.id) for c in plain])[word]
    above = np.array([ladder.index(c.escalates_to) for c in plain])[word]
    limit = np.array([c.escalates_at_persons for c in plain])[word]
    return np.where(persons >= limit, above, start)


def _class_of(word: str, regime: Regime) -> ObligedClass:
    found = regime.classify(word, 0.0)
    if found is None:
        raise WaarborgError(f"the sample market has systems of class {word!r}, which regime {regime.id} does not know")
    return found


def _exposure(
    firm: Ints,
    role_set: Ints,
    persons: Floats,
    turnover_nl: Floats,
    p: PopulationTruth,
    regime: Regime,
    calibration: Calibration,
) -> Floats:
    """Units a year: persons, or the firm's Dutch turnover shared over its systems rated on turnover."""
    on_turnover = np.array(
        [any(regime.exposure_base[role] == "turnover" for role in roles.split("+")) for roles in p.roles]
    )[role_set]
    shared = np.maximum(np.bincount(firm, weights=on_turnover, minlength=len(turnover_nl)), 1.0)
    by_turnover = (turnover_nl / shared)[firm] / calibration.exposure_unit_turnover_eur
    return np.where(on_turnover, by_turnover, persons / calibration.exposure_unit_persons)


def _failure_rates(rng: np.random.Generator, safety: Floats, s: SafetyTruth, t: Tariff) -> Floats:
    """True failure rates (S, T): standardised logits fall with safety; capability does not depend on it."""
    known = catalogue()
    about_safety = np.array([float(known[test].kind is not Kind.CAPABILITY) for test in t.test_ids])
    loading = s.loading * about_safety
    noise = np.sqrt(1 - loading**2) * rng.standard_normal((len(safety), len(loading)))
    standard = noise - loading * safety[:, None] - s.guarding * about_safety
    return np.asarray(expit(t.logit_mean + t.logit_sd * standard))


def claim_frequency(population: Population, truth: Truth, regime: Regime, calibration: Calibration) -> Floats:
    """True claims a year (S, P), before maturity and without the firm's frailty (docs/methods/sample-market.md)."""
    f, p, s = truth.frequency, truth.population, population.systems
    perils = tariff(calibration, regime).peril_ids
    effect = (
        f.elasticity * np.log(s.exposure)
        + np.array([f.classes[obliged] for obliged in regime.classes])[s.obliged]
        + np.array([role_effect(roles, truth) for roles in p.roles])[s.role_set]
        + np.array(f.autonomy)[s.autonomy]
        + np.array([f.sectors[sector] for sector in p.sectors])[s.sector]
        + f.sharing * (1 - population.firms.discipline[s.firm])
    )
    base = np.log([f.perils[peril].claims_per_thousand / PER_THOUSAND for peril in perils])
    theta = np.array([f.perils[peril].theta for peril in perils])
    return np.asarray(np.exp(base + theta * s.danger + effect[:, None]))


def role_effect(roles: str, truth: Truth) -> float:
    """Effect of a set of roles joined by "+": that of the dearest."""
    return max(truth.frequency.roles[role] for role in roles.split("+"))
