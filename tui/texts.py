"""The words of the screens in Dutch and English, from texts.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Literal

Lang = Literal["nl", "en"]
LANGS: tuple[Lang, ...] = ("nl", "en")


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """Every text by key `section.name`, then by language."""
    sections = tomllib.loads(resources.files("tui").joinpath("texts.toml").read_text("utf-8"))
    return {f"{section}.{name}": entry for section, entries in sections.items() for name, entry in entries.items()}


def say(key: str, lang: Lang, **values: object) -> str:
    """The text of that key with its blanks filled in. Raises KeyError for an unknown key or a missing value."""
    text = words()[key][lang]
    return text.format(**values) if values else text
