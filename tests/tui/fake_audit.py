"""Metrics and curves by hand, in the place of those that read the book or rate a firm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from policies.money import Money
from policies.regimes import load_regime
from tui import audit_data
from tui.audit_data import Tell
from tui.audit_view import FirmLine, MetricLine
from tui.messages import MetricsMeasured
from underwriting import curve
from underwriting.curve import DangerCurve
from underwriting.quote import Quote

FLOOR = Money(302_500)
STANDINGS = ("alarm", "pass", "attention", "no_data")


def some_metrics(firms: int = 40) -> tuple[MetricLine, ...]:
    """Every metric of the regime: alarm, pass, attention and no data in turn. The first has so many firms; the first
    firm has a quote in the book of the fake desk, the second none."""
    lines = []
    for place, metric in enumerate(load_regime("nl-2027").incentives.metrics.values()):
        behind = tuple(
            FirmLine(
                f"Firma {number}", 0.4 - number / 100, "below", (("share", 0.25),), "Q-000000000003" * (number == 0)
            )
            for number in range(firms if place == 0 else 0)
        )
        value = None if place % 4 == 3 else 0.44 + place
        rows = tuple({"made-up part": f"S{number}", "made-up sum": 0.5} for number in range(9 if place == 0 else 0))
        unit = "share" if place % 2 else "ratio"
        lines.append(
            MetricLine(metric, value, STANDINGS[place % 4], unit, 40, "few" * (place == 1), behind, len(behind), rows)
        )
    return tuple(lines)


def a_curve(
    quote: Quote, regime: object, calibration: object, peril: str | None = None, shifts: Sequence[float] = curve.SHIFTS
) -> DangerCurve:
    """Flat at the minimum up to one step below today, then straight upwards; half as steep for a single peril."""
    slope = 1_000_000 if peril is None else 500_000
    due = ((z, max(FLOOR, Money(round(1_000_000 + z * slope)))) for z in shifts)
    return DangerCurve(peril, tuple(due), FLOOR)


def fake_audit(
    patch: pytest.MonkeyPatch,
    before: Callable[[Tell], object] = lambda _: None,
    lines: tuple[MetricLine, ...] | None = None,
) -> None:
    """From now on the audit screen gets these; `before` runs in the worker that measures."""

    def measured(desk: Any, tell: Tell) -> MetricsMeasured:
        before(tell)
        return MetricsMeasured(lines or some_metrics())

    patch.setattr(audit_data, "measured", measured)
    patch.setattr(curve, "danger_curve", a_curve)
