"""Tariffs that were tampered with, each with the claims of the certificate that it breaks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from actuarial.calibration import Calibration, shipped_calibration
from actuarial.proofs.point import RateFunction
from actuarial.rating import Rating, rate, reported_years
from actuarial.risks import RiskTable
from actuarial.tariff import Tariff
from policies.regimes import load_regime

REGIME = load_regime("nl-2027")
SHIPPED = shipped_calibration()
HISTORY, LOADINGS = SHIPPED.history, SHIPPED.loadings


def altered(**fields: object) -> Calibration:
    """The shipped calibration with other parameters, under another name: tariffs are built once a digest."""
    return replace(SHIPPED, **fields, sha256=f"mutated {fields!r}")  # type: ignore[arg-type]


def peril(name: str, **fields: float) -> Calibration:
    return altered(perils={**SHIPPED.perils, name: replace(SHIPPED.perils[name], **fields)})


def tau(test: str, value: float) -> Calibration:
    return altered(tests={**SHIPPED.tests, test: replace(SHIPPED.tests[test], tau=value)})


def weights(**fields: object) -> Calibration:
    return altered(history=replace(HISTORY, **fields))  # type: ignore[arg-type]


def rated_again(risks: RiskTable, t: Tariff, before_history: np.ndarray, factor: np.ndarray) -> Rating:
    """The rating with another history factor: frequencies are linear in it, so one more rating at that record."""
    needed = factor * (t.alpha + before_history * reported_years(risks.observed_years, t)[:, None]) - t.alpha
    return rate(replace(risks, incidents=needed), t)


def one_credibility_for_all(risks: RiskTable, t: Tariff) -> Rating:
    """One history factor for all perils together: (A + N) / (A + Lambda), each summed over the perils."""
    fresh = rate(replace(risks, incidents=np.zeros_like(risks.incidents), observed_years=0.0 * risks.observed_years), t)
    before = fresh.frequency  # without a record every factor is 1
    expected = before * reported_years(risks.observed_years, t)[:, None]
    factor = (t.alpha[0] + risks.incidents.sum(axis=1)) / (t.alpha[0] + expected.sum(axis=1))
    return rated_again(risks, t, before, factor[:, None] * np.ones_like(before))


def cover_from_the_ground(risks: RiskTable, t: Tariff) -> Rating:
    """The layer below the deductible is not taken off: E[min(X, d + l)]."""
    return rate(replace(risks, deductible=0 * risks.deductible, limit=risks.deductible + risks.limit), t)


def discount_for_size(risks: RiskTable, t: Tariff) -> Rating:
    """A discount of a tenth from ten units on."""
    found = rate(risks, t)
    share = np.where(risks.exposure < 10.0, 1.0, 0.9)
    return replace(found, steps=found.steps * share[:, None], by_peril=found.by_peril * share[:, None])


# name, calibration, rating, claims that the search must break
MUTATIONS: tuple[tuple[str, Calibration, RateFunction, tuple[str, ...]], ...] = (
    ("theta of a peril negated", peril("FIN", theta=-0.2), rate, ("failures", "danger", "elasticity-danger")),
    ("low theta of a peril negated", peril("FIN", theta_low=-0.2), rate, ("danger",)),
    ("theta of a peril lost", peril("PRV", theta=0.0), rate, ("elasticity-danger",)),
    ("theta of a peril tenfold", peril("DIS", theta=3.0), rate, ("elasticity-danger", "step-failure")),
    ("a test turned around", tau("bbq", -1.4), rate, ("failures",)),
    ("sharing negated", altered(sharing=-0.5), rate, ("compliance", "lateness", "elasticity-sharing")),
    ("sharing decides alone", altered(sharing=3.0), rate, ("elasticity-sharing", "step-lateness")),
    ("elasticity negated", altered(exposure_elasticity=-0.5), rate, ("exposure", "elasticity-exposure")),
    ("elasticity above one", altered(exposure_elasticity=1.2), rate, ("elasticity-exposure",)),
    ("autonomy reversed", altered(autonomy=(0.5, 0.25, 0.0, -0.15)), rate, ("ladders",)),
    ("a class too cheap", altered(classes={**SHIPPED.classes, "A4": -0.5}), rate, ("ladders", "exposure")),
    ("a cliff between classes", altered(classes={**SHIPPED.classes, "A5": 4.1}), rate, ("step-class",)),
    ("a cliff of autonomy", altered(autonomy=(-0.15, 0.0, 0.9, 1.0)), rate, ("step-autonomy",)),
    ("a cliff in time", altered(maturity=((0.0, 1.0), (1.0, 0.0), (3.0, -0.1))), rate, ("step-maturity",)),
    ("a cliff in turnover", altered(size_elasticity=1.5), rate, ("step-size",)),
    ("turnover reversed", altered(size_elasticity=-0.5), rate, ("exposure",)),
    ("concealed as reported", weights(concealed=HISTORY.reported), rate, ("disclosure",)),
    ("late is cheaper than in time", weights(reported=1.0, late_limit=0.5), rate, ("lateness",)),
    ("a negative incident", weights(severity={**HISTORY.severity, "near_miss": -0.5}), rate, ("incidents",)),
    ("a credit for reporting", weights(reported=-0.5), rate, ("incidents",)),
    ("little credibility of the tariff", peril("FIN", alpha=0.1), rate, ("step-incident",)),
    ("reinsurance is paid back", altered(loadings=replace(LOADINGS, reinsurance_margin=-5.0)), rate, ("limit",)),
    ("one credibility for all perils", SHIPPED, one_credibility_for_all, ("danger",)),
    ("deductible ignored", SHIPPED, cover_from_the_ground, ("deductible",)),
    ("a discount for size", SHIPPED, discount_for_size, ("exposure",)),
)
BY_NAME = {name: (calibration, rating) for name, calibration, rating, _ in MUTATIONS}
CASES = tuple((name, claim) for name, _, _, claims in MUTATIONS for claim in claims)
