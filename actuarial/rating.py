"""From risks to expected losses: frequency, history, layers, aggregate limit (docs/methods/rating.md).

Vectorised over risks; one code path for one quote and for a whole market.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from actuarial.compound import layer_grid, limited_aggregate
from actuarial.evidence import Ints
from actuarial.risks import RiskTable
from actuarial.rounding import Floats
from actuarial.severity import layer
from actuarial.special import gamma, gammainc
from actuarial.tariff import Tariff
from policies.money import CENTS_PER_EURO

STEPS = (
    "base",
    "exposure",
    "class",
    "self_assessed",
    "role",
    "autonomy",
    "sector",
    "maturity",
    "size",
    "evidence",
    "sharing",
    "history",
    "aggregate_limit",
)


@dataclass(frozen=True, slots=True)
class Rating:
    """Result for N policies, S systems, P perils; euros per period.

    `steps` (N, len(STEPS)): expected loss after each step of the waterfall, the last one after the aggregate limit.
    `frequency` and `expected_loss` (S, P) before the aggregate limit; `by_peril` (N, P) their sum per policy;
    `ceded` (N,): expected loss per claim above the reinsurance retention.
    """

    steps: Floats
    frequency: Floats
    expected_loss: Floats
    by_peril: Floats
    ceded: Floats


def rate(risks: RiskTable, t: Tariff) -> Rating:
    """Rate a table of risks."""
    factors = _factors(risks, t)
    scale = size_scale(risks.turnover, t)
    at_reference, per_claim, ceded_per_claim = _layers(risks, scale, t)
    frequency = np.zeros_like(risks.danger)
    steps = np.zeros((len(risks.limit), len(STEPS)))
    running = np.tile(np.exp(t.intercept), (len(risks.policy), 1))
    severity = at_reference
    for column, step in enumerate(STEPS[:-1]):
        if step == "size":
            severity = per_claim
        if step == "history":
            running = running * history_factor(running, risks, t)
        elif step in factors:
            running = running * factors[step]
        steps[:, column] = _per_policy((running * severity[risks.policy]).sum(axis=1), risks)
    frequency = running
    expected = frequency * per_claim[risks.policy]
    steps[:, -1] = np.minimum(_after_aggregate(risks, frequency, scale, t), steps[:, -2])
    ceded = _per_policy((frequency * ceded_per_claim[risks.policy]).sum(axis=1), risks)
    by_peril = np.zeros((len(risks.limit), len(t.peril_ids)))
    np.add.at(by_peril, risks.policy, expected)
    return Rating(steps, frequency, expected, by_peril, ceded)


def _factors(risks: RiskTable, t: Tariff) -> dict[str, Floats]:
    """Multiplicative factors of the frequency, (S, 1) or (S, P), by step."""
    priced, declared = t.class_effect[risks.priced_class], t.class_effect[risks.declared_class]
    column = {
        "exposure": risks.exposure**t.elasticity * risks.term_years[risks.policy],
        "class": np.exp(declared),
        "self_assessed": np.exp(priced - declared),
        "role": np.exp(t.role_effect[risks.role]),
        "autonomy": np.exp(t.autonomy_effect[risks.autonomy]),
        "sector": np.exp(t.sector_effect[risks.sector]),
        "maturity": np.exp(t.maturity_effect[risks.maturity]),
        "sharing": np.exp(t.sharing * (1.0 - risks.compliance)),
    }
    return {"evidence": np.exp(t.theta * risks.danger)} | {step: f[:, None] for step, f in column.items()}


def history_factor(frequency: Floats, risks: RiskTable, t: Tariff) -> Floats:
    """(alpha + N) / (alpha + Lambda) per system and peril, (S, P).

    Lambda is the tariff's own expected count over the observed years, less what has not been reported yet. The factor
    stays with the system: pooled over systems observed for different times, a more dangerous old system would lower
    the price of a new one (docs/methods/rating.md).
    """
    yearly = frequency / risks.term_years[risks.policy][:, None]
    expected = yearly * reported_years(risks.observed_years, t)[:, None]
    return np.asarray((t.alpha + risks.incidents) / (t.alpha + expected))


def reported_years(years: Floats, t: Tariff) -> Floats:
    """Years of exposure whose incidents are known by now, under the tariff's reporting delay."""
    return known_years(years, t.lag_shape, t.lag_scale_years)


def known_years(years: Floats, shape: float, scale: float) -> Floats:
    """The integral of a Weibull distribution function, scale in years, from 0 to `years`, 0 below; any shape."""
    span = np.maximum(years, 0.0)
    unreported = scale * gamma(1 + 1 / shape) * gammainc(1 / shape, (span / scale) ** shape)
    return np.asarray(span - unreported)


def size_scale(turnover: Floats, t: Tariff) -> Floats:
    """Severity scale by turnover, in bands of a fixed ratio so that one layer table serves many firms; (N,)."""
    decades = np.log10(np.maximum(turnover, 1.0) / t.size_reference)
    banded = np.round(decades * t.size_bands) / t.size_bands
    return np.asarray(10.0 ** (t.size_elasticity * banded))


def _layers(risks: RiskTable, scale: Floats, t: Tariff) -> tuple[Floats, Floats, Floats]:
    """Expected layer loss per claim of each peril, (N, P): at reference size, at the firm's size, and ceded."""
    d, limit = risks.deductible / CENTS_PER_EURO, risks.limit / CENTS_PER_EURO
    kept = np.minimum(limit, t.retention)
    keys, where = np.unique(np.stack([d, limit, scale, kept]), axis=1, return_inverse=True)
    ud, ul, us, uk = keys
    by_head = (
        layer(t.severity, ud, ul, np.ones_like(us)),
        layer(t.severity, ud, ul, us),
        layer(t.severity, ud + uk, ul - uk, us),
    )
    rows = where.ravel()
    first, second, third = ((heads[rows] * risks.covered) @ t.mixture.T for heads in by_head)
    return first, second, third


def _per_policy(values: Floats, risks: RiskTable) -> Floats:
    """Sum values of systems (S,) per policy (N,)."""
    return np.asarray(np.bincount(risks.policy, weights=values, minlength=len(risks.limit)), dtype=float)


def _after_aggregate(risks: RiskTable, frequency: Floats, scale: Floats, t: Tariff) -> Floats:
    """E[min(S, A)] per policy, (N,); policies with the same terms and size share one grid."""
    by_head = np.zeros((len(risks.limit), len(t.head_ids)))
    np.add.at(by_head, risks.policy, frequency @ t.mixture)
    by_head *= risks.covered
    terms = np.stack([risks.deductible, risks.limit, risks.aggregate_limit]) / CENTS_PER_EURO
    keys, where = np.unique(np.vstack([terms, scale]), axis=1, return_inverse=True)
    result = np.zeros(len(risks.limit))
    order, groups = _grouped(where.ravel())
    for key, rows in zip(keys.T, groups, strict=True):
        members = order[rows]
        deductible, limit, aggregate, size = (float(value) for value in key)
        grid = layer_grid(t.severity, deductible, limit, aggregate, size)
        result[members] = limited_aggregate(by_head[members], grid, aggregate, t.dispersion)
    return result


def _grouped(labels: Ints) -> tuple[Ints, list[slice]]:
    """An order that brings equal labels together, and the slice of each label in it."""
    order = np.argsort(labels, kind="stable")
    ends = np.cumsum(np.bincount(labels))
    starts = np.concatenate([[0], ends[:-1]])
    return order, [slice(int(a), int(b)) for a, b in zip(starts, ends, strict=True)]
