"""What the firm could do about its premium: changes to a profile, each priced by rating the changed profile again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from actuarial.calibration import Calibration
from actuarial.compliance import owed
from actuarial.tariff import Tariff, tariff
from policies.findings import NotFoundError
from policies.money import Money
from policies.period import add_months
from policies.regimes import Regime
from policies.risk import AISystem, Obligation, RiskProfile
from policies.safety import Independence, TestRun, catalogue

DEDUCTIBLE_STEPS = (2, 5, 10)  # deductibles on offer, as multiples of the one asked for; not a rating parameter


@dataclass(frozen=True, slots=True)
class Change:
    """A change the firm could make. `kind` is test, accreditation, assessment, obligation or deductible."""

    id: str
    kind: str
    subject: str
    apply: Callable[[RiskProfile], RiskProfile]


def changes(profile: RiskProfile, at: date, regime: Regime, calibration: Calibration) -> tuple[Change, ...]:
    """Every change on offer for this profile as of day `at`."""
    t = tariff(calibration, regime)
    per_system = [
        change
        for system in profile.systems
        for change in (
            *_tests(system, at, t, regime),
            *_accreditations(system, t),
            *_assessment(system),
            *_deliveries(profile, system, at, regime),
        )
    ]
    return (*per_system, *_deductibles(profile))


def apply_changes(profile: RiskProfile, offered: tuple[Change, ...], chosen: frozenset[str]) -> RiskProfile:
    """The profile after the chosen changes, in the order on offer. Raises NotFoundError for an unknown id."""
    unknown = chosen - {change.id for change in offered}
    if unknown:
        raise NotFoundError(f"no such lever: {', '.join(sorted(unknown))}")
    for change in offered:
        if change.id in chosen:
            profile = change.apply(profile)
    return profile


def _on_system(system_id: str, alter: Callable[[AISystem], AISystem]) -> Callable[[RiskProfile], RiskProfile]:
    def apply(profile: RiskProfile) -> RiskProfile:
        return replace(profile, systems=tuple(alter(s) if s.id == system_id else s for s in profile.systems))

    return apply


def _tests(system: AISystem, at: date, t: Tariff, regime: Regime) -> list[Change]:
    """Pass a required test: a run registered today, as large and as independent as the old ones, without a failure."""
    return [
        Change(f"test:{system.id}/{test}", "test", f"{system.id}/{test}", _on_system(system.id, _passing(test, at)))
        for test in regime.required_tests()
        if test in t.test_ids
    ]


def _passing(test: str, at: date) -> Callable[[AISystem], AISystem]:
    def alter(system: AISystem) -> AISystem:
        earlier = [run for run in system.runs if run.test == test]
        trials = max([catalogue()[test].minimum_trials, 1, *(run.planned for run in earlier)])
        accredited = any(run.independence is Independence.ACCREDITED for run in earlier)
        run = TestRun(
            test=test,
            evaluator=system.name,
            independence=Independence.ACCREDITED if accredited else Independence.SELF_LOGGED,
            run_date=at + timedelta(days=1),
            planned=trials,
            unique_prompts=trials,
            failures=0,
            clean=trials,
            missing=0,
            sha256="",
            source="lever",
            registered_at=at,
        )
        return replace(system, runs=(*system.runs, run))

    return alter


def _accreditations(system: AISystem, t: Tariff) -> list[Change]:
    """Have an accredited evaluator stand behind the runs of a test."""
    self_run = {run.test for run in system.runs if run.independence is not Independence.ACCREDITED}
    return [
        Change(
            f"accredit:{system.id}/{test}",
            "accreditation",
            f"{system.id}/{test}",
            _on_system(system.id, _accredited(test)),
        )
        for test in t.test_ids
        if test in self_run
    ]


def _accredited(test: str) -> Callable[[AISystem], AISystem]:
    def alter(system: AISystem) -> AISystem:
        runs = tuple(
            replace(run, independence=Independence.ACCREDITED) if run.test == test else run for run in system.runs
        )
        return replace(system, runs=runs)

    return alter


def _assessment(system: AISystem) -> list[Change]:
    """Have the self-assessed class confirmed by an accredited assessor."""
    if system.assessed_class:
        return []
    confirmed = _on_system(system.id, lambda s: replace(s, assessed_class=s.self_assessed_class))
    return [Change(f"assess:{system.id}", "assessment", system.id, confirmed)]


def _deliveries(profile: RiskProfile, system: AISystem, at: date, regime: Regime) -> list[Change]:
    """Deliver today, in full, what is owed of one kind; it still counts as late."""
    offers = []
    for kind in owed(system, profile.obligations, at, regime):
        late = tuple(row for row in kind.rows if row.delivered is None)
        every = kind.rule.every_months
        absent = (
            Obligation(system.id, kind.rule.kind, add_months(at, -every * back), at, 1.0) for back in range(kind.absent)
        )
        new = (*(replace(row, delivered=at, completeness=1.0) for row in late), *absent)
        if new:
            subject = f"{system.id}/{kind.rule.kind}"
            offers.append(Change(f"deliver:{subject}", "obligation", subject, _delivering(late, new)))
    return offers


def _delivering(late: tuple[Obligation, ...], new: tuple[Obligation, ...]) -> Callable[[RiskProfile], RiskProfile]:
    def apply(profile: RiskProfile) -> RiskProfile:
        kept = [row for row in profile.obligations if row not in late]
        return replace(profile, obligations=(*kept, *new))

    return apply


def _deductibles(profile: RiskProfile) -> list[Change]:
    terms = profile.cover.terms
    higher = [Money(terms.deductible.cents * step) for step in DEDUCTIBLE_STEPS]
    return [
        Change(f"deductible:{amount.cents}", "deductible", str(amount.cents), _with_deductible(amount))
        for amount in higher
        if terms.deductible < amount < terms.limit
    ]


def _with_deductible(amount: Money) -> Callable[[RiskProfile], RiskProfile]:
    def apply(profile: RiskProfile) -> RiskProfile:
        cover = profile.cover
        return replace(profile, cover=replace(cover, terms=replace(cover.terms, deductible=amount)))

    return apply
