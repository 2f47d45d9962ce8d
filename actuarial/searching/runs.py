"""What the adversary does to evidence and dates: test runs that get worse, reports and deliveries that come later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from actuarial.compliance import compliance, delivered_and_missed, incident_weight
from actuarial.evidence import RunTable, danger_scores, failure_rates
from actuarial.proofs.point import Point
from actuarial.rounding import Floats
from actuarial.searching.measures import Priced, falls
from actuarial.searching.moves import SEVERITIES, Change, Ground, logarithmic, pick, with_incidents
from policies.money import Money
from policies.period import DAYS_PER_YEAR, add_months
from policies.risk import AISystem, Incident, IncidentSeverity, IncidentSource, Obligation, Role
from policies.safety import Kind, catalogue

RUNS = 3  # runs of a system: enough for one that replaces another, and for a utility test that voids both
RUN = 7
RUN_GENES = 2 + RUNS * RUN
DATE_GENES = 8
MOST_EPOCHS = 20.0
YEARS = 3  # deployed at most so long before the day of rating: beyond every window of a shipped regime's calendar
SCORE_WEIGHT = 1e-3  # a score that falls is a breach, but a premium that falls tells more
SCORE_NOISE = 1e-7  # a quantile of a beta distribution is inverted to about 1e-9


def worse_runs(p: Point, u: Floats, g: Ground) -> Change:
    """The firm with random test runs, and with one thing about the first run that is worse."""
    runs = _runs(u[2:], g)
    test = g.t.test_ids[int(runs.test[0])]
    kinds = ["failures", "missing", "clean", "trust", "heard", "chosen"]
    if catalogue()[test].kind is not Kind.UTILITY:  # a utility test only ever takes away: that none came in is told
        kinds.append("handed_in")
    kind = pick(kinds, u[0])
    worse = _worse(runs, kind, float(u[1]))
    columns = ("failures", "missing", "clean", "epochs", "trust", "heard", "chosen", "superseded")
    before, after = (1, 0) if kind == "handed_in" else (float(getattr(table, kind)[0]) for table in (runs, worse))
    return Change(
        points=tuple(_scored(p, z, g) for z in _scores((runs, worse), g)),
        changed=f"run_{kind}",
        before=before,
        after=after,
        notes=(("test", test), *((f"run_{name}", float(getattr(runs, name)[0])) for name in columns)),
    )


def rates_fall(found: Sequence[Priced], changes: Sequence[Change], g: Ground) -> Floats:
    """The share by which the premium falls where it should not, or else how far a danger score does; (N,)."""
    before, after = (
        np.array([[change.points[k].danger[peril] for peril in g.t.peril_ids] for change in changes]) for k in (0, 1)
    )
    score = SCORE_WEIGHT * ((before - after).max(axis=1) - SCORE_NOISE)
    premium = falls(found, changes, g)
    return np.asarray(np.where((premium <= 0) & (score > 0), score, premium))


def one_failure_more(p: Point, u: Floats, g: Ground) -> Change:
    """A run of a test, from its minimum to its full size, with one passed trial that fails; of a utility test beside
    clean runs of all that it can void."""
    test = pick([*_required(g), *_utility(g)], u[0])
    known = catalogue()[test]
    useful = known.kind is Kind.UTILITY
    least = max(known.minimum_trials, 1)
    planned = round(logarithmic(least, max(known.full_trials, least), u[1]))
    failures = int((planned - 1) * (u[2] if useful else u[2] ** 4))
    beside = [name for name in known.voids if name in _required(g)] if useful else []
    clean = round(logarithmic(least, g.regime.incentives.domain.trials, u[3]))
    trust = 1.0 if useful else round(float(u[3]), 2)
    one = np.ones(1 + len(beside))
    first = np.arange(len(one)) == 0
    run = RunTable(
        np.zeros(len(one), dtype=np.int64), np.array([g.t.test_ids.index(name) for name in (test, *beside)]),
        np.where(first, failures, 0.0), 0 * one, np.where(first, planned - failures, clean), one, trust * one,
        trust * one, one < 0, one < 0,
    )  # fmt: skip
    before, after = _scores((run, _worse(run, "failures", 0.0)), g)
    rise = after - before
    low = np.minimum([p.danger.get(peril, 0.0) for peril in g.t.peril_ids], g.top - rise)
    return Change(
        points=tuple(_scored(p, z, g) for z in (low, low + rise)),
        changed="run_failures",
        before=failures,
        after=failures + 1,
        notes=(("test", test), ("run_planned", planned), ("run_trust", trust)),
    )


def delivered_later(p: Point, u: Floats, g: Ground) -> Change:
    """A delivery or an incident report that comes later than it did, or never."""
    never = u[4] > 0.9  # noqa: PLR2004 - one in ten
    days = _days(g)
    late = int(days * u[3] ** 2)
    return _later(p, u, g, late, None if never else late + 1 + int((days - late) * u[4] ** 2))


def one_day_later(p: Point, u: Floats, g: Ground) -> Change:
    """One day later: a delivery, an incident report, a duty that falls due and is left out, or all test results."""
    kind = pick(("delivery", "incident", "duty", "results"), u[0])
    late = int(_days(g) * u[3] ** 2)
    match kind:
        case "results":
            return _aged(p, u, g)
        case "duty":
            name = pick(_kinds(g), u[1])
            rows = _rest(g, name, u)[: pick(range(RUNS + 1), u[2])]
            left_out = [*rows, _delivery(g, name, None, 0.0)]
            scores = [_compliance(g, float(u[4]), found) for found in (rows, left_out)]
            return Change(tuple(replace(p, compliance=score) for score in scores), f"{name}_left_out", 0, 1)
        case _:
            return _later(p, np.concatenate([[float(kind == "incident")], u[1:]]), g, late, late + 1)


def _aged(p: Point, u: Floats, g: Ground) -> Change:
    """All results of a system one day older, with as many passes and failures of every test."""
    tests = [g.t.test_ids.index(name) for name in _required(g)]
    known = [g.calibration.test_designs[g.t.test_ids[row]] for row in tests]
    day = 0.5 ** (1 / (g.regime.evidence.half_life * np.array([design.half_life_days for design in known])))
    clean, failures = logarithmic(0.01, g.regime.incentives.domain.trials, u[5]), int(4 * u[6])
    heard, trusted = np.ones(len(tests)), float(u[7] > 1 / 2)
    runs = RunTable(
        np.zeros(len(tests), dtype=np.int64), np.array(tests), 0.0 * heard + failures, 0.0 * heard,
        clean * heard, heard, trusted * heard, heard, heard < 0, heard < 0,
    )  # fmt: skip
    older = replace(runs, trust=runs.trust * day, heard=runs.heard * day)
    points = tuple(_scored(p, z, g) for z in _scores((runs, older), g))
    notes = (("passes_of_every_test", clean), ("failures_of_every_test", failures), ("run_trust", trusted))
    return Change(points, "age_of_results_days", 0, 1, notes=notes)


def _runs(u: Floats, g: Ground) -> RunTable:
    """Three runs of one system, two in three of the same test."""
    genes = u.reshape(RUNS, RUN)
    first = pick(range(len(g.t.test_ids)), genes[0, 0])
    share = 3 * genes[:, 0] - 2  # two thirds below zero: the same test
    tests = [first if k == 0 or s < 0 else pick(range(len(g.t.test_ids)), s) for k, s in enumerate(share)]
    counts = np.floor(np.expm1(genes[:, 1:4] * np.log1p(g.regime.incentives.domain.trials / 3)))
    counts[:, 2] += 1.0  # a pass that can become something worse
    trust = genes[:, 4]
    flags = np.floor(4 * genes[:, 6])
    return RunTable(
        system=np.zeros(RUNS, dtype=np.int64),
        test=np.array(tests, dtype=np.int64),
        failures=counts[:, 0],
        missing=counts[:, 1],
        clean=counts[:, 2],
        epochs=np.where(genes[:, 5] < 1 / 2, 1.0, MOST_EPOCHS ** (2 * genes[:, 5] - 1)),
        trust=trust,
        heard=np.where(genes[:, 5] * 10 % 1 < 1 / 2, trust, 1.0),
        chosen=flags % 2 > 0,
        superseded=flags > 1,
    )


def _worse(runs: RunTable, kind: str, gene: float) -> RunTable:
    """The runs with the first one worse by this kind."""
    first = np.arange(len(runs.test)) == 0
    if kind == "handed_in":  # all runs of its test are withheld
        kept = runs.test != runs.test[0]
        return RunTable(**{field.name: getattr(runs, field.name)[kept] for field in fields(RunTable)})
    share = np.where(first, gene, 1.0)
    changed: dict[str, dict[str, Any]] = {
        "failures": {"failures": runs.failures + first, "clean": runs.clean - first},
        "missing": {"missing": runs.missing + first},
        "clean": {"clean": runs.clean - first},
        "trust": {"trust": runs.trust * share, "heard": runs.heard * share},  # older, weaker or unsigned
        "heard": {"heard": runs.trust + (runs.heard - runs.trust) * share},
        "chosen": {"chosen": runs.chosen | first},
    }
    return replace(runs, **changed[kind])


def _scored(p: Point, scores: Floats, g: Ground) -> Point:
    return replace(p, danger=dict(zip(g.t.peril_ids, scores.tolist(), strict=True)))


def _required(g: Ground) -> list[str]:
    return [name for name in g.regime.required_tests() if name in g.t.test_ids]


def _utility(g: Ground) -> list[str]:
    return [name for name in g.t.test_ids if catalogue()[name].kind is Kind.UTILITY]


def _kinds(g: Ground) -> list[str]:
    """Obligations that recur, the heaviest first."""
    rules = sorted(g.regime.obligations.values(), key=lambda rule: -rule.weight)
    return [rule.kind for rule in rules if rule.every_months]


def _scores(tables: Sequence[RunTable], g: Ground) -> Floats:
    """Danger scores (len(tables), P) of systems with one table of runs each."""
    systems = np.repeat(np.arange(len(tables)), [len(table.test) for table in tables])
    columns = {
        field.name: np.concatenate([getattr(table, field.name) for table in tables]) for field in fields(RunTable)
    }
    return danger_scores(failure_rates(RunTable(**{**columns, "system": systems}), len(tables), g.t), g.t)


def _later(p: Point, u: Floats, g: Ground, before: int, after: int | None) -> Change:
    """The firm before and after, by the calendar of the regime: u[0] picks a delivery or an incident, u[1] which."""
    perils = g.t.peril_ids
    peril = pick(perils, u[1])
    severity = IncidentSeverity(pick(SEVERITIES, u[2]))
    kind = pick(_kinds(g), u[1])
    points, age, rest = [], float(u[7]), _rest(g, kind, u)
    for late in (before, after):
        if u[0] < 1 / 2:
            rows = [_delivery(g, kind, late, float(u[2])), *rest]
            points.append(replace(p, compliance=_compliance(g, age, rows)))
            continue
        incident = _incident(g, peril, severity, late)
        count = p.incidents.get(peril, 0.0) + incident_weight(incident, _at(g), g.regime, g.calibration.history)
        points.append(replace(with_incidents(p, peril, count), compliance=_compliance(g, age, rest, incident)))
    subject = kind if u[0] < 1 / 2 else f"{severity}_incident_{peril}"
    told: int | str = "never" if after is None else after
    return Change(tuple(points), f"days_late_{subject}", before, told)


def _compliance(g: Ground, age: float, rows: Sequence[Obligation], *incidents: Incident) -> float:
    delivered, missed = delivered_and_missed(_system(g, age), rows, incidents, _at(g), g.regime)
    return float(compliance(np.array(delivered), np.array(missed), g.regime.compliance))


def _rest(g: Ground, kind: str, u: Floats) -> list[Obligation]:
    """Other deliveries: of the same kind and of another one."""
    other = _kinds(g)[-1]
    return [
        _delivery(g, name, int(_days(g) * gene**2), 1.0) for name, gene in zip((kind, kind, other), u[5:8], strict=True)
    ]


def _delivery(g: Ground, kind: str, late: int | None, completeness: float) -> Obligation:
    due = _due(g)
    return Obligation("s", kind, due, None if late is None else due + timedelta(days=late), completeness)


def _incident(g: Ground, peril: str, severity: IncidentSeverity, late: int | None) -> Incident:
    aware = _due(g)
    deadline = timedelta(days=g.regime.incident_days(peril, severity))
    reported = None if late is None else aware + deadline + timedelta(days=late)
    source = IncidentSource.SELF if reported else IncidentSource.AUTHORITY
    return Incident("i", "s", peril, aware, aware, reported, source, severity, 0, Money(0), "")


def _system(g: Ground, age: float) -> AISystem:
    deployed = _at(g) - timedelta(days=round(age * YEARS * DAYS_PER_YEAR))
    word = next(iter(g.regime.classes.values())).vocabulary[0]
    return AISystem("s", "s", "1", (Role.PROVIDER,), word, 1, "other", 1.0, deployed, "none")


def _at(g: Ground) -> date:
    return g.regime.in_force_from


def _due(g: Ground) -> date:
    """The first day of the window: what falls due then has the longest time to be late."""
    return add_months(_at(g), -g.regime.compliance.window_months) + timedelta(days=1)


def _days(g: Ground) -> int:
    return (_at(g) - _due(g)).days - 1
