"""The curve of a quote against the quote itself, and against signs that no firm may see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actuarial.calibration import shipped_calibration
from policies.findings import WaarborgError
from policies.money import Money
from policies.perils import PERILS
from policies.regimes import load_regime
from policies.risk import SizeClass
from underwriting.curve import SHIFTS, danger_curve
from underwriting.quote import Quote
from underwriting.quoting import quote as quoted

REGIME, CALIBRATION = load_regime("nl-2027"), shipped_calibration()


@pytest.fixture(scope="module")
def rated(made: Quote) -> Quote:
    """The quote of the minimal dossier, of a firm that is far above the minimum premium."""
    system = replace(made.profile.systems[0], persons_per_month=2_000_000.0)
    profile = replace(made.profile, systems=(system, replace(system, id="other", autonomy=0)))
    return quoted(profile, made.intake, made.at, REGIME, CALIBRATION)


def test_without_a_shift_it_is_the_premium_of_the_quote(rated: Quote) -> None:
    assert len(rated.systems) == 2
    for peril in (None, *CALIBRATION.perils):
        assert dict(danger_curve(rated, REGIME, CALIBRATION, peril).points)[0.0] == rated.breakdown.due


def test_more_danger_never_costs_less_and_no_peril_weighs_more_than_all(rated: Quote) -> None:
    every = dict(danger_curve(rated, REGIME, CALIBRATION).points)
    dues = [every[shift] for shift in SHIFTS]
    assert dues == sorted(dues)
    assert dues[0] < rated.breakdown.due < dues[-1]
    for peril in CALIBRATION.perils:
        single = dict(danger_curve(rated, REGIME, CALIBRATION, peril).points)
        assert every[-3.0] <= single[-3.0] <= single[3.0] <= every[3.0]


def test_shift_is_what_the_tariff_makes_of_that_danger(rated: Quote) -> None:
    """For a peril, history apart, the premium before fixed costs and minimum grows by exp(theta * shift)."""
    free = replace(
        CALIBRATION, perils={p: replace(row, alpha=1e12) for p, row in CALIBRATION.perils.items()}, sha256="no history"
    )
    (_, low), (_, mid), (_, high) = danger_curve(rated, REGIME, free, "FRD", (-1.0, 0.0, 1.0)).points
    growth = (high.cents - mid.cents) / (mid.cents - low.cents)
    assert growth == pytest.approx(2.718281828 ** CALIBRATION.perils["FRD"].theta, rel=0.02)


def test_peril_that_moves_nothing_is_flat(rated: Quote) -> None:
    flat = next(peril for peril, row in CALIBRATION.perils.items() if row.theta == 0)
    assert {due for _, due in danger_curve(rated, REGIME, CALIBRATION, flat).points} == {rated.breakdown.due}


def test_small_firm_ends_on_the_floor(rated: Quote) -> None:
    firm = replace(rated.profile.firm, size_class=SizeClass.MICRO, turnover_world=Money(1), turnover_nl=Money(1))
    systems = tuple(replace(system, persons_per_month=1.0) for system in rated.profile.systems)
    small = replace(rated, profile=replace(rated.profile, firm=firm, systems=systems))
    curve = danger_curve(small, REGIME, CALIBRATION)
    minimum = max(REGIME.classes[system.obliged_class].minimum_premium for system in rated.systems)
    assert curve.floor == minimum + Money(round(minimum.cents * float(REGIME.premium_tax)))
    assert curve.points[0][1] == curve.floor
    assert all(due >= curve.floor for _, due in curve.points)


def test_unknown_peril_is_named(rated: Quote) -> None:
    assert "XXX" not in PERILS
    with pytest.raises(WaarborgError, match="no peril 'XXX'"):
        danger_curve(rated, REGIME, CALIBRATION, "XXX")
