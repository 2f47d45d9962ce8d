"""Frequency: 5,000,000 policy rows x 40 dummies, grouped and fitted, beside glum and statsmodels in the same run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import tabmat
from glum import GeneralizedLinearRegressor
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM

from actuarial.evidence import Bools, Ints
from actuarial.fitting.frequency import Block, Fit, Penalty, fit, group
from actuarial.rounding import Floats
from benchmarks.__main__ import row, seconds

SEED = 1
FACTORS, LEVELS = 5, 9  # 8 dummies a factor: 40 beside the intercept
# Claims a year at the reference, s.d. of the effects on log frequency. With 0.02 and 0.3 glum stops 1.2e-6 from
# statsmodels, which the engine meets to 1e-14; a tighter bound does not help glum, and the check would fail.
RATE, SPREAD = 0.05, 0.2
RUNS = 3  # of which the fastest counts, for every engine
TIGHT = 1e-7  # glum's bound on the gradient of the mean loss; at 1e-8 its line search can fail on 5,000,000 rows
EQUAL, LEAST = 1e-6, 5.0  # what coefficients may differ by, and how much faster the engine must be than glum
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True, eq=False)
class Portfolio:
    """Policy rows: the level of each factor, claims and years at risk, (N,) each."""

    codes: tuple[Ints, ...]
    claims: Floats
    years: Floats


def portfolio(rows: int) -> Portfolio:
    rng = np.random.default_rng(SEED)
    codes = tuple(rng.integers(0, LEVELS, rows) for _ in range(FACTORS))
    years = rng.uniform(0.1, 1.0, rows)
    linear = np.full(rows, np.log(RATE))
    for code in codes:
        linear += rng.normal(0.0, SPREAD, LEVELS)[code]
    return Portfolio(codes, rng.poisson(years * np.exp(linear)).astype(float), years)


def free_columns() -> Bools:
    """Which columns are fitted: the intercept, and all but the first level of each factor."""
    return np.concatenate([[True], np.tile(np.arange(LEVELS) > 0, FACTORS)])


def cells_of(data: Portfolio) -> Portfolio:
    codes, (claims, years) = group(data.codes, [LEVELS] * FACTORS, [data.claims, data.years])
    return Portfolio(tuple(codes), claims, years)


def ours(data: Portfolio) -> Fit:
    """From policy rows to coefficients: grouping and Newton's method, no prior."""
    cells, free = cells_of(data), free_columns()
    columns = len(free)
    blocks = [Block(np.zeros_like(cells.codes[0]), 1), *(Block(code, LEVELS) for code in cells.codes)]
    start = np.zeros(columns)
    start[0] = np.log(cells.claims.sum() / cells.years.sum())  # where glum starts too
    flat = Penalty(np.zeros(columns), np.zeros((columns, columns)), free)
    return fit(blocks, cells.claims, cells.years, flat, start=start)


def matrix_of(data: Portfolio) -> tabmat.SplitMatrix:
    """What glum is fastest on: factors as categories, never laid out. Made before the clock starts."""
    levels = np.arange(LEVELS)
    return tabmat.SplitMatrix(
        [tabmat.CategoricalMatrix(pd.Categorical.from_codes(c, levels), drop_first=True) for c in data.codes]
    )


def with_glum(matrix: tabmat.SplitMatrix, data: Portfolio) -> Floats:
    """Unpenalised Poisson regression of claims a year, weighted by years: the likelihood of the counts."""
    model = GeneralizedLinearRegressor(family="poisson", alpha=0, gradient_tol=TIGHT, check_input=False)
    model.fit(matrix, data.claims / data.years, sample_weight=data.years)
    return np.concatenate([[model.intercept_], model.coef_])


def with_statsmodels(cells: Portfolio) -> Floats:
    """The cells with every dummy laid out."""
    dummies = [(code[:, None] == np.arange(1, LEVELS)).astype(float) for code in cells.codes]
    design = np.hstack([np.ones((len(cells.claims), 1)), *dummies])
    found = GLM(cells.claims, design, family=Poisson(), exposure=cells.years).fit(tol=1e-12)
    return np.asarray(found.params, dtype=float)


def fastest(action: Callable[[], object], runs: int = RUNS) -> float:
    return min(seconds(action) for _ in range(runs))


def gap(peer: Floats, found: Floats) -> float:
    return float(np.abs(peer - found).max())


def compare(rows: int) -> Sequence[str]:
    """Print the table; what does not hold, one line each."""
    data = portfolio(rows)
    cells, matrix = cells_of(data), matrix_of(data)
    found = ours(data)
    mine = found.coefficients[free_columns()]
    spent, grouping = fastest(lambda: ours(data)), fastest(lambda: cells_of(data))
    row(f"{rows:,} rows x {len(mine) - 1} dummies", f"{spent:.2f} s", f"grouping {grouping:.2f} s of it")
    row("", "", f"{len(cells.claims):,} cells, {data.claims.sum():,.0f} claims, {found.steps} steps")
    wrong = [] if found.converged else ["the engine did not converge"]
    on_rows = fastest(lambda: with_glum(matrix, data))
    on_cells = fastest(lambda: with_glum(matrix_of(cells), cells))
    laid_out = fastest(lambda: with_statsmodels(cells), runs=1)
    peers = {
        "glum on the rows": (on_rows, with_glum(matrix, data)),
        "glum on our cells (grouping not counted)": (on_cells, with_glum(matrix_of(cells), cells)),
        "statsmodels on our cells (the same)": (laid_out, with_statsmodels(cells)),
    }
    for name, (time, coefficients) in peers.items():
        apart = gap(coefficients, mine)
        row(name, f"{time:.2f} s", f"{time / spent:.1f} x ours; coefficients differ by {apart:.0e}")
        if not apart <= EQUAL:
            wrong.append(f"{name}: coefficients differ by {apart:.1e}, more than {EQUAL:.0e}")
    if not on_rows >= LEAST * spent:
        wrong.append(f"glum takes {on_rows / spent:.1f} times as long, less than {LEAST:g}")
    return wrong


def main() -> None:
    if any(os.environ.get(name) != count for name, count in ONE_THREAD.items()):
        again = [sys.executable, "-m", "benchmarks.frequency", *sys.argv[1:]]  # threads are set before NumPy is loaded
        raise SystemExit(subprocess.run(again, check=False, env=os.environ | ONE_THREAD).returncode)
    if wrong := compare(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000):
        raise SystemExit("\n".join(wrong))


if __name__ == "__main__":
    main()
