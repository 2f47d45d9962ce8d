"""The certificate: what a tariff can never do to a firm of the regime's domain, claim by claim, with the proof.

Nothing is sampled: every claim follows from signs of parameters, facts of the formula, and bounds of intervals
(pricing.md 12; docs/methods/certificate.md). `actuarial.searching.adversary` looks for firms that would contradict it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from actuarial.calibration import Calibration
from actuarial.certificate import Certificate, Claim, Verdict
from actuarial.proofs import balance, constraints, disclosure, elasticity, order, soundness, steps
from actuarial.proofs.case import Case, case_of
from policies.regimes import Regime

CLAIMS: tuple[Callable[[Case], Claim], ...] = (
    order.failures,
    order.danger,
    order.lateness,
    order.incidents,
    order.compliance,
    order.exposure,
    order.ladders,
    order.limit,
    order.deductible,
    disclosure.disclosure,
    elasticity.danger,
    elasticity.sharing,
    elasticity.exposure,
    steps.classes,
    steps.autonomy,
    steps.maturity,
    steps.size,
    steps.failure,
    steps.incident,
    steps.lateness,
    constraints.constraints,
    balance.balance,
    order.rounding,
)


def certify(calibration: Calibration, regime: Regime) -> Certificate:
    """Prove or refute every claim; a refuted one names a firm where its premium shows it. A fifth of a second.

    A calibration that holds what is no finite number is refused for that alone: nothing follows from it.
    Raises WaarborgError when the calibration cannot price the regime at all.
    """
    sound = soundness.soundness(calibration, regime)
    alone = Certificate(calibration.sha256, regime.sha256, (sound,))
    if not soundness.finite(calibration, regime):
        return alone
    case = case_of(calibration, regime)
    try:
        with np.errstate(all="ignore"):
            claims = tuple(claim(case) for claim in CLAIMS)
    except (ArithmeticError, TypeError, ValueError):
        if sound.verdict is Verdict.REFUTED:
            return alone  # a range that is broken explains it
        raise
    return Certificate(calibration.sha256, regime.sha256, (sound, *claims))
