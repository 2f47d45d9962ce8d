"""docs/dossier.md says what the code does: its tables are those of the code, its example is a valid dossier."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from dossiers import AT, ROOT

from actuarial.calibration import shipped_calibration
from policies.regimes import load_regime
from underwriting.intake import limits
from underwriting.intake.codes import CODES
from underwriting.intake.csvtext import Column
from underwriting.intake.dossier import read_dossier
from underwriting.intake.results_table import COLUMNS as RESULT_COLUMNS
from underwriting.intake.schema import dossier_schema
from underwriting.intake.tables import INCIDENT_COLUMNS, OBLIGATION_COLUMNS

PAGE = (ROOT / "docs" / "dossier.md").read_text("utf-8")
DEFINITIONS = dossier_schema()["$defs"]
TYPES = {"string": "text", "array": "list"}


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table as the page writes it."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines).replace("| --- ", "|---").replace("--- |", "---|")


def resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    return DEFINITIONS[node["$ref"].rpartition("/")[2]] if "$ref" in node else node


def type_of(node: Mapping[str, Any]) -> str:
    if resolved(node).get("format") == "date":
        return "date"
    kind = resolved(node).get("type", "string")
    return TYPES.get(kind, kind)


@pytest.mark.parametrize("name", ["firm", "cover", "system", "evidence"])
def test_fields(name: str) -> None:
    definition = DEFINITIONS[name]
    rows = [
        (
            f"`{field}`",
            type_of(node),
            "yes" if field in definition["required"] else "no",
            node.get("description") or resolved(node)["description"],
        )
        for field, node in definition["properties"].items()
    ]
    assert table(("field", "type", "required", "what is right"), rows) in PAGE


@pytest.mark.parametrize("columns", [INCIDENT_COLUMNS, OBLIGATION_COLUMNS, RESULT_COLUMNS])
def test_columns(columns: tuple[Column, ...]) -> None:
    rows = [(f"`{c.name}`", "no" if c.required else "yes", c.right) for c in columns]
    assert table(("column", "may be empty", "what is right"), rows) in PAGE


def test_finding_codes() -> None:
    rows = [(f"`{code}`", meant.severity.value, meant.meaning) for code, meant in CODES.items()]
    assert table(("code", "severity", "meaning"), rows) in PAGE


def test_every_code_is_used_and_no_other() -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "underwriting" / "intake").glob("*.py"))
    used = re.findall(r"""(?:remark\(|Refused\(|yield |code = )\s*"([a-z]+(?:-[a-z]+)+)""", sources)
    used += re.findall(r"""else "([a-z]+(?:-[a-z]+)+)""", sources)
    assert set(used) == set(CODES)


def test_limits() -> None:
    sized = limits.sized
    for words in (
        f"dossier.toml | {sized(limits.DOSSIER_BYTES)}, lines of {limits.DOSSIER_LINE:,} characters",
        f"a CSV file | {sized(limits.TABLE_BYTES)}, {limits.TABLE_ROWS:,} rows",
        f"one text | {limits.TEXT_LENGTH} characters; an incident's description {limits.DESCRIPTION_LENGTH:,}",
        f"findings listed for one file | {limits.FINDINGS:,}",
        f"an evidence file as stored | {sized(limits.EVIDENCE_BYTES)}",
        f"one JSON text, inflated | {sized(limits.JSON_BYTES)}, {limits.JSON_DEPTH} levels deep",
        f"all that is inflated of one log | {sized(limits.INFLATED_BYTES)}",
        f"larger than {sized(limits.INFLATION_FLOOR)} | inflates at most {limits.INFLATION_RATIO} times",
        f"members of a log | {limits.MEMBERS:,}",
    ):
        assert words in PAGE


def test_sectors_with_a_tariff() -> None:
    listed = re.search(r"Sectors with a tariff: (.*?)\.", PAGE, re.DOTALL)
    assert listed
    assert re.findall(r"`(\w+)`", listed[1]) == sorted(shipped_calibration().sectors)
    example = re.search(r"such as (\w+)", DEFINITIONS["system"]["properties"]["sector"]["description"])
    assert example
    assert example[1] in shipped_calibration().sectors


def test_the_example_is_a_valid_dossier(tmp_path: Path) -> None:
    blocks = dict(re.findall(r"```(?:toml|csv (\S+))\n(.*?)```", PAGE, re.DOTALL))
    assert set(blocks) == {"", "incidents.csv", "obligations.csv", "evidence/results.csv"}
    for name, text in blocks.items():
        path = tmp_path / (name or "dossier.toml")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    submission = read_dossier(tmp_path, load_regime("nl-2027"), AT)
    assert submission.profile is not None, submission.findings
    assert [f.code for f in submission.findings] == ["run-read"]
