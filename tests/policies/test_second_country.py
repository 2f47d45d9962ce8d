"""Oostmark is invented: its law differs wherever a law can differ, and the same code reads and prices it."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from actuarial.calibration import shipped_calibration
from policies.money import Money
from policies.regimes import load_regime, regime_data
from policies.risk import AISystem, Cover, Firm, RiskProfile, Role, SizeClass
from policies.terms import Terms
from underwriting.quote import Quote
from underwriting.quoting import quote

NL, XO = load_regime("nl-2027"), load_regime("oostmark-2028")
AT = date(2028, 6, 1)


def profile(word: str, limit: int, persons: float = 40_000.0, turnover: int = 3_000_000) -> RiskProfile:
    """A firm of one system, with the cover of one class."""
    system = AISystem(
        id="s1",
        name="Veerman",
        version="2.1",
        roles=(Role.PROVIDER,),
        self_assessed_class=word,
        autonomy=1,
        sector="other",
        persons_per_month=persons,
        deployed=date(2027, 1, 1),
        foundation_model="none",
        assessed_class=word,
    )
    return RiskProfile(
        firm=Firm(
            name="Voorbeeld Veerman (fictief)",
            kvk="1234567890",
            country="XO",
            size_class=SizeClass.SMALL,
            turnover_nl=Money.euros(turnover),
            turnover_world=Money.euros(turnover),
            founded=date(2020, 1, 1),
        ),
        cover=Cover(
            date(2028, 7, 1), 12, (), Terms(Money.euros(10_000), Money.euros(limit), Money.euros(3 * limit)), 4
        ),
        systems=(system,),
        incidents=(),
        obligations=(),
        sha256="0" * 64,
    )


def quoted(risk: RiskProfile) -> Quote:
    return quote(risk, (), AT, XO, shipped_calibration())


def test_every_rule_of_law_differs_from_the_dutch_one() -> None:
    keys = ("premium_tax", "levy", "incidents", "compliance", "evidence", "disclosure", "exposure", "instalments")
    theirs, ours = regime_data(XO.id), regime_data(NL.id)
    assert [key for key in keys if theirs[key] == ours[key]] == []
    assert set(XO.classes) < set(NL.classes)
    assert XO.battery != NL.battery
    assert XO.compulsory_heads != NL.compulsory_heads
    assert XO.incident_days("PSY", "serious") == 3
    assert set(XO.class_words()) & set(NL.class_words()) == set(XO.classes)


def test_business_numbers_have_ten_digits() -> None:
    assert re.fullmatch(XO.business_number_pattern, "1234567890")
    assert not re.fullmatch(XO.business_number_pattern, "12345678")
    assert not re.fullmatch(XO.business_number_pattern, "0123456789")


def test_an_obligation_that_the_netherlands_do_not_know() -> None:
    assert XO.obligations["algorithm_diary"].every_months == 1
    assert "algorithm_diary" not in NL.obligations


@pytest.mark.parametrize(("word", "obliged"), [("household", "A0"), ("deciding", "A3"), ("wounding", "A5")])
def test_it_prices_with_its_own_words_floors_and_tax(word: str, obliged: str) -> None:
    found = quoted(profile(word, 5_000_000))
    assert found.obliged_class == obliged
    offered, due = found.breakdown.offered_premium, found.breakdown.due
    assert offered >= XO.classes[obliged].minimum_premium
    assert due == offered + offered.times(Decimal("0.0925"))
    assert sum(part.cents for part in found.instalments) == due.cents
    assert found.regime_id == "oostmark-2028"


def test_a_provider_is_measured_by_turnover_there_and_by_people_here() -> None:
    base = profile("deciding", 5_000_000)
    more_people, more_turnover = (
        profile("deciding", 5_000_000, 80_000.0),
        profile("deciding", 5_000_000, 40_000.0, 9_000_000),
    )
    assert quoted(more_people).breakdown.due == quoted(base).breakdown.due
    assert quoted(more_turnover).breakdown.due > quoted(base).breakdown.due
    here = [
        quote(
            replace(risk, systems=(replace(risk.systems[0], assessed_class="A3"),)), (), AT, NL, shipped_calibration()
        )
        for risk in (base, more_people)
    ]
    assert here[0].breakdown.due < here[1].breakdown.due


def test_a_class_escalates_at_its_own_number_of_people() -> None:
    assert [quoted(profile("deciding", 5_000_000, n)).obliged_class for n in (249_999.0, 250_000.0)] == ["A3", "A5"]


@pytest.mark.parametrize("word", ["outlawed", "under_ban"])
def test_it_declines_by_its_own_words(word: str) -> None:
    assert quoted(profile(word, 5_000_000)).decision == "declined"
    assert quoted(profile("deciding", 5_000_000)).decision != "declined"
