"""A replay names the first thing that differs, the price first."""

from dataclasses import replace

import pytest

from actuarial.breakdown import Line, PremiumBreakdown, Stage
from policies.money import Money
from underwriting.quote import Decision, Quote
from underwriting.replay import Replay, compare


def with_line(quote: Quote, number: int, **changes: object) -> Quote:
    lines = list(quote.breakdown.lines)
    lines[number] = replace(lines[number], **changes)  # type: ignore[arg-type]
    return replace(quote, breakdown=PremiumBreakdown(tuple(lines)))


def test_the_same_quote_is_identical(made: Quote) -> None:
    assert compare(made, replace(made)) == Replay(True, "")


def test_the_first_differing_line_is_named_with_both_values(made: Quote) -> None:
    first, second = made.breakdown.lines[:2]
    again = with_line(with_line(made, 1, amount=second.amount + Money(1)), 0, amount=first.amount - Money(1))
    told = f"line 1 (base).amount.cents: archived {first.amount.cents}, recomputed {first.amount.cents - 1}"
    assert compare(made, again) == Replay(False, told)


def test_a_line_that_is_gone_or_new_is_named(made: Quote) -> None:
    shorter = replace(made, breakdown=PremiumBreakdown(made.breakdown.lines[:-1]))
    number = len(made.breakdown.lines)
    assert compare(made, shorter).difference.startswith(f"line {number} (premium_tax): archived something")
    extra = Line("surcharge", Stage.TAX, Money(1), None, "")
    longer = replace(made, breakdown=PremiumBreakdown((*made.breakdown.lines, extra)))
    assert compare(made, longer).difference.startswith(f"line {number + 1} (surcharge): archived nothing")


def test_a_line_comes_before_any_other_field(made: Quote) -> None:
    again = replace(with_line(made, 3, source="elsewhere"), decision=Decision.DECLINED)
    assert compare(made, again).difference.startswith("line 4 (self_assessed).source: archived 'regime")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"decision": Decision.DECLINED}, "decision: archived 'referred', recomputed 'declined'"),
        ({"due_low": Money(1)}, "due_low.cents: archived "),
        ({"levers": ()}, "levers[0]: archived something, recomputed nothing"),
        ({"findings": ()}, "findings[0]: archived something, recomputed nothing"),
    ],
)
def test_any_other_field_is_named(made: Quote, change: dict[str, object], told: str) -> None:
    assert compare(made, replace(made, **change)).difference.startswith(told)  # type: ignore[arg-type]


@pytest.mark.parametrize(("shift", "same"), [(1e-15, True), (1e-6, True), (1e-5, False)])
def test_the_last_bits_of_a_measured_number_are_the_processors(made: Quote, shift: float, same: bool) -> None:
    system = made.systems[0]
    danger = {peril: z * (1 + shift) for peril, z in system.danger.items()}
    again = replace(made, systems=(replace(system, danger=danger), *made.systems[1:]))
    assert compare(made, again).identical is same


def test_another_engine_is_told_before_anything_else(made: Quote) -> None:
    older = replace(made, engine=made.engine - 1, instalments=())
    assert compare(older, made).difference == f"engine: archived {older.engine}, recomputed {made.engine}"
