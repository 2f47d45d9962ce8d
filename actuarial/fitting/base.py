"""What every step of a calibration starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from actuarial.calibration import Calibration, TestReference
from actuarial.fitting.experience import Experience
from actuarial.fitting.parts import Part
from policies.findings import Finding, Severity
from policies.regimes import Regime


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """An experience, the prior as a value and as its artefact, the champion to beat, the regime and the seed.

    `tests` are the reference populations by which the danger scores of the experience were made.
    """

    experience: Experience
    prior: Calibration
    artefact: Mapping[str, Any]
    champion: Calibration
    regime: Regime
    seed: int
    tests: Mapping[str, TestReference]


def kept(code: str, subject: str, why: Exception) -> Part:
    """A part that leaves the prior as it is, and says why."""
    finding = Finding(code, Severity.INFO, subject, f"{why}; the prior is kept")
    return Part(f"the prior is kept: {why}", findings=(finding,))
