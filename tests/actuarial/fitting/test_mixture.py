"""The mixture of heads: conjugate arithmetic in closed form, recovery of a known strength, promises over any counts."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, dirichlet_multinomial

from actuarial.calibration import shipped_calibration
from actuarial.fitting.experience import Experience
from actuarial.fitting.incident_codes import authored, visible_heads
from actuarial.fitting.mixture import (
    COLUMNS,
    LEAST_CLAIMS,
    claim_heads,
    coded_counts,
    fit_mixture,
    log_likelihood,
    prior_strength,
    report,
)
from actuarial.rounding import Floats
from policies.heads import HEADS

PRIOR = shipped_calibration().mixture
PERILS = tuple(PRIOR)
SHAPE = (len(PRIOR), len(HEADS))
NOTHING = np.zeros(SHAPE)
MEANS = np.array([[shares.get(head, 0.0) for head in HEADS] for shares in PRIOR.values()])
VISIBLE = np.array([head in visible_heads() for head in HEADS])
HEAD = {head: number for number, head in enumerate(HEADS)}

counts = st.lists(st.integers(0, 30), min_size=SHAPE[0] * SHAPE[1], max_size=SHAPE[0] * SHAPE[1]).map(
    lambda cells: np.array(cells, dtype=float).reshape(SHAPE)
)


def counts_on(peril: str, **heads: float) -> Floats:
    found = np.zeros(SHAPE)
    for head, count in heads.items():
        found[PERILS.index(peril), HEAD[head]] = count
    return found


def test_without_evidence_the_prior_stays() -> None:
    fit = fit_mixture(PRIOR, NOTHING, NOTHING)
    assert fit.strength == authored()["mixture"]["strength_default"]
    for peril, shares in PRIOR.items():
        assert fit.shares[peril] == pytest.approx(shares)
    assert tuple(fit.frame.columns) == COLUMNS
    assert len(fit.frame) == sum(len(shares) for shares in PRIOR.values())


def test_claims_update_as_a_dirichlet_does() -> None:
    fit = fit_mixture(PRIOR, NOTHING, counts_on("FIN", G1=6, G6=4), strength=10.0)
    assert fit.shares["FIN"]["G1"] == pytest.approx((10 * 0.85 + 6) / 20)
    row = fit.frame.query("peril == 'FIN' and head == 'G6'").iloc[0]
    law = beta(10 * 0.05 + 4, 20 - 4.5)
    assert (row["low"], row["high"]) == pytest.approx((law.ppf(0.05), law.ppf(0.95)))
    assert fit.shares["BOD"] == pytest.approx(PRIOR["BOD"])


def test_incidents_move_only_the_division_among_heads_they_can_show() -> None:
    fit = fit_mixture({"P": {"G1": 0.4, "G3": 0.4, "G7": 0.2}}, row_of(G3=10.0), row_of(), strength=10.0, discount=0.4)
    assert fit.shares["P"] == pytest.approx({"G1": 0.8 * 4 / 12, "G3": 0.8 * 8 / 12, "G7": 0.2})


def row_of(**heads: float) -> Floats:
    return np.array([[heads.get(head, 0.0) for head in HEADS]])


def test_interval_of_a_share_seen_through_incidents_is_that_of_the_posterior() -> None:
    fit = fit_mixture({"P": {"G1": 0.4, "G3": 0.4, "G7": 0.2}}, row_of(G3=10.0), row_of(), strength=10.0, discount=0.4)
    rng = np.random.default_rng(2)
    draws = rng.beta(8.0, 2.0, 200_000) * rng.beta(8.0, 4.0, 200_000)
    row = fit.frame.set_index("head").loc["G3"]
    assert (row["low"], row["high"]) == pytest.approx(tuple(np.quantile(draws, [0.05, 0.95])), abs=0.005)


def test_an_incident_weighs_less_than_a_claim() -> None:
    by_claim = fit_mixture(PRIOR, NOTHING, counts_on("DIS", G1=5))
    by_incident = fit_mixture(PRIOR, counts_on("DIS", G1=5), NOTHING)
    assert PRIOR["DIS"]["G1"] < by_incident.shares["DIS"]["G1"] < by_claim.shares["DIS"]["G1"]


def test_a_head_enters_by_evidence_alone() -> None:
    assert "G5" not in fit_mixture(PRIOR, NOTHING, NOTHING).shares["SEC"]
    assert fit_mixture(PRIOR, NOTHING, counts_on("SEC", G5=1)).shares["SEC"]["G5"] > 0
    assert fit_mixture(PRIOR, counts_on("SEC", G5=1), NOTHING).shares["SEC"]["G5"] > 0


@given(coded=counts, claims=counts, strength=st.floats(0.5, 200))
def test_any_counts_give_shares_that_sum_to_one_inside_their_intervals(
    coded: Floats, claims: Floats, strength: float
) -> None:
    coded = coded * VISIBLE
    fit = fit_mixture(PRIOR, coded, claims, strength)
    for peril, shares in fit.shares.items():
        assert sum(shares.values()) == pytest.approx(1.0)
        assert all(0.0 < share <= 1.0 for share in shares.values())
        seen = {head for head in HEADS if (coded + claims)[PERILS.index(peril), HEAD[head]]}
        assert set(shares) == set(PRIOR[peril]) | seen
    assert (fit.frame["low"] <= fit.frame["high"]).all()
    assert fit.frame[["low", "share", "high"]].to_numpy().min() >= 0.0
    assert fit.frame["high"].max() <= 1.0


@given(claims=counts, head=st.sampled_from(list(HEADS)))
def test_one_more_claim_on_a_head_raises_its_share(claims: Floats, head: str) -> None:
    before = fit_mixture(PRIOR, NOTHING, claims, 20.0).shares["BOD"].get(head, 0.0)
    after = fit_mixture(PRIOR, NOTHING, claims + counts_on("BOD", **{head: 1}), 20.0).shares["BOD"][head]
    assert after >= before


def test_likelihood_is_that_of_scipy() -> None:
    mass, seen = np.array([[0.5, 2.0, 3.5]]), np.array([[3, 0, 4]])
    with_coefficient = float(dirichlet_multinomial.logpmf(seen[0], mass[0], 7))
    ways = np.log(35.0)  # 7! / (3! 0! 4!)
    assert log_likelihood(mass, seen.astype(float)) == pytest.approx(with_coefficient - ways)


@pytest.mark.parametrize("truth", [5.0, 40.0])
def test_the_strength_of_the_prior_is_recovered(truth: float) -> None:
    rng = np.random.default_rng(11)
    found = []
    for _ in range(40):
        drawn = [rng.multinomial(200, rng.dirichlet(row[row > 0] * truth)) for row in MEANS]
        claims = np.zeros(SHAPE)
        claims[MEANS > 0] = np.concatenate(drawn)
        found.append(prior_strength(MEANS, claims))
    assert float(np.exp(np.mean(np.log(found)))) == pytest.approx(truth, rel=0.1)


def test_claims_that_follow_the_prior_exactly_make_it_strong_and_contrary_ones_weak() -> None:
    bounds = authored()["mixture"]
    assert prior_strength(MEANS, 500 * MEANS) == pytest.approx(bounds["strength_high"], rel=0.01)
    contrary = np.where(MEANS > 0, 1.0 / np.maximum(MEANS, 1e-9), 0.0)
    assert prior_strength(MEANS, contrary) < bounds["strength_default"]


def test_few_claims_leave_the_strength_at_its_default() -> None:
    few = counts_on("FIN", G1=LEAST_CLAIMS - 1)
    assert prior_strength(MEANS, few) == authored()["mixture"]["strength_default"]
    stray = counts_on("FIN", H1=10 * LEAST_CLAIMS)  # on a head that the prior leaves out
    assert prior_strength(MEANS, stray) == authored()["mixture"]["strength_default"]


def test_what_is_no_mixture_or_no_count_is_refused() -> None:
    with pytest.raises(ValueError, match="14 perils by 13 heads"):
        fit_mixture(PRIOR, NOTHING[:3], NOTHING)
    with pytest.raises(ValueError, match="non-negative"):
        fit_mixture(PRIOR, NOTHING, NOTHING - 1)
    with pytest.raises(ValueError, match="coded by harm"):
        fit_mixture(PRIOR, counts_on("PRV", G7=1), NOTHING)
    with pytest.raises(ValueError, match="means nothing"):
        fit_mixture(PRIOR, NOTHING, NOTHING, strength=0.0)
    for wrong in ({"FIN": {"G1": 0.5}}, {"FIN": {"X9": 1.0}}):
        with pytest.raises(ValueError, match="prior mixture"):
            fit_mixture(wrong, NOTHING[:1], NOTHING[:1])


def test_coded_counts_are_those_of_the_shipped_table() -> None:
    coded = coded_counts(PERILS)
    assert coded.shape == SHAPE
    assert coded[PERILS.index("DIS"), HEAD["G3"]] == pytest.approx(38.833)
    assert not coded[:, ~VISIBLE].any()


def test_claims_without_a_known_head_are_left_out() -> None:
    claims = pd.DataFrame({"peril": ["FIN", "FIN", "DIS"], "head": ["G1", None, "G3"]})
    market = Experience(pd.DataFrame(), claims, date(2026, 1, 1), "made up", "")
    counted = claim_heads(market, PERILS)
    assert counted.sum() == 2
    assert counted[PERILS.index("FIN"), HEAD["G1"]] == 1


def test_report_prints_what_incidents_move() -> None:
    lines = list(report())
    assert lines[0] == "strength of the prior: 20 claims"
    assert any(line.startswith("| DIS | G3 | 0.70 | 38.8 |") for line in lines)


def test_the_page_shows_what_the_command_prints() -> None:
    page = (Path(__file__).parents[3] / "docs" / "methods" / "mixture.md").read_text("utf-8").splitlines()
    printed = [line for line in report() if line]
    assert printed
    assert [line for line in printed if line not in page] == []
