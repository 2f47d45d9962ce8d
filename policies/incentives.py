"""What the regime asks of a tariff: constraints of its fit, the domain of its certificate, thresholds of its audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class ConstraintKind(StrEnum):
    """What a constraint holds a parameter to. `bound` is on log frequency."""

    FLOOR = "floor"  # the parameter is at least `bound`
    CAP = "cap"  # the parameter is at most `bound`
    LADDER = "ladder"  # the effects of the factor do not fall from one level to the next
    STEP = "step"  # the effects of neighbouring levels differ by at most `bound`
    BALANCE = "balance"  # no level of the factor is expected to have more claims than it had, beyond `tolerance`


@dataclass(frozen=True, slots=True)
class Constraint:
    """A constraint on the fit of a tariff. `parameter` is theta, sharing, exposure_elasticity or a factor.

    Only a balance has `tolerance` (share of the claims of a level), `least_claims` (levels with fewer are left alone)
    and `price` (log-likelihood per expected claim beyond it: a balance bends where the data insist).
    """

    id: str
    kind: ConstraintKind
    parameter: str
    title: str
    title_nl: str
    meaning: str
    meaning_nl: str
    bound: float = 0.0
    tolerance: float = 0.0
    least_claims: float = 0.0
    price: float = 0.0
    exempt: tuple[str, ...] = ()  # perils that a bound on theta leaves alone, but for its sign


@dataclass(frozen=True, slots=True)
class Domain:
    """The firms that a certificate speaks of; what lies outside is referred.

    `loss_share`: expected loss before the aggregate limit, as a share of that limit. `deductible_share` is of the limit
    per claim. `incidents`: weighted count of one system and peril.
    """

    persons: float
    turnover_eur: float
    incidents: float
    trials: int
    deductible_share: float
    loss_share: float


@dataclass(frozen=True, slots=True)
class StepCap:
    """The most that one step of a lever may move a premium, as a logarithm."""

    lever: str
    most: float


@dataclass(frozen=True, slots=True)
class Elasticity:
    """Bounds of d log(expected loss) / d lever: at most `most`, at least `least` for a firm without a record and
    `least_recorded` for one with the longest."""

    lever: str
    least: float
    least_recorded: float
    most: float


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of the audit: it passes from `least` to `most` and alarms below `red_below` or above `red_above`.

    None where there is no such threshold.
    """

    id: str
    title: str
    title_nl: str
    meaning: str
    meaning_nl: str
    least: float | None
    most: float | None
    red_below: float | None
    red_above: float | None


@dataclass(frozen=True, slots=True)
class Incentives:
    """Everything that the regime asks of a tariff, by name, in the order of the file."""

    constraints: Mapping[str, Constraint]
    domain: Domain
    steps: Mapping[str, StepCap]
    elasticities: Mapping[str, Elasticity]
    metrics: Mapping[str, Metric]

    @property
    def exempt(self) -> frozenset[str]:
        """Perils whose safety tests need not move the frequency."""
        floors = (rule for rule in self.constraints.values() if rule.kind is ConstraintKind.FLOOR)
        return frozenset(peril for rule in floors if rule.parameter == "theta" for peril in rule.exempt)


def parse_incentives(data: Mapping[str, Any]) -> Incentives:
    """From the data of a regime. Raises KeyError for a key that is missing, ValueError for an unknown kind."""
    return Incentives(
        constraints=MappingProxyType({row["id"]: _constraint(row) for row in data["constraints"]}),
        domain=_domain(data["domain"]),
        steps=MappingProxyType({row["lever"]: StepCap(row["lever"], row["most_log"]) for row in data["steps"]}),
        elasticities=MappingProxyType({row["lever"]: _elasticity(row) for row in data["elasticities"]}),
        metrics=MappingProxyType({row["id"]: _metric(row) for row in data["metrics"]}),
    )


def _constraint(row: Mapping[str, Any]) -> Constraint:
    return Constraint(
        id=row["id"],
        kind=ConstraintKind(row["kind"]),
        parameter=row["parameter"],
        title=row["title"],
        title_nl=row["title_nl"],
        meaning=row["meaning"],
        meaning_nl=row["meaning_nl"],
        bound=row.get("bound_log", 0.0),
        tolerance=row.get("tolerance_share", 0.0),
        least_claims=row.get("least_claims_count", 0.0),
        price=row.get("price_log", 0.0),
        exempt=tuple(row.get("exempt", ())),
    )


def _elasticity(row: Mapping[str, Any]) -> Elasticity:
    return Elasticity(row["lever"], row["least_log"], row["least_recorded_log"], row["most_log"])


def _domain(row: Mapping[str, Any]) -> Domain:
    return Domain(
        persons=row["most_persons"],
        turnover_eur=row["most_turnover_eur"],
        incidents=row["most_incidents_count"],
        trials=row["most_trials_count"],
        deductible_share=row["most_deductible_share"],
        loss_share=row["expected_loss_share"],
    )


def _metric(row: Mapping[str, Any]) -> Metric:
    return Metric(
        row["id"],
        row["title"],
        row["title_nl"],
        row["meaning"],
        row["meaning_nl"],
        least=row.get("least_ratio"),
        most=row.get("most_ratio"),
        red_below=row.get("red_below_ratio"),
        red_above=row.get("red_above_ratio"),
    )
