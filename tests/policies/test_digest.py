"""Canonical JSON: one text for one value, whatever the order it was built in."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.digest import canonical_json, digest, plain, sha256_hex
from policies.money import Money

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Pair:
    second: Any
    first: Any


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=5), st.randoms())
def test_the_order_of_keys_makes_no_difference(value: dict[str, Any], random: Any) -> None:
    keys = list(value)
    random.shuffle(keys)
    assert digest({key: value[key] for key in keys}) == digest(value)


@given(VALUES)
def test_it_is_strict_json_that_reads_back_and_writes_the_same(value: Any) -> None:
    text = canonical_json(value)
    assert json.loads(text, parse_constant=pytest.fail) == value
    assert canonical_json(json.loads(text)) == text


def test_it_is_compact_sorted_and_holds_real_characters() -> None:
    assert canonical_json({"b": [1, 2.5, None], "a": "é€"}) == '{"a":"é€","b":[1,2.5,null]}'


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_refused_at_any_depth(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"a": [{"b": number}]})


def test_values_of_the_house_have_a_plain_form() -> None:
    value = Pair(
        second=(Money(5), Colour.RED, frozenset({3, 1, 2})), first={"day": date(2027, 1, 1), "rate": Decimal("0.10")}
    )
    assert plain(value) == {
        "second": [{"cents": 5}, "red", [1, 2, 3]],
        "first": {"day": "2027-01-01", "rate": "0.10"},
    }
    assert plain(datetime(2027, 1, 1, 12, 30)) == "2027-01-01T12:30:00"  # noqa: DTZ001 - the text is what is tested


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes", Money])
def test_what_has_no_plain_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical_json([value])


def test_the_digest_is_the_sha256_of_the_text() -> None:
    assert digest({"a": 1}) == hashlib.sha256(b'{"a":1}').hexdigest()
    assert (
        sha256_hex(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )  # FIPS 180-4, empty text


@given(VALUES, VALUES)
def test_different_texts_have_different_digests(a: Any, b: Any) -> None:
    assert (digest(a) == digest(b)) == (canonical_json(a) == canonical_json(b))
