"""The premium of one firm against its danger: what the tariff would ask were its systems safer or more dangerous."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from actuarial.calibration import Calibration
from actuarial.premium import premiums
from actuarial.rating import rate
from actuarial.risks import tabulate
from actuarial.rounding import share_of
from actuarial.tariff import tariff
from policies.findings import WaarborgError
from policies.money import Money
from policies.regimes import Regime
from underwriting.quote import Quote

REACH, STEPS = 3.0, 48  # of a curve: standard steps of danger on either side of today, points on either side
SHIFTS = tuple(REACH * step / STEPS for step in range(-STEPS, STEPS + 1))


@dataclass(frozen=True, slots=True)
class DangerCurve:
    """Premium due of the period by shift of z, ascending; `peril` None where all perils shift at once.

    `floor` is the minimum premium with its tax: no firm pays less, however safe.
    """

    peril: str | None
    points: tuple[tuple[float, Money], ...]
    floor: Money


def danger_curve(
    quote: Quote, regime: Regime, calibration: Calibration, peril: str | None = None, shifts: Sequence[float] = SHIFTS
) -> DangerCurve:
    """The curve of a quote under its own regime and calibration; without a shift it is the premium of the quote.

    z of every system shifts alike, for one peril or for all; everything else stays. Raises WaarborgError for a peril
    that the calibration does not price.
    """
    t = tariff(calibration, regime)
    if peril is not None and peril not in t.peril_ids:
        raise WaarborgError(f"no peril {peril!r} in calibration {calibration.sha256[:12]}")
    risks = tabulate([quote.profile] * len(shifts), quote.at, regime, calibration)
    shifted = np.array([peril in {None, known} for known in t.peril_ids], dtype=float)
    moved = replace(risks, danger=risks.danger + np.asarray(shifts)[risks.policy, None] * shifted)
    due = premiums(rate(moved, t), moved, t).due
    minimum = risks.minimum_premium[:1]
    return DangerCurve(
        peril=peril,
        points=tuple((float(shift), Money(int(cents))) for shift, cents in zip(shifts, due, strict=True)),
        floor=Money(int((minimum + share_of(minimum, t.tax))[0])),
    )
