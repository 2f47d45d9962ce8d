"""The risk as the firm declares it: firm, AI systems, evidence, incidents, obligations, cover asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from policies.money import Money
from policies.safety import TestRun
from policies.terms import Terms


class SizeClass(StrEnum):
    """Size of a firm, after Recommendation 2003/361/EC."""

    MICRO = "micro"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class Role(StrEnum):
    """Role of a firm for an AI system (Regulation (EU) 2024/1689, Article 3)."""

    PROVIDER = "provider"
    DEPLOYER = "deployer"
    IMPORTER = "importer"
    DISTRIBUTOR = "distributor"
    AUTHORISED_REPRESENTATIVE = "authorised_representative"


class IncidentSource(StrEnum):
    """Who brought an incident to light."""

    SELF = "self"
    AUTHORITY = "authority"
    PRESS = "press"


class IncidentSeverity(StrEnum):
    """How grave an incident was."""

    NEAR_MISS = "near_miss"
    MINOR = "minor"
    SERIOUS = "serious"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Firm:
    """A legal entity. Turnover in whole cents per year."""

    name: str
    kvk: str
    country: str
    size_class: SizeClass
    turnover_nl: Money
    turnover_world: Money
    founded: date
    lei: str | None = None


@dataclass(frozen=True, slots=True)
class AISystem:
    """One AI system on the schedule. Classes are words of the regime's vocabulary (`Regime.classify`)."""

    id: str
    name: str
    version: str
    roles: tuple[Role, ...]
    self_assessed_class: str
    autonomy: int
    sector: str
    persons_per_month: float
    deployed: date
    foundation_model: str
    assessed_class: str | None = None
    annex_iii_area: int | None = None
    eu_db_id: str | None = None
    training_flop: float | None = None
    runs: tuple[TestRun, ...] = ()


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident. `reported_at` is None when it was never reported to the authority."""

    id: str
    system: str
    peril: str
    occurred_at: date
    aware_at: date
    reported_at: date | None
    source: IncidentSource
    severity: IncidentSeverity
    persons_affected: int
    loss: Money
    description: str


@dataclass(frozen=True, slots=True)
class Obligation:
    """One data-sharing obligation that fell due. `completeness` in [0, 1]."""

    system: str
    kind: str
    due: date
    delivered: date | None
    completeness: float


@dataclass(frozen=True, slots=True)
class Cover:
    """The cover asked for."""

    inception: date
    term_months: int
    heads: tuple[str, ...]
    terms: Terms
    instalments: int


@dataclass(frozen=True, slots=True)
class RiskProfile:
    """A dossier as values: no premium, no model output. `sha256` names the bytes it was read from."""

    firm: Firm
    cover: Cover
    systems: tuple[AISystem, ...]
    incidents: tuple[Incident, ...]
    obligations: tuple[Obligation, ...]
    sha256: str
