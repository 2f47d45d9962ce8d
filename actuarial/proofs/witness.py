"""Counter-examples: firms of the domain before and after a change that may not lower their premium."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from actuarial.certificate import Number, Witness
from actuarial.evidence import danger_scores
from actuarial.proofs.case import Case
from actuarial.proofs.point import Point, due, told
from policies.money import CENTS_PER_EURO, Money

EXPOSURES = (1.0, 100.0)  # units a year: a usual system and a very large one
RATES = (0.05, 0.5)  # of failures, a good test and a bad one
RECORD = 2.0  # weighted incidents of every peril, for a firm with a record


@dataclass(frozen=True, slots=True)
class Move:
    """A change that may not lower the premium: the number `changed` from `before` to `after`."""

    start: Point
    end: Point
    changed: str
    before: Number
    after: Number


Moves = Iterator[Move]


def worst_fall(case: Case, moves: Moves) -> Witness | None:
    """The move that lowers the premium due by the largest share; None when none does."""
    found = tuple(moves)
    starts, ends = (due([getattr(m, end) for m in found], case.t, case.regime) for end in ("start", "end"))
    worst = int(np.argmax((starts - ends) / np.maximum(starts, 1)))
    if starts[worst] <= ends[worst]:
        return None
    return _witness(found[worst], int(starts[worst]), int(ends[worst]))


def widest_step(case: Case, moves: Moves) -> Witness | None:
    """The move by which the premium due changes most in proportion; None when none does."""
    found = tuple(moves)
    starts, ends = (due([getattr(m, end) for m in found], case.t, case.regime) for end in ("start", "end"))
    change = np.abs(np.log(np.maximum(ends, 1) / np.maximum(starts, 1)))
    worst = int(np.argmax(change))
    return _witness(found[worst], int(starts[worst]), int(ends[worst])) if change[worst] > 0 else None


def _witness(move: Move, before: int, after: int) -> Witness:
    peril = move.changed.rpartition("_")[2]
    facts = told(move.start, peril if peril in {*move.start.danger, *move.start.incidents} else None)
    kept = tuple((name, value) for name, value in facts if name != move.changed)
    return Witness(kept, move.changed, move.before, move.after, Money(before), Money(after))


def bases(case: Case) -> Iterator[Point]:
    """Firms of every class at its minimum terms: small and large, without a record and with one."""
    t, regime = case.t, case.regime
    window = regime.incident_window_years
    perils = dict.fromkeys(t.peril_ids, RECORD)
    role, sector = t.role_ids[int(np.argmax(t.role_effect))], t.sector_ids[int(np.argmin(np.abs(t.sector_effect)))]
    for obliged, exposure, known in product(regime.classes.values(), EXPOSURES, (False, True)):
        yield Point(
            obliged.id,
            obliged.id,
            role,
            sector,
            autonomy=0,
            maturity=len(t.maturity_from) - 1,
            exposure=exposure,
            danger=dict.fromkeys(t.peril_ids, 0.0),
            incidents=perils if known else {},
            observed_years=window if known else 0.0,
            deductible_eur=obliged.minimum_deductible.cents // CENTS_PER_EURO,
            limit_eur=obliged.minimum_limit.cents // CENTS_PER_EURO,
            aggregate_limit_eur=obliged.minimum_aggregate.cents // CENTS_PER_EURO,
        )


def danger_moves(case: Case) -> Moves:
    """Two standard steps more danger of one peril."""
    for base, peril in product(bases(case), case.t.peril_ids):
        start, end = (replace(base, danger={**base.danger, peril: z}) for z in (-1.0, 1.0))
        yield Move(start, end, f"danger_{peril}", -1.0, 1.0)


def rate_moves(case: Case) -> Moves:
    """A test failed more often, the others unchanged, through the required battery."""
    t = case.t
    usual = np.minimum(t.silence / 2, RATES[0])
    for base, row in product(bases(case), range(len(t.test_ids))):
        scores = []
        for rate in RATES:
            rates = usual.copy()
            rates[row] = min(rate, t.silence[row])
            scores.append(dict(zip(t.peril_ids, danger_scores(rates[None], t)[0].tolist(), strict=True)))
        start, end = (replace(base, danger=z) for z in scores)
        yield Move(start, end, f"failure_rate {t.test_ids[row]}", *RATES)


def incident_moves(case: Case) -> Moves:
    """One serious incident more, reported in time; one that is concealed and comes out instead of reported."""
    weights = case.calibration.history
    for base, peril in product(bases(case), case.t.peril_ids):
        for weight in sorted(weights.severity.values()):
            few, more = weights.reported * weight, weights.concealed * weight
            for before, after in ((0.0, few), (few, weights.late_limit * weight), (few, more)):
                counts = [base.incidents.get(peril, 0.0) + n for n in (before, after)]
                start, end = (replace(base, incidents={**base.incidents, peril: n}) for n in counts)
                yield Move(start, end, f"incidents_{peril}", *counts)


def compliance_moves(case: Case) -> Moves:
    """Sharing little instead of nearly everything."""
    for base in bases(case):
        yield Move(replace(base, compliance=0.9), replace(base, compliance=0.2), "compliance", 0.9, 0.2)


def exposure_moves(case: Case) -> Moves:
    """Twice the exposure, and a hundred times the turnover."""
    for base in bases(case):
        wide = replace(base, exposure=2 * base.exposure)
        yield Move(base, wide, "exposure_units", base.exposure, wide.exposure)
        large = replace(base, turnover_eur=100 * base.turnover_eur)
        yield Move(base, large, "turnover_eur", base.turnover_eur, large.turnover_eur)


def deductible_moves(case: Case) -> Moves:
    """A deductible of a tenth."""
    for base in bases(case):
        high = replace(base, deductible_eur=10 * base.deductible_eur)
        yield Move(high, base, "deductible_eur", high.deductible_eur, base.deductible_eur)


def size_moves(case: Case) -> Moves:
    """The next band of turnover."""
    t = case.t
    for base, band in product(bases(case), range(-4 * t.size_bands, 4 * t.size_bands)):
        low, high = (t.size_reference * 10 ** ((band + more) / t.size_bands) for more in (0, 1))
        yield Move(replace(base, turnover_eur=low), replace(base, turnover_eur=high), "turnover_eur", low, high)


def class_moves(case: Case) -> Moves:
    """From the class below, on the terms of the higher one."""
    classes = tuple(case.regime.classes)
    for base in bases(case):
        for low in classes[: classes.index(base.declared_class)][-1:]:
            start = replace(base, declared_class=low, priced_class=low)
            yield Move(start, base, "class", low, base.declared_class)


def autonomy_moves(case: Case) -> Moves:
    """The next level of autonomy."""
    for base, level in product(bases(case), range(len(case.t.autonomy_effect) - 1)):
        start, end = (replace(base, autonomy=step) for step in (level, level + 1))
        yield Move(start, end, "autonomy", level, level + 1)


def maturity_moves(case: Case) -> Moves:
    """The next band of years since deployment."""
    for base, band in product(bases(case), range(len(case.t.maturity_from) - 1)):
        start, end = (replace(base, maturity=step) for step in (band, band + 1))
        yield Move(start, end, "maturity_band", band, band + 1)


def limit_moves(case: Case) -> Moves:
    """Twice the limit under the same aggregate limit, and twice the aggregate limit."""
    for base in bases(case):
        wide = replace(base, aggregate_limit_eur=2 * base.aggregate_limit_eur)
        more = 2 * base.limit_eur
        yield Move(wide, replace(wide, limit_eur=more), "limit_eur", base.limit_eur, more)
        yield Move(base, wide, "aggregate_limit_eur", base.aggregate_limit_eur, wide.aggregate_limit_eur)


MOVES: Mapping[str, Callable[[Case], Moves]] = {
    "danger": danger_moves,
    "rates": rate_moves,
    "incidents": incident_moves,
    "compliance": compliance_moves,
    "exposure": exposure_moves,
    "class": class_moves,
    "autonomy": autonomy_moves,
    "maturity": maturity_moves,
    "size": size_moves,
    "limit": limit_moves,
    "deductible": deductible_moves,
}


def counter_example(case: Case, *kinds: str) -> Witness | None:
    """The worst fall of the premium over all moves of these kinds."""
    found = [worst_fall(case, MOVES[kind](case)) for kind in kinds]
    falls = [w for w in found if w is not None]
    return max(falls, key=lambda w: 1 - w.due_after.cents / w.due_before.cents, default=None)
