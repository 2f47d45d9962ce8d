"""A calibration and its validation as the report reads them, drawn from fixed seeds: every table, every column."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from policies.heads import HEADS
from policies.perils import PERILS

Records = list[dict[str, Any]]
SHIPPED = Path(__file__).parents[3] / "actuarial" / "reference"
FACTORS = {
    "class": [f"A{n}" for n in range(8)],
    "role": ["provider", "deployer", "importer", "distributor", "authorised_representative"],
    "autonomy": ["0", "1", "2", "3"],
    "sector": [
        "education",
        "employment",
        "energy",
        "finance",
        "health",
        "infrastructure",
        "insurance",
        "justice",
        "legal",
        "manufacturing",
        "media",
        "migration",
        "other",
        "police",
        "public",
        "research",
        "retail",
        "software",
        "telecom",
        "transport",
    ],
    "maturity": ["0", "1", "3"],
}
BRANCHES = {"class": "classes", "role": "roles", "autonomy": "autonomy", "sector": "sectors", "maturity": "maturity"}


def artefact() -> dict[str, Any]:
    """The shipped prior dressed as a fitted calibration."""
    name = (SHIPPED / "in-force").read_text().strip()
    data: dict[str, Any] = json.loads((SHIPPED / "calibrations" / f"{name}.json").read_text())
    experience = {"claims": 1834, "system_years": 61250, "source": "sample market, 5,000 firms", "sha256": "5c" * 32}
    return {**data, "kind": "fitted", "method": "MAP with the prior of the champion, 1", "prior": name} | {
        "experience": experience
    }


def findings() -> Records:
    return [
        {
            "code": "peril-without-claims",
            "severity": "info",
            "subject": "CBR",
            "message": "No claim: the prior stands.",
        },
        {
            "code": "tail-unstable",
            "severity": "warning",
            "subject": "severity",
            "message": "The shape of the tail runs from 0.52 to 1.08 with the threshold; premiums of large limits move "
            "by a third. Read the bracket before approving limits above 2.5 million euros.",
        },
        {
            "code": "few-claims",
            "severity": "warning",
            "subject": "frequency.sectors.justice",
            "message": "4 claims, about 25 are needed for an interval of a factor 1.5 either way.",
        },
    ]


def validation() -> dict[str, Any]:
    return {"calibration": "ab" * 32, "champion": "cd" * 32, "findings": findings(), "tables": tables()}


def tables() -> dict[str, Records]:
    """All tables of a validation."""
    draw = np.random.default_rng(7)
    levels = {**_levels(draw), **_ranking(draw), **_stability(draw), **_severity(draw)}
    return {**levels, **_times(draw), **_market(draw), **_constraints()}


def _constraints() -> dict[str, Records]:
    """A floor of danger and a ladder that bind, a cap and a balance that do not, and the weights by conduct."""
    price = {"dual": 3.2, "deviance_paid": 4.1, "moved_eur": 81_250.0, "moved_eur_per_point": 1_340.0}
    nothing = dict.fromkeys(price, 0.0)
    rows = [
        ("safety-pays", "FIN", 0.05, 0.05, -0.04, 0.0, True),
        ("class-order", "A4 to A5", 0.0, 0.00001, -0.12, 0.00001, True),
        ("maturity-step", "0 to 1", 0.4055, 0.25, 0.25, 0.1555, False),
        ("sharing-capped", "sharing", 2.0, 1.23, 1.23, 0.77, False),
        ("balance-classes", "A5", 1.05, 1.01, 1.01, 0.04, False),
    ]
    names = ("constraint", "what", "bound", "value", "unconstrained", "slack", "binding")
    told = [dict(zip(names, row, strict=True)) | (price if row[-1] else nothing) for row in rows]
    cost = {"deviance_unconstrained": 9_251.2, "deviance_constrained": 9_258.6, "deviance_paid": 7.4, "binding": 2}
    weights = {"near_miss": 0.1, "minor": 0.4, "serious": 1.0, "critical": 2.0}
    conduct = [
        {
            "severity": name,
            "reported": 0.75 * w,
            "late": w,
            "concealed": 4 * w,
            "least_concealed": 3.4 * w,
            "margin": 0.12,
        }
        for name, w in weights.items()
    ]
    total = [{**cost, "likelihood_ratio_p": 0.025, "moved_eur": 143_000.0}]
    return {"constraints": told, "constraint_cost": total, "conduct": conduct}


def _interval(value: float, spread: float) -> dict[str, float]:
    return {"low": value / math.exp(1.645 * spread), "high": value * math.exp(1.645 * spread)}


def _levels(draw: np.random.Generator) -> dict[str, Records]:
    perils = list(PERILS)
    counts = sorted((int(n) for n in draw.gamma(0.7, 160, len(perils))), reverse=True)
    counts[-2:] = [0, 0]
    experience = [
        {"peril": p, "claims": n, "system_years": 61250.0, "reported_share": float(draw.uniform(0.5, 0.9))}
        for p, n in zip(perils, counts, strict=True)
    ]
    relativities, actual, parameters = [], [], []
    for factor, levels in FACTORS.items():
        for n, level in enumerate(levels):
            prior, spread = math.exp(draw.normal(0, 0.5)), float(draw.uniform(0.05, 0.4))
            value = prior * math.exp(draw.normal(0, 0.25))
            claims = int(1 / spread**2) + 3
            row = {"factor": factor, "level": level, "prior": prior, "claims": claims}
            relativities.append({**row, "relativity": value, **_interval(value, spread)})
            expected, ratio = claims * math.exp(draw.normal(0, 0.1)), math.exp(draw.normal(0, spread / 1.4))
            sums = {"system_years": 900.0 * claims, "actual": expected * ratio, "expected": expected, "ratio": ratio}
            actual.append({"factor": factor, "level": level, **sums, **_interval(ratio, spread)})
            key = f"{n}.effect" if factor == "maturity" else level
            parameters.append(
                _parameter(f"frequency.{BRANCHES[factor]}.{key}", math.log(prior), math.log(value), spread, claims)
            )
    for peril, count in zip(perils, counts, strict=True):
        spread = 1 / math.sqrt(count + 1)
        parameters.append(_parameter(f"frequency.perils.{peril}.intercept", -6.0, -6.0 + 0.3 * spread, spread, count))
        parameters.append(_parameter(f"frequency.perils.{peril}.theta", 0.3, 0.3 - 0.1 * spread, 0.12, count))
    others = ("frequency.sharing", "frequency.exposure_elasticity", "frequency.dispersion", "reporting_lag.shape")
    parameters.extend(_parameter(path, 0.5, 0.55, 0.04, 1834) for path in others)
    tables = {"experience": experience, "relativities": relativities, "actual_expected": actual}
    return {**tables, "parameters": parameters}


def _parameter(path: str, prior: float, estimate: float, se: float, claims: int) -> dict[str, Any]:
    ends = {"low": estimate - 1.645 * se, "high": estimate + 1.645 * se}
    free = estimate + 0.1 * se if claims else float("nan")
    row = {"path": path, "prior": prior, "prior_sd": 0.5, "estimate": estimate, "se": se, **ends}
    return {**row, "model_se": 0.9 * se, "unconstrained": free, "claims": claims}


def _ranking(draw: np.random.Generator) -> dict[str, Records]:
    x = np.linspace(0, 1, 60)
    rates = np.geomspace(0.006, 0.12, 10)
    actual = draw.poisson(6125 * rates)
    lift = [
        {"band": n + 1, "system_years": 6125.0, "expected": float(6125 * rate), "actual": int(seen)}
        | {"low": float(seen - 1.645 * math.sqrt(seen)), "high": float(seen + 1.645 * math.sqrt(seen))}
        for n, (rate, seen) in enumerate(zip(rates, actual, strict=True))
    ]
    double = [
        {"band": n + 1, "ratio": ratio, "actual": 180 * ratio**0.9, "fitted": 180 * ratio, "champion": 180.0}
        for n, ratio in enumerate(np.geomspace(0.55, 1.9, 10).tolist())
    ]
    lorenz = [
        {"model": model, "exposure_share": float(p), "claim_share": float(p**power)}
        for model, power in (("fitted", 2.6), ("champion", 2.1))
        for p in x
    ]
    gini = [{"model": "fitted", "gini": 0.44, "low": 0.41, "high": 0.47}, {"model": "champion", "gini": 0.36}]
    fit = [
        {"model": "null", "claims": 1834, "expected": 1834.0, "deviance": 9120.4, "aic": 12101.2, "log_score": -0.1712},
        {
            "model": "champion",
            "claims": 1834,
            "expected": 1650.2,
            "deviance": 8640.1,
            "aic": None,
            "log_score": -0.1631,
        },
        {"model": "fitted", "claims": 1834, "expected": 1830.9, "deviance": 8411.7, "aic": 11466, "log_score": -0.1602},
    ]
    murphy = [
        {"model": "champion", "deviance": 0.1411, "uncertainty": 0.1489, "discrimination": 0.0121}
        | {"miscalibration": 0.0043},
        {"model": "fitted", "deviance": 0.1373, "uncertainty": 0.1489, "discrimination": 0.0132}
        | {"miscalibration": 0.0016},
    ]
    ahead = [
        {"model": model, "year": year, "actual": count, "expected": count * off, **_interval(count * off, 0.06)}
        | {"log_score": -0.16}
        for model, off in (("fitted", 1.03), ("champion", 0.9), ("aiid", 1.2))
        for year, count in ((2024, 380), (2025, 402), (2026, 455))
    ]
    tables = {"lift": lift, "double_lift": double, "lorenz": lorenz, "gini": gini}
    return {**tables, "fit": fit, "murphy": murphy, "out_of_time": ahead}


def _stability(draw: np.random.Generator) -> dict[str, Records]:
    mix = [
        {"factor": factor, "psi": float(psi), "verdict": "stable" if psi < 0.1 else "moderate"}
        for factor, psi in zip(FACTORS, draw.gamma(1, 0.06, 5), strict=True)
    ]
    paths = [f"frequency.classes.{level}" for level in FACTORS["class"]] + ["frequency.perils.DIS.theta"]
    bootstrap = [
        {"path": path, "estimate": 0.4, "mean": 0.4 + float(draw.normal(0, 0.05)), "sd": 0.12, "low": 0.2, "high": 0.6}
        for path in paths
    ]
    leaning = [
        {"path": path, "sd_factor": factor, "estimate": 0.4, "shift_in_se": float(draw.normal(0, 0.6))}
        for path in paths
        for factor in (0.5, 2.0)
    ]
    return {"population_stability": mix, "bootstrap": bootstrap, "prior_sensitivity": leaning}


def _severity(draw: np.random.Generator) -> dict[str, Records]:
    thresholds = np.geomspace(1e5, 2e7, 12).tolist()
    stable, excess = [], []
    for n, threshold in enumerate(thresholds):
        xi, spread = 0.55 + 0.05 * n + float(draw.normal(0, 0.03)), 0.1 + 0.025 * n
        stable.append({"threshold_eur": threshold, "losses": 300 - 20 * n, "xi": xi, "low": xi - spread})
        stable[-1] |= {"high": xi + spread, "beta_eur": threshold * 0.7}
        mean = threshold * 2.2
        excess.append({"threshold_eur": threshold, "losses": 300 - 20 * n, "mean_excess_eur": mean})
        excess[-1] |= _interval(mean, 0.1 + 0.03 * n)
    heads = [
        {"head": head, "publicised": int(draw.integers(0, 90)), "claims": int(draw.integers(0, 300))}
        | {"credibility": float(draw.uniform(0, 0.8)), "mu": 9.6, "sigma": 1.9, "threshold_eur": 250_000.0, "xi": 0.82}
        | {"xi_low": 0.61, "xi_high": 1.04, "beta_eur": 345_506.0, "source": "claims and prior"}
        for head in HEADS
    ]
    losses = np.geomspace(1e5, 5e8, 60)
    fitted = (1 + 0.8 * (losses - 1e5) / 4e5) ** (-1 / 0.8)
    tail = [
        {"loss_eur": float(x), "empirical": float(p * math.exp(draw.normal(0, 0.12))), "fitted": float(p)}
        | {"lower": float(p**1.15), "upper": float(p**0.87)}
        for x, p in zip(losses, fitted, strict=True)
    ]
    bracket = [
        {"obliged_class": f"A{n}", "shape": shape, "xi": xi, "premium_eur": 700 * 2.2**n * factor}
        for n in range(8)
        for shape, xi, factor in (("lower", 0.61, 0.85), ("central", 0.82, 1.0), ("upper", 1.04, 1.3))
    ]
    limits = (100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000)
    ilf = [
        {"head": head, "limit_eur": limit, "lev_eur": 4e4 * (limit / 1e5) ** power, "ilf": (limit / 1e5) ** power}
        for head, power in [("all", 0.3), *((head, float(draw.uniform(0.15, 0.45))) for head in HEADS)]
        for limit in limits
    ]
    check = [{"head": head, "increasing": True, "concave": head != "G7", "worst": -0.002} for head in ("all", *HEADS)]
    tables = {"tail_stability": stable, "mean_excess": excess, "severity_heads": heads, "tail_plot": tail}
    return {**tables, "tail_bracket": bracket, "ilf": ilf, "ilf_check": check}


def _times(draw: np.random.Generator) -> dict[str, Records]:
    days = np.linspace(0, 1500, 80)
    weibull, lognormal = 1 - np.exp(-((days / 188) ** 0.54)), 1 - 1 / (1 + (days / 95) ** 0.8)
    curve = [
        {
            "data": data,
            "days": float(day),
            "empirical": float(w),
            "low": float(max(w - 0.04, 0)),
            "high": float(w + 0.03),
        }
        | {"weibull": float(w), "lognormal": float(ln), "loglogistic": float((w + ln) / 2)}
        for data in ("aiid", "experience")
        for day, w, ln in zip(days, weibull, lognormal, strict=True)
    ]
    models = [
        {"data": data, "model": model, "first": 0.54, "second": 188.0, "log_likelihood": -6012.3, "aic": aic}
        | {"median_days": 95.0, "p90_days": 880.0, "lags": 1104}
        for data in ("aiid", "experience")
        for model, aic in (("weibull", 12028.6), ("lognormal", 12041.2), ("loglogistic", 12035.0))
    ]
    counts = [{"data": "aiid", "what": what, "lags": n} for what, n in (("used", 1104), ("negative", 7))]
    trend = [
        {"series": series, "year": year, "observed": int(scale * 1.25**n * share), "reported_share": share}
        | {"ultimate": scale * 1.25**n, "fitted": scale * 1.24**n, **_interval(scale * 1.24**n, 0.08)}
        for series, scale in (("all", 90), ("FIN", 22), ("DIS", 14))
        for n, (year, share) in enumerate(
            zip(range(2018, 2027), [1, 1, 1, 0.99, 0.97, 0.94, 0.9, 0.8, 0.5], strict=True)
        )
    ]
    effects = [{"effect": "risk trend a year", "estimate": 0.08, "low": 0.03, "high": 0.13}]
    base = [{"peril": p, "incidents": 40, "share": 0.07, "prior_share": 0.08} for p in PERILS]
    years = np.linspace(0, 6, 60)
    first = [
        {"years": float(t), "empirical": float(math.exp(-t / 9)), "low": float(math.exp(-t / 8))}
        | {"high": float(math.exp(-t / 10)), "fitted": float(math.exp(-((t / 9) ** 1.02)))}
        for t in years
    ]
    covariates = ("class A5", "autonomy", "log exposure", "danger", "compliance")
    effects_of = {
        name: [
            {"model": model, "covariate": c, "effect": 1.2, "low": 1.05, "high": 1.4, "p": 0.0004}
            for model in ("weibull", "Cox")
            for c in covariates
        ]
        for name in ("first_incident", "settlement")
    }
    hazards = [{"analysis": "first incident", "covariate": c, "statistic": 1.1, "p": 0.29} for c in covariates]
    curves = {"first_incident_curve": first, "settlement_curve": [{**row, "years": row["years"] / 2} for row in first]}
    tables = {"lag_curve": curve, "lag_models": models, "lag_counts": counts, "trend": trend, "trend_effects": effects}
    return {**tables, "external_base": base, **effects_of, **curves, "proportional_hazards": hazards}


def _market(draw: np.random.Generator) -> dict[str, Records]:
    credibility = [
        {"peril": p, "firms": 5000, "claims": int(draw.integers(0, 400)), "expected": 120.5, "alpha_prior": 1.5}
        | {"alpha_unbiased": 1.1, "alpha_iterative": 1.2, "alpha": alpha, **_interval(alpha, 0.4), "weight": 0.6}
        for p, alpha in zip(PERILS, np.exp(draw.normal(0.3, 0.4, len(PERILS))).tolist(), strict=True)
    ]
    tests = [
        {"test": f"test_{n}", "basis": "measured" if n % 3 else "elicited", "systems": 14, "trials": 5200, "a": 2.0}
        | {"b": 9.0, "rho": 0.09, "mean": mean, "silence": min(mean + 0.3, 0.95), "prior_mean": mean * 0.8}
        | {"left_out": 14, "worst_z": 2.2}
        for n, mean in enumerate(draw.uniform(0.02, 0.6, 40).tolist())
    ]
    mixture = []
    for peril in PERILS:
        shares = draw.dirichlet([0.35] * len(HEADS)).tolist()
        for head, share in zip(HEADS, shares, strict=True):
            row = {"peril": peril, "head": head, "prior": share * 0.9 + 0.01, "coded": 12, "claims": 30, "share": share}
            mixture.append({**row, "low": share * 0.7, "high": min(share * 1.3, 1.0)})
    return {"credibility": credibility, "tests": tests, "mixture": mixture}
