"""Small audit books for the tests of the metrics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from strategies import AT, CALIBRATION, REGIME, SYSTEM

from policies.money import ZERO, Money
from policies.risk import AISystem, Cover, Firm, Incident, IncidentSeverity, IncidentSource, RiskProfile, SizeClass
from policies.terms import Terms
from underwriting.audit import values
from underwriting.audit.book import Quoted, book_of
from underwriting.audit.rated import Rated, rated
from underwriting.audit.values import AuditBook, MetricResult, table

LARGE = replace(SYSTEM, persons_per_month=90_000.0, assessed_class="A3")  # its premium is well above the minimum
TABLES = {
    "renewals": values.RENEWAL_COLUMNS,
    "payments": values.PAYMENT_COLUMNS,
    "claims": values.CLAIM_COLUMNS,
    "retests": values.RETEST_COLUMNS,
    "replays": values.REPLAY_COLUMNS,
}


def kvk(number: int) -> str:
    return str(99_000_000 + number)


def firm(
    number: int = 1,
    system: AISystem = LARGE,
    *,
    size: SizeClass = SizeClass.MEDIUM,
    turnover_eur: int = 20_000_000,
    limit_times: float = 1.0,
    deductible_eur: int = 5_000,
    country: str = "NL",
    incidents: Sequence[Incident] = (),
) -> RiskProfile:
    """A firm with one system of class A3, covered at a multiple of the minimum limit."""
    floor = REGIME.classes["A3"]
    limit = Money(round(floor.minimum_limit.cents * limit_times))
    turnover = Money.euros(turnover_eur)
    return RiskProfile(
        firm=Firm(f"Voorbeeld {number}", kvk(number), country, size, turnover, turnover, date(2015, 1, 1)),
        cover=Cover(
            date(2027, 1, 1), 12, REGIME.compulsory_heads, Terms(Money.euros(deductible_eur), limit, limit + limit), 1
        ),
        systems=(system,),
        incidents=tuple(incidents),
        obligations=(),
        sha256=f"{number:064d}",
    )


def incident(number: int, *, told: bool, source: IncidentSource | None = None, age_days: int = 100) -> Incident:
    """An incident of the system, reported at once or brought to light by the press."""
    day = AT - timedelta(days=age_days)
    return Incident(
        id=f"i{number}",
        system=SYSTEM.id,
        peril="FIN",
        occurred_at=day,
        aware_at=day,
        reported_at=day if told else None,
        source=source or (IncidentSource.SELF if told else IncidentSource.PRESS),
        severity=IncidentSeverity.MINOR,
        persons_affected=1,
        loss=ZERO,
        description="x",
    )


def small(
    profiles: Sequence[RiskProfile],
    quoted: Sequence[Quoted] = (),
    overrides: Sequence[Sequence[Any]] | None = None,
    **tables: Sequence[Sequence[Any]],
) -> AuditBook:
    """A book of these profiles with these rows in its tables."""
    judged = None if overrides is None else table(values.OVERRIDE_COLUMNS, overrides)
    book = book_of(profiles, AT, REGIME, CALIBRATION, quoted, judged)
    return replace(book, **{name: table(TABLES[name], rows) for name, rows in tables.items()})


def on(book: AuditBook, metric: Callable[[AuditBook, Rated], MetricResult]) -> MetricResult:
    """One metric of a book."""
    return metric(book, rated(book.profiles, book.at, book.regime, book.calibration))
