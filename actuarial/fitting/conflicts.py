"""Constraints that cannot hold together: the fewest that clash, by name, and the smallest relaxation that ends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cvxpy
import numpy as np

from actuarial.calibration import Calibration
from actuarial.evidence import Bools
from actuarial.fitting.constraints import Bound, bounds, limits, within
from actuarial.fitting.frequency_design import columns
from actuarial.rounding import Floats
from policies.findings import WaarborgError
from policies.regimes import Regime

cp: Any = cvxpy  # its own types miss most of its functions

HOLDS = 1e-7  # relaxation in all, on log frequency, that is the solver's own noise
DEAR = 2.0  # weight of a constraint to be spared: anything above one


def check_regime(prior: Calibration, artefact: Mapping[str, Any], regime: Regime) -> None:
    """Refuse a regime whose constraints no fit from this prior (`artefact` is its JSON) can hold, before any fit.

    Every peril of the prior counts, with claims or without: the finished calibration has them all.
    Raises WaarborgError as `check_feasible` does.
    """
    cols = columns(prior, artefact, tuple(prior.perils))
    held = bounds(regime, cols)
    check_feasible(held, within(cols, held).mean, cols.sd > 0, regime)


def check_feasible(held: Sequence[Bound], mean: Floats, free: Bools, regime: Regime) -> None:
    """Refuse rows that no coefficients hold, those that are not `free` (K,) standing at `mean` (K,).

    Raises WaarborgError: a line for all, one for each of the smallest set of constraints that clash, and one with the
    smallest relaxation of the whole, an amount for each constraint that gives way.
    """
    moving = free | _alone(held, len(mean))
    relaxed = relaxation(held, mean, moving)
    if sum(relaxed.values()) <= HOLDS:
        return
    asked, names = regime.incentives.constraints, clashing(held, mean, moving)
    together = "cannot hold together" if len(names) > 1 else "cannot hold beside the effects that are fixed"
    signs = {row.id: row.sign for row in held}
    told = [
        f"{name} by {by:.6g} ({asked[name].bound:.6g} -> {asked[name].bound - signs[name] * by:.6g})"
        for name, by in relaxed.items()
        if by > HOLDS
    ]
    lines = (
        f"regime {regime.id}: {' and '.join(names)} {together}",
        *(f"{name}: {asked[name].title.lower()}" for name in names),
        f"the smallest relaxation: {', '.join(told)}",
    )
    raise WaarborgError("\n".join(lines))


def relaxation(held: Sequence[Bound], mean: Floats, free: Bools) -> dict[str, float]:
    """The least by which constraints must give way in all for their rows to hold together, by id in the order of
    `held`; nothing but zeros when they do. All rows of a constraint give way by the same amount.

    Where several are as small, the earliest constraints are spared, one after another, as long as the sum stays: none
    of those that give way could be left out.
    """
    found = _elastic(held, mean, free)
    least = sum(found.values())
    spared: tuple[str, ...] = ()
    for name in tuple(found) if least > HOLDS else ():
        more = (*spared, name)
        tried = _elastic(held, mean, free, more)
        if sum(by * (DEAR if id_ in more else 1.0) for id_, by in tried.items()) <= least + HOLDS:
            found, spared = tried, more
    return found


def _elastic(held: Sequence[Bound], mean: Floats, free: Bools, spared: Sequence[str] = ()) -> dict[str, float]:
    """Elastic linear program: minimise the sum of w e over G b + e >= h, e >= 0 (Chinneck and Dravnieks 1991).

    One e per constraint; w is `DEAR` for those that should be spared, else one.
    """
    if not held:
        return {}
    names = list(dict.fromkeys(row.id for row in held))
    asked = limits(held, (), len(mean))
    fixed = asked.least - asked.matrix @ np.where(free, 0.0, mean)
    given = cp.Variable(len(names), nonneg=True)
    each = np.eye(len(names))[[names.index(row.id) for row in held]] @ given
    rest = asked.matrix[:, free]
    moving = rest @ cp.Variable(rest.shape[1]) if free.any() else np.zeros(len(held))
    weights = np.where([name in spared for name in names], DEAR, 1.0)
    problem = cp.Problem(cp.Minimize(weights @ given), [moving + each >= fixed])
    problem.solve(solver=cp.SCIPY, scipy_options={"method": "highs"})  # HiGHS itself greets on the terminal
    if problem.status != cp.OPTIMAL:
        raise WaarborgError(f"feasibility of the constraints: the solver calls it {problem.status}")
    return {name: max(float(by), 0.0) for name, by in zip(names, given.value, strict=True)}


def clashing(held: Sequence[Bound], mean: Floats, free: Bools) -> tuple[str, ...]:
    """Ids of constraints that cannot hold together, none of which can be left out: a deletion filter.

    `held` must be infeasible.
    """
    kept = list(dict.fromkeys(row.id for row in held))
    for name in tuple(kept):
        rest = [row for row in held if row.id in kept and row.id != name]
        if sum(_elastic(rest, mean, free).values()) > HOLDS:
            kept.remove(name)
    return tuple(kept)


def _alone(held: Sequence[Bound], size: int) -> Bools:
    """Coefficients (K,) that a bound holds by themselves: `within` moves them even where they are not fitted."""
    found = np.zeros(size, dtype=np.bool_)
    found[[row.terms[0][0] for row in held if len(row.terms) == 1]] = True
    return found
