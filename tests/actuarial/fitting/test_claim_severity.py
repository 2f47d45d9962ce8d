"""Severities of the market's own claims: known losses come back, within intervals that hold as often as they say."""

import math
from datetime import date
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuarial.calibration import HeadSeverity, shipped_calibration
from actuarial.fitting.claim_losses import MarketLosses, market_losses, size_elasticity, size_scale
from actuarial.fitting.claim_severity import ClaimSeverities, fit_claim_severities
from actuarial.fitting.experience import Experience
from actuarial.fitting.head_fit import NAMES, fit_head, from_psi, limited_mean, prior_sd, to_psi
from actuarial.fitting.insured_severity import on_level_factor
from actuarial.fitting.severity import log_density
from actuarial.market.experience import _losses
from actuarial.severity import limited_expected_value, splice

PRIOR = shipped_calibration().severities
BASIC = 500_000.0
LIMITS = (100_000.0, 1_000_000.0, 2_500_000.0)


def draw(s: HeadSeverity, size: int, seed: int) -> np.ndarray:
    """Losses as the sample market draws them."""
    u = np.random.default_rng(seed).random(size)
    return _losses(u, np.zeros(size, dtype=np.int64), splice([s]))


def mean_up_to(s: HeadSeverity, limit: float) -> float:
    return float(limited_expected_value(splice([s]), np.array([limit]))[0])


@cache
def market(size: int = 3_000) -> ClaimSeverities:
    """A market whose severities are the prior's, but for G1, which is twice as dear; no claims of C2."""
    rng = np.random.default_rng(11)
    truth = dict(PRIOR)
    g1 = PRIOR["G1"]
    truth["G1"] = HeadSeverity(g1.mu + math.log(2), g1.sigma, 2 * g1.threshold, g1.xi, 2 * g1.beta)
    names = [head for head in truth if head != "C2"]
    code = rng.integers(0, len(names), size)
    scale = size_scale(np.exp(rng.normal(16.0, 1.5, size)), 0.13, 1e7)
    loss = scale * _losses(rng.random(size), code, splice([truth[head] for head in names]))
    loss[:7] = np.nan
    heads = [names[k] for k in code]
    heads[7] = ""
    return fit_claim_severities(loss, heads, scale, PRIOR, np.zeros(size, dtype=bool), BASIC)


def test_heads_without_claims_keep_the_prior_and_say_so() -> None:
    found = market()
    assert found.severities["C2"] == PRIOR["C2"]
    row = found.severity_heads.set_index("head").loc["C2"]
    assert row["claims"] == row["credibility"] == 0
    assert row["source"].startswith("prior kept")
    assert [f.subject for f in found.findings if f.code == "severity-prior-kept"] == ["C2"]


def test_claims_without_head_or_loss_are_counted_and_left_out() -> None:
    found = market()
    assert sum(fit.claims for fit in found.heads.values()) == 3_000 - 8
    assert any("8 of 3000 claims" in f.message for f in found.findings if f.code == "severity-left-out")


def test_a_head_that_the_prior_has_wrong_follows_its_claims() -> None:
    fit = market().heads["G1"]
    own, low, high = limited_mean(fit, BASIC)
    g1 = PRIOR["G1"]
    truth = HeadSeverity(g1.mu + math.log(2), g1.sigma, 2 * g1.threshold, g1.xi, 2 * g1.beta)
    assert low < mean_up_to(truth, BASIC) < high
    assert own > 1.3 * mean_up_to(g1, BASIC)
    assert fit.credibility > 0.9


def test_known_severities_come_back_head_by_head_within_their_intervals() -> None:
    inside = []
    for head, fit in market().heads.items():
        if head not in {"G1", "C2"}:
            for limit in LIMITS:
                _, low, high = limited_mean(fit, limit)
                inside.append(low <= mean_up_to(PRIOR[head], limit) <= high)
    assert len(inside) == 33
    assert np.mean(inside) >= 0.8


def test_tables_have_the_agreed_columns_and_parameters_the_paths_of_an_artefact() -> None:
    found = market()
    assert list(found.severity_heads.columns) == [
        "head", "publicised", "claims", "credibility", "mu", "sigma", "threshold_eur", "xi", "xi_low", "xi_high",
        "beta_eur", "source",
    ]  # fmt: skip
    assert list(found.parameters.columns) == [
        "path", "prior", "prior_sd", "estimate", "se", "low", "high", "model_se", "unconstrained", "claims",
    ]  # fmt: skip
    table = found.parameters.set_index("path")
    assert len(table) == 4 * len(PRIOR)
    for field in ("mu", "sigma", "xi", "beta"):
        row = table.loc[f"severity.heads.H1.{field}"]
        assert row["prior"] == pytest.approx(getattr(PRIOR["H1"], field))
        assert row["estimate"] == pytest.approx(getattr(found.severities["H1"], field))
        assert row["low"] < row["estimate"] < row["high"]


def test_estimates_lie_between_the_prior_and_the_claims_alone_and_know_more_than_either() -> None:
    table = market().parameters.dropna()
    assert (table["se"] <= table["prior_sd"] * np.maximum(table["estimate"] / table["prior"], 1.0) * 1.001).all()
    mu = table[table["path"].str.endswith(".mu")]
    assert (np.abs(mu["estimate"] - mu["unconstrained"]) < 0.35).all()


def test_intervals_of_limited_means_hold_as_often_as_they_say() -> None:
    """Truths drawn from the prior: 90 % intervals of three limited means, 3 x 60 of them."""
    prior, inside = PRIOR["G1"], np.zeros(len(LIMITS))
    runs = 60
    for seed in range(runs):
        psi = to_psi(prior) + np.random.default_rng(seed).normal(size=4) * prior_sd()
        truth = from_psi(np.maximum(psi, [-np.inf, -np.inf, 0.05, -np.inf]), prior.threshold)
        losses = draw(truth, 120, 1_000 + seed)
        fit = fit_head(losses, losses, prior, BASIC)
        for k, limit in enumerate(LIMITS):
            _, low, high = limited_mean(fit, limit)
            inside[k] += low <= mean_up_to(truth, limit) <= high
    assert (inside / runs > 0.80).all()  # 90 % less three standard errors of 60 trials
    assert inside.sum() / (runs * len(LIMITS)) < 0.99


def test_many_claims_leave_nothing_of_a_wrong_prior() -> None:
    truth = HeadSeverity(mu=9.0, sigma=1.7, threshold=300_000.0, xi=0.6, beta=280_000.0)
    losses = draw(truth, 30_000, 5)
    fit = fit_head(losses, losses, PRIOR["G4"], BASIC)
    for limit in LIMITS:
        assert limited_mean(fit, limit)[0] == pytest.approx(mean_up_to(truth, limit), rel=0.06)
    assert fit.credibility > 0.99


def test_losses_above_a_limit_are_lower_bounds() -> None:
    truth, rng = PRIOR["G1"], np.random.default_rng(6)
    losses, limits = draw(truth, 4_000, 60), np.exp(rng.uniform(math.log(5e3), math.log(5e6), 4_000))
    paid = np.minimum(losses, limits)
    above = losses > limits
    right = fit_head(paid, np.where(above, np.inf, paid), truth, BASIC)
    wrong = fit_head(paid, paid, truth, BASIC)
    assert above.mean() > 0.2
    assert limited_mean(right, BASIC)[0] == pytest.approx(mean_up_to(truth, BASIC), rel=0.08)
    assert limited_mean(wrong, BASIC)[0] < 0.7 * mean_up_to(truth, BASIC)


def test_open_claims_count_at_their_estimate_and_are_reported() -> None:
    """As bounds they would overstate: a claim's estimate is high because the claim is."""
    losses, rng = draw(PRIOR["G1"], 4_000, 61), np.random.default_rng(7)
    is_open = rng.random(4_000) < 0.4
    found = fit_claim_severities(losses, ["G1"] * 4_000, np.ones(4_000), PRIOR, is_open, BASIC)
    truth = mean_up_to(PRIOR["G1"], BASIC)
    assert limited_mean(found.heads["G1"], BASIC)[0] == pytest.approx(truth, rel=0.08)
    assert [f.message[:3] for f in found.findings if f.code == "severity-open"] == [f"{is_open.mean():.0%}"]
    bounded = fit_head(losses, np.where(is_open, np.inf, losses), PRIOR["G1"], BASIC)
    assert limited_mean(bounded, BASIC)[0] > 1.5 * truth


def test_claims_settled_for_nothing_do_not_wreck_the_body() -> None:
    losses = draw(PRIOR["G1"], 2_000, 7)
    losses[losses < 500.0] = 0.0  # nobody records what the deductible swallows
    fit = fit_claim_severities(losses, ["G1"] * 2_000, np.ones(2_000), PRIOR, np.zeros(2_000, dtype=bool), BASIC)
    assert fit.severities["G1"].sigma == pytest.approx(PRIOR["G1"].sigma, rel=0.08)


def test_a_threshold_out_of_reach_of_the_claims_moves_towards_them() -> None:
    small = HeadSeverity(PRIOR["G1"].mu - 4.0, 1.0, PRIOR["G1"].threshold / 100, 0.5, 2_000.0)
    fit = fit_head(*[draw(small, 500, 8)] * 2, PRIOR["G1"], BASIC)
    own = float(np.quantile(draw(small, 500, 8), 0.95))
    assert own < fit.severity.threshold < 1.5 * own
    assert fit.tail > 10


@settings(max_examples=25)
@given(
    st.floats(4.0, 14.0), st.floats(-1.0, 1.5), st.floats(0.05, 2.0), st.floats(7.0, 16.0), st.floats(8.0, 15.0)
)  # fmt: skip
def test_any_parameters_make_a_splice_without_a_step(
    mu: float, log_sigma: float, xi: float, log_beta: float, log_u: float
) -> None:
    s = from_psi(np.array([mu, log_sigma, xi, log_beta]), math.exp(log_u))
    below, above = log_density(s, s.threshold * np.array([1 - 1e-9, 1 + 1e-9]))
    if min(below, above) > -600:  # representable
        assert below == pytest.approx(above, abs=1e-5)
    assert to_psi(s) == pytest.approx([mu, log_sigma, xi, log_beta])


@settings(max_examples=12)
@given(st.integers(10, 60), st.integers(0, 10_000), st.sampled_from(sorted(PRIOR)), st.floats(0.1, 10.0))
def test_few_claims_of_any_kind_give_a_legal_severity_and_a_credibility_from_0_to_1(
    size: int, seed: int, head: str, times: float
) -> None:
    losses = times * draw(PRIOR[head], size, seed)
    fit = fit_head(losses, losses, PRIOR[head], BASIC)
    assert 0.0 <= fit.credibility <= 1.0
    assert fit.severity.sigma > 0
    assert fit.severity.xi > 0
    assert np.linalg.eigvalsh(fit.covariance).min() > 0
    mean, low, high = limited_mean(fit, BASIC)
    assert 0 < low < mean < high
    assert mean < BASIC
    assert math.isfinite(fit.cv)


@pytest.mark.parametrize(
    "losses",
    [np.zeros(50), np.full(50, 1e4), np.full(50, 1e9), np.geomspace(1.0, 1e12, 200), np.append(np.zeros(45), 1e8)],
    ids=["all nil", "all equal", "all huge", "of every size", "one in a crowd of nil"],
)
def test_claims_of_no_sensible_distribution_still_give_a_legal_severity_and_a_warning(losses: np.ndarray) -> None:
    size = len(losses)
    found = fit_claim_severities(losses, ["G1"] * size, np.ones(size), PRIOR, np.zeros(size, dtype=bool), BASIC)
    mean, low, high = limited_mean(found.heads["G1"], BASIC)
    assert 0 < low < mean < high
    assert mean <= BASIC
    assert any(f.code == "severity-against-prior" and f.subject == "G1" for f in found.findings)
    assert found.parameters["se"].notna().all()


def test_a_narrow_prior_keeps_more_of_itself() -> None:
    losses = 3.0 * draw(PRIOR["G1"], 40, 9)
    narrow, wide = (fit_head(losses, losses, PRIOR["G1"], BASIC, factor) for factor in (0.2, 2.0))
    assert PRIOR["G1"].mu < narrow.severity.mu < wide.severity.mu
    assert narrow.credibility < wide.credibility
    assert narrow.cv < wide.cv


def test_what_cannot_be_is_refused() -> None:
    one, no = np.ones(1), np.zeros(1, dtype=bool)
    with pytest.raises(ValueError, match="negative loss"):
        fit_claim_severities(-one, ["G1"], one, PRIOR, no, BASIC)
    with pytest.raises(ValueError, match="size scale"):
        fit_claim_severities(one, ["G1"], 0 * one, PRIOR, no, BASIC)
    with pytest.raises(ValueError, match="prior lacks: X9"):
        fit_claim_severities(one, ["X9"], one, PRIOR, no, BASIC)


def test_a_prior_far_from_the_claims_is_named() -> None:
    losses = draw(PRIOR["H3"], 400, 10)
    found = fit_claim_severities(
        losses, ["G5"] * 400, np.ones(400), PRIOR, np.zeros(400, dtype=bool), BASIC
    ).findings  # claims of private property booked as intellectual property
    assert any(f.code == "severity-against-prior" and f.subject == "G5" and "mu" in f.message for f in found)


def test_the_order_of_names_is_that_of_the_parameters() -> None:
    assert NAMES == ("mu", "log_sigma", "xi", "log_beta")
    assert to_psi(HeadSeverity(1.0, 1.0, 5.0, 0.3, 1.0)).tolist() == [1.0, 0.0, 0.3, 0.0]


# ---- the losses of a market


def experience(**changed: object) -> Experience:
    """Two systems of firms of different size; three claims."""
    day = pd.Timestamp
    years = pd.DataFrame(
        {
            "system": ["a", "b"],
            "start": [day("2024-01-01"), day("2024-01-01")],
            "end": [day("2026-01-01"), day("2026-01-01")],
            "turnover_eur": [1e6, 1e8],
        }
    )
    claims = pd.DataFrame(
        {
            "system": ["a", "b", "b"],
            "head": ["G1", None, "H1"],
            "occurred": [day("2024-06-01"), day("2025-06-01"), day("2025-07-01")],
            "loss_eur": [1_000.0, 2_000.0, math.nan],
            "settled": [day("2025-01-01"), pd.NaT, pd.NaT],
        }
    )
    return Experience(years, claims.assign(**changed), date(2026, 1, 1), "test", "0" * 64)


def test_losses_are_brought_to_the_pricing_year_with_their_firm_and_state() -> None:
    found = market_losses(experience(), 2027)
    assert found.loss_eur[:2] == pytest.approx(
        [1_000 * on_level_factor(2024, 2027), 2_000 * on_level_factor(2025, 2027)]
    )
    assert found.loss_eur[0] == pytest.approx(1_000 * 142.4 / 131.92 * 1.03**3)
    assert math.isnan(found.loss_eur[2])
    assert found.heads == ("G1", "", "H1")
    assert found.turnover_eur.tolist() == [1e6, 1e8, 1e8]
    assert found.open_claims.tolist() == [False, True, True]


def test_a_year_without_prices_and_a_claim_without_exposure_are_refused() -> None:
    with pytest.raises(ValueError, match="not 2050"):
        market_losses(experience(), 2050)
    with pytest.raises(ValueError, match="3 claims occurred outside"):
        market_losses(experience(occurred=pd.Timestamp("2020-01-01")), 2027)


def drawn_losses(elasticity: float, size: int, seed: int) -> MarketLosses:
    rng = np.random.default_rng(seed)
    names = ("G1", "H1", "G4")
    code = rng.integers(0, 3, size)
    turnover = np.exp(rng.normal(16.0, 1.6, size))
    loss = size_scale(turnover, elasticity, 1e7) * _losses(rng.random(size), code, splice([PRIOR[n] for n in names]))
    return MarketLosses(loss, tuple(names[k] for k in code), turnover, np.zeros(size, dtype=bool))


def test_the_size_elasticity_comes_back_and_its_interval_holds() -> None:
    runs = [size_elasticity(drawn_losses(0.2, 600, seed), prior=0.13, sd_factor=100.0) for seed in range(100)]
    inside = [run.low < 0.2 < run.high for run in runs]
    assert 0.81 <= np.mean(inside) <= 0.97
    assert np.mean([run.own for run in runs]) == pytest.approx(0.2, abs=0.02)


def test_the_elasticity_leans_on_the_prior_when_claims_are_few() -> None:
    few, many = (size_elasticity(drawn_losses(0.4, size, 1), prior=0.13) for size in (40, 20_000))
    assert abs(few.estimate - 0.13) < abs(few.own - 0.13)
    assert few.se < few.prior_sd
    assert many.estimate == pytest.approx(0.4, abs=0.03)


def test_firms_of_one_size_say_nothing_of_the_elasticity() -> None:
    losses = drawn_losses(0.4, 100, 2)
    same = MarketLosses(losses.loss_eur, losses.heads, np.full(100, 1e7), losses.open_claims)
    found = size_elasticity(same, prior=0.13)
    assert (found.estimate, found.se) == (0.13, found.prior_sd)
    assert math.isnan(found.own)
    nobody = MarketLosses(np.array([]), (), np.array([]), np.array([], dtype=bool))
    assert size_elasticity(nobody, prior=0.13).estimate == 0.13
