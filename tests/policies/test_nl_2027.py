"""The Dutch regime as a lawyer would check it: what statute says, with its source, and what the scheme proposes."""

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from actuarial.calibration import shipped_calibration
from actuarial.evidence import danger_scores
from actuarial.tariff import tariff
from policies.money import Money
from policies.regimes import load_regime, regime_data
from policies.risk import IncidentSeverity, Role

NL = load_regime("nl-2027")
DATA = regime_data("nl-2027")


def test_it_holds_from_new_year_2027() -> None:
    assert (NL.country, NL.currency, NL.in_force_from) == ("NL", "EUR", date(2027, 1, 1))


def test_premium_tax_is_21_per_cent_since_2013() -> None:
    """Wet op belastingen van rechtsverkeer, Article 23, as amended by Stb. 2012, 668."""
    assert NL.premium_tax == Decimal("0.21")
    assert DATA["premium_tax"]["since"] == date(2013, 1, 1)
    assert "Article 23" in DATA["premium_tax"]["source"]


@pytest.mark.parametrize(
    ("peril", "severity", "days", "paragraph"),
    [
        ("SOC", "critical", 2, "73(3)"),  # widespread infringement, or critical infrastructure disrupted
        ("SOC", "serious", 2, "73(3)"),
        ("BOD", "critical", 10, "73(4)"),  # death of a person
        ("BOD", "serious", 15, "73(2)"),  # any other serious incident
        ("FIN", "critical", 15, "73(2)"),
        ("SOC", "minor", 15, "73(2)"),
    ],
)
def test_incidents_are_reported_in_the_days_of_article_73(peril: str, severity: str, days: int, paragraph: str) -> None:
    """Regulation (EU) 2024/1689, Article 73, paragraphs 2 to 4; in application from 2 August 2026 (Article 113)."""
    assert NL.incident_days(peril, severity) == days
    cited = {row["days"]: row for row in DATA["incident_deadlines"]}[days]
    assert f"Regulation (EU) 2024/1689, Article {paragraph}" in cited["source"]
    assert cited["since"] == date(2026, 8, 2)


def test_no_deadline_is_longer_than_fifteen_days() -> None:
    assert max(NL.incident_days(p, s) for p in NL.battery for s in IncidentSeverity) == 15


def test_cost_of_capital_is_four_and_three_quarters() -> None:
    """Directive 2009/138/EC, Article 77, as amended by Directive (EU) 2025/2, applied from 30 January 2027."""
    assert NL.cost_of_capital == 0.0475
    assert DATA["cost_of_capital"]["since"] == date(2027, 1, 30)
    assert "Directive (EU) 2025/2" in DATA["cost_of_capital"]["source"]


def test_prohibited_practices_are_declined() -> None:
    """Regulation (EU) 2024/1689, Article 5, in application since 2 February 2025."""
    assert NL.declined_words == ("prohibited",)
    assert DATA["market_access"]["since"] == date(2025, 2, 2)


def test_the_words_of_the_ai_act_mean_these_classes() -> None:
    """Regulation (EU) 2024/1689: Articles 50; 6(3); 6(2) with Annex III; 6(1) with Annex I; 53; 51 and 55."""
    words = ("minimal", "art50", "art6_3_exempt", "annex_iii", "annex_i", "gpai", "gpai_systemic")
    found = {word: NL.classify(word, 0.0) for word in words}
    assert [obliged.id for obliged in found.values() if obliged] == ["A0", "A1", "A2", "A3", "A5", "A6", "A7"]


def test_an_exemption_needs_its_number_in_the_eu_database() -> None:
    """Regulation (EU) 2024/1689, Articles 6(4) and 49(2): who calls itself exempt registers."""
    exempt = NL.classes["A2"]
    assert exempt.register_number_required
    assert exempt.without_register_number == "A3"
    assert [c.id for c in NL.classes.values() if c.register_number_required] == ["A2"]


def test_administrative_fines_are_felt_by_the_firm() -> None:
    assert "G7" in NL.uninsurable_heads
    assert "G7" not in NL.covered_heads(["G7"])


def test_product_liability_and_its_gap_are_compulsory() -> None:
    """Directive (EU) 2024/2853, Article 6 (H heads), and the harm that it leaves out (G1 to G5)."""
    assert NL.compulsory_heads == ("H1", "H2", "H3", "H4", "G1", "G2", "G3", "G4", "G5")


def test_a_kvk_number_has_eight_digits() -> None:
    assert (NL.business_number_name, NL.business_number_pattern) == ("KvK", "[0-9]{8}")


SUMS = {  # class: sum per event, per year, in millions of euros; anchors in the file
    "A1": (0.5, 1.0),
    "A2": (2.0, 4.0),
    "A3": (2.5, 5.0),
    "A4": (6.45, 13.0),  # motor insurance, sum for persons since 23 December 2023
    "A5": (7.75, 15.5),  # motor insurance, persons and property together
    "A6": (25.0, 25.0),
    "A7": (50.0, 50.0),
}


@pytest.mark.parametrize(("obliged", "sums"), SUMS.items())
def test_minimum_sums(obliged: str, sums: tuple[float, float]) -> None:
    found = NL.classes[obliged]
    assert (found.minimum_limit, found.minimum_aggregate) == tuple(Money(round(s * 1e8)) for s in sums)


def test_what_the_scheme_proposes_is_marked_so() -> None:
    proposals: list[Any] = [*DATA["classes"], DATA["levy"], DATA["prudence"], DATA["disclosure"], DATA["evidence"]]
    assert {table.get("mark") for table in proposals} == {"proposal"}
    assert not any("source" in table for table in proposals)


def test_one_step_up_until_the_top() -> None:
    order = list(NL.classes)
    stepped = [NL.classes[c].priced_when_self_assessed for c in order]
    assert stepped == [*order[1:], order[-1]]


def test_high_risk_grows_with_the_people_it_reaches() -> None:
    assert [NL.classify("gpai", 0.0, flop).id for flop in (0.0, 9e24, 1e25)] == ["A6", "A6", "A7"]  # type: ignore[union-attr]
    assert [NL.classify("annex_iii", persons).id for persons in (0.0, 99_999.0, 100_000.0)] == ["A3", "A3", "A4"]  # type: ignore[union-attr]


def test_minimum_premiums_lie_below_what_the_market_asks() -> None:
    """Published rates on line: 0.2-0.8 % (A1-A3), 0.5-2 % (A4, A5), 1-5 % (A6, A7); a floor is at most half of that."""
    lowest = {"A1": 0.002, "A2": 0.002, "A3": 0.002, "A4": 0.005, "A5": 0.005, "A6": 0.01, "A7": 0.01}
    for obliged, rate in lowest.items():
        found = NL.classes[obliged]
        assert 0 < found.minimum_premium.cents <= found.minimum_limit.cents * rate / 2


def test_the_default_underwriter_may_write_high_risk_at_its_minimum_sum() -> None:
    level = next(a for a in NL.authority if a.level == NL.default_authority)
    assert level.limit >= NL.classes["A5"].minimum_limit
    assert level.premium.cents >= 0.02 * NL.classes["A4"].minimum_limit.cents


def test_concealing_costs_three_times_reporting() -> None:
    assert (1 + NL.disclosure_margin) / NL.detection_probability == pytest.approx(3.0)


def test_traders_are_measured_by_turnover_and_makers_by_people() -> None:
    assert {role for role, base in NL.exposure_base.items() if base == "turnover"} == {Role.IMPORTER, Role.DISTRIBUTOR}


def test_a_firm_that_shows_nothing_of_its_systemic_danger_is_referred_and_an_average_one_is_not() -> None:
    t = tariff(shipped_calibration(), NL)
    market = 1 / (1 + np.exp(-t.logit_mean))
    silent, ordinary = danger_scores(np.stack([t.silence, market]), t)
    for peril, condition in NL.systemic.items():
        place = t.peril_ids.index(peril)
        assert silent[place] > condition.refer_above_z > ordinary[place] + 0.5
