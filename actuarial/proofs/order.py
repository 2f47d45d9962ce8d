"""Order: which way a premium moves with each input. Every step is a sign of a parameter, or a fact of the formula.

docs/methods/certificate.md has the argument in full. A step without a number is a fact of the formula itself; that
the code is the formula is what `actuarial.searching.adversary` tries to refute.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from actuarial.certificate import Claim, ProofStep
from actuarial.proofs.case import Case, concluded, step
from actuarial.proofs.witness import counter_example
from actuarial.rounding import Floats
from policies.regimes import Regime
from policies.safety import Independence


def failures(case: Case) -> Claim:
    """More failures, missing trials, an older date, a weaker evaluator, or silence: never a lower premium."""
    t, rules = case.t, case.regime.evidence
    shares = [rules.independence[kind] for kind in Independence]
    proof = [
        step("posterior", bool((t.prior_a > 0).all() and (t.prior_b > 0).all()), least=_least(t.prior_a, t.prior_b)),
        step("trust", sorted(shares, reverse=True) == shares and _in_unit(*shares, rules.unsigned, rules.other_version),
             accredited=shares[0], none=shares[-1]),
        step("repeats", _in_unit(*t.rho), least=_least(t.rho)),
        step("levels", 0 < t.level_registered <= t.level_chosen < 1 and t.doubt > 0,
             registered=t.level_registered, chosen=t.level_chosen),
        step("silence", _in_unit(*t.silence), least=_least(t.silence), most=float(t.silence.max())),
        step("refusals", bool((t.voids >= 0).all()) and 0 <= t.utility_doubt < t.utility_failure_limit <= 1,
             doubt=t.utility_doubt, limit=t.utility_failure_limit),
        step("standard", bool((t.logit_sd > 0).all()), least=_least(t.logit_sd)),
        _battery(case),
        *_danger_steps(case),
    ]  # fmt: skip
    return _concluded("failures", proof, case, "rates")


def danger(case: Case) -> Claim:
    """A higher danger score of any peril: never a lower premium."""
    proof = list(_danger_steps(case))
    return _concluded("danger", proof, case, "danger")


def lateness(case: Case) -> Claim:
    """A report, a delivery or a result that comes later: never a lower premium."""
    rules, weights = case.regime.compliance, case.calibration.history
    kinds = [rule.weight for rule in case.regime.obligations.values()]
    proof = [
        step("timeliness", rules.late_scale_days > 0 and weights.late_scale_days > 0, days=rules.late_scale_days),
        step("duties", min(kinds) >= 0 and rules.incident_report_weight >= 0, least=min(kinds)),
        step("compliance_prior", rules.prior_delivered > 0 and rules.prior_missed > 0,
             delivered=rules.prior_delivered, missed=rules.prior_missed),
        step("late_weights", 0 <= weights.reported <= weights.late_limit <= weights.concealed,
             reported=weights.reported, late=weights.late_limit, concealed=weights.concealed),
        *_sharing_steps(case),
        *_history_steps(case),
    ]  # fmt: skip
    return _concluded("lateness", proof, case, "incidents", "compliance")


def incidents(case: Case) -> Claim:
    """One incident more, or a graver one: never a lower premium."""
    proof = list(_history_steps(case))
    return _concluded("incidents", proof, case, "incidents")


def compliance(case: Case) -> Claim:
    """Sharing more: never a higher premium."""
    proof = list(_sharing_steps(case))
    return _concluded("compliance", proof, case, "compliance")


def exposure(case: Case) -> Claim:
    """More people reached, or more turnover: never a lower premium."""
    t, scale = case.t, case.t.size_elasticity
    proof = [
        step("elasticity", t.elasticity >= 0, value=t.elasticity),
        step("size", scale >= 0 and t.size_bands > 0, value=scale, bands=t.size_bands),
        *_escalations(case),
        *_loss_steps(case),
    ]
    return _concluded("exposure", proof, case, "exposure", "class")


def ladders(case: Case) -> Claim:
    """A higher class, priced or declared, or a more autonomous system: never a lower premium."""
    proof = [
        _ladder("class_ladder", case.t.class_effect, case.t.class_ids),
        _ladder("autonomy_ladder", case.t.autonomy_effect, tuple(map(str, range(len(case.t.autonomy_effect))))),
        _floors(case.regime),
        *_loss_steps(case),
    ]
    return _concluded("ladders", proof, case, "class", "autonomy")


def limit(case: Case) -> Claim:
    """A higher limit, per claim or per year: never a lower premium."""
    proof = [*_layer_steps(case), step("limit_layer"), step("limit_aggregate"), *_loading_steps(case)]
    return _concluded("limit", proof, case, "limit")


def deductible(case: Case) -> Claim:
    """A higher deductible: never a higher premium."""
    proof = [*_layer_steps(case), step("deductible_layer"), *_loading_steps(case)]
    return _concluded("deductible", proof, case, "deductible")


def rounding(case: Case) -> Claim:
    """Rounding and the minimum premium keep the order of premiums."""
    return concluded("rounding", [step("to_cents"), *_gross_steps(case), step("minimum")])


def _concluded(name: str, proof: list[ProofStep], case: Case, *kinds: str) -> Claim:
    """The claim; where a step does not hold, with the firm for which the premium falls most."""
    holds = all(line.holds for line in proof)
    return concluded(name, proof, witness=None if holds else counter_example(case, *kinds))


def _danger_steps(case: Case) -> Iterator[ProofStep]:
    """theta >= 0 at all three levels, and what lies between frequency and premium."""
    exempt = ", ".join(peril for peril in case.t.peril_ids if peril in case.regime.incentives.exempt)
    for level, t in case.levels.items():
        low = int(np.argmin(t.theta))
        yield step(
            "theta",
            t.theta[low] >= 0,
            level=level.value,
            peril=t.peril_ids[low],
            least=float(t.theta[low]),
            perils=exempt,
        )
    yield from _credibility_steps(case)
    yield from _loss_steps(case)


def _sharing_steps(case: Case) -> Iterator[ProofStep]:
    yield step("sharing", case.t.sharing >= 0, value=case.t.sharing)
    yield from _credibility_steps(case)
    yield from _loss_steps(case)


def _credibility_steps(case: Case) -> Iterator[ProofStep]:
    """lambda (alpha + N) / (alpha + lambda y) has slope alpha (alpha + N) / (alpha + lambda y)^2, peril by peril."""
    low = int(np.argmin(case.t.alpha))
    yield step("credibility", case.t.alpha[low] > 0, peril=case.t.peril_ids[low], least=float(case.t.alpha[low]))
    yield step("known_years", case.t.lag_shape > 0 and case.t.lag_scale_years > 0, shape=case.t.lag_shape)


def _history_steps(case: Case) -> Iterator[ProofStep]:
    weights = case.calibration.history
    conduct = (weights.reported, weights.late_limit, weights.concealed)
    least = min(*weights.severity.values(), *conduct)
    yield step("incident_weights", least >= 0, least=least)
    graded = [weights.severity[name] for name in ("near_miss", "minor", "serious", "critical")]
    yield step("severity_weights", graded == sorted(graded), near_miss=graded[0], critical=graded[-1])
    yield from _credibility_steps(case)
    yield from _loss_steps(case)


def _loss_steps(case: Case) -> Iterator[ProofStep]:
    """From frequency to technical premium: every factor is positive, every loading rises with the loss."""
    yield from _layer_steps(case)
    yield step("aggregate", case.t.dispersion >= 0, dispersion=case.t.dispersion)
    yield from _loading_steps(case)


def _layer_steps(case: Case) -> Iterator[ProofStep]:
    t, s = case.t, case.t.severity
    yield step("mixture", bool((t.mixture >= 0).all()), least=_least(t.mixture))
    valid = bool((s.sigma > 0).all() and (s.threshold > 0).all() and (s.beta > 0).all() and (s.xi > 0).all())
    yield step("severity", valid and _in_unit(*s.weight), sigma=_least(s.sigma), xi=_least(s.xi))


def _loading_steps(case: Case) -> Iterator[ProofStep]:
    t = case.t
    least = min(
        t.handling, t.fixed_expense, t.reinsurance_margin, t.cost_of_capital * _least(t.capital),
        t.prudence * _least(t.cv), t.retention,
    )  # fmt: skip
    yield step("loadings", least >= 0, least=least)
    yield from _gross_steps(case)


def _gross_steps(case: Case) -> Iterator[ProofStep]:
    share = float(case.t.variable_expense + case.t.levy)
    yield step("gross", 0 <= share < 1 and case.t.levy >= 0 and case.t.tax >= 0, share=share, tax=float(case.t.tax))


def _battery(case: Case) -> ProofStep:
    t = case.t
    return step("battery", bool((t.battery >= 0).all() and (t.hazard_battery >= 0).all()),
                least=_least(t.battery, t.hazard_battery))  # fmt: skip


def _escalations(case: Case) -> Iterator[ProofStep]:
    """Reaching more people, or more compute, leads to a class that is not cheaper, assessed or not."""
    effect = dict(zip(case.t.class_ids, case.t.class_effect, strict=True))
    classes = case.regime.classes
    for obliged in classes.values():
        higher = classes[obliged.escalates_to]
        if higher.id == obliged.id:
            continue
        own = effect[higher.id] - effect[obliged.id]
        priced = effect[higher.priced_when_self_assessed] - effect[obliged.priced_when_self_assessed]
        floor = higher.minimum_premium >= obliged.minimum_premium
        yield step("escalation", min(own, priced) >= 0 and floor, lower=obliged.id, higher=higher.id, effect=float(own))


def _ladder(code: str, effects: Floats, names: tuple[str, ...]) -> ProofStep:
    rises = np.diff(effects)
    low = int(np.argmin(rises))
    return step(code, rises[low] >= 0, lower=names[low], higher=names[low + 1], least=float(rises[low]))


def _floors(regime: Regime) -> ProofStep:
    floors = [obliged.minimum_premium for obliged in regime.classes.values()]
    return step("floors", floors == sorted(floors))


def _least(*arrays: Floats) -> float:
    return float(min(np.min(array) for array in arrays))


def _in_unit(*values: float) -> bool:
    return all(0 <= value <= 1 for value in values)
