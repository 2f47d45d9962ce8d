"""The digest of a dossier names its bytes: all of them, and nothing else."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from dossiers import AT, TABLE, incidents, obligations, results, write_dossier

from policies.regimes import load_regime
from underwriting.intake.dossier import read_dossier

FILES = {"incidents.csv": incidents({}), "obligations.csv": obligations({})}


def digest_of(folder: Path) -> str:
    profile = read_dossier(folder, load_regime("nl-2027"), AT).profile
    assert profile is not None
    return profile.sha256


def test_the_digest_is_what_the_page_says(tmp_path: Path) -> None:
    folder = write_dossier(tmp_path, files=FILES)
    pairs = sorted(
        [name, hashlib.sha256((folder / name).read_bytes()).hexdigest()] for name in ("dossier.toml", TABLE, *FILES)
    )
    text = json.dumps(pairs, separators=(",", ":"))
    assert digest_of(folder) == hashlib.sha256(text.encode()).hexdigest()


def test_the_digest_does_not_depend_on_the_folder(tmp_path: Path) -> None:
    folder = write_dossier(tmp_path / "a", files=FILES)
    shutil.copytree(folder, tmp_path / "b")
    assert digest_of(folder) == digest_of(tmp_path / "b")


def test_the_digest_does_not_depend_on_files_that_nobody_names(tmp_path: Path) -> None:
    folder = write_dossier(tmp_path)
    before = digest_of(folder)
    (folder / "notes.txt").write_text("own notes")
    assert digest_of(folder) == before


@pytest.mark.parametrize("name", ["dossier.toml", *FILES])
def test_one_more_byte_changes_the_digest(name: str, tmp_path: Path) -> None:
    folder = write_dossier(tmp_path, files=FILES)
    before = digest_of(folder)
    path = folder / name
    path.write_bytes(path.read_bytes() + b"\n")
    assert digest_of(folder) != before


def test_other_evidence_changes_the_digest(tmp_path: Path) -> None:
    one = write_dossier(tmp_path / "a")
    other = write_dossier(tmp_path / "b", files={TABLE: results({"failures": 9})})
    assert digest_of(one) != digest_of(other)


def test_an_absent_table_is_not_an_empty_one(tmp_path: Path) -> None:
    absent = write_dossier(tmp_path / "a")
    empty = write_dossier(tmp_path / "b", files={"incidents.csv": incidents()})
    assert digest_of(absent) != digest_of(empty)
