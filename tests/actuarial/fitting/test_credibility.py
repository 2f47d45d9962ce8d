"""Credibility against simulated portfolios of known structure, closed forms, and what it promises for every input."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import nbinom

from actuarial.fitting.credibility import (
    ALPHA_MAX,
    Structure,
    buhlmann_straub,
    claims_needed,
    combined_alpha,
    fit_history,
    iterative_heterogeneity,
    spread_variance,
    unbiased_heterogeneity,
)

COLUMNS = [
    "peril",
    "firms",
    "claims",
    "expected",
    "alpha_prior",
    "alpha_unbiased",
    "alpha_iterative",
    "alpha",
    "low",
    "high",
    "weight",
]
FIRMS = np.arange(6)[:, None]
values = arrays(float, (6, 4), elements=st.floats(-1000, 1000))
weights = arrays(float, (6, 4), elements=st.floats(0.1, 100))


def market(rng: np.random.Generator, firms: int, mean: float, alpha: float) -> tuple[np.ndarray, np.ndarray]:
    """Expected and observed claims of firms of very unequal size, whose frailty is gamma of shape alpha."""
    expected = mean * np.exp(rng.normal(0.0, 1.5, firms) - 1.125)
    return expected, rng.poisson(expected * rng.gamma(alpha, 1.0 / alpha, firms)).astype(float)


# Buehlmann-Straub


@pytest.mark.parametrize("iterative", [False, True])
def test_structure_of_a_simulated_portfolio_is_found(iterative: bool) -> None:
    rng = np.random.default_rng(1)
    weight = rng.uniform(1.0, 50.0, (3_000, 5))
    own = rng.normal(100.0, 10.0, 3_000)[:, None]
    value = rng.normal(own, np.sqrt(900.0 / weight))
    found = buhlmann_straub(np.arange(3_000)[:, None], weight, value, iterative)
    assert found.collective == pytest.approx(100.0, abs=0.6)
    assert found.within == pytest.approx(900.0, rel=0.04)
    assert found.between == pytest.approx(100.0, rel=0.1)
    assert not found.clipped
    errors = [np.square(estimate - own[:, 0]).mean() for estimate in (found.premiums, found.means, found.collective)]
    assert errors[0] < min(errors[1:])


def test_collective_mean_weighs_by_credibility_not_by_exposure() -> None:
    weight, value = np.array([[1e6, 1e6], [1.0, 1.0], [1.0, 1.0]]), np.array([[10.0, 10.0], [0.0, 0.2], [0.1, 0.1]])
    found = buhlmann_straub(np.arange(3)[:, None], weight, value)
    assert np.average(value, weights=weight) == pytest.approx(10.0, abs=1e-4)
    assert found.collective == pytest.approx(np.average(found.means, weights=found.factors))
    assert found.collective < 9.0


def test_iterative_estimator_solves_its_equation_and_is_negative_with_the_unbiased_one() -> None:
    rng = np.random.default_rng(2)
    clipped = []
    for _ in range(60):
        weight, value = rng.uniform(1.0, 9.0, (8, 3)), rng.normal(0.0, 1.0, (8, 3))
        value += rng.normal(0.0, 0.35, 8)[:, None]
        pair = [buhlmann_straub(np.arange(8)[:, None], weight, value, iterative) for iterative in (False, True)]
        assert pair[0].clipped == pair[1].clipped
        clipped.append(pair[1].clipped)
        if not pair[1].clipped:
            spread = (pair[1].factors * np.square(pair[1].means - pair[1].collective)).sum()
            assert spread / 7 == pytest.approx(pair[1].between, rel=1e-6)
    assert 0 < sum(clipped) < 60


def test_firms_that_do_not_differ_get_no_credibility() -> None:
    value = np.array([[1.0, 3.0], [3.0, 1.0], [2.0, 2.0]])
    for iterative in (False, True):
        found = buhlmann_straub(np.arange(3)[:, None], np.array([[1.0], [2.0], [3.0]]), value, iterative)
        assert (found.between, found.clipped, found.constant) == (0.0, True, np.inf)
        assert found.factors.tolist() == [0.0, 0.0, 0.0]
        assert found.premiums == pytest.approx(2.0)


def test_firms_without_noise_get_full_credibility() -> None:
    for iterative in (False, True):
        found = buhlmann_straub(["a", "b", "a", "b"], 1.0, [1.0, 3.0, 1.0, 3.0], iterative)
        assert (found.within, found.between, found.constant) == (0.0, 2.0, 0.0)
        assert found.premiums.tolist() == [1.0, 3.0]


def test_long_and_square_arrays_agree_and_entries_without_weight_are_not_looked_at() -> None:
    rng = np.random.default_rng(3)
    weight, value = rng.uniform(1.0, 9.0, (6, 4)), rng.normal(5.0, 2.0, (6, 4))
    weight[2, 3], value[2, 3] = 0.0, np.nan
    square = buhlmann_straub(FIRMS, weight, value)
    order = rng.permutation(24)
    names = np.repeat([f"firm {n}" for n in range(6)], 4)
    long = buhlmann_straub(names[order], weight.ravel()[order], value.ravel()[order])
    assert long.premiums == pytest.approx(square.premiums)
    assert long.between == pytest.approx(square.between)


@pytest.mark.parametrize(
    ("firm", "weight", "value", "message"),
    [
        ([1, 1, 2, 2], [1, -1, 1, 1], [1, 2, 3, 4], "not negative"),
        ([1, 1, 2, 2], [1, 1, 1, np.nan], [1, 2, 3, 4], "finite"),
        ([1, 1, 2, 2], [1, 1, 1, 1], [1, 2, 3, np.inf], "finite"),
        ([1, 1, 1], [1, 1, 1], [1, 2, 3], "two firms"),
        ([1, 2, 3], [1, 1, 1], [1, 2, 3], "two periods"),
    ],
)
def test_what_cannot_be_estimated_is_refused(firm: list, weight: list, value: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        buhlmann_straub(firm, weight, value)


@given(weights, values, st.booleans())
def test_factors_are_shares_and_the_portfolio_keeps_its_total(w: np.ndarray, x: np.ndarray, iterative: bool) -> None:
    found = buhlmann_straub(FIRMS, w, x, iterative)
    assert ((found.factors >= 0.0) & (found.factors <= 1.0)).all()
    assert found.within >= 0.0
    assert found.between >= 0.0
    scale = (found.weights * np.abs(found.means)).sum() + 1e-6
    assert (found.weights * found.premiums).sum() == pytest.approx((w * x).sum(), abs=1e-6 * scale)


@given(arrays(float, 6, elements=st.floats(0.1, 100)), st.floats(0.0, 1e4), st.floats(0.0, 1e4))
def test_more_weight_never_lowers_credibility(w: np.ndarray, within: float, between: float) -> None:
    found = Structure(0.0, within, between, False, np.zeros(6), np.sort(w))
    assert (np.diff(found.factors) >= -1e-12).all()


@given(weights, values, st.floats(0.1, 10.0), st.floats(-100.0, 100.0))
def test_a_change_of_unit_changes_no_credibility(w: np.ndarray, x: np.ndarray, unit: float, shift: float) -> None:
    assume(np.ptp(x) > 1.0)
    plain, changed = buhlmann_straub(FIRMS, w, x), buhlmann_straub(FIRMS, w, shift + unit * x)
    assume(plain.between > 1e-3)
    assert changed.factors == pytest.approx(plain.factors, rel=1e-5, abs=1e-6)
    assert changed.premiums == pytest.approx(shift + unit * plain.premiums, rel=1e-5, abs=1e-3)


# The history constant


def test_variance_of_a_firms_estimate_is_exact() -> None:
    """Against the sum over the probabilities of the negative binomial."""
    for mean, a in ((0.02, 0.7), (0.5, 0.1), (3.0, 1.4), (20.0, 0.3)):
        n = np.arange(4_000.0)
        p = nbinom.pmf(n, 1.0 / a, 1.0 / (1.0 + a * mean))
        seen = ((n - mean) ** 2 - n) / mean
        assert (p * seen).sum() == pytest.approx(a * mean, rel=1e-6)
        assert (p * (seen - a * mean) ** 2).sum() == pytest.approx(spread_variance(np.array([mean]), a)[0], rel=1e-6)


def test_both_estimators_centre_on_the_truth_and_the_iterative_one_is_sharper() -> None:
    rng = np.random.default_rng(4)
    found = np.array(
        [
            (unbiased_heterogeneity(expected, claims), iterative_heterogeneity(expected, claims))
            for expected, claims in (market(rng, 2_000, 0.05, 1.5) for _ in range(150))
        ]
    )
    error = found.std(axis=0) / np.sqrt(len(found))
    assert (np.abs(found.mean(axis=0) - 1.0 / 1.5) < 3.0 * error).all()
    assert found[:, 1].std() < 0.85 * found[:, 0].std()


@pytest.mark.parametrize(("firms", "mean"), [(400, 0.5), (3_000, 0.5)])
def test_intervals_cover_the_alpha_that_the_prior_believes_in(firms: int, mean: float) -> None:
    """Truth drawn from the prior, as Bayes would have it: 90 % intervals cover in 85 to 95 of 100 (4 s.e. allowed)."""
    rng = np.random.default_rng(5)
    hits, draws = 0, 200
    for _ in range(draws):
        truth = 1.5 * np.exp(0.7 * rng.standard_normal())
        alpha, sd, _ = combined_alpha(*market(rng, firms, mean, truth), 1.5, 0.7)
        hits += abs(np.log(alpha / truth)) < 1.645 * sd
    assert 0.85 <= hits / draws <= 0.97


def test_level_of_the_tariff_does_not_count_as_difference_between_firms() -> None:
    rng = np.random.default_rng(6)
    expected, claims = market(rng, 2_000, 0.5, 2.0)
    right, wrong = (iterative_heterogeneity(scale * expected, claims) for scale in (1.0, 3.0))
    assert wrong == pytest.approx(right, rel=0.1)
    assert unbiased_heterogeneity(3.0 * expected, claims) == pytest.approx(unbiased_heterogeneity(expected, claims))


def test_table_has_a_row_per_peril_and_a_thin_peril_keeps_its_prior_and_says_so() -> None:
    rng = np.random.default_rng(7)
    rich, claims = market(rng, 2_000, 1.0, 0.8)
    expected = np.column_stack([rich, rich * 1e-4, np.full(2_000, 1e-6)]) / 2.0
    counts = np.zeros((2_000, 3))
    counts[:, 0] = claims
    counts[[3, 7], 1] = 1.0
    twice = [f"firm {number}" for number in range(2_000)] * 2  # two rows a firm: all claims in the first year
    fit = fit_history(
        twice, np.vstack([expected, expected]), np.vstack([counts, 0 * counts]), ["A", "B", "C"], [1.5, 2.0, 3.0]
    )
    assert fit.perils == ("A", "B", "C")
    assert fit.frame.columns.tolist() == COLUMNS
    assert fit.frame["firms"].tolist() == [2_000] * 3
    assert fit.frame["claims"].tolist() == [claims.sum(), 2.0, 0.0]
    assert fit.frame["low"][0] < 0.8 < fit.frame["high"][0]
    assert fit.alpha[1:] == pytest.approx([2.0, 3.0], rel=0.01)
    assert fit.log_sd[1:] == pytest.approx([0.7, 0.7], rel=0.01)
    assert [finding.subject for finding in fit.findings] == ["B", "C"]
    assert "(2 of 2,000 firms)" in fit.findings[0].message
    assert fit.frame["weight"][0] > 0.9
    assert np.isfinite(fit.frame.drop(columns="peril").to_numpy(dtype=float)).all()


def test_poisson_claims_lead_to_an_alpha_that_history_hardly_moves() -> None:
    rng = np.random.default_rng(8)
    expected = rng.uniform(1.0, 10.0, 20_000)
    fit = fit_history(np.arange(20_000), expected[:, None], rng.poisson(expected)[:, None], ["A"], [1.5])
    assert fit.frame["alpha_iterative"][0] > 100.0
    assert fit.alpha[0] > 50.0


def test_weight_grows_with_experience_and_reaches_half_at_the_claims_said_to_be_needed() -> None:
    rng = np.random.default_rng(9)
    expected = 0.05 * np.exp(rng.normal(0.0, 1.0, 3_000))
    needed = claims_needed(expected, np.zeros(3_000), 1.5, 0.7)
    found = []
    for times in (0.2, 1.0, 5.0):
        mean = expected * times * needed / expected.sum()
        draws = [
            combined_alpha(mean, rng.poisson(mean * rng.gamma(1.5, 1 / 1.5, 3_000)).astype(float), 1.5, 0.7)[2]
            for _ in range(20)
        ]
        found.append(np.mean(draws))
    assert found[0] < 0.25
    assert 0.35 < found[1] < 0.6
    assert found[2] > 0.75
    assert claims_needed(expected[:3], np.zeros(3), 1.5, 0.7) == np.inf


@given(
    arrays(float, 30, elements=st.floats(1e-6, 50.0)),
    arrays(np.int64, 30, elements=st.integers(0, 40)),
    st.floats(0.05, 50.0),
    st.floats(0.05, 2.0),
)
def test_any_record_yields_a_usable_alpha(expected: np.ndarray, claims: np.ndarray, prior: float, sd: float) -> None:
    frame = fit_history(np.arange(30), expected[:, None], claims[:, None], ["A"], [prior], sd).frame
    row = frame.drop(columns="peril").iloc[0].to_numpy(dtype=float)
    assert np.isfinite(row).all()
    found = frame.iloc[0]
    assert 0.0 < found["low"] < found["alpha"] < found["high"]
    assert 0.0 <= found["weight"] <= 1.0
    assert max(found["alpha_unbiased"], found["alpha_iterative"], found["alpha"]) <= ALPHA_MAX * (1 + 1e-9)


@given(st.floats(0.05, 5.0))
def test_a_surer_prior_leaves_less_to_the_data(sd: float) -> None:
    expected, claims = market(np.random.default_rng(10), 500, 0.5, 4.0)
    near, far = (combined_alpha(expected, claims, 1.5, s) for s in (sd, 1.5 * sd))
    assert abs(np.log(near[0] / 1.5)) <= abs(np.log(far[0] / 1.5)) + 1e-9
    assert near[1] < far[1]


@pytest.mark.parametrize(
    ("expected", "counts", "prior", "message"),
    [
        ([[0.0], [1.0]], [[1.0], [0.0]], [1.5], "none are expected"),
        ([[1.0], [1.0]], [[-1.0], [0.0]], [1.5], "not negative"),
        ([[np.nan], [1.0]], [[1.0], [0.0]], [1.5], "finite"),
        ([[1.0], [1.0]], [[1.0], [0.0]], [0.0], "prior"),
    ],
)
def test_impossible_experience_is_refused(expected: list, counts: list, prior: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit_history(["a", "b"], np.array(expected), np.array(counts), ["A"], prior)
