"""Rules of the house that no linter knows."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
LONGEST = 400
STOREYS = ("policies", "actuarial", "underwriting", "tui")
BANNED_NAMES = {"utils", "common", "helpers", "models", "misc"}


def tracked(*patterns: str) -> list[Path]:
    """Files that git knows, or every file where there is no git."""
    run = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=False)
    found = [ROOT / line for line in run.stdout.splitlines()]
    return [path for path in found or ROOT.rglob("*") if path.is_file()]


def sources() -> list[Path]:
    return [path for storey in STOREYS for path in (ROOT / storey).rglob("*.py")]


def test_files_stay_short() -> None:
    assert {str(p): n for p in sources() if (n := len(p.read_text("utf-8").splitlines())) > LONGEST} == {}


def test_no_drawer_for_everything() -> None:
    assert [p for p in sources() if p.stem in BANNED_NAMES] == []


def test_package_files_hold_a_docstring_only() -> None:
    long = [
        p for p in sources() if p.name == "__init__.py" and not re.fullmatch(r'""".*?"""\n', p.read_text(), re.DOTALL)
    ]
    assert long == [ROOT / "actuarial" / "fitting" / "__init__.py"]  # a lazy door for notebooks


def test_no_pickle_and_no_markup_escape_in_the_sources() -> None:
    banned = re.compile(r"\b(import pickle|import joblib|rich\.markup|markup=True)\b")
    assert [p for p in sources() if banned.search(p.read_text("utf-8"))] == []


def test_no_committed_file_names_a_package_index_or_a_private_path() -> None:
    banned = re.compile(r"https?://(pypi|files\.pythonhosted)\.|--(extra-)?index-url|--find-links|/root/|/opt/wheels")
    texts = [p for p in tracked() if p.suffix in {".py", ".toml", ".lock", ".md", ".txt", ".cfg", ""}]
    own = Path(__file__)
    assert [p for p in texts if p != own and banned.search(p.read_text("utf-8", errors="replace"))] == []
