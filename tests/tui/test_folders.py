"""Completion of the path to a dossier."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.export import write_new
from tui.folders import Folder, folder_of, folders_for, is_dossier


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("alfa", "beta", "beta-twee", ".verborgen", "alfa/diep"):
        (tmp_path / name).mkdir()
    (tmp_path / "beta-twee" / "dossier.toml").touch()
    (tmp_path / "bestand").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_folders_of_here_dossiers_first(tree: Path) -> None:
    assert folders_for("") == (Folder("beta-twee/", True), Folder("alfa/", False), Folder("beta/", False))


def test_beginning_of_a_name_narrows(tree: Path) -> None:
    assert [folder.path for folder in folders_for("be")] == ["beta-twee/", "beta/"]
    assert folders_for("gamma") == ()


def test_path_is_kept_as_typed(tree: Path) -> None:
    assert [folder.path for folder in folders_for("alfa/")] == ["alfa/diep/"]
    assert [folder.path for folder in folders_for(f"{tree}/al")] == [f"{tree}/alfa/"]
    assert [folder.path for folder in folders_for("./al")] == ["./alfa/"]


def test_hidden_folders_when_asked_for(tree: Path) -> None:
    assert [folder.path for folder in folders_for(".v")] == [".verborgen/"]


def test_what_cannot_be_read_holds_nothing(tree: Path) -> None:
    assert folders_for("bestand/") == ()
    assert folders_for("nergens/iets") == ()


def test_home_is_understood(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tree))
    assert [folder.path for folder in folders_for("~/al")] == ["~/alfa/"]
    assert is_dossier(folder_of("~/beta-twee/ "))
    assert not is_dossier(folder_of("~/beta"))


def test_export_never_overwrites(tmp_path: Path) -> None:
    paths = [write_new(tmp_path, "quotes", ".csv", text) for text in ("one", "two", "three")]
    assert [path.name for path in paths] == ["quotes.csv", "quotes-2.csv", "quotes-3.csv"]
    assert [path.read_text() for path in paths] == ["one", "two", "three"]


def test_export_into_nowhere_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nergens"):
        write_new(tmp_path / "nergens", "quotes", ".csv", "x")
