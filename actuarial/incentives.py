"""The certificate: what a tariff can never do to a firm of the regime's domain, claim by claim, with the proof.

Nothing is sampled: every claim follows from signs of parameters, facts of the formula, and bounds of intervals
(pricing.md 12; docs/methods/certificate.md). `actuarial.searching.adversary` looks for firms that would contradict it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from actuarial.calibration import Calibration
from actuarial.certificate import Certificate, Claim
from actuarial.proofs import balance, disclosure, elasticity, order, steps
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
    balance.balance,
    order.rounding,
)


def certify(calibration: Calibration, regime: Regime) -> Certificate:
    """Prove or refute every claim; a refuted one names a firm. Milliseconds when all hold.

    Raises WaarborgError when the calibration cannot price the regime at all.
    """
    case = case_of(calibration, regime)
    with np.errstate(all="ignore"):  # what is no number compares as false, and so refutes
        claims = tuple(claim(case) for claim in CLAIMS)
    return Certificate(calibration.sha256, regime.sha256, claims)
