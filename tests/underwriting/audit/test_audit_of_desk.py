"""The audit of a desk's own book: the sample market as it comes, read, rated, replayed and measured."""

from dataclasses import replace
from pathlib import Path

import pytest
from dossiers import AT

from actuarial.calibration import shipped_calibration
from policies.findings import WaarborgError
from underwriting.audit.book import audit_book
from underwriting.audit.metrics import measure
from underwriting.audit.values import AuditBook, MetricResult, Standing
from underwriting.desk import Desk, open_desk

FIRMS = 12
LATER = {"M11", "M13", "M15", "M16"}  # claims, judgement, renewals, payments: not yet in a book
TRULY_SO = {"M3", "M9", "M12"}  # low deductibles, understated classes, few models: the sample market is so


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    made = open_desk(tmp_path_factory.mktemp("audit") / "b.sqlite", today=lambda: AT)
    made.load_sample(FIRMS, 4, lambda *_: None)
    return made


@pytest.fixture(scope="module")
def book(desk: Desk) -> AuditBook:
    return audit_book(desk)


@pytest.fixture(scope="module")
def results(book: AuditBook) -> dict[str, MetricResult]:
    return {result.id: result for result in measure(book)}


def test_premiums_are_those_of_the_quotes(desk: Desk, book: AuditBook) -> None:
    for quote_id, due, technical in book.firms[["quote_id", "due_cents", "technical_cents"]].itertuples(index=False):
        breakdown = desk.find(quote_id).breakdown
        assert (breakdown.due.cents, breakdown.technical_premium.cents) == (due, technical)


def test_every_firm_stands_once_beside_its_profile(book: AuditBook) -> None:
    assert list(book.firms["kvk"]) == [profile.firm.kvk for profile in book.profiles]
    assert len(set(book.firms["kvk"])) == FIRMS


def test_all_quotes_replay(book: AuditBook, results: dict[str, MetricResult]) -> None:
    assert len(book.replays) == FIRMS
    assert (results["M17"].value, results["M17"].standing) == (1.0, Standing.PASS)


def test_what_is_not_kept_yet_is_no_data(results: dict[str, MetricResult]) -> None:
    assert {name for name, result in results.items() if result.standing is Standing.NO_DATA} == LATER


def test_a_clean_market_raises_no_alarm(results: dict[str, MetricResult]) -> None:
    assert [name for name, result in results.items() if result.standing is Standing.ALARM] == []
    assert {name for name, result in results.items() if result.standing is Standing.ATTENTION} <= TRULY_SO


def test_another_calibration_prices_the_same_firms(desk: Desk, book: AuditBook) -> None:
    shipped = shipped_calibration()
    dearer = {name: replace(peril, intercept=peril.intercept + 0.5) for name, peril in shipped.perils.items()}
    told: list[tuple[int, int, str]] = []
    other = audit_book(desk, replace(shipped, perils=dearer, sha256="dearer"), lambda *step: told.append(step))
    assert (told[0], told[-1]) == ((FIRMS, FIRMS, "profiles"), (FIRMS, FIRMS, "replays"))
    assert list(other.firms["quote_id"]) == list(book.firms["quote_id"])
    assert (other.firms["technical_cents"] >= book.firms["technical_cents"]).all()
    assert other.firms["technical_cents"].sum() > book.firms["technical_cents"].sum()


def test_an_empty_book_cannot_be_audited(tmp_path: Path) -> None:
    with pytest.raises(WaarborgError, match="no firm to audit"):
        audit_book(open_desk(tmp_path / "none.sqlite", today=lambda: AT))
