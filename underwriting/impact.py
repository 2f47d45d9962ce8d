"""Impact: the whole book priced under two calibrations, what that does to premiums, and why to those that move most."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice, pairwise

import numpy as np

from actuarial.calibration import Calibration
from actuarial.evidence import Bools
from actuarial.premium import LOADINGS, premiums
from actuarial.rating import STEPS, rate
from actuarial.risks import tabulate
from actuarial.rounding import Cents, Floats
from actuarial.tariff import Tariff, tariff
from policies.findings import Finding, Severity, WaarborgError, gravest_first
from policies.money import CENTS_PER_EURO, Money
from policies.regimes import Regime
from policies.risk import RiskProfile
from underwriting.records import QuoteRow

CHUNK = 2000  # profiles rated at once: it bounds the memory, and more at once is no faster
MOVERS = 20
REASONS = 4  # steps told of a mover; the rest moves it less than any of them
LEAST_REASON = 0.001  # log ratio below which a step does not count as a reason
LEVELS = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
EDGES = (-0.5, -0.3, -0.2, -0.1, -0.05, -0.01, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5)  # bands of relative change
LINES = (*STEPS, *LOADINGS, "premium_tax")
SMALLEST = 0.01  # cents: a running premium of nothing has a logarithm all the same


@dataclass(frozen=True, slots=True)
class Reason:
    """A line of the waterfall and the share by which it alone moves the premium; those of all lines multiply to it."""

    code: str
    change: float


@dataclass(frozen=True, slots=True)
class Mover:
    """A firm whose premium due moves much: `change` is B / A - 1; reasons, greatest first. `minimum_a` and
    `minimum_b` say whether the minimum premium binds."""

    firm: str
    quote_id: str
    a: Money
    b: Money
    change: float
    reasons: tuple[Reason, ...]
    minimum_a: bool
    minimum_b: bool


@dataclass(frozen=True, slots=True)
class Band:
    """How many firms change by `low` up to `high`; None where the band is open."""

    low: float | None
    high: float | None
    firms: int


@dataclass(frozen=True, slots=True)
class Impact:
    """Premiums due of `firms` firms under A and B. `quantiles` holds (level, relative change); shares are of firms."""

    firms: int
    skipped: int
    total_a: Money
    total_b: Money
    mean: float
    quantiles: tuple[tuple[float, float], ...]
    rising: float
    falling: float
    beyond_cap: float
    bands: tuple[Band, ...]
    movers: tuple[Mover, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Priced:
    """Premium due (N,), log of what each line multiplies the running premium by (N, LINES), minimum binds (N,)."""

    due: Cents
    factors: Floats
    minimum: Bools


def impact(
    book: Iterable[tuple[QuoteRow, RiskProfile]], at: date, regime: Regime, a: Calibration, b: Calibration
) -> Impact:
    """The effect of B in the place of A on every firm of a book, all rated as of one day under one regime.

    Profiles in the words of another regime are skipped and counted. Raises WaarborgError when no profile is left, or
    when a calibration cannot price the regime.
    """
    tariffs = (tariff(a, regime), tariff(b, regime))
    rows: list[QuoteRow] = []
    priced: tuple[list[_Priced], list[_Priced]] = ([], [])
    read = 0
    for chunk in _chunks(book):
        read += len(chunk)
        kept = [(row, profile) for row, profile in chunk if speaks(profile, regime)]
        if kept:
            rows += [row for row, _ in kept]
            for found, calibration, t in zip(priced, (a, b), tariffs, strict=True):
                found.append(_priced([profile for _, profile in kept], at, regime, calibration, t))
    if not rows:
        raise WaarborgError(f"no firm to rate: the book holds {read} profiles, none in the words of {regime.id}")
    return _summary(rows, read - len(rows), _joined(priced[0]), _joined(priced[1]), regime, tariffs)


def speaks(profile: RiskProfile, regime: Regime) -> bool:
    """Whether the classes and roles of a profile are words of a regime."""
    words = set(regime.class_words())
    return all(
        {system.self_assessed_class, system.assessed_class or system.self_assessed_class} <= words
        and set(system.roles) <= regime.exposure_base.keys()
        for system in profile.systems
    )


def _chunks(book: Iterable[tuple[QuoteRow, RiskProfile]]) -> Iterator[list[tuple[QuoteRow, RiskProfile]]]:
    left = iter(book)
    while chunk := list(islice(left, CHUNK)):
        yield chunk


def _priced(profiles: Sequence[RiskProfile], at: date, regime: Regime, calibration: Calibration, t: Tariff) -> _Priced:
    risks = tabulate(profiles, at, regime, calibration)
    rating = rate(risks, t)
    result = premiums(rating, risks, t)
    loaded = result.risk.sum(axis=1, keepdims=True) + np.cumsum(result.loadings, axis=1)
    running = np.hstack([rating.steps * CENTS_PER_EURO, loaded, result.due[:, None]])
    factors = np.diff(np.log(np.maximum(running, SMALLEST)), axis=1, prepend=0.0)
    return _Priced(result.due, factors, result.loadings[:, LOADINGS.index("minimum")] > 0)


def _joined(parts: Sequence[_Priced]) -> _Priced:
    return _Priced(
        np.concatenate([part.due for part in parts]),
        np.concatenate([part.factors for part in parts]),
        np.concatenate([part.minimum for part in parts]),
    )


def _summary(
    rows: Sequence[QuoteRow], skipped: int, a: _Priced, b: _Priced, regime: Regime, tariffs: tuple[Tariff, Tariff]
) -> Impact:
    change = b.due / np.maximum(a.due, 1) - 1.0
    steps = b.factors - a.factors
    order = np.argsort(-np.abs(steps.sum(axis=1)), kind="stable")[:MOVERS]
    beyond = float(np.mean(np.abs(change) > regime.transition_cap))
    return Impact(
        firms=len(rows),
        skipped=skipped,
        total_a=Money(int(a.due.sum())),
        total_b=Money(int(b.due.sum())),
        mean=float(change.mean()),
        quantiles=tuple(zip(LEVELS, map(float, np.quantile(change, LEVELS)), strict=True)),
        rising=float(np.mean(b.due > a.due)),
        falling=float(np.mean(b.due < a.due)),
        beyond_cap=beyond,
        bands=_bands(change),
        movers=tuple(_mover(rows[i], i, a, b, steps[i]) for i in map(int, order) if a.due[i] != b.due[i]),
        findings=gravest_first(_findings(beyond, skipped, regime, tariffs)),
    )


def _bands(change: Floats) -> tuple[Band, ...]:
    counts = np.bincount(np.searchsorted(EDGES, change, side="right"), minlength=len(EDGES) + 1)
    ends = pairwise((None, *EDGES, None))
    return tuple(Band(low, high, int(count)) for (low, high), count in zip(ends, counts, strict=True))


def _mover(row: QuoteRow, i: int, a: _Priced, b: _Priced, steps: Floats) -> Mover:
    """`steps` (LINES,) are log ratios of the lines; they sum to that of the premiums due."""
    greatest = sorted(zip(LINES, map(float, steps), strict=True), key=lambda line: -abs(line[1]))[:REASONS]
    return Mover(
        firm=row.firm,
        quote_id=row.id,
        a=Money(int(a.due[i])),
        b=Money(int(b.due[i])),
        change=float(b.due[i] / max(a.due[i], 1)) - 1.0,
        reasons=tuple(Reason(code, float(np.expm1(step))) for code, step in greatest if abs(step) >= LEAST_REASON),
        minimum_a=bool(a.minimum[i]),
        minimum_b=bool(b.minimum[i]),
    )


def _findings(beyond: float, skipped: int, regime: Regime, tariffs: tuple[Tariff, Tariff]) -> Iterator[Finding]:
    before, after = (set(t.unpriced) for t in tariffs)
    if lost := after - before:
        told = f"B has no parameters for {', '.join(sorted(lost))}, which A prices: such risks will be referred"
        yield Finding("impact-unpriced", Severity.REFER, "calibration B", told)
    if beyond:
        told = f"{beyond:.1%} of the firms move by more than {regime.transition_cap:.0%}; tell them beforehand"
        yield Finding("impact-transition", Severity.WARNING, "premiums", told, f"{regime.id} transition.cap_share")
    if skipped:
        told = f"{skipped} firms are left out: their dossiers use classes or roles that {regime.id} does not know"
        yield Finding("impact-skipped", Severity.INFO, "book", told)
