"""Frozen quotes price to the same cents, line by line; and the frozen numbers keep the promises of a quote."""

from pathlib import Path
from typing import Any

import pytest
from dossiers import REAL_DOSSIERS, REAL_LOGS, real_dossier
from golden import CASES, HERE, expected, quoted, without_expected


def same(found: Any, frozen: Any, where: str = "quote") -> None:
    """Equal, with floats at seven digits: processors differ beyond, cents must not."""
    if isinstance(frozen, float):
        assert found == pytest.approx(frozen, rel=1e-7, abs=1e-12), where
    elif isinstance(frozen, dict):
        assert found.keys() == frozen.keys(), where
        for key in frozen:
            same(found[key], frozen[key], f"{where}.{key}")
    elif isinstance(frozen, list):
        assert len(found) == len(frozen), where
        for number, (one, other) in enumerate(zip(found, frozen, strict=True)):
            same(one, other, f"{where}[{number}]")
    else:
        assert found == frozen, where


@pytest.mark.parametrize("case", CASES)
def test_case(case: str, tmp_path: Path) -> None:
    same(quoted(without_expected(case, tmp_path)), expected(HERE / "cases" / case))


@pytest.mark.parametrize("name", REAL_DOSSIERS)
def test_dossier_from_real_logs(name: str, tmp_path: Path) -> None:
    same(quoted(real_dossier(name, tmp_path)), expected(REAL_LOGS / name))


@pytest.mark.parametrize(
    "home", [*(HERE / "cases" / c for c in CASES), *(REAL_LOGS / n for n in REAL_DOSSIERS)], ids=lambda home: home.name
)
def test_frozen_numbers_add_up(home: Path) -> None:
    frozen = expected(home)
    assert sum(line["cents"] for line in frozen["lines"]) == frozen["due_cents"]
    assert frozen["offered_premium_cents"] + frozen["tax_cents"] == frozen["due_cents"]
    assert sum(frozen["instalments_cents"]) == frozen["due_cents"]
    assert all(lever["premium_cents"] + lever["saving_cents"] == frozen["due_cents"] for lever in frozen["levers"])


def test_all_three_decisions_are_frozen() -> None:
    decisions = {expected(HERE / "cases" / case)["decision"] for case in CASES}
    assert decisions == {"quoted", "referred", "declined"}


def test_a_cent_off_is_seen() -> None:
    frozen = expected(HERE / "cases" / CASES[0])
    with pytest.raises(AssertionError, match="due_cents"):
        same(frozen | {"due_cents": frozen["due_cents"] + 1}, frozen)
