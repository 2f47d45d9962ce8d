"""Promises kept (renewal, victims, replay), standings, and the layout of a book."""

import pytest
from audit_books import LARGE, firm, kvk, on, small
from hypothesis import given
from hypothesis import strategies as st
from strategies import REGIME

from policies.incentives import Metric
from underwriting.audit import values
from underwriting.audit.metrics_promises import replay, stability, victims
from underwriting.audit.rated import spread
from underwriting.audit.values import Standing, measured, standing, table

LIMITS = st.one_of(st.none(), st.floats(-2, 2))


def metric(least: float | None, most: float | None, red_below: float | None, red_above: float | None) -> Metric:
    return Metric("M0", "t", "t", "m", "m", least, most, red_below, red_above)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (0.8, Standing.PASS),
        (1.2, Standing.PASS),
        (0.79, Standing.ATTENTION),
        (1.21, Standing.ATTENTION),
        (0.49, Standing.ALARM),
        (2.01, Standing.ALARM),
        (None, Standing.NO_DATA),
        (float("nan"), Standing.NO_DATA),
    ],
)
def test_standing_by_threshold(value: float | None, wanted: Standing) -> None:
    assert standing(value, metric(0.8, 1.2, 0.5, 2.0)) is wanted


@given(st.floats(-3, 3), LIMITS, LIMITS)
def test_a_value_without_thresholds_is_told_not_judged(value: float, least: float | None, most: float | None) -> None:
    assert standing(value, metric(None, None, None, None)) is Standing.PASS
    within = (least is None or value >= least) and (most is None or value <= most)
    assert (standing(value, metric(least, most, None, None)) is Standing.PASS) == within


def test_someone_named_asks_for_attention_and_no_more() -> None:
    book = small([firm(1)])
    assert measured(book, "M7", 0.01, "share", 1, named=True).standing is Standing.ATTENTION
    assert measured(book, "M7", 0.9, "share", 1, named=True).standing is Standing.ALARM
    assert measured(book, "M7", 0.01, "share", 1).standing is Standing.PASS


def test_every_metric_of_the_regime_is_measured() -> None:
    assert list(REGIME.incentives.metrics) == [f"M{number}" for number in range(1, 19)]


def test_renewals_that_swing() -> None:
    rows = [
        (kvk(1), 1_000, 1_100, False),  # ten per cent is no swing
        (kvk(2), 1_000, 1_101, False),
        (kvk(3), 1_000, 800, False),
        (kvk(4), 1_000, 9_000, True),  # another risk
    ]
    found = on(small([firm(n) for n in range(1, 5)], renewals=rows), stability)
    assert found.value == pytest.approx(2 / 3)
    assert found.standing is Standing.ALARM
    assert [(one.kvk, one.figure) for one in found.affected] == [(kvk(3), -0.2), (kvk(2), pytest.approx(0.101))]


def test_victims_come_before_what_the_insured_did() -> None:
    floor = 250_000_000
    rows = [
        ("c1", kvk(1), 100, floor, False, 0),
        ("c2", kvk(1), 100, floor, False, 12),
        ("c3", kvk(2), 100, floor, True, 0),
        ("c4", kvk(2), floor + 1, floor, True, 0),  # above the minimum sum the insured's terms count
    ]
    found = on(small([firm(1), firm(2)], payments=rows), victims)
    assert (found.value, found.sample, found.standing) == (2.0, 3, Standing.ALARM)
    assert [(one.why, dict(one.values)["claim"]) for one in found.affected] == [("refused", "c3"), ("delayed", "c2")]
    assert on(small([firm(1)], payments=rows[:1]), victims).standing is Standing.PASS


def test_replay_needs_the_amounts_and_the_reasons() -> None:
    rows = [(kvk(1), "Q-1", True, True), (kvk(1), "Q-2", True, False), (kvk(9), "Q-3", False, True)]
    found = on(small([firm(1)], replays=rows), replay)
    assert found.value == pytest.approx(1 / 3)
    assert [(one.firm, one.why) for one in found.affected] == [("Voorbeeld 1", "no_reasons"), (kvk(9), "differs")]


@pytest.mark.parametrize("one", [stability, victims, replay])
def test_an_empty_table_is_no_data(one) -> None:
    assert on(small([firm(1)]), one).standing is Standing.NO_DATA


def test_tables_have_their_columns_also_when_empty() -> None:
    assert table(values.RENEWAL_COLUMNS).dtypes.astype(str)["risk_changed"] == "bool"
    with pytest.raises(ValueError, match="columns"):
        table(values.RENEWAL_COLUMNS, [(1, 2)])


@given(st.integers(0, 1000), st.integers(1, 50))
def test_a_spread_sample_holds_both_ends(count: int, most: int) -> None:
    rows = spread(count, most).tolist()
    assert len(rows) == min(count, most)
    assert rows == sorted(set(rows))
    assert not rows or (rows[0] == 0 and (most == 1 or rows[-1] == count - 1))


def test_the_sector_of_a_firm_is_that_of_its_costliest_system() -> None:
    book = small([firm(1, LARGE)])
    assert list(book.firms.columns) == list(values.FIRM_COLUMNS)
    row = book.firms.iloc[0]
    assert (row["sector"], row["obliged_class"], row["priced_class"]) == ("health", "A3", "A3")
    assert row["expected_loss"] == pytest.approx(row["expected_loss_minimum_cover"])
