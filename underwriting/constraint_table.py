"""The constraints of a regime beside the tariff of a calibration: what each bounds, the room left, its price."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from actuarial.calibration import Calibration
from policies.incentives import Constraint, ConstraintKind
from policies.regimes import Regime

BINDS = 2e-5  # parameters are kept to six digits, and a fit keeps a hundred-thousandth inside a bound on a pair of them

FLOORS = {ConstraintKind.FLOOR, ConstraintKind.LADDER}  # held from below; the others from above
BETWEEN = " to "  # the two levels of a ladder or a step


@dataclass(frozen=True, slots=True)
class ConstraintRow:
    """One inequality of a constraint. `what` it speaks of: a peril, a slope, a level, or two ("A1 to A2"). `bound` is
    that of the constraint, but nothing for an exempt peril.

    `value` and `slack` (negative when violated) are on log frequency, those of a balance a share of claims. `dual`:
    log-likelihood per unit of the bound; `moved_eur`: euros of yearly expected loss moved between segments. None where
    the fit did not tell: a calibration by opinion has no price, and nothing to balance.
    """

    constraint: Constraint
    what: str
    bound: float
    value: float | None
    slack: float | None
    binding: bool
    dual: float | None = None
    moved_eur: float | None = None

    @property
    def violated(self) -> bool:
        """Whether the tariff stands outside the bound."""
        return self.slack is not None and self.slack < -BINDS


def constraint_rows(
    regime: Regime, calibration: Calibration, fitted: Sequence[Mapping[str, Any]] = ()
) -> tuple[ConstraintRow, ...]:
    """Every constraint of the regime, in its order. `fitted` is the list `constraints` of the artefact, if it has one;
    without it value and slack are those of the calibration as it stands. A constraint that the fit does not name, and
    one of data alone, has one row without figures."""
    told: dict[str, list[ConstraintRow]] = {}
    known = regime.incentives.constraints
    for row in fitted:
        if row["id"] in known:
            told.setdefault(row["id"], []).append(_fitted(known[row["id"]], row))
    return tuple(
        row
        for constraint in known.values()
        for row in _one_way(told.get(constraint.id, []))
        or tuple(_standing(constraint, regime, calibration))
        or (_unknown(constraint),)
    )


def _fitted(constraint: Constraint, row: Mapping[str, Any]) -> ConstraintRow:
    """A row of the artefact; the value follows from bound and slack."""
    bound, slack = _bound(constraint, row["what"]), row["slack"]
    value = bound + slack if constraint.kind in FLOORS else bound - slack
    return ConstraintRow(constraint, row["what"], bound, value, slack, row["binding"], row["dual"], row["moved_eur"])


def _one_way(rows: Sequence[ConstraintRow]) -> tuple[ConstraintRow, ...]:
    """A fit bounds a step both up and down: of the two rows the tighter one, which is the way that the effects rise."""
    tightest: dict[str | frozenset[str], ConstraintRow] = {}
    for row in rows:
        key = frozenset(row.what.split(BETWEEN)) if row.constraint.kind is ConstraintKind.STEP else row.what
        other = tightest.get(key)
        if other is None or (row.slack or 0.0) < (other.slack or 0.0):
            tightest[key] = row
    return tuple(tightest.values())


def _unknown(constraint: Constraint) -> ConstraintRow:
    return ConstraintRow(constraint, "", _bound(constraint, ""), None, None, False)


def _bound(constraint: Constraint, what: str) -> float:
    """An exempt peril is held to its sign alone; a balance to its tolerance."""
    if constraint.kind is ConstraintKind.BALANCE:
        return constraint.tolerance
    return 0.0 if what in constraint.exempt else constraint.bound


def _standing(constraint: Constraint, regime: Regime, calibration: Calibration) -> Iterator[ConstraintRow]:
    """The rows of a constraint for the parameters as they are; none of a balance, which speaks of data."""
    for what, value in _bounded(constraint, regime, calibration):
        bound = _bound(constraint, what)
        slack = value - bound if constraint.kind in FLOORS else bound - value
        yield ConstraintRow(constraint, what, bound, value, slack, abs(slack) <= BINDS)


def _bounded(constraint: Constraint, regime: Regime, calibration: Calibration) -> Iterator[tuple[str, float]]:
    """What the constraint bounds, with its value."""
    match constraint.kind:
        case ConstraintKind.FLOOR | ConstraintKind.CAP if constraint.parameter == "theta":
            yield from ((peril, own.theta) for peril, own in calibration.perils.items())
        case ConstraintKind.FLOOR | ConstraintKind.CAP:
            yield constraint.parameter, getattr(calibration, constraint.parameter)
        case ConstraintKind.LADDER | ConstraintKind.STEP:
            for (low, before), (high, after) in pairwise(_levels(constraint.parameter, regime, calibration)):
                if constraint.kind is ConstraintKind.LADDER or before <= after:
                    yield f"{low}{BETWEEN}{high}", after - before
                else:
                    yield f"{high}{BETWEEN}{low}", before - after


def _levels(factor: str, regime: Regime, calibration: Calibration) -> list[tuple[str, float]]:
    """The levels of a factor in their order, with their effects on log frequency."""
    if factor == "autonomy":
        return [(str(level), effect) for level, effect in enumerate(calibration.autonomy)]
    if factor == "maturity":
        return [(str(band), effect) for band, (_, effect) in enumerate(calibration.maturity)]
    if factor == "classes":
        return [(name, calibration.classes[name]) for name in regime.classes]
    return list(getattr(calibration, factor).items())
