"""Balance: no segment is charged for claims that another had."""

from __future__ import annotations

from actuarial.certificate import Claim, Verdict
from actuarial.proofs.case import Case, concluded, step
from policies.incentives import ConstraintKind

ROUNDING = 1e-4  # of a ratio kept to six digits


def balance(case: Case) -> Claim:
    """Expected over actual claims of every segment that the fit had to balance; nothing to balance before any claim."""
    tolerance = {
        rule.parameter: rule.tolerance
        for rule in case.regime.incentives.constraints.values()
        if rule.kind is ConstraintKind.BALANCE
    }
    found = {s: r for s, r in case.calibration.balance.items() if s.partition(".")[0] in tolerance}
    if not found:
        return Claim("balance", Verdict.NOT_APPLICABLE, (step("no_claims"),))
    worst = max(found, key=lambda segment: found[segment] / (1 + tolerance[segment.partition(".")[0]]))
    most = tolerance[worst.partition(".")[0]]
    holds = found[worst] <= 1 + most + ROUNDING
    proof = [
        step("segments", count=len(found)),
        step("overcharged", holds, segment=worst, ratio=found[worst], tolerance=most),
    ]
    return concluded("balance", proof, min(found.values()), max(found.values()))
