"""What a firm can do about its premium: the euros of every single step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from actuarial.calibration import Calibration
from actuarial.levers import Change, changes
from actuarial.premium import premiums
from actuarial.rating import rate
from actuarial.risks import tabulate
from actuarial.tariff import tariff
from policies.findings import NotFoundError
from policies.money import CENTS_PER_EURO, ZERO, Money
from policies.period import MONTHS_PER_YEAR
from policies.regimes import Regime
from policies.risk import AISystem, RiskProfile
from policies.safety import Independence, TestRun, catalogue
from underwriting.costs import DEDUCTIBLE, KINDS, default_costs
from underwriting.quote import Quote


@dataclass(frozen=True, slots=True)
class Action:
    """An action with the premium due after it and what it saves, both of the period and found by rating again.

    `saving_a_year` is the saving of twelve months; `instalment` the first instalment after it. Of a step of a path
    `due` is after all steps so far and `saving` that of the step.
    """

    id: str
    kind: str  # of a lever, or "run": a run of a test, no larger than it must be, without a failure
    subject: str
    due: Money
    saving: Money
    saving_a_year: Money
    instalment: Money
    cost: Money
    payback_months: float | None  # None where it saves nothing


def dues(profiles: Sequence[RiskProfile], quote: Quote, regime: Regime, calibration: Calibration) -> list[Money]:
    """The premium due of each profile, rated as the quote was."""
    t = tariff(calibration, regime)
    risks = tabulate(profiles, quote.at, regime, calibration)
    return [Money(int(cents)) for cents in premiums(rate(risks, t), risks, t).due]


def on_offer(quote: Quote, regime: Regime, calibration: Calibration) -> tuple[Change, ...]:
    """The levers of a quote, without deductibles that the certificate of the tariff does not reach: advice must not
    lead to a referral."""
    limit, most = quote.profile.cover.terms.limit, regime.incentives.domain.deductible_share
    return tuple(
        change
        for change in changes(quote.profile, quote.at, regime, calibration)
        if change.kind != DEDUCTIBLE or int(change.subject) <= most * limit.cents
    )


def marginals(
    quote: Quote, regime: Regime, calibration: Calibration, costs: Mapping[str, Money] | None = None
) -> tuple[Action, ...]:
    """Every single action that saves something, largest saving first: all levers, and beside the lever of a test
    whose older runs are large, a clean run of the least size that counts. `costs` by id or kind of action."""
    offered = (*on_offer(quote, regime, calibration), *_small_runs(quote, calibration, regime))
    before, *after = dues([quote.profile, *(c.apply(quote.profile) for c in offered)], quote, regime, calibration)
    priced = cost_of(offered, quote, regime, calibration, costs or {})
    found = [action(c, due, before - due, priced[c.id], quote) for c, due in zip(offered, after, strict=True)]
    return tuple(sorted((a for a in found if a.saving > ZERO), key=lambda a: (-a.saving.cents, a.id)))


def cost_of(
    offered: Iterable[Change], quote: Quote, regime: Regime, calibration: Calibration, costs: Mapping[str, Money]
) -> dict[str, Money]:
    """The cost of each change: the firm's own for the action or its kind, else that of costs.toml.

    A higher deductible costs by default what the firm is then expected to bear itself, as it is today. Raises
    NotFoundError for a cost of what is neither on offer nor a kind.
    """
    offered = tuple(offered)
    if unknown := sorted(set(costs) - {change.id for change in offered} - set(KINDS)):
        raise NotFoundError(f"no such action: {', '.join(unknown)}; without --target the actions on offer are listed")
    borne = _borne([change for change in offered if change.kind == DEDUCTIBLE], quote, regime, calibration)
    by_kind = {**default_costs(), **{kind: costs[kind] for kind in KINDS if kind in costs}}

    def cost(change: Change) -> Money:
        kind = "test" if change.kind == "run" else change.kind
        for known, key in ((costs, change.id), (by_kind, kind), (borne, change.id)):
            if key in known:
                return known[key]
        raise NotFoundError(f"costs.toml has no cost for actions of kind {kind}")

    return {change.id: cost(change) for change in offered}


def _borne(cover: Sequence[Change], quote: Quote, regime: Regime, calibration: Calibration) -> dict[str, Money]:
    """The expected loss that each higher deductible leaves with the firm over the period."""
    t = tariff(calibration, regime)
    batch = [quote.profile, *(change.apply(quote.profile) for change in cover)]
    losses = rate(tabulate(batch, quote.at, regime, calibration), t).steps[:, -1]
    cents = np.rint((losses[0] - losses[1:]) * CENTS_PER_EURO)
    return {change.id: Money(max(int(amount), 0)) for change, amount in zip(cover, cents, strict=True)}


def _small_runs(quote: Quote, calibration: Calibration, regime: Regime) -> list[Change]:
    """For each required test with a larger run: a registered run of the catalogue's least size without a failure."""
    known, t = catalogue(), tariff(calibration, regime)
    found = []
    for system in quote.profile.systems:
        for test in (test for test in regime.required_tests() if test in t.test_ids):
            least = max(known[test].minimum_trials, 1)
            if any(run.test == test and run.planned > least for run in system.runs):
                subject = f"{system.id}/{test}"
                found.append(Change(f"run:{subject}", "run", subject, _with_run(system, test, least, quote)))
    return found


def _with_run(system: AISystem, test: str, trials: int, quote: Quote) -> Callable[[RiskProfile], RiskProfile]:
    run = TestRun(
        test=test,
        evaluator=system.name,
        independence=Independence.SELF_LOGGED,
        run_date=quote.at + timedelta(days=1),
        planned=trials,
        unique_prompts=trials,
        failures=0,
        clean=trials,
        missing=0,
        sha256="",
        source="advice",
        registered_at=quote.at,
    )

    def apply(profile: RiskProfile) -> RiskProfile:
        systems = (replace(s, runs=(*s.runs, run)) if s.id == system.id else s for s in profile.systems)
        return replace(profile, systems=tuple(systems))

    return apply


def action(change: Change, due: Money, saving: Money, cost: Money, quote: Quote) -> Action:
    """A change as an action, with the premium due after it, what it saves and what it costs."""
    cover = quote.profile.cover
    return Action(
        id=change.id,
        kind=change.kind,
        subject=change.subject,
        due=due,
        saving=saving,
        saving_a_year=yearly(saving, cover.term_months),
        instalment=due.split([1] * cover.instalments)[0],
        cost=cost,
        payback_months=payback(cost, saving, cover.term_months),
    )


def yearly(amount: Money, term_months: int) -> Money:
    """An amount of a period as that of twelve months."""
    return amount if term_months == MONTHS_PER_YEAR else Money(round(amount.cents * MONTHS_PER_YEAR / term_months))


def payback(cost: Money, saving: Money, term_months: int) -> float | None:
    """Months after which a saving of a period has paid for a cost; None where there is no saving."""
    return cost.cents / saving.cents * term_months if saving > ZERO else None
