"""Perils and heads: one row each, and the rows that the law and the tables of the house name."""

import csv
from pathlib import Path

import pytest

from policies.heads import HEADS, Section
from policies.perils import PERILS

TABLE = Path(__file__).parents[3] / "shared" / "data" / "catalogue" / "perils.csv"


@pytest.mark.parametrize("rows", [PERILS, HEADS], ids=["perils", "heads"])
def test_rows_carry_their_id_and_two_titles(rows: dict[str, object]) -> None:
    titles = [(row.id, row.title, row.title_nl) for row in rows.values()]  # type: ignore[attr-defined]
    assert [row_id for row_id, _, _ in titles] == list(rows)
    assert all(title.strip() and title_nl.strip() for _, title, title_nl in titles)
    assert len({title for _, title, _ in titles}) == len({title for _, _, title in titles}) == len(rows)


def test_there_are_fourteen_perils_of_which_three_are_systemic_and_two_measured_as_capability() -> None:
    assert len(PERILS) == 14
    assert {p.id for p in PERILS.values() if p.systemic} == {"CYB", "CBR", "LOC"}
    assert {p.id for p in PERILS.values() if p.capability} == {"CYB", "CBR"}


def test_heads_fall_in_three_sections() -> None:
    """H: Directive (EU) 2024/2853, Article 6; G: what it leaves out; C: own costs (Articles 7:957 and 7:959 BW)."""
    sections = {s: "".join(h.id for h in HEADS.values() if h.section is s) for s in Section}
    assert sections == {
        Section.PRODUCT_LIABILITY: "H1H2H3H4",
        Section.GAP: "G1G2G3G4G5G6G7",
        Section.OWN_COST: "C1C2",
    }


def test_perils_are_those_of_the_table() -> None:
    if not TABLE.is_file():
        pytest.skip("the shared data folder is absent")
    with TABLE.open(encoding="utf-8", newline="") as lines:
        assert {row["id"] for row in csv.DictReader(lines)} == set(PERILS)
