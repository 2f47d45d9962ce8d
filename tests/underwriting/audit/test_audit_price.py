"""Metrics of the price: gradient, cliffs, affordability, solvency."""

from dataclasses import replace

import numpy as np
import pytest
from audit_books import LARGE, firm, kvk, on, small
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import CALIBRATION, REQUIRED, minimum_trials, profiles, run_of

from actuarial.premium import LOADINGS
from policies.risk import SizeClass
from underwriting.audit.metrics import measure
from underwriting.audit.metrics_price import affordability, elasticity, gradient, solvency
from underwriting.audit.rated import rated
from underwriting.audit.values import AuditBook, Standing
from underwriting.quote import Decision

TESTED = replace(LARGE, runs=tuple(run_of(test, failures=2, clean=minimum_trials(test)) for test in REQUIRED))
TINY = replace(LARGE, persons_per_month=1.0)  # the minimum premium decides


def without_fixed_expense(book: AuditBook) -> AuditBook:
    loadings = replace(CALIBRATION.loadings, fixed_expense_eur=0.0)
    return replace(book, calibration=replace(CALIBRATION, loadings=loadings, sha256="no fixed expense"))


def test_a_premium_in_proportion_to_loss_has_gradient_one() -> None:
    """One peril alone, nothing fixed: what is saved per euro is what is paid per euro."""
    peril = CALIBRATION.perils["FIN"]
    rare = {name: replace(p, intercept=-40.0) for name, p in CALIBRATION.perils.items()} | {"FIN": peril}
    loadings = replace(CALIBRATION.loadings, fixed_expense_eur=0.0, reinsurance_margin=0.0)
    plain = replace(CALIBRATION, perils=rare, loadings=loadings, sha256="in proportion")
    found = on(replace(small([firm(1, TESTED)]), calibration=plain), gradient)
    assert found.value == pytest.approx(1.0, abs=0.01)  # but for the aggregate limit
    assert found.standing is Standing.PASS


def test_what_is_fixed_flattens_the_gradient() -> None:
    book = small([firm(1, TESTED), firm(2, replace(TESTED, persons_per_month=20_000.0))])
    assert on(book, gradient).value < on(without_fixed_expense(book), gradient).value


def test_a_firm_at_the_minimum_premium_saves_nothing_and_is_shown() -> None:
    found = on(small([firm(1, TESTED), firm(2, replace(TESTED, persons_per_month=100.0))]), gradient)
    assert {(one.kvk, one.why, one.figure) for one in found.affected} == {(kvk(2), "minimum_premium", 0.0)}
    assert sum(row["bound"] for row in found.detail) == len(found.affected)


def test_gradient_needs_a_firm_whose_premium_moves() -> None:
    assert on(small([firm(1, TINY)]), gradient).standing is Standing.NO_DATA


def test_a_steep_tariff_has_cliffs_and_a_flat_one_has_none() -> None:
    few = replace(LARGE, runs=tuple(run_of(test, failures=3, clean=minimum_trials(test)) for test in REQUIRED))
    steep = {name: replace(peril, theta=4.0) for name, peril in CALIBRATION.perils.items()}
    book = small([firm(1, few), firm(2)])
    assert on(book, elasticity).value == 0.0
    cliff = on(replace(book, calibration=replace(CALIBRATION, perils=steep, sha256="steep")), elasticity)
    assert (cliff.value, cliff.sample, cliff.standing) == (1.0, 1, Standing.ALARM)
    assert [(one.kvk, one.why) for one in cliff.affected] == [(kvk(1), "cliff")]
    assert cliff.affected[0].figure > 0.15


def test_a_tariff_that_rewards_failures_has_the_wrong_sign() -> None:
    wrong = {name: replace(peril, theta=-0.5) for name, peril in CALIBRATION.perils.items()}
    book = replace(small([firm(1, TESTED)]), calibration=replace(CALIBRATION, perils=wrong, sha256="wrong"))
    found = on(book, elasticity)
    assert (found.standing, found.affected[0].why) == (Standing.ALARM, "wrong_sign")
    assert found.affected[0].figure < 0


def test_without_tests_there_is_no_elasticity() -> None:
    assert on(small([firm(1)]), elasticity).note == "no_tests"


def test_affordability_is_premium_over_turnover_of_the_median_micro_firm() -> None:
    sizes = [(1, 200_000), (2, 400_000), (3, 1_000_000)]
    micro = [firm(n, size=SizeClass.MICRO, turnover_eur=eur) for n, eur in sizes]
    quoted = [(f"Q-{n}", Decision.DECLINED if n == 3 else Decision.QUOTED) for n in range(1, 5)]
    book = small([*micro, firm(4, size=SizeClass.LARGE)], quoted)
    shares = [book.firms["due_cents"].iloc[row] / 100 / eur for row, (_, eur) in enumerate(sizes)]
    found = on(book, affordability)
    assert found.value == pytest.approx(float(np.median(shares)))
    rows = {row["size_class"]: row for row in found.detail}
    assert rows["micro"]["declined"] == pytest.approx(1 / 3)
    assert (rows["micro"]["firms"], rows["large"]["firms"]) == (3, 1)


def test_affordability_names_the_firms_that_pay_most() -> None:
    book = small([firm(1, size=SizeClass.MICRO, turnover_eur=20_000)])
    found = on(book, affordability)
    assert found.standing is Standing.ALARM
    assert [(one.kvk, one.why) for one in found.affected] == [(kvk(1), "dear")]
    assert on(small([firm(1)]), affordability).note == "no_micro"


def test_technical_premium_covers_its_costs_by_prudence_reinsurance_and_minimum() -> None:
    book = small([firm(1), firm(2, TINY)])
    base = rated(book.profiles, book.at, book.regime, book.calibration)
    extra = base.premiums.loadings[:, [LOADINGS.index(name) for name in ("prudence", "reinsurance")]].sum(axis=1)
    minimum = base.premiums.loadings[:, LOADINGS.index("minimum")]
    gross = float(1 - book.regime.levy) - book.calibration.loadings.variable_expense
    costs = base.premiums.technical - minimum - extra / gross
    found = solvency(book, base)
    assert found.value == pytest.approx(base.premiums.technical.sum() / costs.sum(), rel=1e-5)
    assert (found.standing, found.affected) == (Standing.PASS, ())


def test_a_premium_judged_below_its_costs_is_shown_and_a_technical_one_alarms() -> None:
    row = (kvk(1), "A", "board", 1_000_000, 600_000, "x", "2026-11-24")
    found = on(small([firm(1), firm(2)], overrides=[row]), solvency)
    assert [(one.kvk, one.why) for one in found.affected] == [(kvk(1), "below_cost")]
    assert found.standing is Standing.PASS  # it speaks of the technical premium
    book = small([firm(1)])
    cheap = book.firms.assign(technical_cents=book.firms["technical_cents"] // 2)
    assert on(replace(book, firms=cheap), solvency).standing is Standing.ALARM


@settings(max_examples=15)
@given(st.lists(profiles(), min_size=1, max_size=3))
def test_any_book_can_be_measured(found: list) -> None:
    """Every metric gives a figure or says that there is none, in plain values."""
    results = measure(small(found))
    assert [result.id for result in results] == [f"M{number}" for number in range(1, 19)]
    for result in results:
        assert (result.value is None) == (result.standing is Standing.NO_DATA)
        assert all(isinstance(x, str | int | float | bool | None) for row in result.detail for x in row.values())
        assert all(
            isinstance(x, str | int | float) and not isinstance(x, np.generic)
            for one in result.affected
            for x in (one.figure, *(value for _, value in one.values))
        )
