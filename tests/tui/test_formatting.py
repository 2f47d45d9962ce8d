"""Amounts, dates and factors as a Dutch and an English reader expect them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.money import Money
from tui import formatting
from tui.texts import LANGS, Lang


@pytest.mark.parametrize(
    ("lang", "expected"),
    [("nl", "€ 1.234.567,50"), ("en", "€1,234,567.50")],
)
def test_money(lang: Lang, expected: str) -> None:
    assert formatting.money(Money(123_456_750), lang).replace("\u00a0", " ") == expected


@pytest.mark.parametrize(("lang", "expected"), [("nl", "-1.234,56"), ("en", "-1,234.56")])
def test_amount_of_a_column(lang: Lang, expected: str) -> None:
    assert formatting.amount(Money(-123_456), lang) == expected


@pytest.mark.parametrize(("lang", "expected"), [("nl", "€ 2.500.000"), ("en", "€2,500,000")])
def test_whole_euros(lang: Lang, expected: str) -> None:
    assert formatting.whole(Money(250_000_000), lang).replace("\u00a0", " ") == expected


@pytest.mark.parametrize(
    ("lang", "expected"),
    [("nl", ("× 1,250", "72%", "+0,8", "-1,2", "12.500", "24-11-2026")),
     ("en", ("× 1.250", "72%", "+0.8", "-1.2", "12,500", "24 Nov 2026"))],
)  # fmt: skip
def test_the_rest(lang: Lang, expected: tuple[str, ...]) -> None:
    assert (
        formatting.factor(1.25, lang),
        formatting.percent(0.72, lang),
        formatting.signed(0.8, lang),
        formatting.signed(-1.2, lang),
        formatting.count(12_500.0, lang),
        formatting.day(date(2026, 11, 24), lang),
    ) == expected


@given(st.integers(-(10**13), 10**13), st.sampled_from(LANGS))
def test_no_cent_is_lost_in_a_column(cents: int, lang: Lang) -> None:
    digits = formatting.amount(Money(cents), lang).replace(".", "").replace(",", "")
    assert int(digits) == cents


@given(st.integers(0, 10**13))
def test_languages_differ_by_separators_alone(cents: int) -> None:
    swapped = formatting.amount(Money(cents), "nl").translate(str.maketrans(".,", ",."))
    assert swapped == formatting.amount(Money(cents), "en")
