"""The harm heads: under which title a claim is made. One row each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Section(StrEnum):
    """Part of the policy a head belongs to."""

    PRODUCT_LIABILITY = "product_liability"  # Directive (EU) 2024/2853
    GAP = "gap"  # harm that product liability leaves out
    OWN_COST = "own_cost"  # rescue and recall


@dataclass(frozen=True, slots=True)
class Head:
    """A harm head with its section."""

    id: str
    title: str
    title_nl: str
    section: Section


HEADS: Mapping[str, Head] = {
    head.id: head
    for head in (
        Head("H1", "Death and bodily injury", "Overlijden en letsel", Section.PRODUCT_LIABILITY),
        Head("H2", "Recognised psychological injury", "Erkend psychisch letsel", Section.PRODUCT_LIABILITY),
        Head("H3", "Private property", "Zaken van consumenten", Section.PRODUCT_LIABILITY),
        Head("H4", "Private data", "Gegevens van consumenten", Section.PRODUCT_LIABILITY),
        Head("G1", "Pure financial loss", "Zuivere vermogensschade", Section.GAP),
        Head("G2", "Business property and data", "Zaken en gegevens van bedrijven", Section.GAP),
        Head("G3", "Discrimination", "Discriminatie", Section.GAP),
        Head("G4", "Privacy", "Privacy", Section.GAP),
        Head("G5", "Personality rights, IP, defamation", "Persoonlijkheidsrechten, IE, smaad", Section.GAP),
        Head("G6", "Regulatory defence and investigation", "Verweer en toezichtonderzoek", Section.GAP),
        Head("G7", "Administrative fines", "Bestuurlijke boeten", Section.GAP),
        Head("C1", "Mitigation and rescue cost", "Bereddingskosten", Section.OWN_COST),
        Head("C2", "Recall, withdrawal, retraining", "Terugroepen, intrekken, hertrainen", Section.OWN_COST),
    )
}
