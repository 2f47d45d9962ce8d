"""What the adversary does to evidence and dates: test runs that get worse, reports and deliveries that come later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from actuarial.adversary_measures import Priced, falls
from actuarial.adversary_moves import SEVERITIES, Change, Ground, logarithmic, pick, with_incidents
from actuarial.compliance import compliance, delivered_and_missed, incident_weight
from actuarial.evidence import RunTable, danger_scores, failure_rates
from actuarial.proofs.point import Point
from actuarial.rounding import Floats
from policies.money import Money
from policies.period import DAYS_PER_YEAR, add_months
from policies.risk import AISystem, Incident, IncidentSeverity, IncidentSource, Obligation, Role
from policies.safety import Kind, catalogue

RUNS = 3  # runs of a system: enough for one that replaces another, and for a utility test that voids both
RUN = 7
RUN_GENES = 2 + RUNS * RUN
DATE_GENES = 8
MOST_EPOCHS = 20.0
YEARS = 3  # deployed so long before the day of rating: beyond every window of a shipped regime's calendar
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
    scores = [_scores(table, g) for table in (runs, worse)]
    return Change(
        points=tuple(replace(p, danger=dict(zip(g.t.peril_ids, z.tolist(), strict=True))) for z in scores),
        changed=f"run_{kind}",
        before=before,
        after=after,
        notes=(("test", test), *((f"run_{name}", float(getattr(runs, name)[0])) for name in columns)),
    )


def rates_fall(found: Sequence[Priced], changes: Sequence[Change], g: Ground) -> Floats:
    """How far a danger score falls where none should, or else the share by which the premium does; (N,)."""
    before, after = (
        np.array([[change.points[k].danger[peril] for peril in g.t.peril_ids] for change in changes]) for k in (0, 1)
    )
    fall = (before - after).max(axis=1) - SCORE_NOISE
    return np.asarray(np.where(fall > 0, fall, falls(found, changes, g)))


def one_failure_more(p: Point, u: Floats, g: Ground) -> Change:
    """A run of a required test, from its minimum to its full size, with one passed trial that fails."""
    test = pick([name for name in g.regime.required_tests() if name in g.t.test_ids], u[0])
    known = catalogue()[test]
    least = max(known.minimum_trials, 1)
    planned = round(logarithmic(least, max(known.full_trials, least), u[1]))
    failures = int((planned - 1) * u[2] ** 4)
    trust = round(float(u[3]), 2)
    zero = np.zeros(1)
    run = RunTable(
        np.zeros(1, dtype=np.int64), np.array([g.t.test_ids.index(test)]), zero + failures, zero,
        zero + planned - failures, zero + 1, zero + trust, zero + trust, zero > 0, zero > 0,
    )  # fmt: skip
    rise = _scores(_worse(run, "failures", 0.0), g) - _scores(run, g)
    low = np.minimum([p.danger.get(peril, 0.0) for peril in g.t.peril_ids], g.top - rise)
    return Change(
        points=tuple(replace(p, danger=dict(zip(g.t.peril_ids, z.tolist(), strict=True))) for z in (low, low + rise)),
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
    """A delivery or an incident report that comes one day later."""
    late = int(_days(g) * u[3] ** 2)
    return _later(p, u, g, late, late + 1)


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


def _scores(runs: RunTable, g: Ground) -> Floats:
    return np.asarray(danger_scores(failure_rates(runs, 1, g.t), g.t)[0])


def _later(p: Point, u: Floats, g: Ground, before: int, after: int | None) -> Change:
    """The firm before and after, by the calendar of the regime: u[0] picks a delivery or an incident, u[1] which."""
    perils = g.t.peril_ids
    peril = pick(perils, u[1])
    severity = IncidentSeverity(pick(SEVERITIES, u[2]))
    kinds = [rule.kind for rule in g.regime.obligations.values() if rule.every_months]
    kind = pick(kinds, u[1])
    points = []
    for late in (before, after):
        if u[0] < 1 / 2:
            points.append(
                replace(p, compliance=_compliance(g, [_delivery(g, kind, late, float(u[2])), *_rest(g, kind, u)]))
            )
            continue
        incident = _incident(g, peril, severity, late)
        count = p.incidents.get(peril, 0.0) + incident_weight(incident, _at(g), g.regime, g.calibration.history)
        points.append(replace(with_incidents(p, peril, count), compliance=_compliance(g, _rest(g, kind, u), incident)))
    subject = kind if u[0] < 1 / 2 else f"{severity}_incident_{peril}"
    told: int | str = "never" if after is None else after
    return Change(tuple(points), f"days_late_{subject}", before, told)


def _compliance(g: Ground, rows: Sequence[Obligation], *incidents: Incident) -> float:
    delivered, missed = delivered_and_missed(_system(g), rows, incidents, _at(g), g.regime)
    return float(compliance(np.array(delivered), np.array(missed), g.regime.compliance))


def _rest(g: Ground, kind: str, u: Floats) -> list[Obligation]:
    """Other deliveries: of the same kind and of another one."""
    other = tuple(rule.kind for rule in g.regime.obligations.values() if rule.every_months)[-1]
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


def _system(g: Ground) -> AISystem:
    deployed = _at(g) - timedelta(days=round(YEARS * DAYS_PER_YEAR))
    word = next(iter(g.regime.classes.values())).vocabulary[0]
    return AISystem("s", "s", "1", (Role.PROVIDER,), word, 1, "other", 1.0, deployed, "none")


def _at(g: Ground) -> date:
    return g.regime.in_force_from


def _due(g: Ground) -> date:
    """The first day of the window: what falls due then has the longest time to be late."""
    return add_months(_at(g), -g.regime.compliance.window_months) + timedelta(days=1)


def _days(g: Ground) -> int:
    return (_at(g) - _due(g)).days - 1
