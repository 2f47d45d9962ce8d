"""Maximum a posteriori fit of a log-linear claim frequency, fast because a design is never laid out (pricing.md 4, 8).

A term of the predictor is a block: row i has one number, `value[i]`, in column `code[i]`. Dummies of a factor are a
block of ones, a slope is a block of one column, a slope per peril one of P columns. Cross-products are bincounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.special import xlogy

from actuarial.evidence import Bools, Ints
from actuarial.rounding import Floats

MOST_STEPS = 60
HALVINGS = 30
SETTLED = 1e-10  # largest step, in units of log frequency, that counts as standing still
DENSE_CELLS_PER_ROW = 4  # up to so many possible cells a row, counting beats sorting
LARGEST_EFFECT = 30.0  # an effect on log frequency beyond this is a fit that runs away
COLLINEAR = 1e-9  # smallest share of its own information that a column keeps beside the others
SHARES_COLLINEARITY = 0.1  # loading from which a column is named as part of a collinear set


@dataclass(frozen=True, slots=True)
class Block:
    """One term over N rows: `code` (N,) picks one of `size` columns, `value` (N,) is its number, 1 where None."""

    code: Ints
    size: int
    value: Floats | None = None


@dataclass(frozen=True, slots=True)
class Penalty:
    """Prior of K coefficients: mean (K,), precision (K, K). Those that are not `free` (K,) stay at the mean."""

    mean: Floats
    precision: Floats
    free: Bools


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients (K,), expected claims (N,), information of the data (K, K), steps taken, and whether it settled."""

    coefficients: Floats
    expected: Floats
    information: Floats
    steps: int
    converged: bool


def group(codes: Sequence[Ints], sizes: Sequence[int], totals: Sequence[Floats]) -> tuple[list[Ints], list[Floats]]:
    """Rows of equal codes as one cell: codes of the cells, and the totals summed. The Poisson likelihood is unchanged.

    `codes` are arrays (N,) below their `sizes`, `totals` arrays (N,) such as claims and exposure.
    """
    possible, rows = prod(sizes), len(codes[0])
    key = np.ravel_multi_index(tuple(codes), tuple(sizes)) if possible < np.iinfo(np.int64).max else None
    if key is None:
        cells, key = np.unique(np.stack(codes, axis=1), axis=0, return_inverse=True)
        return [np.asarray(column) for column in cells.T], [_sum(key, total, len(cells)) for total in totals]
    if possible > DENSE_CELLS_PER_ROW * rows:
        present, key = np.unique(key, return_inverse=True)
        summed = [_sum(key, total, len(present)) for total in totals]
    else:
        present = np.flatnonzero(np.bincount(key, minlength=possible))
        summed = [_sum(key, total, possible)[present] for total in totals]
    return [np.asarray(column) for column in np.unravel_index(present, tuple(sizes))], summed


def _sum(key: Ints, total: Floats, cells: int) -> Floats:
    return np.asarray(np.bincount(key, weights=total, minlength=cells), dtype=float)


def predictor(blocks: Sequence[Block], coefficients: Floats) -> Floats:
    """Sum of the terms, (N,)."""
    total = np.zeros(len(blocks[0].code))
    start = 0
    for block in blocks:
        effect = coefficients[start : start + block.size][block.code]
        total += effect if block.value is None else effect * block.value
        start += block.size
    return total


def score(blocks: Sequence[Block], weights: Floats) -> Floats:
    """X' w for the design that the blocks stand for, (K,)."""
    return np.concatenate([np.bincount(b.code, _times(weights, b.value), b.size) for b in blocks])


def cross_product(blocks: Sequence[Block], weights: Floats) -> Floats:
    """X' diag(w) X, (K, K)."""
    edges = np.cumsum([0, *(block.size for block in blocks)])
    result = np.zeros((edges[-1], edges[-1]))
    for i, left in enumerate(blocks):
        weighted = _times(weights, left.value)
        for j, right in enumerate(blocks[: i + 1]):
            if i == j:
                part = np.diag(np.bincount(left.code, _times(weighted, left.value), left.size))
            else:
                key = left.code * right.size + right.code
                part = np.bincount(key, _times(weighted, right.value), left.size * right.size)
                part = part.reshape(left.size, right.size)
            result[edges[i] : edges[i + 1], edges[j] : edges[j + 1]] = part
            result[edges[j] : edges[j + 1], edges[i] : edges[i + 1]] = part.T
    return result


def cluster_scores(blocks: Sequence[Block], residual: Floats, cluster: Ints, clusters: int) -> Floats:
    """Score of each cluster, (C, K): what a firm's rows pull each coefficient by."""
    columns = [
        np.bincount(cluster * b.size + b.code, _times(residual, b.value), clusters * b.size).reshape(clusters, b.size)
        for b in blocks
    ]
    return np.concatenate(columns, axis=1)


def _times(weights: Floats, value: Floats | None) -> Floats:
    return weights if value is None else weights * value


def fit(
    blocks: Sequence[Block],
    claims: Floats,
    exposure: Floats,
    prior: Penalty,
    scale: float = 1.0,
    start: Floats | None = None,
) -> Fit:
    """Minimise sum(mu - y log mu) / scale + (b - b0)' P (b - b0) / 2 by Newton's method with step halving.

    `claims` and `exposure` (N,), mu = exposure exp(predictor). `scale` is the quasi-Poisson scale by which the
    data count for less. Raises ValueError when free columns are collinear and no prior tells them apart.
    """
    current = prior.mean.copy() if start is None else start.copy()
    free = prior.free
    value, expected = _objective(blocks, claims, exposure, prior, scale, current)
    information = np.zeros_like(prior.precision)
    for step in range(1, MOST_STEPS + 1):
        information = cross_product(blocks, expected) / scale
        gradient = score(blocks, expected - claims) / scale + prior.precision @ (current - prior.mean)
        direction = np.zeros_like(current)
        direction[free] = -_solve((information + prior.precision)[np.ix_(free, free)], gradient[free])
        current, value, expected, moved = _advance(
            blocks, claims, exposure, prior, scale, current, value, expected, direction
        )
        if np.abs(current).max() > LARGEST_EFFECT:
            return Fit(current, expected, information, step, converged=False)
        if moved < SETTLED:
            return Fit(current, expected, cross_product(blocks, expected) / scale, step, converged=True)
    return Fit(current, expected, information, MOST_STEPS, converged=False)


def _objective(
    blocks: Sequence[Block], claims: Floats, exposure: Floats, prior: Penalty, scale: float, at: Floats
) -> tuple[float, Floats]:
    with np.errstate(over="ignore"):
        linear = predictor(blocks, at)
        expected = exposure * np.exp(linear)
        away = at - prior.mean
        loss = float(expected.sum() - claims @ linear) / scale + 0.5 * float(away @ prior.precision @ away)
    return (loss if np.isfinite(loss) else np.inf), expected


def _advance(
    blocks: Sequence[Block],
    claims: Floats,
    exposure: Floats,
    prior: Penalty,
    scale: float,
    current: Floats,
    value: float,
    expected: Floats,
    direction: Floats,
) -> tuple[Floats, float, Floats, float]:
    """The longest halved step that does not make things worse; standing still when there is none."""
    size = 1.0
    for _ in range(HALVINGS):
        tried = current + size * direction
        lower, predicted = _objective(blocks, claims, exposure, prior, scale, tried)
        if lower <= value + abs(value) * np.finfo(float).eps:
            return tried, lower, predicted, float(np.abs(size * direction).max(initial=0.0))
        size /= 2
    return current, value, expected, 0.0


def _solve(matrix: Floats, right: Floats) -> Floats:
    try:
        return np.asarray(cho_solve(cho_factor(matrix), right))
    except LinAlgError as wrong:
        raise ValueError(f"columns {collinear(matrix)} are collinear and no prior tells them apart") from wrong


def collinear(information: Floats) -> list[int]:
    """Columns that the data cannot tell apart: those of the smallest eigenvector when it carries no information."""
    scale = np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))
    values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    if values[0] > COLLINEAR:
        return []
    return [int(column) for column in np.flatnonzero(np.abs(vectors[:, 0]) > SHARES_COLLINEARITY)]


def posterior(fitted: Fit, prior: Penalty, scores: Floats, scale: float) -> tuple[Floats, Floats]:
    """Covariance (K, K) of the estimate: robust to clusters, and that of the model alone; zero where not free.

    `scores` (C, K) of the clusters, unscaled. Robust: A^-1 (S / scale^2 + P) A^-1 with A the posterior information and
    S the sum of squared scores of clusters (Huber 1967, Liang and Zeger 1986); without data it is the prior's own.
    """
    free = np.ix_(prior.free, prior.free)
    inverse = np.linalg.inv((fitted.information + prior.precision)[free])
    meat = (scores.T @ scores)[free] / scale**2 + prior.precision[free]
    robust, plain = np.zeros_like(prior.precision), np.zeros_like(prior.precision)
    robust[free], plain[free] = inverse @ meat @ inverse, inverse
    return robust, plain


def deviance(claims: Floats, expected: Floats) -> float:
    """Poisson deviance 2 sum(y log(y / mu) - (y - mu))."""
    ratio = np.divide(claims, expected, out=np.ones_like(expected), where=(expected > 0) & (claims > 0))
    return 2.0 * float((xlogy(claims, ratio) - claims + expected).sum())
