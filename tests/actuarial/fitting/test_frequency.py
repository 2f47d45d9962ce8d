"""The frequency engine against statsmodels, against a general optimiser, and for what grouping promises."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM

from actuarial.fitting.frequency import (
    Block,
    Penalty,
    cluster_scores,
    collinear,
    cross_product,
    deviance,
    fit,
    group,
    posterior,
    predictor,
    score,
)
from actuarial.rounding import Floats

ROWS = 3_000
SIZES = (3, 4)


def market(seed: int = 1) -> tuple[list[Block], Floats, Floats, Floats]:
    """Two factors, a slope, and a slope by level: blocks, claims, exposure and the design laid out."""
    rng = np.random.default_rng(seed)
    first, second = (rng.integers(0, size, ROWS) for size in SIZES)
    slope, own = rng.normal(size=(2, ROWS))
    blocks = [
        Block(np.zeros(ROWS, dtype=np.int64), 1),
        Block(first, 3),
        Block(second, 4),
        Block(np.zeros(ROWS, dtype=np.int64), 1, slope),
        Block(first, 3, own),
    ]
    design = laid_out(blocks)
    truth = np.array([-1.0, 0.0, 0.4, -0.3, 0.0, 0.2, 0.5, -0.2, 0.3, 0.1, -0.1, 0.2])
    exposure = rng.uniform(0.2, 2.0, ROWS)
    claims = rng.poisson(exposure * np.exp(design @ truth)).astype(float)
    return blocks, claims, exposure, design


def laid_out(blocks: list[Block]) -> Floats:
    columns = []
    for block in blocks:
        value = np.ones(len(block.code)) if block.value is None else block.value
        columns += [np.where(block.code == level, value, 0.0) for level in range(block.size)]
    return np.stack(columns, axis=1)


def flat(columns: int, held: tuple[int, ...]) -> Penalty:
    free = np.ones(columns, dtype=bool)
    free[list(held)] = False
    return Penalty(np.zeros(columns), np.zeros((columns, columns)), free)


REFERENCE = (1, 4)  # first level of each factor


def test_without_a_prior_it_is_the_generalised_linear_model_of_statsmodels() -> None:
    blocks, claims, exposure, design = market()
    prior = flat(design.shape[1], REFERENCE)
    found = fit(blocks, claims, exposure, prior)
    peer = GLM(claims, design[:, prior.free], family=Poisson(), exposure=exposure).fit(tol=1e-12)
    assert found.converged
    np.testing.assert_allclose(found.coefficients[prior.free], peer.params, atol=1e-8)
    np.testing.assert_allclose(deviance(claims, found.expected), peer.deviance, rtol=1e-10)
    _, plain = posterior(found, prior, np.zeros((1, len(prior.free))), 1.0)
    np.testing.assert_allclose(np.sqrt(np.diag(plain)[prior.free]), peer.bse, rtol=1e-6)


def test_clustered_errors_are_those_of_statsmodels() -> None:
    blocks, claims, exposure, design = market()
    prior = flat(design.shape[1], REFERENCE)
    firm = np.arange(ROWS) // 5
    found = fit(blocks, claims, exposure, prior)
    robust, _ = posterior(found, prior, cluster_scores(blocks, claims - found.expected, firm, ROWS // 5), 1.0)
    peer = GLM(claims, design[:, prior.free], family=Poisson(), exposure=exposure).fit(
        tol=1e-12, cov_type="cluster", cov_kwds={"groups": firm, "use_correction": False}
    )
    np.testing.assert_allclose(np.sqrt(np.diag(robust)[prior.free]), peer.bse, rtol=1e-6)


@pytest.mark.parametrize("scale", [1.0, 2.5])
def test_with_a_prior_it_is_the_minimum_that_a_general_optimiser_finds(scale: float) -> None:
    blocks, claims, exposure, design = market(2)
    rng = np.random.default_rng(3)
    count = design.shape[1]
    root = rng.normal(size=(count, count))
    prior = Penalty(rng.normal(scale=0.2, size=count), root @ root.T + np.eye(count), np.ones(count, dtype=bool))

    def loss(beta: Floats) -> float:
        linear = design @ beta
        away = beta - prior.mean
        return float(
            ((exposure * np.exp(linear)).sum() - claims @ linear) / scale + 0.5 * away @ prior.precision @ away
        )

    found = fit(blocks, claims, exposure, prior, scale)
    peer = minimize(loss, prior.mean, method="BFGS", options={"gtol": 1e-6})
    assert found.converged
    assert loss(found.coefficients) <= loss(peer.x) + 1e-7
    np.testing.assert_allclose(found.coefficients, peer.x, atol=1e-4)


def test_without_data_the_answer_and_its_covariance_are_the_prior() -> None:
    blocks, claims, exposure, design = market()
    count = design.shape[1]
    covariance = np.diag(np.linspace(0.1, 1.0, count))
    prior = Penalty(np.full(count, 0.3), np.linalg.inv(covariance), np.ones(count, dtype=bool))
    found = fit(blocks, 0 * claims, 1e-12 * exposure, prior)
    robust, plain = posterior(found, prior, np.zeros((1, count)), 1.0)
    np.testing.assert_allclose(found.coefficients, prior.mean, atol=1e-6)
    np.testing.assert_allclose(robust, covariance, atol=1e-6)
    np.testing.assert_allclose(plain, covariance, atol=1e-6)


def test_blocks_stand_for_the_design_they_describe() -> None:
    blocks, claims, exposure, design = market()
    beta = np.linspace(-1, 1, design.shape[1])
    np.testing.assert_allclose(predictor(blocks, beta), design @ beta, atol=1e-12)
    np.testing.assert_allclose(score(blocks, claims), design.T @ claims, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(
        cross_product(blocks, exposure), design.T @ (design * exposure[:, None]), rtol=1e-12, atol=1e-9
    )


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 4), st.floats(0.1, 2.0)), min_size=1, max_size=40
    )
)
def test_grouping_keeps_every_total_and_joins_all_equal_rows(rows: list[tuple[int, int, int, float]]) -> None:
    first, second = (np.array([row[at] for row in rows], dtype=np.int64) for at in (0, 1))
    claims, exposure = (np.array([row[at] for row in rows], dtype=float) for at in (2, 3))
    codes, (total, at_risk) = group([first, second], [3, 4], [claims, exposure])
    cells = {(int(a), int(b)): (y, e) for a, b, y, e in zip(*codes, total, at_risk, strict=True)}
    assert len(cells) == len(total) == len(set(zip(first.tolist(), second.tolist(), strict=True)))
    for key, (y, e) in cells.items():
        mine = (first == key[0]) & (second == key[1])
        assert y == claims[mine].sum()
        assert e == pytest.approx(exposure[mine].sum())


@pytest.mark.parametrize("spread", [1, 10**6, 2**40])
def test_grouping_by_counting_by_sorting_and_beyond_64_bits_agree(spread: int) -> None:
    rng = np.random.default_rng(4)
    first, second = (rng.integers(0, 3, 500) for _ in range(2))
    wide = (first * spread, second * spread)
    sizes = [2 * spread + 1] * 2
    ones = np.ones(500)
    codes, (counts,) = group(wide, sizes, [ones])
    expected = np.bincount(first * 3 + second, minlength=9)
    assert sorted(counts) == sorted(expected[expected > 0])
    assert all(set(np.unique(code)) <= {0, spread, 2 * spread} for code in codes)


def test_the_grouped_fit_is_the_fit_of_the_rows() -> None:
    rng = np.random.default_rng(5)
    first, second = rng.integers(0, 3, ROWS), rng.integers(0, 4, ROWS)
    exposure = rng.uniform(0.2, 2.0, ROWS)
    claims = rng.poisson(exposure * np.exp(-1 + 0.3 * first - 0.1 * second)).astype(float)
    one = np.zeros(ROWS, dtype=np.int64)
    prior = flat(8, REFERENCE)
    rows = fit([Block(one, 1), Block(first, 3), Block(second, 4)], claims, exposure, prior)
    (a, b), (y, e) = group([first, second], [3, 4], [claims, exposure])
    cells = fit([Block(np.zeros_like(a), 1), Block(a, 3), Block(b, 4)], y, e, prior)
    np.testing.assert_allclose(cells.coefficients, rows.coefficients, atol=1e-9)
    np.testing.assert_allclose(cells.information, rows.information, rtol=1e-9)


def test_collinear_columns_are_named_and_refused_without_a_prior() -> None:
    blocks, claims, exposure, design = market()
    with pytest.raises(ValueError, match="collinear"):
        fit(blocks, claims, exposure, flat(design.shape[1], ()))
    doubled = [*blocks, Block(np.zeros(ROWS, dtype=np.int64), 1, 2 * np.asarray(blocks[3].value))]
    information = cross_product(doubled, exposure)
    keep = [0, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12]
    assert [keep[column] for column in collinear(information[np.ix_(keep, keep)])] == [8, 12]
    assert collinear(information[np.ix_(keep[:-1], keep[:-1])]) == []


def test_a_level_without_claims_runs_away_and_says_so() -> None:
    code = np.repeat([0, 1], 50)
    claims = np.where(code == 0, 1.0, 0.0)
    one = np.zeros(100, dtype=np.int64)
    found = fit([Block(one, 1), Block(code, 2)], claims, np.ones(100), flat(3, (1,)))
    assert not found.converged
    assert found.coefficients[2] < -20
