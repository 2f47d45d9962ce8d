"""The prior calibration: authored opinions and measured reference populations, written as an artefact.

`python -m actuarial.fitting.prior` writes `reference/calibrations/<sha256>.json` and points `reference/in-force` at it.
"""

from __future__ import annotations

import math
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any

from scipy.special import ndtri
from scipy.stats import norm

from actuarial.calibration import FORMAT, HeadSeverity
from actuarial.fitting.reference_population import reference_populations
from policies.digest import canonical_json, sha256_hex

DIGITS = 6
TAIL_SHARE = 0.05  # share of the claims of a head that lie in its tail
REFERENCE = Path(__file__).parent.parent / "reference"


def rounded(value: Any) -> Any:
    """The same data with every float at six significant digits."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, Mapping):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list | tuple) else value


def body_and_tail(median: float, p95: float, xi: float) -> HeadSeverity:
    """A spliced severity from the median and the 95 % point, where the tail starts.

    `beta` follows from continuity of the density: p f(u) / F(u) = (1 - p) / beta with p = 0.95 below u.
    """
    sigma = math.log(p95 / median) / float(ndtri(1.0 - TAIL_SHARE))
    log_density = float(norm.pdf(ndtri(1.0 - TAIL_SHARE))) / (p95 * sigma)
    return HeadSeverity(math.log(median), sigma, float(p95), xi, TAIL_SHARE / log_density)


def artefact() -> dict[str, Any]:
    """The prior calibration as plain data, rounded."""
    authored = tomllib.loads(resources.files("actuarial.fitting").joinpath("prior.toml").read_text("utf-8"))
    data: dict[str, Any] = {
        "format": FORMAT,
        "kind": "prior",
        "as_of": authored["as_of"].isoformat(),
        "method": authored["method"],
        "seed": 0,
        "data": _table_digests(),
        "warnings": authored["warnings"],
        "frequency": _frequency(authored),
        "history": authored["history"],
        "reporting_lag": authored["reporting_lag"],
        "severity": {
            **authored["severity"],
            "heads": {h: asdict(body_and_tail(**opinion)) for h, opinion in authored["severity"]["heads"].items()},
        },
        "mixture": authored["mixture"],
        "tests": {test: asdict(reference) for test, reference in reference_populations().items()},
        "loadings": authored["loadings"],
        "sources": authored["source"],
    }
    return dict(rounded(data))


def _frequency(authored: Mapping[str, Any]) -> dict[str, Any]:
    """Intercepts are stated at market-average compliance; the formula starts from full compliance."""
    frequency = dict(authored["frequency"])
    at_market = frequency["sharing"] * (1.0 - frequency.pop("market_compliance"))
    frequency["perils"] = {
        peril: {
            "intercept": math.log(claims / 1000.0) - at_market,
            "theta_low": authored["theta"][peril][0],
            "theta": authored["theta"][peril][1],
            "theta_high": authored["theta"][peril][2],
            "cv": authored["cv"][peril],
            "alpha": authored["alpha"][peril],
            "capital_per_expected_loss": authored["capital_per_expected_loss"][peril],
        }
        for peril, claims in authored["claims_per_thousand"].items()
    }
    return frequency


def _table_digests() -> dict[str, str]:
    return {path.name: sha256_hex(path.read_bytes()) for path in sorted((REFERENCE / "tables").glob("*.csv"))}


def write(folder: Path = REFERENCE) -> str:
    """Write the artefact (once: an existing one of the same name is left) and put it in force. Returns its digest."""
    text = canonical_json(artefact())
    name = sha256_hex(text.encode())
    path = folder / "calibrations" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        with path.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
    (folder / "in-force").write_text(f"{name}\n", "ascii")
    return name


if __name__ == "__main__":
    sys.stdout.write(f"{write()}\n")
