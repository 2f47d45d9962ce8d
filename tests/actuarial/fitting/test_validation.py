"""Validation frames of simulated markets: columns, totals that agree, planted faults that show, few false alarms."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import nbinom

from actuarial.fitting.metrics import poisson_deviance
from actuarial.fitting.refits import (
    bootstrap_summary,
    out_of_time,
    out_of_time_count,
    out_of_time_gain,
    prior_sensitivity,
)
from actuarial.fitting.validation import Market, Validation, banded, stability, standards, validate
from actuarial.fitting.verdicts import findings
from policies.findings import WaarborgError

PERILS = ("FIN", "PRV", "BOD")
COLUMNS = {
    "actual_expected": ["factor", "level", "system_years", "actual", "expected", "ratio", "low", "high"],
    "level_tests": ["factor", "level", "variance_ratio", "p", "p_adjusted"],
    "fit": ["model", "claims", "expected", "deviance", "aic", "log_score"],
    "deviance_gain": ["gain", "low", "high"],
    "lorenz": ["model", "exposure_share", "claim_share"],
    "gini": ["model", "gini", "low", "high"],
    "gini_gain": ["gain", "low", "high"],
    "lift": ["band", "system_years", "expected", "actual", "low", "high"],
    "double_lift": ["band", "ratio", "actual", "fitted", "champion"],
    "murphy": ["model", "deviance", "uncertainty", "discrimination", "miscalibration"],
    "calibration_test": ["model", "miscalibration", "chance", "p"],
    "population_stability": ["factor", "psi", "verdict"],
}


def market(seed: int, firms: int = 600) -> tuple[Market, dict[str, object]]:
    """Three years of firms with two systems each; `fitted` is the truth, the champion knows the class alone."""
    rng = np.random.default_rng(seed)
    rows = firms * 6
    firm = np.repeat(np.arange(firms), 6)
    classes, danger = np.repeat(rng.integers(0, 3, firms), 6), np.repeat(rng.normal(0, 1, firms), 6)
    years = rng.uniform(0.5, 1.0, rows)
    champion = years[:, None] * np.exp(0.8 * classes)[:, None] * np.array([0.04, 0.02, 0.01])
    fitted = champion * np.exp(0.5 * danger - 0.125)[:, None]
    claims = rng.poisson(fitted * rng.gamma(2.0, 0.5, firms)[firm][:, None]).astype(float)
    recent = np.tile([False, False, True], rows // 3)
    factors = {"class": np.array(["A1", "A2", "A3"])[classes], "danger": banded("danger", danger)}
    return Market(PERILS, claims, fitted, champion, firm, years, recent), factors


def validated(seed: int, **changes: object) -> Validation:
    """The validation of a market, fields replaced."""
    seen, factors = market(seed)
    return validate(replace(seen, **changes), factors, parameters=5.0, seed=1)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def good() -> Validation:
    return validated(1)


def test_frames_have_the_agreed_columns_and_are_plain_finite_json(good: Validation) -> None:
    assert {name: list(frame) for name, frame in good.tables.items()} == COLUMNS
    for frame in good.tables.values():
        json.dumps(frame.to_dict("records"), allow_nan=False)


def test_totals_agree_between_frames(good: Validation) -> None:
    seen, factors = market(1)
    claims, expected, years = seen.claims.sum(), seen.fitted.sum(), seen.system_years.sum()
    levels = good.tables["actual_expected"].groupby("factor")
    assert set(levels.groups) == {*factors, "peril", "total"}
    assert (levels["actual"].sum() == claims).all()
    assert levels["expected"].sum().to_numpy() == pytest.approx(expected)
    assert good.tables["lift"][["actual", "expected", "system_years"]].sum().tolist() == pytest.approx(
        [claims, expected, years]
    )
    assert good.tables["double_lift"][["actual", "fitted", "champion"]].sum().tolist() == pytest.approx(
        [claims, expected, seen.champion.sum()]
    )
    fit = good.tables["fit"].set_index("model")
    assert (fit["claims"] == claims).all()
    assert fit.loc["null", "expected"] == pytest.approx(claims)
    assert fit.loc["fitted", "deviance"] == pytest.approx(poisson_deviance(seen.claims, seen.fitted))
    assert fit.loc["fitted", "aic"] == pytest.approx(2 * (fit.loc["fitted", "log_score"] * len(seen.claims) + 5))


def test_levels_are_counted_as_pandas_counts_them(good: Validation) -> None:
    seen, factors = market(1)
    table = pd.DataFrame({"level": factors["class"], "actual": seen.claims.sum(axis=1), "t": seen.system_years})
    peer = table.groupby("level").sum()
    found = good.tables["actual_expected"].query("factor == 'class'").set_index("level")
    assert found["actual"].tolist() == peer["actual"].tolist()
    assert found["system_years"].to_numpy() == pytest.approx(peer["t"].to_numpy())
    assert (found["low"] < found["ratio"]).all()
    assert (found["ratio"] < found["high"]).all()


def test_a_peril_without_claims_has_an_interval_and_no_deviance_of_the_null(good: Validation) -> None:
    seen, _ = market(1)
    silent = validated(1, claims=seen.claims * np.array([1.0, 1.0, 0.0]))
    row = silent.tables["actual_expected"].query("level == 'BOD'").iloc[0]
    assert (row["ratio"], row["low"]) == (0.0, 0.0)
    assert row["high"] > 0
    assert np.isfinite(silent.tables["fit"].select_dtypes("number")).all(axis=None)


def test_the_truth_beats_the_champion(good: Validation) -> None:
    fit, gini = good.tables["fit"].set_index("model"), good.tables["gini"].set_index("model")
    assert fit["log_score"].idxmin() == "fitted"
    assert gini.loc["fitted", "gini"] > gini.loc["champion", "gini"]
    assert good.tables["gini_gain"]["low"].iloc[0] > 0
    paired, alone = good.tables["gini_gain"].iloc[0], gini.loc["fitted"]
    assert paired["high"] - paired["low"] < 0.8 * (alone["high"] - alone["low"])
    assert good.tables["double_lift"]["ratio"].is_monotonic_increasing
    gain = good.tables["deviance_gain"].iloc[0]
    assert gain["gain"] == pytest.approx(fit.loc["champion", "deviance"] - fit.loc["fitted", "deviance"])
    assert 0 < gain["low"] < gain["gain"] < gain["high"]


def test_a_true_tariff_raises_few_alarms() -> None:
    """Over 30 markets the truth is hardly ever found at fault; each alarm may come up in a few of them."""
    results = [validated(seed) for seed in range(30)]
    alarms = [finding.code for result in results for finding in findings(result.tables)]
    assert all(alarms.count(code) <= 3 for code in set(alarms)), alarms
    assert np.mean([result.dispersion for result in results]) == pytest.approx(0.5, abs=0.1)


def test_a_wrong_total_does_not_pass_for_spread(good: Validation) -> None:
    seen, _ = market(1)
    assert validated(1, fitted=seen.fitted * 3.0).dispersion == pytest.approx(good.dispersion)


@pytest.mark.parametrize("fault", ["level", "total", "bent", "reversed"])
def test_planted_faults_are_found(fault: str) -> None:
    seen, factors = market(1)
    total = seen.fitted.sum()
    dear = np.where(factors["class"] == "A3", 1.5, 1.0)[:, None]
    wrong = {
        "level": seen.fitted * dear,
        "total": seen.fitted * 1.4,
        "bent": seen.fitted**2 / seen.champion.mean(),
        "reversed": seen.system_years[:, None] ** 2 / seen.fitted,
    }[fault]
    if fault in {"bent", "reversed"}:
        wrong = wrong * (total / wrong.sum())
    codes = {finding.code for finding in findings(validated(1, fitted=wrong).tables)}
    expected = {
        "level": {"level-off"},
        "total": {"balance-off"},
        "bent": {"miscalibrated", "fit-worse-than-champion"},
        "reversed": {"rank-reversed", "rank-worse-than-champion", "fit-worse-than-null", "double-lift-lost"},
    }[fault]
    assert expected <= codes


def test_a_market_that_moved_is_seen() -> None:
    seen, factors = market(1)
    recent = seen.recent & (factors["class"] != "A1")
    found = validated(1, recent=recent, system_years=np.where(recent, 3.0, 1.0) * seen.system_years)
    verdicts = found.tables["population_stability"].set_index("factor")["verdict"]
    assert verdicts.to_dict() == {"class": "shifted", "danger": "stable"}
    assert validated(1, recent=np.zeros_like(recent)).tables["population_stability"].empty


def test_stability_allows_for_chance_in_a_small_market() -> None:
    assert stability(0.3, 5, (20, 20)) == "stable"
    assert stability(0.3, 5, (2000, 2000)) == "shifted"
    assert stability(0.15, 5, (2000, 2000)) == "drifting"
    assert stability(0.01, 1, (2000, 2000)) == "stable"


def test_what_cannot_be_validated_is_refused() -> None:
    seen, factors = market(1)
    idle = np.where(np.arange(len(seen.firm)) < 2, 0.0, seen.system_years)
    for changes, message in (
        ({"system_years": idle}, "2 rows have no time at risk"),
        ({"fitted": seen.fitted[:, :2]}, "not rows by perils"),
        ({"fitted": seen.fitted * 0.0}, "must be positive"),
        ({"champion": seen.champion * np.nan}, "not finite"),
        ({"claims": -seen.claims}, "not be negative"),
        ({"claims": seen.claims * 0.0}, "two firms"),
        ({"recent": seen.recent[1:]}, "one entry"),
    ):
        with pytest.raises((ValueError, WaarborgError), match=message):
            replace(seen, **changes)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="class must have a level"):
        validate(seen, factors | {"class": factors["class"][1:]}, 5.0, 1)  # type: ignore[index]
    with pytest.raises(ValueError, match="class must have a level"):
        validate(seen, {"class": pd.Categorical([None] * len(seen.firm))}, 5.0, 1)


def test_bands_name_their_edges_in_order() -> None:
    edges = standards()["edges"]["compliance"]
    found = banded("compliance", np.array([0.0, edges[0], 0.6, 1.0]))
    assert list(found) == ["below 0.25", "0.25 to 0.5", "0.5 to 0.75", "0.75 and more"]
    assert found.ordered


def test_out_of_time_holds_the_claims_of_a_true_tariff() -> None:
    inside = 0
    for seed in range(200):
        seen, _ = market(seed, firms=100)
        row = out_of_time("fitted", 2030, seen.claims, seen.fitted, seen.firm, 0.5, 0.0).iloc[0]
        inside += row["low"] <= row["actual"] <= row["high"]
    assert 0.86 <= inside / 200 <= 0.96


def test_out_of_time_widens_with_what_is_not_known() -> None:
    seen, _ = market(1)

    def width(dispersion: float, error: float) -> float:
        row = out_of_time("fitted", 2030, seen.claims, seen.fitted, seen.firm, dispersion, error).iloc[0]
        return float(row["high"] - row["low"])

    assert width(0.0, 0.0) < width(0.5, 0.0) < width(0.5, 0.2)


def test_out_of_time_of_a_count_is_negative_binomial() -> None:
    row = out_of_time_count("public incidents", 2025, 130.0, 100.0, 400.0).iloc[0]
    law = nbinom(100.0**2 / 300.0, 100.0 / 400.0)
    assert (row["low"], row["high"]) == (law.ppf(0.05), law.ppf(0.95))
    assert row["log_score"] == pytest.approx(-law.logpmf(130))
    plain = out_of_time_count("public incidents", 2025, 130.0, 100.0, 100.0).iloc[0]
    assert plain["log_score"] > row["log_score"]
    assert list(plain.index) == ["model", "year", "actual", "expected", "low", "high", "log_score"]


def test_out_of_time_gain_covers_the_gain_that_is_expected() -> None:
    """The truth against a champion that is 1.3 times too dear: the mean gain over markets lies in most intervals."""
    frames = []
    for seed in range(200):
        seen, _ = market(seed, firms=100)
        frames.append(out_of_time_gain(2030, seen.claims, seen.fitted, 1.3 * seen.fitted, seen.firm))
    gains = pd.concat(frames)
    truth = np.mean([2 * (0.3 - np.log(1.3)) * market(seed, firms=100)[0].fitted.sum() for seed in range(50)])
    assert gains["gain"].mean() == pytest.approx(truth, rel=0.2)
    assert 0.83 <= ((gains["low"] <= truth) & (truth <= gains["high"])).mean() <= 0.96


def test_bootstrap_summary_is_the_moments_of_the_draws() -> None:
    draws = np.random.default_rng(1).normal([1.0, -2.0], [0.1, 3.0], (4000, 2))
    frame = bootstrap_summary(["a", "b"], np.array([1.0, -2.0]), draws)
    assert list(frame) == ["path", "estimate", "mean", "sd", "low", "high"]
    assert frame["sd"].to_numpy() == pytest.approx([0.1, 3.0], rel=0.05)
    assert frame["low"].to_numpy() == pytest.approx([1 - 0.1645, -2 - 4.935], abs=0.2)
    assert frame["high"].to_numpy() == pytest.approx([1 + 0.1645, -2 + 4.935], abs=0.2)
    for bad in (draws[:1], draws * np.nan, draws[:, 0]):
        with pytest.raises(ValueError, match="at least two draws"):
            bootstrap_summary(["a", "b"], np.zeros(2), bad)


def test_prior_sensitivity_counts_in_standard_errors() -> None:
    changed = {0.5: np.array([1.5, 3.0]), 2.0: np.array([0.8, 3.0])}
    frame = prior_sensitivity(["a", "b"], np.array([1.0, 2.0]), np.array([0.2, 0.0]), changed)
    assert list(frame) == ["path", "sd_factor", "estimate", "shift_in_se"]
    assert frame["sd_factor"].tolist() == [0.5, 0.5, 2.0, 2.0]
    assert frame["shift_in_se"].to_numpy() == pytest.approx([2.5, 0.0, -1.0, 0.0])
