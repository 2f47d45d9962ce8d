"""Which head a claim of a peril falls on: the prior mixture, coded incidents and claims (Dirichlet-multinomial).

docs/methods/mixture.md explains it; `python -m actuarial.fitting.mixture` prints the update by public incidents alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import betaincinv, gammaln

from actuarial.calibration import shipped_calibration
from actuarial.fitting.experience import Experience
from actuarial.fitting.incident_codes import authored, visible_heads
from actuarial.fitting.reference_population import table
from actuarial.rounding import Floats
from policies.heads import HEADS

Booleans = NDArray[np.bool_]
LEVEL = 0.9  # of intervals
LEAST_CLAIMS = 50.0  # below it the spread between perils says nothing about the strength of the prior
COLUMNS = ("peril", "head", "prior", "coded", "claims", "share", "low", "high")


@dataclass(frozen=True, slots=True, eq=False)
class MixtureFit:
    """`shares` by peril and head sum to 1 per peril, without heads of share 0. `strength` is that of the prior mixture,
    in claims. `frame` is the table `mixture`, with COLUMNS; `coded` in it is counted in full, before the discount."""

    shares: Mapping[str, Mapping[str, float]]
    strength: float
    frame: pd.DataFrame


def fit_mixture(
    prior: Mapping[str, Mapping[str, float]],
    coded: Floats,
    claims: Floats,
    strength: float | None = None,
    discount: float | None = None,
) -> MixtureFit:
    """Posterior mean shares with 90 % intervals, per peril.

    Claims update Dirichlet(strength * prior). Incidents are coded by harm, so they can only tell apart the heads that
    are harms (`visible_heads`): they update the division among those, and leave the share of the others (fines,
    defence, own cost) as it is. `coded` incidents and `claims` are counts, (P, H): perils in the order of `prior`,
    heads in that of HEADS. A head that the prior leaves out enters by counts alone. Without a `strength` it is
    estimated from the claims (`prior_strength`); the `discount` of an incident is that of incident_codes.toml unless
    given. Raises ValueError for counts of another shape, negative, or coded on a head that codes cannot see; for a
    prior that is no mixture; for a strength <= 0.
    """
    means, heads = _prior_matrix(prior), tuple(HEADS)
    visible = np.isin(heads, list(visible_heads()))
    for counts in (coded, claims):
        if counts.shape != means.shape or not (counts >= 0.0).all():
            raise ValueError(f"counts must be non-negative, {means.shape[0]} perils by {means.shape[1]} heads")
    if coded[:, ~visible].any():
        raise ValueError("incidents are coded by harm: none can be counted on a head that is not one")
    strength = prior_strength(means, claims) if strength is None else strength
    discount = authored()["mixture"]["discount"] if discount is None else discount
    if not (strength > 0.0 and discount >= 0.0):
        raise ValueError(f"a strength of {strength} or a discount of {discount} means nothing")
    shares, squares = _posterior_moments(strength * means + claims, discount * coded, visible)
    low, high = _intervals(shares, squares - shares**2)
    rows = [
        (peril, heads[h], means[p, h], coded[p, h], claims[p, h], shares[p, h], low[p, h], high[p, h])
        for p, peril in enumerate(prior)
        for h in np.flatnonzero(shares[p] + coded[p])
    ]
    by_peril = {
        peril: {heads[h]: float(shares[p, h]) for h in np.flatnonzero(shares[p])} for p, peril in enumerate(prior)
    }
    return MixtureFit(by_peril, strength, pd.DataFrame(rows, columns=list(COLUMNS)))


def _posterior_moments(mass: Floats, coded: Floats, visible: Booleans) -> tuple[Floats, Floats]:
    """First and second moment of each share, (P, H): (share of all visible heads) x (share within them), which are
    independent Betas because a Dirichlet is neutral (Connor and Mosimann 1969)."""
    total = mass.sum(axis=1, keepdims=True)
    seen = mass[:, visible].sum(axis=1, keepdims=True)
    updated = mass + coded
    within = np.maximum(updated[:, visible].sum(axis=1, keepdims=True), np.finfo(float).tiny)
    mean, square = mass / total, mass * (mass + 1.0) / (total * (total + 1.0))
    mean_seen = seen / total * updated / within
    square_seen = seen * (seen + 1.0) / (total * (total + 1.0)) * updated * (updated + 1.0) / (within * (within + 1.0))
    return np.where(visible, mean_seen, mean), np.where(visible, square_seen, square)


def _intervals(mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """The interval of the Beta with those moments: exact but for visible heads of perils with coded incidents. A share
    of 0 or 1 has none."""
    open_ = (mean > 0.0) & (mean < 1.0) & (variance > 0.0)
    mean_, variance_ = np.where(open_, mean, 0.5), np.where(open_, variance, 0.05)
    strength = mean_ * (1.0 - mean_) / variance_ - 1.0
    ends = (betaincinv(mean_ * strength, (1.0 - mean_) * strength, p) for p in ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    low, high = (np.where(open_, end, mean) for end in ends)
    return low, high


def prior_strength(means: Floats, counts: Floats) -> float:
    """How many claims the prior mixture `means` is worth: the strength common to all perils that makes the `counts`
    most likely under the Dirichlet-multinomial, (P, H) both, within the bounds of incident_codes.toml.

    Counts on heads that the prior leaves out are not used: no strength explains them. With fewer than LEAST_CLAIMS the
    default of incident_codes.toml is returned.
    """
    bounds = authored()["mixture"]
    counts = np.where(means > 0.0, counts, 0.0)
    if counts.sum() < LEAST_CLAIMS:
        return float(bounds["strength_default"])

    def loss(log_strength: float) -> float:
        return -log_likelihood(means * float(np.exp(log_strength)), counts)

    limits = (float(np.log(bounds["strength_low"])), float(np.log(bounds["strength_high"])))
    return float(np.exp(minimize_scalar(loss, bounds=limits, method="bounded").x))


def log_likelihood(mass: Floats, counts: Floats) -> float:
    """Log likelihood of the Dirichlet-multinomial with parameters `mass`, (P, H), summed over perils, without the
    multinomial coefficient (Mosimann 1962). Cells of zero mass must hold no counts."""
    used = mass > 0.0
    cells = np.where(used, gammaln(np.where(used, mass + counts, 1.0)) - gammaln(np.where(used, mass, 1.0)), 0.0)
    total = mass.sum(axis=1)
    return float(cells.sum() + (gammaln(total) - gammaln(total + counts.sum(axis=1))).sum())


def coded_counts(perils: tuple[str, ...]) -> Floats:
    """Public incidents by peril and head, (P, H), from the shipped aiid_codes.csv."""
    found = {(row["peril"], row["head"]): float(row["incidents"]) for row in table("aiid_codes.csv")}
    return np.array([[found.get((peril, head), 0.0) for head in HEADS] for peril in perils])


def claim_heads(experience: Experience, perils: tuple[str, ...]) -> Floats:
    """Claims by peril and head, (P, H); claims whose head is not known yet are left out."""
    claims = experience.claims
    rows = pd.Index(perils).get_indexer(pd.Index(claims["peril"].astype(str)))
    columns = pd.Index(list(HEADS)).get_indexer(pd.Index(claims["head"].astype(str)))
    known = (rows >= 0) & (columns >= 0)
    counts = np.zeros((len(perils), len(HEADS)))
    np.add.at(counts, (rows[known], columns[known]), 1.0)
    return counts


def _prior_matrix(prior: Mapping[str, Mapping[str, float]]) -> Floats:
    means = np.array([[shares.get(head, 0.0) for head in HEADS] for shares in prior.values()])
    unknown = {head for shares in prior.values() for head in shares} - set(HEADS)
    if unknown or not (np.all(means >= 0.0) and np.allclose(means.sum(axis=1), 1.0)):
        raise ValueError("a prior mixture must hold shares of known heads that sum to 1 for each peril")
    return means


def report() -> Iterator[str]:
    """Markdown rows of what public incidents move: what the command prints."""
    prior = shipped_calibration().mixture
    coded = coded_counts(tuple(prior))
    fit = fit_mixture(prior, coded, np.zeros_like(coded))
    yield f"strength of the prior: {fit.strength:g} claims"
    yield "| peril | head | prior | incidents | share | 90 % |"
    yield "|---|---|---|---|---|---|"
    for row in fit.frame[fit.frame["coded"] > 0.0].to_dict("records"):
        yield (
            f"| {row['peril']} | {row['head']} | {row['prior']:.2f} | {row['coded']:.1f} | {row['share']:.3f} "
            f"| {row['low']:.3f}-{row['high']:.3f} |"
        )


if __name__ == "__main__":
    sys.stdout.write("\n".join(report()) + "\n")
