"""Appetite: the rules that accept, refer or decline a risk. A new rule is one function in RULES."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from actuarial.calibration import Calibration
from actuarial.compliance import days_late
from actuarial.risks import declared_class, leading_class
from actuarial.tariff import tariff
from policies.findings import Finding, Severity
from policies.money import CENTS_PER_EURO, Money
from policies.period import MONTHS_PER_YEAR
from policies.regimes import Regime
from policies.risk import IncidentSeverity, RiskProfile
from policies.safety import Kind, catalogue
from underwriting.texts import plain_amount


@dataclass(frozen=True, slots=True)
class Case:
    """What a rule sees: the risk, what the tariff made of it, and the law it is judged by."""

    profile: RiskProfile
    danger: Mapping[str, Mapping[str, float]]  # system -> peril -> z
    expected_loss: Money  # of the period, before the aggregate limit
    offered: Money
    at: date
    regime: Regime
    calibration: Calibration

    def written(self, amount: Money) -> str:
        """An amount in the currency of the regime."""
        return plain_amount(amount, self.regime.currency)


def _prohibited(case: Case) -> Iterable[Finding]:
    for system in case.profile.systems:
        for word in (system.assessed_class, system.self_assessed_class):
            if word in case.regime.declined_words:
                yield Finding(
                    "prohibited-system",
                    Severity.DECLINE,
                    f"system {system.id}",
                    f"class {word!r} may not be on the market, so it cannot be insured",
                    "market_access.declined_words",
                )
                break


def _register_number(case: Case) -> Iterable[Finding]:
    for system in case.profile.systems:
        word = system.assessed_class or system.self_assessed_class
        claimed = case.regime.classify(word, system.persons_per_month)
        if claimed and claimed.register_number_required and not system.eu_db_id:
            rated = declared_class(system, case.regime)
            yield Finding(
                "exemption-unregistered",
                Severity.WARNING,
                f"system {system.id}, eu_db_id",
                f"an exemption without a register number is rated as {rated.id}; give the number of the EU database",
                f"classes.{claimed.id}.register_number_required",
            )


def _self_assessed(case: Case) -> Iterable[Finding]:
    for system in case.profile.systems:
        if not system.assessed_class:
            yield Finding(
                "self-assessed",
                Severity.INFO,
                f"system {system.id}, assessed_class",
                "the class is self-assessed and priced one step up; an independent assessment takes the step away",
                "classes.priced_when_self_assessed",
            )


def _assessment(case: Case) -> Iterable[Finding]:
    """An assessment that lowers the class, or training compute beyond it, needs someone to look at the proof."""
    ladder = tuple(case.regime.classes)
    for system in case.profile.systems:
        people = system.persons_per_month
        own = case.regime.classify(system.self_assessed_class, people)
        other = case.regime.classify(system.assessed_class or system.self_assessed_class, people)
        if own and other and ladder.index(other.id) < ladder.index(own.id):
            yield Finding(
                "assessed-below-own",
                Severity.REFER,
                f"system {system.id}, assessed_class",
                f"assessed as {other.id}, below {own.id} that the firm itself declares: the assessment must be seen",
                f"classes.{own.id}",
            )
        presumed = [
            c for c in case.regime.classes.values() if (system.training_flop or 0) >= c.escalates_at_training_flop
        ]
        if presumed and ladder.index(declared_class(system, case.regime).id) < ladder.index(presumed[-1].escalates_to):
            yield Finding(
                "training-compute",
                Severity.REFER,
                f"system {system.id}, training_flop",
                f"{system.training_flop:.3g} operations presume class {presumed[-1].escalates_to}, which is higher",
                f"classes.{presumed[-1].id}.escalates_at_training_flop",
            )


def _utility(case: Case) -> Iterable[Finding]:
    """A safe score says little without a test that the system still answers harmless requests."""
    utility = [test for test in catalogue().values() if test.kind is Kind.UTILITY]
    for system in case.profile.systems:
        ran = {run.test for run in system.runs}
        unchecked = [
            test
            for test in case.regime.required_tests()
            if test in ran
            and any(test in u.voids for u in utility)
            and not any(test in u.voids and u.id in ran for u in utility)
        ]
        if unchecked:
            yield Finding(
                "utility-unknown",
                Severity.WARNING,
                f"system {system.id}, evidence",
                f"no test shows that the system still answers harmless requests; unchecked: {', '.join(unchecked)}",
                "safety_tests.toml voids",
            )


def _retroactive(case: Case) -> Iterable[Finding]:
    inception = case.profile.cover.inception
    if inception < case.at:
        yield Finding(
            "retroactive",
            Severity.WARNING,
            "dossier.toml, cover.inception",
            f"cover would start on {inception}, before the day of the quote, {case.at}",
        )


def _minimum_sums(case: Case) -> Iterable[Finding]:
    floor, terms = leading_class(case.profile, case.regime), case.profile.cover.terms
    for field, asked, least in (
        ("limit_eur", terms.limit, floor.minimum_limit),
        ("aggregate_limit_eur", terms.aggregate_limit, floor.minimum_aggregate),
        ("deductible_eur", terms.deductible, floor.minimum_deductible),
    ):
        if asked < least:
            yield Finding(
                "below-minimum",
                Severity.REFER,
                f"dossier.toml, cover.{field}",
                f"{case.written(asked)} is below the minimum of class {floor.id}; at least {case.written(least)}",
                f"classes.{floor.id}",
            )


def _heads(case: Case) -> Iterable[Finding]:
    for head in case.profile.cover.heads:
        if head in case.regime.uninsurable_heads:
            yield Finding(
                "head-uninsurable",
                Severity.WARNING,
                "dossier.toml, cover.heads",
                f"head {head} may not be insured under this regime and is left out",
                "heads.uninsurable",
            )
    absent = [head for head in case.regime.compulsory_heads if head not in case.profile.cover.heads]
    if absent:
        yield Finding(
            "head-compulsory",
            Severity.INFO,
            "dossier.toml, cover.heads",
            f"compulsory heads are covered whether asked for or not: {', '.join(absent)}",
            "heads.compulsory",
        )


def _tariff_gaps(case: Case) -> Iterable[Finding]:
    t = tariff(case.calibration, case.regime)
    for name in t.unpriced:
        yield Finding(
            "no-tariff", Severity.REFER, f"calibration, {name}", f"the calibration has no parameters for {name}"
        )
    for system in case.profile.systems:
        if system.sector not in t.sector_ids:
            yield Finding(
                "unknown-sector",
                Severity.REFER,
                f"system {system.id}, sector",
                f"no tariff for sector {system.sector!r}; known: {', '.join(t.sector_ids)}",
                "calibration frequency.sectors",
            )


def _systemic_danger(case: Case) -> Iterable[Finding]:
    for system in case.profile.systems:
        obliged = declared_class(system, case.regime).id
        for peril, condition in case.regime.systemic.items():
            z = case.danger[system.id].get(peril, 0.0)
            if obliged in condition.classes and z > condition.refer_above_z:
                yield Finding(
                    "systemic-danger",
                    Severity.REFER,
                    f"system {system.id}, peril {peril}",
                    f"danger score {z:.2f} is above {condition.refer_above_z:g}: needs a decision on limit and "
                    f"conditions, with a deductible of at least {condition.attachment_share:.0%} of the limit",
                    f"systemic.{peril}",
                )


def _beyond_certificate(case: Case) -> Iterable[Finding]:
    """What the certificate of the tariff does not speak of: there a person looks at the price."""
    domain, terms = case.regime.incentives.domain, case.profile.cover.terms
    share = case.expected_loss.cents / terms.aggregate_limit.cents
    deductible = terms.deductible.cents / terms.limit.cents
    most_people = max(system.persons_per_month for system in case.profile.systems)
    turnover = case.profile.firm.turnover_world.cents / CENTS_PER_EURO
    for where, found, most, told in (
        ("expected loss", share, domain.loss_share, f"{share:.1%} of the aggregate limit; {domain.loss_share:.0%}"),
        ("dossier.toml, cover.deductible_eur", deductible, domain.deductible_share,
         f"{deductible:.1%} of the limit; {domain.deductible_share:.0%}"),
        ("systems, persons_per_month", most_people, domain.persons, f"{most_people:,.0f}; {domain.persons:,.0f}"),
        ("dossier.toml, firm.turnover_world_eur", turnover, domain.turnover_eur,
         f"{turnover:,.0f}; {domain.turnover_eur:,.0f}"),
    ):  # fmt: skip
        if found > most:
            meaning = f"{told} is the most that the certificate of the tariff speaks of"
            yield Finding("beyond-certificate", Severity.REFER, where, meaning, "domain")


def _missing_tests(case: Case) -> Iterable[Finding]:
    required = case.regime.required_tests()
    for system in case.profile.systems:
        absent = [test for test in required if test not in {run.test for run in system.runs}]
        if absent:
            yield Finding(
                "tests-missing",
                Severity.WARNING,
                f"system {system.id}, evidence",
                f"{len(absent)} of {len(required)} required tests are missing and priced at silence: "
                f"{', '.join(absent)}",
                "battery",
            )


def _incidents(case: Case) -> Iterable[Finding]:
    for incident in case.profile.incidents:
        late = days_late(incident, case.at, case.regime)
        where = f"incidents.csv, incident {incident.id}"
        if late == float("inf"):
            grave = incident.severity in {IncidentSeverity.SERIOUS, IncidentSeverity.CRITICAL}
            yield Finding(
                "incident-concealed",
                Severity.REFER if grave else Severity.WARNING,
                where,
                f"brought to light by {incident.source} and never reported: weighs as concealed",
                "incident_deadlines",
            )
        elif late > 0:
            state = "was reported" if incident.reported_at else "is not yet reported, now"
            yield Finding(
                "incident-late",
                Severity.WARNING,
                where,
                f"{state} {late:.0f} days past its deadline",
                "incident_deadlines",
            )


def _authority(case: Case) -> Iterable[Finding]:
    level = next(a for a in case.regime.authority if a.level == case.regime.default_authority)
    yearly = Money(case.offered.cents * MONTHS_PER_YEAR // case.profile.cover.term_months)
    for what, asked, most in (
        ("limit", case.profile.cover.terms.limit, level.limit),
        ("yearly premium", yearly, level.premium),
    ):
        if asked > most:
            yield Finding(
                "above-authority",
                Severity.REFER,
                what,
                f"{case.written(asked)} is above the authority of a {level.level}, {case.written(most)}",
                f"authority.{level.level}",
            )


def _not_yet_in_force(case: Case) -> Iterable[Finding]:
    inception = case.profile.cover.inception
    if inception < case.regime.in_force_from:
        yield Finding(
            "before-regime",
            Severity.WARNING,
            "dossier.toml, cover.inception",
            f"{inception} is before regime {case.regime.id} comes into force on {case.regime.in_force_from}",
        )


RULES: tuple[Callable[[Case], Iterable[Finding]], ...] = (
    _prohibited,
    _register_number,
    _self_assessed,
    _assessment,
    _utility,
    _retroactive,
    _minimum_sums,
    _heads,
    _tariff_gaps,
    _systemic_danger,
    _beyond_certificate,
    _missing_tests,
    _incidents,
    _authority,
    _not_yet_in_force,
)


def judge(case: Case) -> tuple[Finding, ...]:
    """The findings of every rule."""
    return tuple(finding for rule in RULES for finding in rule(case))
