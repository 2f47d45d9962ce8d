"""Metrics of what harm costs the insured: M3 with cover against without, M4 what they bear, M6 disclosure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

import numpy as np

from actuarial.compliance import incident_weight
from actuarial.evidence import Ints
from actuarial.rating import size_scale
from actuarial.risks import tabulate
from actuarial.rounding import Floats
from actuarial.severity import layer
from actuarial.tariff import Tariff, tariff
from policies.money import CENTS_PER_EURO, ZERO
from policies.risk import Incident, IncidentSeverity, IncidentSource, RiskProfile, SizeClass
from underwriting.audit.rated import Rated, rate_table, rated, spread, tiled
from underwriting.audit.values import AuditBook, MetricResult, firm_behind, measured, without

MOST_FIRMS = 200  # firms rated anew for every kind of incident, 168 times each; evenly spread over a larger book
LATE_DAYS = 30  # how late a late report comes: a month
ROUNDING_EUR = 1.0  # lines of a waterfall round to the cent, each on its own and for every year: less is no difference
LEAST_CLASS = "A4"  # M3 speaks of high risk at scale and above


class Conduct(StrEnum):
    """What a firm does with an incident."""

    IN_TIME = "in_time"
    LATE = "late"
    FOUND = "found"  # it conceals, and the incident comes to light all the same


@dataclass(frozen=True, slots=True)
class _Choice:
    """Present value in euros of reporting and of concealing, (C, V, P, N): conducts in time and late, severities,
    perils, firms."""

    report: Floats
    conceal: Floats

    @property
    def gain(self) -> Floats:
        """What concealing gains over reporting; positive where it is the cheaper choice."""
        return np.asarray(self.report - self.conceal)


def net_effect(book: AuditBook, base: Rated) -> MetricResult:
    """M3: what a serious incident, reported in time, costs a firm with cover (deductible, and the rise of the premiums
    of the years after) over what it costs without: the loss up to where the cover ends. The median firm of class A4 up.
    """
    t = tariff(book.calibration, book.regime)
    ladder = list(book.regime.classes)
    high = ladder[ladder.index(LEAST_CLASS) :] if LEAST_CLASS in ladder else []
    rows = np.flatnonzero(book.firms["obliged_class"].isin(high).to_numpy() & (base.expected_loss > 0))
    rows = rows[spread(len(rows), MOST_FIRMS)] if len(rows) else rows
    if not len(rows):
        return without("M3", "ratio", "no_high_risk")
    part = _part(book, rows)
    weight = _weights(book, Conduct.IN_TIME, IncidentSeverity.SERIOUS, t)
    rises = _rises(book, part, weight, part.risks.compliance, t)  # (P, N)
    kept, whole = (loss @ t.mixture.T for loss in _per_claim(part, t))  # (N, P)
    mix = part.rating.frequency[part.leading]
    mix = mix / mix.sum(axis=1, keepdims=True)
    deductible, premium, loss = ((mix * cost).sum(axis=1) for cost in (kept, rises.T, whole))
    ratio = (deductible + premium) / loss
    least = book.regime.incentives.metrics["M3"].least or 0.0
    behind = [
        firm_behind(
            book,
            int(rows[n]),
            float(ratio[n]),
            "harm_is_cheap",
            deductible_eur=float(deductible[n]),
            premium_eur=float(premium[n]),
            loss_eur=float(loss[n]),
        )
        for n in np.argsort(ratio, kind="stable")
        if ratio[n] < least
    ]
    parts = {"deductible": deductible / loss, "premium": premium / loss, "both": ratio}
    detail = [{"part": name, "median": float(np.median(share))} for name, share in parts.items()]
    return measured(book, "M3", float(np.median(ratio)), "ratio", len(rows), behind, detail)


def moral_hazard(book: AuditBook, base: Rated) -> MetricResult:
    """M4: share of the expected loss, up to where the cover ends, that insured bear as deductible. Behind it: firms
    that bear less than the regime asks for. Rows: by size."""
    t = tariff(book.calibration, book.regime)
    by_head = np.zeros((len(book.profiles), len(t.head_ids)))
    np.add.at(by_head, base.risks.policy, base.rating.frequency @ t.mixture)
    kept, whole = ((by_head * loss).sum(axis=1) for loss in _per_claim(base, t))
    if not whole.sum():
        return without("M4", "share", "no_expected_loss")
    share = np.divide(kept, whole, out=np.ones_like(kept), where=whole > 0)
    least = book.regime.incentives.metrics["M4"].least or 0.0
    size = book.firms["size_class"].to_numpy()
    detail = [
        {"size_class": name.value, "firms": int(own.sum()), "share": _over(kept[own], whole[own])}
        for name in SizeClass
        if (own := size == name.value).any()
    ]
    behind = [
        firm_behind(book, int(row), float(share[row]), "bears_little", expected_loss_eur=float(whole[row]))
        for row in np.argsort(share, kind="stable")
        if share[row] < least
    ]
    return measured(book, "M4", _over(kept, whole), "share", len(share), behind, detail)


def _over(part: Floats, whole: Floats) -> float | None:
    total = float(whole.sum())
    return float(part.sum()) / total if total > 0 else None


def _per_claim(found: Rated, t: Tariff) -> tuple[Floats, Floats]:
    """Expected euros of one claim per covered head, (N, H): below the deductible, and up to where the cover ends."""
    d, limit = found.risks.deductible / CENTS_PER_EURO, found.risks.limit / CENTS_PER_EURO
    scale, nothing = size_scale(found.risks.turnover, t), np.zeros(len(found.risks.limit))
    kept, whole = (layer(t.severity, nothing, top, scale) * found.risks.covered for top in (d, d + limit))
    return kept, whole


def disclosure(book: AuditBook, base: Rated) -> MetricResult:  # noqa: ARG001 - one signature for all metrics
    """M6: share of firms and kinds of incident (peril, severity) for which concealing costs less than reporting.

    D = PV(rise when reported) - p PV(rise when concealed and found), p the regime's detection probability, over the
    years in which an incident counts; reported in time, and late by a month. All else that weighs against concealing is
    left out: fines, recourse, lower compliance, what the cover would have paid. Behind it: firms that gain most by it.
    """
    t = tariff(book.calibration, book.regime)
    rows = spread(len(book.profiles), MOST_FIRMS)
    choice = _choices(book, rows, t)
    gain = choice.gain
    cheaper = gain.max(axis=0) > ROUNDING_EUR  # (V, P, N)
    worst = gain.max(axis=(0, 1, 2))
    behind = []
    for n in np.argsort(-worst, kind="stable"):
        if worst[n] <= ROUNDING_EUR:
            break
        c, v, p = np.unravel_index(int(gain[..., n].argmax()), gain.shape[:3])
        figures = {"report_eur": float(choice.report[c, v, p, n]), "conceal_eur": float(choice.conceal[c, v, p, n])}
        kind = {"peril": t.peril_ids[p], "severity": list(IncidentSeverity)[v].value, "report": list(Conduct)[c].value}
        behind.append(firm_behind(book, int(rows[n]), float(worst[n]), "concealing_pays", **kind, **figures))
    detail = [
        {
            "severity": severity.value,
            "peril": peril,
            "report_eur": float(choice.report[0, v, p].mean()),
            "late_eur": float(choice.report[1, v, p].mean()),
            "conceal_eur": float(choice.conceal[0, v, p].mean()),
            "cheaper_share": float(cheaper[v, p].mean()),
        }
        for v, severity in enumerate(IncidentSeverity)
        for p, peril in enumerate(t.peril_ids)
    ]
    return measured(book, "M6", float(cheaper.mean()), "share", cheaper.size, behind, detail)


def _choices(book: AuditBook, rows: Ints, t: Tariff) -> _Choice:
    """Both choices for every kind of incident of these firms, each by rating the firm again."""
    part = _part(book, rows)
    costs = {}
    for conduct in Conduct:
        compliance = part.risks.compliance
        if conduct is not Conduct.FOUND:
            profiles = [_with_incident(book, row, conduct, part, n) for n, row in enumerate(rows)]
            compliance = tabulate(profiles, book.at, book.regime, book.calibration).compliance
        costs[conduct] = np.stack(
            [_rises(book, part, _weights(book, conduct, severity, t), compliance, t) for severity in IncidentSeverity]
        )
    reported = np.stack([costs[Conduct.IN_TIME], costs[Conduct.LATE]])
    return _Choice(reported, np.broadcast_to(book.regime.detection_probability * costs[Conduct.FOUND], reported.shape))


def _part(book: AuditBook, rows: Ints) -> Rated:
    return rated([book.profiles[row] for row in rows], book.at, book.regime, book.calibration)


def _rises(book: AuditBook, part: Rated, weights: Floats, compliance: Floats, t: Tariff) -> Floats:
    """Present value in euros of the rise of the premium due, (P, N), after an incident of weight (P,) on the costliest
    system, one peril at a time, with compliance (S,) as it is then.

    A rise lasts as long as the regime looks back; later premiums are discounted at the cost of capital of the regime.
    """
    perils, many = len(t.peril_ids), len(part.risks.policy)
    risks = tiled(part.risks, perils)
    incidents = risks.incidents.copy()
    for peril in range(perils):
        incidents[peril * many + part.leading, peril] += weights[peril]
    after = rate_table(replace(risks, incidents=incidents, compliance=np.tile(compliance, perils)), t).premiums.due
    rise = after.reshape(perils, -1) - part.premiums.due
    return np.asarray(rise / part.risks.term_years / CENTS_PER_EURO * _annuity(book))


def _annuity(book: AuditBook) -> float:
    """Present value of one euro at the end of each year in which an incident counts."""
    rate, years = book.regime.cost_of_capital, book.regime.incident_window_years
    return float((1 - (1 + rate) ** -years) / rate)


def _weights(book: AuditBook, conduct: Conduct, severity: IncidentSeverity, t: Tariff) -> Floats:
    """Weight in the history of an incident of each peril, (P,)."""
    made = [_incident(book, "", peril, severity, conduct) for peril in t.peril_ids]
    return np.array([incident_weight(one, book.at, book.regime, book.calibration.history) for one in made])


def _with_incident(book: AuditBook, row: int, conduct: Conduct, part: Rated, number: int) -> RiskProfile:
    """The firm after an incident on its costliest system; of which peril, its compliance does not ask."""
    profile = book.profiles[row]
    first = int(np.searchsorted(part.risks.policy, number))
    system = profile.systems[int(part.leading[number]) - first]
    peril = next(iter(book.calibration.perils))
    added = _incident(book, system.id, peril, IncidentSeverity.SERIOUS, conduct)
    return replace(profile, incidents=(*profile.incidents, added))


def _incident(book: AuditBook, system: str, peril: str, severity: IncidentSeverity, conduct: Conduct) -> Incident:
    """An incident of which the firm became aware so long ago that its report, if it comes, falls on the audit's day."""
    days = book.regime.incident_days(peril, severity) + (LATE_DAYS if conduct is Conduct.LATE else 0)
    aware, found = book.at - timedelta(days), conduct is Conduct.FOUND
    return Incident(
        id="audit",
        system=system,
        peril=peril,
        occurred_at=aware,
        aware_at=aware,
        reported_at=None if found else book.at,
        source=IncidentSource.AUTHORITY if found else IncidentSource.SELF,
        severity=severity,
        persons_affected=1,
        loss=ZERO,
        description="",
    )
