"""The impact of a calibration on a book: the premiums are those of quotes, and the reasons multiply to the change."""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from book_values import entry
from calibration_values import fitted_text
from dossiers import AT
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import profiles
from test_archive import alter

from actuarial.calibration import Calibration, parse_calibration, shipped_calibration
from policies.findings import TamperedError, WaarborgError
from policies.regimes import load_regime
from policies.risk import RiskProfile
from underwriting import impact as impact_module
from underwriting.desk import Desk, open_desk
from underwriting.impact import EDGES, LINES, MOVERS, Impact, impact, speaks
from underwriting.quoting import quote
from underwriting.records import QuoteRow

REGIME = load_regime("nl-2027")
SHIPPED = shipped_calibration()
FIRMS = 12
ROW = entry()[0].row
Book = list[tuple[QuoteRow, RiskProfile]]


def changed(alter: Callable[[dict[str, Any]], object]) -> Calibration:
    return parse_calibration(fitted_text(0.0, alter))


def dearer(data: dict[str, Any], step: float = 0.4) -> None:
    for peril in data["frequency"]["perils"].values():
        peril["intercept"] += step


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk whose book holds a few quotes of the sample market."""
    desk = open_desk(tmp_path_factory.mktemp("market") / "b.sqlite", today=lambda: AT)
    desk.load_sample(FIRMS, 3, lambda *_: None)
    return desk


@pytest.fixture(scope="module")
def sample(market: Desk) -> Book:
    return list(market.newest_profiles())


@pytest.fixture(scope="module")
def found(sample: Book) -> Impact:
    return impact(sample, AT, REGIME, SHIPPED, changed(dearer))


def test_the_same_calibration_moves_nothing(sample: Book) -> None:
    same = impact(sample, AT, REGIME, SHIPPED, SHIPPED)
    assert (same.firms, same.skipped, same.rising, same.falling, same.mean) == (FIRMS, 0, 0.0, 0.0, 0.0)
    assert same.total_a == same.total_b
    assert same.movers == same.findings == ()


def test_the_premiums_are_those_of_quotes(sample: Book, found: Impact) -> None:
    due = {
        row.id: [quote(profile, (), AT, REGIME, c).breakdown.due for c in (SHIPPED, changed(dearer))]
        for row, profile in sample
    }
    assert found.total_a.cents == sum(a.cents for a, _ in due.values())
    assert found.total_b.cents == sum(b.cents for _, b in due.values())
    for mover in found.movers:
        assert [mover.a, mover.b] == due[mover.quote_id]
        assert mover.change == pytest.approx(mover.b.cents / mover.a.cents - 1)


def test_the_distribution_is_that_of_the_firms(sample: Book, found: Impact) -> None:
    change = np.array([mover.change for mover in found.movers])
    assert len(change) == FIRMS <= MOVERS
    assert found.mean == pytest.approx(change.mean())
    assert [value for _, value in found.quantiles] == pytest.approx(
        [np.quantile(change, level) for level, _ in found.quantiles]
    )
    assert found.rising == pytest.approx((change > 0).mean())
    assert sum(band.firms for band in found.bands) == FIRMS
    assert len(found.bands) == len(EDGES) + 1
    for band in found.bands:
        low, high = (-math.inf if band.low is None else band.low), (math.inf if band.high is None else band.high)
        assert band.firms == ((change >= low) & (change < high)).sum()
    assert found.beyond_cap == pytest.approx((np.abs(change) > REGIME.transition_cap).mean())


def test_movers_come_largest_first_and_no_more_than_asked(sample: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(impact_module, "MOVERS", 3)
    few = impact(sample, AT, REGIME, SHIPPED, changed(dearer))
    sizes = [abs(math.log1p(mover.change)) for mover in few.movers]
    assert len(sizes) == 3
    assert sizes == sorted(sizes, reverse=True)


def test_chunks_change_nothing(sample: Book, found: Impact, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(impact_module, "CHUNK", 5)
    again = impact(iter(sample), AT, REGIME, SHIPPED, changed(dearer))
    assert replace(again, movers=()) == replace(found, movers=())
    assert [(m.quote_id, m.a, m.b) for m in again.movers] == [(m.quote_id, m.a, m.b) for m in found.movers]


@settings(max_examples=25)
@given(
    profiles(),
    st.floats(-1.5, 1.5),
    st.floats(0.2, 3),
    st.sampled_from(["sharing", "exposure_elasticity", "dispersion"]),
)
def test_the_reasons_of_all_lines_multiply_to_the_change(
    profile: RiskProfile, step: float, factor: float, parameter: str
) -> None:
    def alter(data: dict[str, Any]) -> None:
        dearer(data, step)
        data["frequency"][parameter] *= factor if parameter != "exposure_elasticity" else min(factor, 1.5)
        data["loadings"]["fixed_expense_eur"] *= factor

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(impact_module, "REASONS", len(LINES))
        patch.setattr(impact_module, "LEAST_REASON", 0.0)
        result = impact([(ROW, profile)], AT, REGIME, SHIPPED, changed(alter))
    for mover in result.movers:
        assert sorted(reason.code for reason in mover.reasons) == sorted(LINES)
        product = math.prod(1 + reason.change for reason in mover.reasons)
        assert product == pytest.approx(mover.b.cents / mover.a.cents, rel=1e-9)


@pytest.mark.parametrize(
    ("alter", "code"),
    [
        (dearer, "base"),
        (lambda data: data["frequency"].update(sharing=data["frequency"]["sharing"] + 1.5), "sharing"),
        (lambda data: data["severity"].update(size_elasticity=0.9), "size"),
        (lambda data: data["loadings"].update(fixed_expense_eur=50_000.0), "fixed_expenses"),
        (lambda data: data["loadings"].update(variable_expense=0.4), "variable_expenses"),
    ],
)
def test_the_first_reason_is_what_was_changed(
    sample: Book, alter: Callable[[dict[str, Any]], object], code: str
) -> None:
    moved = impact(sample, AT, REGIME, SHIPPED, changed(alter))
    assert moved.movers
    assert moved.movers[0].reasons[0].code == code


def test_a_minimum_that_binds_is_told(sample: Book) -> None:
    cheap = impact(sample, AT, REGIME, SHIPPED, changed(lambda data: dearer(data, -6.0)))
    assert any(mover.minimum_b and not mover.minimum_a for mover in cheap.movers)
    back = impact(sample, AT, REGIME, changed(lambda data: dearer(data, -6.0)), SHIPPED)
    assert any(mover.minimum_a and not mover.minimum_b for mover in back.movers)


# --- what is said about it


def test_firms_beyond_the_transition_cap_are_a_finding(sample: Book, found: Impact) -> None:
    assert [finding.code for finding in found.findings] == ["impact-transition"]
    assert f"{found.beyond_cap:.1%} of the firms" in found.findings[0].message
    small = impact(sample, AT, REGIME, SHIPPED, changed(lambda data: dearer(data, 0.01)))
    assert small.beyond_cap == 0
    assert small.findings == ()


def test_a_peril_that_is_lost_is_a_finding(sample: Book) -> None:
    def lose(data: dict[str, Any]) -> None:
        del data["frequency"]["perils"]["BOD"]

    found = impact(sample, AT, REGIME, SHIPPED, changed(lose)).findings
    assert "BOD" in next(finding for finding in found if finding.code == "impact-unpriced").message


def test_profiles_of_another_regime_are_skipped_and_counted(sample: Book) -> None:
    strange = [
        (row, replace(p, systems=tuple(replace(s, self_assessed_class="klasse-x") for s in p.systems)))
        for row, p in sample[:4]
    ]
    mixed = impact([*strange, *sample[4:]], AT, REGIME, SHIPPED, changed(dearer))
    assert (mixed.firms, mixed.skipped) == (FIRMS - 4, 4)
    assert mixed.findings[-1].code == "impact-skipped"
    assert not speaks(strange[0][1], REGIME)
    assert speaks(sample[0][1], REGIME)


@pytest.mark.parametrize("book", [[], [(ROW, None)]])
def test_no_firm_to_rate_is_one_clear_line(sample: Book, book: list[Any]) -> None:
    one = replace(sample[0][1], systems=tuple(replace(s, self_assessed_class="klasse-x") for s in sample[0][1].systems))
    with pytest.raises(WaarborgError, match=f"the book holds {len(book)} profiles, none in the words of nl-2027"):
        impact([(row, one) for row, _ in book], AT, REGIME, SHIPPED, SHIPPED)


# --- which profiles of the book


def test_the_newest_quote_of_each_firm_counts(desk: Desk, folder: Path) -> None:
    old, new = desk.quote(folder), desk.quote(folder, AT + timedelta(days=3))
    for made in (new, old):
        desk.save(made)
    assert [row.id for row, _ in desk.newest_profiles()] == [new.id]
    assert list(open_desk(folder / "absent.sqlite").newest_profiles()) == []


def test_an_altered_profile_is_seen(desk: Desk, folder: Path) -> None:
    desk.save(desk.quote(folder))
    alter(desk.book, "UPDATE artefact SET content = replace(content, '12000', '11000') WHERE kind = 'profile'")
    with pytest.raises(TamperedError, match="profile"):
        list(desk.newest_profiles())
