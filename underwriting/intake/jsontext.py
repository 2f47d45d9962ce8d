"""JSON text of others: bounded in size and depth, no name twice, NaN and infinity read as nothing."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import Any

from underwriting.intake.limits import JSON_BYTES, JSON_DEPTH, Refused
from underwriting.intake.text import shown

STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
BRACKETS = b"[]{}"
NO_BRACKET = bytes(set(range(256)) - set(BRACKETS))


def parse_json(raw: bytes, name: str) -> Any:
    """The data of a JSON text; NaN, Infinity and numbers too large for a float become None. Raises Refused."""
    if len(raw) > JSON_BYTES:
        raise Refused("log-limit", f"{name} has {len(raw)} bytes; at most {JSON_BYTES} are read as one JSON text")
    if _depth(raw) > JSON_DEPTH:
        raise Refused("log-limit", f"{name} is nested more than {JSON_DEPTH} levels deep")
    try:
        text = raw.decode("utf-8-sig")
        return json.loads(text, parse_constant=_nothing, parse_float=_finite, object_pairs_hook=_without_doubles)
    except UnicodeDecodeError as fault:
        raise Refused("log-damaged", f"{name} is not UTF-8 text: byte {fault.start} is wrong") from None
    except json.JSONDecodeError as fault:
        message = f"{name} is not well-formed JSON: line {fault.lineno}, column {fault.colno} is wrong"
        raise Refused("log-damaged", message) from None
    except ValueError:  # Python refuses to read integers of thousands of digits
        raise Refused("log-damaged", f"{name} holds a number of thousands of digits") from None


def _depth(raw: bytes) -> int:
    """The deepest level of lists and objects, found without building them."""
    depth = deepest = 0
    for bracket in STRING.sub(b"", raw).translate(None, NO_BRACKET):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _nothing(_constant: str) -> None:
    return None


def _finite(numeral: str) -> float | None:
    value = float(numeral)
    return value if math.isfinite(value) else None


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise Refused("log-duplicate-key", f"an object holds the name {shown(twice)} twice")
    return data
