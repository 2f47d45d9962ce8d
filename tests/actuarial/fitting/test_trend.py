"""The trend of public incidents: delays by quadrature, growth recovered on simulated sources, the shipped counts."""

from datetime import date
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.stats import weibull_min

from actuarial.calibration import shipped_calibration
from actuarial.fitting import trend
from actuarial.fitting.incident_links import link_counts
from actuarial.fitting.reference_population import table
from actuarial.fitting.trend import (
    ALL,
    LEAST_INCIDENTS,
    Effect,
    adoption_growth,
    fit_series,
    fit_trend,
    forecast,
    growth_of,
    incident_series,
    known_shares,
    report,
    reporting_series,
    split_growth,
)
from actuarial.rounding import Floats
from policies.findings import Severity
from policies.perils import PERILS

SHARED = Path(__file__).parents[4] / "shared" / "data"
SHAPE, SCALE = 0.54, 188.0
YEARS = range(2020, 2026)
SNAPSHOT = date(2026, 7, 27)
INTERCEPTS = {peril: parameters.intercept for peril, parameters in shipped_calibration().perils.items()}
FOUND = fit_trend(SHAPE, SCALE, INTERCEPTS)


def test_known_share_is_the_mean_of_the_delay_distribution_over_the_year() -> None:
    at = date(2024, 10, 1)
    shares = known_shares([2022, 2024], at, SHAPE, SCALE)
    delay = weibull_min(SHAPE, scale=SCALE)
    start, end = ((at - day).days for day in (date(2022, 1, 1), date(2023, 1, 1)))
    assert shares[0] == pytest.approx(quad(delay.cdf, end, start)[0] / (start - end), rel=1e-6)
    start = (at - date(2024, 1, 1)).days
    assert shares[1] == pytest.approx(quad(delay.cdf, 0, start)[0] / 366, rel=1e-6)  # the rest of 2024 is still to come


@given(shape=st.floats(0.3, 3), scale=st.floats(1, 2000))
def test_older_years_are_better_known_and_a_longer_delay_hides_more(shape: float, scale: float) -> None:
    shares = known_shares(YEARS, SNAPSHOT, shape, scale)
    assert (np.diff(shares) <= 1e-12).all()
    assert shares.min() >= 0.0
    assert shares.max() <= 1.0 + 1e-12
    assert (known_shares(YEARS, SNAPSHOT, shape, 2 * scale) <= shares + 1e-12).all()


def test_growth_is_the_maximum_of_the_poisson_likelihood() -> None:
    counts, exposure = np.array([91.0, 79, 106, 172, 296, 438]), known_shares(YEARS, SNAPSHOT, SHAPE, SCALE)

    def loss(point: Floats) -> float:
        mean = exposure * np.exp(point[0] + point[1] * (np.array(YEARS) - 2022.5))
        return float((mean - counts * np.log(mean)).sum())

    free = minimize(loss, [5.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-9})
    fit = fit_series(YEARS, counts, exposure)
    assert (fit.level, fit.growth) == pytest.approx(tuple(free.x), abs=1e-5)
    mean = exposure * np.exp(fit.level + fit.growth * (np.array(YEARS) - fit.middle))
    assert fit.dispersion == pytest.approx(float(((counts - mean) ** 2 / mean).sum()) / 4)


def test_level_alone_is_the_pooled_rate() -> None:
    counts, exposure = np.array([10.0, 20, 30]), np.array([1.0, 0.9, 0.5])
    fit = fit_series([2020, 2021, 2022], counts, exposure, trend=False)
    assert np.exp(fit.level) == pytest.approx(60 / 2.4)
    assert fit.growth == 0.0
    assert fit.covariance[1, 1] == 0.0


def simulated(seed: int, risk: float, catching: float, prominence: float = 1.0) -> tuple[Effect, Effect, Effect]:
    """Two sources of one stream of incidents: the first catches an increasing share, with delay; the second some, which
    the first is `prominence` times as likely to catch as the rest."""
    rng = np.random.default_rng(seed)
    steps, known = np.arange(6), known_shares(YEARS, SNAPSHOT, SHAPE, SCALE)
    happened = rng.poisson(900 * np.exp(risk * steps))
    share = 0.1 * np.exp(catching * steps)
    second = rng.binomial(happened, 0.2)
    both = rng.binomial(second, prominence * share * known)
    first = both + rng.binomial(happened - second, share * known)
    total = fit_series(YEARS, first.astype(float), known)
    reporting = fit_series(YEARS, both.astype(float), second * known)
    return growth_of(total), growth_of(reporting), split_growth(total, reporting)


@pytest.mark.parametrize(
    ("risk", "catching", "prominence"), [(0.3, 0.15, 1.0), (0.3, 0.15, 3.0), (0.0, 0.3, 2.0), (-0.1, 0.0, 1.0)]
)
def test_growth_of_risk_and_of_reporting_are_told_apart(risk: float, catching: float, prominence: float) -> None:
    found = [simulated(seed, risk, catching, prominence) for seed in range(100)]
    for position, truth in ((0, risk + catching), (1, catching), (2, risk)):
        effects = [effects[position] for effects in found]
        assert np.mean([effect.estimate for effect in effects]) == pytest.approx(truth, abs=0.025)
        assert np.mean([effect.low <= truth <= effect.high for effect in effects]) >= 0.85


def test_reporting_alone_would_pass_for_risk_in_the_raw_counts() -> None:
    growths, _, risks = zip(*(simulated(seed, 0.0, 0.3) for seed in range(20)), strict=True)
    assert all(growth.low > 0.15 for growth in growths)
    assert np.mean([risk.low <= 0.0 <= risk.high for risk in risks]) >= 0.8


def test_forecasts_cover_what_follows() -> None:
    inside, runs = 0, 200
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        means = 60 * np.exp(0.4 * np.arange(7))
        counts = rng.negative_binomial(means / 2.0, 1 / 3.0)  # variance three times the mean
        fit = fit_series(YEARS, counts[:6].astype(float), np.ones(6))
        _, low, high, _ = forecast(fit, 2026, 1.0, float(counts[6]))
        inside += low <= counts[6] <= high
    assert 0.80 <= inside / runs <= 0.97


@settings(max_examples=6)  # each scores every count
@given(known=st.floats(0.05, 1.0), dispersion=st.floats(1.0, 5.0))
def test_forecast_scores_are_a_probability_law(known: float, dispersion: float) -> None:
    base = fit_series(YEARS, np.array([3.0, 4, 5, 6, 8, 9]), np.ones(6))
    fit = trend.SeriesFit(base.level, base.growth, base.middle, base.covariance * 0, dispersion, 4)
    mean, low, high, _ = forecast(fit, 2026, known, 1.0)
    masses = np.exp([forecast(fit, 2026, known, float(k))[3] for k in range(200)])
    assert masses.sum() == pytest.approx(1.0, abs=1e-6)
    assert masses @ np.arange(200) == pytest.approx(mean, rel=1e-4)
    assert low <= mean <= high


def test_too_few_years_are_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        fit_series([2020, 2021], np.array([1.0, 2.0]), np.ones(2))
    with pytest.raises(ValueError, match="too few"):
        fit_series([2020, 2021, 2022], np.zeros(3), np.ones(3))


def test_series_are_the_counts_of_the_snapshot_and_of_the_past() -> None:
    now, then = incident_series(YEARS, 2026), incident_series(YEARS, 2023)
    assert now[ALL].tolist() == [91, 79, 106, 172, 296, 438]
    assert then[ALL].tolist() == [82, 72, 93, 120, 0, 0]
    outside = sum(float(row["incidents"]) for row in table("aiid_counts.csv") if row["peril"] == "outside")
    perils = np.sum([now[peril] for peril in PERILS], axis=0)
    assert (perils <= now[ALL] + 0.01).all()
    assert perils.sum() >= now[ALL].sum() - 1.5 * outside


def test_links_are_taken_off_chance_and_never_negative() -> None:
    both, second = reporting_series(range(2008, 2026))
    assert both.min() >= 0.0
    assert (both <= second).all()
    rows = {row["year"]: row for row in table("aiid_links.csv")}
    assert both[-1] == pytest.approx(float(rows["2025"]["both"]) - float(rows["2025"]["chance"]))


def test_adoption_is_that_of_the_survey_of_firms() -> None:
    used = adoption_growth()
    assert used.estimate == pytest.approx(np.log(22.7 / 12.0) / 5)
    assert (used.low, used.high) == pytest.approx((np.log(13.8 / 12.0) / 4, np.log(22.7 / 13.8)))


def test_frames_have_the_columns_of_their_tables() -> None:
    columns = {
        name: list(getattr(FOUND, name).columns) for name in ("trend", "effects", "external_base", "out_of_time")
    }
    assert columns == {
        "trend": ["series", "year", "observed", "reported_share", "ultimate", "fitted", "low", "high"],
        "effects": ["effect", "estimate", "low", "high"],
        "external_base": ["peril", "incidents", "share", "prior_share"],
        "out_of_time": ["model", "year", "actual", "expected", "low", "high", "log_score"],
    }
    for frame in (FOUND.trend, FOUND.effects):
        assert (frame["low"] <= frame["high"]).all()


def test_what_the_database_shows() -> None:
    everything = FOUND.trend[FOUND.trend["series"] == ALL]
    assert (everything["ultimate"] >= everything["observed"]).all()
    assert FOUND.growth.estimate == pytest.approx(FOUND.reporting.estimate + FOUND.risk.estimate)
    assert 0.0 < FOUND.risk.low < FOUND.risk.estimate < FOUND.growth.estimate
    large = {name for name, counts in incident_series(YEARS, 2026).items() if counts.sum() >= LEAST_INCIDENTS}
    assert set(FOUND.trend["series"]) == large | {ALL}
    assert "growth of FRD" in set(FOUND.effects["effect"])


def test_shares_of_perils_stand_beside_those_of_the_prior() -> None:
    base = FOUND.external_base
    assert set(base["peril"]) == set(PERILS)
    assert base["share"].sum() == pytest.approx(1.0)
    assert base["prior_share"].sum() == pytest.approx(1.0)
    by_peril = base.set_index("peril")
    assert by_peril.loc["FRD", "share"] > by_peril.loc["FRD", "prior_share"]  # the deceived seldom reach the provider


def test_forecasts_use_what_was_known_and_beat_no_trend() -> None:
    past = FOUND.out_of_time
    assert list(zip(past["year"], past["model"], strict=True)) == list(
        product([2023, 2024, 2025], ["aiid trend", "aiid no trend"])
    )
    assert list(past.loc[past["model"] == "aiid trend", "actual"]) == [172, 296, 438]
    scores = past.groupby("model")["log_score"].sum()
    assert scores["aiid trend"] < scores["aiid no trend"]
    assert [finding.code for finding in FOUND.findings] == ["trend-split"]


def test_findings_say_when_a_trend_is_of_no_use(monkeypatch: pytest.MonkeyPatch) -> None:
    flat = tuple(
        {"peril": "FIN", "year": str(year), "entry_year": str(entry), "incidents": str(count)}
        for year, count in zip(range(2017, 2026), [90, 110, 95, 105, 100, 98, 102, 101, 260], strict=True)
        for entry in ([year] if year < 2025 else [2026])
    )
    monkeypatch.setattr(trend, "table", lambda name: flat if name == "aiid_counts.csv" else table(name))
    found = fit_trend(2.0, 1.0, INTERCEPTS)
    codes = {finding.code: finding for finding in found.findings}
    assert {"trend-unknown", "trend-forecast-missed"} <= set(codes)
    assert "2025" in codes["trend-forecast-missed"].message
    assert codes["trend-unknown"].severity is Severity.WARNING
    scored = {"model": ["aiid trend", "aiid no trend"], "log_score": [3.0, 2.0]}
    worse = pd.DataFrame({**scored, "year": 2025, "actual": 5.0, "expected": 5.0, "low": 1.0, "high": 9.0})
    assert [finding.code for finding in trend._misses(worse)] == ["trend-no-better"]


def test_report_prints_tables_and_findings() -> None:
    lines = "\n".join(report())
    assert "growth of risk" in lines
    assert "aiid no trend" in lines
    assert "info trend-split" in lines


@pytest.mark.skipif(not SHARED.is_dir(), reason="the incident databases are not beside the checkout")
@pytest.mark.parametrize("threshold", [0.3, 0.5])
def test_where_titles_count_as_one_does_not_decide_the_growth_of_risk(
    threshold: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pd.read_csv(SHARED / "aiid" / "incidents_enriched.csv")
    links = link_counts(first, pd.read_csv(SHARED / "aiaaic_incidents.csv", dtype=str), threshold)
    rows = tuple({key: str(value) for key, value in row.items()} for row in links.to_dict("records"))
    monkeypatch.setattr(trend, "table", lambda name: rows if name == "aiid_links.csv" else table(name))
    assert FOUND.risk.low < fit_trend(SHAPE, SCALE, INTERCEPTS).risk.estimate < FOUND.risk.high


def test_the_page_shows_what_the_command_prints() -> None:
    page = (Path(__file__).parents[3] / "docs" / "methods" / "trend.md").read_text("utf-8").splitlines()
    printed = [line for line in "\n".join(report()).splitlines() if line and not line.startswith(("info", "warning"))]
    assert printed
    assert [line for line in printed if line not in page] == []
