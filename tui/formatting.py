"""Values to text in the reader's language: the only place where the screens format anything."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent
from textual.content import Content

from policies.findings import Severity
from policies.money import CENTS_PER_EURO, Money
from tui.texts import Lang
from underwriting.intake.text import safe
from underwriting.quote import Decision

LOCALES: dict[Lang, str] = {"nl": "nl_NL", "en": "en_GB"}
WHOLE: dict[Lang, str] = {"nl": "¤\u00a0#,##0", "en": "¤#,##0"}
DATES: dict[Lang, str] = {"nl": "dd-MM-yyyy", "en": "d MMM yyyy"}
SMALL = 0.001  # below it three decimals would show nothing

# A state is never shown by colour alone: glyph first, colour second.
OK, REFER, STOP, ESTIMATE, MISSING = "✓", "!", "✗", "~", "?"
DECISION_STYLES = {
    Decision.QUOTED: (OK, "$success"),
    Decision.REFERRED: (REFER, "$warning"),
    Decision.DECLINED: (STOP, "$error"),
}
SEVERITY_STYLES = {
    Severity.ERROR: (STOP, "$error"),
    Severity.DECLINE: (STOP, "$error"),
    Severity.REFER: (REFER, "$warning"),
    Severity.WARNING: (REFER, "$accent"),
    Severity.INFO: (ESTIMATE, "$muted"),
}


def plain(text: str, style: str = "") -> Content:
    """Text that others wrote, made safe and never read as markup."""
    return Content.styled(safe(text), style)


def _euros(amount: Money) -> Decimal:
    return Decimal(amount.cents) / CENTS_PER_EURO


def money(amount: Money, lang: Lang) -> str:
    """An amount with its sign: € 1.234,56 or €1,234.56."""
    return format_currency(_euros(amount), "EUR", locale=LOCALES[lang])


def amount(value: Money, lang: Lang) -> str:
    """An amount for a column, without the euro sign: 1.234,56 or 1,234.56."""
    return format_decimal(_euros(value), "#,##0.00", locale=LOCALES[lang])


def whole(value: Money, lang: Lang) -> str:
    """An amount rounded to euros, for limits and ranges."""
    return format_currency(_euros(value), "EUR", WHOLE[lang], locale=LOCALES[lang], currency_digits=False)


def factor(value: float, lang: Lang) -> str:
    """A multiplier: × 1,250."""
    return "× " + format_decimal(value, "0.000", locale=LOCALES[lang])


def percent(share: float, lang: Lang) -> str:
    """A share in [0, 1] as a whole percentage."""
    return format_percent(share, "#,##0%", locale=LOCALES[lang])


def signed(value: float, lang: Lang) -> str:
    """A score with its sign and one decimal: +0,8."""
    return format_decimal(value, "+0.0;-0.0", locale=LOCALES[lang])


def count(value: float, lang: Lang) -> str:
    """A whole number with its thousands: 12.000."""
    return format_decimal(round(value), "#,##0", locale=LOCALES[lang])


def day(value: date, lang: Lang) -> str:
    """A date: 24-11-2026 or 24 Nov 2026."""
    return format_date(value, DATES[lang], locale=LOCALES[lang])


def measure(value: float, unit: str, lang: Lang) -> str:
    """A figure of the audit in its unit: ratio, share, euro, points (of a hundred) or count."""
    match unit:
        case "share":
            return format_percent(value, "#,##0.0%", locale=LOCALES[lang])
        case "euro":
            return whole(Money(round(value * CENTS_PER_EURO)), lang)
        case "points":
            return f"{number(value * 100, lang, 1)}\u00a0pt"
        case "count":
            return count(value, lang)
        case _:
            return number(value, lang)


def figure(value: float | str, lang: Lang) -> str:
    """A number as plain as it can be: three decimals, or three digits when it is smaller than that; a word as it is."""
    if isinstance(value, str):
        return value
    return format_decimal(value, "#,##0.###" if not 0 < abs(value) < SMALL else "@##", locale=LOCALES[lang])


def step(value: float, lang: Lang) -> str:
    """A whole number of standard steps with its sign: −3, 0, +2."""
    return format_decimal(value, "+0;-0", locale=LOCALES[lang]) if value else "0"


def number(value: float, lang: Lang, places: int = 2) -> str:
    """A figure with a fixed number of decimals and its thousands: 1.234,50."""
    return format_decimal(value, "#,##0." + "0" * places, locale=LOCALES[lang])
