"""The verbs of the desk."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from dossiers import AT, write_dossier

from policies.findings import BadInputError, NotFoundError, Severity, WaarborgError
from policies.money import Money
from policies.regimes import regime_ids
from underwriting import quoting, records
from underwriting.desk import Desk, open_desk
from underwriting.quote import Quote


def test_reading_creates_nothing(desk: Desk, folder: Path, book: Path) -> None:
    desk.quote(folder)
    assert desk.quotes() == ()
    assert desk.count() == 0
    with pytest.raises(NotFoundError, match="no book at"):
        desk.find("Q-1")
    assert not book.parent.exists()


def test_a_saved_quote_is_listed_found_and_identical(desk: Desk, made: Quote) -> None:
    desk.save(made)
    desk.save(made)
    assert desk.quotes() == (records.row_of(made),)
    assert desk.count("referred") == 1
    assert desk.find(made.id) == made
    assert desk.find(made.id[:5]) == made
    assert desk.replay(made.id).identical


def test_another_desk_reads_the_book(desk: Desk, made: Quote, book: Path) -> None:
    desk.save(made)
    for regime in regime_ids():
        other = open_desk(book, regime=regime, today=lambda: date(2031, 1, 1))
        assert other.replay(made.id).identical
        assert other.regime_of(made) == desk.regime
        assert other.what_if(made, frozenset()).breakdown == made.breakdown


def test_the_desk_hands_out_the_day(folder: Path, book: Path) -> None:
    desk = open_desk(book, today=lambda: date(2026, 12, 1))
    assert desk.quote(folder).at == date(2026, 12, 1)
    assert desk.quote(folder, AT).at == AT
    assert desk.quote(str(folder), AT) == desk.quote(folder, AT)


def test_bad_input_comes_whole_and_writes_nothing(desk: Desk, tmp_path: Path) -> None:
    bad = write_dossier(tmp_path / "bad", firm={"kvk": "12"}, system={"autonomy": 9}, cover={"term_months": -1})
    with pytest.raises(BadInputError) as refusal:
        desk.quote(bad)
    assert [f.severity for f in refusal.value.findings] == [Severity.ERROR] * 3
    assert desk.read(bad).profile is None
    assert not desk.book.parent.exists()


def test_a_what_if_is_cheaper_and_is_not_saved(desk: Desk, made: Quote) -> None:
    lever = made.levers[0]
    changed = desk.what_if(made, frozenset([lever.id]))
    assert changed.breakdown.due == lever.premium < made.breakdown.due
    with pytest.raises(WaarborgError, match=f"what-if {made.id}"):
        desk.save(changed)
    assert not desk.book.exists()


def test_a_quote_of_changed_inputs_is_not_saved_under_the_old_id(desk: Desk, made: Quote) -> None:
    firm = replace(made.profile.firm, turnover_nl=Money(1))
    with pytest.raises(WaarborgError, match="is not saved"):
        desk.save(replace(made, profile=replace(made.profile, firm=firm)))


def test_other_results_for_the_same_inputs_do_not_replace_the_first(desk: Desk, made: Quote) -> None:
    desk.save(made)
    with pytest.raises(WaarborgError, match="in the book with other content"):
        desk.save(replace(made, due_low=Money(0)))
    assert desk.find(made.id) == made


def test_findings_of_intake_are_part_of_a_replay(
    desk: Desk, made: Quote, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replay starts from intake's findings alone: what appetite no longer finds is a difference."""
    told = desk.read(folder).findings
    assert told
    assert len(told) < len(made.findings)
    desk.save(made)
    monkeypatch.setattr(quoting, "judge", lambda _case: ())
    assert not desk.replay(made.id).identical


def test_a_changed_tariff_is_named_by_a_replay(desk: Desk, made: Quote, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.save(made)
    honest = quoting.breakdown

    def dearer(*arguments: object) -> object:
        lines = list(honest(*arguments).lines)  # type: ignore[arg-type]
        lines[2] = replace(lines[2], amount=lines[2].amount + Money(1))
        return replace(made.breakdown, lines=tuple(lines))

    monkeypatch.setattr(quoting, "breakdown", dearer)
    cents = made.breakdown.lines[2].amount.cents
    expected = f"line 3 (class).amount.cents: archived {cents}, recomputed {cents + 1}"
    assert desk.replay(made.id).difference == expected


def test_an_unknown_regime_is_named() -> None:
    with pytest.raises(NotFoundError, match="nl-2027"):
        open_desk(regime="atlantis-1")


def test_the_environment_says_where_the_book_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAARBORG_HOME", str(tmp_path))
    monkeypatch.setenv("WAARBORG_REGIME", regime_ids()[-1])
    desk = open_desk()
    assert desk.book == tmp_path / "book.sqlite"
    assert desk.regime.id == regime_ids()[-1]


def test_a_sample_that_breaks_off_leaves_whole_quotes(desk: Desk) -> None:
    def stop(done: int, _total: int, _name: str) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        desk.load_sample(4, 1, stop)
    assert [desk.replay(row.id).identical for row in desk.quotes()] == [True, True]
