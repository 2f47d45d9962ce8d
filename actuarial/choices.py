"""What a firm can do, as choices whose effects add up on log frequency, and its premium as a function of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from itertools import combinations

import numpy as np

from actuarial.calibration import Calibration
from actuarial.evidence import Bools, Ints
from actuarial.levers import Change, apply_changes
from actuarial.rating import Rating, rate, reported_years
from actuarial.risks import RiskTable, tabulate
from actuarial.rounding import Floats
from actuarial.tariff import Tariff, tariff
from policies.money import CENTS_PER_EURO
from policies.regimes import Regime
from policies.risk import RiskProfile

ALIKE = 1e-12  # log frequencies closer than this are one: sums of floats differ by less
OF_A_POLICY = {"deductible", "limit", "aggregate_limit", "covered", "turnover", "term_years", "minimum_premium"}
MOST_OF_AGGREGATE = 0.25  # what an aggregate limit may take off while the premium stays convex (docs/methods/path.md)


@dataclass(frozen=True, slots=True)
class Choices:
    """J choices made of L changes: `members` (J, L). Those of one group (J,) exclude each other; of different groups
    they add: `reduction` (J, S * P) is what a choice takes off the log frequency of each system and peril."""

    members: Bools
    group: Ints
    reduction: Floats


def choices(profile: RiskProfile, offered: Sequence[Change], at: date, regime: Regime, c: Calibration) -> Choices:
    """Every set of changes that act on one thing: a test of a system, or the obligations of a system.

    `offered` holds no change of the cover. Of sets of one group with the same effect only the smallest stays; those
    without effect go.
    """
    groups: dict[str, list[int]] = {}
    for number, change in enumerate(offered):
        groups.setdefault(_acts_on(change), []).append(number)
    members = [(g, some) for g, group in enumerate(groups.values()) for some in _subsets(group)]
    changed = [
        apply_changes(profile, tuple(offered), frozenset(offered[number].id for number in some)) for _, some in members
    ]
    t = tariff(c, regime)
    logs = _logs(tabulate([profile, *changed], at, regime, c), t).reshape(len(changed) + 1, -1)
    reduction = np.maximum(logs[0] - logs[1:], 0.0)
    kept = _useful([group for group, _ in members], reduction)
    held = np.zeros((len(kept), len(offered)), dtype=bool)
    for row, number in enumerate(kept):
        held[row, list(members[number][1])] = True
    return Choices(held, np.array([members[number][0] for number in kept], dtype=np.int64), reduction[kept])


def _acts_on(change: Change) -> str:
    """What a change acts on: all changes of it are looked at together."""
    if change.kind in {"test", "accreditation"}:
        return f"test {change.subject}"
    return f"{change.kind} {change.subject.rpartition('/')[0] if change.kind == 'obligation' else change.subject}"


def _subsets(group: Sequence[int]) -> list[tuple[int, ...]]:
    """Every set of at least one, small sets first."""
    return [some for size in range(1, len(group) + 1) for some in combinations(group, size)]


def _useful(groups: Sequence[int], reduction: Floats) -> list[int]:
    """Rows that do something, the first of those that do the same."""
    seen: set[tuple[int, bytes]] = set()
    kept = []
    for row, group in enumerate(groups):
        mark = (group, np.round(reduction[row] / ALIKE).tobytes())
        if reduction[row].max(initial=0.0) > ALIKE and mark not in seen:
            seen.add(mark)
            kept.append(row)
    return kept


def _logs(risks: RiskTable, t: Tariff) -> Floats:
    """What of the log frequency before history a firm can change, (S, P)."""
    effect = t.sharing * (1.0 - risks.compliance) + t.class_effect[risks.priced_class]
    return np.asarray(t.theta * risks.danger + effect[:, None])


def smooth_premium(profile: RiskProfile, at: date, regime: Regime, c: Calibration) -> Callable[[Floats], Floats]:
    """The premium due in euros without any rounding, (K,), as a function of reductions of log frequency (K, S * P)."""
    t = tariff(c, regime)
    base = tabulate([profile], at, regime, c)
    by_log = replace(t, theta=np.ones_like(t.theta))

    def price(reductions: Floats) -> Floats:
        count = len(reductions)
        danger = t.theta * base.danger - reductions.reshape(count, *base.danger.shape)
        risks = replace(_repeated(base, count), danger=danger.reshape(-1, base.danger.shape[1]))
        return unrounded(rate(risks, by_log), risks, t)

    return price


def _repeated(base: RiskTable, count: int) -> RiskTable:
    """A table of one policy, so many times."""
    systems = len(base.policy)
    values = {
        field.name: np.repeat(getattr(base, field.name), count, axis=0)
        if field.name in OF_A_POLICY
        else np.tile(getattr(base, field.name), (count,) + (1,) * (getattr(base, field.name).ndim - 1))
        for field in fields(base)
    }
    return RiskTable(**values | {"policy": np.repeat(np.arange(count), systems)})


def unrounded(rating: Rating, risks: RiskTable, t: Tariff) -> Floats:
    """The premium due in euros, (N,), as `premium.premiums` without its rounding."""
    loaded = t.prudence * (rating.by_peril @ t.cv) + t.cost_of_capital * (rating.by_peril @ t.capital)
    net = rating.steps[:, -1] * (1 + t.handling) + loaded + t.reinsurance_margin * rating.ceded
    gross = (net + t.fixed_expense * risks.term_years) / float(1 - t.variable_expense - t.levy)
    return np.asarray(np.maximum(gross, risks.minimum_premium / CENTS_PER_EURO) * float(1 + t.tax))


def is_convex(profile: RiskProfile, at: date, regime: Regime, c: Calibration) -> bool:
    """Whether the premium of a firm is convex in what its actions take off its log frequencies.

    It is when each system is expected to have no more incidents of a peril, over the years observed, than the
    credibility constant, and the aggregate limit takes little off (docs/methods/path.md). Both hold for all actions
    where they hold before any.
    """
    t = tariff(c, regime)
    risks = tabulate([profile], at, regime, c)
    rating = rate(risks, t)
    yearly = rating.frequency / risks.term_years[risks.policy][:, None]
    known = yearly * reported_years(risks.observed_years, t)[:, None]
    seldom = known <= (t.alpha + risks.incidents) / 2  # after history: alpha of them before it
    limited = rating.steps[:, -1] >= (1 - MOST_OF_AGGREGATE) * rating.steps[:, -2]
    return bool(seldom.all() and limited.all())
