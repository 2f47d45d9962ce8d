"""Constraints: the tariff holds every floor, cap, ladder and step that the regime names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from actuarial.certificate import Claim
from actuarial.proofs.case import Case, concluded, step
from policies.findings import WaarborgError
from policies.incentives import Constraint, ConstraintKind

DIGIT = 1e-6  # parameters are kept to six digits


def constraints(case: Case) -> Claim:
    """Each constraint of the regime with the place where it is tightest; balances have a claim of their own."""
    linear = [rule for rule in case.regime.incentives.constraints.values() if rule.kind is not ConstraintKind.BALANCE]
    proof = []
    for rule in linear:
        slack, what, value = min(_rows(rule, case))
        proof.append(step("constraint", slack >= -DIGIT, id=rule.id, what=what, value=value, slack=slack))
    return concluded("constraints", proof)


def _rows(rule: Constraint, case: Case) -> Iterator[tuple[float, str, float]]:
    """Slack, what it speaks of and value, of every row of a constraint."""
    if rule.kind in {ConstraintKind.FLOOR, ConstraintKind.CAP}:
        for what, value in _slopes(rule, case):
            bound = 0.0 if what in rule.exempt else rule.bound
            yield (value - bound if rule.kind is ConstraintKind.FLOOR else bound - value), what, value
        return
    for (below, low), (above, high) in pairwise(_levels(rule, case)):
        rise = high - low
        slack = rise if rule.kind is ConstraintKind.LADDER else rule.bound - abs(rise)
        yield slack, f"{below} to {above}", rise


def _slopes(rule: Constraint, case: Case) -> Iterator[tuple[str, float]]:
    c = case.calibration
    if rule.parameter == "theta":
        yield from ((peril, row.theta) for peril, row in c.perils.items())
    elif rule.parameter in {"sharing", "exposure_elasticity"}:
        yield rule.parameter, float(getattr(c, rule.parameter))
    else:
        raise WaarborgError(f"constraint {rule.id}: a {rule.kind} cannot hold {rule.parameter!r}")


def _levels(rule: Constraint, case: Case) -> Sequence[tuple[str, float]]:
    c = case.calibration
    match rule.parameter:
        case "classes":
            return [(name, c.classes[name]) for name in case.regime.classes]
        case "autonomy":
            return [(str(level), effect) for level, effect in enumerate(c.autonomy)]
        case "maturity":
            return [(str(band), effect) for band, (_, effect) in enumerate(c.maturity)]
        case _:
            raise WaarborgError(f"constraint {rule.id}: a {rule.kind} cannot hold {rule.parameter!r}")
