"""Bad input as a whole: folders, links, evidence, and everything wrong told at once with nothing half-read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from errno import EACCES
from pathlib import Path
from typing import Any, NoReturn

import pytest
from dossiers import TABLE, dossier_data, incidents, obligations, results, save_dossier, write_dossier
from inspect_logs import DEFLATE, Member, archive, eval_log, header, trials
from reading_dossiers import ENTRY, LATER, SYSTEM, errors, read

from policies.findings import Severity
from underwriting.intake.dossier import Submission
from underwriting.intake.limits import MIB


@pytest.mark.parametrize("make", [False, True])
def test_a_folder_without_a_dossier_is_named(make: bool, tmp_path: Path) -> None:
    folder = tmp_path / "x\x1b[2J"
    if make:
        folder.mkdir()
    (finding,) = read(folder).findings
    assert finding.code == "dossier-missing"
    assert finding.line().isprintable()


def test_a_file_for_a_folder_is_told_so(tmp_path: Path) -> None:
    folder = write_dossier(tmp_path)
    (finding,) = read(folder / "dossier.toml").findings
    assert (finding.code, finding.subject) == ("dossier-missing", str(folder / "dossier.toml"))
    assert finding.message == "is a file; right would be the folder that holds dossier.toml"


def refusing(*_: object, **__: object) -> NoReturn:
    raise PermissionError(EACCES, os.strerror(EACCES))


def test_a_folder_that_may_not_be_read_is_one_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_dossier(tmp_path)
    monkeypatch.setattr(Path, "stat", refusing)
    (finding,) = read(folder).findings
    assert (finding.code, finding.subject) == ("file-unreadable", str(folder))
    assert finding.message == "cannot be read: Permission denied"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to root")
def test_a_locked_folder_is_one_finding(tmp_path: Path) -> None:
    folder = write_dossier(tmp_path / "locked")
    folder.chmod(0)
    try:
        assert [f.code for f in read(folder).findings] == ["file-unreadable"]
    finally:
        folder.chmod(0o700)


def test_a_name_that_no_folder_can_have_is_one_finding(tmp_path: Path) -> None:
    assert [f.code for f in read(tmp_path / ("x" * 300)).findings] == ["file-unreadable"]


def test_a_file_that_may_not_be_opened_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_dossier(tmp_path, files={"incidents.csv": incidents({})})
    monkeypatch.setattr(Path, "open", refusing)
    submission = read(folder)
    assert errors(submission) == [("file-unreadable", "dossier.toml"), ("file-unreadable", "incidents.csv")]
    assert {f.message for f in submission.findings} == {"cannot be read: Permission denied"}


def test_links_that_lead_nowhere_are_not_taken_for_absent_files(tmp_path: Path) -> None:
    folder = write_dossier(tmp_path)
    (folder / "incidents.csv").symlink_to("gone.csv")
    (folder / "obligations.csv").symlink_to("obligations.csv")
    assert errors(read(folder)) == [("file-missing", "incidents.csv"), ("file-unreadable", "obligations.csv")]


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
            ("field-type", f"{SYSTEM}, persons_per_month"),
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


@pytest.mark.parametrize("place", [0, 31, 63])
def test_a_single_wrong_digit_of_a_digest_is_seen(tmp_path: Path, place: int) -> None:
    data = dossier_data()
    save_dossier(tmp_path, data)
    entry = data["systems"][0]["evidence"][0]
    true = entry["sha256"]
    entry["sha256"] = true[:place] + ("0" if true[place] != "0" else "1") + true[place + 1 :]
    submission = read(save_dossier(tmp_path, data))
    assert submission.profile is None
    assert "evidence-hash" in {code for code, _ in errors(submission)}
