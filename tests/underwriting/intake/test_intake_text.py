"""Text of others made safe to show."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underwriting.intake.codes import CODES, place, remark
from underwriting.intake.text import is_formula, mixes_alphabets, safe, shown, unseen

# Escapes, controls, direction changes, invisible letters and halves of surrogates, as firms' names have carried them.
ATTACKS = [
    "\x1b[2J",
    "\x1b]52;c;AAAA\x07",
    "\x1b]8;;https://example.org\x1b\\x",
    "\x9b31m",
    "\x00",
    "\r\n",
    "\x7f",
    "\u202eabc",
    "\u2066abc\u2069",
    "\u200b",
    "\ufeff",
    "\u2028",
    "\ud800",
    "\U000e0041",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_are_seen_and_shown_as_escapes(attack: str) -> None:
    assert unseen(f"Fictie {attack} B.V.")
    assert safe(f"Fictie {attack} B.V.").isprintable()
    assert "\\" in safe(attack)


@given(st.text(st.characters(), max_size=400), st.integers(1, 100))
def test_safe_text_shows_what_it_holds_and_ends(text: str, longest: int) -> None:
    out = safe(text, longest)
    assert len(out) <= longest
    assert out.isprintable()
    out.encode()  # no half of a surrogate is left
    assert safe(out, longest) == out


@given(st.text(st.characters(codec="utf-8", categories=["L", "M", "N", "P", "S", "Zs"]), max_size=100))
def test_honest_text_stays_as_it_is(text: str) -> None:
    assert unseen(text) == ""
    plain = "".join(" " if unicodedata.category(c) == "Zs" else c for c in unicodedata.normalize("NFC", text))
    assert safe(text) == plain


@pytest.mark.parametrize(
    ("value", "out"),
    [
        ("a", '"a"'),
        ("a" * 100, '"' + "a" * 59 + '…"'),
        (True, "true"),
        (None, "nothing"),
        ({}, "a table"),
        ([], "a list"),
        (1.5, "1.5"),
    ],
)
def test_values_in_messages_are_short(value: object, out: str) -> None:
    assert shown(value) == out


def test_a_number_that_python_does_not_write_out() -> None:
    assert shown(16**4000) == "a number of thousands of digits"


@pytest.mark.parametrize(
    "cell", ["=1", "+1", "-1", "@x", "  =1", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠x", "\u00a0=1"]
)
def test_formulas(cell: str) -> None:
    assert is_formula(cell)


@pytest.mark.parametrize("cell", ["", "a=1", "1-2", "(=1)", "'=1", "−1 with a minus sign"])
def test_no_formulas(cell: str) -> None:
    assert not is_formula(cell)


@pytest.mark.parametrize(
    ("text", "mixed"),
    [
        ("Fictie B.V.", False),
        ("Café Übermut", False),
        ("Фиктивная компания", False),
        ("Fictie Фикция", False),  # two words, each in one alphabet
        ("B\N{CYRILLIC SMALL LETTER A}nk", True),
        ("\N{GREEK CAPITAL LETTER ALPHA}cme", True),
        ("東京ひらがなカタカナ", False),
        ("x²", False),
    ],
)
def test_mixed_alphabets(text: str, mixed: bool) -> None:
    assert mixes_alphabets(text) is mixed


@given(st.text(st.characters(), max_size=900), st.text(st.characters(), max_size=900))
def test_no_finding_carries_a_hostile_byte(subject: str, message: str) -> None:
    line = remark("field-value", place("incidents.csv", subject), message).line()
    assert line.isprintable()


def test_codes_are_words_with_hyphens_and_meanings_are_sentences() -> None:
    for code, meant in CODES.items():
        assert code.replace("-", "").isalpha()
        assert code == code.lower()
        assert meant.meaning.endswith(".")
