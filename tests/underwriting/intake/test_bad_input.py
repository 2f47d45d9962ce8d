"""Bad input: one clear finding each, with file, entry or row and field; all of them at once; nothing half-read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from dossiers import AT, TABLE, dossier_data, incidents, obligations, results, save_dossier, write_dossier
from inspect_logs import DEFLATE, Member, archive, eval_log, header, trials

from policies.findings import Severity
from policies.regimes import load_regime
from underwriting.intake.dossier import Submission, read_dossier
from underwriting.intake.limits import MIB

REGIME = load_regime("nl-2027")
SYSTEM = "dossier.toml: systems #1"
ENTRY = f"{SYSTEM}, evidence #1"
PERSONS, MODEL = f"{SYSTEM}, persons_per_month", f"{SYSTEM}, foundation_model"
CYRILLIC_A = "\N{CYRILLIC SMALL LETTER A}"
LATER = AT + timedelta(days=1)


def read(folder: Path) -> Submission:
    return read_dossier(folder, REGIME, AT)


def errors(submission: Submission) -> list[tuple[str, str]]:
    return [(f.code, f.subject) for f in submission.findings if f.severity is Severity.ERROR]


def test_a_valid_dossier_has_no_finding_but_what_was_read(tmp_path: Path) -> None:
    submission = read(
        write_dossier(tmp_path, files={"incidents.csv": incidents({}), "obligations.csv": obligations({})})
    )
    assert [f.code for f in submission.findings] == ["run-read"]
    assert submission.profile is not None
    assert submission.profile.incidents[0].loss.cents == 150_050
    assert submission.profile.obligations[0].completeness == 0.9
    assert submission.profile.cover.terms.limit.cents == 100_000_000


# Changes of the valid dossier -> code and place of the one error.
DECLARED: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown field": ({"firm": {"nmae": "x"}}, "field-unknown", "dossier.toml: firm, nmae"),
    "missing field": ({"firm": {"country": None}}, "field-missing", "dossier.toml: firm, country"),
    "wrong type": ({"cover": {"term_months": 12.0}}, "field-type", "dossier.toml: cover, term_months"),
    "a truth value for a number": ({"system": {"autonomy": True}}, "field-type", f"{SYSTEM}, autonomy"),
    "KvK number as a number": ({"firm": {"kvk": 12345678}}, "field-type", "dossier.toml: firm, kvk"),
    "KvK number too short": ({"firm": {"kvk": "1234567"}}, "firm-number", "dossier.toml: firm, kvk"),
    "KvK number of other digits": ({"firm": {"kvk": "١٢٣٤٥٦٧٨"}}, "firm-number", "dossier.toml: firm, kvk"),
    "LEI with a wrong check": ({"firm": {"lei": "00000FICTIEVOORBEE15"}}, "firm-lei", "dossier.toml: firm, lei"),
    "LEI too short": ({"firm": {"lei": "7245"}}, "field-value", "dossier.toml: firm, lei"),
    "country in words": ({"firm": {"country": "Nederland"}}, "field-value", "dossier.toml: firm, country"),
    "size unknown": ({"firm": {"size_class": "huge"}}, "field-value", "dossier.toml: firm, size_class"),
    "founded in the future": ({"firm": {"founded": LATER}}, "date-future", "dossier.toml: firm, founded"),
    "no day of the calendar": ({"firm": {"founded": "2019-02-30"}}, "field-value", "dossier.toml: firm, founded"),
    "date and time": ({"firm": {"founded": "2019-05-01T12:00:00"}}, "field-value", "dossier.toml: firm, founded"),
    "year out of range": ({"firm": {"founded": "0001-01-01"}}, "field-value", "dossier.toml: firm, founded"),
    "negative turnover": ({"firm": {"turnover_nl_eur": -1}}, "field-value", "dossier.toml: firm, turnover_nl_eur"),
    "fraction of a cent": ({"cover": {"limit_eur": 1_000_000.125}}, "field-value", "dossier.toml: cover, limit_eur"),
    "infinite limit": ({"cover": {"limit_eur": float("inf")}}, "field-type", "dossier.toml: cover, limit_eur"),
    "no limit": ({"cover": {"limit_eur": 0}}, "field-value", "dossier.toml: cover, limit_eur"),
    "aggregate below limit": (
        {"cover": {"aggregate_limit_eur": 999_999.99}},
        "cover-terms",
        "dossier.toml: cover, aggregate_limit_eur",
    ),
    "head unknown": ({"cover": {"heads": ["C1", "H9"]}}, "word-unknown", "dossier.toml: cover, heads"),
    "head twice": ({"cover": {"heads": ["C1", "C1"]}}, "id-duplicate", "dossier.toml: cover, heads"),
    "instalments not allowed": ({"cover": {"instalments": 3}}, "word-unknown", "dossier.toml: cover, instalments"),
    "term too long": ({"cover": {"term_months": 61}}, "field-value", "dossier.toml: cover, term_months"),
    "negative exposure": ({"system": {"persons_per_month": -1}}, "field-value", PERSONS),
    "infinite exposure": (
        {"system": {"persons_per_month": float("inf")}},
        "field-type",
        f"{SYSTEM}, persons_per_month",
    ),
    "exposure that is no number": ({"system": {"persons_per_month": float("nan")}}, "field-type", PERSONS),
    "exposure beyond all people": (
        {"system": {"persons_per_month": 1e11}},
        "field-value",
        f"{SYSTEM}, persons_per_month",
    ),
    "integer beyond 64 bits": ({"system": {"persons_per_month": 2**70}}, "field-type", PERSONS),
    "class unknown": ({"system": {"self_assessed_class": "A9"}}, "word-unknown", f"{SYSTEM}, self_assessed_class"),
    "assessed class unknown": ({"system": {"assessed_class": "low"}}, "word-unknown", f"{SYSTEM}, assessed_class"),
    "role unknown": ({"system": {"roles": ["owner"]}}, "field-value", f"{SYSTEM}, roles #1"),
    "role twice": ({"system": {"roles": ["provider", "provider"]}}, "id-duplicate", f"{SYSTEM}, roles"),
    "no role": ({"system": {"roles": []}}, "field-value", f"{SYSTEM}, roles"),
    "area of Annex III": ({"system": {"annex_iii_area": 9}}, "field-value", f"{SYSTEM}, annex_iii_area"),
    "autonomy": ({"system": {"autonomy": 4}}, "field-value", f"{SYSTEM}, autonomy"),
    "training compute": ({"system": {"training_flop": 0}}, "field-value", f"{SYSTEM}, training_flop"),
    "model without version": (
        {"system": {"foundation_model": "vendor/model"}},
        "field-value",
        f"{SYSTEM}, foundation_model",
    ),
    "sector in words": ({"system": {"sector": "health care"}}, "field-value", f"{SYSTEM}, sector"),
    "deployed after inception": ({"system": {"deployed": date(2027, 1, 2)}}, "date-order", f"{SYSTEM}, deployed"),
    "id with a slash": ({"system": {"id": "a/b"}}, "field-value", f"{SYSTEM}, id"),
    "escape in the firm's name": ({"firm": {"name": "Fictie\x1b[2J"}}, "text-control", "dossier.toml: firm, name"),
    "C1 control in a name": ({"system": {"name": "Fictie\x9b31m"}}, "text-control", f"{SYSTEM}, name"),
    "bidi override": ({"firm": {"name": "Fictie \u202eV.B"}}, "text-control", "dossier.toml: firm, name"),
    "zero width": ({"firm": {"name": "Fic\u200btie"}}, "text-control", "dossier.toml: firm, name"),
    "line break in a name": ({"firm": {"name": "Fictie\nB.V."}}, "text-control", "dossier.toml: firm, name"),
    "closing markup": ({"firm": {"name": "[/b] Fictie"}}, "text-markup", "dossier.toml: firm, name"),
    "opening markup": ({"firm": {"name": "[red]Fictie"}}, "text-markup", "dossier.toml: firm, name"),
    "empty name": ({"firm": {"name": ""}}, "field-value", "dossier.toml: firm, name"),
    "name too long": ({"firm": {"name": "Fictie " * 40}}, "field-value", "dossier.toml: firm, name"),
    "independence": ({"evidence": {"independence": "trust_me"}}, "field-value", f"{ENTRY}, independence"),
    "digest in capitals": ({"evidence": {"sha256": "A" * 64}}, "field-value", f"{ENTRY}, sha256"),
    "hash of another file": ({"evidence": {"sha256": "0" * 64}}, "evidence-hash", ENTRY),
    "evidence that is absent": (
        {"evidence": {"file": "evidence/none.eval", "sha256": "0" * 64}},
        "file-missing",
        ENTRY,
    ),
    "evidence that climbs": ({"evidence": {"file": "../secret.csv", "sha256": "0" * 64}}, "file-outside", ENTRY),
    "evidence at an absolute path": ({"evidence": {"file": "/etc/passwd", "sha256": "0" * 64}}, "file-outside", ENTRY),
    "evidence on a drive": ({"evidence": {"file": "C:\\x.csv", "sha256": "0" * 64}}, "file-outside", ENTRY),
    "evidence that is a folder": ({"evidence": {"file": "evidence", "sha256": "0" * 64}}, "file-unreadable", ENTRY),
    "plan lodged in the future": (
        {"evidence": {"registered_at": LATER}},
        "date-future",
        f"{ENTRY}, registered_at",
    ),
    "format of another time": ({"files": {}}, "field-value", "dossier.toml: format"),
}


@pytest.mark.parametrize("name", DECLARED)
def test_a_wrong_declaration_gets_one_error(name: str, tmp_path: Path) -> None:
    changes, code, subject = DECLARED[name]
    folder = write_dossier(tmp_path, **changes)
    if name == "format of another time":
        path = folder / "dossier.toml"
        path.write_text(path.read_text("utf-8").replace("dossier/1", "dossier/2"), "utf-8")
    submission = read(folder)
    assert errors(submission) == [(code, subject)]
    assert submission.profile is None
    assert all(f.line().isprintable() for f in submission.findings)


NOT_YET = {"occurred_at": LATER, "aware_at": LATER, "reported_at": ""}
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


def test_ids_of_systems_are_unique(tmp_path: Path) -> None:
    data = dossier_data()
    data["systems"].append(dossier_data()["systems"][0])
    assert errors(read(save_dossier(tmp_path, data))) == [("id-duplicate", "dossier.toml: systems #2, id")]


def test_look_alike_letters_are_told_and_do_not_stop(tmp_path: Path) -> None:
    submission = read(write_dossier(tmp_path, firm={"name": f"Fictie B{CYRILLIC_A}nk"}))
    assert submission.profile is not None
    assert [f.subject for f in submission.findings if f.code == "text-mixed-alphabets"] == ["dossier.toml: firm, name"]


def test_text_is_read_in_one_form(tmp_path: Path) -> None:
    submission = read(write_dossier(tmp_path, firm={"name": "Cafe\u0301 Fictie"}))
    assert submission.profile is not None
    assert submission.profile.firm.name == "Café Fictie"


def test_a_valid_lei_passes(tmp_path: Path) -> None:
    assert read(write_dossier(tmp_path, firm={"lei": "00000FICTIEVOORBEE14"})).profile is not None


def test_a_prohibited_system_may_be_declared(tmp_path: Path) -> None:
    assert read(write_dossier(tmp_path, system={"self_assessed_class": "prohibited"})).profile is not None


def test_a_system_without_a_foundation_model_says_none(tmp_path: Path) -> None:
    assert read(write_dossier(tmp_path, system={"foundation_model": "none"})).profile is not None


def test_a_system_may_have_no_evidence(tmp_path: Path) -> None:
    submission = read(write_dossier(tmp_path, system={"evidence": []}))
    assert submission.profile is not None
    assert submission.profile.systems[0].runs == ()


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"firm = {", "toml-syntax"),
        (b"a = 1\na = 2", "toml-syntax"),
        (b'a = "\xff"', "file-encoding"),
        (b"a = " + b"[" * 2_000 + b"]" * 2_000, "toml-syntax"),
        (b"a = " + b"[" * 20 + b"]" * 20, "toml-syntax"),
        (b"a" + b".a" * 30_000 + b" = 1", "file-too-large"),
        ((b"a" + b".a" * 1_500 + b" = 1\n") * 2, "toml-syntax"),
        (b"a = " + b"9" * 4_000 + b"9" * 90, "field-unknown"),
        (b"a = 0x" + b"f" * 4_000, "field-unknown"),
        (b" " * (512 * 1024 + 1), "file-too-large"),
    ],
    ids=["broken", "key twice", "bytes", "deep", "too deep", "long line", "dotted", "digits", "hex digits", "long"],
)
def test_a_dossier_that_is_no_toml_is_refused(raw: bytes, code: str, tmp_path: Path) -> None:
    (tmp_path / "dossier.toml").write_bytes(raw)
    submission = read(tmp_path)
    assert submission.profile is None
    assert code in {f.code for f in submission.findings}
    assert all(f.line().isprintable() for f in submission.findings)


@pytest.mark.parametrize("make", [False, True])
def test_a_folder_without_a_dossier_is_named(make: bool, tmp_path: Path) -> None:
    folder = tmp_path / "x\x1b[2J"
    if make:
        folder.mkdir()
    (finding,) = read(folder).findings
    assert finding.code == "dossier-missing"
    assert finding.line().isprintable()


def test_links_that_leave_the_folder_are_refused(tmp_path: Path) -> None:
    outside = tmp_path / "secret.csv"
    outside.write_text(results({}))
    folder = write_dossier(tmp_path / "dossier")
    for name in (TABLE, "incidents.csv"):
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(outside)
    assert errors(read(folder)) == [("file-outside", "incidents.csv"), ("file-outside", ENTRY)]


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    folder = write_dossier(tmp_path)
    os.mkfifo(folder / "incidents.csv")
    assert errors(read(folder)) == [("file-unreadable", "incidents.csv")]


def test_many_findings_of_one_file_are_cut(tmp_path: Path) -> None:
    text = incidents(*[{"id": f"i{n}", "severity": "?", "source": "?"} for n in range(600)])
    found = [f.code for f in read(write_dossier(tmp_path, files={"incidents.csv": text})).findings]
    assert 1_000 < len(found) < 1_010
    assert "file-many-findings" in found


def test_many_wrong_entries_of_the_declaration_are_cut(tmp_path: Path) -> None:
    extra = {f"x{n}": 1 for n in range(1_200)}
    found = [f.code for f in read(write_dossier(tmp_path, firm=extra)).findings]
    assert found.count("field-unknown") == 1_000
    assert "file-many-findings" in found


def with_evidence(folder: Path, *entries: Mapping[str, Any], files: Mapping[str, bytes]) -> Submission:
    data = dossier_data()
    entry = data["systems"][0]["evidence"][0]
    data["systems"][0]["evidence"] = [entry | dict(changes) for changes in entries]
    return read(save_dossier(folder, data, files))


LOG = eval_log(header(), trials("CCCC"))


def test_one_run_may_not_be_listed_twice(tmp_path: Path) -> None:
    same_file = with_evidence(tmp_path / "a", {"file": "a.eval"}, {"file": "./a.eval"}, files={"a.eval": LOG})
    same_run = with_evidence(
        tmp_path / "b",
        {"file": "a.eval"},
        {"file": "b.eval"},
        files={"a.eval": LOG, "b.eval": eval_log(header(), trials("CCCC"), DEFLATE)},
    )
    for submission in (same_file, same_run):
        assert errors(submission) == [("evidence-twice", f"{SYSTEM}, evidence #2")]


def test_one_table_may_hold_several_tests(tmp_path: Path) -> None:
    table = results({}, {"test": "mask"}).encode()
    submission = with_evidence(tmp_path, {"file": "t.csv"}, {"file": "t.csv", "test": "mask"}, files={"t.csv": table})
    assert submission.profile is not None
    assert [run.test for run in submission.profile.systems[0].runs] == ["bbq", "mask"]
    assert "table-unclaimed" not in {f.code for f in submission.findings}


def test_what_is_said_of_a_shared_file_is_said_once(tmp_path: Path) -> None:
    table = results({}, {"test": "mask"}, {"test": "b3"}).encode()
    submission = with_evidence(tmp_path, {"file": "t.csv"}, {"file": "t.csv", "test": "mask"}, files={"t.csv": table})
    assert [f.code for f in submission.findings].count("table-unclaimed") == 1


def test_an_evidence_file_of_unknown_format_is_an_error(tmp_path: Path) -> None:
    submission = with_evidence(tmp_path, {"file": "a.pdf"}, files={"a.pdf": b"%PDF"})
    assert errors(submission) == [("evidence-format", ENTRY)]


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    """The bad input that the desk promises to name, all in one dossier."""
    data = dossier_data()
    data["firm"] |= {"name": "[/b] Fictie", "kvk": "12", "founded": LATER, "nickname": "x"}
    system = data["systems"][0]
    system |= {"persons_per_month": float("inf"), "version": "1\x1b[31m"}
    entry = system["evidence"][0]
    bomb = archive([Member("header.json", b"{}"), Member("summaries.json", b" " * 20 * MIB, DEFLATE)])
    system["evidence"] = [
        entry | {"file": "evidence/t.csv"},
        entry | {"sha256": "0" * 64},
        entry | {"file": "evidence/bomb.eval"},
        entry | {"file": "evidence/climb.eval"},
    ]
    files = {
        "evidence/t.csv": results({"failures": 401}, {"trials": 0, "failures": 0}),
        "evidence/bomb.eval": bomb,
        "evidence/climb.eval": archive([Member("../x", b"")]),
        "incidents.csv": incidents({"description": "=1+1"}, {"id": "b", "reported_at": "2026-03-01"}),
        "obligations.csv": obligations({"delivered": LATER}),
    }
    before = save_dossier(tmp_path, data, files)
    names = sorted(path.name for path in before.rglob("*"))
    submission = read(before)
    assert submission.profile is None
    assert sorted(errors(submission)) == sorted(
        [
            ("text-markup", "dossier.toml: firm, name"),
            ("firm-number", "dossier.toml: firm, kvk"),
            ("date-future", "dossier.toml: firm, founded"),
            ("field-unknown", "dossier.toml: firm, nickname"),
            ("field-type", PERSONS),
            ("text-control", f"{SYSTEM}, version"),
            ("table-counts", "evidence/t.csv: row 2, failures"),
            ("evidence-hash", f"{SYSTEM}, evidence #2"),
            ("log-limit", "evidence/bomb.eval"),
            ("log-member-name", "evidence/climb.eval"),
            ("csv-formula", "incidents.csv: row 2, description"),
            ("date-order", "incidents.csv: row 3, reported_at"),
            ("date-future", "obligations.csv: row 2, delivered"),
        ]
    )
    assert ("table-zero-trials", "evidence/t.csv: row 3, trials") in [(f.code, f.subject) for f in submission.findings]
    assert all(
        "right would be" in f.message or f.code.startswith(("text", "evidence", "log", "field-unknown"))
        for f in submission.findings
        if f.severity is Severity.ERROR
    )
    assert sorted(path.name for path in before.rglob("*")) == names
