"""The chart of a curve: every size, every shape, and the marks where they belong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fake_audit import FLOOR
from hypothesis import given
from hypothesis import strategies as st

from policies.money import Money
from tui.widgets.curve_chart import chart, round_step
from underwriting.curve import SHIFTS, DangerCurve

WIDTH, HEIGHT = 72, 20
BRAILLE = {chr(code) for code in range(0x2801, 0x2900)}


def curve(due: Callable[[float], float], floor: Money = FLOOR) -> DangerCurve:
    return DangerCurve(None, tuple((z, Money.euros(round(due(z)))) for z in SHIFTS), floor)


def drawn(shape: DangerCurve, width: int = WIDTH, height: int = HEIGHT) -> list[str]:
    return chart(shape, "en", width, height).plain.split("\n")


def heights(lines: list[str]) -> list[int]:
    """The highest dot or mark of the curve in each column of the plot, as a line counted from below."""
    plot = [line[line.index("│" if "│" in line else "┤") + 1 :] for line in lines[1:-3]]
    return [
        max((len(plot) - row for row, line in enumerate(plot) if line[place] in BRAILLE | {"●"}), default=0)
        for place in range(min(map(len, plot)))
    ]


def test_rising_premium_rises_in_the_chart_and_a_flat_one_stays() -> None:
    rising = heights(drawn(curve(lambda z: 20_000 + 5_000 * z)))
    assert rising == sorted(rising)
    assert rising[-1] > rising[0] > 0
    assert len(set(heights(drawn(curve(lambda _: 20_000))))) == 1


def test_falling_premium_would_show() -> None:
    falling = heights(drawn(curve(lambda z: 20_000 - 5_000 * z)))
    assert falling == sorted(falling, reverse=True)
    assert falling[0] > falling[-1]


def test_today_stands_at_its_shift_and_its_premium() -> None:
    lines = drawn(curve(lambda z: 20_000 + 5_000 * z))
    (row,) = (line for line in lines if "●" in line)
    zero = next(line for line in lines if line.strip().startswith("-3")).index(" 0 ") + 1
    assert abs(row.index("●") - zero) <= 1
    twenty = next(number for number, line in enumerate(lines) if line.startswith("€20,000"))
    assert abs(lines.index(row) - twenty) <= 1


def test_minimum_premium_is_a_line_of_its_own_that_the_curve_covers() -> None:
    lines = drawn(curve(lambda z: max(10_000, 20_000 + 10_000 * z), Money.euros(10_000)))
    floor = next(line for line in lines if "┄" in line)
    assert floor.startswith("€10,000")
    assert set(floor[floor.index("┤") + 1 : floor.index("┄")]) <= BRAILLE


def test_a_cliff_is_one_line() -> None:
    """No gap between the dots on either side of a jump."""
    lines = drawn(curve(lambda z: 30_000 if z > 1 else 5_000))
    place = max(line.index("⢸") if "⢸" in line else line.find("⡇") for line in lines)
    column = [line[place] for line in lines[1:-3] if len(line) > place]
    top = next(number for number, cell in enumerate(column) if cell in BRAILLE)
    filled = [cell in BRAILLE for cell in column[top:]]
    assert filled.index(False) > 5
    assert not any(filled[filled.index(False) :])


@given(
    st.integers(0, 200),
    st.integers(0, 60),
    st.lists(st.integers(0, 10**12), min_size=2, max_size=40),
    st.integers(0, 10**9),
    st.sampled_from(["nl", "en"]),
)
def test_any_curve_fits_any_room(width: int, height: int, dues: list[int], floor: int, lang: str) -> None:
    points = tuple((place - len(dues) / 2, Money(due)) for place, due in enumerate(dues))
    lines = chart(DangerCurve("BOD", points, Money(floor)), lang, width, height).plain.split("\n")
    assert lines == [""] or len(lines) == height
    assert max(map(len, lines)) <= width


@given(st.floats(0, 1e12), st.integers(1, 30))
def test_round_step_reaches_and_is_the_least_of_its_kind(most: float, parts: int) -> None:
    step = round_step(most, parts)
    assert step * parts >= most
    assert step == 1 or any(step / lower * parts <= most for lower in (2, 2.5))
    assert f"{step:.0f}".rstrip("0") in {"1", "2", "5"}


@pytest.mark.parametrize(
    ("lang", "axes"), [("nl", ("te betalen", "vandaag = 0")), ("en", ("premium due", "today = 0"))]
)
def test_axes_speak_the_language_of_the_reader(lang: str, axes: tuple[str, str]) -> None:
    text = chart(curve(lambda z: 20_000 + 5_000 * z), lang, WIDTH, HEIGHT).plain
    assert all(axis in text for axis in axes)
    assert ("€ 20.000" if lang == "nl" else "€20,000") in text.replace("\u00a0", " ")
