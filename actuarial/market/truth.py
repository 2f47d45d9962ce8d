"""The stated truth of the sample market, as values read from `reference/sample_market.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class PerilTruth:
    """Claims a year and 1,000 firms at the reference, effect of one unit of danger, shape of the frailty."""

    claims_per_thousand: float
    theta: float
    alpha: float


@dataclass(frozen=True, slots=True)
class FrequencyTruth:
    """The frequency of docs/methods/rating.md with known numbers; effects are on log frequency, `sharing` is gamma."""

    source: str
    elasticity: float
    sharing: float
    near_misses_per_claim: float
    autonomy: tuple[float, ...]
    maturity: tuple[tuple[float, float], ...]  # (from years since deployment, effect), ascending
    classes: Mapping[str, float]
    roles: Mapping[str, float]
    sectors: Mapping[str, float]
    perils: Mapping[str, PerilTruth]


@dataclass(frozen=True, slots=True)
class LagTruth:
    """Weibull delay from occurrence to awareness, in days."""

    source: str
    shape: float
    scale_days: float


@dataclass(frozen=True, slots=True)
class SafetyTruth:
    """How failure rates and discipline follow a firm's safety, a standard normal."""

    source: str
    guarding: float
    loading: float
    discipline_alpha: float
    discipline_beta: float
    discipline_safety: float


@dataclass(frozen=True, slots=True)
class SizeTruth:
    """Firms of one size: worldwide turnover in euros (median, bounds), persons a month, mean of further systems."""

    share: float
    turnover_median: float
    turnover: tuple[float, float]
    persons_median: float
    further_systems: float


@dataclass(frozen=True, slots=True)
class SectorTruth:
    """Share of firms in a sector, and the area of Annex III that fits it."""

    share: float
    annex_iii_area: int


@dataclass(frozen=True, slots=True)
class PopulationTruth:
    """What firms and systems there are. Shares by name; `classes` gives shares of class words by size."""

    source: str
    country: str
    turnover_sigma: float
    turnover_nl_share: tuple[float, float]
    firm_years_before: tuple[float, float]
    persons_sigma: float
    most_systems: int
    years_deployed_mean: float
    years_deployed: tuple[float, float]
    sector_of_system_is_firms: float
    autonomy: tuple[float, ...]
    sizes: Mapping[str, SizeTruth]
    classes: Mapping[str, Mapping[str, float]]
    sectors: Mapping[str, SectorTruth]
    roles: Mapping[str, float]  # roles joined by "+"
    foundation_models: Mapping[str, float]

    @property
    def words(self) -> tuple[str, ...]:
        """The class words that systems are drawn from."""
        return tuple(next(iter(self.classes.values())))


@dataclass(frozen=True, slots=True)
class DeclarationTruth:
    """What firms declare of their systems and ask for as cover."""

    source: str
    understated: float
    prohibited: float
    annex_iii_words: tuple[str, ...]
    register_number: float
    limit_factors: tuple[float, ...]
    deductible_factors: tuple[float, ...]
    optional_heads: float
    understated_as: Mapping[str, str]
    training_flop: Mapping[str, tuple[float, float]]  # log10, by class word
    assessed: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ConductTruth:
    """What firms do with incidents and duties; incidents neither `in_time` nor `late` are concealed."""

    source: str
    in_time: float
    late: float
    days_late_mean: float
    by_press: float
    persons_affected_median: float
    persons_affected_sigma: float
    serious_from_eur: float
    critical_from_eur: float
    days_early: int
    missed_of_failed_duties: float
    complete: float
    least_completeness: float


@dataclass(frozen=True, slots=True)
class SettlementTruth:
    """Weibull time from awareness to settlement: scale in days by head at the reference loss, growing with the loss."""

    source: str
    shape: float
    reference_eur: float
    loss_elasticity: float
    scale_days: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class EvidenceTruth:
    """Which tests firms hand in, who ran them, and how runs end."""

    source: str
    no_evidence: float
    handed_in: float
    accredited: float
    self_logged: float
    registered: float
    rerun: float
    age_days_mean: float
    age_days: tuple[int, int]
    prompts: tuple[int, int]
    full_size: float
    epochs: tuple[int, ...]
    rerun_days: tuple[int, int]
    registered_days: tuple[int, int]
    with_gaps: float
    gap: float
    cancelled: float
    cancelled_at: tuple[float, float]
    judge_failed: float


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything that the sample market is drawn from."""

    frequency: FrequencyTruth
    reporting_lag: LagTruth
    safety: SafetyTruth
    population: PopulationTruth
    declaration: DeclarationTruth
    conduct: ConductTruth
    settlement: SettlementTruth
    evidence: EvidenceTruth


@cache
def stated_truth() -> Truth:
    """The truth that ships with the program."""
    text = resources.files("actuarial").joinpath("reference", "sample_market.toml").read_text("utf-8")
    return _build(_frozen(tomllib.loads(text)))


def _frozen(value: Any) -> Any:
    """Lists as tuples, all the way down."""
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def _build(data: Mapping[str, Any]) -> Truth:
    frequency, population = data["frequency"], data["population"]
    perils = {peril: PerilTruth(**row) for peril, row in frequency["perils"].items()}
    sizes = {size: SizeTruth(**row) for size, row in population["sizes"].items()}
    sectors = {sector: SectorTruth(**row) for sector, row in population["sectors"].items()}
    return Truth(
        frequency=FrequencyTruth(**(frequency | {"perils": perils})),
        reporting_lag=LagTruth(**data["reporting_lag"]),
        safety=SafetyTruth(**data["safety"]),
        population=PopulationTruth(**(population | {"sizes": sizes, "sectors": sectors})),
        declaration=DeclarationTruth(**data["declaration"]),
        conduct=ConductTruth(**data["conduct"]),
        settlement=SettlementTruth(**data["settlement"]),
        evidence=EvidenceTruth(**data["evidence"]),
    )
