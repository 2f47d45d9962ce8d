"""Wrong incidents.csv and obligations.csv: one clear error for each fault, with row and field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from dossiers import AT, incidents, obligations, write_dossier
from reading_dossiers import LATER, errors, read

INCIDENT_ROWS: dict[str, tuple[dict[str, Any], str, str]] = {
    "peril": ({"peril": "XXX"}, "word-unknown", "peril"),
    "system": ({"system": "other"}, "system-unknown", "system"),
    "source": ({"source": "rumour"}, "field-value", "source"),
    "severity": ({"severity": "bad"}, "field-value", "severity"),
    "occurred in the future": (
        {"occurred_at": LATER, "aware_at": LATER, "reported_at": ""},
        "date-future",
        "occurred_at",
    ),
    "aware before it occurred": ({"aware_at": "2026-02-28"}, "date-order", "aware_at"),
    "reported before aware": ({"reported_at": "2026-03-01"}, "date-order", "reported_at"),
    "no date": ({"occurred_at": "yesterday"}, "field-value", "occurred_at"),
    "empty date": ({"occurred_at": ""}, "field-missing", "occurred_at"),
    "negative persons": ({"persons_affected": "-3"}, "field-value", "persons_affected"),
    "more persons than there are": ({"persons_affected": 10**9}, "field-value", "persons_affected"),
    "negative loss": ({"loss_eur": "-0.01"}, "field-value", "loss_eur"),
    "infinite loss": ({"loss_eur": "inf"}, "field-value", "loss_eur"),
    "fraction of a cent": ({"loss_eur": "1.005"}, "field-value", "loss_eur"),
    "comma for a point": ({"loss_eur": "1,50"}, "field-value", "loss_eur"),
    "formula": ({"description": "=HYPERLINK(1)"}, "csv-formula", "description"),
    "formula behind spaces": ({"description": "  +1+cmd|' /C calc'!A0"}, "csv-formula", "description"),
    "formula with @": ({"description": "@SUM(1)"}, "csv-formula", "description"),
    "formula with minus": ({"description": "-2+3+cmd"}, "csv-formula", "description"),
    "full-width formula": ({"description": "＝1+1"}, "csv-formula", "description"),
    "formula in a number": ({"loss_eur": "=1+1"}, "csv-formula", "loss_eur"),
    "tab": ({"description": "\t=1"}, "text-control", "description"),
    "escape": ({"description": "x\x1b]52;c;AA\x07"}, "text-control", "description"),
    "empty description": ({"description": ""}, "field-missing", "description"),
    "long description": ({"description": "x" * 2_001}, "field-value", "description"),
}


@pytest.mark.parametrize("name", INCIDENT_ROWS)
def test_a_wrong_incident_gets_one_error_with_row_and_field(name: str, tmp_path: Path) -> None:
    change, code, column = INCIDENT_ROWS[name]
    text = incidents({"id": "a"}, {"id": "b"} | change)
    found = errors(read(write_dossier(tmp_path, files={"incidents.csv": text})))
    row = f"incidents.csv: row 3, {column}"
    assert found[0] == (code, row)
    assert len(found) == (2 if name == "occurred in the future" else 1)  # then awareness is in the future too


def test_ids_of_incidents_are_unique(tmp_path: Path) -> None:
    found = errors(read(write_dossier(tmp_path, files={"incidents.csv": incidents({}, {})})))
    assert found == [("id-duplicate", "incidents.csv: row 3, id")]


@pytest.mark.parametrize(
    ("change", "code", "column"),
    [
        ({"kind": "good_will"}, "word-unknown", "kind"),
        ({"system": "other"}, "system-unknown", "system"),
        ({"delivered": LATER}, "date-future", "delivered"),
        ({"completeness": "1.2"}, "field-value", "completeness"),
        ({"completeness": "-0.1"}, "field-value", "completeness"),
        ({"completeness": "nan"}, "field-value", "completeness"),
        ({"due": "2026-13-01"}, "field-value", "due"),
    ],
)
def test_a_wrong_obligation_gets_one_error(change: Mapping[str, Any], code: str, column: str, tmp_path: Path) -> None:
    found = errors(read(write_dossier(tmp_path, files={"obligations.csv": obligations(change)})))
    assert found == [(code, f"obligations.csv: row 2, {column}")]


def test_an_obligation_counts_once(tmp_path: Path) -> None:
    text = obligations({}, {"delivered": "2026-06-01"})
    assert errors(read(write_dossier(tmp_path, files={"obligations.csv": text}))) == [
        ("id-duplicate", "obligations.csv: row 3")
    ]


def test_obligations_that_are_not_yet_due_are_left_out(tmp_path: Path) -> None:
    text = obligations({}, {"due": AT, "delivered": ""}, {"due": LATER, "delivered": ""})
    submission = read(write_dossier(tmp_path, files={"obligations.csv": text}))
    assert submission.profile is not None
    assert [o.due for o in submission.profile.obligations] == [date(2026, 6, 30), AT]
    assert [f.subject for f in submission.findings if f.code == "obligation-not-due"] == ["obligations.csv: row 4, due"]
