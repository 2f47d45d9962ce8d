"""Expected loss under an annual aggregate limit: compound distribution by FFT (docs/methods/rating.md)."""

from __future__ import annotations

import numpy as np

from actuarial.rounding import Floats
from actuarial.severity import Splice, limited_expected_value

STEPS = 256  # grid steps from zero to the aggregate limit: 3e-8 of the loss at a claim a decade, 7e-6 at 5 a year
POINTS = 2 * STEPS  # the transform runs to twice the aggregate limit
TILT = 20.0 / POINTS  # exponential tilt per step: damps what wraps around by exp(-20) = 2e-9
NEARLY_POISSON = 1e-6  # below, counts are taken as Poisson: nearer than the grid, and no digits are lost
CHUNK = 8192  # policies per transform, to bound memory


def layer_grid(s: Splice, deductible: float, limit: float, aggregate: float, scale: float) -> Floats:
    """Probabilities (H, STEPS + 1) of one layer loss per head on the grid 0, h, 2h, ..., aggregate.

    Spreads mass so that each head's mean is kept exactly: f_j = (2 L_j - L_{j-1} - L_{j+1}) / h with
    L_j = E[min(layer loss, j h)].
    """
    h = aggregate / STEPS
    depth = np.minimum(np.arange(STEPS + 2) * h, limit)
    levels = limited_expected_value(s, ((deductible + depth) / scale)[:, None])
    mean = scale * (levels - levels[0]).T
    inner = (2 * mean[:, 1:-1] - mean[:, :-2] - mean[:, 2:]) / h
    at_zero = 1.0 - mean[:, 1:2] / h
    return np.asarray(np.maximum(np.hstack([at_zero, inner]), 0.0))


def limited_aggregate(frequency: Floats, grid: Floats, aggregate: float, dispersion: float) -> Floats:
    """E[min(S, aggregate)] in euros, (N,), for claim counts by head `frequency` (N, H) on one shared `grid`.

    Counts are negative binomial with variance = mean + dispersion * mean^2, Poisson where dispersion is 0.
    """
    total = frequency.sum(axis=1)
    share = np.divide(frequency, total[:, None], out=np.zeros_like(frequency), where=total[:, None] > 0)
    tilt = np.exp(-TILT * np.arange(STEPS + 1))
    below = (1.0 - np.arange(STEPS) / STEPS) / tilt[:STEPS]
    result = np.empty(len(total))
    for start in range(0, len(total), CHUNK):
        rows = slice(start, start + CHUNK)
        claim = np.fft.rfft((share[rows] @ grid) * tilt, n=POINTS)
        exponent = total[rows, None] * (1.0 - claim)
        if dispersion >= NEARLY_POISSON:
            exponent = np.log1p(dispersion * exponent) / dispersion
        # expm1: the distribution less a certain zero, so that rare claims keep their digits
        departure = np.fft.irfft(np.expm1(-exponent), n=POINTS)
        result[rows] = -aggregate * (departure[:, :STEPS] @ below)
    return np.maximum(result, 0.0)
