"""The reporting delay: known parameters recovered from truncated lags, a peer library, the product formula by hand."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import LogLogisticFitter, LogNormalFitter, WeibullFitter

from actuarial.fitting.experience import CLAIM_COLUMNS, YEAR_COLUMNS, Experience
from actuarial.fitting.survival import (
    BAND_EDGES,
    FEWEST_LAGS,
    LOGLOGISTIC,
    LOGNORMAL,
    WEIBULL,
    Lags,
    empirical_curve,
    experience_lags,
    fit_delay,
    fit_law,
    group_lags,
    interval,
    known_share,
    log_likelihood,
)
from actuarial.rounding import Floats

SHAPE, SCALE, WINDOW = 0.54, 188.0, 1826
# Infection by transfusion in years since April 1978, and years from then to AIDS, of 37 children (Lagakos, Barraj and
# De Gruttola, Biometrika 75 (1988) 515-523; Klein and Moeschberger, Survival Analysis, section 1.19).
INFECTED = (
    "1 1.5 2.25 2.75 3 3.5 3.75 3.75 3.75 3.75 3.75 3.75 4 4.25 4.5 4.75 4.75 5 5 5 5 5.25 5.25 5.25 5.5 5.5 5.5 5.75 "
    "6 6 6.25 6.25 6.5 6.75 6.75 7 7.25"
)
INDUCTION = (
    "5.5 2.25 3 1 1.75 .75 .75 1 2.75 3 3.5 4.25 1 1.75 3.25 1 2.25 .5 .75 1.5 2.5 .25 1 1.5 .5 1.5 2.5 1.75 .5 1.25 "
    ".5 1.25 .75 .5 .75 .75 .25"
)
END_OF_STUDY = 8.0  # years since April 1978, as infections are counted
QUARTERS = 4


def simulated(seed: int, claims: int = 2500) -> Lags:
    """Claims of five years under a Weibull delay, of which only the known ones are left."""
    rng = np.random.default_rng(seed)
    span = rng.integers(0, WINDOW, claims).astype(float)
    lag = np.floor(SCALE * rng.weibull(SHAPE, claims))
    seen = lag <= span
    return group_lags("simulated", lag[seen], span[seen], {"used": int(seen.sum())})


def whole(low: Floats, high: Floats, weight: Floats) -> Lags:
    """Lags that nothing hides."""
    return Lags("whole", low, high, np.full(len(low), 1e7), weight, {})


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    covered, estimates = [], []
    for seed in range(50):
        lags = simulated(seed, 1500)
        location_spread, covariance, _ = fit_law(lags, WEIBULL)
        truth = np.array([np.log(SCALE), -np.log(SHAPE)])
        covered.append(np.abs(location_spread - truth) <= 1.645 * np.sqrt(np.diag(covariance)))
        estimates.append(location_spread)
    share = np.mean(covered, axis=0)
    assert ((share >= 0.8) & (share <= 0.98)).all(), share  # 0.9 within two standard errors of 50 seeds
    error = np.std(estimates, axis=0) / np.sqrt(50)
    assert (np.abs(np.mean(estimates, axis=0) - truth) < 3 * error).all()


def test_leaving_the_truncation_out_makes_the_delay_too_short() -> None:
    lags = simulated(1)
    naive = Lags("naive", lags.low, lags.high, np.full(len(lags.low), 1e7), lags.incidents, {})
    (location, _), _, _ = fit_law(naive, WEIBULL)
    assert np.exp(location) < 0.75 * SCALE
    assert fit_delay(lags).scale_days == pytest.approx(SCALE, rel=0.2)


@pytest.mark.parametrize(
    ("law", "fitter"),
    [(WEIBULL, WeibullFitter), (LOGNORMAL, LogNormalFitter), (LOGLOGISTIC, LogLogisticFitter)],
)
def test_without_truncation_the_fit_is_that_of_lifelines(law: str, fitter: type) -> None:
    rng = np.random.default_rng(4)
    band = np.searchsorted(BAND_EDGES, np.floor(90.0 * rng.weibull(0.8, 400)), side="right") - 1
    low, high = BAND_EDGES[band], BAND_EDGES[band + 1]
    (location, log_spread), covariance, value = fit_law(whole(low, high, np.ones(400)), law)
    peer = fitter().fit_interval_censoring(np.maximum(low, 1e-9), high)
    assert value >= float(peer.log_likelihood_) - 1e-6
    assert value == pytest.approx(float(peer.log_likelihood_), abs=1e-3)
    expected = {
        WEIBULL: lambda: (np.log(peer.lambda_), -np.log(peer.rho_)),
        LOGNORMAL: lambda: (peer.mu_, np.log(peer.sigma_)),
        LOGLOGISTIC: lambda: (np.log(peer.alpha_), -np.log(peer.beta_)),
    }[law]()
    assert (location, log_spread) == pytest.approx(expected, abs=2e-3)
    if law == LOGNORMAL:
        assert covariance[0, 0] == pytest.approx(float(peer.variance_matrix_.iloc[0, 0]), rel=0.01)


def test_months_taken_as_intervals_recover_what_exact_months_would_miss() -> None:
    rng = np.random.default_rng(11)
    months = np.floor(SCALE * rng.weibull(SHAPE, 20_000) / 30.0) * 30.0
    cell, number = np.unique(months, return_counts=True)
    (location, log_spread), _, _ = fit_law(whole(cell, cell + 30.0, number.astype(float)), WEIBULL)
    assert np.exp(-log_spread) == pytest.approx(SHAPE, rel=0.03)
    assert np.exp(location) == pytest.approx(SCALE, rel=0.05)
    middle = WeibullFitter().fit(cell + 15.0, weights=number)
    assert abs(np.log(float(middle.rho_) / SHAPE)) > 0.1


def test_the_law_that_made_the_lags_wins_and_the_remark_says_what_changes() -> None:
    rng = np.random.default_rng(3)
    span = rng.integers(200, WINDOW, 3000).astype(float)
    lag = np.floor(np.exp(4.5 + 2.0 * rng.standard_normal(3000)))
    seen = lag <= span
    fit = fit_delay(group_lags("lognormal", lag[seen], span[seen], {}))
    best = fit.models.sort_values("aic").iloc[0]
    assert best["model"] == LOGNORMAL
    assert (best["first"], best["second"]) == pytest.approx((4.5, 2.0), rel=0.1)
    assert best["median_days"] == pytest.approx(np.exp(4.5), rel=0.2)
    assert "AIC prefers the lognormal" in fit.remark
    assert "after 365 days" in fit.remark
    assert fit_delay(simulated(3)).remark == ""


def test_the_curve_is_the_product_formula_of_reversed_time() -> None:
    infected, induction = (np.array(text.split(), dtype=float) * QUARTERS for text in (INFECTED, INDUCTION))
    limit = END_OF_STUDY * QUARTERS - infected  # quarters in which AIDS could have been seen
    assert (induction <= limit).all()
    lags = Lags("children", induction, induction + 1.0, limit + 1.0, np.ones(len(induction)), {})
    curve = empirical_curve(lags)
    last = induction.max()
    for days, share in zip(curve["days"], curve["empirical"], strict=True):
        by_hand = 1.0
        for quarter in np.unique(induction[induction >= days]):
            at_risk = (induction <= quarter) & (limit >= quarter)
            by_hand *= 1.0 - (induction == quarter).sum() / at_risk.sum()
        assert share == pytest.approx(by_hand, abs=1e-12)
    assert curve["days"].iloc[-1] == last + 1.0
    assert ((curve["low"] <= curve["empirical"]) & (curve["empirical"] <= curve["high"])).all()


def test_the_curve_of_lags_that_nothing_hides_is_their_distribution() -> None:
    lags = whole(np.array([0.0, 1.0, 2.0]), np.array([1.0, 2.0, 4.0]), np.array([5.0, 3.0, 2.0]))
    assert empirical_curve(lags)["empirical"].tolist() == pytest.approx([0.5, 0.8, 1.0])


def test_curve_and_fit_agree_on_simulated_lags() -> None:
    curve = fit_delay(simulated(8)).curve
    inside = curve[(curve["weibull"] >= curve["low"]) & (curve["weibull"] <= curve["high"])]
    assert len(inside) > 0.7 * len(curve)
    assert (curve[["empirical", "weibull", "lognormal", "loglogistic"]].diff().dropna() >= -1e-12).all(axis=None)


@settings(max_examples=20)
@given(factor=st.sampled_from([2.0, 3.0, 10.0]), seed=st.integers(0, 50))
def test_repeating_the_lags_keeps_the_fit_and_divides_its_covariance(factor: float, seed: int) -> None:
    lags = simulated(seed, 300)
    more = Lags("more", lags.low, lags.high, lags.observable, factor * lags.incidents, {})
    (one, covariance, value), (other, smaller, repeated) = (fit_law(which, WEIBULL) for which in (lags, more))
    assert other == pytest.approx(one, abs=1e-4)
    assert smaller * factor == pytest.approx(covariance, rel=1e-2)
    assert repeated == pytest.approx(factor * value, rel=1e-9)


@given(
    location=st.floats(-20.0, 20.0),
    log_spread=st.floats(-3.0, 3.0),
    law=st.sampled_from([WEIBULL, LOGNORMAL, LOGLOGISTIC]),
)
def test_the_likelihood_is_a_number_wherever_the_search_goes(location: float, log_spread: float, law: str) -> None:
    value = log_likelihood(simulated(0, 50), law, location, log_spread)
    assert np.isfinite(value)
    assert value <= 1e-9


@given(days=st.floats(0.0, 1e5), more=st.floats(0.0, 1e4), shape=st.floats(0.1, 5.0), scale=st.floats(0.5, 5e3))
def test_the_known_share_is_a_growing_share(days: float, more: float, shape: float, scale: float) -> None:
    early, late = known_share(np.array([days, days + more]), shape, scale)
    assert 0.0 <= early <= late <= 1.0


def test_the_interval_of_shape_and_scale_lies_around_them() -> None:
    fit = fit_delay(simulated(5))
    errors = interval(fit)
    assert list(errors) == ["shape", "scale_days"]
    for name, value in (("shape", fit.shape), ("scale_days", fit.scale_days)):
        error, low, high = errors[name]
        assert 0.0 < low < value < high
        assert low * high == pytest.approx(value**2)
        assert error == pytest.approx(value * np.log(high / low) / (2 * 1.645), rel=1e-3)


def test_too_few_lags_say_how_many_are_needed() -> None:
    few = group_lags("few", np.array([3.0, 40.0]), np.array([100.0, 100.0]), {})
    with pytest.raises(ValueError, match=rf"2 reporting lags of few .* at least {FEWEST_LAGS} are needed"):
        fit_delay(few)


def test_lags_that_only_show_their_window_fix_no_delay() -> None:
    rng = np.random.default_rng(2)
    span = np.full(200, 60.0)
    with pytest.raises(ValueError, match="do not determine a weibull delay"):
        fit_delay(group_lags("short", np.floor(61.0 * rng.random(200) ** (1 / SHAPE)), span, {}))


@pytest.mark.parametrize(("lag", "span"), [(-1.0, 10.0), (20.0, 10.0), (1e6, 2e6)])
def test_lags_outside_bands_or_span_are_refused(lag: float, span: float) -> None:
    with pytest.raises(ValueError, match="lie outside"):
        group_lags("odd", np.array([lag]), np.array([span]), {})


def test_overlapping_bands_have_no_curve() -> None:
    with pytest.raises(ValueError, match="overlap"):
        empirical_curve(whole(np.array([0.0, 1.0]), np.array([2.0, 3.0]), np.array([1.0, 1.0])))


@pytest.mark.parametrize(("low", "weight"), [(5.0, 1.0), (0.0, 0.0), (-1.0, 1.0)])
def test_cells_that_cannot_be_are_refused(low: float, weight: float) -> None:
    with pytest.raises(ValueError, match="every cell"):
        Lags("bad", np.array([low]), np.array([3.0]), np.array([9.0]), np.array([weight]), {})


def experience(claims: list[tuple[str | None, str | None, str]], as_of: str = "2026-12-31") -> Experience:
    """Claims (occurred, known, conduct) of one system that is always at risk."""
    rows = [("s", "FIN", "", occurred, known, conduct, np.nan, None) for occurred, known, conduct in claims]
    frame = pd.DataFrame(rows, columns=list(CLAIM_COLUMNS))
    for column in ("occurred", "known", "settled"):
        frame[column] = pd.to_datetime(frame[column])
    return Experience(pd.DataFrame(columns=list(YEAR_COLUMNS)), frame, date.fromisoformat(as_of), "test", "")


def test_every_claim_of_an_experience_is_used_or_counted() -> None:
    lags = experience_lags(
        experience(
            [
                ("2026-01-01", "2026-01-01", "in_time"),
                ("2026-01-02", "2026-03-01", "late"),
                ("2026-12-31", "2026-12-31", "in_time"),
                ("2026-02-01", "2026-09-01", "discovered"),
                ("2026-02-01", "2026-01-01", "in_time"),
                ("2026-02-01", "2027-01-01", "in_time"),
                ("2026-02-01", None, "in_time"),
            ]
        )
    )
    assert lags.counts == {
        "used": 3,
        "concealed and discovered": 1,
        "known before it occurred": 1,
        "known after the valuation date": 1,
        "a day missing": 1,
    }
    assert lags.incidents.sum() == 3
    assert sorted(lags.observable.tolist()) == [1.0, 364.0, 365.0]
    assert (lags.low < lags.observable).all()


def test_an_experience_without_claims_has_no_lags() -> None:
    lags = experience_lags(experience([]))
    assert lags.incidents.sum() == 0
    with pytest.raises(ValueError, match="0 reporting lags"):
        fit_delay(lags)


def test_the_size_of_the_market_hardly_moves_the_number_of_cells() -> None:
    small, large = simulated(0, 20_000), simulated(0, 200_000)
    assert len(large.low) < 1.3 * len(small.low)
    assert len(large.low) < 0.03 * large.incidents.sum()
