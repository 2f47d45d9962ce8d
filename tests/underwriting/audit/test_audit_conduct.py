"""Metrics of conduct on small books: who reports, who tests, who claims which class."""

from dataclasses import replace
from datetime import timedelta

import pytest
from audit_books import LARGE, firm, incident, kvk, on, small
from strategies import AT, REQUIRED, run_of

from policies.risk import IncidentSource
from policies.safety import Independence
from underwriting.audit.metrics_conduct import class_gaming, report_counts, told_authority
from underwriting.audit.metrics_evaluators import gaming_of_tests
from underwriting.audit.values import Standing


def honest(number: int, told: int = 3):
    return firm(number, incidents=[incident(n, told=True) for n in range(told)])


def test_a_firm_whose_incidents_others_find_is_named() -> None:
    hiding = firm(1, incidents=[incident(n, told=n == 0) for n in range(8)])
    found = on(small([hiding, *(honest(n) for n in range(2, 21))]), report_counts)
    assert found.value == pytest.approx(1 / 20)
    assert found.standing is Standing.ATTENTION
    assert [(one.kvk, dict(one.values)["discovered"]) for one in found.affected] == [(kvk(1), 7)]


def test_bad_luck_is_not_named() -> None:
    unlucky = [firm(n, incidents=[incident(0, told=n % 4 > 0), incident(1, told=True)]) for n in range(1, 21)]
    found = on(small(unlucky), report_counts)
    assert (found.value, found.affected, found.standing) == (0.0, (), Standing.PASS)


def test_a_firm_that_never_reports_where_many_are_due_is_named() -> None:
    old = replace(LARGE, deployed=AT - timedelta(days=1800), persons_per_month=90_000_000.0, assessed_class="A7")
    silent = firm(1, old)
    loud = [firm(n, old, incidents=[incident(i, told=True) for i in range(500)]) for n in range(2, 6)]
    found = on(small([silent, *loud]), report_counts)
    assert [one.kvk for one in found.affected] == [kvk(1)]


def test_bands_of_danger_add_up() -> None:
    found = on(small([honest(n, told=n % 3) for n in range(1, 11)]), report_counts)
    assert sum(row["firms"] for row in found.detail) == 10
    assert sum(row["reported"] for row in found.detail) == sum(n % 3 for n in range(1, 11))
    assert sum(row["expected"] for row in found.detail) == pytest.approx(sum(n % 3 for n in range(1, 11)))


def test_incidents_out_of_the_window_or_pending_do_not_count() -> None:
    old = incident(1, told=True, age_days=3000)
    pending = incident(2, told=False, source=IncidentSource.SELF)
    book = small([firm(1, incidents=[old, pending])])
    assert on(book, report_counts).note == "no_incidents"
    assert on(book, told_authority).standing is Standing.NO_DATA


def test_share_told_is_told_over_known() -> None:
    book = small([firm(1, incidents=[incident(n, told=n < 3) for n in range(4)]), honest(2, told=1)])
    found = on(book, told_authority)
    assert found.value == pytest.approx(4 / 5)
    assert found.standing is Standing.PASS  # it has no threshold: it is told, not judged
    assert [(one.kvk, one.figure) for one in found.affected] == [(kvk(1), 1.0)]


# --- M8


def retest(evaluator: str, public: int, heldout: int, *, number: int = 1, matches: bool = True):
    return (kvk(number), "s1", REQUIRED[0], evaluator, public, 100, heldout, 100, matches, AT)


def test_a_lab_that_looks_better_is_named_with_its_gap() -> None:
    rows = [retest("fair", 20, 20)] * 5 + [retest("fair", 22, 18)] * 5 + [retest("picking", 5, 20)] * 5
    found = on(small([firm()], retests=rows), gaming_of_tests)
    assert found.value == pytest.approx(0.15)
    assert found.standing is Standing.ALARM
    assert [one.firm for one in found.affected] == ["picking"]
    gaps = {row["evaluator"]: row["gap"] for row in found.detail}
    assert gaps == {"picking": pytest.approx(0.15), "fair": pytest.approx(-0.02)}


def test_labs_without_a_gap_pass_at_the_gap_of_all() -> None:
    rows = [retest("a", 20, 21), retest("b", 20, 23)]
    found = on(small([firm()], retests=rows), gaming_of_tests)
    assert found.value == pytest.approx(0.02)
    assert (found.standing, found.affected) == (Standing.PASS, ())


def test_a_model_that_is_not_the_one_in_use_asks_for_attention() -> None:
    rows = [retest("fair", 20, 20, number=2, matches=False)]
    found = on(small([firm(1), firm(2)], retests=rows), gaming_of_tests)
    assert found.standing is Standing.ATTENTION
    assert [(one.kvk, one.why) for one in found.affected] == [(kvk(2), "other_model")]


def test_own_runs_stand_against_accredited_ones_of_the_same_system() -> None:
    own = run_of(REQUIRED[0], failures=0, clean=200, evaluator="Voorbeeld 1", registered_at=AT - timedelta(days=60))
    accredited = run_of(REQUIRED[0], failures=60, clean=140, evaluator="lab", independence=Independence.ACCREDITED)
    found = on(small([firm(1, replace(LARGE, runs=(own, accredited)))]), gaming_of_tests)
    assert found.value == pytest.approx(0.3)
    assert [(one.firm, one.kvk, one.why) for one in found.affected] == [("Voorbeeld 1", kvk(1), "looks_better")]


def test_without_pairs_there_is_nothing_to_measure() -> None:
    alone = replace(LARGE, runs=(run_of(REQUIRED[0], clean=10),))
    assert on(small([firm(1, alone)]), gaming_of_tests).note == "no_pairs"


# --- M9


def declared(number: int, own: str, assessed: str | None = None, register: str | None = None, sector: str = "health"):
    return firm(
        number, replace(LARGE, self_assessed_class=own, assessed_class=assessed, eu_db_id=register, sector=sector)
    )


def test_claims_on_a_class_that_nobody_bears_out() -> None:
    book = small(
        [
            declared(1, "A2", register="EUDB-1"),  # borne out by the register
            declared(2, "A2"),  # exempt without a number
            declared(3, "A3", assessed="A5"),  # two steps below what the assessor found
            declared(4, "A5", assessed="A5"),
            declared(5, "A3"),  # claims nothing
        ]
    )
    found = on(book, class_gaming)
    assert (found.value, found.sample) == (0.5, 4)
    assert found.standing is Standing.ALARM
    assert [(one.kvk, one.why, one.figure) for one in found.affected] == [
        (kvk(3), "assessed_above", 2.0),
        (kvk(2), "exempt_unregistered", 1.0),
    ]


def test_a_sector_that_exempts_itself_is_named() -> None:
    registered = [declared(n, "A2", register="EUDB-1", sector="media") for n in range(1, 16)]
    others = [declared(n, "A3", assessed="A3", sector="health") for n in range(20, 60)]
    found = on(small([*registered, *others]), class_gaming)
    assert found.value == 0.0
    assert found.standing is Standing.ATTENTION
    assert [(one.firm, one.figure) for one in found.affected] == [("media", 1.0)]


def test_a_book_without_claims_on_class() -> None:
    assert on(small([declared(1, "A3")]), class_gaming).standing is Standing.NO_DATA
