"""Folders that a half-typed path may mean."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from underwriting.intake.text import unseen

DOSSIER = "dossier.toml"
MOST = 200


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder on offer: the text that the field would hold, and whether a dossier lies in it."""

    path: str
    dossier: bool

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rstrip("/").rpartition("/")[2]


def folder_of(typed: str) -> Path:
    """The folder that the text in the field means."""
    return Path(typed.strip()).expanduser()


def is_dossier(folder: Path) -> bool:
    """Whether a dossier lies in the folder."""
    return (folder / DOSSIER).is_file()


def folders_for(typed: str) -> tuple[Folder, ...]:
    """Folders whose path begins with what was typed, dossiers first. Hidden ones only when asked for by a dot; a name
    with characters that no screen shows is left out. An unreadable folder holds nothing."""
    head, slash, tail = typed.rpartition("/")
    parent = folder_of(head + slash) if slash else Path()
    try:
        entries = sorted(entry.name for entry in parent.iterdir() if entry.is_dir())
    except OSError:
        return ()
    names = [name for name in entries if name.startswith(tail) and not unseen(name)]
    seen = [name for name in names if tail.startswith(".") or not name.startswith(".")][:MOST]
    offered = [Folder(f"{head}{slash}{name}/", is_dossier(parent / name)) for name in seen]
    return tuple(sorted(offered, key=lambda folder: not folder.dossier))
