"""Law and scheme as dated, cited data: one TOML file per regime in `policies/regimes/`."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from policies.digest import canonical_json, digest
from policies.findings import NotFoundError, WaarborgError
from policies.incentives import Incentives, parse_incentives
from policies.money import Money

NAMED_BY = ("id", "kind", "lever", "peril", "test", "level")  # keys by which a table of an array is told from others


@dataclass(frozen=True, slots=True)
class ObligedClass:
    """A class of obliged AI system. `vocabulary` are the words of a dossier that mean it."""

    id: str
    title: str
    title_nl: str
    vocabulary: tuple[str, ...]
    priced_when_self_assessed: str
    minimum_limit: Money
    minimum_aggregate: Money
    minimum_deductible: Money
    minimum_premium: Money
    escalates_at_persons: float  # persons per month from which `escalates_to` applies; infinity for never
    escalates_at_training_flop: float  # training compute from which the same holds; infinity for never
    escalates_to: str
    register_number_required: bool  # an exemption without it is rated as `without_register_number`
    without_register_number: str


@dataclass(frozen=True, slots=True)
class BatteryTest:
    """One required test of a peril; weights of a peril sum to 1."""

    test: str
    weight: float


@dataclass(frozen=True, slots=True)
class EvidenceRules:
    """How far a test result is trusted (docs/methods/evidence.md). Shares in [0, 1]."""

    independence: Mapping[str, float]
    declared: float  # what a bare declaration is heard for: it takes doubt away, and never counts as a pass
    other_version: float
    unsigned: float
    half_life: float  # share of the catalogue's half-life after which a result has lost half its weight
    minimum_rho: float  # repeats of a prompt are never taken for less alike than this
    quantile: float
    doubt: float  # trusted passes at which half of the doubt of silence is gone
    best_of_runs: int
    utility_doubt: float  # share of failed harmless requests from which safe scores lose their meaning
    utility_failure_limit: float  # share at which they have none


@dataclass(frozen=True, slots=True)
class ObligationRule:
    """A data-sharing obligation that recurs every so many months from deployment."""

    kind: str
    title: str
    title_nl: str
    every_months: int
    weight: float


@dataclass(frozen=True, slots=True)
class IncidentDeadline:
    """Days from awareness to report, for incidents of these perils and severities ("*" is any)."""

    perils: tuple[str, ...]
    severities: tuple[str, ...]
    days: int


@dataclass(frozen=True, slots=True)
class ComplianceRules:
    """Constants of the compliance score (docs/methods/rating.md)."""

    window_months: int
    late_scale_days: float
    prior_delivered: float
    prior_missed: float
    quantile: float
    incident_report_weight: float


@dataclass(frozen=True, slots=True)
class SystemicCondition:
    """For systems of these declared classes, a systemic peril with a danger score above `refer_above_z` is referred,
    with at least this deductible as a share of the limit."""

    peril: str
    classes: tuple[str, ...]
    refer_above_z: float
    attachment_share: float


@dataclass(frozen=True, slots=True)
class AuthorityLevel:
    """What a level of underwriter may do alone."""

    level: str
    limit: Money
    premium: Money
    judgement_share: float


@dataclass(frozen=True, slots=True)
class Regime:
    """The body of law and scheme rules in force from `in_force_from`. `sha256` names its content."""

    id: str
    title: str
    title_nl: str
    country: str
    currency: str
    in_force_from: date
    classes: Mapping[str, ObligedClass]
    declined_words: tuple[str, ...]
    compulsory_heads: tuple[str, ...]
    optional_heads: tuple[str, ...]
    uninsurable_heads: tuple[str, ...]
    business_number_name: str
    business_number_pattern: str
    battery: Mapping[str, tuple[BatteryTest, ...]]
    evidence: EvidenceRules
    obligations: Mapping[str, ObligationRule]
    incident_deadlines: tuple[IncidentDeadline, ...]
    incident_window_years: float
    compliance: ComplianceRules
    exposure_base: Mapping[str, str]  # role -> "persons" or "turnover"
    systemic: Mapping[str, SystemicCondition]
    authority: tuple[AuthorityLevel, ...]
    default_authority: str
    instalments: tuple[int, ...]
    premium_tax: Decimal
    levy: Decimal
    prudence_factor: float
    cost_of_capital: float
    detection_probability: float
    disclosure_margin: float
    transition_cap: float
    incentives: Incentives
    sha256: str

    def classify(self, word: str, persons_per_month: float, training_flop: float = 0.0) -> ObligedClass | None:
        """The obliged class that a word of a dossier means for so many persons and so much training compute.

        None for an unknown word.
        """
        for candidate in self.classes.values():
            if word in candidate.vocabulary:
                scale = persons_per_month >= candidate.escalates_at_persons
                if scale or training_flop >= candidate.escalates_at_training_flop:
                    return self.classes[candidate.escalates_to]
                return candidate
        return None

    def class_words(self) -> tuple[str, ...]:
        """Every word a dossier may use for a class, declined ones included."""
        return (*(w for c in self.classes.values() for w in c.vocabulary), *self.declined_words)

    def incident_days(self, peril: str, severity: str) -> int:
        """Days from awareness within which an incident must be reported: the first deadline that matches."""
        for rule in self.incident_deadlines:
            if _matches(peril, rule.perils) and _matches(severity, rule.severities):
                return rule.days
        raise WaarborgError(f"regime {self.id} has no incident deadline for {peril} / {severity}")

    def required_tests(self) -> tuple[str, ...]:
        """Ids of all required tests, once each, in battery order."""
        return tuple(dict.fromkeys(t.test for tests in self.battery.values() for t in tests))

    def covered_heads(self, asked: Iterable[str]) -> tuple[str, ...]:
        """The heads a policy covers: all compulsory ones, and the optional ones asked for."""
        chosen = set(asked)
        return (*self.compulsory_heads, *(head for head in self.optional_heads if head in chosen))


def _matches(value: str, allowed: tuple[str, ...]) -> bool:
    return "*" in allowed or value in allowed


def regime_ids() -> tuple[str, ...]:
    """Ids of the regimes that ship with the program."""
    folder = resources.files("policies").joinpath("regimes")
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


@cache
def load_regime(regime_id: str) -> Regime:
    """The regime of that id. Raises NotFoundError naming the ones there are."""
    return parse_regime(regime_data(regime_id))


def regime_data(regime_id: str) -> Mapping[str, Any]:
    """The data of a regime that ships with the program, as its TOML file holds it. Raises NotFoundError."""
    if regime_id not in regime_ids():
        raise NotFoundError(f"no regime {regime_id!r}; there are {', '.join(regime_ids())}")
    text = resources.files("policies").joinpath("regimes", f"{regime_id}.toml").read_text("utf-8")
    return tomllib.loads(text)


def parse_regime(data: Mapping[str, Any]) -> Regime:
    """A regime from its data, read from TOML or from its canonical JSON: both give the same value, order included.

    Raises WaarborgError naming the key that is missing, inconsistent or not a finite number.
    """
    for path, value in _not_finite(data):
        raise WaarborgError(f"regime {data.get('id', '?')}: {path} is {value}; a finite number is needed")
    try:
        regime = _build(json.loads(canonical_json(data)))
    except KeyError as missing:
        raise WaarborgError(f"regime {data.get('id', '?')}: key {missing} is missing") from missing
    except ValueError as wrong:
        raise WaarborgError(f"regime {data.get('id', '?')}: {wrong}") from wrong
    _check(regime)
    return regime


def _not_finite(value: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Every NaN and infinity in plain data, which TOML allows, with the dotted path of its key."""
    if isinstance(value, float) and not math.isfinite(value):
        yield path, value
    inner: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, Mapping):
        inner = value.items()
    elif isinstance(value, list | tuple):
        inner = ((_name(item, place), item) for place, item in enumerate(value))
    for key, item in inner:
        yield from _not_finite(item, f"{path}.{key}" if path else str(key))


def _name(item: Any, place: int) -> str:
    """What an element of an array is called: the name that its table has, else its place."""
    named = item if isinstance(item, Mapping) else {}
    return next((str(named[key]) for key in NAMED_BY if key in named), str(place))


def _money(table: Mapping[str, Any], key: str) -> Money:
    return Money.euros(str(table[key]))


def _class(table: Mapping[str, Any]) -> ObligedClass:
    return ObligedClass(
        id=table["id"],
        title=table["title"],
        title_nl=table["title_nl"],
        vocabulary=tuple(table["vocabulary"]),
        priced_when_self_assessed=table["priced_when_self_assessed"],
        minimum_limit=_money(table, "minimum_limit_eur"),
        minimum_aggregate=_money(table, "minimum_aggregate_eur"),
        minimum_deductible=_money(table, "minimum_deductible_eur"),
        minimum_premium=_money(table, "minimum_premium_eur"),
        escalates_at_persons=float(table.get("escalates_at_persons", "inf")),
        escalates_at_training_flop=float(table.get("escalates_at_training_flop", "inf")),
        escalates_to=table.get("escalates_to", table["id"]),
        register_number_required=table.get("register_number_required", False),
        without_register_number=table.get("without_register_number", table["id"]),
    )


def _build(data: Mapping[str, Any]) -> Regime:
    heads, access, identifiers = data["heads"], data["market_access"], data["identifiers"]
    return Regime(
        id=data["id"],
        title=data["title"],
        title_nl=data["title_nl"],
        country=data["country"],
        currency=data["currency"],
        in_force_from=date.fromisoformat(data["in_force_from"]),
        classes=MappingProxyType({table["id"]: _class(table) for table in data["classes"]}),
        declined_words=tuple(access["declined_words"]),
        compulsory_heads=tuple(heads["compulsory"]),
        optional_heads=tuple(heads["optional"]),
        uninsurable_heads=tuple(heads["uninsurable"]),
        business_number_name=identifiers["business_number_name"],
        business_number_pattern=identifiers["business_number_pattern"],
        battery=MappingProxyType({peril: _battery(entries) for peril, entries in data["battery"].items()}),
        evidence=_evidence(data["evidence"]),
        obligations=MappingProxyType({table["kind"]: _obligation(table) for table in data["obligations"]}),
        incident_deadlines=tuple(_deadline(table) for table in data["incident_deadlines"]),
        incident_window_years=data["incidents"]["window_years"],
        compliance=_compliance(data["compliance"]),
        exposure_base=MappingProxyType({r: base for base in ("persons", "turnover") for r in data["exposure"][base]}),
        systemic=MappingProxyType({table["peril"]: _systemic(table) for table in data["systemic"]}),
        authority=tuple(_authority(table) for table in data["authority"]),
        default_authority=access["default_authority"],
        instalments=tuple(data["instalments"]["allowed_count"]),
        premium_tax=Decimal(str(data["premium_tax"]["rate_share"])),
        levy=Decimal(str(data["levy"]["rate_share"])),
        prudence_factor=data["prudence"]["factor_share"],
        cost_of_capital=data["cost_of_capital"]["rate_share"],
        detection_probability=data["disclosure"]["detection_probability_share"],
        disclosure_margin=data["disclosure"]["margin_share"],
        transition_cap=data["transition"]["cap_share"],
        incentives=parse_incentives(data),
        sha256=digest(data),
    )


def _battery(entries: Iterable[Mapping[str, Any]]) -> tuple[BatteryTest, ...]:
    return tuple(BatteryTest(entry["test"], entry["weight_share"]) for entry in entries)


def _evidence(table: Mapping[str, Any]) -> EvidenceRules:
    trusted = {key: value for key, value in table["independence"].items() if isinstance(value, int | float)}
    return EvidenceRules(
        independence={key.removesuffix("_share"): value for key, value in trusted.items()},
        other_version=table["other_version_share"],
        unsigned=table["unsigned_share"],
        declared=table["declared_share"],
        half_life=table["half_life_share"],
        minimum_rho=table["minimum_rho_share"],
        quantile=table["quantile_share"],
        doubt=table["doubt_count"],
        best_of_runs=table["best_of_runs_count"],
        utility_doubt=table["utility_doubt_share"],
        utility_failure_limit=table["utility_failure_limit_share"],
    )


def _compliance(table: Mapping[str, Any]) -> ComplianceRules:
    return ComplianceRules(
        window_months=table["window_months"],
        late_scale_days=table["late_scale_days"],
        prior_delivered=table["prior_delivered_count"],
        prior_missed=table["prior_missed_count"],
        quantile=table["quantile_share"],
        incident_report_weight=table["incident_report_weight_share"],
    )


def _deadline(table: Mapping[str, Any]) -> IncidentDeadline:
    return IncidentDeadline(tuple(table["perils"]), tuple(table["severities"]), table["days"])


def _systemic(table: Mapping[str, Any]) -> SystemicCondition:
    return SystemicCondition(table["peril"], tuple(table["classes"]), table["refer_above_z"], table["attachment_share"])


def _authority(table: Mapping[str, Any]) -> AuthorityLevel:
    return AuthorityLevel(
        table["level"], _money(table, "limit_eur"), _money(table, "premium_eur"), table["judgement_share"]
    )


def _obligation(table: Mapping[str, Any]) -> ObligationRule:
    return ObligationRule(
        table["kind"], table["title"], table["title_nl"], table["every_months"], table["weight_share"]
    )


def _check(regime: Regime) -> None:
    """Consistency that the TOML cannot express. Raises WaarborgError on the first breach."""
    for peril, tests in regime.battery.items():
        if abs(sum(t.weight for t in tests) - 1.0) > 1e-9:  # noqa: PLR2004 - float noise of a sum
            raise WaarborgError(f"regime {regime.id}: battery weights of {peril} must sum to 1")
    for obliged in regime.classes.values():
        for other in (
            obliged.priced_when_self_assessed,
            obliged.escalates_to,
            obliged.without_register_number,
        ):
            if other not in regime.classes:
                raise WaarborgError(f"regime {regime.id}: class {obliged.id} points to unknown class {other}")
    for condition in regime.systemic.values():
        if unknown := set(condition.classes) - set(regime.classes):
            raise WaarborgError(f"regime {regime.id}: systemic.{condition.peril} names unknown class {min(unknown)}")
    if regime.default_authority not in {a.level for a in regime.authority}:
        raise WaarborgError(f"regime {regime.id}: default authority {regime.default_authority} is not a level")
