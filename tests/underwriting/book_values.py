"""Entries and artefacts for tests of the book, without any rating."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from policies.money import Money
from underwriting.quote import Decision
from underwriting.records import Artefact, Entry, Kind, QuoteRow, artefact

DAY = date(2026, 11, 24)
SOURCES = tuple(artefact(kind, f'{{"kind":"{kind}"}}') for kind in (Kind.PROFILE, Kind.REGIME, Kind.CALIBRATION))


def entry(
    quote_id: str = "Q-1", firm: str = "Voorbeeld Anker B.V.", **row: object
) -> tuple[Entry, tuple[Artefact, ...]]:
    """A quote of this id with the artefacts it points to."""
    content = artefact(Kind.QUOTE, f'{{"id":"{quote_id}"}}')
    values: dict[str, object] = {
        "obliged_class": "A3",
        "limit": Money(250_000_000),
        "due": Money(1_234_567),
        "decision": Decision.QUOTED,
        "at": DAY,
        "inception": date(2027, 1, 1),
    }
    made = QuoteRow(id=quote_id, firm=firm, **(values | row))  # type: ignore[arg-type]
    digests = [source.sha256 for source in (*SOURCES, content)]
    return Entry(made, "99000001", *digests, saved_at=DAY), (*SOURCES, content)


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
CENTS = st.integers(1, 2**63 - 1).map(Money)
ROWS = st.fixed_dictionaries(
    {
        "firm": NAMES,
        "obliged_class": st.sampled_from(("A0", "A3", "A7")),
        "limit": CENTS,
        "due": CENTS,
        "decision": st.sampled_from(Decision),
        "at": st.dates(),
        "inception": st.dates(),
    }
)
