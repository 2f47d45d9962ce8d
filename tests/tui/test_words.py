"""The words of the screens: complete in both languages, used, and with the same blanks."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from tui.texts import LANGS, say, words

SOURCES = "\n".join(path.read_text("utf-8") for path in (Path(__file__).parents[2] / "tui").rglob("*.py"))


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_text_has_both_languages_with_the_same_blanks() -> None:
    assert {key for key, entry in words().items() if set(entry) != set(LANGS)} == set()
    assert {key for key, entry in words().items() if not all(text.strip() for text in entry.values())} == set()
    assert {key for key, entry in words().items() if blanks(entry["nl"]) != blanks(entry["en"])} == set()


def test_every_text_is_used() -> None:
    """By its whole key, or by a section whose names are filled in."""
    filled = {section for section in {key.partition(".")[0] for key in words()} if f"{section}.{{" in SOURCES}
    unused = {key for key in words() if not re.search(rf"""["']{re.escape(key)}["']""", SOURCES)}
    assert {key for key in unused if key.partition(".")[0] not in filled} == set()


def test_every_key_in_the_sources_exists() -> None:
    used = set(re.findall(r'say\(["\']([a-z_]+\.[a-z_]+)["\']', SOURCES))
    assert used
    assert used <= set(words())


def test_unknown_key_and_missing_blank_are_errors() -> None:
    with pytest.raises(KeyError):
        say("quotes.nonsense", "en")
    with pytest.raises(KeyError):
        say("quotes.found", "en", matching=1)
