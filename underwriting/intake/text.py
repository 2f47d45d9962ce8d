"""Text that others wrote: what in it is hostile, and how to show it safely."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from underwriting.intake.limits import TEXT_LENGTH

# Controls (C0, C1, DEL), format characters (bidi, zero width, BOM), surrogates, private, unassigned, line separators.
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Alphabets whose letters pass for one another; scripts that are rightly mixed (kana and Han) are not among them.
LOOK_ALIKES = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"})
WORD = re.compile(r"[^\W\d_]+")
FORMULA_STARTS = ("=", "+", "-", "@")
SHOWN_LENGTH = 60
BASIC_PLANE_END = 0xFFFF


def safe(text: str, longest: int = TEXT_LENGTH) -> str:
    """Text fit for a terminal, a log line or a table cell, printable throughout and at most `longest` characters.

    NFC; every space a plain one; unseen characters as \\uXXXX.
    """
    kept = unicodedata.normalize("NFC", text[: 4 * longest])
    if not kept.isprintable():
        kept = "".join(c if c.isprintable() else _escaped(c) if unseen(c) else " " for c in kept)
    return kept if len(kept) <= longest and len(text) <= 4 * longest else kept[: longest - 1] + "…"


def _escaped(character: str) -> str:
    point = ord(character)
    return f"\\u{point:04x}" if point <= BASIC_PLANE_END else f"\\U{point:08x}"


def shown(value: Any) -> str:
    """A value of a file as it may stand in a message: short, safe, text in quotes."""
    if isinstance(value, str):
        return f'"{safe(value, SHOWN_LENGTH)}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else safe(_numeral(value), SHOWN_LENGTH)


def _numeral(value: Any) -> str:
    try:
        return str(value)
    except ValueError:  # Python refuses to write out integers of thousands of digits
        return "a number of thousands of digits"


def unseen(text: str) -> str:
    """The first character of `text` that no screen shows as itself, escaped; empty when there is none."""
    if text.isprintable():
        return ""
    return next((_escaped(c) for c in text if unicodedata.category(c) in UNSEEN), "")


def mixes_alphabets(text: str) -> bool:
    """Whether one word holds letters of two look-alike alphabets, such as Latin with Cyrillic."""
    if text.isascii():
        return False
    return any(len(_alphabets(word) & LOOK_ALIKES) > 1 for word in WORD.findall(text))


def _alphabets(word: str) -> set[str]:
    return {unicodedata.name(letter, "").partition(" ")[0] for letter in word}


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would take this cell for a formula; full-width signs count too."""
    return unicodedata.normalize("NFKC", cell).strip().startswith(FORMULA_STARTS)
