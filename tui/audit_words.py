"""Words of the metrics, shared with the report of the audit: reasons, names of figures, values that are words."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from tui import formatting
from tui.texts import Lang, say


def audit_word(kind: str, code: str, lang: Lang) -> str:
    """The words of a code: `kind` is why, name or word. A code without words is told as it is."""
    entry = _sections().get(kind, {}).get(code)
    return entry[lang] if entry else code.replace("_", " ")


def audit_value(name: str, value: object, lang: Lang) -> str:
    """A figure behind a metric; its name says whether it is in euros."""
    match value:
        case bool():
            return say("audit.yes" if value else "audit.no", lang)
        case int() | float() if name.endswith("_eur"):
            return formatting.measure(value, "euro", lang)
        case int() | float():
            return formatting.figure(value, lang)
        case _:
            return audit_word("word", str(value), lang)


@cache
def _sections() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    return tomllib.loads(resources.files("underwriting").joinpath("documents", "audit.toml").read_text("utf-8"))
