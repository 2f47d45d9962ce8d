"""The waterfall: its rows add up, its bars fit, its totals carry through."""

from __future__ import annotations

from fake_desk import a_breakdown
from hypothesis import given
from hypothesis import strategies as st

from actuarial.breakdown import Line, PremiumBreakdown, Stage
from policies.money import ZERO, Money
from tui.widgets.danger_bars import HALF, SCALE, danger_bar
from tui.widgets.waterfall import Step, bar_of, steps

AMOUNTS = st.integers(-(10**10), 10**10).map(Money)
BREAKDOWNS = st.lists(st.tuples(st.sampled_from(Stage), AMOUNTS), max_size=30).map(
    lambda drawn: PremiumBreakdown(
        tuple(
            Line("base", stage, amount, None, "")
            for stage, amount in sorted(drawn, key=lambda pair: list(Stage).index(pair[0]))
        )
    )
)


@given(BREAKDOWNS)
def test_rows_run_from_nothing_to_the_premium_due(breakdown: PremiumBreakdown) -> None:
    rows = list(steps(breakdown))
    lines = [row for row in rows if row.line]
    assert [row.end for row in rows if not row.line] == [
        breakdown.risk_premium,
        breakdown.technical_premium,
        breakdown.offered_premium,
        breakdown.due,
    ]
    assert sum((row.amount for row in lines), ZERO) == breakdown.due
    assert all(row.end == row.start + row.amount for row in rows)


def test_lines_without_effect_are_left_out_and_neutral_factors_kept() -> None:
    codes = [row.line.code for row in steps(a_breakdown()) if row.line]
    assert "minimum" not in codes
    assert "self_assessed" in codes


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9), st.integers(0, 60))
def test_bar_has_exactly_its_width(start: int, end: int, widest: int, width: int) -> None:
    step = Step(Stage.RISK, None, Money(end - start), Money(start), Money(end))
    assert len(bar_of(step, Money(widest), width)) == width


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(1, 60))
def test_bar_is_drawn_where_the_amount_lies(start: int, end: int, width: int) -> None:
    """On its scale a bar covers its span to a cell, is never empty, and is shaded exactly when it takes off."""
    widest = max(start, end, 1)
    bar = bar_of(Step(Stage.RISK, None, Money(end - start), Money(start), Money(end)), Money(widest), width)
    if start == end:
        assert not bar.strip()
        return
    low, high = sorted((start / widest * width, end / widest * width))
    assert abs(len(bar) - len(bar.lstrip()) - low) <= 1
    assert abs(len(bar.rstrip()) - high) <= 1
    assert ("░" in bar) == (end < start)


@given(st.floats(-20, 20))
def test_danger_bar_points_away_from_the_market(z: float) -> None:
    text = danger_bar(z).plain
    assert len(text) == 2 * HALF + 1
    left, right = text.split("│")
    assert not (left if z >= 0 else right).strip()
    if abs(z) >= SCALE:
        assert "█" * HALF in text


def test_worse_is_never_a_shorter_bar() -> None:
    lengths = [len(danger_bar(z / 10).plain.strip(" │")) for z in range(30)]
    assert lengths == sorted(lengths)
    assert lengths[-1] == HALF
