"""Losses of a book drawn from its own tariff: what chance makes of a year or two of claims."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from actuarial.evidence import Ints
from actuarial.rating import size_scale
from actuarial.rounding import Floats
from actuarial.severity import Splice, layer
from actuarial.tariff import Tariff
from policies.money import CENTS_PER_EURO
from underwriting.audit.rated import Rated

DRAWS = 4000  # books drawn: six in the smallest tail that is asked about
AT_ONCE = 100  # books drawn at once, to bound memory


@dataclass(frozen=True, slots=True)
class Losses:
    """Claims that the covers pay in all drawn books: of which book, of which firm, euros; (C,) each."""

    book: Ints
    firm: Ints
    loss: Floats

    def by(self, segment: Ints, many: int) -> Floats:
        """Sums by book and segment, (DRAWS, many), where `segment` (N,) is that of each firm."""
        cells = self.book * many + segment[self.firm]
        sums = np.bincount(cells, weights=self.loss, minlength=DRAWS * many)
        return np.asarray(sums.reshape(DRAWS, many), dtype=float)


def drawn_losses(found: Rated, t: Tariff, claims: int, seed: int) -> Losses:
    """Books with as many paid claims as `claims`, on average, dealt over firms and heads as the tariff expects.

    Counts of a firm are negative binomial with the dispersion of the calibration; sizes are those of its severities.
    """
    rng = np.random.default_rng(seed)
    by_head = np.zeros((len(found.risks.limit), len(t.head_ids)))
    np.add.at(by_head, found.risks.policy, found.rating.frequency @ t.mixture)
    by_head *= found.risks.covered
    d, limit = found.risks.deductible / CENTS_PER_EURO, found.risks.limit / CENTS_PER_EURO
    scale = size_scale(found.risks.turnover, t)
    beyond = layer(t.severity, d, np.ones_like(d), scale)  # the first euro of the layer: P(claim > deductible)
    by_head *= claims / float((by_head * beyond).sum())
    firm, book = _counts(rng, by_head.sum(axis=1), t.dispersion)
    heads = np.cumsum(by_head, axis=1)[firm]
    head = (rng.random(len(firm))[:, None] * heads[:, -1:] >= heads).sum(axis=1)
    size = scale[firm] * severity_quantile(t.severity, head, rng.random(len(firm)))
    paid = np.clip(size - d[firm], 0.0, limit[firm])
    return Losses(book[paid > 0], firm[paid > 0], paid[paid > 0])


def _counts(rng: np.random.Generator, mean: Floats, dispersion: float) -> tuple[Ints, Ints]:
    """Firm and book of every claim drawn."""
    firms, books = [], []
    for start in range(0, DRAWS, AT_ONCE):
        frailty = rng.gamma(1 / dispersion, dispersion, (AT_ONCE, len(mean))) if dispersion else 1.0
        counts = rng.poisson(np.broadcast_to(mean * frailty, (AT_ONCE, len(mean))))
        book, firm = np.nonzero(counts)
        times = counts[book, firm]
        books.append(np.repeat(book + start, times))
        firms.append(np.repeat(firm, times))
    return np.concatenate(firms), np.concatenate(books)


def severity_quantile(s: Splice, head: Ints, level: Floats) -> Floats:
    """Quantiles (C,) in euros at reference size: the inverse of the spliced distribution of each head."""
    mu, sigma, threshold, xi, beta, weight = (
        values[head] for values in (s.mu, s.sigma, s.threshold, s.xi, s.beta, s.weight)
    )
    at_threshold = ndtr((np.log(threshold) - mu) / sigma)
    in_body = level < weight
    body = np.exp(mu + sigma * ndtri(np.where(in_body, level / weight, 0.5) * at_threshold))
    rest = np.where(in_body, 1.0, (1 - level) / (1 - weight))
    return np.asarray(np.where(in_body, body, threshold + beta * np.expm1(-xi * np.log(rest)) / xi))
