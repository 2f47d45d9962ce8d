"""Constraints that cannot hold together: the fewest that clash, by name, and the smallest relaxation that ends it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cvxpy
import numpy as np

from actuarial.evidence import Bools
from actuarial.fitting.constraints import Bound, limits
from actuarial.rounding import Floats
from policies.findings import WaarborgError
from policies.regimes import Regime

cp: Any = cvxpy  # its own types miss most of its functions

HOLDS = 1e-7  # relaxation in all, on log frequency, that is the solver's own noise


def check_feasible(held: Sequence[Bound], mean: Floats, free: Bools, regime: Regime) -> None:
    """Refuse rows that no coefficients hold, those that are not `free` (K,) standing at `mean` (K,).

    Raises WaarborgError with the smallest set of constraints that clash and the smallest relaxation of the whole.
    """
    relaxed = relaxation(held, mean, free)
    if relaxed.sum() <= HOLDS:
        return
    asked = regime.incentives.constraints
    named = [f"{name} ({asked[name].title.lower()})" for name in clashing(held, mean, free)]
    together = f"constraints {' and '.join(named)} cannot hold together" if len(named) > 1 else f"constraint {named[0]}"
    alone = "" if len(named) > 1 else " cannot hold beside the effects that are fixed"
    told = [
        f"{row.id} at {row.what} by {by:.3g} ({row.bound:.3g} -> {row.bound - row.sign * by:.3g})"
        for row, by in zip(held, relaxed, strict=True)
        if by > HOLDS
    ]
    raise WaarborgError(f"regime {regime.id}: {together}{alone}; smallest relaxation: {', '.join(told)}")


def relaxation(held: Sequence[Bound], mean: Floats, free: Bools) -> Floats:
    """The least by which the rows must give way in all for them to hold together, (M,); nothing when they do.

    Elastic linear program: minimise the sum of e over G b + e >= h, e >= 0 (Chinneck and Dravnieks 1991).
    """
    if not held:
        return np.zeros(0)
    asked = limits(held, (), len(mean))
    fixed = asked.least - asked.matrix @ np.where(free, 0.0, mean)
    given = cp.Variable(len(held), nonneg=True)
    rest = asked.matrix[:, free]
    moving = rest @ cp.Variable(rest.shape[1]) if free.any() else np.zeros(len(held))
    problem = cp.Problem(cp.Minimize(cp.sum(given)), [moving + given >= fixed])
    problem.solve(solver=cp.SCIPY, scipy_options={"method": "highs"})  # HiGHS itself greets on the terminal
    if problem.status != cp.OPTIMAL:
        raise WaarborgError(f"feasibility of the constraints: the solver calls it {problem.status}")
    return np.asarray(np.maximum(given.value, 0.0))


def clashing(held: Sequence[Bound], mean: Floats, free: Bools) -> tuple[str, ...]:
    """Ids of constraints that cannot hold together, none of which can be left out: a deletion filter.

    `held` must be infeasible.
    """
    kept = list(dict.fromkeys(row.id for row in held))
    for name in tuple(kept):
        rest = [row for row in held if row.id in kept and row.id != name]
        if relaxation(rest, mean, free).sum() > HOLDS:
            kept.remove(name)
    return tuple(kept)
