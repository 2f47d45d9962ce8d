"""From coded incidents to counts: the mapping, incidents made up for the purpose, and the shipped tables made again."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from actuarial.fitting.incident_codes import (
    LABELS,
    NO_HEAD,
    OUTSIDE,
    SEVERAL,
    TABLES,
    UNCODED,
    authored,
    head_counts,
    head_weights,
    incident_counts,
    peril_weights,
    tables,
)
from policies.heads import HEADS
from policies.perils import PERILS

SHARED = Path(__file__).parents[4] / "shared" / "data"
NAMES = ("aiid_counts.csv", "aiid_codes.csv", "aiid_links.csv")
FIELDS = {
    "incident_id": 1,
    "date": "2023-05-01",
    "db_created": "2024-01-01",
    "mit_subdomain_2025": np.nan,
    "mit_domain_navigator_2026": np.nan,
    "cset_sector": np.nan,
    "cset_lives_lost": np.nan,
    "cset_injuries": np.nan,
}
NO_V0 = pd.DataFrame({"Incident ID": [], "Harm Type": []}, dtype=str)


def incidents(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{**FIELDS, "incident_id": number + 1, **row} for number, row in enumerate(rows)])


def annotations(*rows: dict[str, Any]) -> pd.DataFrame:
    blank = {"Harm Domain": "yes", "Lives Lost": "0", "Injuries": "0", **dict.fromkeys(authored()["harm_v1"], "no")}
    return pd.DataFrame([{**blank, **row} for row in rows])


def perils_of(row: dict[str, Any]) -> dict[str, float]:
    (weights,) = peril_weights(incidents(row))
    return {label: float(weight) for label, weight in zip(LABELS, weights, strict=True) if weight}


def test_mapping_is_complete_and_every_weight_has_a_reason() -> None:
    mapping = authored()
    for entry in [*mapping["subdomain"].values(), *mapping["sector"]]:
        assert sum(entry["perils"].values()) == pytest.approx(1.0)
        assert set(entry["perils"]) <= {*PERILS, OUTSIDE}
        assert entry["why"]
    for shares in [*mapping["harm_v0"].values(), *mapping["harm_v1"].values()]:
        assert sum(shares.values()) == pytest.approx(1.0)
        assert set(shares) <= set(HEADS)
    assert {entry["subdomain"] for entry in mapping["sector"]} <= set(mapping["subdomain"])
    assert mapping["injury"]["peril"] in PERILS
    assert mapping["injury"]["head"] in HEADS


def test_the_subdomain_gives_the_perils() -> None:
    assert perils_of({"mit_subdomain_2025": "2.1. Compromise of privacy"}) == {"PRV": 1.0}
    assert perils_of({"mit_subdomain_2025": "6.2. Increased inequality"}) == {OUTSIDE: 1.0}
    assert perils_of({"mit_subdomain_2025": "1.2. Exposure to toxic content"}) == {"PSY": 0.4, "DIS": 0.3, "DIG": 0.3}


def test_the_sector_narrows_a_lack_of_capability_only() -> None:
    robust = {"mit_subdomain_2025": "7.3. Lack of capability or robustness"}
    assert perils_of({**robust, "cset_sector": "transportation and storage"}) == {"BOD": 0.6, "PRO": 0.4}
    assert perils_of({**robust, "cset_sector": "Education"}) == perils_of(robust)
    assert perils_of({"mit_subdomain_2025": "2.1.", "cset_sector": "transportation and storage"}) == {"PRV": 1.0}


def test_an_injury_decides_alone() -> None:
    injured = {"mit_subdomain_2025": "3.1.", "cset_sector": "Education", "cset_injuries": 2.0}
    assert perils_of(injured) == {"BOD": 1.0}
    assert perils_of({"cset_lives_lost": 1.0}) == {"BOD": 1.0}


def test_a_domain_alone_takes_the_average_of_its_coded_incidents() -> None:
    misuse = {"mit_domain_navigator_2026": "4-misuse"}
    weights = peril_weights(
        incidents({**misuse, "mit_subdomain_2025": "4.3."}, {**misuse, "mit_subdomain_2025": "2.1."}, misuse, {})
    )
    assert weights[2] == pytest.approx((weights[0] + weights[1]) / 2)
    assert weights[3, LABELS.index(UNCODED)] == 1.0
    lone = peril_weights(incidents(misuse))
    assert lone[0, LABELS.index(UNCODED)] == 1.0


def test_a_code_that_the_mapping_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match=r"subdomain 9\.9"):
        peril_weights(incidents({"mit_subdomain_2025": "9.9. Something new"}))


def test_heads_are_the_average_of_the_coded_harms() -> None:
    coded = annotations(
        {"Incident ID": "1", "Protected Characteristic": "yes", "Injuries": "3"},
        {"Incident ID": "2", "Detrimental Content": "maybe"},
        {"Incident ID": "4", "Harm Domain": np.nan, "Detrimental Content": np.nan},
        {"Incident ID": "99", "Detrimental Content": "yes"},  # withdrawn from the database
    )
    v0 = pd.DataFrame({"Incident ID": ["2", "3"], "Harm Type": ["Psychological harm, Financial harm", np.nan]})
    weights = head_weights(incidents({}, {}, {}, {}, {}), v0, coded)
    heads = [{h: float(w) for h, w in zip(HEADS, row, strict=True) if w} for row in weights]
    assert heads[:3] == [{"G3": 0.5, "H1": 0.5}, {"H2": 0.5, "G1": 0.5}, {}]
    assert np.isnan(weights[3:]).all()


def test_counts_keep_every_incident_and_its_years() -> None:
    frame = incident_counts(
        incidents({"mit_subdomain_2025": "1.2."}, {"mit_subdomain_2025": "2.1.", "db_created": "2025-02-02"}, {})
    )
    assert list(frame.columns) == ["peril", "year", "entry_year", "incidents"]
    assert frame["incidents"].sum() == pytest.approx(3.0)
    by_entry = frame.groupby("entry_year")["incidents"].sum()
    assert by_entry.to_dict() == pytest.approx({2024: 2.0, 2025: 1.0})
    assert set(frame["year"]) == {2023}


def test_a_code_of_several_perils_is_no_evidence_for_any_of_them() -> None:
    coded = annotations({"Incident ID": "1", "Detrimental Content": "yes"}, {"Incident ID": "2"})
    frame = head_counts(incidents({"mit_subdomain_2025": "3.1."}, {"mit_subdomain_2025": "2.1."}, {}), NO_V0, coded)
    assert frame.to_dict("records") == [
        {"peril": "PRV", "head": NO_HEAD, "incidents": 1.0},
        {"peril": SEVERAL, "head": "G5", "incidents": 1.0},
    ]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the incident databases are not beside the checkout")
def test_shipped_tables_are_what_the_script_makes() -> None:
    made = tables(SHARED)
    assert set(made) == set(NAMES)
    for name, frame in made.items():
        assert frame.to_csv(index=False, lineterminator="\n") == (TABLES / name).read_text("utf-8"), name
    rows = len(pd.read_csv(SHARED / "aiid" / "incidents_enriched.csv"))
    assert made["aiid_counts.csv"]["incidents"].sum() == pytest.approx(rows, abs=0.1)


def test_shipped_tables_hold_counts_and_nothing_that_names_an_incident() -> None:
    columns = {name: list(pd.read_csv(TABLES / name).columns) for name in NAMES}
    assert columns == {
        "aiid_counts.csv": ["peril", "year", "entry_year", "incidents"],
        "aiid_codes.csv": ["peril", "head", "incidents"],
        "aiid_links.csv": ["year", "second", "both", "chance"],
    }
    counts = pd.read_csv(TABLES / "aiid_counts.csv")
    assert set(counts["peril"]) <= set(LABELS)
    assert (counts["entry_year"] >= counts["year"]).all()
    by_year = counts.groupby("year")["incidents"].sum()
    assert by_year.loc[2020:2025].round().tolist() == [91, 79, 106, 172, 296, 438]
