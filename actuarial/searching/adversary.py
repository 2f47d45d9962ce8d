"""The adversary: a search for a firm that breaks a claim of the certificate (docs/methods/adversary.md).

It knows nothing of the proofs. For each claim a global optimiser looks for the firm, and the change to it, for which
the code that quotes breaks the claim most.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.optimize import Bounds, differential_evolution

from actuarial.calibration import Calibration
from actuarial.certificate import Number, Witness
from actuarial.proofs.point import Point, RateFunction, told
from actuarial.rating import rate
from actuarial.rounding import Floats
from actuarial.searching import moves
from actuarial.searching.measures import (
    Measure,
    Priced,
    concealing_pays,
    elasticity,
    falls,
    prices,
    prices_of_amounts,
    steps,
)
from actuarial.searching.moves import Change, Ground, Move, ground
from actuarial.searching.runs import (
    DATE_GENES,
    RUN_GENES,
    delivered_later,
    one_day_later,
    one_failure_more,
    rates_fall,
    worse_runs,
)
from actuarial.tariff import ThetaLevel
from policies.money import Money
from policies.regimes import Regime

BUDGET = 1_000  # candidates per claim
POPULATION = 100
LEFT = 0.25  # of the breach, in the plain firm that is named
GENERATIONS = 5  # before the population is drawn afresh: a broken claim shows early, a sound one has nothing to climb


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the search made of a claim: how many candidates it tried, and the worst of them. `worst` is above zero
    where the claim is broken (a share of the premium, a logarithm or an elasticity beyond the bound); then `witness`
    is a firm for which it is, as plain as still breaks the claim."""

    claim: str
    tried: int
    worst: float
    witness: Witness | None


@dataclass(frozen=True, slots=True)
class Attack:
    """The change that might break a claim, of so many `genes`, how it is priced, how far it breaks the claim, and the
    levels of theta at which the claim is made."""

    move: Move
    measure: Measure
    genes: int = moves.MOVE
    priced: Callable[[Sequence[Change], Ground], list[Priced]] = prices
    levels: tuple[ThetaLevel, ...] = (ThetaLevel.CENTRAL,)


LEVELS = (ThetaLevel.CENTRAL, ThetaLevel.LOW, ThetaLevel.HIGH)
ATTACKS = {
    "failures": Attack(worse_runs, rates_fall, RUN_GENES, levels=LEVELS),
    "danger": Attack(moves.more_danger, falls, levels=LEVELS),
    "lateness": Attack(delivered_later, falls, DATE_GENES),
    "incidents": Attack(moves.more_incidents, falls),
    "exposure": Attack(moves.more_exposure, falls),
    "ladders": Attack(moves.up_a_ladder, falls),
    "limit": Attack(moves.higher_limit, falls),
    "compliance": Attack(moves.less_compliance, falls),
    "deductible": Attack(moves.lower_deductible, falls),
    "disclosure": Attack(moves.disclosed_or_concealed, concealing_pays),
    "elasticity-danger": Attack(moves.stretched(moves.more_danger), elasticity("danger")),
    "elasticity-sharing": Attack(moves.stretched(moves.shared_less), elasticity("sharing")),
    "elasticity-exposure": Attack(moves.stretched(moves.exposed_more), elasticity("exposure")),
    "step-class": Attack(moves.next_class, steps("class")),
    "step-autonomy": Attack(moves.more_autonomy, steps("autonomy")),
    "step-maturity": Attack(moves.next_band, steps("maturity", either=True)),
    "step-size": Attack(moves.next_size, steps("size", either=True)),
    "step-failure": Attack(one_failure_more, steps("failure")),
    "step-incident": Attack(moves.serious_incident, steps("incident")),
    "step-lateness": Attack(one_day_later, steps("lateness"), DATE_GENES),
    "rounding": Attack(moves.higher_amount, falls, priced=prices_of_amounts),
}


def challenge(
    calibration: Calibration, regime: Regime, rating: RateFunction = rate, seed: int = 1, budget: int = BUDGET
) -> tuple[Challenge, ...]:
    """A challenge of every claim, `budget` candidates each. The same seed gives the same answer.

    Raises WaarborgError when the calibration cannot price the regime at all.
    """
    return tuple(challenge_one(claim, calibration, regime, rating, seed, budget) for claim in ATTACKS)


def challenge_one(
    claim: str,
    calibration: Calibration,
    regime: Regime,
    rating: RateFunction = rate,
    seed: int = 1,
    budget: int = BUDGET,
) -> Challenge:
    """A challenge of one claim; its search is the same as among all others."""
    attack, rng = ATTACKS[claim], np.random.default_rng([seed, *claim.encode()])
    g = ground(calibration, regime, rating, rng)
    worst, best, where = -np.inf, np.zeros(0), g
    populations = max(-(-budget // (POPULATION * GENERATIONS)), len(attack.levels))
    for population in range(populations):
        g = moves.elsewhere(g, attack.levels[population % len(attack.levels)], rng)
        genes, value = _evolve(partial(_excess, attack, g), g.firm_genes + attack.genes, rng)
        if value > worst:
            worst, best, where = value, genes, g
    found = None if worst <= 0 else _witness(attack, _plainest(attack, where, best, worst), where)
    return Challenge(claim, populations * POPULATION * GENERATIONS, worst, found)


def _evolve(excess: Callable[[Floats], Floats], genes: int, rng: np.random.Generator) -> tuple[Floats, float]:
    """The worst genes that one population comes to, and what they are worth."""

    def gain(columns: Floats, /) -> Any:  # the stubs know no vectorised function
        return -excess(columns.T)

    result = differential_evolution(
        gain,
        Bounds(np.zeros(genes), np.ones(genes)),
        init=rng.random((POPULATION, genes)),
        maxiter=GENERATIONS - 1,  # beside the first, which is drawn
        tol=0.0,
        polish=False,
        vectorized=True,
        updating="deferred",
        rng=rng,
    )
    return np.asarray(result.x), -float(result.fun)


def _excess(attack: Attack, g: Ground, genes: Floats) -> Floats:
    """How far each row of genes (N, G) breaks the claim, (N,)."""
    changes = _changes(attack, g, genes)
    return attack.measure(attack.priced(changes, g), changes, g)


def _changes(attack: Attack, g: Ground, genes: Floats) -> list[Change]:
    own = g.firm_genes
    return [attack.move(moves.firm(row[:own], g), row[own:], g) for row in genes]


def _plainest(attack: Attack, g: Ground, genes: Floats, worst: float) -> Floats:
    """The genes made plain, all at once or one by one, as long as enough of the breach is left."""
    plain = moves.plain_genes(g)
    places = np.flatnonzero(np.isfinite(plain))
    perils = len(g.t.peril_ids)
    for some in (places, places[-perils:], places[-2 * perils :], *places[:, None]):
        candidate = genes.copy()
        candidate[some] = plain[some]
        if _excess(attack, g, candidate[None, :])[0] >= LEFT * worst:
            genes = candidate
    return genes


def _witness(attack: Attack, genes: Floats, g: Ground) -> Witness:
    """The firm in plain numbers, before and after, with the premium due of both."""
    (change,) = _changes(attack, g, genes[None, :])
    before, after = attack.priced([change], g)[:2]
    firm = change.points[0]
    level = () if g.level is ThetaLevel.CENTRAL else (("level", g.level.value),)
    facts = (*told(firm), *_heads(firm, g.regime), *change.notes, *level)
    return Witness(
        firm=tuple((name, _short(value)) for name, value in facts if name != change.changed and _says(name, value)),
        changed=change.changed,
        before=change.before,
        after=change.after,
        due_before=Money(int(before.due[0])),
        due_after=Money(int(after.due[0])),
    )


def _says(name: str, value: Number) -> bool:
    """A peril at which a firm is like the market, or without incidents, is not worth a word."""
    return bool(value) or not name.startswith(("danger_", "incidents_"))


def _short(value: Number) -> Number:
    return float(f"{value:.9g}") if isinstance(value, float) else value


def _heads(point: Point, regime: Regime) -> tuple[tuple[str, Number], ...]:
    """Optional heads that are covered too."""
    chosen = " ".join(head for head in point.heads if head not in regime.compulsory_heads)
    return (("optional_heads", chosen),) if chosen else ()
