"""Risk profiles laid out as arrays: N policies, S systems, R test runs. A quote is a batch of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from actuarial.calibration import Calibration
from actuarial.compliance import compliance, delivered_and_missed, incident_weight
from actuarial.evidence import Bools, Ints, RunTable, danger_scores, failure_rates
from actuarial.rounding import Floats
from actuarial.tariff import Tariff, tariff
from policies.money import CENTS_PER_EURO
from policies.period import MONTHS_PER_YEAR, years_between
from policies.regimes import ObligedClass, Regime
from policies.risk import AISystem, RiskProfile, Role
from policies.safety import Independence, TestRun


@dataclass(frozen=True, slots=True)
class RiskTable:
    """Everything that rating reads. Codes are positions in the tariff's lists.

    Per system (S,): `policy` it belongs to, `declared_class` and `priced_class`, `exposure` in units per
    year, danger z (S, P), compliance, weighted incidents (S, P), years observed. Per policy (N,): terms in cents,
    covered heads (N, H), worldwide turnover in euros, length of the period in years, minimum premium in cents.
    """

    policy: Ints
    declared_class: Ints
    priced_class: Ints
    role: Ints
    autonomy: Ints
    sector: Ints
    maturity: Ints
    exposure: Floats
    danger: Floats
    compliance: Floats
    incidents: Floats
    observed_years: Floats
    deductible: Ints
    limit: Ints
    aggregate_limit: Ints
    covered: Bools
    turnover: Floats
    term_years: Floats
    minimum_premium: Ints


def tabulate(profiles: Sequence[RiskProfile], at: date, regime: Regime, calibration: Calibration) -> RiskTable:
    """The table of these profiles as of day `at`. Raises nothing: profiles are validated values."""
    t = tariff(calibration, regime)
    rows = [(number, profile, system) for number, profile in enumerate(profiles) for system in profile.systems]
    rates = failure_rates(run_table([system for _, _, system in rows], at, regime, calibration), len(rows), t)
    met = np.array(
        [delivered_and_missed(s, p.obligations, p.incidents, at, regime) for _, p, s in rows], dtype=float
    ).reshape(-1, 2)
    classes = [(declared_class(s, regime), priced_class(s, regime)) for _, _, s in rows]
    covers = [profile.cover for profile in profiles]
    return RiskTable(
        policy=np.array([number for number, _, _ in rows], dtype=np.int64),
        declared_class=_codes([declared.id for declared, _ in classes], t.class_ids),
        priced_class=_codes([priced.id for _, priced in classes], t.class_ids),
        role=np.array([_dearest_role(s.roles, t) for _, _, s in rows], dtype=np.int64),
        autonomy=np.array([s.autonomy for _, _, s in rows], dtype=np.int64),
        sector=np.array([_sector(s.sector, t) for _, _, s in rows], dtype=np.int64),
        maturity=np.array([_maturity(s, p, t) for _, p, s in rows], dtype=np.int64),
        exposure=np.array([_exposure(s, p, regime, calibration) for _, p, s in rows]),
        danger=danger_scores(rates, t),
        compliance=compliance(met[:, 0], met[:, 1], regime.compliance),
        incidents=np.array([_incidents(s, p, at, regime, calibration, t) for _, p, s in rows]),
        observed_years=np.array(
            [min(max(years_between(s.deployed, at), 0.0), regime.incident_window_years) for _, _, s in rows]
        ),
        deductible=np.array([c.terms.deductible.cents for c in covers], dtype=np.int64),
        limit=np.array([c.terms.limit.cents for c in covers], dtype=np.int64),
        aggregate_limit=np.array([c.terms.aggregate_limit.cents for c in covers], dtype=np.int64),
        covered=np.array([[h in regime.covered_heads(c.heads) for h in t.head_ids] for c in covers]),
        turnover=np.array([p.firm.turnover_world.cents / CENTS_PER_EURO for p in profiles]),
        term_years=np.array([c.term_months / MONTHS_PER_YEAR for c in covers]),
        minimum_premium=np.array([_minimum_premium(p, regime) for p in profiles], dtype=np.int64),
    )


def declared_class(system: AISystem, regime: Regime) -> ObligedClass:
    """The obliged class by the best assessment there is; an exemption without its register number does not count.

    A declined practice has no class of its own: it is shown at the top of the ladder.
    """
    word = system.assessed_class or system.self_assessed_class
    size = (system.persons_per_month, system.training_flop or 0.0)
    found = regime.classify(word, *size)
    if found is None:
        return regime.classes[tuple(regime.classes)[-1]]
    if found.register_number_required and not system.eu_db_id:
        return regime.classify(found.without_register_number, *size) or found
    return found


def priced_class(system: AISystem, regime: Regime) -> ObligedClass:
    """The class that is priced: one step up where nobody independent assessed it."""
    declared = declared_class(system, regime)
    return declared if system.assessed_class else regime.classes[declared.priced_when_self_assessed]


def leading_class(profile: RiskProfile, regime: Regime) -> ObligedClass:
    """The highest declared class on the schedule: the floor of the cover follows it."""
    return highest_class(profile.systems, regime)


def highest_class(systems: Iterable[AISystem], regime: Regime) -> ObligedClass:
    """The highest declared class of these systems."""
    ladder = tuple(regime.classes)
    return max((declared_class(s, regime) for s in systems), key=lambda c: ladder.index(c.id))


def run_table(systems: Sequence[AISystem], at: date, regime: Regime, calibration: Calibration) -> RunTable:
    """The runs of required and utility tests of these systems; others are recorded and shown, never priced."""
    t = tariff(calibration, regime)
    rows = [(number, run) for number, system in enumerate(systems) for run in system.runs if run.test in t.test_ids]
    runs = [run for _, run in rows]
    registered: dict[tuple[int, str], list[TestRun]] = {}
    for number, run in rows:
        if _registered(run):
            registered.setdefault((number, run.test), []).append(run)
    return RunTable(
        system=np.array([number for number, _ in rows], dtype=np.int64),
        test=_codes([run.test for run in runs], t.test_ids),
        failures=np.array([run.failures for run in runs], dtype=float),
        missing=np.array([run.missing for run in runs], dtype=float),
        clean=np.array([run.clean for run in runs], dtype=float),
        epochs=np.array([run.epochs for run in runs], dtype=float),
        trust=np.array([trust(run, at, regime, calibration) for run in runs], dtype=float),
        heard=np.array([heard(run, at, regime, calibration) for run in runs], dtype=float),
        chosen=np.array(
            [run.independence is not Independence.ACCREDITED and not _registered(run) for run in runs], dtype=bool
        ),
        superseded=np.array(
            [any(_replaces(newer, run) for newer in registered.get((n, run.test), ())) for n, run in rows], dtype=bool
        ),
    )


def trust(run: TestRun, at: date, regime: Regime, calibration: Calibration) -> float:
    """Weight of a pass: independence x age x same version x signed."""
    return regime.evidence.independence[run.independence] * _freshness(run, at, regime, calibration)


def heard(run: TestRun, at: date, regime: Regime, calibration: Calibration) -> float:
    """Weight of a pass against the doubt of silence: its trust, or the little that a bare declaration is heard for."""
    rules = regime.evidence
    return max(rules.independence[run.independence], rules.declared) * _freshness(run, at, regime, calibration)


def _freshness(run: TestRun, at: date, regime: Regime, calibration: Calibration) -> float:
    rules = regime.evidence
    half_life = calibration.test_designs[run.test].half_life_days * rules.half_life
    age: float = 0.5 ** (max((at - run.run_date).days, 0) / half_life)
    return age * (1.0 if run.model_matches else rules.other_version) * (1.0 if run.signed else rules.unsigned)


def _registered(run: TestRun) -> bool:
    return run.registered_at is not None and run.registered_at <= run.run_date


def _replaces(newer: TestRun, older: TestRun) -> bool:
    """Whether a registered run replaces an older one of its test: as large, and as independent, at least."""
    strength = list(Independence)
    as_independent = strength.index(newer.independence) <= strength.index(older.independence)
    return as_independent and newer.run_date > older.run_date and newer.planned >= older.planned


def _codes(values: Sequence[str], ids: tuple[str, ...]) -> Ints:
    return np.array([ids.index(value) for value in values], dtype=np.int64)


def _dearest_role(roles: tuple[Role, ...], t: Tariff) -> int:
    return max((t.role_ids.index(role) for role in roles), key=lambda code: t.role_effect[code])


def _sector(sector: str, t: Tariff) -> int:
    """Code of a sector; an unknown one is referred by appetite and meanwhile shown at the dearest."""
    return t.sector_ids.index(sector) if sector in t.sector_ids else int(np.argmax(t.sector_effect))


def _maturity(system: AISystem, profile: RiskProfile, t: Tariff) -> int:
    years = max(years_between(system.deployed, profile.cover.inception), 0.0)
    return int(np.searchsorted(t.maturity_from, years, side="right")) - 1


def _exposure(system: AISystem, profile: RiskProfile, regime: Regime, calibration: Calibration) -> float:
    """Units per year: persons, or the firm's Dutch turnover shared over the systems rated on turnover.

    With several roles the larger exposure counts.
    """
    on_turnover = [s for s in profile.systems if any(regime.exposure_base[role] == "turnover" for role in s.roles)]
    by_base = {
        "persons": system.persons_per_month / calibration.exposure_unit_persons,
        "turnover": profile.firm.turnover_nl.cents
        / CENTS_PER_EURO
        / max(len(on_turnover), 1)
        / calibration.exposure_unit_turnover_eur,
    }
    return max(by_base[regime.exposure_base[role]] for role in system.roles)


def _incidents(
    system: AISystem, profile: RiskProfile, at: date, regime: Regime, calibration: Calibration, t: Tariff
) -> list[float]:
    """Weighted count of the system's incidents per peril in the window."""
    counts = dict.fromkeys(t.peril_ids, 0.0)
    for incident in profile.incidents:
        recent = years_between(incident.occurred_at, at) <= regime.incident_window_years
        if incident.system == system.id and recent and incident.peril in counts:
            counts[incident.peril] += incident_weight(incident, at, regime, calibration.history)
    return list(counts.values())


def _minimum_premium(profile: RiskProfile, regime: Regime) -> int:
    """Minimum premium for the period: that of the leading class per year, pro rata."""
    yearly = leading_class(profile, regime).minimum_premium
    return -(-yearly.cents * profile.cover.term_months // MONTHS_PER_YEAR)
