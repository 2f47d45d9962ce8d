"""Experience files for tests: one to change at will, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from actuarial.calibration import shipped_calibration
from actuarial.fitting.experience import Experience
from actuarial.fitting.sample_experience import sample_experience
from policies.findings import BadInputError
from policies.regimes import load_regime
from underwriting.experience_file import read_experience

AT = date(2026, 11, 24)


def small_market() -> Experience:
    """Measured experience of 400 firms."""
    return sample_experience(400, 1, AT, load_regime("nl-2027"), shipped_calibration())


def lines_of(path: Path, at: date | None = None) -> list[str]:
    """The mistakes in an experience, one line each."""
    with pytest.raises(BadInputError) as raised:
        read_experience(path, at)
    assert all("\n" not in finding.line() for finding in raised.value.findings)
    return str(raised.value).splitlines()


def edited(folder: Path, name: str, change: Callable[[pd.DataFrame], object]) -> None:
    """A table of the folder with cells changed; all cells are text."""
    table = pd.read_csv(folder / name, dtype=str, keep_default_na=False)
    changed = change(table)
    (changed if isinstance(changed, pd.DataFrame) else table).to_csv(folder / name, index=False)


def cell(row: int, column: str, value: str) -> Callable[[pd.DataFrame], object]:
    """One cell replaced; rows are counted as in the file, where row 1 names the columns."""

    def change(table: pd.DataFrame) -> None:
        table.loc[row - 2, column] = value

    return change
