"""The quote: inputs, premium, findings, and the digests that let anyone replay it to the cent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from actuarial.breakdown import PremiumBreakdown
from policies.findings import Finding
from policies.money import Money
from policies.risk import RiskProfile


class Decision(StrEnum):
    """What became of a submission."""

    QUOTED = "quoted"
    REFERRED = "referred"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class PerilResult:
    """Expected claims per period and expected loss before the aggregate limit, for one peril of one system."""

    frequency: float
    expected_loss: Money


@dataclass(frozen=True, slots=True)
class SystemResult:
    """What the tariff makes of one AI system. `danger` is z by peril (market 0), `compliance` lies in [0, 1]."""

    id: str
    name: str
    obliged_class: str
    priced_class: str
    danger: Mapping[str, float]
    compliance: float
    perils: Mapping[str, PerilResult]


@dataclass(frozen=True, slots=True)
class Lever:
    """A change the firm could make, with the premium due after it and the saving, both found by rating again.

    `kind` is test, accreditation, obligation, deductible; `subject` its target (system/test, system/kind, ...).
    """

    id: str
    kind: str
    subject: str
    premium: Money
    saving: Money


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote as of day `at`. `id` is derived from all inputs and the engine: the same give the same quote."""

    id: str
    engine: int  # the version of the computation that made it
    at: date
    decision: Decision
    findings: tuple[Finding, ...]  # of intake and of appetite, gravest first
    intake: tuple[Finding, ...]  # those of intake alone: with the profile, what a replay starts from
    profile: RiskProfile
    obliged_class: str
    systems: tuple[SystemResult, ...]
    breakdown: PremiumBreakdown
    instalments: tuple[Money, ...]
    due_low: Money  # premium due at the low end of theta, the effect of tests on claims
    due_high: Money  # and at the high end
    levers: tuple[Lever, ...]
    regime_id: str
    regime_sha256: str
    calibration_sha256: str
