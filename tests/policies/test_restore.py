"""The way back from plain JSON: exact for what was written, strict about everything else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import profiles

from policies.digest import canonical_json
from policies.findings import WaarborgError
from policies.money import Money
from policies.restore import restore
from policies.risk import RiskProfile
from policies.terms import Terms


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    count: int
    flag: bool
    share: float
    day: date
    rate: Decimal
    colour: Colour
    amount: Money
    many: tuple[Money, ...]
    pair: tuple[int, float]
    by_name: Mapping[str, Money]
    maybe: date | None = None


MONEY = st.integers(-(10**18), 10**18).map(Money)
SAMPLES = st.builds(
    Sample,
    name=st.text(),
    count=st.integers(),
    flag=st.booleans(),
    share=st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**6), 10**6),
    day=st.dates(),
    rate=st.decimals(allow_nan=False, allow_infinity=False),
    colour=st.sampled_from(Colour),
    amount=MONEY,
    many=st.lists(MONEY).map(tuple),
    pair=st.tuples(st.integers(), st.floats(allow_nan=False, allow_infinity=False)),
    by_name=st.dictionaries(st.text(), MONEY),
    maybe=st.none() | st.dates(),
)


def there_and_back(value: Any) -> Any:
    return restore(type(value), json.loads(canonical_json(value)))


@given(SAMPLES)
def test_every_kind_of_field_returns(value: Sample) -> None:
    again = there_and_back(value)
    assert again == value
    assert canonical_json(again) == canonical_json(value)


@settings(max_examples=40)
@given(profiles())
def test_profiles_return(profile: RiskProfile) -> None:
    again = there_and_back(profile)
    assert again == profile
    assert canonical_json(again) == canonical_json(profile)


def plain_sample(**changes: object) -> dict[str, object]:
    value = Sample(
        "x",
        1,
        True,
        0.5,
        date(2027, 1, 1),
        Decimal("0.21"),
        Colour.RED,
        Money(5),
        (Money(1),),
        (1, 2.0),
        {"a": Money(2)},
    )
    data: dict[str, object] = json.loads(canonical_json(value))
    return data | changes


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"extra": 1}, "unknown key 'extra'"),
        ({"name": 1}, "Sample.name"),
        ({"count": 1.0}, "Sample.count"),
        ({"count": True}, "Sample.count"),
        ({"flag": 1}, "Sample.flag"),
        ({"share": "0.5"}, "Sample.share"),
        ({"share": True}, "Sample.share"),
        ({"day": "2027-02-30"}, "Sample.day"),
        ({"day": "20270101"}, "Sample.day"),
        ({"day": 5}, "Sample.day"),
        ({"day": None}, "Sample.day"),
        ({"rate": "much"}, "Sample.rate"),
        ({"colour": "green"}, "Sample.colour"),
        ({"amount": 5}, "Sample.amount"),
        ({"amount": {"cents": "5"}}, "Sample.amount.cents"),
        ({"many": {"cents": 5}}, "Sample.many"),
        ({"many": [{"cents": 5}, {"euros": 5}]}, "Sample.many[1]"),
        ({"pair": [1]}, "Sample.pair"),
        ({"by_name": []}, "Sample.by_name"),
        ({"by_name": {"a": 1}}, "Sample.by_name.a"),
    ],
)
def test_anything_else_is_refused_by_place(changes: dict[str, object], told: str) -> None:
    with pytest.raises(WaarborgError) as refusal:
        restore(Sample, plain_sample(**changes))
    assert told in str(refusal.value)


def test_a_missing_key_is_refused_even_where_the_class_has_a_default() -> None:
    data = plain_sample()
    del data["maybe"]
    with pytest.raises(WaarborgError, match="missing key 'maybe'"):
        restore(Sample, data)


def test_what_the_class_refuses_is_refused() -> None:
    with pytest.raises(WaarborgError, match="Terms: the limit must be positive"):
        restore(Terms, {"deductible": {"cents": 0}, "limit": {"cents": 0}, "aggregate_limit": {"cents": 0}})
