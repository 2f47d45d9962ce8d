"""The cheapest choice of actions, against enumeration of all of them; what it assumes of the premium, on the tariff."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import AT, CALIBRATION, REGIME, profiles

from actuarial.choices import choices, is_convex, smooth_premium
from actuarial.evidence import Bools
from actuarial.levers import apply_changes, changes
from actuarial.premium import premiums
from actuarial.rating import rate
from actuarial.risks import tabulate
from actuarial.rounding import Floats
from actuarial.searching.path import Choice, Options, cheapest
from actuarial.tariff import tariff
from policies.risk import RiskProfile

MINIMUM = 50.0
LEVEL = np.array([400.0, 300.0, 200.0])  # euros of three perils before any action
TOLERANCE = 0.1  # the euros by which the rounded premium may stand off the smooth one


def price(reductions: Floats) -> Floats:
    """A multiplicative premium with a minimum, (K,)."""
    return np.maximum(np.exp(-reductions) @ LEVEL, MINIMUM)


def rounded(options: Options, taken: Bools) -> float:
    return round(float(price((taken @ options.reduction)[None, :])[0]), 1)


def selections(options: Options) -> list[Bools]:
    """Every choice of at most one option of each group."""
    groups = [[None, *np.flatnonzero(options.group == g)] for g in range(int(options.group.max()) + 1)]
    return [np.isin(np.arange(len(options.group)), [n for n in some if n is not None]) for some in product(*groups)]


def enumerated(options: Options, target: float) -> tuple[float, ...] | None:
    """The least goals of all choices that reach the target, one after the other."""
    reached = [taken for taken in selections(options) if rounded(options, taken) <= target]
    return min((tuple(np.round(options.goals @ taken, 6)) for taken in reached), default=None)


def solved(options: Options, target: float) -> Choice | None:
    return cheapest(options, price, lambda taken: rounded(options, taken) <= target, target, TOLERANCE)


@st.composite
def offers(draw: st.DrawFn) -> Options:
    """Up to five groups of up to three options on three perils; costs in whole euros, so that ties are frequent."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=5))
    group = np.repeat(np.arange(len(sizes)), sizes)
    count = len(group)
    share = st.floats(0, 1.2).map(lambda x: round(x, 3))
    reduction = np.array(draw(st.lists(share, min_size=3 * count, max_size=3 * count))).reshape(count, 3)
    actions = draw(st.lists(st.integers(1, 3), min_size=count, max_size=count))
    costs = draw(st.lists(st.integers(0, 6), min_size=count, max_size=count))
    return Options(group, reduction, np.array([actions, costs], dtype=float))


@settings(max_examples=25)
@given(offers(), st.floats(60, 900))
def test_no_choice_is_cheaper_than_the_one_found(options: Options, target: float) -> None:
    found, truth = solved(options, target), enumerated(options, target)
    assert (found is None) == (truth is None)
    if found is not None:
        assert rounded(options, found.taken) <= target
        assert np.bincount(options.group, found.taken).max() <= 1
        assert tuple(np.round(options.goals @ found.taken, 6)) == pytest.approx(truth)


@settings(max_examples=15)
@given(offers())
def test_the_lowest_premium_there_is_can_be_reached_and_none_below_it(options: Options) -> None:
    """The target is hit exactly, where rounding decides."""
    lowest = min(rounded(options, taken) for taken in selections(options))
    found = solved(options, lowest)
    assert found is not None
    assert rounded(options, found.taken) == lowest
    assert tuple(np.round(options.goals @ found.taken, 6)) == pytest.approx(enumerated(options, lowest))
    assert solved(options, lowest - 0.1) is None


def test_nothing_is_done_where_the_premium_is_at_its_target() -> None:
    options = Options(np.array([0]), np.array([[1.0, 0, 0]]), np.array([[1.0]]))
    found = solved(options, 900.0)
    assert found is not None
    assert not found.taken.any()


def test_a_first_goal_above_the_most_is_of_no_use() -> None:
    options = Options(np.array([0, 1]), np.array([[0.6, 0.6, 0.6], [0.6, 0.6, 0.6]]), np.array([[3.0, 4.0]]))
    reaches = lambda taken: rounded(options, taken) <= 500.0  # noqa: E731 - one line of a test
    found = cheapest(options, price, reaches, 500.0, TOLERANCE, 3.0)
    assert found is not None
    assert found.goals == pytest.approx([3.0])
    assert cheapest(options, price, reaches, 500.0, TOLERANCE, 2.5) is None


def test_savings_that_do_not_add_up_are_not_added_up() -> None:
    """Two actions of 40 % each do not save 80 %: a third is needed for 70 %."""
    cut = np.log(1 / 0.6)
    options = Options(np.arange(3), np.full((3, 3), cut), np.ones((1, 3)))
    found = solved(options, 0.3 * float(LEVEL.sum()))
    assert found is not None
    assert found.taken.all()


# --- What the program assumes, on the tariff that quotes


@settings(max_examples=12)
@given(profiles(), st.data())
def test_choices_of_different_groups_add_up_to_the_premium_rated(profile: RiskProfile, data: st.DataObject) -> None:
    offered = tuple(c for c in changes(profile, AT, REGIME, CALIBRATION) if c.kind != "deductible")
    made = choices(profile, offered, AT, REGIME, CALIBRATION)
    assume(len(made.group) > 1)
    some = data.draw(st.lists(st.integers(0, len(made.group) - 1), max_size=8, unique_by=lambda n: int(made.group[n])))
    taken = np.isin(np.arange(len(made.group)), some)
    ids = frozenset(offered[n].id for n in np.flatnonzero(made.members[taken].any(axis=0)))
    t = tariff(CALIBRATION, REGIME)
    risks = tabulate([apply_changes(profile, offered, ids)], AT, REGIME, CALIBRATION)
    due = premiums(rate(risks, t), risks, t).due[0] / 100
    smooth = smooth_premium(profile, AT, REGIME, CALIBRATION)((taken @ made.reduction)[None, :])[0]
    assert smooth == pytest.approx(due, abs=0.1, rel=1e-9)


@settings(max_examples=15)
@given(profiles(), st.integers(0, 2**32 - 1))
def test_the_premium_is_convex_where_it_is_called_so(profile: RiskProfile, seed: int) -> None:
    assume(is_convex(profile, AT, REGIME, CALIBRATION))
    smooth = smooth_premium(profile, AT, REGIME, CALIBRATION)
    size = len(profile.systems) * len(CALIBRATION.perils)
    one, other = np.random.default_rng(seed).uniform(0, 3, (2, 40, size))
    between = smooth((one + other) / 2)
    assert (between <= (smooth(one) + smooth(other)) / 2 * (1 + 1e-12)).all()


@settings(max_examples=12)
@given(profiles())
def test_no_action_raises_a_frequency(profile: RiskProfile) -> None:
    offered = tuple(c for c in changes(profile, AT, REGIME, CALIBRATION) if c.kind != "deductible")
    made = choices(profile, offered, AT, REGIME, CALIBRATION)
    assert (made.reduction >= 0).all()
    assert (made.reduction.max(axis=1) > 0).all()
    sets = {tuple(row) for row in made.members}
    assert len(sets) == len(made.members)
