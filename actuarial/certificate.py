"""The certificate of a tariff under a regime: claims over the whole domain of inputs, each with its proof."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from policies.money import Money

Number = float | int | str


class Verdict(StrEnum):
    """What became of a claim."""

    PROVED = "proved"
    REFUTED = "refuted"
    NOT_APPLICABLE = "not_applicable"  # there is nothing yet that it could speak of


@dataclass(frozen=True, slots=True)
class ProofStep:
    """A line of a proof: `code` names its sentence (texts.toml, section proof), `values` fill it in."""

    code: str
    values: tuple[tuple[str, Number], ...] = ()
    holds: bool = True


@dataclass(frozen=True, slots=True)
class Witness:
    """A counter-example in plain numbers: a firm before and after a change that should have moved its premium the
    other way, and the yearly premium due of both."""

    firm: tuple[tuple[str, Number], ...]
    changed: str  # the name of the number that changes
    before: Number
    after: Number
    due_before: Money
    due_after: Money


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim. `low` and `high` bound what the claim speaks of, where it bounds a number."""

    id: str
    verdict: Verdict
    proof: tuple[ProofStep, ...]
    low: float | None = None
    high: float | None = None
    witness: Witness | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """All claims about the tariff of a calibration under a regime."""

    calibration_sha256: str
    regime_sha256: str
    claims: tuple[Claim, ...]

    @property
    def valid(self) -> bool:
        """Whether no claim is refuted."""
        return not self.refuted

    @property
    def refuted(self) -> tuple[Claim, ...]:
        """The claims that do not hold."""
        return tuple(claim for claim in self.claims if claim.verdict is Verdict.REFUTED)
