"""Steps: how far one step of a lever moves a premium at most, and that no step is a cliff.

A factor f on the frequency moves a premium by at most f: a record of its own dampens it, the aggregate limit and the
fixed expenses dull it, the other loadings are in proportion (docs/methods/certificate.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from actuarial.certificate import Claim, ProofStep, Witness
from actuarial.compliance import compliance as compliance_of
from actuarial.evidence import Bools, danger_scores
from actuarial.proofs.case import Case, concluded, step
from actuarial.proofs.witness import MOVES, Move, Moves, bases, widest_step
from actuarial.rounding import Floats
from actuarial.severity import layer
from actuarial.special import betaincinv, logit
from policies.money import CENTS_PER_EURO
from policies.safety import catalogue

GRID = 1.15  # ratio of neighbouring deductibles and limits in the bound of a size band, which is as loose as that
FIRST = 10.0  # euros: the first deductible above none
FEWEST = 0.01  # trusted passes, below which they are as good as none
PASSES_A_DECADE = 24  # grid of trusted passes: bounds between neighbours are those of the worse end
AGES_A_DECADE = 12  # the same for what a day takes away, which is little
MOST_FAILURES = 3  # beyond, one failure more moves the rate by less: (a + k + 1) / (a + k) falls
DUTIES = np.geomspace(
    1.0, 12.0, 64
)  # duties and prior together, over the prior alone: of those met, and of those missed


def classes(case: Case) -> Claim:
    """From a class to the next on the same terms, the minimum premium included: the larger of the two moves by at most
    the larger of their ratios."""
    jumps = np.abs(np.diff(case.t.class_effect))
    floors = np.log([obliged.minimum_premium.cents for obliged in case.regime.classes.values()])
    at, least = int(np.argmax(jumps)), int(np.argmax(np.abs(np.diff(floors))))
    names, rise = case.t.class_ids, float(np.abs(np.diff(floors))[least])
    lines = [
        step("neighbours", lower=names[at], higher=names[at + 1], jump=float(jumps[at])),
        step("minimum_step", lower=names[least], higher=names[least + 1], jump=rise),
    ]
    return _capped("class", max(float(jumps[at]), rise), lines, "class", case)


def autonomy(case: Case) -> Claim:
    """From a level of autonomy to the next."""
    return _effects("autonomy", case.t.autonomy_effect, _numbered(case.t.autonomy_effect), "autonomy", case)


def maturity(case: Case) -> Claim:
    """On the day on which a system passes to the next band of years."""
    return _effects("maturity", case.t.maturity_effect, _numbered(case.t.maturity_effect), "maturity", case)


def incident(case: Case) -> Claim:
    """One serious incident, reported in time: (alpha + N + w) / (alpha + N) is largest at N = 0."""
    weights = case.calibration.history
    weight = weights.severity["serious"] * weights.reported
    low = int(np.argmin(case.t.alpha))
    most = _log(1 + weight / case.t.alpha[low]) if case.t.alpha[low] > 0 else math.inf
    line = step("incident_factor", peril=case.t.peril_ids[low], alpha=float(case.t.alpha[low]), weight=weight)
    return _capped("incident", most, [line], "incidents", case)


def size(case: Case) -> Claim:
    """From a band of turnover to the next: the severity grows by k, a layer over a deductible by more."""
    t = case.t
    k = 10.0 ** (abs(t.size_elasticity) / t.size_bands)
    ratio, peril = _leverage(case, k)
    aggregate = 1 - (1 + t.dispersion) * case.regime.incentives.domain.loss_share / 2
    lines = [
        step("band", factor=k),
        step("leverage", peril=peril, ratio=ratio),
        step("aggregate_share", share=aggregate),
    ]
    return _capped("size", _log(ratio / aggregate), lines, "size", case)


def _leverage(case: Case, k: float) -> tuple[float, str]:
    """Largest ratio of a peril's expected layers after and before the severity grows by k, over terms, sizes and heads
    covered; its peril.

    On each cell of a grid of deductibles and limits the ratio is at most that of its two outer corners: a layer falls
    in the deductible and rises in the limit.
    """
    t = case.t
    (low_d, high_d), (low_l, high_l) = _cells(case)
    grown = layer(t.severity, low_d, high_l, np.full_like(low_d, k))
    before = layer(t.severity, high_d, low_l, np.ones_like(low_d))
    largest, peril = 0.0, ""
    for covered in _covers(case):
        weights = t.mixture * covered
        ratio = ((grown @ weights.T) / (before @ weights.T)).max(axis=0)
        if ratio.max() > largest:
            largest, peril = float(ratio.max()), t.peril_ids[int(np.argmax(ratio))]
    return largest, peril


def _cells(case: Case) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Lower and upper ends of cells of deductible and of limit (C,), in euros at the reference size.

    They hold all terms and sizes of the domain: a layer of a larger firm is one of smaller terms.
    """
    t, regime = case.t, case.regime
    domain = regime.incentives.domain
    small, large = (t.size_reference ** -t.size_elasticity * turnover**t.size_elasticity
                    for turnover in (1.0, domain.turnover_eur))  # fmt: skip
    classes = regime.classes.values()
    limits = _grid(min(c.minimum_limit.cents for c in classes) / CENTS_PER_EURO / large,
                   max(level.limit.cents for level in regime.authority) / CENTS_PER_EURO / small)  # fmt: skip
    deductibles = np.concatenate([[0.0], _grid(FIRST, domain.deductible_share * limits[-1])])
    low_d, low_l = (values.ravel() for values in np.meshgrid(deductibles[:-1], limits[:-1], indexing="ij"))
    high_d, high_l = (values.ravel() for values in np.meshgrid(deductibles[1:], limits[1:], indexing="ij"))
    inside = low_d <= domain.deductible_share * high_l
    return (low_d[inside], high_d[inside]), (low_l[inside], high_l[inside])


def _covers(case: Case) -> Iterator[Bools]:
    """Every set of heads that a policy may cover, (H,): the compulsory ones with some of the optional ones."""
    for chosen in product((False, True), repeat=len(case.regime.optional_heads)):
        asked = [head for head, wanted in zip(case.regime.optional_heads, chosen, strict=True) if wanted]
        yield np.array([head in case.regime.covered_heads(asked) for head in case.t.head_ids])


def _grid(low: float, high: float) -> Floats:
    return np.asarray(np.geomspace(low, high, max(math.ceil(math.log(high / low) / math.log(GRID)), 1) + 1))


def failure(case: Case) -> Claim:
    """One passed trial that fails, in a run of full size of one kind of trust."""
    (most, test, peril), (refused, utility) = _failure_step(case), _refusal_step(case)
    lines = [
        step("full_size"),
        step("failure_step", test=test, peril=peril, value=most),
        step("refusal_step", test=utility, value=refused),
    ]
    return _capped("failure", max(most, refused), lines, lambda: _failing(case, test), case)


def _failure_step(case: Case) -> tuple[float, str, str]:
    """Largest theta x (change of danger) by one failure, with its test and peril."""
    t = case.t
    jumps = np.array([_logit_jump(case, row) if prices else 0.0 for row, prices in enumerate(_priced(case))])
    change = jumps[:, None] * (t.battery / t.logit_sd[:, None] + t.hazard_battery) * np.abs(t.theta)
    row, column = np.unravel_index(int(np.argmax(change)), change.shape)
    return float(change[row, column]), t.test_ids[row], t.peril_ids[column]


def _refusal_step(case: Case) -> tuple[float, str]:
    """Largest theta x (change of danger) by one harmless request more that is refused, with its utility test.

    The logits of the rates that the test can void move to silence by 1 / (trials x width) of the way, at most from the
    best rate of the domain.
    """
    t, trials = case.t, np.array([float(case.regime.incentives.domain.trials)])
    best = np.array([_rate(case, row, np.zeros(1), trials, trials, t.level_registered)[0] for row in range(len(t.rho))])
    reach = np.where(_priced(case), logit(t.silence) - logit(best), 0.0)
    width = t.utility_failure_limit - t.utility_doubt
    least = np.array([max(catalogue()[test].minimum_trials, 1) for test in t.test_ids])
    weights = (t.battery / t.logit_sd[:, None] + t.hazard_battery) * np.abs(t.theta)
    change = (t.voids * reach) @ weights / (least * width)[:, None]  # (T, P): of one request of each utility test
    row = int(np.argmax(change.max(axis=1)))
    return float(change[row].max()), t.test_ids[row]


def _priced(case: Case) -> Bools:
    """Which tests move a premium at all, (T,)."""
    t = case.t
    return np.asarray(((t.battery + t.hazard_battery) * np.abs(t.theta)).sum(axis=1) > 0)


def _logit_jump(case: Case, row: int) -> float:
    """Most that the logit of the priced rate rises by one failure in place of a trusted pass, or of one just heard.

    A change of log rate, which systemic perils use, is smaller. Between two points of the grid of passes the rate
    after the step is taken at fewer passes, that before at more.
    """
    least = max(catalogue()[case.t.test_ids[row]].minimum_trials, 1)
    passes = _passes(float(least), max(float(case.regime.incentives.domain.trials), 2.0 * least), PASSES_A_DECADE)
    return _largest_rise(case, row, 1.0, passes[:-1] - 1.0, passes[1:])


def _largest_rise(case: Case, row: int, failures: float, after: Floats, before: Floats) -> float:
    """Largest rise of the logit of a priced rate from `before` passes to `after` and so many failures more, over the
    levels of the regime and over passes that are trusted and heard, or just heard; passes (G,)."""
    k = np.arange(MOST_FAILURES, dtype=float)[:, None]
    rises = [
        logit(_rate(case, row, k + failures, trusted * after, after, level))
        - logit(_rate(case, row, k, trusted * before, before, level))
        for level in {case.t.level_registered, case.t.level_chosen}
        for trusted in (1.0, 0.0)
    ]
    return float(np.max(rises))


def _passes(low: float, high: float, a_decade: int) -> Floats:
    return np.asarray(np.geomspace(low, high, math.ceil(a_decade * math.log10(high / low)) + 1))


def _rate(case: Case, row: int, k: Floats, good: Floats, heard: Floats, level: float) -> Floats:
    t = case.t
    at = 1.0 - (1.0 - level) * heard / (heard + t.doubt)
    a, b, at = np.broadcast_arrays(t.prior_a[row] + k, t.prior_b[row] + good, at)
    return np.asarray(np.minimum(betaincinv(a, b, at), t.silence[row]), dtype=float)


def lateness(case: Case) -> Claim:
    """One day later: a report of an incident, a delivery, or all test results at once; and a duty left out at last."""
    t, weights, rules = case.t, case.calibration.history, case.regime.compliance
    day = 1 - math.exp(-1 / weights.late_scale_days)
    grave = max(weights.severity.values()) * (weights.late_limit - weights.reported) * day
    report = _log(1 + grave / float(t.alpha.min())) if t.alpha.min() > 0 else math.inf
    heaviest = max(rule.weight for rule in case.regime.obligations.values())
    late = heaviest * (1 - math.exp(-1 / rules.late_scale_days))
    delivery = abs(t.sharing) * _compliance_drop(case, late, late)
    duty = abs(t.sharing) * _compliance_drop(case, 0.0, heaviest)
    results, peril = _ageing(case)
    lines = [
        step("late_report", value=report),
        step("late_delivery", value=delivery),
        step("missed_duty", value=duty),
        step("aged_results", value=results, peril=peril),
    ]
    return _capped("lateness", max(report, delivery, duty, results), lines, lambda: _later(case, heaviest, day), case)


def _compliance_drop(case: Case, lost: float, missed_more: float) -> float:
    """Most that compliance falls when so much less of weighted duties is met and so much more missed.

    Compliance rises with what is met and falls with what is missed: on each cell of a grid the fall is at most that
    between its outer corners. Beyond the grid a duty counts for less, one among more.
    """
    rules = case.regime.compliance
    met, missed = (prior * DUTIES - prior for prior in (rules.prior_delivered, rules.prior_missed))
    low_met, low_missed = (values.ravel() for values in np.meshgrid(met[:-1], missed[:-1]))
    high_met, high_missed = (values.ravel() for values in np.meshgrid(met[1:], missed[1:]))
    after = compliance_of(np.maximum(low_met - lost, 0.0), high_missed + missed_more, rules)
    return float((compliance_of(high_met, low_missed, rules) - after).max())


def _ageing(case: Case) -> tuple[float, str]:
    """Most that theta x danger rises in a day by which every result of a system grows older; its peril."""
    t, rules = case.t, case.regime.evidence
    jumps = np.array([_aged_jump(case, row) if prices else 0.0 for row, prices in enumerate(_priced(case))])
    change = jumps @ (t.battery / t.logit_sd[:, None] + t.hazard_battery) * np.abs(t.theta)
    return float(change.max()) if rules.half_life > 0 else math.inf, t.peril_ids[int(np.argmax(change))]


def _aged_jump(case: Case, row: int) -> float:
    """Most that the logit of a priced rate rises when all its passes are trusted and heard for a day less."""
    test = case.t.test_ids[row]
    half_life = case.calibration.test_designs[test].half_life_days * case.regime.evidence.half_life
    passes = np.concatenate([[0.0], _passes(FEWEST, float(case.regime.incentives.domain.trials), AGES_A_DECADE)])
    return _largest_rise(case, row, 0.0, passes[:-1] * 0.5 ** (1 / half_life), passes[1:])


def _log(ratio: float) -> float:
    """The logarithm; infinite for what is no ratio, so that no cap lets it pass."""
    return math.log(ratio) if 0 < ratio < math.inf else math.inf


def _numbered(effects: Floats) -> tuple[str, ...]:
    return tuple(str(number) for number in range(len(effects)))


def _effects(lever: str, effects: Floats, names: Sequence[str], kind: str, case: Case) -> Claim:
    """Neighbouring levels of a factor."""
    jumps = np.abs(np.diff(effects))
    at = int(np.argmax(jumps))
    line = step("neighbours", lower=names[at], higher=names[at + 1], jump=float(jumps[at]))
    return _capped(lever, float(jumps[at]), [line], kind, case)


def _widest(case: Case, moves: str | Callable[[], Moves]) -> Witness | None:
    return widest_step(case, MOVES[moves](case) if isinstance(moves, str) else moves())


def _failing(case: Case, test: str) -> Moves:
    """The first failure in a run of the smallest full size of this test, every pass trusted."""
    t, row = case.t, case.t.test_ids.index(test)
    trials = np.array([float(max(catalogue()[test].minimum_trials, 1))])
    usual, scores, priced = t.silence / 2, [], []
    for failed in (0.0, 1.0):
        rates = usual.copy()
        rates[row] = _rate(case, row, np.array([failed]), trials - failed, trials - failed, t.level_registered)[0]
        scores.append(dict(zip(t.peril_ids, danger_scores(rates[None], t)[0].tolist(), strict=True)))
        priced.append(float(rates[row]))
    for base in bases(case):
        start, end = (replace(base, danger=z) for z in scores)
        yield Move(start, end, f"failure_rate {test}", *priced)


def _later(case: Case, weight: float, day: float) -> Moves:
    """A duty that is left out; the gravest incident reported a day later."""
    rules, weights = case.regime.compliance, case.calibration.history
    met, left = (float(compliance_of(np.zeros(1), np.array([missed]), rules)[0]) for missed in (0.0, weight))
    grave = max(weights.severity.values())
    told, later = (grave * (weights.reported + late * (weights.late_limit - weights.reported)) for late in (0.0, day))
    for base in bases(case):
        yield Move(replace(base, compliance=met), replace(base, compliance=left), "compliance", met, left)
        for peril in case.t.peril_ids:
            start, end = (replace(base, incidents={peril: count}) for count in (told, later))
            yield Move(start, end, f"incidents_{peril}", told, later)


def _capped(lever: str, most: float, lines: list[ProofStep], moves: str | Callable[[], Moves], case: Case) -> Claim:
    cap = case.regime.incentives.steps[lever].most
    proof = [step("factor"), *lines, step("capped", most <= cap, most=float(np.expm1(most)), cap=float(np.expm1(cap)))]
    return concluded(f"step-{lever}", proof, 0.0, most, None if most <= cap else _widest(case, moves))
