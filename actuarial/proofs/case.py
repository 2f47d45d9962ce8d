"""What a proof looks at, and how its steps are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from actuarial.calibration import Calibration
from actuarial.certificate import Claim, Number, ProofStep, Verdict, Witness
from actuarial.tariff import Tariff, ThetaLevel, tariff
from policies.regimes import Regime

DIGITS = 6  # significant digits of a number in a proof


@dataclass(frozen=True, slots=True)
class Case:
    """A calibration under a regime, and its tariff at each level of theta."""

    calibration: Calibration
    regime: Regime
    levels: Mapping[ThetaLevel, Tariff]

    @property
    def t(self) -> Tariff:
        """The tariff that quotes."""
        return self.levels[ThetaLevel.CENTRAL]


def case_of(calibration: Calibration, regime: Regime) -> Case:
    """The case. Raises WaarborgError when the calibration cannot price the regime at all."""
    return Case(calibration, regime, {level: tariff(calibration, regime, level) for level in ThetaLevel})


def step(code: str, holds: bool = True, **values: Number) -> ProofStep:
    """A line of a proof; numbers at six digits."""
    told = ((name, _short(value)) for name, value in values.items())
    return ProofStep(code, tuple(told), bool(holds))


def _short(value: Number) -> Number:
    if isinstance(value, str | int):
        return value
    return float(f"{float(value):.{DIGITS}g}")


def concluded(
    name: str,
    proof: Sequence[ProofStep],
    low: float | None = None,
    high: float | None = None,
    witness: Witness | None = None,
) -> Claim:
    """The claim that these steps prove, or that the first that does not hold refutes."""
    verdict = Verdict.PROVED if all(line.holds for line in proof) else Verdict.REFUTED
    return Claim(name, verdict, tuple(dict.fromkeys(proof)), _bound(low), _bound(high), witness)


def _bound(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{DIGITS}g}")
