"""The calibration: every fitted or elicited parameter of the price, as an immutable value read from an artefact."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from policies.digest import canonical_json, sha256_hex
from policies.findings import NotFoundError, TamperedError, WaarborgError

FORMAT = "waarborg-calibration/1"


@dataclass(frozen=True, slots=True)
class PerilParameters:
    """Frequency, history and capital of one peril. `theta` is the effect of one unit of z on log frequency."""

    intercept: float
    theta: float
    theta_low: float
    theta_high: float
    cv: float  # coefficient of variation of the expected loss from parameter uncertainty
    alpha: float  # Poisson-gamma credibility constant, in expected claims
    capital_per_expected_loss: float


@dataclass(frozen=True, slots=True)
class HeadSeverity:
    """Lognormal body (mu, sigma of log euros) up to `threshold` euros, generalised Pareto (xi, beta euros) above."""

    mu: float
    sigma: float
    threshold: float
    xi: float
    beta: float


@dataclass(frozen=True, slots=True)
class TestReference:
    """Reference population of a test: Beta prior (a, b), logit and log moments, silence price, and its basis."""

    __test__ = False

    a: float
    b: float
    mu: float
    tau: float
    log_mean: float
    log_sd: float
    silence: float
    systems: int
    basis: str  # "measured" or "elicited"
    source: str


@dataclass(frozen=True, slots=True)
class TestDesign:
    """What the catalogue said of a test when the calibration was made: a later edit must not move an old quote."""

    __test__ = False

    rho: float  # correlation of trials of one prompt
    half_life_days: float


@dataclass(frozen=True, slots=True)
class HistoryWeights:
    """Weights of incidents: by severity, and by conduct from reported in time to concealed."""

    severity: Mapping[str, float]
    reported: float
    late_limit: float
    late_scale_days: float
    concealed: float


@dataclass(frozen=True, slots=True)
class Loadings:
    """Loadings that are the insurer's own."""

    claims_handling: float
    reinsurance_retention_eur: float
    reinsurance_margin: float
    fixed_expense_eur: float
    variable_expense: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """All parameters of the price. `sha256` is the artefact's name; effects are on log frequency."""

    kind: str
    as_of: date
    method: str
    warnings: tuple[str, ...]
    perils: Mapping[str, PerilParameters]
    exposure_elasticity: float
    exposure_unit_persons: float
    exposure_unit_turnover_eur: float
    classes: Mapping[str, float]
    roles: Mapping[str, float]
    autonomy: tuple[float, ...]
    sectors: Mapping[str, float]
    maturity: tuple[tuple[float, float], ...]  # (from years since deployment, effect), ascending
    sharing: float  # gamma, effect of full non-compliance
    dispersion: float  # negative binomial: variance = mean + dispersion * mean^2
    history: HistoryWeights
    lag_shape: float  # Weibull of the reporting delay
    lag_scale_days: float
    size_elasticity: float
    size_reference_eur: float
    size_bands_per_decade: int
    severities: Mapping[str, HeadSeverity]
    mixture: Mapping[str, Mapping[str, float]]
    tests: Mapping[str, TestReference]
    test_designs: Mapping[str, TestDesign]
    loadings: Loadings
    balance: Mapping[str, float]  # expected over actual claims by segment of the fit; empty before any claim
    sha256: str


def parse_calibration(text: str, expected_sha256: str | None = None) -> Calibration:
    """A calibration from the text of its artefact.

    Raises TamperedError when the text does not hash to `expected_sha256`, WaarborgError when it is not a calibration.
    """
    found = sha256_hex(text.encode())
    if expected_sha256 is not None and found != expected_sha256:
        raise TamperedError(f"calibration {expected_sha256[:12]} has been altered: it now hashes to {found[:12]}")
    data = json.loads(text)
    if data.get("format") != FORMAT:
        raise WaarborgError(f"not a {FORMAT} artefact: format is {data.get('format')!r}")
    if canonical_json(data) != text:
        raise WaarborgError("a calibration artefact must be canonical JSON")
    try:
        return _build(data, found)
    except (KeyError, TypeError) as wrong:
        raise WaarborgError(f"calibration {found[:12]} lacks or misnames {wrong}") from wrong


def _build(data: Mapping[str, Any], sha256: str) -> Calibration:
    frequency, severity, loadings = data["frequency"], data["severity"], data["loadings"]
    return Calibration(
        kind=data["kind"],
        as_of=date.fromisoformat(data["as_of"]),
        method=data["method"],
        warnings=tuple(data["warnings"]),
        perils={peril: PerilParameters(**row) for peril, row in frequency["perils"].items()},
        exposure_elasticity=frequency["exposure_elasticity"],
        exposure_unit_persons=frequency["exposure_unit_persons"],
        exposure_unit_turnover_eur=frequency["exposure_unit_turnover_eur"],
        classes=frequency["classes"],
        roles=frequency["roles"],
        autonomy=tuple(frequency["autonomy"]),
        sectors=frequency["sectors"],
        maturity=tuple((row["from_years"], row["effect"]) for row in frequency["maturity"]),
        sharing=frequency["sharing"],
        dispersion=frequency["dispersion"],
        history=HistoryWeights(**data["history"]),
        lag_shape=data["reporting_lag"]["shape"],
        lag_scale_days=data["reporting_lag"]["scale_days"],
        size_elasticity=severity["size_elasticity"],
        size_reference_eur=severity["size_reference_eur"],
        size_bands_per_decade=severity["size_bands_per_decade"],
        severities={head: HeadSeverity(**row) for head, row in severity["heads"].items()},
        mixture=data["mixture"],
        tests={test: TestReference(**row) for test, row in data["tests"].items()},
        test_designs={test: TestDesign(**row) for test, row in data["test_designs"].items()},
        loadings=Loadings(**loadings),
        balance=data.get("balance", {}),
        sha256=sha256,
    )


@cache
def shipped_calibration() -> Calibration:
    """The calibration that ships with the program: `reference/in-force` holds the digest of its artefact."""
    folder = resources.files("actuarial").joinpath("reference")
    name = folder.joinpath("in-force").read_text("ascii").strip()
    artefact = folder.joinpath("calibrations", f"{name}.json")
    if not artefact.is_file():
        raise NotFoundError(f"the calibration in force, {name[:12]}, is not among the shipped artefacts")
    return parse_calibration(artefact.read_text("utf-8"), name)
