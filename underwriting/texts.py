"""Texts for people, in English and Dutch, from two TOML files; the screen and the report share them."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources

from policies.findings import Finding
from policies.money import CENTS_PER_EURO, Money
from policies.regimes import Regime
from underwriting.quote import Lever, Quote

FILES = ("texts.toml", "certificate.toml")


def text(key: str, lang: str, **values: object) -> str:
    """The text of a key such as "line.base", with its {values} filled in. Raises KeyError for an unknown key."""
    return _texts()[key][lang].format(**values)


def lever_text(lever: Lever, quote: Quote, regime: Regime, lang: str, money: Callable[[Money], str]) -> str:
    """A lever as a sentence. `money` writes amounts the way the reader expects."""
    if lever.kind == "deductible":
        return text("lever.deductible", lang, amount=money(Money(int(lever.subject))))
    system, _, target = lever.subject.rpartition("/") if lever.kind != "assessment" else (lever.subject, "", "")
    name = next(s.name for s in quote.profile.systems if s.id == system)
    owed = regime.obligations.get(target)
    values = {"test": target, "obligation": titled(owed, lang) if owed else target}
    return text(f"lever.{lever.kind}", lang, system=f"{name} ({system})", **values)


def plain_amount(amount: Money, currency: str) -> str:
    """An amount as programs and findings write it, whatever the language: "EUR 1,234.50"."""
    whole, cents = divmod(amount.cents, CENTS_PER_EURO)
    return f"{currency} {whole:,}.{cents:02}"


def finding_title(finding: Finding, lang: str) -> str:
    """What a finding of this code means, in one sentence without values; a code that has no title is its own."""
    entry = _texts().get(f"finding.{finding.code}") or _texts().get(f"calibration.{finding.code}")
    return entry[lang] if entry else finding.code


def titled(thing: object, lang: str) -> str:
    """The title of a class, peril, head, obligation or regime in a language."""
    title: str = getattr(thing, "title_nl" if lang == "nl" else "title")
    return title


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    found: dict[str, Mapping[str, str]] = {}
    for file in FILES:
        sections = tomllib.loads(resources.files("underwriting").joinpath(file).read_text("utf-8"))
        found |= {
            f"{section}.{name}": entry for section, entries in sections.items() for name, entry in entries.items()
        }
    return found
