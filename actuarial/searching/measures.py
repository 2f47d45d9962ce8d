"""How far a change breaks a claim: above zero it does, below zero it shows how far it is from it.

Where the minimum premium hides a change, the premium before the minimum shows the way, without counting as a breach.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from actuarial.certificate import Number
from actuarial.evidence import Bools
from actuarial.premium import LOADINGS, premiums
from actuarial.proofs.point import Point, table
from actuarial.rating import STEPS, Rating
from actuarial.risks import RiskTable
from actuarial.rounding import Floats
from actuarial.searching.moves import Change, Ground
from policies.money import CENTS_PER_EURO

TOLERANCE_CENTS = 2.0  # a premium is the sum of two rounded amounts, each half a cent off at most, before and after
TOLERANCE_SHARE = 1e-6  # the transform behind the aggregate limit is right to about 1e-9 of that limit
DISCLOSURE_CENTS = 5.0  # four premiums, each rounded, some of them times 1.2
TOLERANCE_LOG = 1e-6  # elasticities are quotients of differences of logarithms


@dataclass(frozen=True, slots=True)
class Priced:
    """Yearly premiums of N points in cents, with tax and minimum (`due`), without tax (`technical`), without tax and
    minimum (`free`); expected loss by peril in euros (N, P), and its sum as a share of the aggregate limit (N,)."""

    due: Floats
    technical: Floats
    free: Floats
    by_peril: Floats
    share: Floats


Measure = Callable[[Sequence[Priced], Sequence[Change], Ground], Floats]


def price(points: Sequence[Point], g: Ground) -> Priced:
    """The points rated and priced by the code that quotes."""
    risks = table(points, g.t, g.regime)
    return _priced(g.rating(risks, g.t), risks, g)


def _priced(rating: Rating, risks: RiskTable, g: Ground) -> Priced:
    found = premiums(rating, risks, g.t)
    technical = found.technical.astype(float)
    return Priced(
        due=found.due.astype(float),
        technical=technical,
        free=technical - found.loadings[:, LOADINGS.index("minimum")],
        by_peril=rating.by_peril,
        share=rating.by_peril.sum(axis=1) / (risks.aggregate_limit / CENTS_PER_EURO),
    )


def prices(changes: Sequence[Change], g: Ground) -> list[Priced]:
    """The points of changes of one kind, priced together: first all first points, then all second ones."""
    rows, kinds = len(changes), len(changes[0].points)
    every = price([change.points[kind] for kind in range(kinds) for change in changes], g)
    columns = (every.due, every.technical, every.free, every.by_peril, every.share)
    return [Priced(*(values[kind * rows : (kind + 1) * rows] for values in columns)) for kind in range(kinds)]


def prices_of_amounts(changes: Sequence[Change], g: Ground) -> list[Priced]:
    """Premiums of amounts that are given, not rated: what expenses, levy, minimum, tax and rounding make of them."""
    risks = table([change.points[0] for change in changes], g.t, g.regime)
    none = np.zeros((len(changes), len(g.t.peril_ids)))
    alone = replace(g, t=replace(g.t, handling=0.0))

    def loaded(amounts: Sequence[Number]) -> Priced:
        steps = np.repeat(np.array(amounts, dtype=float)[:, None], len(STEPS), axis=1)
        return _priced(Rating(steps, none, none, none, none[:, 0]), risks, alone)

    return [loaded([change.before for change in changes]), loaded([change.after for change in changes])]


def falls(found: Sequence[Priced], changes: Sequence[Change], g: Ground) -> Floats:  # noqa: ARG001 - one signature
    """The share by which the premium due falls where it should not, (N,)."""
    before, after = found[:2]
    allowed = np.maximum(TOLERANCE_CENTS, TOLERANCE_SHARE * before.due)
    fall = (before.due - after.due - allowed) / np.maximum(before.due, 1.0)
    return _guided(fall, _log_ratio(after.free, before.free))


def steps(lever: str, either: bool = False) -> Measure:
    """By how much more than the cap of this lever the log of the premium moves, for firms of the domain."""

    def measure(found: Sequence[Priced], changes: Sequence[Change], g: Ground) -> Floats:  # noqa: ARG001
        before, after = found[:2]
        free, due = _log_ratio(before.free, after.free), _log_ratio(before.due, after.due)
        if either:
            free, due = np.abs(free), np.abs(due)
        cap = g.regime.incentives.steps[lever].most
        noise = TOLERANCE_CENTS / np.maximum(np.minimum(before.free, after.free), 1.0)
        return _within(_guided(due - cap - noise, free - cap), before, g)

    return measure


def elasticity(lever: str) -> Measure:
    """By how much the slope of log expected loss lies outside its bounds; the floor is for firms without a record."""

    def measure(found: Sequence[Priced], changes: Sequence[Change], g: Ground) -> Floats:
        bounds = g.regime.incentives.elasticities[lever]
        size = np.array([change.size for change in changes])[:, None]
        slope, bare = (_slope(found[k].by_peril, found[k + 1].by_peril, size) for k in (0, 2))
        moved = np.array([[not c.peril or c.peril == peril for peril in g.t.peril_ids] for c in changes])
        exempt = np.array([lever == "danger" and peril in g.regime.incentives.exempt for peril in g.t.peril_ids])
        above = np.where(moved, slope - bounds.most, -np.inf).max(axis=1)
        below = np.where(moved & ~exempt, bounds.least - bare, -np.inf).max(axis=1)
        excess = np.maximum(above, below) - TOLERANCE_LOG
        return np.where((size[:, 0] > SMALLEST_STEP) & np.isfinite(excess), excess, -1.0)

    return measure


SMALLEST_STEP = 1e-2  # of a lever: below, a quotient of differences says little


def concealing_pays(found: Sequence[Priced], changes: Sequence[Change], g: Ground) -> Floats:  # noqa: ARG001
    """What concealing saves over disclosing, early or late, with the regime's margin, as a share of the premium."""
    detection, margin = g.regime.detection_probability, 1 + g.regime.disclosure_margin

    def saving(of: Callable[[Priced], Floats]) -> Floats:
        late, concealed, none, in_time = (of(priced) for priced in found)
        told = np.maximum(late, in_time) - none
        return np.asarray((margin * told - detection * (concealed - none) - DISCLOSURE_CENTS) / np.maximum(none, 1.0))

    excess = _guided(saving(lambda priced: priced.technical), saving(lambda priced: priced.free))
    return _within(excess, found[2], g)


def _slope(before: Floats, after: Floats, size: Floats) -> Floats:
    """(ln after - ln before) / size; NaN-free where nothing is covered or nothing moved."""
    log = np.log(np.maximum(after, np.finfo(float).tiny)) - np.log(np.maximum(before, np.finfo(float).tiny))
    return np.asarray(np.divide(log, size, out=np.zeros_like(log), where=size > SMALLEST_STEP))


def _guided(real: Floats, guide: Floats) -> Floats:
    """The breach where there is one; elsewhere the guide, which may not pass for one."""
    return np.asarray(np.where(real > 0, real, np.minimum(guide, 0.0)))


def _within(excess: Floats, before: Priced, g: Ground) -> Floats:
    """Firms outside the domain do not count; the further outside, the less they are worth following."""
    outside = np.log(np.maximum(before.share / g.regime.incentives.domain.loss_share, np.finfo(float).tiny))
    beyond: Bools = outside > 0
    return np.asarray(np.where(beyond, np.minimum(excess, 0.0) - 1.0 - outside, excess))


def _log_ratio(before: Floats, after: Floats) -> Floats:
    return np.asarray(np.log(np.maximum(after, 1.0)) - np.log(np.maximum(before, 1.0)))
