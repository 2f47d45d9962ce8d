"""The cheapest path of actions to a target premium (docs/methods/path.md). It loads what solves integer programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from actuarial.calibration import Calibration
from actuarial.choices import choices, is_convex, smooth_premium
from actuarial.evidence import Bools
from actuarial.levers import Change, apply_changes
from actuarial.searching.path import Options, cheapest
from policies.money import CENTS_PER_EURO, ZERO, Money
from policies.regimes import Regime
from underwriting.advice import Action, action, cost_of, dues, on_offer, payback
from underwriting.costs import DEDUCTIBLE
from underwriting.quote import Quote
from underwriting.stdout import unheard

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
    """What is on offer for a quote, what each action costs, and the premium due after sets of actions, or one set."""

    quote: Quote
    regime: Regime
    calibration: Calibration
    changes: tuple[Change, ...]
    costs: Mapping[str, Money]
    by_count: bool
    dues: Callable[[Sequence[Ids]], list[Money]]
    due: Callable[[Ids], Money]


@dataclass(frozen=True, slots=True)
class _Found:
    """The best set of one deductible: its goals and its premium, which decides between sets alike in both goals."""

    goals: tuple[float, ...]
    ids: Ids
    rounds: int


def cheapest_path(
    quote: Quote, target: Money, regime: Regime, calibration: Calibration, costs: Mapping[str, Money] | None = None
) -> Path:
    """The cheapest set of actions after which the premium due of the period is at most the target.

    With `costs` (by id or kind of action) the least total cost, then the fewest actions; without, the fewest actions,
    then the least total cost by costs.toml; of two deductibles alike in both, the lower premium. Raises NotFoundError
    for a cost of an action that is not on offer, WaarborgError when the solver fails.
    """
    offer = _offer(quote, regime, calibration, costs)
    before = offer.due(frozenset())
    lowest = min(offer.due(frozenset(c.id for c in offer.changes)), before)
    sought = max(target, lowest)
    modes = [None, *(change for change in offer.changes if change.kind == DEDUCTIBLE)]
    found: list[_Found] = []
    for cover in modes:
        most = min((one.goals[0] for one in found), default=np.inf)
        found += [one for one in [_with_cover(offer, cover, sought, most)] if one is not None]
    best = min(found, key=lambda one: one.goals)
    covers = [quote.profile, *(cover.apply(quote.profile) for cover in modes if cover)]
    proved = best.goals[0] == 0 or all(is_convex(profile, quote.at, regime, calibration) for profile in covers)
    steps = _in_order(offer, best.ids)
    after, cost = offer.due(best.ids), sum((offer.costs[change] for change in best.ids), ZERO)
    return Path(
        quote_id=quote.id,
        target=target,
        reached=lowest <= target,
        proved=proved,
        by_count=offer.by_count,
        before=before,
        after=after,
        cost=cost,
        payback_months=payback(cost, before - after, quote.profile.cover.term_months),
        steps=steps,
        rounds=sum(one.rounds for one in found),
    )


def _offer(quote: Quote, regime: Regime, calibration: Calibration, costs: Mapping[str, Money] | None) -> _Offer:
    offered = on_offer(quote, regime, calibration)

    def after(sets: Sequence[Ids]) -> list[Money]:
        return dues([apply_changes(quote.profile, offered, ids) for ids in sets], quote, regime, calibration)

    priced = cost_of(offered, quote, regime, calibration, costs or {})
    return _Offer(quote, regime, calibration, offered, priced, costs is None, after, cache(lambda ids: after([ids])[0]))


def _with_cover(offer: _Offer, cover: Change | None, target: Money, most: float) -> _Found | None:
    """The cheapest set under one deductible; None where none reaches the target with a first goal of at most `most`."""
    own = frozenset() if cover is None else frozenset({cover.id})
    acts = tuple(change for change in offer.changes if change.kind != DEDUCTIBLE)
    if offer.due(own | {change.id for change in acts}) > target:
        return None
    quote, law = offer.quote, (offer.quote.at, offer.regime, offer.calibration)
    profile = quote.profile if cover is None else cover.apply(quote.profile)
    start = _goals(offer, own)
    if offer.due(own) <= target:
        return _found(offer, own, 0)
    made = choices(profile, acts, *law)
    ids = [frozenset(acts[number].id for number in np.flatnonzero(row)) for row in made.members]

    def chosen(taken: Bools) -> Ids:
        return own.union(*(ids[number] for number in np.flatnonzero(taken)))

    price = smooth_premium(profile, *law)
    alone = np.array([_goals(offer, frozenset({change.id})) for change in acts])
    options = Options(made.group, made.reduction, (made.members @ alone).T)
    euros = target.cents / CENTS_PER_EURO
    with unheard():
        best = cheapest(
            options, price, lambda taken: offer.due(chosen(taken)) <= target, euros, ROUNDING_EUR, most - start[0]
        )
    if best is None:
        return None
    return _found(offer, chosen(best.taken), best.rounds)


def _found(offer: _Offer, ids: Ids, rounds: int) -> _Found:
    return _Found((*_goals(offer, ids), float(offer.due(ids).cents)), ids, rounds)


def _goals(offer: _Offer, ids: Ids) -> tuple[float, float]:
    """What is made small: count and cost in euros, the one that matters first."""
    count, cost = float(len(ids)), sum(offer.costs[change].cents for change in ids) / CENTS_PER_EURO
    return (count, cost) if offer.by_count else (cost, count)


def _in_order(offer: _Offer, ids: Ids) -> tuple[Action, ...]:
    """The actions one by one, first the one that by itself saves most for each euro that it costs; each rated after
    all before it."""
    left = [change for change in offer.changes if change.id in ids]
    if not left:
        return ()
    before = offer.due(frozenset())
    alone = offer.dues([frozenset({change.id}) for change in left])
    saved = {change.id: (before - due).cents for change, due in zip(left, alone, strict=True)}
    left.sort(key=lambda change: (-saved[change.id] / max(offer.costs[change.id].cents, 1), -saved[change.id]))
    after = offer.dues([frozenset(change.id for change in left[: n + 1]) for n in range(len(left))])
    return tuple(
        action(change, due, was - due, offer.costs[change.id], offer.quote)
        for change, was, due in zip(left, [before, *after], after, strict=False)
    )
