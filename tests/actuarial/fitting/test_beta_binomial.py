"""The beta-binomial against SciPy's own, against simulated populations, and over counts drawn by Hypothesis."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import betabinom, norm

from actuarial.fitting.beta_binomial import fit_beta_binomial, left_out_z, log_probability
from actuarial.rounding import Floats

A, B, SYSTEMS, TRIALS = 1.5, 6.0, 60, 40


def population(seed: int, systems: int = SYSTEMS, trials: int = TRIALS, a: float = A, b: float = B) -> Floats:
    rng = np.random.default_rng(seed)
    return rng.binomial(trials, rng.beta(a, b, systems)).astype(float)


counts = st.lists(
    st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=2, max_size=12
)


@given(n=st.integers(1, 300), share=st.floats(0, 1), a=st.floats(0.05, 50), b=st.floats(0.05, 50))
def test_probability_is_that_of_scipy(n: int, share: float, a: float, b: float) -> None:
    k = round(share * n)
    assert float(log_probability(k, n, a, b)) == pytest.approx(float(betabinom.logpmf(k, n, a, b)), abs=1e-8)


@pytest.mark.parametrize("seed", range(3))
def test_maximum_is_the_one_a_free_search_over_scipys_density_finds(seed: int) -> None:
    k = population(seed)
    fit = fit_beta_binomial(k, np.full(SYSTEMS, TRIALS))

    def loss(logs: Floats) -> float:
        return -float(betabinom.logpmf(k, TRIALS, *np.exp(logs)).sum())

    free = minimize(loss, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10, "maxiter": 2000})
    assert fit.log_likelihood == pytest.approx(-free.fun, abs=1e-7)
    assert (fit.a, fit.b) == pytest.approx(tuple(np.exp(free.x)), rel=1e-3)


def test_intervals_of_overdispersion_cover_the_truth() -> None:
    truth, runs = 1 / (A + B + 1), 100
    fits = [fit_beta_binomial(population(seed), np.full(SYSTEMS, TRIALS)) for seed in range(runs)]
    covered = sum(fit.rho_low <= truth <= fit.rho_high for fit in fits)
    assert 84 <= covered <= 96
    assert np.mean([fit.mean for fit in fits]) == pytest.approx(A / (A + B), abs=0.01)
    assert np.mean([fit.rho for fit in fits]) == pytest.approx(truth, rel=0.1)


def test_systems_that_are_alike_are_not_called_different() -> None:
    rng = np.random.default_rng(5)
    p_values = [fit_beta_binomial(rng.binomial(50, 0.2, 30), np.full(30, 50)).p_value for _ in range(60)]
    assert np.mean(np.array(p_values) < 0.05) < 0.15
    alike = fit_beta_binomial([10, 10, 10, 10], [50, 50, 50, 50])
    assert alike.p_value == 1.0
    assert alike.rho < 1e-4
    assert alike.mean == pytest.approx(0.2, rel=1e-4)
    assert alike.rho_low <= alike.rho <= alike.rho_high < 0.2


def test_systems_that_differ_are_called_different() -> None:
    fit = fit_beta_binomial([1, 40, 3, 45], [50, 50, 50, 50])
    assert fit.p_value < 1e-10
    assert fit.log_likelihood > fit.binomial_log_likelihood + 20
    assert 0.2 < fit.rho_low < fit.rho < fit.rho_high < 1


def test_systems_counted_twice_halve_nothing_but_the_interval() -> None:
    k, n = population(7), np.full(SYSTEMS, TRIALS)
    once, twice = fit_beta_binomial(k, n), fit_beta_binomial(np.tile(k, 2), np.tile(n, 2))
    assert (twice.a, twice.b) == pytest.approx((once.a, once.b), rel=1e-5)
    assert twice.log_likelihood == pytest.approx(2 * once.log_likelihood, rel=1e-10)
    assert twice.rho_high - twice.rho_low < once.rho_high - once.rho_low


@settings(max_examples=60)
@given(results=counts)
def test_order_and_direction_do_not_matter_and_the_interval_holds_the_estimate(results: list[tuple[int, int]]) -> None:
    k, n = np.array(results, dtype=float).T
    assume(0 < k.sum() < n.sum())
    fit, turned, mirrored = (fit_beta_binomial(*pair) for pair in ((k, n), (k[::-1], n[::-1]), (n - k, n)))
    assert turned.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-9)
    assert mirrored.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-4)
    assert fit.rho_low <= fit.rho * (1 + 1e-6)
    assert fit.rho <= fit.rho_high * (1 + 1e-6)
    assert fit.log_likelihood >= fit.binomial_log_likelihood - 1e-3


def test_left_out_scores_are_standard_normal_when_the_model_is_true() -> None:
    z = left_out_z(population(3, 200), np.full(200, TRIALS))
    assert abs(float(z.mean())) < 0.25
    assert float(z.std()) == pytest.approx(1.0, abs=0.12)


def test_left_out_score_is_the_mid_probability_under_the_others() -> None:
    k, n = population(1, 12), np.full(12, TRIALS)
    others = fit_beta_binomial(k[1:], n[1:])
    law = betabinom(TRIALS, others.a, others.b)
    mid = float(law.cdf(k[0] - 1) + law.pmf(k[0]) / 2)
    assert left_out_z(k, n)[0] == pytest.approx(float(norm.ppf(mid)), abs=1e-5)


def test_a_stranger_stands_out() -> None:
    k, n = np.append(np.full(9, 5.0), 95.0), np.full(10, 100.0)
    z = left_out_z(k, n)
    assert int(np.argmax(np.abs(z))) == 9
    assert z[9] > 5
    assert np.abs(z[:9]).max() < 2


def test_where_the_others_cannot_be_fitted_there_is_no_score() -> None:
    z = left_out_z([0, 0, 3], [10, 10, 10])
    assert np.isnan(z[2])
    assert np.isfinite(z[:2]).all()


@pytest.mark.parametrize(
    ("failures", "trials", "why"),
    [
        ([1], [10], "two systems"),
        ([1, 2], [10], "two systems"),
        ([0, 0], [10, 10], "no maximum"),
        ([10, 10], [10, 10], "no maximum"),
        ([11, 0], [10, 10], "between 0"),
        ([-1, 0], [10, 10], "between 0"),
        ([1, 0], [10, 0], "between 0"),
        ([float("nan"), 0], [10, 10], "between 0"),
    ],
)
def test_what_cannot_be_fitted_is_refused(failures: list[float], trials: list[float], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        fit_beta_binomial(failures, trials)
    with pytest.raises(ValueError, match=why):
        left_out_z(failures, trials)
