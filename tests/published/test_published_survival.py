"""Published survival results: remission of leukaemia, ball bearings, and arrests after release."""

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from lifelines.datasets import load_rossi

from actuarial.fitting.durations import DurationFit, fit_durations
from actuarial.fitting.survival import LOGNORMAL, WEIBULL, Lags, empirical_curve, fit_law, group_lags

# Freireich et al., Blood 21, 1963: weeks of remission on 6-mercaptopurine and on placebo, 21 children each
TREATED = np.array([6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35])
RELAPSED = np.array([1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0])
PLACEBO = np.array([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23])

# Lieblein and Zelen, Journal of Research of the National Bureau of Standards 57, 1956: millions of revolutions that 23
# ball bearings endured, as in Lawless, Statistical Models and Methods for Lifetime Data, 1982, example 5.2.2
BEARINGS = np.concatenate(
    [
        [17.88, 28.92, 33.00, 41.52, 42.12, 45.60, 48.48, 51.84, 51.96, 54.12, 55.56, 67.80],
        [68.64, 68.64, 68.88, 84.12, 93.12, 98.64, 105.12, 105.84, 127.92, 128.04, 173.40],
    ]
)

TICKS = 100  # months of our grid per week of the published data: the grid is then too fine to matter
MONTHS = 12.0


def episodes(weeks: np.ndarray, event: np.ndarray, covariates: pd.DataFrame) -> pd.DataFrame:
    """Published weeks on the grid of months; a censored one leaves just after an event of its week, by convention."""
    times = (weeks * TICKS + (event == 0)) / MONTHS
    return covariates.assign(entry=0.0, exit=times, event=event)


def effects(found: DurationFit, model: str) -> pd.Series:
    rows = found.effects[found.effects["model"] == model]
    return rows.set_index("covariate")["effect"]


def leukaemia() -> pd.DataFrame:
    weeks = np.concatenate([TREATED, PLACEBO])
    event = np.concatenate([RELAPSED, np.ones(21, dtype=int)])
    return episodes(weeks, event, pd.DataFrame({"placebo": np.repeat([0.0, 1.0], 21)}))


def test_kaplan_meier_of_remission() -> None:
    """Kleinbaum and Klein, Survival Analysis, third edition 2012, appendix (Stata): Kaplan-Meier of the treated with
    95 % limits on the log-log scale; the estimator as `survival` calls it. To the four digits printed."""
    fitter = KaplanMeierFitter(alpha=0.05).fit(TREATED, RELAPSED, entry=np.zeros(21), weights=np.ones(21))
    weeks = [6, 7, 10, 13, 16, 22, 23]
    survival = fitter.survival_function_at_times(weeks).to_numpy()
    assert survival == pytest.approx([0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482], abs=6e-5)
    limits = fitter.confidence_interval_survival_function_.loc[weeks].to_numpy()
    low = [0.6197, 0.5631, 0.5032, 0.4316, 0.3675, 0.2678, 0.1881]
    high = [0.9516, 0.9228, 0.8894, 0.8491, 0.8049, 0.7468, 0.6801]
    assert limits == pytest.approx(np.column_stack([low, high]), abs=6e-5)


def test_reversed_time_curve_of_placebo() -> None:
    """The same, Kaplan-Meier of the placebo arm: with nothing truncated the product-limit estimate in reversed time is
    the published curve. To the four digits printed."""
    weekly = np.arange(25.0)
    lags = group_lags("placebo", PLACEBO.astype(float), np.full(21, 23.0), {}, weekly)
    curve = empirical_curve(lags).set_index("days")["empirical"]
    published = {1: 0.9048, 2: 0.8095, 3: 0.7619, 4: 0.6667, 5: 0.5714, 8: 0.3810, 11: 0.2857, 12: 0.1905}
    published |= {15: 0.1429, 17: 0.0952, 22: 0.0476, 23: 0.0}
    assert {week: 1.0 - curve[week + 1] for week in published} == pytest.approx(published, abs=6e-5)


def test_cox_of_remission() -> None:
    """Cox, JRSS B 34, 1972, on the same data; with Efron's approximation for ties the log hazard ratio is 1.572,
    standard error 0.412 (Venables and Ripley, Modern Applied Statistics with S, 2002, section 13.3). To the digits
    printed. Children enter one tick apart, all within the first week, when nobody relapses: no two rows are then
    equal. Equal rows would be joined, and Efron's approximation does not see ties within a row."""
    apart = leukaemia().assign(entry=np.arange(42) / MONTHS)
    rows = fit_durations("remission", apart).effects.set_index(["model", "covariate"])
    effect, low, high = (float(rows.loc[("cox", "placebo"), column]) for column in ("effect", "low", "high"))
    assert effect == pytest.approx(1.572, abs=6e-4)
    assert (high - low) / (2 * 1.6449) == pytest.approx(0.412, abs=6e-4)


def test_weibull_of_remission() -> None:
    """Kleinbaum and Klein 2012, chapter 7: Weibull accelerated failure time, treatment 1.267 on log time, shape 1.366.
    Within 0.002: our times are bounded by a grid."""
    found = effects(fit_durations("remission", leukaemia()), "weibull_aft")
    assert -found["placebo"] == pytest.approx(1.267, abs=2e-3)
    assert found["shape"] == pytest.approx(1.366, abs=2e-3)


def bearings(width: float = 0.02) -> Lags:
    ones = np.ones(len(BEARINGS))
    low, high = BEARINGS - width / 2, BEARINGS + width / 2
    return Lags("bearings", low, high, np.inf * ones, ones, {})


def test_weibull_of_bearings() -> None:
    """Lawless 1982, example 5.2.2, and Meeker and Escobar, Statistical Methods for Reliability Data, 1998: Weibull
    shape 2.10, scale 81.9, log likelihood -113.7. To the digits printed."""
    lags = bearings()
    (location, log_spread), _, value = fit_law(lags, WEIBULL)
    assert np.exp(-log_spread) == pytest.approx(2.10, abs=6e-3)
    assert np.exp(location) == pytest.approx(81.9, abs=0.06)
    assert value - len(BEARINGS) * np.log(0.02) == pytest.approx(-113.7, abs=0.06)


def test_lognormal_of_bearings() -> None:
    """The same: log-normal mu 4.15, sigma 0.52 of log revolutions, log likelihood -113.1. To the digits printed."""
    (location, log_spread), _, value = fit_law(bearings(), LOGNORMAL)
    assert location == pytest.approx(4.15, abs=6e-3)
    assert np.exp(log_spread) == pytest.approx(0.52, abs=6e-3)
    assert value - len(BEARINGS) * np.log(0.02) == pytest.approx(-113.1, abs=0.06)


def rossi() -> DurationFit:
    data = load_rossi().astype(float)
    covariates = data[["fin", "age", "race", "wexp", "mar", "paro", "prio"]]
    return fit_durations("arrest", episodes(data["week"].to_numpy(), data["arrest"].to_numpy(), covariates))


def test_cox_and_weibull_of_arrests() -> None:
    """Rossi, Berk and Lenihan, Money, Work and Crime, 1980, as fitted in Allison, Survival Analysis Using SAS, 1995,
    chapters 4 (Weibull) and 5 (Cox, Efron). To the three digits printed; Weibull within 0.002."""
    found = rossi()
    assert found.events == 114
    names = ["fin", "age", "race", "wexp", "mar", "paro", "prio"]
    cox = [-0.379, -0.057, 0.314, -0.150, -0.434, -0.085, 0.091]
    assert effects(found, "cox")[names].to_list() == pytest.approx(cox, abs=6e-4)
    weibull = [0.272, 0.041, -0.225, 0.107, 0.311, 0.059, -0.066]
    assert effects(found, "weibull_aft")[names].to_list() == pytest.approx(weibull, abs=2e-3)
    assert 1.0 / effects(found, "weibull_aft")["shape"] == pytest.approx(0.712, abs=2e-3)
