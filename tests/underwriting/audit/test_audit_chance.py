"""What chance explains, against closed forms, SciPy and simulated honest books."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from strategies import CALIBRATION, REGIME

from actuarial.severity import limited_expected_value
from actuarial.tariff import tariff
from underwriting.audit.chance import (
    FALSE_DISCOVERIES,
    at_least,
    at_most,
    discoveries,
    fewer_failures,
    gap,
    mean_difference,
    mean_interval,
    rank_correlation,
    two_sided,
)
from underwriting.audit.simulation import severity_quantile

PROBABILITIES = st.lists(st.floats(0, 1), min_size=1, max_size=40).map(np.array)


@given(PROBABILITIES)
def test_discoveries_are_those_of_adjusted_p_values(p_values: np.ndarray) -> None:
    adjusted = stats.false_discovery_control(p_values, method="bh")
    clear = np.abs(adjusted - FALSE_DISCOVERIES) > 1e-9
    assert (discoveries(p_values)[clear] == (adjusted <= FALSE_DISCOVERIES)[clear]).all()


def test_no_tests_no_discoveries() -> None:
    assert len(discoveries(np.zeros(0))) == 0


def test_a_tail_learnt_from_many_others_is_binomial() -> None:
    many = 1e6
    found = at_least(np.array([3.0]), np.array([5.0]), np.array([0.1 * many]), np.array([0.9 * many]))
    assert found[0] == pytest.approx(stats.binom.sf(2, 5, 0.1), rel=1e-4)


def test_a_tail_learnt_from_nobody_names_nobody() -> None:
    alone = at_least(np.array([1.0, 0.0]), np.array([1.0, 0.0]), np.zeros(2), np.zeros(2))
    assert alone[0] == pytest.approx(0.5)
    assert alone[1] == 1.0


def test_no_report_where_few_are_expected() -> None:
    found = at_most(np.zeros(3), np.array([0.0, 2.0, 2.0]), 0.5)
    assert found == pytest.approx([1.0, 0.25, 0.25])  # (1 + mean x dispersion) ** (-1 / dispersion)
    assert at_most(np.zeros(1), np.array([2.0]), 1e-9)[0] == pytest.approx(math.exp(-2.0), rel=1e-6)


def test_the_stratified_test_is_the_published_one() -> None:
    """One stratum: the Mantel-Haenszel chi-square with correction is that of a 2 x 2 table times (n - 1) / n."""
    counts = [np.array([x]) for x in (3.0, 40.0, 12.0, 50.0)]
    pooled = stats.chi2_contingency([[3, 37], [12, 38]], correction=False)
    z = math.sqrt(pooled.statistic * 89 / 90)
    expected = 40 * 15 / 90
    with_correction = z * (expected - 3 - 0.5) / (expected - 3)
    assert fewer_failures(*counts) == pytest.approx(stats.norm.sf(with_correction), rel=1e-9)


def test_strata_without_a_failure_say_nothing() -> None:
    nothing, trials = np.zeros(2), np.full(2, 30.0)
    assert fewer_failures(nothing, trials, nothing, trials) == 1.0


def test_gap_is_the_difference_of_rates_with_its_interval() -> None:
    mean, low, high = gap(*(np.array([x]) for x in (10.0, 100.0, 25.0, 100.0)))
    assert mean == pytest.approx(0.15)
    assert low < 0.15 - 0.08 < 0.15 + 0.08 < high  # 1.645 x sqrt(.09 / 100 + .1875 / 100) = .087
    assert high - low == pytest.approx(2 * 1.645 * math.sqrt((0.0935 + 0.1886) / 100), rel=0.01)


def test_gap_covers_the_truth_nine_times_in_ten() -> None:
    rng = np.random.default_rng(3)
    trials = np.full(8, 40.0)
    inside = 0
    for _ in range(1000):
        _, low, high = gap(rng.binomial(40, 0.1, 8) * 1.0, trials, rng.binomial(40, 0.2, 8) * 1.0, trials)
        inside += low <= 0.1 <= high
    assert 860 < inside < 940


@given(st.lists(st.floats(-1, 1), min_size=3, max_size=20), st.lists(st.floats(-1, 1), min_size=3, max_size=20))
def test_difference_of_means_is_welch(first: list[float], others: list[float]) -> None:
    a, b = np.array(first), np.array(others)
    difference, p = mean_difference(a, b)
    assert difference == pytest.approx(a.mean() - b.mean())
    if min(a.std(), b.std()) > 1e-3:
        assert p == pytest.approx(stats.ttest_ind(a, b, equal_var=False).pvalue, abs=1e-9)


def test_means_without_spread() -> None:
    assert mean_difference(np.zeros(4), np.zeros(4)) == (0.0, 1.0)
    assert mean_difference(np.full(4, 0.1), np.zeros(4)) == (pytest.approx(0.1), 0.0)
    assert mean_difference(np.array([0.1]), np.zeros(4)) == (0.0, 1.0)
    assert mean_interval(np.array([1.0])) == (-math.inf, math.inf)


def test_interval_of_a_mean_is_students() -> None:
    sample = np.array([1.0, 2.0, 4.0])
    low, high = mean_interval(sample)
    ends = stats.t.interval(0.9, 2, loc=sample.mean(), scale=stats.sem(sample))
    assert (low, high) == pytest.approx(ends)


def test_rank_correlation_is_spearmans() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=30), rng.integers(0, 4, 30).astype(float)
    found = rank_correlation(x, y)
    assert found is not None
    assert found[0] == pytest.approx(stats.spearmanr(x, y).statistic)
    assert found[1] < found[0] < found[2]
    assert rank_correlation(x, np.ones(30)) is None
    assert rank_correlation(x[:4], y[:4]) is None


def test_two_sided_p_values_of_the_extremes() -> None:
    drawn = np.arange(99.0)[:, None]
    assert two_sided(np.array([-1.0]), drawn)[0] == pytest.approx(0.02)
    assert two_sided(np.array([49.0]), drawn)[0] == 1.0


def test_drawn_severities_have_the_limited_mean_of_the_tariff() -> None:
    s = tariff(CALIBRATION, REGIME).severity
    levels = (np.arange(400_000) + 0.5) / 400_000
    cap = 5e6
    for head in range(len(s.mu)):
        sizes = severity_quantile(s, np.full(len(levels), head), levels)
        assert (np.diff(sizes) >= 0).all()
        exact = float(limited_expected_value(s, np.full(len(s.mu), cap))[head])
        assert np.minimum(sizes, cap).mean() == pytest.approx(exact, rel=1e-3)
