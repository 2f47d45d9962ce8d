"""Safety-test results to danger scores (docs/methods/evidence.md).

A pass counts by how far its run is trusted, a failure always counts in full. With that asymmetry every promise of
that page holds term by term: the posterior quantile rises in failures and falls in trusted passes, so a discount can
never help (docs/methods/evidence.md shows why a discount on whole runs can).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actuarial.rounding import Floats
from actuarial.special import betaincinv, expit, logit
from actuarial.tariff import Tariff

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
SMALLEST_RATE = 1e-12  # keeps the logit of a posterior quantile finite


@dataclass(frozen=True, slots=True)
class RunTable:
    """Test runs of S systems as arrays (R,). Counts are trials; `test` and `system` are row and column numbers.

    `trust` in [0, 1] is the weight of a pass, `heard` (at least that) its weight against the doubt of silence;
    `chosen` marks self-run results whose attempts nobody registered; `superseded` marks runs that a newer registered
    run of at least equal size replaces, if that is lower.
    """

    system: Ints
    test: Ints
    failures: Floats
    missing: Floats
    clean: Floats
    epochs: Floats
    trust: Floats
    heard: Floats
    chosen: Bools
    superseded: Bools


def failure_rates(runs: RunTable, systems: int, tariff: Tariff) -> Floats:
    """Priced failure rate q of every system and test, (S, T); the silence price where nothing was handed in.

    Planned trials without a score are failures; repeats of a prompt are deflated by 1 + (epochs - 1) rho.
    """
    shape = (systems, len(tariff.test_ids))
    keep = ~runs.superseded
    everything = _quantile(runs, np.ones_like(keep), shape, tariff)
    current = _quantile(runs, keep, shape, tariff)
    q = np.minimum(np.minimum(everything, current), tariff.silence)
    void = _voided(runs, shape, tariff)
    own = logit(np.maximum(q, SMALLEST_RATE))
    towards = expit(own + void * (logit(tariff.silence) - own))
    return np.where(void > 0, np.where(void < 1, towards, tariff.silence), q)


def _quantile(runs: RunTable, keep: Bools, shape: tuple[int, int], tariff: Tariff) -> Floats:
    """Posterior quantile of the failure rate from the kept runs, (S, T); 1 where there is none."""
    at = (runs.system[keep], runs.test[keep])
    effective = 1.0 + (runs.epochs[keep] - 1.0) * tariff.rho[at[1]]
    bad = _sum_at(at, (runs.failures[keep] + runs.missing[keep]) / effective, shape)
    good = _sum_at(at, runs.trust[keep] * runs.clean[keep] / effective, shape)
    planned = _sum_at(at, runs.failures[keep] + runs.missing[keep] + runs.clean[keep], shape)
    target = np.full(shape, tariff.level_chosen)
    np.minimum.at(target, at, np.where(runs.chosen[keep], tariff.level_chosen, tariff.level_registered))
    # From silence (level 1) to the target as passes are heard; what nobody can check is heard but is no pass.
    heard = _sum_at(at, runs.heard[keep] * runs.clean[keep] / effective, shape)
    level = 1.0 - (1.0 - target) * heard / (heard + tariff.doubt)
    rate = np.ones(shape)
    some = planned > 0
    column = np.broadcast_to(np.arange(shape[1]), shape)[some]
    rate[some] = _beta_quantile(tariff.prior_a[column] + bad[some], tariff.prior_b[column] + good[some], level[some])
    return rate


def _beta_quantile(a: Floats, b: Floats, level: Floats) -> Floats:
    """Quantile of Beta(a, b), each distinct triple inverted once: large books repeat the same results."""
    distinct, where = np.unique(np.stack([a, b, level]), axis=1, return_inverse=True)
    inverted = np.asarray(betaincinv(distinct[0], distinct[1], distinct[2]))
    return inverted[where.ravel()]


def _sum_at(at: tuple[Ints, Ints], values: Floats, shape: tuple[int, int]) -> Floats:
    total = np.zeros(shape)
    np.add.at(total, at, values)
    return total


def _voided(runs: RunTable, shape: tuple[int, int], tariff: Tariff) -> Floats:
    """How far safe scores (S, T) are void because the system also refuses harmless requests: 0 not at all, 1 in full.

    It grows with the share of failures between the regime's two, so that no single refusal is a cliff.
    """
    at = (runs.system, runs.test)
    bad = _sum_at(at, runs.failures + runs.missing, shape)
    planned = _sum_at(at, runs.failures + runs.missing + runs.clean, shape)
    share = np.divide(bad, planned, out=np.zeros(shape), where=planned > 0)
    width = tariff.utility_failure_limit - tariff.utility_doubt
    useless = np.clip((share - tariff.utility_doubt) / width, 0.0, 1.0)
    void = np.zeros(shape)
    for row in np.flatnonzero(tariff.voids.any(axis=1)):
        void = np.maximum(void, useless[:, row, None] * tariff.voids[row])
    return void


def danger_scores(rates: Floats, tariff: Tariff) -> Floats:
    """Danger score z of every system and peril, (S, P), from failure rates (S, T); the market scores 0.

    Weighted mean of standardised logits over the required battery; for capability perils the standardised log of
    capability times safeguard failure.
    """
    q = np.clip(rates, SMALLEST_RATE, 1 - SMALLEST_RATE)
    standard = (logit(q) - tariff.logit_mean) / tariff.logit_sd
    hazard = np.log(q) - tariff.log_mean
    return np.asarray(standard @ tariff.battery + hazard @ tariff.hazard_battery)
