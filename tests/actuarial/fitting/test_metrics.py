"""Metrics against published figures, closed forms, peers (SciPy, scikit-learn, statsmodels) and brute force."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, nbinom, poisson
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import mean_poisson_deviance, roc_auc_score
from statsmodels.genmod.families import Poisson as PoissonFamily

from actuarial.fitting.metrics import (
    LEVEL,
    akaike,
    chance_miscalibration,
    equal_bands,
    exposure_rank,
    gini,
    gini_without_each,
    jackknife_error,
    lorenz_curve,
    moment_dispersion,
    murphy,
    negative_binomial_crps,
    negative_binomial_log_score,
    normal_interval,
    poisson_crps,
    poisson_deviance,
    poisson_interval,
    poisson_log_score,
    poisson_p,
    population_stability_index,
    predictive_interval,
    recalibrated,
)

Sample = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def draw(seed: int, rows: int = 400, firms: int = 60, dispersion: float = 0.5, level: float = 0.4) -> Sample:
    """Claims, true expectations, exposure and firm of rows whose firms share a gamma factor; rates tie in places."""
    rng = np.random.default_rng(seed)
    firm = np.concatenate([np.arange(firms), rng.integers(0, firms, rows - firms)])
    exposure = rng.uniform(0.2, 1.0, rows)
    expected = exposure * level * np.exp(np.round(rng.normal(0.0, 0.8, rows), 1))
    factor = rng.gamma(1.0 / dispersion, dispersion, firms)
    return rng.poisson(expected * factor[firm]).astype(float), expected, exposure, firm


@st.composite
def samples(unit: st.DrawFn) -> Sample:
    """Up to 30 rows of up to 5 firms, with ties, at least one claim."""
    rows = unit(st.integers(2, 30))
    whole = unit(st.lists(st.integers(0, 4), min_size=rows, max_size=rows).filter(any))
    expected = unit(st.lists(st.sampled_from([0.01, 0.1, 0.1, 0.5, 1.0, 3.0]), min_size=rows, max_size=rows))
    exposure = unit(st.lists(st.sampled_from([0.1, 0.5, 1.0, 2.0]), min_size=rows, max_size=rows))
    firm = unit(st.lists(st.integers(0, 4), min_size=rows, max_size=rows))
    return np.array(whole, dtype=float), np.array(expected), np.array(exposure), np.array(firm)


# Intervals


@pytest.mark.parametrize(
    ("count", "low", "high"),  # 95 % limits of Garwood (1936), printed in most tables of rates
    [(0, 0.0, 3.689), (1, 0.0253, 5.572), (5, 1.623, 11.668), (10, 4.795, 18.390)],
)
def test_interval_is_garwoods(count: int, low: float, high: float) -> None:
    found = poisson_interval(np.array([float(count)]), level=0.95)
    assert found[0][0] == pytest.approx(low, abs=5e-4)
    assert found[1][0] == pytest.approx(high, abs=1e-3)


def test_interval_is_the_chi_squared_one_and_scales_with_overdispersion() -> None:
    counts = np.array([1.0, 3.0, 40.0, 700.0])
    low, high = poisson_interval(counts)
    assert low == pytest.approx(chi2.ppf(0.05, 2 * counts) / 2)
    assert high == pytest.approx(chi2.ppf(0.95, 2 * counts + 2) / 2)
    wide = poisson_interval(counts * 3.0, 3.0)
    assert wide[0] == pytest.approx(3.0 * low)
    assert wide[1] == pytest.approx(3.0 * high)


@pytest.mark.parametrize("mean", [0.3, 2.0, 17.5, 150.0])
def test_interval_covers_at_least_its_level(mean: float) -> None:
    counts = np.arange(1000.0)
    low, high = poisson_interval(counts)
    assert poisson.pmf(counts, mean)[(low <= mean) & (mean <= high)].sum() >= LEVEL


@given(st.integers(0, 60), st.floats(0.05, 60.0), st.floats(1.0, 5.0))
def test_p_value_is_small_exactly_where_the_interval_excludes(count: int, mean: float, ratio: float) -> None:
    p = float(poisson_p(np.array(float(count)), np.array(mean), ratio))
    low, high = poisson_interval(np.array(float(count)), ratio)
    if abs(p - (1 - LEVEL)) > 1e-9:
        assert (p < 1 - LEVEL) == (not low <= mean <= high)


def test_p_value_is_that_of_the_poisson_law() -> None:
    assert poisson_p(np.array(9.0), np.array(4.0)) == pytest.approx(2 * poisson.sf(8, 4.0))
    assert poisson_p(np.array(1.0), np.array(4.0)) == pytest.approx(2 * poisson.cdf(1, 4.0))
    assert poisson_p(np.array(0.0), np.array(1e-3)) == 1.0
    assert poisson_p(np.array(1.0), np.array(1e-3)) == pytest.approx(2 * poisson.sf(0, 1e-3))
    assert poisson_p(np.array(1.0), np.array(1e-3), 2.0) < 1 - LEVEL  # half a claim where a two-thousandth is expected


def test_dispersion_is_recovered() -> None:
    found = []
    for seed in range(60):
        claims, expected, _, firm = draw(seed)
        found.append(moment_dispersion(np.bincount(firm, claims), np.bincount(firm, expected)))
    assert np.mean(found) == pytest.approx(0.5, abs=0.06)
    assert moment_dispersion(np.full(9, 2.0), np.full(9, 2.0)) == 0.0


@pytest.mark.parametrize(("mean", "variance"), [(0.4, 0.4), (7.0, 9.0), (120.0, 700.0)])
def test_predictive_interval_holds_its_share_of_draws(mean: float, variance: float) -> None:
    low, high = predictive_interval(mean, variance)
    law = poisson(mean) if variance == mean else nbinom(mean**2 / (variance - mean), mean / variance)
    assert law.cdf(high) - law.cdf(low - 1) >= LEVEL
    assert law.cdf(low - 1) < 0.05
    assert law.sf(high) <= 0.05


# Scores


def test_deviance_is_that_of_scikit_learn_and_statsmodels() -> None:
    claims, expected, _, _ = draw(1)
    assert poisson_deviance(claims, expected) == pytest.approx(len(claims) * mean_poisson_deviance(claims, expected))
    assert poisson_deviance(claims, expected) == pytest.approx(PoissonFamily().deviance(claims, expected))


def test_log_scores_are_those_of_scipy() -> None:
    claims, expected, _, _ = draw(2)
    assert poisson_log_score(claims, expected) == pytest.approx(-poisson.logpmf(claims, expected))
    found = negative_binomial_log_score(claims, expected, 0.7)
    assert found == pytest.approx(-nbinom.logpmf(claims, 1 / 0.7, 1 / (1 + 0.7 * expected)))
    assert akaike(10.0, 3.5) == 27.0


@pytest.mark.parametrize("mean", [0.01, 0.5, 3.0, 40.0])
@pytest.mark.parametrize("count", [0.0, 1.0, 5.0, 50.0])
@pytest.mark.parametrize("dispersion", [0.0, 0.05, 1.0, 8.0])
def test_crps_is_the_sum_of_squares_that_defines_it(mean: float, count: float, dispersion: float) -> None:
    at = np.arange(10_000.0)
    if dispersion:
        law = nbinom(1 / dispersion, 1 / (1 + dispersion * mean))
        found = negative_binomial_crps(np.array(count), np.array(mean), dispersion)
    else:
        law, found = poisson(mean), poisson_crps(np.array(count), np.array(mean))
    assert found == pytest.approx(np.square(law.cdf(at) - (at >= count)).sum(), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("wrong", [0.5, 0.8, 1.25, 2.0])
def test_scores_are_proper(wrong: float) -> None:
    """On average over the true law, the true mean scores best."""
    counts = np.arange(200.0)
    weight = poisson.pmf(counts, 3.0)
    for score in (poisson_log_score, poisson_crps):
        assert weight @ score(counts, np.full(200, 3.0)) < weight @ score(counts, np.full(200, 3.0 * wrong))


# Ranking


@pytest.mark.parametrize(
    ("quantile", "truth"),
    [
        (lambda p: (1 - p) ** -0.4, 1 / (2 / 0.4 - 1)),  # Pareto of shape 2.5
        (lambda p: -np.log1p(-p), 0.5),  # exponential
        (lambda p: p, 1 / 3),  # uniform
    ],
)
def test_gini_of_known_distributions(quantile: object, truth: float) -> None:
    rates = quantile((np.arange(200_000) + 0.5) / 200_000)  # type: ignore[operator]
    assert gini(rates, rates, np.ones(len(rates))) == pytest.approx(truth, abs=5e-4)


def test_gini_of_zeros_and_ones_is_the_area_under_the_roc_curve() -> None:
    claims, expected, _, _ = draw(3)
    some, ones = (claims > 0).astype(float), np.ones(len(claims))
    auc = roc_auc_score(some, expected.astype(np.float32))
    assert gini(some, expected, ones) == pytest.approx((2 * auc - 1) * (1 - some.mean()))


def test_rates_that_differ_in_the_last_digit_tie() -> None:
    exposure = np.array([0.1, 0.3, 0.7])
    rate = (0.123 * exposure) / exposure * np.array([1.0, 1.0 + 2e-16, 1.0 - 2e-16])
    assert exposure_rank(rate, exposure) == pytest.approx(np.full(3, 0.5))


@given(samples())
def test_gini_is_one_minus_twice_the_area_under_the_curve(sample: Sample) -> None:
    claims, expected, exposure, _ = sample
    x, y = lorenz_curve(claims, expected, exposure)
    assert gini(claims, expected, exposure) == pytest.approx(1 - 2 * np.trapezoid(y, x))
    assert (np.diff(x) > 0).all()
    assert (np.diff(y) >= 0).all()
    assert (x[-1], y[-1]) == pytest.approx((1, 1))


@given(samples(), st.floats(0.5, 3.0))
def test_gini_reads_the_order_alone(sample: Sample, power: float) -> None:
    claims, expected, exposure, _ = sample
    value = gini(claims, expected, exposure)
    assert gini(claims, 7 * expected**power, exposure) == pytest.approx(value)
    assert gini(claims, -expected, exposure) == pytest.approx(-value)
    assert gini(claims, np.ones(len(claims)), exposure) == pytest.approx(0)
    assert value <= gini(claims, claims / exposure, exposure) + 1e-12  # nobody ranks better than who knows the claims


@given(samples())
def test_gini_without_each_firm_is_that_of_the_other_rows(sample: Sample) -> None:
    claims, expected, exposure, firm = sample
    firm = np.unique(firm, return_inverse=True)[1]
    if np.count_nonzero(np.bincount(firm, claims)) < 2:
        with pytest.raises(ValueError, match="two firms"):
            gini_without_each(claims, expected, exposure, firm)
        return
    brute = [gini(claims[firm != f], expected[firm != f], exposure[firm != f]) for f in range(firm.max() + 1)]
    assert gini_without_each(claims, expected, exposure, firm) == pytest.approx(np.array(brute))


def test_gini_interval_covers() -> None:
    """Claims of a firm depend on each other; the Gini of a market of 150,000 rows stands for the truth."""
    claims, expected, exposure, _ = draw(0, rows=150_000, firms=50_000)
    truth = gini(claims, expected / exposure, exposure)
    hits = 0
    for seed in range(300):
        claims, expected, exposure, firm = draw(1 + seed)
        value = gini(claims, expected / exposure, exposure)
        error = jackknife_error(gini_without_each(claims, expected / exposure, exposure, firm))
        low, high = normal_interval(value, error)
        hits += low <= truth <= high
    assert 0.85 <= hits / 300 <= 0.95


def test_jackknife_error_of_a_mean_is_its_standard_error() -> None:
    values = np.random.default_rng(5).normal(0, 3, 50)
    without = (values.sum() - values) / 49
    assert jackknife_error(without) == pytest.approx(values.std(ddof=1) / math.sqrt(50))


@given(samples(), st.integers(1, 12))
def test_bands_follow_the_score_and_share_the_exposure(sample: Sample, count: int) -> None:
    _, expected, exposure, _ = sample
    band = equal_bands(expected, exposure, count)
    assert ((band >= 0) & (band < count)).all()
    higher = expected[:, None] > expected[None, :]
    assert (band[:, None] >= band[None, :])[higher].all()
    for score in np.unique(expected):
        assert len(set(band[expected == score])) == 1
    ties = max(exposure[expected == score].sum() for score in np.unique(expected))
    assert np.bincount(band, exposure).max() <= exposure.sum() / count + ties + 1e-9


def test_gini_and_murphy_need_claims() -> None:
    nothing, ones = np.zeros(3), np.ones(3)
    with pytest.raises(ValueError, match="at least one claim"):
        gini(nothing, ones, ones)
    with pytest.raises(ValueError, match="at least one claim"):
        murphy(nothing, ones, ones)


# Calibration


@given(samples(), st.floats(0.3, 3.0))
def test_murphy_adds_up_and_separates_order_from_level(sample: Sample, factor: float) -> None:
    claims, expected, exposure, _ = sample
    parts = murphy(claims, expected, exposure)
    assert parts.deviance == pytest.approx(parts.uncertainty - parts.discrimination + parts.miscalibration)
    assert parts.deviance == pytest.approx(poisson_deviance(claims, expected))
    assert parts.discrimination >= -1e-9
    assert parts.miscalibration >= -1e-4  # rates compared in single precision
    moved = murphy(claims, factor * expected, exposure)
    assert moved.discrimination == pytest.approx(parts.discrimination, abs=1e-9)
    assert moved.uncertainty == pytest.approx(parts.uncertainty)


@given(samples())
def test_a_recalibrated_prediction_is_calibrated_and_balanced(sample: Sample) -> None:
    claims, expected, exposure, _ = sample
    best = recalibrated(claims, expected, exposure)
    assert best.sum() == pytest.approx(claims.sum())
    if (best > 0).all():
        assert murphy(claims, best, exposure).miscalibration == pytest.approx(0, abs=1e-4)


def test_recalibration_is_the_isotonic_regression_of_scikit_learn() -> None:
    claims, expected, exposure, _ = draw(6)
    rate = (expected / exposure).astype(np.float32)
    peer = IsotonicRegression(increasing=True).fit(rate, claims / exposure, sample_weight=exposure)
    assert recalibrated(claims, expected, exposure) == pytest.approx(peer.predict(rate) * exposure)


def test_a_constant_prediction_has_no_discrimination_and_pays_its_bias() -> None:
    claims, _, exposure, _ = draw(7)
    parts = murphy(claims, 2.0 * exposure, exposure)
    assert parts.discrimination == pytest.approx(0)
    bias = claims.sum() * math.log(claims.sum() / exposure.sum() / 2) - claims.sum() + 2 * exposure.sum()
    assert parts.miscalibration == pytest.approx(2 * bias)


def test_a_true_prediction_is_as_miscalibrated_as_chance_and_a_bent_one_more() -> None:
    true, bent = [], []
    for seed in range(60):
        claims, expected, exposure, firm = draw(seed)
        wrong = expected**1.8 * expected.sum() / (expected**1.8).sum()
        for prediction, found in ((expected, true), (wrong, bent)):
            chance = chance_miscalibration(prediction, exposure, firm, 0.5, 19, seed)
            found.append(np.mean(chance >= murphy(claims, prediction, exposure).miscalibration))
    assert 0.4 <= np.mean(true) <= 0.6
    assert np.mean(bent) <= 0.15


def test_chance_is_reproducible_and_survives_a_market_without_claims() -> None:
    _, expected, exposure, firm = draw(8)
    rare = expected * 1e-3
    first = chance_miscalibration(rare, exposure, firm, 0.0, 5, 1)
    assert first == pytest.approx(chance_miscalibration(rare, exposure, firm, 0.0, 5, 1))
    assert np.isfinite(first).all()


# Population


def test_population_stability_index_in_closed_form() -> None:
    found = population_stability_index(np.array([5.0, 5.0]), np.array([30.0, 10.0]))
    assert found == pytest.approx(0.25 * math.log(3))


@given(
    st.lists(st.floats(0, 100), min_size=2, max_size=8).filter(any),
    st.lists(st.floats(0, 100), min_size=8, max_size=8),
    st.floats(0.01, 100),
)
def test_population_stability_is_a_distance(first: list[float], second: list[float], scale: float) -> None:
    p, q = np.array(first), np.array(second)[: len(first)] + 0.1
    index = population_stability_index(p, q)
    assert index >= 0
    assert math.isfinite(index)
    assert population_stability_index(q, p) == pytest.approx(index)
    assert population_stability_index(p, p * scale) == pytest.approx(0, abs=1e-12)
