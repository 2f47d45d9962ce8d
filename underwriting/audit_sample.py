"""A simulated audit book with planted faults: the sample market, and what later years of its book would hold.

The truth is stated in audit_sample.toml. Each part draws from a seed of its own, so that a fault changes what it
touches and nothing else. Same firms, seed, day, regime, calibration and faults: same book.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

import numpy as np

from actuarial.calibration import Calibration
from actuarial.market.experience import draw_claims
from actuarial.market.firms import SampleFirm, draw_firm
from actuarial.market.outcomes import CLEAN, FAILED, MISSING, TestOutcome
from actuarial.market.population import Population, draw_population
from actuarial.market.truth import stated_truth
from actuarial.risks import leading_class
from actuarial.rounding import Cents
from actuarial.tariff import tariff
from policies.digest import digest, sha256_hex
from policies.money import CENTS_PER_EURO
from policies.regimes import AuthorityLevel, Regime
from policies.risk import Firm, RiskProfile
from policies.safety import Independence, TestRun
from underwriting.audit.book import book_of
from underwriting.audit.rated import rated
from underwriting.audit.values import (
    CLAIM_COLUMNS,
    OVERRIDE_COLUMNS,
    PAYMENT_COLUMNS,
    RENEWAL_COLUMNS,
    REPLAY_COLUMNS,
    RETEST_COLUMNS,
    AuditBook,
    table,
)
from underwriting.audit_faults import Fault, stated, with_cliff, with_concealment, with_picked_tests
from underwriting.quote import Decision
from underwriting.quoting import ID_DIGITS
from underwriting.sample import ASSESSORS, FICTIONAL_NUMBERS, firm_name

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Market:
    """Firms as they declare themselves, and the truth of each as a population of one firm, in the same order."""

    profiles: tuple[RiskProfile, ...]
    populations: tuple[Population, ...]


class _Part(StrEnum):
    """What has a seed of its own; the order is part of the seed."""

    CLAIMS = "claims"
    INCIDENTS = "incidents"
    TESTS = "tests"
    JUDGEMENT = "judgement"
    RENEWALS = "renewals"
    RETESTS = "retests"


def planted(
    firms: int, seed: int, at: date, regime: Regime, calibration: Calibration, faults: frozenset[Fault] = frozenset()
) -> AuditBook:
    """The audit book of so many firms as of day `at`, with these faults; about 15 milliseconds a firm."""
    return book_with(faults, market(firms, seed, at, regime, calibration), seed, at, regime, calibration)


def book_with(
    faults: frozenset[Fault], drawn: Market, seed: int, at: date, regime: Regime, calibration: Calibration
) -> AuditBook:
    """The audit book of a market that was drawn already, with these faults."""
    profiles = drawn.profiles
    if Fault.CONCEALING_FIRM in faults:
        profiles = with_concealment(profiles, _rng(seed, _Part.INCIDENTS), at, regime)
    if Fault.CHERRY_PICKING_LAB in faults:
        profiles = with_picked_tests(profiles, _rng(seed, _Part.TESTS))
    if Fault.CLIFF in faults:
        calibration = with_cliff(calibration, profiles, at, regime)
    friendly = Fault.FRIENDLY_UNDERWRITER in faults
    return _book(replace(drawn, profiles=profiles), seed, at, regime, calibration, friendly)


def market(firms: int, seed: int, at: date, regime: Regime, calibration: Calibration) -> Market:
    """The firms of the sample market (actuarial.market), their dossiers as values without a file."""
    pairs = [_insured(number, seed, at, regime, calibration) for number in range(1, firms + 1)]
    return Market(tuple(profile for profile, _ in pairs), tuple(population for _, population in pairs))


def _rng(seed: int, part: _Part) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0, list(_Part).index(part))))


# --- firms


def _insured(
    number: int, seed: int, at: date, regime: Regime, calibration: Calibration
) -> tuple[RiskProfile, Population]:
    """Firm `number`, as draw_firm makes it; what it draws first is its population, which is drawn again here."""
    firm = draw_firm(number, seed, stated_truth(), at, regime, calibration)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))
    return profile_of(firm, seed), draw_population(rng, 1, stated_truth(), regime, calibration)


def profile_of(firm: SampleFirm, seed: int) -> RiskProfile:
    """What its dossier would say, read without a file: runs are unsigned and of the declared model."""
    name = firm_name(firm)
    runs = [(outcome.system, _run(outcome, name, firm.number)) for outcome in firm.outcomes]
    return RiskProfile(
        firm=Firm(
            name=name,
            kvk=str(FICTIONAL_NUMBERS + firm.number),
            country=firm.country,
            size_class=firm.size_class,
            turnover_nl=firm.turnover_nl,
            turnover_world=firm.turnover_world,
            founded=firm.founded,
        ),
        cover=firm.cover,
        systems=tuple(replace(s, runs=tuple(run for system, run in runs if system == s.id)) for s in firm.systems),
        incidents=firm.incidents,
        obligations=firm.obligations,
        sha256=digest(["sample", seed, firm.number]),
    )


def _run(outcome: TestOutcome, firm: str, number: int) -> TestRun:
    accredited = outcome.independence is Independence.ACCREDITED
    return TestRun(
        test=outcome.test,
        evaluator=ASSESSORS[number % len(ASSESSORS)] if accredited else firm,
        independence=outcome.independence,
        run_date=outcome.run_date,
        planned=outcome.planned,
        unique_prompts=len(outcome.trials),
        failures=outcome.count(FAILED),
        clean=outcome.count(CLEAN),
        missing=outcome.count(MISSING),
        sha256=sha256_hex("\n".join(outcome.trials).encode()),
        source="sample",
        registered_at=outcome.registered_at,
    )


# --- what later years record


def _book(drawn: Market, seed: int, at: date, regime: Regime, calibration: Calibration, friendly: bool) -> AuditBook:
    profiles = drawn.profiles
    technical = rated(profiles, at, regime, calibration).premiums.technical
    judged = _judgements(profiles, technical, _rng(seed, _Part.JUDGEMENT), at, regime, friendly)
    claims = tuple(_claims(drawn, _rng(seed, _Part.CLAIMS), at, regime, calibration))
    renewals = _renewals(profiles, technical, _rng(seed, _Part.RENEWALS), at, regime, calibration)
    quoted = [(f"Q-{profile.sha256[:ID_DIGITS]}", _decision(profile, regime)) for profile in profiles]
    kvk = [profile.firm.kvk for profile in profiles]
    return replace(
        book_of(profiles, at, regime, calibration, quoted, table(OVERRIDE_COLUMNS, judged)),
        renewals=table(RENEWAL_COLUMNS, renewals),
        payments=table(PAYMENT_COLUMNS, _payments(claims, profiles, regime)),
        claims=table(CLAIM_COLUMNS, claims),
        retests=table(RETEST_COLUMNS, _retests(drawn, _rng(seed, _Part.RETESTS), at, regime, calibration)),
        replays=table(REPLAY_COLUMNS, ((k, q, True, True) for k, (q, _) in zip(kvk, quoted, strict=True))),
    )


def _judgements(
    profiles: Sequence[RiskProfile],
    technical: Cents,
    rng: np.random.Generator,
    at: date,
    regime: Regime,
    friendly: bool,
) -> Iterator[Row]:
    """Overrides: honest ones small and even; with `friendly`, one underwriter's files get all that may be given.

    No premium goes below the minimum of its class, so that a premium at the minimum gets no discount.
    """
    s, f = stated()["judgement"], stated()["friendly_underwriter"]
    for profile, cents in zip(profiles, map(int, technical), strict=True):
        judged, who, friend = rng.random(), int(rng.integers(len(s["underwriters"]))), rng.random()
        noise, reason = float(rng.standard_normal()), str(rng.choice(s["reasons"]))
        gives = friendly and who == f["underwriter"] and friend < f["friends"]
        if judged >= s["share"] and not gives:
            continue
        level = _level(profile, cents, regime)
        most = level.judgement_share
        share, reason = (-most, f["reason"]) if gives else (float(np.clip(noise * s["spread"], -1, 1)) * most, reason)
        offered = max(cents + int(cents * share), min(cents, _floor(profile, regime)))
        yield profile.firm.kvk, s["underwriters"][who], level.level, cents, offered, reason, at


def _level(profile: RiskProfile, technical: int, regime: Regime) -> AuthorityLevel:
    """The lowest level that may write this cover alone, else the highest."""
    limit = profile.cover.terms.limit
    able = (a for a in regime.authority if a.limit >= limit and a.premium.cents >= technical)
    return next(able, regime.authority[-1])


def _floor(profile: RiskProfile, regime: Regime) -> int:
    """The minimum premium of the leading class, in cents a year."""
    return leading_class(profile, regime).minimum_premium.cents


def _renewals(
    profiles: Sequence[RiskProfile],
    technical: Cents,
    rng: np.random.Generator,
    at: date,
    regime: Regime,
    calibration: Calibration,
) -> Iterator[Row]:
    """Premiums of the year before and of now. A risk that did not change had its tests run again, with the luck of a
    trial; of one that did, the premium moves by its own account."""
    s = stated()["renewals"]
    last_year = [_retested(profile, rng, s["moved"]) for profile in profiles]
    before = rated(last_year, at, regime, calibration).premiums.technical
    for profile, then, now in zip(profiles, map(int, before), map(int, technical), strict=True):
        renews, changes, moved = rng.random(), rng.random(), float(rng.standard_normal())
        if renews < s["share"]:
            changed = changes < s["changed"]
            yield profile.firm.kvk, round(then * np.exp(s["changed_spread"] * moved)) if changed else then, now, changed


def _retested(profile: RiskProfile, rng: np.random.Generator, moved: float) -> RiskProfile:
    """The same firm with every test run again: in a share `moved` of them one trial more or less failed."""
    return replace(
        profile, systems=tuple(replace(s, runs=tuple(_again(r, rng, moved) for r in s.runs)) for s in profile.systems)
    )


def _again(run: TestRun, rng: np.random.Generator, moved: float) -> TestRun:
    one = int(rng.choice((-1, 1))) if rng.random() < moved else 0
    step = max(min(one, run.clean), -run.failures)
    return replace(run, failures=run.failures + step, clean=run.clean - step)


def _claims(
    drawn: Market, rng: np.random.Generator, at: date, regime: Regime, calibration: Calibration
) -> Iterator[Row]:
    """What the covers pay for the claims of the years before, from the market's truth; see CLAIM_COLUMNS."""
    t, truth = tariff(calibration, regime), stated_truth()
    for profile, population in zip(drawn.profiles, drawn.populations, strict=True):
        terms = profile.cover.terms
        covered = regime.covered_heads(profile.cover.heads)
        years = int(stated()["claims"]["years"])
        at_risk, claims = draw_claims(rng, population, truth, years, regime, calibration)
        for row, peril, head, loss in zip(claims.row, claims.peril, claims.head, claims.loss, strict=True):
            ground_up = round(float(loss) * CENTS_PER_EURO)
            paid = min(max(ground_up - terms.deductible.cents, 0), terms.limit.cents)
            if paid and t.head_ids[head] in covered:
                year = at.year - 1 - int(at_risk.year[row])
                yield profile.firm.kvk, t.peril_ids[peril], t.head_ids[head], paid, year


def _payments(claims: Sequence[Row], profiles: Sequence[RiskProfile], regime: Regime) -> Iterator[Row]:
    """Every claim paid in full and in time."""
    floors = {p.firm.kvk: leading_class(p, regime).minimum_limit.cents for p in profiles}
    for number, (kvk, _, _, cents, _) in enumerate(claims, 1):
        yield f"claim-{number}", kvk, cents, floors[kvk], False, 0


def _retests(
    drawn: Market, rng: np.random.Generator, at: date, regime: Regime, calibration: Calibration
) -> Iterator[Row]:
    """Accredited results beside as many held-out trials at the true failure rate."""
    s, tests = stated()["retests"], tariff(calibration, regime).test_ids
    for profile, population in zip(drawn.profiles, drawn.populations, strict=True):
        runs = [
            (number, system.id, run)
            for number, system in enumerate(profile.systems)
            for run in system.runs
            if run.independence is Independence.ACCREDITED and run.test in tests and run.failures + run.clean
        ]
        if not runs or rng.random() >= s["share"]:
            continue
        for chosen in rng.permutation(len(runs))[: int(s["tests"])]:
            number, system, run = runs[chosen]
            trials = run.failures + run.clean
            failures = int(rng.binomial(trials, population.systems.rates[number, tests.index(run.test)]))
            counts = (run.failures, trials, failures, trials)
            yield profile.firm.kvk, system, run.test, run.evaluator, *counts, run.model_matches, at


def _decision(profile: RiskProfile, regime: Regime) -> Decision:
    """Declined where a system may not be on the market. Other rules refer, and a referred firm is insured."""
    words = {word for s in profile.systems for word in (s.self_assessed_class, s.assessed_class)}
    return Decision.DECLINED if words & set(regime.declined_words) else Decision.QUOTED
