"""IBNR, claims incurred but not yet known: chain ladder with Mack's errors, Bornhuetter-Ferguson, Cape Cod, a delay.

All but the chain ladder take the share F of the ultimate that is known of each accident period: from a triangle
(`developed_shares`) or from the fitted reporting delay (pricing.md, section 9). docs/methods/reserving.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from actuarial.reserving.triangle import (
    Triangle,
    developed_shares,
    development_factors,
    link_ratios,
    volumes,
)
from actuarial.rounding import Floats

FEWEST_FOR_MACK = 4  # periods: Mack's rule for the last sigma starts from two estimated ones


@dataclass(frozen=True, slots=True, eq=False)
class RunOff:
    """Accident periods, (n,) each: what is `known`, the `share` of the ultimate that it should be, the `ultimate`."""

    known: Floats
    share: Floats
    ultimate: Floats

    @property
    def ibnr(self) -> Floats:
        """Ultimate less known, (n,); negative where more is expected to be taken back than to come."""
        return self.ultimate - self.known


@dataclass(frozen=True, slots=True, eq=False)
class MackRunOff:
    """Chain ladder with standard errors: of the n - 1 `factors` and of the IBNR of each period, (n,), and in total.

    `sigma` (n - 1,): a total C develops with variance sigma^2 C.
    """

    run_off: RunOff
    factors: Floats
    factor_errors: Floats
    sigma: Floats
    errors: Floats
    total_error: float


def chain_ladder(triangle: Triangle) -> RunOff:
    """Ultimates by volume-weighted factors, oldest period first. Raises ValueError as `development_factors` does."""
    share = developed_shares(development_factors(triangle))[::-1]
    return RunOff(triangle.latest, share, triangle.latest / share)


def mack(triangle: Triangle) -> MackRunOff:
    """Chain ladder with distribution-free standard errors of the IBNR: process and parameter error.

    Mack, ASTIN Bulletin 23, 1993: theorem 3 and its corollary; the last sigma by his rule (`_sigma_squared`).
    Raises ValueError with fewer than four periods, or when a total that develops is not positive.
    """
    n, totals = triangle.periods, triangle.cumulative
    if n < FEWEST_FOR_MACK:
        raise ValueError(f"{n} periods are too few for standard errors: at least {FEWEST_FOR_MACK} are needed")
    if (totals[:, :-1] <= 0.0).any():
        raise ValueError("standard errors need positive totals: their variance is proportional to them")
    run_off, factors, volume = chain_ladder(triangle), development_factors(triangle), volumes(triangle)
    variance = _sigma_squared(triangle, factors)
    relative = variance / factors**2
    ahead = ~triangle.known[:, 1:]  # developments still to come, (n, n - 1)
    # the total that a development to come starts from: the ultimate brought back by the factors after it
    start = run_off.ultimate[:, None] * developed_shares(factors)[:-1]
    weight = run_off.ultimate[:, None] * ahead
    process = (weight**2 / start) @ relative
    parameter = weight**2 @ (relative / volume)
    total = process.sum() + weight.sum(axis=0) ** 2 @ (relative / volume)  # parameter errors are shared by periods
    return MackRunOff(
        run_off,
        factors,
        np.sqrt(variance / volume),
        np.sqrt(variance),
        np.sqrt(process + parameter),
        float(np.sqrt(total)),
    )


def _sigma_squared(triangle: Triangle, factors: Floats) -> Floats:
    """Variance per unit of the total, (n - 1,): weighted squares of link ratios about their factor.

    The last one has a single link ratio: the smallest of the two before it and of their extrapolation, the later one
    squared over the earlier (Mack 1993, section 3).
    """
    squares = triangle.cumulative[:-1, :-1] * (link_ratios(triangle) - factors) ** 2
    estimated = np.nansum(squares, axis=0)[:-1] / np.arange(triangle.periods - 2, 0, -1)
    earlier, later = estimated[-2:]
    last = min(later**2 / earlier, earlier, later) if earlier > 0.0 else 0.0
    return np.append(estimated, last)


def from_delay(known: ArrayLike, share: ArrayLike) -> RunOff:
    """Ultimate = known / F: the known alone speaks. Raises ValueError where nothing could be known yet, F = 0."""
    told, part = _checked(known, share)
    if not (part > 0.0).all():
        raise ValueError("where no share is known yet there is no ultimate without a prior: use bornhuetter_ferguson")
    return RunOff(told, part, told / part)


def bornhuetter_ferguson(known: ArrayLike, share: ArrayLike, prior_ultimate: ArrayLike) -> RunOff:
    """Ultimate = known + prior ultimate x (1 - F), (n,): what is to come follows the prior, not the known.

    Bornhuetter and Ferguson, PCAS 59, 1972. Raises ValueError for arrays that do not match, or shares that are none.
    """
    told, part = _checked(known, share)
    return RunOff(told, part, told + unreported(prior_ultimate, part))


def cape_cod_rate(known: ArrayLike, share: ArrayLike, exposure: ArrayLike) -> float:
    """Ultimate per unit of exposure, one for all periods: sum of known over sum of exposure x F (Buehlmann, Stanard).

    Raises ValueError for negative exposure, or when none of it is reported yet.
    """
    told, part = _checked(known, share)
    unit = np.asarray(exposure, dtype=float)
    if unit.shape != part.shape or not (unit >= 0.0).all() or not unit @ part > 0.0:
        raise ValueError("exposure must match the periods, not be negative, and be reported in part")
    return float(told.sum() / (unit @ part))


def cape_cod(known: ArrayLike, share: ArrayLike, exposure: ArrayLike) -> RunOff:
    """Bornhuetter-Ferguson whose prior is the common rate of the known itself. ValueError as `cape_cod_rate`."""
    rate = cape_cod_rate(known, share, exposure)
    return bornhuetter_ferguson(known, share, rate * np.asarray(exposure, dtype=float))


def unreported(ultimate: ArrayLike, share: ArrayLike) -> Floats:
    """IBNR = ultimate x (1 - F) of a reporting delay (pricing.md, section 9), (n,). ValueError as the others."""
    expected, part = _checked(ultimate, share)
    return expected * (1.0 - part)


def _checked(amounts: ArrayLike, share: ArrayLike) -> tuple[Floats, Floats]:
    """Both as arrays. A share above 1 means that some is to be taken back: a chain ladder may say so."""
    amount, part = np.asarray(amounts, dtype=float), np.asarray(share, dtype=float)
    if amount.ndim != 1 or amount.shape != part.shape or not (np.isfinite(amount).all() and np.isfinite(part).all()):
        raise ValueError("amounts and known shares must be finite numbers, one of each for an accident period")
    if (part < 0.0).any():
        raise ValueError("a known share cannot be negative")
    return amount, part
