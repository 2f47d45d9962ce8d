"""Dossiers for tests: a valid minimal one to change at will, and the five written from real logs."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

AT = date(2026, 11, 24)
ROOT = Path(__file__).parents[1]
REAL_LOGS = ROOT / "tests" / "golden" / "real_logs"
SHARED_LOGS = ROOT.parent / "shared" / "data" / "evidence" / "inspect"
REAL_DOSSIERS = ("chat_assistant", "clinical_triage", "credit_scoring", "hr_screening", "systemic_model")

TABLE = "evidence/results.csv"
TABLE_COLUMNS = ("test", "trials", "failures", "date")
INCIDENT_COLUMNS = (
    "id",
    "system",
    "peril",
    "occurred_at",
    "aware_at",
    "reported_at",
    "source",
    "severity",
    "persons_affected",
    "loss_eur",
    "description",
)
OBLIGATION_COLUMNS = ("system", "kind", "due", "delivered", "completeness")

INCIDENT = dict(
    zip(
        INCIDENT_COLUMNS,
        ("inc-1", "assist", "FIN", "2026-03-01", "2026-03-02", "2026-03-10", "self", "minor", 12, "1500.50", "Price."),
        strict=True,
    )
)
OBLIGATION = dict(
    zip(OBLIGATION_COLUMNS, ("assist", "evaluation_results", "2026-06-30", "2026-06-28", "0.9"), strict=True)
)
RUN = dict(zip(TABLE_COLUMNS, ("bbq", 400, 8, "2026-10-01"), strict=True))


def dossier_data() -> dict[str, Any]:
    """The data of a valid minimal dossier.toml, fresh each time; sha256 of evidence is filled in on saving."""
    return {
        "format": "waarborg-dossier/1",
        "firm": {
            "name": "Voorbeeld Fictie B.V.",
            "kvk": "01234567",
            "country": "NL",
            "size_class": "small",
            "turnover_nl_eur": 2_000_000,
            "turnover_world_eur": 3_000_000,
            "founded": date(2019, 5, 1),
        },
        "cover": {
            "inception": date(2027, 1, 1),
            "term_months": 12,
            "heads": ["C1"],
            "limit_eur": 1_000_000,
            "aggregate_limit_eur": 2_000_000,
            "deductible_eur": 5_000,
            "instalments": 4,
        },
        "systems": [
            {
                "id": "assist",
                "name": "Fictie Assist",
                "version": "2.3.1",
                "roles": ["provider", "deployer"],
                "self_assessed_class": "art50",
                "autonomy": 1,
                "sector": "retail",
                "persons_per_month": 12_000,
                "deployed": date(2025, 2, 1),
                "foundation_model": "fictie/model@2.3.1",
                "evidence": [
                    {
                        "file": TABLE,
                        "test": "bbq",
                        "evaluator": "Fictie Evaluaties B.V.",
                        "independence": "accredited",
                    }
                ],
            }
        ],
    }


def csv_text(columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Rows as CSV text with a header."""
    names = list(columns)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([row[name] for name in names] for row in rows)
    return out.getvalue()


def incidents(*changes: Mapping[str, object]) -> str:
    """incidents.csv with one row for each change of the valid incident."""
    return csv_text(INCIDENT_COLUMNS, [INCIDENT | dict(change) for change in changes])


def obligations(*changes: Mapping[str, object]) -> str:
    """obligations.csv with one row for each change of the valid obligation."""
    return csv_text(OBLIGATION_COLUMNS, [OBLIGATION | dict(change) for change in changes])


def results(*changes: Mapping[str, object]) -> str:
    """A results table with one row for each change of the valid run."""
    return csv_text(TABLE_COLUMNS, [RUN | dict(change) for change in changes])


def save_dossier(folder: Path, data: Mapping[str, Any], files: Mapping[str, str | bytes] | None = None) -> Path:
    """Write the files and dossier.toml, with the true sha256 in every evidence entry that has none."""
    contents = {TABLE: results({})} | dict(files or {})
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    for system in data.get("systems", []):
        for entry in system.get("evidence", []):
            path = folder / str(entry.get("file", ""))
            if "sha256" not in entry and path.is_file():
                entry["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "dossier.toml").write_text(toml_text(data), "utf-8")
    return folder


def write_dossier(folder: Path, **changes: Any) -> Path:
    """A valid minimal dossier in `folder`, changed: `firm`, `cover`, `system` and `evidence` hold fields to set in
    the firm, the cover, the first system and its first evidence entry (None removes a field), `files` the content
    of other files by name, such as incidents.csv.
    """
    data = dossier_data()
    system = data["systems"][0]
    places = {"firm": data["firm"], "cover": data["cover"], "system": system, "evidence": system["evidence"][0]}
    files = changes.pop("files", {})
    for place, fields in changes.items():
        for name, value in fields.items():
            places[place][name] = value
            if value is None:
                del places[place][name]
    return save_dossier(folder, data, files)


def toml_text(data: Mapping[str, Any]) -> str:
    """Plain data as TOML, tables of tables last."""
    return "\n".join(_table(data, ())) + "\n"


def _table(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterable[str]:
    nested = {k: v for k, v in table.items() if isinstance(v, dict) or (isinstance(v, list) and _tables(v))}
    for key, value in table.items():
        if key not in nested:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in nested.items():
        name = ".".join(_key(step) for step in (*path, key))
        for item in value if isinstance(value, list) else [value]:
            yield f"\n[[{name}]]" if isinstance(value, list) else f"\n[{name}]"
            yield from _table(item, (*path, key))


def _tables(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(value, dict) for value in values)


def _key(name: str) -> str:
    return name if name.isascii() and name.replace("_", "").isalnum() else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(_value(item) for item in value)}]"
    return str(value)


def real_dossier(name: str, folder: Path) -> Path:
    """A dossier of tests/golden/real_logs with its logs, as a copy below `folder`; skips where the logs are absent."""
    if not SHARED_LOGS.is_dir():
        pytest.skip("the real evaluation logs (../shared/data/evidence) are not on this machine")
    copy = folder / name
    shutil.copytree(REAL_LOGS / name, copy)
    (copy / "evidence").mkdir(exist_ok=True)
    text = (copy / "dossier.toml").read_text("utf-8")
    for log in SHARED_LOGS.rglob("*.*"):
        if f'"evidence/{log.name}"' in text:
            shutil.copyfile(log, copy / "evidence" / log.name)
    return copy
