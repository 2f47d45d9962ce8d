"""From publicised losses to the severity of insured claims, head by head (docs/methods/severity.md).

Bodies are opinions with Dutch anchors; shapes of the tails are read from publicised losses, lightened for publicity and
shared between heads by credibility. `python -m actuarial.fitting.insured_severity` prints every figure.
"""

from __future__ import annotations

import math
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from scipy.special import ndtri

from actuarial.calibration import HeadSeverity
from actuarial.fitting.reference_population import table
from actuarial.fitting.severity import LEVEL, TailFit, borrow, fit_splice, fit_tail, insured_shape, levels
from actuarial.rounding import Floats
from actuarial.severity import limited_expected_value, splice

DIGITS = 2  # of borrowed shapes and levels: more would pretend
TAIL_SHARE = 0.05  # share of the claims of a head that lie in its tail


@dataclass(frozen=True, slots=True)
class PublicisedLosses:
    """Publicised liability losses in euros of the pricing year, each an interval (low, high), with its policy head."""

    low: Floats
    high: Floats
    heads: tuple[str, ...]

    @property
    def middle(self) -> Floats:
        """Geometric middle of each interval."""
        return np.sqrt(self.low * self.high)


@dataclass(frozen=True, slots=True)
class HeadEvidence:
    """What a head's severity rests on: its own tail losses and level, the shape used, and the source in one line."""

    losses: int
    level: float
    severity: HeadSeverity
    source: str


@cache
def authored() -> Mapping[str, Any]:
    """The opinions of severity.toml."""
    return tomllib.loads(resources.files("actuarial.fitting").joinpath("severity.toml").read_text("utf-8"))


@cache
def publicised_losses() -> PublicisedLosses:
    """The liability losses of ai_losses.csv, at yearly exchange rates, brought to the pricing year."""
    settings = authored()["data"]
    rates = {(row["year"], row["currency"]): float(row["units_per_euro"]) for row in table("exchange_rates.csv")}
    adjusted = {row["id"]: (float(row["low"]), float(row["high"])) for row in table("ai_losses_adjustments.csv")}
    low, high, heads = [], [], []
    for row in table("ai_losses.csv"):
        if row["severity_set"] != "liability":
            continue
        amounts = adjusted.get(row["id"], (float(row["amount"]), float(row["amount"])))
        per_euro = 1.0 if row["currency"] == "EUR" else rates[row["year"], row["currency"]]
        on_level = on_level_factor(int(row["year"]), settings["pricing_year"]) / per_euro
        low.append(amounts[0] * on_level)
        high.append(amounts[1] * on_level)
        heads.append(settings["head_of"][row["harm_head"]])
    return PublicisedLosses(np.array(low), np.array(high), tuple(heads))


@cache
def on_level_factor(year: int, pricing_year: int) -> float:
    """What a euro of a loss of `year` has become in the pricing year: consumer prices and the superimposed trend.

    Raises ValueError when the price index lacks one of the years.
    """
    prices = {int(row["year"]): float(row["index"]) for row in table("price_index.csv")}
    if lacking := {year, pricing_year} - set(prices):
        missing = ", ".join(map(str, sorted(lacking)))
        raise ValueError(f"price_index.csv knows {min(prices)} to {max(prices)}, not {missing}: add the index there")
    trend = (1.0 + authored()["data"]["superimposed_trend"]) ** (pricing_year - year)
    return float(prices[pricing_year] / prices[year] * trend)


class Shape(StrEnum):
    """Which end of the profile interval of the publicised shapes is taken."""

    LOWER = "lower"
    CENTRAL = "central"
    UPPER = "upper"

    def of(self, fit: TailFit) -> float:
        """The shape at this end."""
        return {Shape.LOWER: fit.low, Shape.CENTRAL: fit.xi, Shape.UPPER: fit.high}[self]


def insured_severities(shape: Shape = Shape.CENTRAL) -> dict[str, HeadEvidence]:
    """The severity of every head with its evidence; `shape` puts every borrowed shape at an end of its interval."""
    settings, losses = authored()["data"], publicised_losses()
    reported = losses.middle > settings["reporting_threshold_eur"]
    names = np.array(losses.heads)
    constant = settings["credibility_losses"]
    own_level = levels(losses.middle[reported], tuple(names[reported]), constant)
    pooled = shape.of(fit_tail(losses.middle, settings["tail_threshold_eur"], LEVEL))
    result = {}
    for head, opinion in authored()["head"].items():
        mine = losses.middle[(names == head) & (losses.middle > settings["tail_threshold_eur"])]
        level, source = round(own_level.get(head, 0.0), DIGITS), opinion["source"]
        if "xi" in opinion:
            xi, source = opinion["xi"], f"{source}; shape elicited"
        else:
            enough = len(mine) >= settings["own_shape_from"]
            own = fit_tail(mine, settings["tail_threshold_eur"], LEVEL) if enough else None
            seen = borrow(shape.of(own), own.losses, pooled, constant) if own else pooled
            xi = round(insured_shape(seen, settings["publicity_exponent"]), DIGITS)
            source = f"{source}; shape {'shared with' if own else 'borrowed from'} the pooled publicised losses"
        severity = body_and_tail(opinion["median"], opinion["p95"] * math.exp(level), xi)
        result[head] = HeadEvidence(len(mine), level, severity, source)
    return result


def body_and_tail(median: float, p95: float, xi: float) -> HeadSeverity:
    """A spliced severity from the median and the 95 % point of its lognormal, where the tail starts.

    `beta` follows from continuity of the density: p f(u) / F(u) = (1 - p) / beta with p = F(u) = 0.95.
    """
    z = float(ndtri(1.0 - TAIL_SHARE))
    sigma = math.log(p95 / median) / z
    density = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi) / (p95 * sigma)
    return HeadSeverity(math.log(median), sigma, float(p95), xi, TAIL_SHARE / density)


def report() -> Iterator[str]:
    """The lines that the command prints."""
    settings, losses = authored()["data"], publicised_losses()
    reported = losses.middle > settings["reporting_threshold_eur"]
    yield f"publicised liability losses: {len(losses.low)}, of which {reported.sum()} above the reporting threshold"
    yield "threshold_eur  losses  xi [95 % profile]  beta_eur  mean_excess_eur"
    for threshold in sorted((*settings["other_thresholds_eur"], settings["tail_threshold_eur"])):
        yield _tail_line(fit_tail(losses.middle, threshold))
    yield "spliced fit, truncated at the reporting threshold:"
    yield "threshold_eur  body/tail  mu  sigma  xi  beta_eur  log_likelihood"
    for threshold in sorted((*settings["other_thresholds_eur"], settings["tail_threshold_eur"])):
        fit = fit_splice(
            losses.low[reported], losses.high[reported], float(threshold), settings["reporting_threshold_eur"]
        )
        s = fit.severity
        yield (
            f"{threshold:>12,.0f}  {fit.body}/{fit.tail}  {s.mu:.2f}  {s.sigma:.2f}  {s.xi:.2f}  {s.beta:,.0f}  "
            f"{fit.log_likelihood:.2f}"
        )
    yield "insured severity: head  tail_losses  level  threshold_eur  sigma  xi  beta_eur"
    for head, found in insured_severities().items():
        s = found.severity
        yield (
            f"{head}  {found.losses:>2}  {found.level:+.2f}  {s.threshold:>9,.0f}  {s.sigma:.2f}  {s.xi:.2f}  "
            f"{s.beta:,.0f}"
        )
    yield from _meaning_of_the_shape()


def _meaning_of_the_shape() -> Iterator[str]:
    """What the uncertainty of the shape costs: one head's claim in two layers, over the profile interval."""
    settings, opinion = authored()["data"], authored()["head"]["G1"]
    fit = fit_tail(publicised_losses().middle, settings["tail_threshold_eur"])
    yield "cost of a G1 claim in the layer of 2.5m and of 50m, euros, by publicised shape (insured shape):"
    for seen in (fit.low, fit.xi, fit.high):
        xi = insured_shape(seen, settings["publicity_exponent"])
        head = splice([body_and_tail(opinion["median"], opinion["p95"], xi)])
        small, large = (float(limited_expected_value(head, np.array([limit]))[0]) for limit in (2.5e6, 5e7))
        yield f"{seen:.2f} ({xi:.2f})  {small:>9,.0f}  {large:>9,.0f}"


def _tail_line(fit: TailFit) -> str:
    return (
        f"{fit.threshold:>12,.0f}  {fit.losses}  {fit.xi:.2f} [{fit.low:.2f}, {fit.high:.2f}]  "
        f"{fit.beta:,.0f}  {fit.mean_excess:,.0f}"
    )


if __name__ == "__main__":
    sys.stdout.write("\n".join(report()) + "\n")
