"""Constraints beside a calibration: slack by arithmetic, and what a fit told taken as it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actuarial.calibration import Calibration, shipped_calibration
from policies.incentives import ConstraintKind
from policies.regimes import load_regime
from underwriting.constraint_table import ConstraintRow, constraint_rows

REGIME, PRIOR = load_regime("nl-2027"), shipped_calibration()
KNOWN = REGIME.incentives.constraints


def rows_of(name: str, calibration: Calibration) -> dict[str, ConstraintRow]:
    return {row.what: row for row in constraint_rows(REGIME, calibration) if row.constraint.id == name}


def with_theta(peril: str, theta: float) -> Calibration:
    return replace(PRIOR, perils=dict(PRIOR.perils) | {peril: replace(PRIOR.perils[peril], theta=theta)})


def test_every_constraint_has_a_row_in_the_order_of_the_regime() -> None:
    named = list(dict.fromkeys(row.constraint.id for row in constraint_rows(REGIME, PRIOR)))
    assert named == list(KNOWN)


@pytest.mark.parametrize(
    ("theta", "slack", "binding", "violated"),
    [(0.25, 0.2, False, False), (0.05, 0.0, True, False), (-0.1, -0.15, False, True)],
)
def test_floor_of_a_peril(theta: float, slack: float, binding: bool, violated: bool) -> None:
    row = rows_of("safety-pays", with_theta("BOD", theta))["BOD"]
    assert (row.value, row.bound) == (theta, KNOWN["safety-pays"].bound)
    assert row.slack == pytest.approx(slack)
    assert (row.binding, row.violated) == (binding, violated)


def test_exempt_peril_is_held_to_its_sign() -> None:
    (exempt, *_) = KNOWN["safety-pays"].exempt
    assert rows_of("safety-pays", with_theta(exempt, 0.02))[exempt].slack == pytest.approx(0.02)
    assert rows_of("safety-pays", with_theta(exempt, -0.02))[exempt].violated


def test_ladder_and_step_of_the_classes() -> None:
    effects = dict(zip(REGIME.classes, (0.0, 0.5, 0.4, 2.0, 2.0, 2.0, 2.0, 2.0), strict=True))
    fallen = replace(PRIOR, classes=dict(reversed(effects.items())))
    ladder, step = rows_of("class-order", fallen), rows_of("class-step", fallen)
    assert list(ladder) == [f"A{n} to A{n + 1}" for n in range(7)]
    assert ladder["A1 to A2"].slack == pytest.approx(-0.1)
    assert ladder["A1 to A2"].violated
    assert ladder["A3 to A4"].binding
    assert step["A2 to A1"].value == pytest.approx(0.1)  # a step is told the way it rises
    assert step["A2 to A3"].slack == pytest.approx(KNOWN["class-step"].bound - 1.6)


def test_single_parameter_and_data() -> None:
    assert rows_of("sharing-pays", PRIOR)["sharing"].value == PRIOR.sharing
    balance = rows_of("balance-roles", PRIOR)[""]
    assert (balance.value, balance.slack, balance.dual, balance.binding, balance.violated) == (
        *(None, None, None),
        *(False, False),
    )


def fitted(name: str, what: str, slack: float, **other: object) -> dict[str, object]:
    return {"id": name, "what": what, "slack": slack, "dual": 0.0, "binding": False, "moved_eur": 0.0, **other}


def test_what_the_fit_told_is_shown_as_it_told_it() -> None:
    told = [
        fitted("safety-pays", "BOD", 0.0, dual=12.5, binding=True, moved_eur=1e6),
        fitted("safety-capped", "BOD", 0.3),
        fitted("class-order", "A1 to A2", 0.4),
        fitted("balance-roles", "provider", 0.02),
        fitted("of-another-regime", "BOD", 1.0),
    ]
    rows = {(row.constraint.id, row.what): row for row in constraint_rows(REGIME, PRIOR, told)}
    floor, cap = rows["safety-pays", "BOD"], rows["safety-capped", "BOD"]
    assert (floor.value, floor.dual, floor.moved_eur, floor.binding) == (KNOWN["safety-pays"].bound, 12.5, 1e6, True)
    assert cap.value == pytest.approx(KNOWN["safety-capped"].bound - 0.3)
    assert rows["class-order", "A1 to A2"].value == pytest.approx(0.4)
    balance = rows["balance-roles", "provider"]
    assert balance.value == pytest.approx(KNOWN["balance-roles"].tolerance - 0.02)
    assert {name for name, _ in rows} == set(KNOWN)
    assert ("safety-pays", "FRD") not in rows  # a constraint that the fit tells of is not told twice


def test_of_a_step_that_a_fit_bounds_both_ways_the_tighter_row_is_told() -> None:
    told = [
        fitted("autonomy-step", "0 to 1", 0.3),
        fitted("autonomy-step", "1 to 0", 0.511),
        fitted("autonomy-step", "1 to 2", 0.811),
        fitted("autonomy-step", "2 to 1", 0.0, binding=True, dual=1.0),
    ]
    rows = [row for row in constraint_rows(REGIME, PRIOR, told) if row.constraint.id == "autonomy-step"]
    assert [(row.what, row.binding) for row in rows] == [("0 to 1", False), ("2 to 1", True)]
    assert rows[1].value == KNOWN["autonomy-step"].bound


def test_value_and_slack_agree_for_every_row_of_the_prior() -> None:
    """Taking the slack of each row as told by a fit gives its value back."""
    own = [row for row in constraint_rows(REGIME, PRIOR) if row.slack is not None]
    told = [fitted(row.constraint.id, row.what, row.slack) for row in own]
    back = [row for row in constraint_rows(REGIME, PRIOR, told) if row.slack is not None]
    assert [row.value for row in back] == pytest.approx([row.value for row in own])
    assert {row.constraint.kind for row in own} == set(ConstraintKind) - {ConstraintKind.BALANCE}
