"""What the sample market shows of itself: conduct and settlement of its claims, measured danger and compliance.

All is drawn from streams of its own, so that the market underneath is the same with and without it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from actuarial.calibration import Calibration
from actuarial.evidence import Ints
from actuarial.market.experience import Claims
from actuarial.market.truth import ConductTruth, SettlementTruth
from actuarial.rounding import Floats
from actuarial.tariff import tariff
from policies.regimes import Regime

IN_TIME, LATE, DISCOVERED, HIDDEN = range(4)  # conduct of a claim; nobody ever hears of a hidden one
STREAM = 0  # spawn key of these draws; firms of dossiers have the keys from 1


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody knows of the market: danger (S, P), compliance (S,), obliged class (S,), conduct of claims (C,).

    The class is a position in the regime's list, the conduct one of IN_TIME, LATE, DISCOVERED and HIDDEN.
    """

    danger: Floats
    compliance: Floats
    obliged: Ints
    conduct: Ints


def stream(seed: int, purpose: int) -> np.random.Generator:
    """A generator of its own for one purpose of a seed, beside that of the market and those of its firms."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(STREAM, purpose)))


def draw_conduct(rng: np.random.Generator, claims: Claims, c: ConductTruth, regime: Regime) -> Ints:
    """Conduct of each claim (C,): concealed ones come to light with the regime's detection probability."""
    level, found = rng.random(len(claims.row)), rng.random(len(claims.row))
    concealed = np.where(found < regime.detection_probability, DISCOVERED, HIDDEN)
    return np.select([level < c.in_time, level < c.in_time + c.late], [IN_TIME, LATE], concealed)


def draw_settlement(
    rng: np.random.Generator, claims: Claims, s: SettlementTruth, regime: Regime, calibration: Calibration
) -> Ints:
    """Day on which each claim is settled (C,), counted as its other days."""
    scale = np.array([s.scale_days[head] for head in tariff(calibration, regime).head_ids])[claims.head]
    scale = scale * (claims.loss / s.reference_eur) ** s.loss_elasticity
    days: Floats = scale * rng.weibull(s.shape, len(scale))
    return claims.report_day + np.floor(days).astype(np.int64)
