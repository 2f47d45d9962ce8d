"""The market's own losses as the severity fit reads them, and how they grow with the size of the firm."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from actuarial.fitting.experience import Experience, rows_of_claims
from actuarial.fitting.insured_severity import authored, on_level_factor
from actuarial.fitting.severity import LEVEL
from actuarial.rounding import Floats

SMALLEST_TURNOVER = 1.0  # euros, as in rating
LEAST_CLAIMS = 3  # a slope and its error


@dataclass(frozen=True, slots=True, eq=False)
class MarketLosses:
    """Claims (C,): ground-up loss in euros of the pricing year (nan: unknown), head, turnover, open or settled."""

    loss_eur: Floats
    heads: tuple[str, ...]
    turnover_eur: Floats
    open_claims: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SizeElasticity:
    """Growth of log loss per unit of log turnover: `own` with its robust error, `estimate` combined with the prior."""

    prior: float
    prior_sd: float
    own: float
    own_se: float
    estimate: float
    se: float
    low: float
    high: float
    claims: int


def market_losses(experience: Experience, pricing_year: int) -> MarketLosses:
    """The claims of a market, brought to the pricing year by consumer prices and the superimposed trend.

    Raises ValueError when a claim belongs to no row of `years`, or the price index lacks its year.
    """
    claims, rows = experience.claims, rows_of_claims(experience)
    if (rows < 0).any():
        raise ValueError(f"{int((rows < 0).sum())} claims occurred outside the time at risk of their systems")
    years = claims["occurred"].dt.year.to_numpy()
    factor = {int(year): on_level_factor(int(year), pricing_year) for year in np.unique(years)}
    loss = claims["loss_eur"].to_numpy(dtype=float) * np.array([factor[int(year)] for year in years], dtype=float)
    head = claims["head"].astype(object)
    heads = head.where(head.notna(), "").astype(str)
    turnover = experience.years["turnover_eur"].to_numpy(dtype=float)[rows]
    return MarketLosses(loss, tuple(heads), turnover, claims["settled"].isna().to_numpy())


def size_scale(turnover_eur: Floats, elasticity: float, reference_eur: float) -> Floats:
    """(turnover / reference)^elasticity, (C,): what rating does in bands, here without them."""
    return np.asarray((np.maximum(turnover_eur, SMALLEST_TURNOVER) / reference_eur) ** elasticity)


def size_elasticity(losses: MarketLosses, prior: float, sd_factor: float = 1.0) -> SizeElasticity:
    """Least squares of log loss on log turnover within heads, combined with the prior by precision.

    Open claims count at their estimate, losses of nothing not at all. The error is robust to heads that spread
    differently (White 1980, HC1). Without enough claims, or without firms of different size, the prior stays.
    """
    spread = sd_factor * authored()["claims"]["prior_sd_size_elasticity"]
    x, y, freedom = _within_heads(losses)
    own, error = _slope(x, y, freedom)
    weight = 0.0 if math.isnan(error) else spread**2 / (spread**2 + error**2)
    estimate = prior if weight == 0.0 else prior + weight * (own - prior)
    se = math.sqrt(1.0 - weight) * spread
    half = float(ndtri((1.0 + LEVEL) / 2.0)) * se
    return SizeElasticity(prior, spread, own, error, estimate, se, estimate - half, estimate + half, len(y))


def _within_heads(losses: MarketLosses) -> tuple[Floats, Floats, int]:
    """Log turnover and log loss less the means of their head, and the degrees of freedom left for a slope."""
    names = np.array(losses.heads, dtype=object)
    used = np.isfinite(losses.loss_eur) & (losses.loss_eur > 0) & (names != "")
    frame = pd.DataFrame(
        {
            "x": np.log(np.maximum(losses.turnover_eur[used], SMALLEST_TURNOVER)),
            "y": np.log(losses.loss_eur[used]),
        }
    )
    grouped = frame.groupby(names[used])
    centred = frame - grouped.transform("mean")
    return centred["x"].to_numpy(), centred["y"].to_numpy(), len(frame) - grouped.ngroups - 1


def _slope(x: Floats, y: Floats, freedom: int) -> tuple[float, float]:
    """Slope and robust error; nan where nothing determines them."""
    if freedom < LEAST_CLAIMS or not (square := float(x @ x)) > 0:
        return math.nan, math.nan
    slope = float(x @ y) / square
    residual = y - slope * x
    error = math.sqrt(float((x * residual) @ (x * residual)) * len(x) / freedom) / square
    return slope, error if error > 0 else math.nan
