"""Increased limit factors against closed forms and quadrature, and the consistency test against planted faults."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from actuarial.calibration import HeadSeverity, shipped_calibration
from actuarial.fitting.ilf import (
    ALL_HEADS,
    checked,
    claim_shares,
    consistency,
    limit_factors,
    regime_limits,
    report,
)
from actuarial.fitting.severity import survival
from policies.regimes import load_regime

METHODS = Path(__file__).parents[3] / "docs" / "methods"
CALIBRATION, REGIME = shipped_calibration(), load_regime("nl-2027")
LIMITS = regime_limits(REGIME)
FOUND = limit_factors(CALIBRATION.severities, claim_shares(CALIBRATION, REGIME.compulsory_heads), LIMITS)


def test_the_basic_limit_is_the_smallest_of_the_regime() -> None:
    assert LIMITS == (500_000.0, 2_000_000.0, 2_500_000.0, 6_450_000.0, 7_750_000.0, 25_000_000.0, 50_000_000.0)
    assert (FOUND.ilf[FOUND.ilf["limit_eur"] == LIMITS[0]]["ilf"] == 1.0).all()


def test_every_shipped_curve_is_consistent() -> None:
    assert list(FOUND.ilf_check["head"]) == [*CALIBRATION.severities, ALL_HEADS]
    assert FOUND.ilf_check["increasing"].all()
    assert FOUND.ilf_check["concave"].all()
    assert (FOUND.ilf_check["worst"] < 1.0).all()
    assert FOUND.findings == ()


def test_limited_expected_values_are_the_area_under_the_survival_function() -> None:
    for head in ("G1", "G4", "H3"):
        s = CALIBRATION.severities[head]
        for limit in (LIMITS[0], LIMITS[2]):
            points = [s.threshold] if s.threshold < limit else None
            area = quad(lambda x, s=s: float(survival(s, np.array([x]))[0]), 0, limit, points=points, limit=400)[0]
            row = FOUND.ilf[(FOUND.ilf["head"] == head) & (FOUND.ilf["limit_eur"] == limit)]
            assert float(row["lev_eur"].iloc[0]) == pytest.approx(area, rel=1e-5)


def test_the_curve_of_all_heads_is_the_mean_weighted_by_claims() -> None:
    heads, shares = REGIME.compulsory_heads, claim_shares(CALIBRATION, REGIME.compulsory_heads)
    lev = FOUND.ilf.pivot(index="head", columns="limit_eur", values="lev_eur")
    assert sum(shares.values()) == pytest.approx(1.0)
    expected = sum(shares[head] * lev.loc[head] for head in heads)
    assert lev.loc[ALL_HEADS].to_numpy() == pytest.approx(expected.to_numpy())
    assert shares["G1"] == max(shares.values())


def test_a_tail_without_a_mean_still_has_factors() -> None:
    heavy = {"X": HeadSeverity(mu=math.log(1e5), sigma=2.0, threshold=1e6, xi=1.6, beta=1e6)}
    found = limit_factors(heavy, {"X": 1.0}, LIMITS)
    assert found.findings == ()
    assert found.ilf["ilf"].iloc[len(LIMITS) - 1] > 3.0


@settings(max_examples=40)
@given(
    st.floats(6.0, 13.0), st.floats(0.5, 3.5), st.floats(9.0, 15.0), st.floats(0.05, 2.5), st.floats(0.2, 5.0)
)  # fmt: skip
def test_any_severity_gives_a_consistent_curve(mu: float, sigma: float, log_u: float, xi: float, ratio: float) -> None:
    u = math.exp(log_u)
    found = limit_factors({"X": HeadSeverity(mu, sigma, u, xi, ratio * u)}, {"X": 2.0}, LIMITS)
    assert found.findings == ()
    single, everything = (found.ilf[found.ilf["head"] == head]["ilf"].to_numpy() for head in ("X", ALL_HEADS))
    assert single == pytest.approx(everything)


def test_planted_faults_are_caught() -> None:
    limits = np.array([1.0, 2.0, 3.0, 5.0])
    convex = consistency(limits, np.array([1.0, 1.4, 1.9, 2.0]))  # the third costs 0.5, the second 0.4
    assert (convex.increasing, convex.concave) == (True, False)
    assert convex.worst == pytest.approx(1.25)
    falling = consistency(limits, np.array([1.0, 1.4, 1.3, 1.6]))
    assert (falling.increasing, falling.concave) == (False, False)
    dear = consistency(np.array([2.0, 3.0]), np.array([1.0, 1.6]))  # the first million costs 0.5 each, the next 0.6
    assert not dear.concave
    assert consistency(limits, np.array([1.0, 1.4, 1.7, 2.3])).concave  # the last two cost 0.3 each: flat is allowed
    late = consistency(limits, np.array([1.0, 1.0, 1.0, 1.5]))  # nothing, then something
    assert (late.increasing, late.concave, late.worst) == (True, False, math.inf)
    found = checked(limits, {"good": np.array([1.0, 1.4, 1.7, 2.0]), "bad": np.array([1.0, 1.4, 1.9, 2.0])})
    assert [(finding.subject, finding.code) for finding in found.findings] == [("bad", "ilf-inconsistent")]
    assert "1.25 times" in found.findings[0].message


@pytest.mark.parametrize(
    ("limits", "weights", "message"),
    [((), {"G1": 1.0}, "ascend"), ((1.0, 1.0), {"G1": 1.0}, "ascend"), ((0.0, 1.0), {"G1": 1.0}, "ascend"),
     ((1.0,), {}, "no head"), ((1.0,), {"G1": 0.0}, "no head")],
)  # fmt: skip
def test_what_makes_no_curve_is_refused(limits: tuple[float, ...], weights: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        limit_factors(CALIBRATION.severities, weights, limits)


def test_one_limit_is_consistent_with_itself() -> None:
    assert consistency(np.array([5.0]), np.array([2.0])).concave


def test_the_page_shows_what_the_command_prints() -> None:
    assert "\n".join(report()) in (METHODS / "limits.md").read_text("utf-8")
