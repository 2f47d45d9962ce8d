"""The constraints of a regime as rows over the coefficients of a frequency fit (docs/methods/tariff-fit.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from actuarial.calibration import Calibration
from actuarial.fitting.frequency_design import FACTORS, THETA, Columns, Rows, columns
from actuarial.fitting.tariff_fit import Limits
from actuarial.rounding import Floats
from policies.findings import WaarborgError
from policies.incentives import Constraint, ConstraintKind
from policies.regimes import Regime

SLOPES = ("sharing", "exposure_elasticity")
ROUNDED = 1e-5  # what two effects below ten, each rounded to six digits, can come nearer: rows of pairs keep so far off
EXACT = 1e-12  # what adding and subtracting floats may cost


@dataclass(frozen=True, slots=True)
class Bound:
    """One linear row: the sum of coefficients, each (column, weight) of `terms`, is at least or at most `bound`.

    `what` is a peril, a slope or a pair of levels; `sign` is 1 for at least and -1 for at most; the fit keeps `inset`
    away from the bound, so that rounded effects still hold it.
    """

    id: str
    what: str
    terms: tuple[tuple[int, float], ...]
    sign: int
    bound: float
    inset: float = 0.0

    def value(self, coefficients: Floats) -> float:
        """What is held, from coefficients (K,)."""
        return float(sum(weight * coefficients[column] for column, weight in self.terms))

    def slack(self, coefficients: Floats) -> float:
        """How far inside the bound it lies; negative where it breaks it."""
        return self.sign * (self.value(coefficients) - self.bound)


@dataclass(frozen=True, slots=True)
class Segment:
    """A balance: a level of a factor, its column, its claims, and the share and price beyond which it bends."""

    id: str
    what: str  # factor.level
    column: int
    claims: float
    tolerance: float
    price: float


def bounds(regime: Regime, cols: Columns) -> tuple[Bound, ...]:
    """Every linear row that the regime asks of these coefficients.

    Raises WaarborgError for a parameter that a kind of constraint cannot hold.
    """
    rows = (LINEAR[c.kind](c, cols, regime) for c in regime.incentives.constraints.values() if c.kind in LINEAR)
    return tuple(row for group in rows for row in group)


def segments(regime: Regime, cols: Columns, rows: Rows) -> tuple[Segment, ...]:
    """The balances that the regime asks for, of levels with enough known claims."""
    found = []
    for asked in regime.incentives.constraints.values():
        if asked.kind is ConstraintKind.BALANCE:
            _known_factor(asked)
            levels, claims = cols.levels[asked.parameter], claims_by_level(rows, cols, asked.parameter)
            found += [
                Segment(
                    *(asked.id, f"{asked.parameter}.{level}", cols.at(_path(asked.parameter, level))),
                    *(float(claims[code]), asked.tolerance, asked.price),
                )
                for code, level in enumerate(levels)
                if claims[code] >= asked.least_claims and claims[code] > 0
            ]
    return tuple(found)


def claims_by_level(rows: Rows, cols: Columns, factor: str) -> Floats:
    """Known claims of each level of a factor, (L,)."""
    counts = np.bincount(rows.codes[factor], rows.claims.sum(axis=1), len(cols.levels[factor]))
    return np.asarray(counts, dtype=float)


def limits(held: Sequence[Bound], balanced: Sequence[Segment], size: int) -> Limits:
    """Rows and balances as the arrays of a program over `size` coefficients."""
    matrix = np.zeros((len(held), size))
    for row, bound in enumerate(held):
        for column, weight in bound.terms:
            matrix[row, column] += bound.sign * weight
    return Limits(
        matrix=matrix,
        least=np.array([row.sign * row.bound + row.inset for row in held]),
        columns=np.array([segment.column for segment in balanced], dtype=np.int64),
        most=np.array([(1.0 + segment.tolerance) * segment.claims for segment in balanced]),
        price=np.array([segment.price for segment in balanced]),
    )


def within(cols: Columns, held: Sequence[Bound]) -> Columns:
    """The columns with every coefficient that is not fitted set within the bounds it has by itself."""
    mean, fitted = cols.mean.copy(), cols.sd > 0
    for row in held:
        (column, weight), *others = row.terms
        if not others and not fitted[column] and row.slack(mean) < 0:
            mean[column] = row.bound / weight
    return replace(cols, mean=mean)


def lifted(calibration: Calibration, regime: Regime, perils: Sequence[str]) -> Mapping[str, float]:
    """The theta that perils without a fit get where that of the calibration breaks a bound."""
    cols = columns(calibration, {}, tuple(perils))
    own = [row for row in bounds(regime, cols) if row.what in perils]
    fixed = within(replace(cols, covariance=np.zeros_like(cols.covariance)), own)
    at = {peril: cols.at(f"frequency.perils.{peril}.{THETA}") for peril in perils}
    return {peril: float(fixed.mean[n]) for peril, n in at.items() if fixed.mean[n] != cols.mean[n]}


def broken(calibration: Calibration, regime: Regime) -> tuple[Bound, ...]:
    """Linear rows that a calibration does not hold."""
    cols = columns(calibration, {}, tuple(calibration.perils))
    return tuple(row for row in bounds(regime, cols) if row.slack(cols.mean) < -EXACT)


def _slopes(asked: Constraint, cols: Columns, _regime: Regime) -> Iterator[Bound]:
    """Floors and caps; an exempt peril is only kept from rewarding danger."""
    sign = 1 if asked.kind is ConstraintKind.FLOOR else -1
    if asked.parameter == THETA:
        for peril in cols.perils:
            bound = 0.0 if peril in asked.exempt else asked.bound
            yield Bound(asked.id, peril, ((cols.at(f"frequency.perils.{peril}.{THETA}"), 1.0),), sign, bound)
    elif asked.parameter in SLOPES:
        column = cols.at(f"frequency.{asked.parameter}")
        yield Bound(asked.id, asked.parameter, ((column, 1.0),), sign, asked.bound)
    else:
        raise WaarborgError(
            f"constraint {asked.id}: a {asked.kind} holds {THETA} or {' or '.join(SLOPES)}, not {asked.parameter!r}"
        )


def _ladder(asked: Constraint, cols: Columns, regime: Regime) -> Iterator[Bound]:
    for below, above in _neighbours(asked, cols, regime):
        yield _difference(asked, below, above, 1, 0.0)


def _step(asked: Constraint, cols: Columns, regime: Regime) -> Iterator[Bound]:
    """A step at most so high, and at most so deep."""
    for below, above in _neighbours(asked, cols, regime):
        yield _difference(asked, below, above, -1, asked.bound)
        yield _difference(asked, above, below, -1, asked.bound)


LINEAR: Mapping[ConstraintKind, Callable[[Constraint, Columns, Regime], Iterator[Bound]]] = {
    ConstraintKind.FLOOR: _slopes,
    ConstraintKind.CAP: _slopes,
    ConstraintKind.LADDER: _ladder,
    ConstraintKind.STEP: _step,
}


def _difference(asked: Constraint, start: tuple[str, int], end: tuple[str, int], sign: int, bound: float) -> Bound:
    return Bound(asked.id, f"{start[0]} to {end[0]}", ((end[1], 1.0), (start[1], -1.0)), sign, bound, ROUNDED)


def _neighbours(asked: Constraint, cols: Columns, regime: Regime) -> Iterator[tuple[tuple[str, int], tuple[str, int]]]:
    """Pairs of neighbouring levels with their columns; the classes are those that the regime obliges."""
    _known_factor(asked)
    known = cols.levels[asked.parameter]
    levels = [level for level in regime.classes if level in known] if asked.parameter == "classes" else list(known)
    places = [(level, cols.at(_path(asked.parameter, level))) for level in levels]
    return pairwise(places)


def _known_factor(asked: Constraint) -> None:
    if asked.parameter not in FACTORS:
        raise WaarborgError(
            f"constraint {asked.id}: a {asked.kind} holds one of {', '.join(FACTORS)}, not {asked.parameter!r}"
        )


def _path(factor: str, level: str) -> str:
    return f"frequency.{factor}.{level}" + (".effect" if factor == "maturity" else "")
