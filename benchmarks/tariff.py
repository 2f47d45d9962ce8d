"""The constrained fit of 10,000 cells x 60 parameters, beside plain statsmodels and the same program in CVXPY.

One thread. The same cells, prior and constraints (four ladders, a floor, twenty balances). statsmodels fits without
constraints, for it knows none. CVXPY states the program with exponential cones.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import cvxpy
import numpy as np
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM

from actuarial.fitting.frequency import Block, Penalty, fit, predictor, score
from actuarial.fitting.tariff_fit import Limits, Program, cone_program, solve

SEED = 1
CELLS, FEWER = 10_000, 1_000
SIZES = (1, 20, 14, 12, 8, 4)  # an intercept and factors of so many levels: with the slope, 60 parameters
LADDERS, BALANCED = (2, 3, 4, 5), 1  # factors that may not fall, and the one that is balanced
AGREES = 1e-4  # of coefficients: what an interior point of default accuracy leaves
SD = 0.5
WIDE = 1e4  # of a prior that says next to nothing, as statsmodels has none


def drawn(cells: int) -> Program:
    """Cells of a market whose ladders rise but for chance, with a slope just below its floor."""
    rng = np.random.default_rng(SEED)
    codes = [rng.integers(0, size, cells) for size in SIZES]
    blocks = [Block(code, size) for code, size in zip(codes, SIZES, strict=True)]
    blocks.append(Block(np.zeros(cells, dtype=np.int64), 1, rng.normal(size=cells)))
    edges = np.cumsum([0, *SIZES])
    size = int(edges[-1]) + 1
    effects, free = rng.normal(0, 0.1, size), np.ones(size, dtype=bool)
    free[edges[1:-1]] = False
    effects[edges[1:-1]], effects[0], effects[-1] = 0.0, -1.0, 0.02
    for factor in LADDERS:
        effects[edges[factor] : edges[factor + 1]] = np.linspace(0, 0.3, SIZES[factor])
    exposure = rng.uniform(0.5, 3, cells)
    claims = rng.poisson(exposure * np.exp(predictor(blocks, effects))).astype(float)
    pairs = [(c, c + 1) for f in LADDERS for c in range(edges[f], edges[f + 1] - 1)]
    matrix = np.zeros((len(pairs) + 1, size))
    for row, (below, above) in enumerate(pairs):
        matrix[row, [below, above]] = -1.0, 1.0
    matrix[-1, -1] = 1.0
    columns = np.arange(edges[BALANCED], edges[BALANCED + 1])
    limits = Limits(
        matrix=matrix,
        least=np.array([0.0] * len(pairs) + [0.05]),
        columns=columns,
        most=1.001 * score(blocks, claims)[columns],
        price=np.ones(len(columns)),
    )
    prior = Penalty(np.zeros(size), np.diag(np.where(free, 1 / SD**2, 0.0)), free)
    return Program(blocks, claims, exposure, prior, 1.0, limits)


def timed(action: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    return action(), time.perf_counter() - start


def row(what: str, seconds: float, beside: str) -> None:
    print(f"{what:<44}{seconds:>8.2f} s   {beside}", flush=True)


def plain(program: Program) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The same design laid out, without constraints and prior, by statsmodels."""
    design = np.zeros((len(program.claims), len(program.prior.mean)))
    start, rows = 0, np.arange(len(design))
    for block in program.blocks:
        design[rows, start + block.code] = 1.0 if block.value is None else block.value
        start += block.size
    model = GLM(program.claims, design[:, program.prior.free], Poisson(), exposure=program.exposure)
    return np.asarray(model.fit(tol=1e-10).params)


def ours(program: Program) -> Any:
    free = fit(program.blocks, program.claims, program.exposure, program.prior, program.scale)
    return solve(program, free.coefficients)


def beside_cones(program: Program, solver: str) -> None:
    found, mine = timed(lambda: ours(program))
    (theirs, value), spent = timed(lambda: cone_program(program, solver))
    apart = float(np.abs(theirs - found.coefficients).max())
    told = f"coefficients differ by {apart:.0e}, objective by {value - found.objective:.0e}"
    row(f"CVXPY with {solver}, {len(program.claims):,} cells", spent, f"{spent / mine:.1f} x ours; {told}")
    if solver == cvxpy.CLARABEL and apart > AGREES:
        raise SystemExit("the constrained fit and the cone program differ")


def main() -> None:
    large, small = drawn(CELLS), drawn(FEWER)
    ours(small)  # the first call loads the solver
    found, spent = timed(lambda: ours(large))
    bind = int((found.dual > 0).sum() + (found.pressure > 0).sum())
    asked = f"{len(large.limits.least)} rows and {len(large.limits.most)} balances"
    row(f"ours, {CELLS:,} cells", spent, f"{asked}, {bind} of them bind, {found.steps} steps")
    wide = Penalty(large.prior.mean, large.prior.precision / WIDE, large.prior.free)
    free, alone = timed(lambda: fit(large.blocks, large.claims, large.exposure, wide))
    theirs, glm = timed(lambda: plain(large))
    apart = float(np.abs(theirs - free.coefficients[large.prior.free]).max())
    row(f"ours without constraints, {CELLS:,} cells", alone, "")
    row(f"statsmodels without constraints, {CELLS:,} cells", glm, f"{glm / alone:.1f} x ours; differ by {apart:.0e}")
    for program in (small, large):
        beside_cones(program, cvxpy.CLARABEL)
        beside_cones(program, cvxpy.SCS)


if __name__ == "__main__":
    main()
