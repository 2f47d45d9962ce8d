"""How a report writes: both languages complete, numbers as the reader writes them, no number that is none."""

import math
import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underwriting.documents.voice import DASH, Voice, texts

EN, NL = Voice("en"), Voice("nl")
SOURCES = Path(__file__).parents[3] / "underwriting" / "documents"
NO_NUMBERS = [None, math.nan, math.inf, -math.inf, "12", True]


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_text_is_in_both_languages_with_the_same_blanks() -> None:
    assert len(texts()) > 300
    assert [key for key, entry in texts().items() if set(entry) != {"en", "nl"} or not all(entry.values())] == []
    assert [key for key, entry in texts().items() if blanks(entry["en"]) != blanks(entry["nl"])] == []


def test_every_text_that_the_code_names_is_there() -> None:
    """In the report of a calibration; the audit and the letter have texts of their own."""
    code = "".join(path.read_text("utf-8") for path in SOURCES.glob("calibration_*.py"))
    named = set(re.findall(r'says\("([\w.]+)"', code))
    laid_out = "".join(path.read_text("utf-8") for path in SOURCES.glob("calibration_*.[ht][ty][mp]*"))
    words = {f"page.{name}" for name in re.findall(r"words\.page_(\w+)", laid_out)}
    assert len(named) > 50
    assert len(words) > 10
    assert (named | words) - set(texts()) == set()


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_what_is_no_number_is_a_dash(value: object) -> None:
    written = (EN.number(value), EN.decimal(value, 2), EN.count(value), EN.percent(value), EN.euros(value))
    assert {*written, EN.probability(value)} == {DASH}


def test_numbers_are_written_in_the_readers_way() -> None:
    assert (EN.number(1234.5678), NL.number(1234.5678)) == ("1,235", "1.235")
    assert (EN.number(0.012345), NL.number(0.012345)) == ("0.0123", "0,0123")
    assert (EN.number(-2.5), NL.number(-2.5)) == ("−2.50", "−2,50")
    assert (EN.euros(1234567.4), NL.euros(1234567.4)) == ("€1,234,567", "€\u00a01.234.567")
    assert (EN.percent(0.256, 1), NL.percent(0.256, 1)) == ("25.6%", "25,6\u00a0%")
    assert (EN.change(1.2), NL.change(0.75)) == ("+20%", "−25\u00a0%")
    assert (EN.count(12.0), EN.count(12.5)) == ("12", "12.5")
    assert (EN.probability(0.0004), NL.probability(0.0412)) == ("< 0.001", "0,041")
    assert (EN.year(2026.0), EN.year(None)) == ("2026", DASH)


def test_nothing_has_no_sign() -> None:
    assert (EN.decimal(-0.001, 1), NL.percent(-0.0001), EN.euros(-0.2)) == ("0.0", "0\u00a0%", "€0")


@given(st.floats(-1e9, 1e9, allow_nan=False))
def test_a_written_number_is_the_number_to_three_digits(value: float) -> None:
    read = float(EN.number(value).replace(",", "").replace("−", "-"))
    assert read == pytest.approx(value, rel=0.006, abs=1e-6)


@pytest.mark.parametrize(
    ("kind", "value", "english", "dutch"),
    [
        ("autonomy", 3.0, "acts alone", "handelt zelf"),
        ("autonomy", "0", "advises", "adviseert"),
        ("maturity", 3.0, "from 3 years", "vanaf 3 jaar"),
        ("sector", "health", "health", "zorg"),
        ("peril", "DIS", "Discrimination, unequal treatment", "Discriminatie, ongelijke behandeling"),
        ("model", "something new", "something new", "something new"),
        ("model", None, DASH, DASH),
        ("model", math.nan, DASH, DASH),
        ("sector", "a\x00b", "a\\u0000b", "a\\u0000b"),
    ],
)
def test_names(kind: str, value: object, english: str, dutch: str) -> None:
    assert (EN.name(kind, value), NL.name(kind, value)) == (english, dutch)
