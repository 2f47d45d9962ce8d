"""The fit under constraints: its optimality conditions, and the same program literally with exponential cones."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuarial.fitting.frequency import Block, Penalty, fit, predictor, score
from actuarial.fitting.tariff_fit import (
    Limits,
    Program,
    Solution,
    binding,
    cone_program,
    objective,
    response,
    solve,
    tangent,
    without,
)
from policies.findings import WaarborgError

CLASSES, REGIONS, ROWS, SIZE = 5, 4, 400, 11
BASE_CLASS, BASE_REGION, SLOPE = 1, 6, 10  # columns: one intercept, the classes, the regions, one slope
LOOSE = 50.0  # a bound that nothing comes near


def drawn(seed: int, slope: float, rise: float = 0.0, price: float = 1.0, tolerance: float = 0.05) -> Program:
    """Claims of a market with known effects: a slope, and classes that rise by so much each; some cells are off."""
    rng = np.random.default_rng(seed)
    classes, regions, x = rng.integers(0, CLASSES, ROWS), rng.integers(0, REGIONS, ROWS), rng.normal(size=ROWS)
    nought = np.zeros(ROWS, dtype=np.int64)
    blocks = (Block(nought, 1), Block(classes, CLASSES), Block(regions, REGIONS), Block(nought, 1, x))
    effects = np.concatenate([[0.2], rise * np.arange(CLASSES), rng.normal(0, 0.4, REGIONS), [slope]])
    effects[BASE_REGION] = 0.0
    exposure = rng.uniform(0.5, 2.0, ROWS)
    off = np.where((classes == 0) & (regions == 2), 0.5, 1.0)  # what no relativity explains
    claims = rng.poisson(exposure * np.exp(predictor(blocks, effects)) * off).astype(float)
    free = np.ones(SIZE, dtype=bool)
    free[[BASE_CLASS, BASE_REGION]] = False
    prior = Penalty(np.zeros(SIZE), np.diag(np.where(free, 1 / 0.5**2, 0.0)), free)
    columns = np.arange(BASE_CLASS, SLOPE)
    most = (1 + tolerance) * score(blocks, claims)[columns]
    matrix = np.zeros((CLASSES, SIZE))
    for step in range(CLASSES - 1):
        matrix[step, [BASE_CLASS + step + 1, BASE_CLASS + step]] = 1.0, -1.0
    matrix[-1, SLOPE] = 1.0
    least = np.array([0.0] * (CLASSES - 1) + [0.05])
    limits = Limits(matrix, least, columns, most, np.full(len(columns), price))
    return Program(blocks, claims, exposure, prior, 1.3, limits)


def unlimited(program: Program) -> np.ndarray:
    return fit(program.blocks, program.claims, program.exposure, program.prior, program.scale).coefficients


def solved(program: Program) -> Solution:
    return solve(program, unlimited(program))


def test_constraints_that_the_truth_keeps_change_nothing() -> None:
    program = drawn(3, slope=0.4, rise=0.5, tolerance=0.5)
    found = solved(program)
    np.testing.assert_allclose(found.coefficients, unlimited(program), atol=1e-8)
    assert not found.dual.any()
    assert not found.pressure.any()


@pytest.mark.parametrize("seed", range(4))
def test_danger_that_seems_to_help_and_a_falling_ladder_are_held_to_the_bound(seed: int) -> None:
    program = drawn(seed, slope=-0.4, rise=-0.3, tolerance=0.5)
    found = solved(program)
    assert found.coefficients[SLOPE] == pytest.approx(0.05, abs=1e-12)
    assert np.diff(found.coefficients[BASE_CLASS:BASE_REGION]).max() == pytest.approx(0.0, abs=1e-12)
    assert (found.dual > 0).all()
    assert unlimited(program)[SLOPE] < -0.2


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10_000),
    st.floats(-0.5, 0.5),
    st.floats(-0.4, 0.4),
    st.sampled_from([0.01, 0.1, 1.0]),
    st.sampled_from([0.0, 0.01, 0.05]),
)
def test_it_is_the_optimum_of_the_cone_program(
    seed: int, slope: float, rise: float, price: float, tolerance: float
) -> None:
    program = drawn(seed, slope, rise, price, tolerance)
    found = solved(program)
    limits = program.limits
    assert (limits.matrix @ found.coefficients >= limits.least - 1e-9).all()
    assert (found.dual >= 0).all()
    assert ((found.pressure >= 0) & (found.pressure <= price)).all()
    theirs, value = cone_program(program)
    assert found.objective == pytest.approx(value, abs=1e-5)
    np.testing.assert_allclose(found.coefficients, theirs, atol=1e-4)  # some 1e-6, up to 3e-5 where balances are tight


@pytest.mark.parametrize("seed", range(3))
def test_a_dual_value_is_what_a_little_relaxation_gains(seed: int) -> None:
    program, by = drawn(seed, slope=-0.4, rise=-0.3), 1e-5
    found = solved(program)
    for row in np.flatnonzero(found.dual > 0):
        least = program.limits.least.copy()
        least[row] -= by
        relaxed = solved(replace(program, limits=replace(program.limits, least=least)))
        assert (found.objective - relaxed.objective) / by == pytest.approx(found.dual[row], rel=1e-2)
    tight = (found.pressure > 0) & (found.pressure < 1)
    for segment in np.flatnonzero(tight):
        most = program.limits.most.copy()
        most[segment] += 0.01
        relaxed = solved(replace(program, limits=replace(program.limits, most=most)))
        gained = (found.objective - relaxed.objective) / 0.01 * program.scale
        assert gained == pytest.approx(found.pressure[segment], rel=5e-2)


@pytest.mark.parametrize("seed", range(3))
def test_the_response_is_where_the_optimum_goes(seed: int) -> None:
    program, by = drawn(seed, slope=-0.4, rise=-0.3, tolerance=0.01), 1e-4
    found = solved(program)
    moves, which = response(program, found), binding(program, found)[0]
    count = len(program.limits.least)
    assert len(which) >= 3
    for row in which:
        least, most = program.limits.least.copy(), program.limits.most.copy()
        (least if row < count else most)[row if row < count else row - count] += -by if row < count else by
        relaxed = solved(replace(program, limits=replace(program.limits, least=least, most=most)))
        moved = (relaxed.coefficients - found.coefficients) / by
        np.testing.assert_allclose(moves[:, row], moved, atol=2e-3 * max(1.0, np.abs(moved).max()))


def test_a_balance_bends_at_its_price_and_no_further() -> None:
    cheap, dear = (solved(drawn(5, 0.3, 0.3, price, tolerance=0.0)) for price in (1e-4, 10.0))
    most = drawn(5, 0.3, 0.3, 1.0, tolerance=0.0).limits.most
    assert (cheap.totals - most).max() > 0.1
    assert (cheap.pressure == 1e-4).any()
    assert (dear.totals - most).max() < 1e-8
    assert (dear.pressure < 10.0).all()


def test_errors_of_the_estimate_vanish_along_what_binds_and_are_those_of_the_hessian_elsewhere() -> None:
    program = drawn(2, slope=-0.4, rise=-0.3, tolerance=0.5)
    found = solved(program)
    held = binding(program, found)[1]
    inverse = tangent(program, found)
    np.testing.assert_allclose(held @ inverse, 0.0, atol=1e-12)
    assert np.linalg.eigvalsh(inverse).min() > -1e-12
    assert np.trace(inverse @ found.hessian) == pytest.approx(program.prior.free.sum() - np.linalg.matrix_rank(held))
    loose = replace(program, limits=replace(program.limits, least=program.limits.least - LOOSE))
    free = np.ix_(program.prior.free, program.prior.free)
    open_found = solved(loose)
    np.testing.assert_allclose(tangent(loose, open_found)[free], np.linalg.inv(open_found.hessian[free]), atol=1e-10)


def test_a_row_left_out_holds_no_more_and_the_others_do() -> None:
    program = drawn(1, slope=-0.4, rise=-0.3, tolerance=0.5)
    rest = without(program, CLASSES - 1)
    found = solve(rest, solved(program).coefficients)
    assert found.coefficients[SLOPE] < 0.0
    assert found.objective < objective(program, solved(program).coefficients)
    assert len(rest.limits.least) == CLASSES - 1
    fewer = without(program, CLASSES).limits
    np.testing.assert_array_equal(fewer.columns, program.limits.columns[1:])


def test_without_any_limit_it_is_the_plain_fit() -> None:
    program = drawn(4, 0.2)
    bare = Limits(np.zeros((0, SIZE)), np.zeros(0), np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))
    found = solve(replace(program, limits=bare), np.zeros(SIZE))
    np.testing.assert_allclose(found.coefficients, unlimited(program), atol=1e-8)


def test_the_start_does_not_matter() -> None:
    program = drawn(6, -0.4, -0.3)
    near, far = solved(program), solve(program, np.where(program.prior.free, 1.5, 0.0))
    np.testing.assert_allclose(near.coefficients, far.coefficients, atol=1e-9)
    assert near.steps <= 8


def test_rows_over_fixed_effects_only_are_passed_by() -> None:
    program = drawn(1, 0.3)
    matrix = np.vstack([program.limits.matrix, np.eye(SIZE)[BASE_CLASS]])
    limits = replace(program.limits, matrix=matrix, least=np.append(program.limits.least, 0.0))
    found = solved(replace(program, limits=limits))
    np.testing.assert_allclose(found.coefficients, solved(program).coefficients, atol=1e-9)
    assert found.dual[-1] == 0


def test_rows_that_cannot_hold_are_refused_in_one_line() -> None:
    program = drawn(1, 0.3)
    matrix = np.vstack([program.limits.matrix, -np.eye(SIZE)[SLOPE]])
    limits = replace(program.limits, matrix=matrix, least=np.append(program.limits.least, 0.2))
    with pytest.raises(WaarborgError, match="frequency under constraints") as refused:
        solved(replace(program, limits=limits))
    assert "\n" not in str(refused.value)
