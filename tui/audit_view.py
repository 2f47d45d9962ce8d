"""What the audit screen holds beside certificate, curve and constraints: metrics and the firms behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from policies.incentives import Metric

Number = float | int | str


@dataclass(frozen=True, slots=True)
class FirmLine:
    """A firm behind a metric, or an evaluator or underwriter. `why` is a code; `quote_id` empty where the book has no
    quote of it."""

    name: str
    figure: float
    why: str
    values: tuple[tuple[str, Number], ...]
    quote_id: str


@dataclass(frozen=True, slots=True)
class MetricLine:
    """A metric of the regime as measured. `value` is None where the book holds nothing to measure; `firms` worst
    first, one as often as it is affected, and `behind` how many they are; `rows` are what the figure was made of."""

    metric: Metric
    value: float | None
    standing: str  # pass, attention, alarm, no_data
    unit: str  # ratio, share, euro, points, count
    sample: int
    note: str
    firms: tuple[FirmLine, ...]
    behind: int
    rows: tuple[Mapping[str, Any], ...]


def metric_lines(
    results: Iterable[Any], metrics: Mapping[str, Metric], quotes: Mapping[str, str]
) -> tuple[MetricLine, ...]:
    """Results of the audit as lines of the screen. `quotes` holds the id of the quote of each business number.

    Raises KeyError for a metric that the regime does not know.
    """
    return tuple(
        MetricLine(
            metric=metrics[found.id],
            value=found.value,
            standing=str(found.standing),
            unit=found.unit,
            sample=found.sample,
            note=found.note,
            firms=tuple(
                FirmLine(row.firm, row.figure, row.why, row.values, quotes.get(row.kvk, "")) for row in found.affected
            ),
            behind=len(found.behind),
            rows=found.detail,
        )
        for found in results
    )
