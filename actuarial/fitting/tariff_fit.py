"""A claim frequency under linear constraints and soft balances (pricing.md 8, docs/methods/tariff-fit.md).

Sequential quadratic programming: each step is Newton's, held to the constraints by a small quadratic program in
standard errors. `cone_program` states the same program literally, for whoever wants to check it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cvxpy
import numpy as np
from scipy.linalg import cholesky, null_space, solve_triangular

from actuarial.evidence import Ints
from actuarial.fitting.frequency import Block, Penalty, cross_product, predictor, score
from actuarial.rounding import Floats
from policies.findings import WaarborgError

cp: Any = cvxpy  # its own types miss most of its functions

MOST_STEPS = 60
HALVINGS = 30
CLOSE = 1e-4  # step in standard errors whose gain, its square, drowns in the rounding of the objective
SETTLED = 1e-8  # largest step, in standard errors, that counts as standing still
FEASIBLE = 1e-7  # by which a row may be broken, in its own unit: an effect on log frequency
STATIONARY = 1e-6  # largest residual of the gradient, in standard errors
COMPLEMENTARY = 1e-6  # largest product of a multiplier and its slack, in log-likelihood
EXACT = 1e-9  # tolerance of a step found by its active rows, in standard errors
SPEAKS = 1e-6  # share of the largest multiplier from which a row of the quadratic program is taken as active


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """`matrix` (M, K) times the coefficients is at least `least` (M,); the expected claims of the dummy columns
    `columns` (B,) are at most `most` (B,), and each beyond costs `price` (B,) in log-likelihood."""

    matrix: Floats
    least: Floats
    columns: Ints
    most: Floats
    price: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A design over N rows, `claims` and `exposure` (N,), the prior, the quasi-Poisson scale, and the limits.

    The objective is [sum(mu - y log mu) + price' max(0, balance - most)] / scale + (b - b0)' P (b - b0) / 2.
    """

    blocks: Sequence[Block]
    claims: Floats
    exposure: Floats
    prior: Penalty
    scale: float
    limits: Limits


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """The optimum: coefficients (K,), expected claims (N,), multipliers of the rows `dual` (M,) and of the balances
    `pressure` (B,) in [0, price]; `balance` (B, K) is the gradient of their claims, `information` (K, K) that of the
    data, `hessian` (K, K) that of the Lagrangian with the prior. The residuals are those of the optimality conditions.
    """

    coefficients: Floats
    expected: Floats
    objective: float
    dual: Floats
    pressure: Floats
    totals: Floats  # (B,) expected claims of the balances
    balance: Floats
    information: Floats
    hessian: Floats
    stationarity: float  # in standard errors
    infeasibility: float
    complementarity: float
    steps: int


@dataclass(frozen=True, slots=True, eq=False)
class _Local:
    """A program at a point: objective, expected claims, gradient without balances, X' diag(mu) X, balance totals."""

    at: Floats
    value: float
    expected: Floats
    gradient: Floats
    cross: Floats
    totals: Floats


def solve(program: Program, start: Floats) -> Solution:
    """The optimum of a feasible program, from `start` (K,): the optimum without limits, or anything near.

    Raises WaarborgError when a solve fails or its optimality conditions do not hold.
    """
    here = _local(program, start)
    solver = _solver(program)
    pressure = np.zeros_like(program.limits.price)
    for step in range(1, MOST_STEPS + 1):
        direction, length, dual, pressure = _direction(program, here, pressure, solver)
        feasible = _broken(program, here.at) <= FEASIBLE
        if feasible and length < SETTLED:
            return _checked(_solution(program, here, dual, pressure, step))
        here = _advanced(program, here, direction, length, feasible)
    raise WaarborgError(f"frequency under constraints: no optimum within {MOST_STEPS} steps; {length:.1e} s.e. to go")


def without(program: Program, row: int) -> Program:
    """The program less one row of its limits; balances count on after the rows."""
    limits, count = program.limits, len(program.limits.least)
    hard, soft = np.arange(count) != row, np.arange(len(limits.most)) != row - count
    rest = Limits(limits.matrix[hard], limits.least[hard], limits.columns[soft], limits.most[soft], limits.price[soft])
    return replace(program, limits=rest)


def binding(program: Program, found: Solution) -> tuple[Ints, Floats]:
    """Rows that hold the optimum, and their gradients (A, K): those of the limits, then the balances that are exact.

    A balance that is exceeded holds nothing: it has its price and no more.
    """
    exact = (found.pressure > 0) & (found.pressure < program.limits.price)
    which = np.flatnonzero(np.concatenate([found.dual > 0, exact]))
    gradients = np.vstack([program.limits.matrix, -found.balance])
    return which, gradients[which]


def tangent(program: Program, found: Solution) -> Floats:
    """Inverse (K, K) of the Hessian along what the rows that bind leave free; zero where nothing moves."""
    free = program.prior.free
    held = binding(program, found)[1][:, free]
    norm = np.maximum(np.linalg.norm(held, axis=1, keepdims=True), np.finfo(float).tiny)
    basis = null_space(held / norm) if len(held) else np.eye(int(free.sum()))
    inverse = np.zeros_like(found.hessian)
    within = basis.T @ found.hessian[np.ix_(free, free)] @ basis
    inverse[np.ix_(free, free)] = basis @ np.linalg.solve(within, basis.T)
    return inverse


def response(program: Program, found: Solution) -> Floats:
    """How the optimum moves per unit by which a row gives way, (K, M + B); zero where it does not bind.

    From the optimality conditions with the rows that bind: -(I - T H) A^+ of A, their gradients, T the tangent inverse.
    """
    which, gradients = binding(program, found)
    moves = np.zeros((len(found.coefficients), len(program.limits.least) + len(program.limits.most)))
    if len(which):
        gradients = np.where(program.prior.free, gradients, 0.0)
        norm = np.maximum(np.linalg.norm(gradients, axis=1), np.finfo(float).tiny)
        inward = np.linalg.pinv(gradients / norm[:, None]) / norm
        moves[:, which] = tangent(program, found) @ (found.hessian @ inward) - inward
    return moves


def objective(program: Program, at: Floats) -> float:
    """The objective at coefficients (K,); infinite where the expected claims overflow."""
    return _value(program, at)[0]


def _value(program: Program, at: Floats) -> tuple[float, Floats, Floats]:
    """Objective, expected claims (N,) and balance totals (B,)."""
    limits, away = program.limits, at - program.prior.mean
    with np.errstate(over="ignore", invalid="ignore"):
        linear = predictor(program.blocks, at)
        expected = program.exposure * np.exp(linear)
        totals = score(program.blocks, expected)[limits.columns]
        beyond = limits.price @ np.maximum(totals - limits.most, 0.0)
        loss = (expected.sum() - program.claims @ linear + beyond) / program.scale
        value = float(loss + 0.5 * away @ program.prior.precision @ away)
    return (value if np.isfinite(value) else np.inf), expected, totals


def _local(program: Program, at: Floats) -> _Local:
    value, expected, totals = _value(program, at)
    pull = program.prior.precision @ (at - program.prior.mean)
    gradient = score(program.blocks, expected - program.claims) / program.scale + pull
    return _Local(at, value, expected, gradient, cross_product(program.blocks, expected), totals)


def _broken(program: Program, at: Floats) -> float:
    """By how much the worst row is broken, 0 where none is."""
    return float(np.max(program.limits.least - program.limits.matrix @ at, initial=0.0))


def _hessian(program: Program, here: _Local, pressure: Floats) -> Floats:
    """Hessian (K, K) of the Lagrangian: a balance under pressure counts its expected claims more than once."""
    total = here.cross / program.scale + program.prior.precision
    if pressure.any():
        weights = np.zeros(len(here.at))
        np.add.at(weights, program.limits.columns, pressure)
        total = (
            total + cross_product(program.blocks, here.expected * predictor(program.blocks, weights)) / program.scale
        )
    return np.asarray(total)


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """The quadratic program of a step u (n,) in standard errors: least |u|^2 / 2 + c'u + cap' s, rows u + s >= least.

    Rows (R, n) of norm 1: those of the limits, whose `cap` (R,) is infinite (s = 0), then the balances. `norm` (R,) is
    what they were divided by. Multipliers lie between 0 and `cap`.
    """

    c: Floats
    rows: Floats
    least: Floats
    cap: Floats
    norm: Floats


_Solver = Callable[[_Step], tuple[Floats, Floats]]  # the step (n,) and its multipliers (R,)


def _direction(
    program: Program, here: _Local, pressure: Floats, solver: _Solver
) -> tuple[Floats, float, Floats, Floats]:
    """Step (K,), its length in standard errors, multipliers of the rows (M,) and of the balances (B,)."""
    free, limits, count = program.prior.free, program.limits, len(program.limits.least)
    root = cholesky(_hessian(program, here, pressure)[np.ix_(free, free)], lower=True)
    matrix = np.vstack([limits.matrix, -here.cross[limits.columns]])[:, free]
    rows = solve_triangular(root, matrix.T, lower=True).T
    still = ~rows.any(axis=1)  # rows over fixed coefficients hold by themselves or never
    norm = np.where(still, 1.0, np.linalg.norm(rows, axis=1))
    least = np.concatenate([limits.least - limits.matrix @ here.at, here.totals - limits.most])
    asked = _Step(
        c=solve_triangular(root, here.gradient[free], lower=True),
        rows=rows / norm[:, None],
        least=np.where(still, -1.0, least / norm),
        cap=np.concatenate([np.full(count, np.inf), limits.price / program.scale]) * norm,
        norm=norm,
    )
    step, dual = solver(asked)
    step, dual = _exact(asked, dual) or (step, dual)
    direction = np.zeros_like(here.at)
    direction[free] = solve_triangular(root.T, step, lower=False)
    return (
        direction,
        float(np.abs(step).max()),
        dual[:count] / norm[:count],
        dual[count:] / norm[count:] * program.scale,
    )


def _solver(program: Program) -> _Solver:
    """The quadratic program of a step, built once and solved again with other numbers."""
    size, hard, soft = int(program.prior.free.sum()), len(program.limits.least), len(program.limits.most)
    if not hard + soft:
        return lambda asked: (-asked.c, np.zeros(0))
    step, beyond = cp.Variable(size), cp.Variable(hard + soft, nonneg=True)
    c, rows, least = cp.Parameter(size), cp.Parameter((hard + soft, size)), cp.Parameter(hard + soft)
    cost = cp.Parameter(hard + soft, nonneg=True)
    bends = np.repeat([0.0, 1.0], [hard, soft])
    held = rows @ step + cp.multiply(bends, beyond) >= least
    problem = cp.Problem(cp.Minimize(0.5 * cp.sum_squares(step) + c @ step + cost @ beyond), [held])

    def solve_step(asked: _Step) -> tuple[Floats, Floats]:
        c.value, rows.value, least.value = asked.c, asked.rows, asked.least
        cost.value = np.where(np.isfinite(asked.cap), asked.cap, 1.0)
        _run(problem, cp.CLARABEL)
        return np.asarray(step.value), np.clip(held.dual_value, 0.0, asked.cap)

    return solve_step


def _run(problem: Any, solver: str) -> None:
    """Solve; an answer that the solver itself calls inaccurate passes: what comes of it is checked by its residuals."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        problem.solve(solver=solver)
    if problem.status not in {cp.OPTIMAL, cp.OPTIMAL_INACCURATE}:
        raise WaarborgError(f"frequency under constraints: {solver} calls it {problem.status}")


def _exact(asked: _Step, dual: Floats) -> tuple[Floats, Floats] | None:
    """The step and its multipliers to the last digit, from the rows that bind; None where these do not explain it."""
    free = asked.cap == 0  # a balance without a price asks nothing
    capped = (dual >= asked.cap * (1 - SPEAKS)) & ~free
    tight = (dual > SPEAKS) & ~capped
    base = asked.rows[capped].T @ asked.cap[capped] - asked.c
    rows, least, cap = asked.rows[tight], asked.least[tight], asked.cap[tight]
    own = np.linalg.lstsq(rows @ rows.T, least - rows @ base, rcond=None)[0] if tight.any() else np.zeros(0)
    step = base + rows.T @ own
    beyond = asked.rows @ step - asked.least
    sound = (own >= 0.0).all() and (own <= cap).all() and (beyond[capped] <= EXACT).all()
    if not sound or (beyond[~capped & ~free] < -EXACT).any():
        return None
    found = np.where(capped, asked.cap, 0.0)
    found[tight] = own
    return step, found


def _advanced(program: Program, here: _Local, direction: Floats, length: float, feasible: bool) -> _Local:
    """Where the longest halved step leads that does not make things worse.

    A first step that becomes feasible is taken as it is, and so is one that is too short for the objective to judge.
    """
    size = 1.0
    for _ in range(HALVINGS):
        tried = here.at + size * direction
        if not feasible or size * length < CLOSE or objective(program, tried) <= here.value:
            return _local(program, tried)
        size /= 2
    return here


def _solution(program: Program, here: _Local, dual: Floats, pressure: Floats, steps: int) -> Solution:
    limits, free = program.limits, program.prior.free
    balance, hessian = here.cross[limits.columns], _hessian(program, here, pressure)
    gradient = here.gradient + balance.T @ pressure / program.scale - limits.matrix.T @ dual
    beyond = here.totals - limits.most
    unused = pressure * np.maximum(-beyond, 0.0) + (limits.price - pressure) * np.maximum(beyond, 0.0)
    slack = limits.matrix @ here.at - limits.least
    return Solution(
        coefficients=here.at,
        expected=here.expected,
        objective=here.value,
        dual=dual,
        pressure=pressure,
        totals=here.totals,
        balance=balance,
        information=here.cross / program.scale,
        hessian=hessian,
        stationarity=float(np.max(np.abs(gradient[free]) / np.sqrt(np.diag(hessian)[free]))),
        infeasibility=_broken(program, here.at),
        complementarity=float(np.max([*np.abs(dual * slack), *(unused / program.scale)], initial=0.0)),
        steps=steps,
    )


def _checked(found: Solution) -> Solution:
    """The solution, whose optimality conditions hold. Raises WaarborgError naming the one that does not."""
    for name, residual, most in (
        ("gradient", found.stationarity, STATIONARY),
        ("feasibility", found.infeasibility, FEASIBLE),
        ("complementary slackness", found.complementarity, COMPLEMENTARY),
    ):
        if not residual <= most:
            raise WaarborgError(f"frequency under constraints: no optimum, its {name} is off by {residual:.1e}")
    return found


def cone_program(program: Program, solver: str = cp.CLARABEL) -> tuple[Floats, float]:
    """The same program stated literally, with exponential cones: coefficients (K,) and the objective.

    Lays the design out (N, K): for checks and benchmarks. Raises WaarborgError when the solver finds no optimum.
    """
    free, limits, prior = program.prior.free, program.limits, program.prior
    design = _laid_out(program.blocks)
    away = cp.Variable(int(free.sum()))
    linear = design[:, free] @ away + design @ prior.mean
    expected = cp.multiply(program.exposure, cp.exp(linear))
    root = np.linalg.cholesky(prior.precision[np.ix_(free, free)]).T
    cost = (cp.sum(expected) - program.claims @ linear) / program.scale + 0.5 * cp.sum_squares(root @ away)
    held: list[cp.Constraint] = []
    if len(limits.least):
        held.append(limits.matrix[:, free] @ away >= limits.least - limits.matrix @ prior.mean)
    if len(limits.most):
        beyond = cp.Variable(len(limits.most), nonneg=True)
        held.append(design[:, limits.columns].T @ expected - beyond <= limits.most)
        cost = cost + limits.price @ beyond / program.scale
    problem = cp.Problem(cp.Minimize(cost / max(program.claims.sum(), 1.0)), held)
    _run(problem, solver)
    coefficients = prior.mean.copy()
    coefficients[free] += away.value
    return coefficients, objective(program, coefficients)


def _laid_out(blocks: Sequence[Block]) -> Floats:
    """The design as a matrix, (N, K)."""
    rows = np.arange(len(blocks[0].code))
    parts = [np.zeros((len(rows), block.size)) for block in blocks]
    for part, block in zip(parts, blocks, strict=True):
        part[rows, block.code] = 1.0 if block.value is None else block.value
    return np.hstack(parts)
