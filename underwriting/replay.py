"""Replay: an archived quote beside the same quote computed again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import zip_longest
from typing import Any

from policies.digest import plain
from underwriting.quote import Quote

# Amounts, texts and counts must be equal. Figures are reported at seven digits; processors differ beyond those, which
# can tip the seventh, and in what they make of zero.
LAST_DIGIT = 2e-6
NEXT_TO_ZERO = 1e-12


@dataclass(frozen=True, slots=True)
class Replay:
    """Whether a quote replays, and if not the first thing that differs, with both values."""

    identical: bool
    difference: str = ""


def compare(archived: Quote, again: Quote) -> Replay:
    """Engine first, then waterfall lines, since they are the price; then every other field."""
    if archived.engine != again.engine:
        return Replay(False, f"engine: archived {archived.engine}, recomputed {again.engine}")
    lines = zip_longest(plain(archived.breakdown.lines), plain(again.breakdown.lines))
    for number, (old, new) in enumerate(lines, start=1):
        for difference in _differences(old, new, f"line {number} ({(old or new)['code']})"):
            return Replay(False, difference)
    for name in (field.name for field in fields(Quote) if field.name != "profile"):  # both start from one profile
        for difference in _differences(plain(getattr(archived, name)), plain(getattr(again, name)), name):
            return Replay(False, difference)
    return Replay(True)


def _differences(old: Any, new: Any, where: str) -> Iterator[str]:
    """Every difference between two pieces of plain data, in order."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            yield from _differences(old.get(key), new.get(key), f"{where}.{key}")
    elif isinstance(old, list) and isinstance(new, list):
        for index, (left, right) in enumerate(zip_longest(old, new)):
            yield from _differences(left, right, f"{where}[{index}]")
    elif not _same(old, new):
        yield f"{where}: archived {_short(old)}, recomputed {_short(new)}"


def _same(old: Any, new: Any) -> bool:
    if isinstance(old, float) and isinstance(new, float):
        return math.isclose(old, new, rel_tol=LAST_DIGIT, abs_tol=NEXT_TO_ZERO)
    return type(old) is type(new) and bool(old == new)


def _short(value: Any) -> str:
    if isinstance(value, dict | list):
        return "something" if value else "nothing"
    return "nothing" if value is None else repr(value)
