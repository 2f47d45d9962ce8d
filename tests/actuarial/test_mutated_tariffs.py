"""A tariff that was tampered with is broken by the search, which names the firm in numbers that can be priced again."""

from dataclasses import replace
from decimal import Decimal
from functools import cache

import pytest
from mutations import BY_NAME, CASES, REGIME, SHIPPED

from actuarial.certificate import Number
from actuarial.proofs.point import Point, due
from actuarial.searching.adversary import Challenge, challenge_one
from actuarial.tariff import ThetaLevel, tariff

BUDGET = 500  # a broken claim shows within the first hundreds
PLAIN = {"danger", "exposure", "ladders", "limit", "compliance", "deductible", "incidents", "step-autonomy"}
NAMES = {
    "class": "declared_class",
    "priced_as": "priced_class",
    "maturity_band": "maturity",
    "exposure_units": "exposure",
}


def rebuilt(facts: dict[str, Number]) -> Point:
    """A firm from the plain numbers of a witness; self-assessment moves the priced class along with the declared."""
    lists: dict[str, dict[str, Number]] = {"danger": {}, "incidents": {}}
    fields: dict[str, object] = dict(lists)
    for name, value in facts.items():
        stem, _, peril_id = name.partition("_")
        if name == "optional_heads":
            fields["heads"] = (*REGIME.compulsory_heads, *str(value).split())
        elif stem in lists:
            lists[stem][peril_id] = value
        else:
            fields[NAMES.get(name, name)] = value
    return Point(**fields)  # type: ignore[arg-type]


@cache
def searched(name: str, claim: str) -> Challenge:
    calibration, rating = BY_NAME[name]
    return challenge_one(claim, calibration, REGIME, rating, budget=BUDGET)


@pytest.mark.parametrize(("name", "claim"), CASES)
def test_the_search_breaks_a_mutated_tariff_and_names_a_firm(name: str, claim: str) -> None:
    found = searched(name, claim)
    assert found.worst > 0
    assert found.witness is not None
    assert found.witness.before != found.witness.after
    firm = dict(found.witness.firm) | {found.witness.changed: found.witness.before}
    assert firm["class"] in REGIME.classes
    assert found.witness.due_before.cents > 0


@pytest.mark.parametrize(("name", "claim"), [case for case in CASES if case[1] in PLAIN])
def test_the_named_numbers_are_enough_to_price_the_firm_again(name: str, claim: str) -> None:
    calibration, rating = BY_NAME[name]
    found = searched(name, claim).witness
    assert found is not None
    firm = dict(found.firm)
    level = ThetaLevel(firm.pop("level", ThetaLevel.CENTRAL))
    then = firm.pop("then_priced_as", None)
    ends = [rebuilt(firm | {found.changed: value}) for value in (found.before, found.after)]
    if then:
        ends[1] = replace(ends[1], priced_class=str(then))
    paid = due(ends, tariff(calibration, REGIME, level), REGIME, rating)
    assert [int(cents) for cents in paid] == [found.due_before.cents, found.due_after.cents]


def test_a_tax_that_turns_the_order_is_found() -> None:
    rebate = replace(REGIME, premium_tax=Decimal("-1.5"), sha256="a tax that is paid back, and half as much again")
    assert challenge_one("rounding", SHIPPED, rebate, budget=BUDGET).witness is not None
