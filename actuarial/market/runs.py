"""Runs of safety tests of a whole market at once, as counts: what `outcomes` draws trial by trial, firm by firm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betaln, binom

from actuarial.calibration import Calibration
from actuarial.evidence import Bools, Ints, RunTable
from actuarial.market.population import Population
from actuarial.market.truth import EvidenceTruth
from actuarial.rounding import Floats
from actuarial.tariff import tariff
from policies.regimes import Regime
from policies.safety import Independence, SafetyTest, catalogue

ACCREDITED, SELF_LOGGED, SELF_SUMMARY = range(len(Independence))  # positions, strongest first
HALF = 0.5
SMALLEST = np.finfo(float).tiny  # of a parameter of a beta distribution


@dataclass(frozen=True, slots=True)
class _Runs:
    """Runs (R,): system, test, age in days, independence, whether registered, prompts, epochs, counts of trials."""

    system: Ints
    test: Ints
    age: Ints
    independence: Ints
    registered: Bools
    prompts: Ints
    epochs: Ints
    failures: Ints
    missing: Ints

    @property
    def planned(self) -> Ints:
        return self.prompts * self.epochs


def draw_runs(
    rng: np.random.Generator, population: Population, e: EvidenceTruth, regime: Regime, calibration: Calibration
) -> RunTable:
    """The runs that the firms of a market hand in, as the price reads them."""
    t, firm, count = tariff(calibration, regime), population.systems.firm, len(population.firms.size)
    silent, thorough = rng.random(count) < e.no_evidence, rng.random(count) < e.full_size
    rates = population.systems.rates
    system, test = np.nonzero((rng.random(rates.shape) < e.handed_in) & ~silent[firm][:, None])
    age = np.clip(rng.exponential(e.age_days_mean, len(system)), *e.age_days).astype(np.int64)
    tests = [catalogue()[name] for name in t.test_ids]
    newest = _runs(rng, (system, test, age), rates, thorough[firm[system]], tests, e)
    again = np.flatnonzero(rng.random(len(system)) < e.rerun)
    before = age[again] + rng.integers(*e.rerun_days, len(again))
    older = _runs(rng, (system[again], test[again], before), rates, thorough[firm[system[again]]], tests, e)
    replaced = (
        newest.registered[again]
        & (newest.planned[again] >= older.planned)
        & (newest.independence[again] <= older.independence)
    )
    parts = (
        _table(newest, np.zeros(len(system), bool), regime, calibration),
        _table(older, replaced, regime, calibration),
    )
    return RunTable(*(np.concatenate([getattr(p, name) for p in parts]) for name in RunTable.__slots__))


def _runs(
    rng: np.random.Generator,
    of: tuple[Ints, Ints, Ints],
    rates: Floats,
    thorough: Bools,
    tests: Sequence[SafetyTest],
    e: EvidenceTruth,
) -> _Runs:
    """A run for each system, test and age of `of`."""
    system, test, age = of
    has_log = np.array([known.tool == "inspect" and known.rule is not None for known in tests])[test]
    level = rng.random(len(system))
    independence = np.searchsorted([e.accredited, e.accredited + e.self_logged], level, side="right")
    logged = has_log & (independence != SELF_SUMMARY)
    smallest = np.array([known.minimum_trials for known in tests])[test]
    most = np.maximum(np.array([known.full_trials for known in tests])[test], smallest)
    some = np.minimum(rng.integers(*e.prompts, len(system), endpoint=True), most)
    prompts = np.where(thorough, smallest, some)
    epochs = np.where(logged, rng.choice(e.epochs, len(system)), 1)
    done = np.where(logged, _prompts_done(rng, prompts, e), prompts)
    rho = np.array([known.rho for known in tests])[test]
    failures = _failures(rng, rates[system, test], rho, done, epochs)
    gaps = np.where(logged & (rng.random(len(system)) < e.with_gaps), rng.binomial(done * epochs, e.gap), 0)
    unseen = rng.hypergeometric(failures, done * epochs - failures, gaps)
    return _Runs(
        system=system,
        test=test,
        age=age,
        independence=np.where((independence == SELF_LOGGED) & ~logged, SELF_SUMMARY, independence),
        registered=rng.random(len(system)) < e.registered,
        prompts=prompts,
        epochs=epochs,
        failures=failures - unseen,
        missing=(prompts - done) * epochs + gaps,
    )


def _prompts_done(rng: np.random.Generator, prompts: Ints, e: EvidenceTruth) -> Ints:
    """Prompts with a score: all but in a run that was cancelled, none where the judge failed."""
    ending = rng.random(len(prompts))
    cancelled = np.maximum((prompts * rng.uniform(*e.cancelled_at, len(prompts))).astype(np.int64), 1)
    return np.select([ending < e.cancelled, ending < e.cancelled + e.judge_failed], [cancelled, 0], prompts)


def _failures(rng: np.random.Generator, rate: Floats, rho: Floats, prompts: Ints, epochs: Ints) -> Ints:
    """Failed trials; repeats of a prompt share a beta-distributed rate with correlation `rho`."""
    failures = rng.binomial(prompts * epochs, rate)
    for repeats in np.unique(epochs[epochs > 1]):
        members = np.flatnonzero((epochs == repeats) & (rho > 0))
        strength = (1 - rho[members]) / rho[members]
        a, b = np.maximum(rate[members] * strength, SMALLEST), np.maximum((1 - rate[members]) * strength, SMALLEST)
        failed = np.arange(repeats + 1)
        chance = binom(repeats, failed) * np.exp(
            betaln(a[:, None] + failed, (b[:, None] + repeats - failed)) - betaln(a, b)[:, None]
        )
        chance /= chance.sum(axis=1, keepdims=True)
        failures[members] = rng.multinomial(prompts[members], chance) @ failed
    return failures


def _table(runs: _Runs, superseded: Bools, regime: Regime, calibration: Calibration) -> RunTable:
    """The runs under the rules of evidence: unsigned, of the declared model and version."""
    rules, t = regime.evidence, tariff(calibration, regime)
    half_life = np.array([calibration.test_designs[test].half_life_days for test in t.test_ids]) * rules.half_life
    fresh = rules.unsigned * HALF ** (runs.age / half_life[runs.test])
    independence = np.array([rules.independence[level] for level in Independence])[runs.independence]
    return RunTable(
        system=runs.system,
        test=runs.test,
        failures=runs.failures.astype(float),
        missing=runs.missing.astype(float),
        clean=(runs.planned - runs.failures - runs.missing).astype(float),
        epochs=runs.epochs.astype(float),
        trust=independence * fresh,
        heard=np.maximum(independence, rules.declared) * fresh,
        chosen=(runs.independence != ACCREDITED) & ~runs.registered,
        superseded=superseded,
    )
