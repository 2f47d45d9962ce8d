"""The cheapest choice of actions that brings a premium to a target: an integer program (docs/methods/path.md)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cvxpy as cp
import numpy as np

from actuarial.evidence import Bools, Ints
from actuarial.rounding import Floats
from policies.findings import WaarborgError

SLOPE_STEP = 1e-4  # of a log frequency: the error of a central difference is its square over six
WHOLE = 1e-6  # how far from 0 or 1 a solver may leave a binary, and by how much it may miss a row scaled to 1
ALIKE = 1e-12  # reductions closer than this are one
MOST_RELAXED = 30  # linear programs before the first integer program: each is a tangent gained at little cost
RELAXED_NEAR = 1e-4  # of the target: nearer than this a tangent more is worth no linear program
MOST_ROUNDS = 500  # integer programs solved for one target; real offers need a few dozen at most

Price = Callable[[Floats], Floats]  # reductions of log frequency (K, D) -> premium before rounding (K,)
Reaches = Callable[[Bools], bool]  # options taken (J,) -> whether the premium, rated and rounded, is at the target


@dataclass(frozen=True, slots=True)
class Options:
    """J options; of each group at most one is taken, and options of two groups add up.

    `group` (J,); `reduction` (J, D) is what an option takes off each log frequency, none below 0; `goals` (G, J) are
    what is made small, one after the other: the next only decides where those before it leave a choice.
    """

    group: Ints
    reduction: Floats
    goals: Floats


@dataclass(frozen=True, slots=True)
class Choice:
    """Options taken (J,), the least value of each goal (G,), and how many programs were solved."""

    taken: Bools
    goals: Floats
    rounds: int


@dataclass(frozen=True, slots=True)
class _Row:
    """`weights` (J,) times the options taken is at least `least`."""

    weights: Floats
    least: float


def cheapest(
    options: Options, price: Price, reaches: Reaches, target: float, tolerance: float, most: float = np.inf
) -> Choice | None:
    """The choice with the least goals that reaches the target; None where none does with a first goal of `most`.

    Outer approximation (Duran and Grossmann, Mathematical Programming 36, 1986): `price` must be convex in the
    reductions and fall in each, so that a tangent of it is a bound from below, and agree with what `reaches` rates to
    within `tolerance` (unit of the target). Every choice that reaches the target meets every row, so that the first
    solution of the program to reach it is the least there is. A solution that does not is cut off, with all that
    reduce no more. Raises WaarborgError when the solver fails, or MOST_ROUNDS do not suffice.
    """
    rows = _relaxed_rows(options, price, target + tolerance, most)
    least: list[float] = []
    taken, rounds = np.zeros(len(options.group), dtype=bool), 0
    for number in range(len(options.goals)):
        while True:
            rounds += 1
            solved = _solve(options, rows, least, most)
            if solved is None:
                return None
            taken = _whole(solved, options, rows)
            if reaches(taken):
                break
            if rounds >= MOST_ROUNDS:
                raise WaarborgError(f"no cheapest path was proved within {MOST_ROUNDS} integer programs")
            rows += [_tangent(options, price, taken, target + tolerance), _beyond(options, taken)]
        least.append(float(options.goals[number] @ taken))
    return Choice(taken, np.array(least), rounds)


def _relaxed_rows(options: Options, price: Price, most_price: float, most: float) -> list[_Row]:
    """Tangents where the program without whole numbers ends, which is soon solved and close to that with them."""
    rows = [_tangent(options, price, np.zeros(len(options.group)), most_price)]
    for _ in range(MOST_RELAXED):
        shares = _solve(options, rows, (), most, whole=False)
        if shares is None or price((shares @ options.reduction)[None, :])[0] <= most_price * (1 + RELAXED_NEAR):
            break
        rows.append(_tangent(options, price, shares, most_price))
    return rows


def _tangent(options: Options, price: Price, taken: Bools | Floats, most: float) -> _Row:
    """The price linearised at a choice is at most `most`."""
    at = taken @ options.reduction
    steps = SLOPE_STEP * np.eye(len(at))
    found = price(np.vstack([at, at + steps, at - steps]))
    slopes = np.maximum(found[1 + len(at) :] - found[1 : 1 + len(at)], 0.0) / (2 * SLOPE_STEP)
    return _scaled(options.reduction @ slopes, float(found[0] - most + slopes @ at))


def _beyond(options: Options, taken: Bools) -> _Row:
    """At least one option takes off more, somewhere, than what is taken of its group."""
    own = np.zeros((int(options.group.max()) + 1, options.reduction.shape[1]))
    own[options.group[taken]] = options.reduction[taken]
    more = (options.reduction > own[options.group] + ALIKE).any(axis=1)
    return _Row(more.astype(float), 1.0)


def _whole(found: Floats, options: Options, rows: Sequence[_Row]) -> Bools:
    """The nearest whole solution, checked again. Raises WaarborgError."""
    taken = np.asarray(found > 0.5)  # noqa: PLR2004 - the nearest of 0 and 1
    missed = max((_member(options) @ taken).max() - 1, *(row.least - row.weights @ taken for row in rows))
    off = max(float(np.abs(found - taken).max()), float(missed))
    if off > WHOLE:
        raise WaarborgError(f"the solution of the integer program of the path is off by {off:.2g}")
    return taken


def _member(options: Options) -> Floats:
    """Which options are in which group, (groups, J)."""
    return np.asarray(options.group == np.arange(int(options.group.max()) + 1)[:, None], dtype=float)


def _scaled(weights: Floats, least: float) -> _Row:
    """A row with its largest number 1."""
    size = max(float(weights.max(initial=0.0)), abs(least), np.finfo(float).tiny)
    return _Row(weights / size, least / size)


def _solve(
    options: Options, rows: Sequence[_Row], least: Sequence[float], most: float, *, whole: bool = True
) -> Floats | None:
    """Make the next goal small, given the least values of those before it; None where nothing meets all rows."""
    goal, caps = len(least), (*least, *([] if least or most == np.inf else [most]))
    taken = cp.Variable(len(options.group), boolean=True) if whole else cp.Variable(len(options.group), nonneg=True)
    weights, bounds = np.array([row.weights for row in rows]), np.array([row.least for row in rows])
    member = _member(options)
    held: list[cp.Constraint] = [cp.Constant(member) @ taken <= 1, cp.Constant(weights) @ taken >= bounds]
    held += [cp.Constant(options.goals[n]) @ taken <= value + WHOLE for n, value in enumerate(caps)]
    problem = cp.Problem(cp.Minimize(options.goals[goal] @ taken), held)
    exact = {"mip_rel_gap": 0.0, "mip_abs_gap": WHOLE} if whole else {}
    problem.solve(solver=cp.HIGHS, **exact)  # type: ignore[no-untyped-call]
    if problem.status in {cp.INFEASIBLE, cp.settings.INFEASIBLE_OR_UNBOUNDED}:  # shares are bounded
        return None
    if problem.status != cp.OPTIMAL or taken.value is None:
        raise WaarborgError(f"the integer program of the path ended as {problem.status}")
    found = np.asarray(taken.value, dtype=float)
    over = [float(options.goals[n] @ found) - value for n, value in enumerate(caps)]
    off = max((member @ found).max() - 1, (bounds - weights @ found).max(), *over)
    if off > WHOLE * 2:
        raise WaarborgError(f"the solution of the integer program of the path misses a row by {off:.2g}")
    return found
