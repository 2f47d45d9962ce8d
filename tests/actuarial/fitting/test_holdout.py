"""Refits of a calibration: each shortcut against the refit it stands for."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from actuarial.calibration import shipped_calibration
from actuarial.fitting.frequency import fit
from actuarial.fitting.frequency_design import blocks, cells_of, penalty
from actuarial.fitting.frequency_fit import fit_frequency
from actuarial.fitting.holdout import Refitted, after, before, held_out, prior_group, resampled, sensitivity
from actuarial.fitting.sample_experience import sample_experience
from policies.findings import WaarborgError
from policies.regimes import load_regime

AT, CUT = date(2026, 11, 24), date(2025, 11, 24)
CALIBRATION = shipped_calibration()
LAG, REGIME = (0.8, 205.0), load_regime("nl-2027")
MARKET = sample_experience(4_000, 2, AT, REGIME, CALIBRATION)
FOUND = fit_frequency(MARKET, CALIBRATION, {}, LAG, REGIME)
BASE = Refitted(CALIBRATION, {}, LAG, REGIME)


def test_before_holds_what_was_known_then_and_after_holds_the_rest() -> None:
    early, late = before(MARKET, CUT), after(MARKET, CUT)
    assert early.years["end"].max() == pd.Timestamp(CUT) == late.years["start"].min()
    assert (early.claims["known"] <= pd.Timestamp(CUT)).all()
    assert (late.claims["occurred"] >= pd.Timestamp(CUT)).all()
    assert early.as_of == CUT
    assert late.as_of == AT
    days = [(e.years["end"] - e.years["start"]).dt.days.sum() for e in (early, late, MARKET)]
    assert days[0] + days[1] == days[2]
    unknown = MARKET.claims["occurred"].lt(pd.Timestamp(CUT)) & MARKET.claims["known"].gt(pd.Timestamp(CUT))
    assert len(early.claims) + len(late.claims) + unknown.sum() == len(MARKET.claims)


def test_the_held_out_year_is_predicted_within_its_interval_and_better_than_by_one_rate() -> None:
    tables = held_out(MARKET, BASE, CALIBRATION, 0.1)
    frame, (gain,) = tables["out_of_time"].set_index("model"), tables["out_of_time_gain"].to_dict("records")
    assert frame.loc["fitted", "low"] <= frame.loc["fitted", "actual"] <= frame.loc["fitted", "high"]
    assert frame.loc["fitted", "log_score"] < frame.loc["null", "log_score"]
    assert set(frame.index) == {"fitted", "champion", "null"}
    assert gain["low"] < gain["gain"] < gain["high"]


def test_a_single_year_cannot_be_held_out() -> None:
    with pytest.raises(WaarborgError, match="no experience before the last year"):
        held_out(after(MARKET, CUT), BASE, CALIBRATION, 0.1)


@pytest.mark.parametrize("factor", [0.5, 2.0])
@pytest.mark.parametrize("group", ["theta", "classes", "sharing"])
def test_one_step_to_another_prior_is_the_refit(group: str, factor: float) -> None:
    mine = np.array([prior_group(path) == group for path in FOUND.cols.paths])
    wide = np.where(mine, factor, 1.0)
    cols = replace(FOUND.cols, covariance=wide[:, None] * FOUND.cols.covariance * wide)
    cells, _ = cells_of(FOUND.rows)
    exposure = np.tile(cells.years, len(cols.perils))
    whole = fit(blocks(cells, cols), cells.claims.T.ravel(), exposure, penalty(cols), FOUND.scale, FOUND.estimate)
    frame = sensitivity(FOUND)
    frame = frame[frame["sd_factor"] == factor].set_index("path")["estimate"]
    moved = [path for path, is_mine in zip(cols.paths, mine, strict=True) if is_mine and path in frame.index]
    at = [cols.at(path) for path in moved]
    np.testing.assert_allclose(frame[moved], whole.coefficients[at], atol=0.25 * FOUND.se[at].max())
    shift = np.abs(whole.coefficients[at] - FOUND.estimate[at]).max()
    assert np.abs(frame[moved] - whole.coefficients[at]).max() < 0.15 * shift


def test_the_bootstrap_of_one_step_spreads_as_the_robust_errors_of_the_data() -> None:
    frame = resampled(FOUND, 1)
    strong = frame["path"].str.contains("classes|elasticity")
    se = pd.Series(FOUND.se, FOUND.cols.paths)[frame["path"]].to_numpy()
    ratio = frame["sd"].to_numpy() / se
    assert 0.7 < np.median(ratio[strong]) < 1.1
    np.testing.assert_array_equal(frame["sd"], resampled(FOUND, 1)["sd"])
    assert not np.array_equal(frame["sd"], resampled(FOUND, 2)["sd"])


def test_a_firm_left_out_moves_the_estimate_by_its_pull() -> None:
    order = np.argsort(np.abs(FOUND.pulls[:, FOUND.cols.at("frequency.exposure_elasticity")]))
    firm = int(order[-40])  # one that matters, but not so much that the scale moves with it
    name = pd.factorize(MARKET.years["firm"])[1][firm]
    rest = MARKET.years[MARKET.years["firm"] != name]
    claims = MARKET.claims[MARKET.claims["system"].isin(rest["system"])]
    without = fit_frequency(replace(MARKET, years=rest, claims=claims), CALIBRATION, {}, LAG, REGIME)
    at = FOUND.cols.at("frequency.exposure_elasticity")
    moved = without.estimate[at] - FOUND.estimate[at]
    assert moved == pytest.approx(-FOUND.pulls[firm, at], rel=0.35)
