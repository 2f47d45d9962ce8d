"""The words of the screens: complete in both languages, used, and with the same blanks."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from tui.texts import LANGS, say, words

SOURCES = "\n".join(path.read_text("utf-8") for path in (Path(__file__).parents[2] / "tui").rglob("*.py"))
BLANKS = {key: {name for _, name, _, _ in Formatter().parse(entry["en"]) if name} for key, entry in words().items()}


@pytest.mark.parametrize("key", words())
def test_key_has_both_languages_with_the_same_blanks(key: str) -> None:
    entry = words()[key]
    assert set(entry) == set(LANGS)
    assert all(text.strip() for text in entry.values())
    assert {name for _, name, _, _ in Formatter().parse(entry["nl"]) if name} == BLANKS[key]


@pytest.mark.parametrize("key", words())
def test_key_is_used(key: str) -> None:
    section = key.partition(".")[0]
    assert re.search(rf"""["']({re.escape(key)}["']|{section}\.{{)""", SOURCES)


def test_every_key_in_the_sources_exists() -> None:
    used = set(re.findall(r'say\(["\']([a-z_]+\.[a-z_]+)["\']', SOURCES))
    assert used
    assert used <= set(words())


def test_unknown_key_and_missing_blank_are_errors() -> None:
    with pytest.raises(KeyError):
        say("quotes.nonsense", "en")
    with pytest.raises(KeyError):
        say("quotes.found", "en", matching=1)
