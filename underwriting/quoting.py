"""From a profile to a quote: appetite and rating, pure. The clock, the regime and the calibration are arguments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from actuarial.breakdown import PremiumBreakdown
from actuarial.calibration import Calibration
from actuarial.levers import Change, apply_changes, changes
from actuarial.premium import breakdown, premiums
from actuarial.rating import Rating, rate
from actuarial.risks import RiskTable, leading_class, tabulate
from actuarial.rounding import significant, to_cents
from actuarial.tariff import Tariff, ThetaLevel, tariff
from policies.digest import digest
from policies.findings import Finding, Severity, gravest_first
from policies.money import ZERO, Money
from policies.regimes import Regime
from policies.risk import RiskProfile
from underwriting.appetite import Case, judge
from underwriting.quote import Decision, Lever, PerilResult, Quote, SystemResult

LEVERS_SHOWN = 10
ID_DIGITS = 12
ENGINE = 3  # raise it with any change by which the same inputs give another quote


def quote(
    profile: RiskProfile, findings: Sequence[Finding], at: date, regime: Regime, calibration: Calibration
) -> Quote:
    """The quote of a profile as of day `at`. `findings` are those of intake; none of them may be an error."""
    offered = changes(profile, at, regime, calibration)
    return _quote(profile, findings, at, regime, calibration, offered)


def what_if(base: Quote, lever_ids: frozenset[str], regime: Regime, calibration: Calibration) -> Quote:
    """The quote after these levers are pulled; it offers no further levers. Raises NotFoundError for an unknown id."""
    offered = changes(base.profile, base.at, regime, calibration)
    changed = apply_changes(base.profile, offered, lever_ids)
    return _quote(changed, base.intake, base.at, regime, calibration, ())


def _quote(
    profile: RiskProfile,
    findings: Sequence[Finding],
    at: date,
    regime: Regime,
    calibration: Calibration,
    offered: Sequence[Change],
) -> Quote:
    t = tariff(calibration, regime)
    batch = [profile, *(change.apply(profile) for change in offered)]
    risks = tabulate(batch, at, regime, calibration)
    rating = rate(risks, t)
    priced = premiums(rating, risks, t)
    waterfall = breakdown(priced, rating, 0, t)
    systems = _systems(profile, risks, rating, t)
    case = Case(
        profile=profile,
        danger={system.id: system.danger for system in systems},
        expected_loss=Money(int(to_cents(rating.by_peril[0].sum()))),
        offered=waterfall.offered_premium,
        at=at,
        regime=regime,
        calibration=calibration,
    )
    found = gravest_first((*findings, *judge(case)))
    alone = tabulate([profile], at, regime, calibration)
    low, high = (_due(alone, tariff(calibration, regime, level)) for level in (ThetaLevel.LOW, ThetaLevel.HIGH))
    return Quote(
        id=quote_id(profile, findings, at, regime, calibration),
        engine=ENGINE,
        at=at,
        decision=_decision(found),
        findings=found,
        intake=tuple(findings),
        profile=profile,
        obliged_class=leading_class(profile, regime).id,
        systems=systems,
        breakdown=waterfall,
        instalments=waterfall.due.split([1] * profile.cover.instalments),
        due_low=low,
        due_high=high,
        levers=_levers(offered, [Money(int(cents)) for cents in priced.due], waterfall),
        regime_id=regime.id,
        regime_sha256=regime.sha256,
        calibration_sha256=calibration.sha256,
    )


def quote_id(
    profile: RiskProfile, intake: Sequence[Finding], at: date, regime: Regime, calibration: Calibration
) -> str:
    """The name of a quote, from its inputs and the engine alone: the same inputs give the same quote."""
    return "Q-" + digest([ENGINE, profile, tuple(intake), at, regime.sha256, calibration.sha256])[:ID_DIGITS]


def _systems(profile: RiskProfile, risks: RiskTable, rating: Rating, t: Tariff) -> tuple[SystemResult, ...]:
    """Results of the systems of the first policy in the batch."""
    losses = to_cents(rating.expected_loss)
    return tuple(
        SystemResult(
            id=system.id,
            name=system.name,
            obliged_class=t.class_ids[risks.declared_class[row]],
            priced_class=t.class_ids[risks.priced_class[row]],
            danger={peril: significant(float(z)) for peril, z in zip(t.peril_ids, risks.danger[row], strict=True)},
            compliance=significant(float(risks.compliance[row])),
            perils={
                peril: PerilResult(significant(float(rating.frequency[row, column])), Money(int(losses[row, column])))
                for column, peril in enumerate(t.peril_ids)
            },
        )
        for row, system in enumerate(profile.systems)
    )


def _due(risks: RiskTable, t: Tariff) -> Money:
    return Money(int(premiums(rate(risks, t), risks, t).due[0]))


def _levers(offered: Sequence[Change], due: Sequence[Money], waterfall: PremiumBreakdown) -> tuple[Lever, ...]:
    """The most valuable changes, largest saving first; those that save nothing are left out."""
    levers = [
        Lever(change.id, change.kind, change.subject, after, waterfall.due - after)
        for change, after in zip(offered, due[1:], strict=True)
    ]
    worth = [lever for lever in levers if lever.saving > ZERO]
    return tuple(sorted(worth, key=lambda lever: (-lever.saving.cents, lever.id))[:LEVERS_SHOWN])


def _decision(findings: Sequence[Finding]) -> Decision:
    severities = {finding.severity for finding in findings}
    if Severity.DECLINE in severities:
        return Decision.DECLINED
    return Decision.REFERRED if Severity.REFER in severities else Decision.QUOTED
