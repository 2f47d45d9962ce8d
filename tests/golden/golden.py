"""Golden quotes: a folder a case, dossier in, quote out. `python tests/golden/golden.py` freezes them anew."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

# Run as a script, the program and the builders of dossiers are two folders up.
sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

from dossiers import REAL_DOSSIERS, SHARED_LOGS, real_dossier  # noqa: E402

from underwriting.desk import open_desk  # noqa: E402
from underwriting.export import quote_data, to_json  # noqa: E402

AT = date(2026, 11, 24)
HERE = Path(__file__).parent
CASES = tuple(sorted(folder.name for folder in (HERE / "cases").iterdir()))
EXPECTED = "expected-quote.json"


def quoted(folder: Path) -> dict[str, Any]:
    """The quote of a dossier as plain data."""
    desk = open_desk(folder / "no-book", regime="nl-2027", today=lambda: AT)
    data: dict[str, Any] = json.loads(to_json(quote_data(desk.quote(folder), desk.regime)))
    return data


def expected(home: Path) -> dict[str, Any]:
    """The frozen quote of a case."""
    data: dict[str, Any] = json.loads((home / EXPECTED).read_text("utf-8"))
    return data


def without_expected(case: str, parent: Path) -> Path:
    """A copy of a case's dossier."""
    return Path(shutil.copytree(HERE / "cases" / case, parent / case, ignore=shutil.ignore_patterns(EXPECTED)))


def freeze() -> None:
    """Write the expected quote of every case."""
    with tempfile.TemporaryDirectory() as parent:
        homes = {HERE / "cases" / case: without_expected(case, Path(parent)) for case in CASES}
        if SHARED_LOGS.is_dir():
            homes |= {HERE / "real_logs" / name: real_dossier(name, Path(parent)) for name in REAL_DOSSIERS}
        for home, folder in homes.items():
            text = json.dumps(quoted(folder), indent=1, ensure_ascii=False)
            (home / EXPECTED).write_text(text + "\n", "utf-8")
            print(f"{home.name}: {expected(home)['decision']}, due {expected(home)['due_cents'] / 100:,.2f}")  # noqa: T201


if __name__ == "__main__":
    freeze()
