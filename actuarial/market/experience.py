"""Claims of the sample market, and its experience as plain arrays: data whose parameters are known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from scipy.special import exprel, ndtr, ndtri

from actuarial.calibration import Calibration
from actuarial.evidence import Ints
from actuarial.market.population import Population, claim_frequency, draw_population, pick
from actuarial.market.truth import Truth
from actuarial.rounding import Floats
from actuarial.severity import Splice
from actuarial.tariff import tariff
from policies.period import DAYS_PER_YEAR
from policies.regimes import Regime


@dataclass(frozen=True, slots=True)
class AtRisk:
    """System-years at risk (R,): system, years between its end and the valuation day, share at risk, maturity band.

    Year 0 is the one that ends on the valuation day. `counts` (R, P) are all claims that occurred, reported or not.
    """

    system: Ints
    year: Ints
    years_at_risk: Floats
    maturity: Ints
    counts: Ints


@dataclass(frozen=True, slots=True)
class Claims:
    """Claims (C,): row of AtRisk, peril and head (positions in the tariff's lists), ground-up loss in euros.

    Days count from the valuation day: an accident day is negative, a report day of 0 or more is not yet known.
    """

    row: Ints
    peril: Ints
    head: Ints
    accident_day: Ints
    report_day: Ints
    loss: Floats


@dataclass(frozen=True, slots=True)
class Experience:
    """A market seen for some years: its population, its years at risk, its claims, and the valuation day."""

    population: Population
    at_risk: AtRisk
    claims: Claims
    valuation_date: date


def draw_experience(
    firms: int, seed: int, truth: Truth, years: int, at: date, regime: Regime, calibration: Calibration
) -> Experience:
    """The experience of so many firms over the `years` before day `at`; seconds for 100,000 firms."""
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    population = draw_population(rng, firms, truth, regime, calibration)
    at_risk, claims = draw_claims(rng, population, truth, years, regime, calibration)
    return Experience(population, at_risk, claims, at)


def draw_claims(
    rng: np.random.Generator,
    population: Population,
    truth: Truth,
    years: int,
    regime: Regime,
    calibration: Calibration,
    per_claim: float = 1.0,
) -> tuple[AtRisk, Claims]:
    """Claims of the last `years` years; `per_claim` scales their frequency (near misses come in proportion)."""
    yearly = per_claim * claim_frequency(population, truth, regime, calibration)
    yearly *= population.firms.frailty[population.systems.firm]
    at_risk = _join([_one_year(rng, yearly, population.systems.age_days, year, truth) for year in range(years)])
    return at_risk, _claims(rng, at_risk, population, truth, regime, calibration)


def expected_claims(experience: Experience, truth: Truth, regime: Regime, calibration: Calibration) -> Floats:
    """True expected claims of every row at risk and peril, (R, P), reported or not, with the mean frailty of 1."""
    at_risk = experience.at_risk
    yearly = claim_frequency(experience.population, truth, regime, calibration)
    return np.asarray(yearly[at_risk.system] * _factor(at_risk.years_at_risk, at_risk.maturity, truth)[:, None])


def first_and_last_day(experience: Experience) -> tuple[Ints, Ints]:
    """Days on which the rows at risk start and end, (R,) each, the end no longer at risk; counted as in Claims.

    Years of 365.25 days start on a whole day, so that a row of a few hours may hold no day at all.
    """
    at_risk = experience.at_risk
    age = experience.population.systems.age_days[at_risk.system]
    return np.maximum(-age, _day(at_risk.year + 1)), _day(at_risk.year)


def _day(years_ago: Floats | Ints) -> Ints:
    return np.floor(-years_ago * DAYS_PER_YEAR).astype(np.int64)


def _factor(share: Floats, maturity: Ints, truth: Truth) -> Floats:
    """Years at risk times the effect of maturity."""
    effects = np.array([effect for _, effect in truth.frequency.maturity])
    return np.asarray(share * np.exp(effects[maturity]))


def _one_year(rng: np.random.Generator, yearly: Floats, age_days: Ints, year: int, truth: Truth) -> AtRisk:
    """Years at risk of the systems that ran in the year that ended `year` years ago."""
    age = age_days / DAYS_PER_YEAR
    system = np.flatnonzero(age > year)
    share = np.minimum(age[system] - year, 1.0)
    middle = age[system] - year - share / 2
    bands = [from_years for from_years, _ in truth.frequency.maturity]
    maturity = np.searchsorted(bands, middle, side="right") - 1
    counts = rng.poisson(yearly[system] * _factor(share, maturity, truth)[:, None])
    return AtRisk(system, np.full(len(system), year), share, maturity, counts)


def _join(parts: list[AtRisk]) -> AtRisk:
    return AtRisk(
        system=np.concatenate([part.system for part in parts]),
        year=np.concatenate([part.year for part in parts]),
        years_at_risk=np.concatenate([part.years_at_risk for part in parts]),
        maturity=np.concatenate([part.maturity for part in parts]),
        counts=np.concatenate([part.counts for part in parts]),
    )


def _claims(
    rng: np.random.Generator,
    at_risk: AtRisk,
    population: Population,
    truth: Truth,
    regime: Regime,
    calibration: Calibration,
) -> Claims:
    t, lag = tariff(calibration, regime), truth.reporting_lag
    rows, perils = np.nonzero(at_risk.counts)
    times = at_risk.counts[rows, perils]
    row, peril = np.repeat(rows, times), np.repeat(perils, times)
    years_ago: Floats = at_risk.year[row] + rng.random(len(row)) * at_risk.years_at_risk[row]
    accident = _day(years_ago)
    delay = np.floor(lag.scale_days * rng.weibull(lag.shape, len(row))).astype(np.int64)
    head = _heads(rng, peril, t.mixture)
    turnover = population.firms.turnover_world[population.systems.firm[at_risk.system[row]]]
    size = (turnover / t.size_reference) ** t.size_elasticity
    return Claims(row, peril, head, accident, accident + delay, size * _losses(rng.random(len(row)), head, t.severity))


def _heads(rng: np.random.Generator, peril: Ints, mixture: Floats) -> Ints:
    """The harm head of each claim, drawn from the mixture of its peril."""
    head = np.zeros(len(peril), dtype=np.int64)
    for code, shares in enumerate(mixture):
        members = np.flatnonzero(peril == code)
        head[members] = pick(rng, shares, len(members))
    return head


def _losses(u: Floats, head: Ints, s: Splice) -> Floats:
    """Quantiles of the spliced severity of each claim's head at levels `u` in [0, 1)."""
    weight = s.weight[head]
    at_threshold = ndtr((np.log(s.threshold[head]) - s.mu[head]) / s.sigma[head])
    body = np.exp(s.mu[head] + s.sigma[head] * ndtri(np.minimum(u / weight, 1.0) * at_threshold))
    log_survival = -np.log1p(-np.clip((u - weight) / (1 - weight), 0.0, None))
    tail = s.threshold[head] + s.beta[head] * log_survival * exprel(s.xi[head] * log_survival)
    return np.where(u <= weight, body, tail)
