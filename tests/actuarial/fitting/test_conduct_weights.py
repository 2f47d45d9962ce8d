"""Weights by conduct: disclosing is the cheaper choice for every firm, with no more penalty than it takes."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar

from actuarial.calibration import Calibration, shipped_calibration
from actuarial.fitting.base import Base
from actuarial.fitting.conduct_weights import (
    PATHS,
    Market,
    conduct,
    conduct_frame,
    market,
    smallest_weights,
    temptation,
)
from actuarial.fitting.experience import CONDUCTS, Experience
from actuarial.fitting.frequency_design import known_share
from actuarial.proofs.point import Point, due
from actuarial.tariff import tariff
from policies.findings import Severity, WaarborgError
from policies.regimes import load_regime

REGIME, CALIBRATION = load_regime("nl-2027"), shipped_calibration()
PRIOR, MARGIN = CALIBRATION.history, REGIME.disclosure_margin
SEEN = Market(reported=0.7, late=0.15, concealed=0.08)
WORST = max(PRIOR.severity.values())


def experience(in_time: int, late: int, discovered: int, days_late: int = 60) -> Experience:
    """Claims of each conduct; those in time and found out are known after 30 days."""
    conducts = np.repeat(np.array(CONDUCTS, dtype=object), [in_time, late, discovered])
    occurred = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(len(conducts)) % 90, unit="D")
    lag = np.where(conducts == "late", 30 + days_late, 30)
    claims = pd.DataFrame(
        {"conduct": conducts, "occurred": occurred, "known": occurred + pd.to_timedelta(lag, unit="D")}
    )
    return Experience(pd.DataFrame(), claims, date(2026, 11, 24), "made up", "0" * 64, detection=0.4)


def base(seen: Experience, calibration: Calibration = CALIBRATION) -> Base:
    return Base(seen, calibration, {}, calibration, REGIME, 1, {})


def weighted(weights: tuple[float, float, float]) -> Calibration:
    """The calibration with these weights, under a digest of its own."""
    reported, late, concealed = weights
    history = replace(PRIOR, reported=reported, late_limit=late, concealed=concealed)
    return replace(CALIBRATION, history=history, sha256=f"{hash(weights) & (2**64 - 1):064x}")


def firms() -> list[Point]:
    t, rng = tariff(CALIBRATION, REGIME), np.random.default_rng(5)
    return [
        Point(
            declared_class=str(rng.choice(t.class_ids)),
            priced_class=str(rng.choice(t.class_ids)),
            role=str(rng.choice(t.role_ids)),
            sector=str(rng.choice(t.sector_ids)),
            autonomy=int(rng.integers(4)),
            exposure=float(rng.lognormal(0, 2)),
            danger=dict(zip(t.peril_ids, rng.normal(0, 1, len(t.peril_ids)), strict=True)),
            compliance=float(rng.uniform()),
            observed_years=float(rng.uniform(0, 5)),
            aggregate_limit_eur=int(rng.choice([2_500_000, 5_000_000, 25_000_000])),
        )
        for _ in range(400)
    ]


def gains(weights: tuple[float, float, float], severity: float, peril: str) -> np.ndarray:
    """What reporting late with margin costs over what concealing costs on average, in cents, by the quote."""
    t, market = tariff(weighted(weights), REGIME), firms()
    quiet, late, concealed = (
        due([replace(f, incidents={peril: w * severity}) for f in market], t, REGIME).astype(float)
        for w in (0.0, *weights[1:])
    )
    return (1 + MARGIN) * (late - quiet) - REGIME.detection_probability * (concealed - quiet)


def test_no_firm_gains_by_concealing_and_with_a_lower_weight_one_would() -> None:
    tempted = temptation(base(experience(9, 9, 9)), {}, {}, CALIBRATION.dispersion)
    reported, late, concealed = smallest_weights(tempted, WORST, MARGIN, PRIOR, SEEN)
    cents = 3.0  # what rounding of three premiums may move
    for severity in PRIOR.severity.values():
        for peril in ("FIN", "BOD", "SEC"):
            assert gains((reported, late, concealed), severity, peril).max() <= cents
    assert gains((reported, late, 0.7 * concealed), WORST, "FIN").max() > 100 * cents


def test_the_penalties_are_the_smallest_that_do_it() -> None:
    tempted = temptation(base(experience(9, 9, 9)), {}, {}, CALIBRATION.dispersion)
    reported, late, concealed = smallest_weights(tempted, WORST, MARGIN, PRIOR, SEEN)
    assert SEEN.reported * reported + SEEN.late * late + SEEN.concealed * concealed == pytest.approx(1.0)
    assert late == pytest.approx((1 + MARGIN) * reported, rel=1e-3)
    assert concealed == pytest.approx(tempted.least_concealed(late, WORST), rel=1e-3)

    def penalty(w: float) -> float:
        """Of weights in time w, with the least of the others; off where they do not average one."""
        rest = (1 - SEEN.reported * w - SEEN.late * (1 + MARGIN) * w) / SEEN.concealed
        return abs(rest - tempted.least_concealed((1 + MARGIN) * w, WORST))

    best = minimize_scalar(penalty, bounds=(0.3, 1.2), method="bounded").x
    assert reported == pytest.approx(best, rel=1e-3)


def test_the_least_weight_of_concealment_is_where_both_sides_meet() -> None:
    tempted = temptation(base(experience(9, 9, 9)), {}, {}, CALIBRATION.dispersion)
    least = tempted.least_concealed(1.0, 1.0)
    assert tempted.dominance(1.0, least, 1.0) == pytest.approx(1.0)
    assert tempted.dominance(1.0, 0.99 * least, 1.0) < 1
    linear = (1 + MARGIN) / REGIME.detection_probability
    assert least > linear
    free = replace(tempted, slope=REGIME.detection_probability * tempted.told / (1 + MARGIN), bend=0 * tempted.bend)
    assert free.least_concealed(1.0, 1.0) == pytest.approx(linear)


def test_without_enough_of_every_conduct_the_prior_stays() -> None:
    part = conduct(base(experience(500, 80, 12)), {}, {}, CALIBRATION.dispersion)
    assert part.values == {}
    assert [f.code for f in part.findings] == ["fit-conduct-kept"]
    assert list(part.tables["conduct"].columns) == [
        "severity", "reported", "late", "concealed", "least_concealed", "margin",
    ]  # fmt: skip
    assert (part.tables["conduct"]["margin"] > 0).all()


def test_a_prior_that_pays_for_concealing_is_raised_even_without_claims() -> None:
    mild = replace(CALIBRATION, history=replace(PRIOR, concealed=2.0))
    part = conduct(base(experience(0, 0, 0), mild), {}, {}, CALIBRATION.dispersion)
    assert part.values["history.reported"] == pytest.approx(PRIOR.reported)
    assert part.values["history.late_limit"] == pytest.approx(PRIOR.late_limit, rel=1e-3)
    assert part.values["history.concealed"] > 3.0
    assert (part.tables["conduct"]["margin"] > 0).all()


def test_weights_average_one_over_all_that_happened() -> None:
    seen = experience(600, 100, 80)
    part = conduct(base(seen), {}, {}, CALIBRATION.dispersion)
    reported, late, concealed = (part.values[path] for path in PATHS)
    reached = 1 - np.exp(-60 / PRIOR.late_scale_days)
    told = 600 * reported + 100 * (reported + reached * (late - reported)) + 80 * concealed
    assert told * known_share(seen) / 780 == pytest.approx(1.0, rel=1e-6)
    assert reported < late < concealed
    assert market(experience(600, 29, 80), 30.0) is None


def test_fitted_constants_count() -> None:
    seen = base(experience(9, 9, 9))
    plain = temptation(seen, {}, {}, CALIBRATION.dispersion)
    low = temptation(seen, {"frequency.perils.FIN.alpha": 0.3}, {}, CALIBRATION.dispersion)
    spread = temptation(seen, {}, {"frequency.perils.FIN.cv": 5.0}, CALIBRATION.dispersion)
    wild = temptation(seen, {}, {}, 3.0)
    least = plain.least_concealed(1.0, 1.0)
    assert low.least_concealed(1.0, 1.0) > least
    assert wild.least_concealed(1.0, 1.0) > least
    at = list(CALIBRATION.perils).index("FIN")
    assert (spread.slope / spread.told)[at] > (plain.slope / plain.told)[at]


def test_where_no_penalty_does_it_the_step_says_so_and_keeps_the_prior() -> None:
    tempted = temptation(base(experience(9, 9, 9)), {}, {}, 19.0)
    assert tempted.least_concealed(1.0, 1.0) == np.inf
    with pytest.raises(WaarborgError, match="no weight of concealment makes disclosing the cheaper choice"):
        smallest_weights(tempted, WORST, MARGIN, PRIOR, None)
    part = conduct(base(experience(600, 100, 80)), {}, {}, 19.0)
    assert part.values == {}
    assert [(f.code, f.severity) for f in part.findings] == [("fit-conduct-none", Severity.REFER)]


def test_the_frame_scales_with_severity() -> None:
    tempted = temptation(base(experience(9, 9, 9)), {}, {}, CALIBRATION.dispersion)
    frame = conduct_frame(tempted, (0.75, 1.0, 4.0), PRIOR.severity).set_index("severity")
    assert frame.loc["critical", "concealed"] == 8.0
    assert frame["margin"].idxmin() == "critical"
    assert (frame["least_concealed"] < frame["concealed"]).all()
