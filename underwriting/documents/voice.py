"""How texts, numbers, amounts and names are written for one reader of a report. What is not a number is a dash."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from babel.dates import format_date
from babel.numbers import (
    format_compact_currency,
    format_compact_decimal,
    format_currency,
    format_decimal,
    format_percent,
    format_scientific,
)

from policies.heads import HEADS
from policies.perils import PERILS
from underwriting.intake.text import safe
from underwriting.texts import titled

LOCALES = {"en": "en_GB", "nl": "nl_NL"}
CURRENCY = "EUR"
WHOLE_EUROS = {"en": "¤#,##0;−¤#,##0", "nl": "¤\u00a0#,##0;¤\u00a0−#,##0"}
DASH = "–"
SMALLEST_PLAIN = 1e-5  # below this a number is written as a power of ten
MOST_DECIMALS = 6
CERTAIN = 0.001  # a p-value below it is written as "< 0.001"


def finite(value: object) -> float | None:
    """The value as a finite number, or None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


@dataclass(frozen=True, slots=True)
class Voice:
    """A language, and how it writes things."""

    lang: str

    def says(self, key: str, **values: object) -> str:
        """The text of a key with its {values} filled in. Raises KeyError for an unknown key."""
        return texts()[key][self.lang].format(**values)

    def knows(self, key: str) -> bool:
        """Whether there is a text of this key."""
        return key in texts()

    def number(self, value: object, digits: int = 3) -> str:
        """A number to so many significant digits, never fewer than those before the point."""
        number = finite(value)
        if number is None:
            return DASH
        if number and abs(number) < SMALLEST_PLAIN:
            return format_scientific(number, "0.#E0", locale=LOCALES[self.lang])
        return self.decimal(number, self.places(number, digits))

    @staticmethod
    def places(number: float, digits: int = 3) -> int:
        """The decimals that a number needs to show so many significant digits."""
        places = digits - 1 - math.floor(math.log10(abs(number))) if number else 0
        return min(max(places, 0), MOST_DECIMALS)

    def decimal(self, value: object, places: int) -> str:
        """A number to so many decimals."""
        number = finite(value)
        if number is None:
            return DASH
        pattern = "#,##0" + ("." + "0" * places if places else "")
        return _signed(format_decimal(number, f"{pattern};−{pattern}", locale=LOCALES[self.lang]))

    def count(self, value: object) -> str:
        """A count: whole where it is whole, else with one decimal (weighted counts)."""
        number = finite(value)
        return self.decimal(value, 0 if number is None or number == round(number) else 1)

    def percent(self, value: object, places: int = 0) -> str:
        """A share as a percentage."""
        number = finite(value)
        if number is None:
            return DASH
        pattern = "#,##0" + ("." + "0" * places if places else "") + ("\u00a0%" if self.lang == "nl" else "%")
        return _signed(format_percent(number, f"{pattern};−{pattern}", locale=LOCALES[self.lang]))

    def change(self, factor: float) -> str:
        """A factor as a signed change in per cent: 1.2 is +20 %."""
        return ("+" if factor >= 1 else "") + self.percent(factor - 1)

    def year(self, value: object) -> str:
        """A calendar year, or the words of a span of years."""
        number = finite(value)
        return self.name("year", value) if number is None else f"{number:.0f}"

    def probability(self, value: object) -> str:
        """A p-value."""
        number = finite(value)
        if number is None:
            return DASH
        return f"< {self.decimal(CERTAIN, 3)}" if number < CERTAIN else self.decimal(number, 3)

    def euros(self, value: object) -> str:
        """An amount in whole euros."""
        number = finite(value)
        if number is None:
            return DASH
        return _signed(format_currency(number, CURRENCY, WHOLE_EUROS[self.lang], LOCALES[self.lang], False))

    def short_euros(self, value: float) -> str:
        """An amount in few characters, for an axis."""
        return format_compact_currency(value, CURRENCY, locale=LOCALES[self.lang], fraction_digits=1)

    def short(self, value: float) -> str:
        """A number in few characters, for an axis."""
        if abs(value) >= 10_000:  # noqa: PLR2004 - five figures are too many for a tick
            return format_compact_decimal(value, locale=LOCALES[self.lang], fraction_digits=1)
        return _signed(
            format_decimal(round(value, MOST_DECIMALS), "#,##0.######;−#,##0.######", locale=LOCALES[self.lang])
        )

    def day(self, day: date) -> str:
        """A day in full."""
        return format_date(day, "long", LOCALES[self.lang])

    def interval(self, low: object, high: object) -> str:
        """Two ends as one text, a dash where either is missing."""
        if finite(low) is None or finite(high) is None:
            return DASH
        return f"{self.number(low)} – {self.number(high)}"

    def peril(self, peril: object) -> str:
        """The title of a peril, or its code where we know none."""
        return titled(PERILS[str(peril)], self.lang) if str(peril) in PERILS else safe(str(peril or DASH))

    def head(self, head: object) -> str:
        """Code and title of a head, or its code where we know none."""
        known = HEADS.get(str(head))
        return f"{known.id} {titled(known, self.lang)}" if known else self.name("head", head)

    def name(self, kind: str, value: object) -> str:
        """The name of a level, model, verdict ...: its text where there is one, else the word itself."""
        if value is None or value == "" or (isinstance(value, float) and not math.isfinite(value)):
            return DASH
        if kind in {"autonomy", "maturity"} and not isinstance(value, str):
            value = f"{value:g}"
        word = safe(str(value))
        if kind == "maturity":
            years = word.removesuffix(".0")
            return self.says("level.maturity", years=years) if years.isdecimal() else word
        key = f"{kind}.{word.removesuffix('.0') if kind == 'autonomy' else word}"
        if self.knows(key):
            return self.says(key)
        return self.peril(word) if kind == "peril" else word


def _signed(written: str) -> str:
    """A written number without a sign on what has been rounded to nothing."""
    return written.removeprefix("−") if not any(digit in written for digit in "123456789") else written


@cache
def texts() -> Mapping[str, Mapping[str, str]]:
    """All texts by dotted key and language."""
    source = resources.files("underwriting.documents").joinpath("calibration_report.toml").read_text("utf-8")
    return dict(_flat("", tomllib.loads(source)))


def _flat(path: str, branch: Mapping[str, Any]) -> list[tuple[str, Mapping[str, str]]]:
    if "en" in branch or "nl" in branch:
        return [(path, branch)]
    return [leaf for name, twig in branch.items() for leaf in _flat(f"{path}.{name}" if path else name, twig)]
