"""Constraints of a regime as rows, and sets of them that cannot hold together."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from actuarial.calibration import shipped_calibration
from actuarial.fitting.conflicts import check_feasible, check_regime, clashing, relaxation
from actuarial.fitting.constraints import ROUNDED, bounds, broken, lifted, limits, within
from actuarial.fitting.frequency_design import Columns, columns
from actuarial.fitting.prior import rounded
from policies.findings import WaarborgError
from policies.incentives import Constraint, ConstraintKind
from policies.regimes import Regime, load_regime

REGIME, CALIBRATION = load_regime("nl-2027"), shipped_calibration()
ETA = "frequency.exposure_elasticity"
COLS = columns(CALIBRATION, {}, tuple(CALIBRATION.perils))
EXEMPT = ("CYB", "CBR", "LOC")


def asking(*constraints: Constraint) -> Regime:
    """The regime with other constraints."""
    named = MappingProxyType({asked.id: asked for asked in constraints})
    return replace(REGIME, incentives=replace(REGIME.incentives, constraints=named))


def asked(name: str, kind: str, parameter: str, bound: float = 0.0) -> Constraint:
    return Constraint(name, ConstraintKind(kind), parameter, name.title(), name, name, name, bound=bound)


def rebound(**changes: float) -> Regime:
    """The regime with other bounds: names have _ for -."""
    new = {name.replace("_", "-"): bound for name, bound in changes.items()}
    own = REGIME.incentives.constraints
    return asking(*(replace(rule, bound=new.get(rule.id, rule.bound)) for rule in own.values()))


def clash(cols: Columns, *constraints: Constraint) -> list[str]:
    """The lines that refuse these constraints."""
    regime = asking(*constraints)
    held = bounds(regime, cols)
    with pytest.raises(WaarborgError) as refused:
        check_feasible(held, cols.mean, cols.sd > 0, regime)
    return str(refused.value).splitlines()


def refusal(regime: Regime) -> list[str]:
    with pytest.raises(WaarborgError) as refused:
        check_regime(CALIBRATION, {}, regime)
    return str(refused.value).splitlines()


def in_all(relaxed: dict[str, float]) -> float:
    return sum(relaxed.values())


def test_every_linear_constraint_of_the_regime_has_its_rows() -> None:
    rows = bounds(REGIME, COLS)
    count = {name: sum(row.id == name for row in rows) for name in REGIME.incentives.constraints}
    classes, autonomy, maturity = len(REGIME.classes), len(CALIBRATION.autonomy), len(CALIBRATION.maturity)
    assert count == {
        "safety-pays": len(CALIBRATION.perils),
        "safety-capped": len(CALIBRATION.perils),
        **dict.fromkeys(("sharing-pays", "sharing-capped", "exposure-counts", "exposure-sublinear"), 1),
        "class-order": classes - 1,
        "class-step": 2 * (classes - 1),
        "autonomy-order": autonomy - 1,
        "autonomy-step": 2 * (autonomy - 1),
        "maturity-step": 2 * (maturity - 1),
        **dict.fromkeys(("balance-classes", "balance-roles", "balance-sectors"), 0),
    }


def test_exempt_perils_are_only_kept_from_rewarding_danger() -> None:
    floors = {row.what: row.bound for row in bounds(REGIME, COLS) if row.id == "safety-pays"}
    assert floors.pop("CYB") == floors.pop("CBR") == floors.pop("LOC") == 0.0
    assert set(floors.values()) == {0.05}


@pytest.mark.parametrize(
    ("kind", "parameter", "bound", "good", "bad"),
    [
        ("floor", "sharing", 0.1, {"frequency.sharing": 0.1}, {"frequency.sharing": 0.09}),
        ("cap", "exposure_elasticity", 1.0, {ETA: 1.0}, {ETA: 1.1}),
        ("floor", "theta", 0.05, {"frequency.perils.FIN.theta": 0.05}, {"frequency.perils.FIN.theta": 0.04}),
        ("ladder", "classes", 0.0, {"frequency.classes.A5": 0.6}, {"frequency.classes.A5": 0.5}),
        ("step", "autonomy", 0.3, {"frequency.autonomy.3": 0.5}, {"frequency.autonomy.3": 0.7}),
        ("step", "autonomy", 0.3, {"frequency.autonomy.3": 0.0}, {"frequency.autonomy.3": -0.2}),
        ("step", "maturity", 0.4, {"frequency.maturity.2.effect": 0.3}, {"frequency.maturity.2.effect": 0.5}),
    ],
)  # fmt: skip
def test_a_row_tells_what_holds_from_what_does_not(
    kind: str, parameter: str, bound: float, good: dict[str, float], bad: dict[str, float]
) -> None:
    held = bounds(asking(asked("rule", kind, parameter, bound)), COLS)
    held = tuple(row for row in held if row.what not in EXEMPT)  # the prior's own theta of these is zero
    matrix = limits(held, (), len(COLS.paths))
    for changes, sound in ((good, True), (bad, False)):
        mean = COLS.mean.copy()
        for path, value in changes.items():
            mean[COLS.at(path)] = value
        slack = [row.slack(mean) for row in held]
        assert (min(slack) >= -1e-12) is sound
        np.testing.assert_allclose(
            matrix.matrix @ mean - matrix.least, np.array(slack) - [row.inset for row in held], atol=1e-12
        )


def test_classes_are_those_of_the_regime_in_its_order() -> None:
    other = load_regime("oostmark-2028")
    ladder = [row.what for row in bounds(other, COLS) if row.id == "class-order"]
    assert ladder == [f"{a} to {b}" for a, b in zip(list(other.classes), list(other.classes)[1:], strict=False)]


def test_rows_of_pairs_keep_off_by_what_rounding_takes() -> None:
    rng = np.random.default_rng(1)
    for below in rng.uniform(-8.7, 8.7, 2_000):
        for bound in (0.0, 0.4055, 1.25):
            above = below + bound - ROUNDED
            assert rounded(float(above)) - rounded(float(below)) <= bound + 1e-12


@pytest.mark.parametrize(("kind", "parameter"), [("floor", "classes"), ("ladder", "theta"), ("step", "sharing")])
def test_a_kind_that_cannot_hold_its_parameter_is_refused(kind: str, parameter: str) -> None:
    with pytest.raises(WaarborgError, match=rf"constraint odd: a {kind} holds .*, not '{parameter}'"):
        bounds(asking(asked("odd", kind, parameter)), COLS)


def test_effects_that_are_not_fitted_are_set_within_their_own_bounds() -> None:
    inside = within(COLS, bounds(asking(asked("rule", "floor", "theta", 0.05)), COLS))
    at = [COLS.at(f"frequency.perils.{peril}.theta") for peril in EXEMPT]
    assert (COLS.sd[at] == 0).all()
    assert (COLS.mean[at] == 0).all()
    assert (inside.mean[at] == 0.05).all()
    assert np.flatnonzero(inside.mean != COLS.mean).tolist() == sorted(at)


def test_thetas_without_a_fit_are_lifted_and_nothing_else_is() -> None:
    assert lifted(CALIBRATION, REGIME, ("LOC", "CYB", "FIN")) == {}
    assert lifted(CALIBRATION, asking(asked("rule", "floor", "theta", 0.05)), ("LOC", "FIN")) == {"LOC": 0.05}
    low = replace(CALIBRATION.perils["FIN"], theta=-0.3)
    worse = replace(CALIBRATION, perils={**CALIBRATION.perils, "FIN": low})
    assert lifted(worse, REGIME, ("FIN",)) == {"FIN": 0.05}
    assert lifted(CALIBRATION, REGIME, ()) == {}


def test_a_calibration_is_told_what_it_breaks() -> None:
    assert broken(CALIBRATION, REGIME) == ()
    falling = replace(CALIBRATION, classes={**CALIBRATION.classes, "A5": 0.2})
    assert ("class-order", "A4 to A5") in {(row.id, row.what) for row in broken(falling, REGIME)}


def test_constraints_of_the_regime_can_hold_together() -> None:
    cols = within(COLS, bounds(REGIME, COLS))
    assert in_all(relaxation(bounds(REGIME, cols), cols.mean, cols.sd > 0)) == pytest.approx(0.0, abs=1e-9)
    check_regime(CALIBRATION, {}, REGIME)


def test_two_that_clash_are_named_with_the_smallest_relaxation() -> None:
    told = clash(
        COLS,
        asked("high", "floor", "sharing", 0.5),
        asked("low", "cap", "sharing", 0.38),
        asked("no", "ladder", "autonomy"),
    )
    assert told == [
        "regime nl-2027: high and low cannot hold together",
        "high: high",
        "low: low",
        "the smallest relaxation: low by 0.12 (0.38 -> 0.5)",
    ]


def test_all_rows_of_a_constraint_give_way_by_one_amount() -> None:
    assert refusal(rebound(safety_capped=0.01)) == [
        "regime nl-2027: safety-pays and safety-capped cannot hold together",
        "safety-pays: safety always pays",
        "safety-capped: safety tests do not decide alone",
        "the smallest relaxation: safety-capped by 0.04 (0.01 -> 0.05)",
    ]
    *_, told = refusal(rebound(safety_capped=0.01, sharing_capped=0.05))
    assert told == "the smallest relaxation: safety-capped by 0.04 (0.01 -> 0.05), sharing-capped by 0.05 (0.05 -> 0.1)"


def test_of_two_that_could_give_way_the_later_does() -> None:
    high, low = asked("high", "floor", "theta", 0.5), asked("low", "cap", "theta", 0.2)
    assert clash(COLS, high, low)[-1] == "the smallest relaxation: low by 0.3 (0.2 -> 0.5)"
    assert clash(COLS, low, high)[-1] == "the smallest relaxation: high by 0.3 (0.5 -> 0.2)"


def test_less_in_all_goes_before_the_order_and_fewer_before_more() -> None:
    low = asked("a", "cap", "sharing", 0.1)
    high = (asked("b", "floor", "sharing", 0.3), asked("d", "floor", "sharing", 0.4))
    relaxed = relaxation(bounds(asking(low, asked("c", "floor", "theta", 0.4), *high), COLS), COLS.mean, COLS.sd >= 0)
    # b and d would take 0.5 in all; a by 0.2 with d by 0.1 is as little as a alone, but two
    assert relaxed == pytest.approx({"a": 0.3, "b": 0.0, "c": 0.0, "d": 0.0}, abs=1e-7)


def test_a_theta_that_is_not_fitted_clashes_by_its_bounds_and_not_by_where_it_stands() -> None:
    fixed = replace(COLS, covariance=np.zeros_like(COLS.covariance))
    assert clash(fixed, asked("high", "floor", "theta", 0.5), asked("low", "cap", "theta", 0.2)) == [
        "regime nl-2027: high and low cannot hold together",
        "high: high",
        "low: low",
        "the smallest relaxation: low by 0.3 (0.2 -> 0.5)",
    ]


PARAMETERS = {"floor": ("theta", "sharing"), "cap": ("theta", "sharing"), "step": ("classes", "autonomy")}
RULES = [(kind, parameter) for kind, known in PARAMETERS.items() for parameter in known]


@settings(max_examples=15)
@given(st.lists(st.tuples(st.sampled_from(RULES), st.integers(-50, 100)), min_size=2, max_size=5))
def test_what_is_told_to_give_way_is_enough_and_no_one_constraint_does_it_with_less(rules: list) -> None:
    made = [asked(f"r{n}", kind, parameter, bound / 100) for n, ((kind, parameter), bound) in enumerate(rules)]
    held, free = bounds(asking(*made), COLS), COLS.sd >= 0
    given_way = relaxation(held, COLS.mean, free)
    assume(in_all(given_way) > 1e-3)  # not what rows of pairs keep off
    signs = {row.id: row.sign for row in held}
    eased = [replace(rule, bound=rule.bound - signs[rule.id] * given_way[rule.id]) for rule in made]
    assert in_all(relaxation(bounds(asking(*eased), COLS), COLS.mean, free)) <= 1e-6
    for only in made:
        less = replace(only, bound=only.bound - signs[only.id] * 0.99 * in_all(given_way))
        tried = [less if rule is only else rule for rule in made]
        assert in_all(relaxation(bounds(asking(*tried), COLS), COLS.mean, free)) > 1e-6


def test_a_ladder_and_a_step_clash_with_effects_that_are_fixed() -> None:
    fixed = replace(COLS, covariance=np.zeros_like(COLS.covariance))
    told = clash(fixed, asked("steps", "step", "classes", 0.3))
    assert told == [
        "regime nl-2027: steps cannot hold beside the effects that are fixed",
        "steps: steps",
        "the smallest relaxation: steps by 0.90001 (0.3 -> 1.20001)",
    ]


def test_of_three_that_clash_only_together_all_are_named_and_a_bystander_is_not() -> None:
    two = (asked("order", "ladder", "autonomy"), asked("steps", "step", "autonomy", 0.1))
    held = bounds(asking(*two), COLS)
    free = COLS.sd > 0
    assert in_all(relaxation(held, COLS.mean, free)) == pytest.approx(0.0, abs=1e-9)
    still = free.copy()
    for level in (0, 3):  # 0.65 apart: three steps of at most 0.1 do not reach
        still[COLS.at(f"frequency.autonomy.{level}")] = False
    assert clashing(held, COLS.mean, still) == ("steps",)
    assert relaxation(held, COLS.mean, still)["steps"] == pytest.approx(0.25 - 0.1, abs=1e-4)  # 0 to 1
    down = COLS.mean.copy()
    down[COLS.at("frequency.autonomy.3")] = -0.5
    assert clashing(bounds(asking(two[0]), COLS), down, still) == ("order",)
