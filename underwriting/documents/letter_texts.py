"""Texts of the letter and of the path, in English and Dutch; and how both write amounts, days and actions."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import resources

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent

from policies.money import CENTS_PER_EURO, Money
from policies.regimes import Regime
from policies.safety import catalogue
from underwriting.advice import Action
from underwriting.intake.text import safe
from underwriting.quote import Lever, Quote
from underwriting.texts import lever_text, titled

LOCALES = {"en": "en_GB", "nl": "nl_NL"}


@dataclass(frozen=True, slots=True)
class Voice:
    """How texts, amounts and days are written for one reader."""

    lang: str
    currency: str

    def says(self, key: str, **values: object) -> str:
        """The text of a key with its {values} filled in. Raises KeyError for an unknown key."""
        return _texts()[key][self.lang].format(**values)

    def knows(self, key: str) -> bool:
        """Whether there is a text of this key."""
        return key in _texts()

    def money(self, amount: Money) -> str:
        """An amount to the cent."""
        return format_currency(Decimal(amount.cents) / CENTS_PER_EURO, self.currency, locale=LOCALES[self.lang])

    def round_money(self, amount: Money) -> str:
        """An amount in whole euros."""
        whole = round(Decimal(amount.cents) / CENTS_PER_EURO)
        return format_currency(
            whole, self.currency, locale=LOCALES[self.lang], currency_digits=False, decimal_quantization=True,
            format={"en": "¤#,##0", "nl": "¤\u00a0#,##0"}[self.lang],
        )  # fmt: skip

    def number(self, value: float) -> str:
        """A number with at most one decimal."""
        return format_decimal(value, "#,##0.#", locale=LOCALES[self.lang])

    def percent(self, share: float) -> str:
        """A share as a whole percentage."""
        return format_percent(share, {"en": "#,##0%", "nl": "#,##0\u00a0%"}[self.lang], LOCALES[self.lang])

    def day(self, day: date) -> str:
        """A day in full."""
        return format_date(day, "long", LOCALES[self.lang])


def plain_action(action: Action, quote: Quote, regime: Regime, voice: Voice) -> str:
    """An action as a board reads it: no codes, only names."""
    if action.kind == "deductible":
        return voice.says("lever.deductible", amount=voice.round_money(Money(int(action.subject))))
    system, target = _parts(action)
    owed = regime.obligations.get(target)
    test = catalogue().get(target)
    return voice.says(
        f"lever.{action.kind}",
        system=system_name(quote, system),
        title=test.title if test else target,
        obligation=_lowered(titled(owed, voice.lang)) if owed else target,
    )


def action_line(action: Action, quote: Quote, regime: Regime, voice: Voice) -> str:
    """An action as an underwriter reads it, with the ids of system and test."""
    if action.kind == "run":
        system, test = _parts(action)
        return voice.says("path.run", test=test, system=f"{system_name(quote, system)} ({system})")
    lever = Lever(action.id, action.kind, action.subject, action.due, action.saving)
    return lever_text(lever, quote, regime, voice.lang, voice.money)


def system_name(quote: Quote, system: str) -> str:
    """The name of a system of the quote, safe to print."""
    return safe(next(s.name for s in quote.profile.systems if s.id == system))


def _parts(action: Action) -> tuple[str, str]:
    """System and test or obligation of an action."""
    if action.kind == "assessment":
        return action.subject, ""
    system, _, target = action.subject.rpartition("/")
    return system, target


def _lowered(title: str) -> str:
    return title[:1].lower() + title[1:]


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    source = resources.files("underwriting.documents").joinpath("letter.toml").read_text("utf-8")
    return {
        f"{section}.{name}": entry for section, rows in tomllib.loads(source).items() for name, entry in rows.items()
    }
