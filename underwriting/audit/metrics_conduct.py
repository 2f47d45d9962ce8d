"""Metrics of conduct: M7 report counts, M9 gaming of classes, M18 what the authority was told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from actuarial.rating import rate, reported_years
from actuarial.rounding import Floats
from actuarial.tariff import tariff
from policies.period import years_between
from policies.regimes import ObligedClass, Regime
from policies.risk import AISystem, Incident, IncidentSeverity, IncidentSource, RiskProfile
from underwriting.audit.chance import at_least, at_most, discoveries
from underwriting.audit.rated import Rated
from underwriting.audit.values import Affected, AuditBook, MetricResult, firm_behind, measured, without

NO_MEMORY = 1e12  # a credibility constant beyond any count: the tariff without its incident history
SMALLEST = 1e-12  # claims that a book without exposure expects
BANDS = 3  # of danger, as many firms in each


def report_counts(book: AuditBook, base: Rated) -> MetricResult:
    """M7: share of firms that report far fewer incidents than chance allows, at a false discovery rate of 1 %.

    Two tests a firm, at twice the smaller p value: discovered among known incidents against the other firms' share
    (beta-binomial), and reports against those of firms as exposed (negative binomial). Behind it: the firms found, with
    their p values. Rows: reports by band of danger, safest first.
    """
    counts = np.array([_counts(profile, book) for profile in book.profiles], dtype=float).reshape(-1, 3)
    reported, discovered, near = counts.T
    known = reported + discovered
    if not known.sum():
        return without("M7", "share", "no_incidents")
    expected = _expected(book, base)
    expected = expected * reported.sum() / max(float(expected.sum()), SMALLEST)
    dispersion = 1.0 / float(tariff(book.calibration, book.regime).alpha.min())
    hidden = at_least(discovered, known, discovered.sum() - discovered, reported.sum() - reported)
    p_values = np.minimum(1.0, 2 * np.minimum(hidden, at_most(reported, expected, dispersion)))
    found = discoveries(p_values)
    behind = [
        firm_behind(
            book,
            int(row),
            float(p_values[row]),
            "reports_too_few",
            reported=int(reported[row]),
            discovered=int(discovered[row]),
            expected=float(expected[row]),
        )
        for row in np.argsort(p_values, kind="stable")
        if found[row]
    ]
    rows = _bands(
        book, base, {"reported": reported, "expected": expected, "discovered": discovered, "near_misses": near}
    )
    return measured(book, "M7", float(found.mean()), "share", len(found), behind, rows, named=bool(found.any()))


def _counts(profile: RiskProfile, book: AuditBook) -> tuple[int, int, int]:
    """Incidents in the window that the firm reported, that others brought to light, and near misses it reported."""
    recent = [i for i in profile.incidents if _recent(i, book)]
    told = [i for i in recent if i.reported_at is not None]
    found = [i for i in recent if i.reported_at is None and i.source is not IncidentSource.SELF]
    return len(told), len(found), sum(i.severity is IncidentSeverity.NEAR_MISS for i in told)


def _recent(incident: Incident, book: AuditBook) -> bool:
    return years_between(incident.occurred_at, book.at) <= book.regime.incident_window_years


def _expected(book: AuditBook, base: Rated) -> Floats:
    """Known claims that the tariff expects of the firms over the window, without regard to their history, (N,)."""
    t = tariff(book.calibration, book.regime)
    nothing = replace(base.risks, incidents=np.zeros_like(base.risks.incidents))
    frequency = rate(nothing, replace(t, alpha=np.full_like(t.alpha, NO_MEMORY))).frequency.sum(axis=1)
    yearly = frequency / base.risks.term_years[base.risks.policy]
    expected = yearly * reported_years(base.risks.observed_years, t)
    total = np.zeros(len(book.profiles))
    np.add.at(total, base.risks.policy, expected)
    return total


def _bands(book: AuditBook, base: Rated, figures: Mapping[str, Floats]) -> list[Mapping[str, Any]]:
    """Sums of the figures by band of what danger does to the claims of the costliest system."""
    t = tariff(book.calibration, book.regime)
    effect = (base.risks.danger[base.leading] * t.theta).mean(axis=1)
    band = np.empty(len(effect), dtype=np.int64)
    band[np.argsort(effect, kind="stable")] = np.arange(len(effect)) * BANDS // max(len(effect), 1)
    return [
        {"band": number + 1, "firms": int((band == number).sum())}
        | {name: float(values[band == number].sum()) for name, values in figures.items()}
        for number in range(BANDS)
    ]


def class_gaming(book: AuditBook, base: Rated) -> MetricResult:
    """M9: share of claims about a class that nobody bears out: exemptions without a register number, and own classes
    below the one that an assessor found; of all exemptions claimed and classes assessed.

    Behind it: those firms, and sectors that claim exemption more often than the others beyond chance.
    """
    regime, ladder = book.regime, tuple(book.regime.classes)
    checked, behind = 0, []
    for row, profile in enumerate(book.profiles):
        for system in profile.systems:
            own, other = _own_class(system, regime), _assessed(system, regime)
            exempt = own is not None and own.register_number_required
            checked += exempt or other is not None
            steps = ladder.index(other.id) - ladder.index(own.id) if own and other else 0
            unregistered = exempt and not system.eu_db_id
            if own and (steps > 0 or unregistered):
                why = "assessed_above" if steps > 0 else "exempt_unregistered"
                told = {"system": system.id, "own": own.id, "assessed": other.id if other else ""}
                behind.append(firm_behind(book, row, float(max(steps, int(unregistered))), why, **told))
    if not checked:
        return without("M9", "share", "no_claims_on_class")
    behind.sort(key=lambda one: -one.figure)
    sectors = _exempt_by_sector(book, base)
    odd = [
        Affected(str(row["sector"]), "", float(row["share"]), "sector_exempts_itself") for row in sectors if row["odd"]
    ]
    share = sum(one.kvk != "" for one in behind) / checked
    return measured(book, "M9", share, "share", checked, [*odd, *behind], sectors, named=bool(odd))


def _own_class(system: AISystem, regime: Regime) -> ObligedClass | None:
    return regime.classify(system.self_assessed_class, system.persons_per_month, system.training_flop or 0.0)


def _assessed(system: AISystem, regime: Regime) -> ObligedClass | None:
    word = system.assessed_class
    return regime.classify(word, system.persons_per_month, system.training_flop or 0.0) if word else None


def _exempt_by_sector(book: AuditBook, base: Rated) -> list[dict[str, Any]]:
    """Exemptions among the systems of a sector that could claim one, with the sectors that stand out."""
    t = tariff(book.calibration, book.regime)
    exempt, able = np.zeros(len(t.sector_ids)), np.zeros(len(t.sector_ids))
    for sector, claims in zip(base.risks.sector, _exemptions(book), strict=True):
        if claims is not None:
            exempt[sector] += claims
            able[sector] += 1
    high = at_least(exempt, able, exempt.sum() - exempt, (able - exempt).sum() - (able - exempt))
    odd = discoveries(high)
    return [
        {
            "sector": t.sector_ids[s],
            "exempt": int(exempt[s]),
            "able": int(able[s]),
            "share": float(exempt[s] / able[s]),
            "odd": bool(odd[s]),
        }
        for s in np.flatnonzero(able)
    ]


def _exemptions(book: AuditBook) -> Iterator[bool | None]:
    """Of every system whether it claims to be exempt; None where its own class knows no exemption."""
    could = {c.without_register_number for c in book.regime.classes.values() if c.register_number_required}
    for profile in book.profiles:
        for system in profile.systems:
            own = _own_class(system, book.regime)
            claims = own is not None and own.register_number_required
            yield claims if own is not None and (claims or own.id in could) else None


def told_authority(book: AuditBook, base: Rated) -> MetricResult:  # noqa: ARG001 - one signature for all metrics
    """M18: incidents of the window that the authority was told of, over those known. Behind it: who never told."""
    counts = {row: _counts(profile, book)[:2] for row, profile in enumerate(book.profiles)}
    told, found = (sum(pair[i] for pair in counts.values()) for i in (0, 1))
    if not told + found:
        return without("M18", "share", "no_incidents")
    behind = [
        firm_behind(book, row, float(hidden), "never_told", reported=reported, discovered=hidden)
        for row, (reported, hidden) in sorted(counts.items(), key=lambda item: -item[1][1])
        if hidden
    ]
    rows = [{"conduct": "told", "incidents": told}, {"conduct": "discovered", "incidents": found}]
    return measured(book, "M18", told / (told + found), "share", told + found, behind, rows)
