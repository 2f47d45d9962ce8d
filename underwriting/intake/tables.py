"""incidents.csv and obligations.csv: rows to values and findings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from policies.findings import Finding
from policies.perils import PERILS
from policies.regimes import Regime
from policies.risk import Incident, IncidentSeverity, IncidentSource, Obligation
from underwriting.intake.codes import remark
from underwriting.intake.csvtext import Column, Row, a_day, a_share, a_text, an_amount, an_id, count_to, read_rows
from underwriting.intake.limits import DESCRIPTION_LENGTH, PERSON_COUNT
from underwriting.intake.text import shown

INCIDENTS, OBLIGATIONS = "incidents.csv", "obligations.csv"

RIGHT_ID = "an id of 1 to 64 letters, digits, dots, underscores and hyphens"
RIGHT_SYSTEM = "the id of a system in dossier.toml"
RIGHT_DAY = "a date, as YYYY-MM-DD"

INCIDENT_COLUMNS = (
    Column("id", RIGHT_ID + ", unique in the file", an_id),
    Column("system", RIGHT_SYSTEM, an_id),
    Column("peril", "the id of a peril, such as DIS", an_id),
    Column("occurred_at", RIGHT_DAY, a_day),
    Column("aware_at", RIGHT_DAY + ", not before occurred_at", a_day),
    Column("reported_at", RIGHT_DAY + ", not before aware_at; empty when never reported", a_day, required=False),
    Column("source", "self, authority or press: who brought it to light", IncidentSource),
    Column("severity", "near_miss, minor, serious or critical", IncidentSeverity),
    Column("persons_affected", f"a whole number from 0 to {PERSON_COUNT}", count_to(PERSON_COUNT)),
    Column("loss_eur", "an amount in euros, from 0 to below 1e12 with at most two decimals", an_amount),
    Column(
        "description", f"one line of text, at most {DESCRIPTION_LENGTH} characters", a_text, longest=DESCRIPTION_LENGTH
    ),
)

OBLIGATION_COLUMNS = (
    Column("system", RIGHT_SYSTEM, an_id),
    Column("kind", "a kind of obligation that the regime knows", an_id),
    Column("due", RIGHT_DAY, a_day),
    Column("delivered", RIGHT_DAY + "; empty when not delivered", a_day, required=False),
    Column("completeness", "a share from 0 to 1 with at most six decimals", a_share),
)


def read_incidents(
    raw: bytes, systems: frozenset[str] | None, at: date
) -> tuple[tuple[Incident, ...], tuple[Finding, ...]]:
    """The incidents and what is wrong; `systems` None skips the check of system ids. Raises Refused."""
    rows, found = read_rows(raw, INCIDENTS, INCIDENT_COLUMNS)
    seen: set[str | None] = set()
    checks: list[Finding] = []
    for row in rows:
        checks += _unknown_system(row, INCIDENTS, systems)
        checks += _incident_findings(row, at)
        identity = row.values.get("id")
        if identity in seen:
            checks.append(remark("id-duplicate", row.at(INCIDENTS, "id"), f"{shown(identity)} is taken; use an own id"))
        seen.update({identity} - {None})
    whole = (row.values for row in rows if len(row.values) == len(INCIDENT_COLUMNS))
    values = tuple(
        Incident(**{name: value for name, value in row.items() if name != "loss_eur"}, loss=row["loss_eur"])
        for row in whole
    )
    return values, (*found, *checks)


def _incident_findings(row: Row, at: date) -> Iterator[Finding]:
    peril = row.values.get("peril")
    if peril is not None and peril not in PERILS:
        message = f"is {shown(peril)}; right would be one of {', '.join(PERILS)}"
        yield remark("word-unknown", row.at(INCIDENTS, "peril"), message)
    days = {name: row.values.get(name) for name in ("occurred_at", "aware_at", "reported_at")}
    for name, day in days.items():
        yield from _future(row, INCIDENTS, name, day, at)
    for (earlier_name, earlier), (later_name, later) in pairwise(days.items()):
        if earlier and later and later < earlier:
            message = f"is {later}; right would be a day not before {earlier_name}, {earlier}"
            yield remark("date-order", row.at(INCIDENTS, later_name), message)


def read_obligations(
    raw: bytes, systems: frozenset[str] | None, regime: Regime, at: date
) -> tuple[tuple[Obligation, ...], tuple[Finding, ...]]:
    """The obligations due by day `at` and what is wrong; `systems` as above. Raises Refused."""
    rows, found = read_rows(raw, OBLIGATIONS, OBLIGATION_COLUMNS)
    seen: set[tuple[object, ...]] = set()
    checks: list[Finding] = []
    values: list[Obligation] = []
    for row in rows:
        checks += _unknown_system(row, OBLIGATIONS, systems)
        checks += _obligation_findings(row, regime, at)
        key = tuple(row.values.get(name) for name in ("system", "kind", "due"))
        if None not in key and key in seen:
            message = "names a system, kind and due day that stand above; right would be one row for each"
            checks.append(remark("id-duplicate", row.at(OBLIGATIONS), message))
        seen.add(key)
        if len(row.values) == len(OBLIGATION_COLUMNS) and row.values["due"] <= at:
            values.append(Obligation(**row.values))
    return tuple(values), (*found, *checks)


def _obligation_findings(row: Row, regime: Regime, at: date) -> Iterator[Finding]:
    kind, due = row.values.get("kind"), row.values.get("due")
    if kind is not None and kind not in regime.obligations:
        message = f"is {shown(kind)}; right would be one of {', '.join(regime.obligations)}"
        yield remark("word-unknown", row.at(OBLIGATIONS, "kind"), message, regime.id)
    yield from _future(row, OBLIGATIONS, "delivered", row.values.get("delivered"), at)
    if due and due > at:
        yield remark("obligation-not-due", row.at(OBLIGATIONS, "due"), f"is {due}, after {at}: left out of account")


def _future(row: Row, file: str, name: str, day: date | None, at: date) -> Iterator[Finding]:
    if day and day > at:
        message = f"is {day}; right would be a day not after the day of the quote, {at}"
        yield remark("date-future", row.at(file, name), message)


def _unknown_system(row: Row, file: str, systems: frozenset[str] | None) -> Iterator[Finding]:
    system = row.values.get("system")
    if systems is not None and system is not None and system not in systems:
        message = f"is {shown(system)}; right would be one of {', '.join(sorted(systems))}"
        yield remark("system-unknown", row.at(file, "system"), message)
