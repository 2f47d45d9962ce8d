"""The claims of the certificate as properties of single firms, drawn without the search that attacks them."""

import math
from dataclasses import replace

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import CALIBRATION, PERIL_IDS, REGIME, points, silent

from actuarial.compliance import compliance, timeliness
from actuarial.proofs.point import Point, due, table
from actuarial.rating import rate
from actuarial.rounding import share_of, to_cents
from actuarial.searching.measures import TOLERANCE_CENTS, TOLERANCE_SHARE, price
from actuarial.searching.moves import ground
from actuarial.tariff import tariff

T = tariff(CALIBRATION, REGIME)
DOMAIN = REGIME.incentives.domain
STEPS = {lever: step.most for lever, step in REGIME.incentives.steps.items()}
SLOPES = REGIME.incentives.elasticities
WEIGHTS = CALIBRATION.history
MANY = settings(max_examples=60)
perils = st.sampled_from(PERIL_IDS)
share = st.floats(0.0, 1.0)


def never_falls(before: Point, after: Point) -> bool:
    low, high = (int(cents) for cents in due([before, after], T, REGIME))
    return high >= low - max(TOLERANCE_CENTS, TOLERANCE_SHARE * low)


def loss(*firms: Point) -> np.ndarray:
    """Expected loss before the aggregate limit by firm and peril."""
    return rate(table(firms, T, REGIME), T).by_peril


def small_enough(point: Point) -> bool:
    """Whether the expected loss lies within the domain's share of the aggregate limit."""
    return bool(loss(point).sum() <= DOMAIN.loss_share * point.aggregate_limit_eur)


def more(point: Point, peril: str, weight: float) -> Point:
    return replace(point, incidents={**point.incidents, peril: point.incidents[peril] + weight})


def riskier(point: Point, peril: str, z: float) -> Point:
    return replace(point, danger={**point.danger, peril: z})


@MANY
@given(points(), perils, share)
def test_more_danger_never_pays(point: Point, peril: str, up: float) -> None:
    z = point.danger[peril]
    assert never_falls(point, riskier(point, peril, z + up * (silent()[peril] - z)))


@MANY
@given(points(), perils, st.floats(0.0, 8.0))
def test_one_more_incident_never_pays(point: Point, peril: str, weight: float) -> None:
    assert never_falls(point, more(point, peril, weight))


@MANY
@given(points(), st.floats(1.0, 1000.0), st.floats(1.0, 1000.0))
def test_more_exposure_and_more_turnover_never_pay(point: Point, people: float, euros: float) -> None:
    assert never_falls(point, replace(point, exposure=point.exposure * people))
    assert never_falls(point, replace(point, turnover_eur=point.turnover_eur * euros))


@MANY
@given(points(), share, st.floats(1.0, 5.0))
def test_more_cover_never_costs_less(point: Point, up: float, times: float) -> None:
    limit = int(point.limit_eur + up * (point.aggregate_limit_eur - point.limit_eur))
    assert never_falls(point, replace(point, limit_eur=limit))
    assert never_falls(point, replace(point, aggregate_limit_eur=int(point.aggregate_limit_eur * times)))
    assert never_falls(point, replace(point, deductible_eur=int(point.deductible_eur * up)))


@MANY
@given(points(), share)
def test_sharing_less_never_pays(point: Point, part: float) -> None:
    assert never_falls(point, replace(point, compliance=point.compliance * part))


@MANY
@given(st.floats(0, 20), st.floats(0, 20), share, st.floats(0, 700), st.floats(0, 700))
def test_delivering_later_never_raises_compliance(
    met: float, missed: float, completeness: float, days: float, delay: float
) -> None:
    rules = REGIME.compliance
    soon, late = (completeness * timeliness(d, rules.late_scale_days) for d in (days, days + delay))
    scores = [compliance(np.array(met + s), np.array(missed + 1 - s), rules) for s in (soon, late)]
    assert scores[1] <= scores[0] + 1e-9


@MANY
@given(points(), st.integers(0, len(CALIBRATION.autonomy) - 2), st.integers(0, len(REGIME.classes) - 2))
def test_ladders_rise_without_a_cliff(point: Point, level: int, rung: int) -> None:
    low, high = (replace(point, autonomy=level + step) for step in (0, 1))
    ladder = tuple(REGIME.classes)
    lower, higher = (replace(point, priced_class=ladder[rung + step]) for step in (0, 1))
    assert never_falls(low, high)
    assert never_falls(lower, higher)
    assume(small_enough(lower) and small_enough(low))
    found = price([low, high, lower, higher], ground(CALIBRATION, REGIME, rate, np.random.default_rng(1))).free
    assert math.log(found[1] / found[0]) <= STEPS["autonomy"]
    assert math.log(found[3] / found[2]) <= STEPS["class"]


@MANY
@given(points(), perils, st.sampled_from(tuple(WEIGHTS.severity.values())), share)
def test_disclosing_is_cheaper_than_concealing(point: Point, peril: str, severity: float, late: float) -> None:
    assume(small_enough(point))
    conduct = WEIGHTS.reported + late * (WEIGHTS.late_limit - WEIGHTS.reported)
    firms = [point, more(point, peril, severity * conduct), more(point, peril, severity * WEIGHTS.concealed)]
    silence, told, found = (float(cents) for cents in due(firms, T, REGIME))
    assert REGIME.detection_probability * (found - silence) >= (1 + REGIME.disclosure_margin) * (told - silence) - 5


@MANY
@given(points(), perils, st.floats(0.1, 1.0), st.booleans())
def test_slopes_stay_within_their_bounds(point: Point, peril: str, step: float, bare: bool) -> None:
    base = replace(point, incidents={}, observed_years=0.0) if bare else point
    column = T.peril_ids.index(peril)
    start = riskier(base, peril, base.danger[peril] - step)
    lazy, keen = (replace(base, compliance=c) for c in ((1 - step) / 2, (1 + step) / 2))
    grown = replace(base, exposure=base.exposure * math.exp(step))
    logs = np.log(loss(start, base, keen, lazy, base, grown)[:, column])
    for lever, low in zip(("danger", "sharing", "exposure"), (0, 2, 4), strict=True):
        slope = (logs[low + 1] - logs[low]) / step
        assert slope <= SLOPES[lever].most + 1e-6
        if bare and not (lever == "danger" and peril in REGIME.incentives.exempt):
            assert slope >= SLOPES[lever].least - 1e-6


@MANY
@given(st.integers(0, 10**11), st.integers(0, 10**6), st.floats(0, 1e9), st.floats(0, 1e3))
def test_rounding_keeps_order(cents: int, rise: int, euros: float, step: float) -> None:
    amounts = np.array([cents, cents + rise])
    for rate_of in (REGIME.premium_tax, REGIME.levy):
        low, high = share_of(amounts, rate_of)
        assert low <= high
    low, high = to_cents(np.array([euros, euros + step]))
    assert low <= high
