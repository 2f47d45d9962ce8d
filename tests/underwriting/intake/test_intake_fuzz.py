"""Whatever the bytes: findings, never a traceback; a profile exactly when nothing is an error."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from dossiers import AT, TABLE, incidents, obligations, results, toml_text, write_dossier
from dossiers import dossier_data as valid
from hypothesis import example, given
from hypothesis import strategies as st

from policies.findings import Severity
from policies.regimes import load_regime
from underwriting.intake.dossier import Submission, read_dossier

REGIME = load_regime("nl-2027")
FILES = {
    "dossier.toml": toml_text(valid()).encode(),
    "incidents.csv": incidents({}, {"id": "b"}).encode(),
    "obligations.csv": obligations({}, {"due": "2026-05-01"}).encode(),
    TABLE: results({}).encode(),
}
TOML_VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "roles", "evidence", "file", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def check(submission: Submission) -> None:
    wrong = [f for f in submission.findings if f.severity is Severity.ERROR]
    assert (submission.profile is None) == bool(wrong)
    assert all(f.line().isprintable() for f in submission.findings)


def read_with(name: str, raw: bytes) -> Submission:
    with TemporaryDirectory() as folder:
        write_dossier(Path(folder), files={n: content for n, content in FILES.items() if n != "dossier.toml"})
        (Path(folder) / name).write_bytes(raw)
        return read_dossier(Path(folder), REGIME, AT)


@given(st.sampled_from(sorted(FILES)), st.binary(max_size=300))
@example("dossier.toml", b"")
@example("dossier.toml", b"systems = [1]")
@example("dossier.toml", b"[[systems]]\n[[systems.evidence]]")
@example("incidents.csv", b"")
def test_arbitrary_bytes_in_any_file(name: str, raw: bytes) -> None:
    check(read_with(name, raw))


@given(st.sampled_from(sorted(FILES)), st.lists(st.tuples(st.integers(0, 2_000), st.binary(max_size=4)), max_size=3))
def test_valid_files_with_bytes_changed(name: str, edits: list[tuple[int, bytes]]) -> None:
    raw = bytearray(FILES[name])
    for where, new in edits:
        at = where % len(raw)
        raw[at : at + len(new)] = new
    check(read_with(name, bytes(raw)))


PLACES = [(table, field) for table in ("firm", "cover") for field in valid()[table]]
PLACES += [("systems", field) for field in valid()["systems"][0]]
PLACES += [("evidence", field) for field in ("file", "test", "evaluator", "independence", "sha256", "registered_at")]
PLACES += [("", field) for field in valid()]


@given(st.sampled_from(PLACES), TOML_VALUES)
def test_any_value_in_any_field(place: tuple[str, str], value: object) -> None:
    table, field = place
    data = valid()
    system = data["systems"][0]
    tables = {"": data, "systems": system, "evidence": system["evidence"][0]}
    (tables.get(table) or data[table])[field] = value
    check(read_with("dossier.toml", toml_text(data).encode("utf-8", "replace")))


@given(st.lists(st.lists(st.text(max_size=12), max_size=12), max_size=4))
def test_any_cells_below_the_right_header(rows: list[list[str]]) -> None:
    header = FILES["incidents.csv"].split(b"\n")[0]
    body = "\n".join(",".join(row) for row in rows).encode("utf-8", "replace")
    check(read_with("incidents.csv", header + b"\n" + body))
