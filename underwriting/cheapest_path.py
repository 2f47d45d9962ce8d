"""The cheapest path of actions to a target premium (docs/methods/path.md). It loads what solves integer programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from actuarial.calibration import Calibration
from actuarial.choices import Choices, choices, is_convex, smooth_premium
from actuarial.evidence import Bools
from actuarial.levers import Change, apply_changes, changes
from actuarial.path import Options, cheapest
from actuarial.rounding import Floats
from policies.money import CENTS_PER_EURO, ZERO, Money
from policies.regimes import Regime
from underwriting.advice import Action, action, cost_of, dues, payback
from underwriting.costs import DEDUCTIBLE
from underwriting.quote import Quote

ROUNDING_EUR = 0.1  # eight amounts are rounded by half a cent at most, then grossed up for expenses and tax
Ids = frozenset[str]


@dataclass(frozen=True, slots=True)
class Path:
    """The cheapest actions to a target, or to the lowest premium there is where the target is out of reach.

    `steps` in the order in which they are best taken, each rated after all before it. `proved` says that no cheaper
    set can exist; without it none was found. `by_count` that the fewest actions were sought and then the lowest cost,
    since no costs were given.
    """

    quote_id: str
    target: Money
    reached: bool
    proved: bool
    by_count: bool
    before: Money
    after: Money
    cost: Money
    payback_months: float | None
    steps: tuple[Action, ...]
    rounds: int  # integer programs solved


@dataclass(frozen=True, slots=True)
class _Offer:
    """What is on offer for a quote, what each action costs, and the premium due after a set of actions."""

    quote: Quote
    regime: Regime
    calibration: Calibration
    changes: tuple[Change, ...]
    costs: Mapping[str, Money]
    by_count: bool
    due: Callable[[Ids], Money]


@dataclass(frozen=True, slots=True)
class _Found:
    goals: tuple[float, ...]
    ids: Ids
    rounds: int
    proved: bool


def cheapest_path(
    quote: Quote, target: Money, regime: Regime, calibration: Calibration, costs: Mapping[str, Money] | None = None
) -> Path:
    """The cheapest set of actions after which the premium due of the period is at most the target.

    With `costs` (by id or kind of action) the least total cost, then the fewest actions; without, the fewest actions,
    then the least total cost by costs.toml; then the actions that stand first on offer. Raises NotFoundError for a
    cost of an action that is not on offer, WaarborgError when the solver fails.
    """
    offer = _offer(quote, regime, calibration, costs)
    before = offer.due(frozenset())
    lowest = min(offer.due(frozenset(c.id for c in offer.changes)), before)
    sought = max(target, lowest)
    modes = [None, *(change for change in offer.changes if change.kind == DEDUCTIBLE)]
    found = [mode for cover in modes if (mode := _with_cover(offer, cover, sought)) is not None]
    best = min(found, key=lambda one: one.goals)
    steps = _in_order(offer, best.ids)
    after, cost = offer.due(best.ids), sum((offer.costs[change] for change in best.ids), ZERO)
    return Path(
        quote_id=quote.id,
        target=target,
        reached=lowest <= target,
        proved=all(one.proved for one in found),
        by_count=offer.by_count,
        before=before,
        after=after,
        cost=cost,
        payback_months=payback(cost, before - after, quote.profile.cover.term_months),
        steps=steps,
        rounds=sum(one.rounds for one in found),
    )


def _offer(quote: Quote, regime: Regime, calibration: Calibration, costs: Mapping[str, Money] | None) -> _Offer:
    offered = changes(quote.profile, quote.at, regime, calibration)

    @cache
    def due(ids: Ids) -> Money:
        return dues([apply_changes(quote.profile, offered, ids)], quote, regime, calibration)[0]

    priced = cost_of(offered, quote, regime, calibration, costs or {})
    return _Offer(quote, regime, calibration, offered, priced, costs is None, due)


def _with_cover(offer: _Offer, cover: Change | None, target: Money) -> _Found | None:
    """The cheapest set under one deductible; None where it does not reach the target."""
    own = frozenset() if cover is None else frozenset({cover.id})
    acts = tuple(change for change in offer.changes if change.kind != DEDUCTIBLE)
    if offer.due(own | {change.id for change in acts}) > target:
        return None
    quote, law = offer.quote, (offer.quote.at, offer.regime, offer.calibration)
    profile = quote.profile if cover is None else cover.apply(quote.profile)
    proved = is_convex(profile, *law)
    start = _goals(offer, own)
    if offer.due(own) <= target:
        return _Found(start, own, 0, proved=True)
    made = choices(profile, acts, *law)
    ids = [frozenset(acts[number].id for number in np.flatnonzero(row)) for row in made.members]

    def chosen(taken: Bools) -> Ids:
        return own.union(*(ids[number] for number in np.flatnonzero(taken)))

    options = Options(made.group, made.reduction, _goal_rows(offer, acts, made))
    price = smooth_premium(profile, *law)
    best = cheapest(
        options, price, lambda taken: offer.due(chosen(taken)) <= target, target.cents / CENTS_PER_EURO, ROUNDING_EUR
    )
    if best is None:
        return None
    return _Found(_goals(offer, chosen(best.taken)), chosen(best.taken), best.rounds, proved)


def _goal_rows(offer: _Offer, acts: tuple[Change, ...], made: Choices) -> Floats:
    """Goals of each choice, (3, J), in their order."""
    alone = np.array([_goals(offer, frozenset({change.id})) for change in acts])
    return np.asarray((made.members @ alone).T, dtype=float)


def _goals(offer: _Offer, ids: Ids) -> tuple[float, ...]:
    """What is made small: count and cost in euros, the one that matters first, then the place on offer."""
    count = float(len(ids))
    cost = sum(offer.costs[change].cents for change in ids) / CENTS_PER_EURO
    place = float(sum(number for number, change in enumerate(offer.changes, 1) if change.id in ids))
    return (count, cost, place) if offer.by_count else (cost, count, place)


def _in_order(offer: _Offer, ids: Ids) -> tuple[Action, ...]:
    """The actions one by one, always the one that saves most for each euro that it costs; each rated after the rest."""
    left = [change for change in offer.changes if change.id in ids]
    done: Ids = frozenset()
    steps: list[Action] = []
    while left:
        now = offer.due(done)
        after = {change.id: offer.due(done | {change.id}) for change in left}

        def worth(change: Change, now: Money = now, after: Mapping[str, Money] = after) -> tuple[float, int]:
            saved = (now - after[change.id]).cents
            return saved / max(offer.costs[change.id].cents, 1), saved

        best = max(left, key=worth)
        steps.append(action(best, after[best.id], now - after[best.id], offer.costs[best.id], offer.quote))
        done |= {best.id}
        left.remove(best)
    return tuple(steps)
