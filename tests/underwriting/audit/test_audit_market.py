"""Metrics of the market: adverse selection, cross-subsidy, concentration."""

from dataclasses import replace

import numpy as np
import pytest
from audit_books import LARGE, firm, kvk, on, small
from strategies import CALIBRATION, REGIME

from actuarial.tariff import tariff
from policies.risk import SizeClass
from underwriting.audit.metrics_market import adverse_selection, concentration, cross_subsidy
from underwriting.audit.rated import rated
from underwriting.audit.simulation import DRAWS, drawn_losses
from underwriting.audit.values import AuditBook, Standing

T = tariff(CALIBRATION, REGIME)
FIRMS = 40


def of_size(number: int, factor: float = 1.0) -> float:
    return 1_000.0 * (1 + number) * factor


def buying(times: list[float]) -> AuditBook:
    """Firms of rising risk, each buying its multiple of the minimum limit."""
    return small(
        [
            firm(n, replace(LARGE, persons_per_month=of_size(n)), limit_times=multiple)
            for n, multiple in enumerate(times)
        ]
    )


def test_who_is_dangerous_buying_more_is_adverse_selection() -> None:
    found = on(buying([1.0 if n < FIRMS // 2 else 2.0 for n in range(FIRMS)]), adverse_selection)
    assert found.value == pytest.approx(0.866, abs=0.01)  # sqrt(3) / 2: ranks against halves
    assert found.standing is Standing.ALARM
    assert [(row["limit"], row["firms"]) for row in found.detail[1:]] == [(1.0, 20), (2.0, 20)]


def test_choice_without_a_trend_passes_and_no_choice_is_no_data() -> None:
    assert on(buying([1.0 + n % 2 for n in range(FIRMS)]), adverse_selection).standing is Standing.PASS
    assert on(buying([1.0] * FIRMS), adverse_selection).note == "no_choice_of_limit"


def test_a_correlation_that_chance_explains_is_no_trend() -> None:
    found = on(buying([1.0, 2.0, 1.0, 1.0, 2.0, 2.0]), adverse_selection)
    assert found.value is not None
    assert found.value > 0.4  # beyond the red line, on six firms
    assert (found.standing, found.note) == (Standing.PASS, "interval")


def market(claims: list) -> AuditBook:
    sizes = list(SizeClass)
    return small([firm(n, size=sizes[n % 2]) for n in range(FIRMS)], claims=claims)


def claim(number: int, euros: float = 20_000.0, year: int = 2026):
    return (kvk(number), "FIN", "G1", round(euros * 100), year)


def test_without_claims_the_rows_are_what_is_planned() -> None:
    found = on(market([]), cross_subsidy)
    assert (found.standing, found.note) == (Standing.NO_DATA, "no_claims")
    for row in found.detail:
        assert row["planned_ratio"] == pytest.approx(row["expected_eur"] / row["premium_eur"])


def test_equal_loss_ratios_pass() -> None:
    found = on(market([claim(n) for n in range(FIRMS)]), cross_subsidy)
    assert (found.value, found.standing, found.affected) == (0.0, Standing.PASS, ())
    assert all(row["ratio"] == pytest.approx(1.0) for row in found.detail)
    assert all(row["low"] <= 1.0 <= row["high"] for row in found.detail)


def test_a_segment_that_has_all_the_claims_is_subsidised() -> None:
    found = on(market([claim(n) for n in range(0, FIRMS, 2) for _ in range(15)]), cross_subsidy)
    assert found.value == pytest.approx(1.0)  # twice the book's loss ratio, or none
    assert found.standing is Standing.ALARM
    assert {(one.firm, one.why) for one in found.affected} == {
        ("size_class=micro", "subsidised"),
        ("size_class=small", "subsidises"),
    }


def test_one_large_claim_is_chance() -> None:
    found = on(market([claim(0, 2_000_000.0), *(claim(n, 5_000.0) for n in range(5))]), cross_subsidy)
    assert found.value == 0.0
    assert {row["ratio"] for row in found.detail if row["by"] == "size_class"} != {1.0}


def test_an_honest_market_is_named_one_time_in_ten() -> None:
    """Losses drawn from the tariff itself, taken for the truth: the level of the interval is what it says."""
    book = small([firm(n, size=list(SizeClass)[n % 3], turnover_eur=10 ** (5 + n % 3)) for n in range(FIRMS)])
    base = rated(book.profiles, book.at, book.regime, book.calibration)
    drawn = drawn_losses(base, T, 30, seed=99)
    named = 0
    for number in range(20):
        own = drawn.book == number
        rows = [claim(int(n), float(loss)) for n, loss in zip(drawn.firm[own], drawn.loss[own], strict=True)]
        claims = small(book.profiles[:1], claims=rows).claims
        named += bool(cross_subsidy(replace(book, claims=claims), base).affected)
    assert named <= 6  # of 20 at one in ten: more comes one time in 400


def test_drawn_books_have_the_claims_and_losses_of_the_tariff() -> None:
    book = small([firm(1), firm(2, replace(LARGE, persons_per_month=5_000.0))])
    base = rated(book.profiles, book.at, book.regime, book.calibration)
    drawn = drawn_losses(base, T, 3, seed=1)
    assert len(drawn.book) / DRAWS == pytest.approx(3.0, rel=0.05)
    sums = drawn.by(np.arange(2), 2).mean(axis=0)
    before_aggregate = base.rating.steps[:, -2]
    assert sums[0] / sums[1] == pytest.approx(before_aggregate[0] / before_aggregate[1], rel=0.15)


def on_model(number: int, model: str):
    return firm(number, replace(LARGE, foundation_model=model))


@pytest.mark.parametrize(("models", "index"), [("aaaa", 1.0), ("abcd", 0.25), ("aabb", 0.5)])
def test_concentration_of_equal_firms(models: str, index: float) -> None:
    found = on(small([on_model(n, model) for n, model in enumerate(models)]), concentration)
    assert found.value == pytest.approx(index)
    assert found.detail[-1]["by_firm"] == pytest.approx(0.25)
    assert sum(row["share"] for row in found.detail[:-1]) == pytest.approx(1.0)
    assert [row["firms"] for row in found.detail[:-1]] == [models.count(row["model"]) for row in found.detail[:-1]]


def test_a_book_without_exposure_has_no_concentration() -> None:
    idle = replace(LARGE, persons_per_month=0.0)
    assert on(small([firm(1, idle)]), concentration).note == "no_expected_loss"
