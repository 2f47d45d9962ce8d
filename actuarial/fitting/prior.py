"""The prior calibration: authored opinions, reference populations and borrowed severities, written as an artefact.

`python -m actuarial.fitting.prior` writes `reference/calibrations/<sha256>.json` and points `reference/in-force` at it;
with `--sanity` it prints what typical firms would pay, with `--table` every parameter with its source.
"""

from __future__ import annotations

import math
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any

from actuarial.calibration import FORMAT
from actuarial.fitting.insured_severity import insured_severities
from actuarial.fitting.reference_population import reference_populations
from actuarial.fitting.sanity import sanity
from policies.digest import canonical_json, sha256_hex
from policies.safety import catalogue

DIGITS = 6
REFERENCE = Path(__file__).parent.parent / "reference"
OWN_TABLES = (  # what the prior rests on
    "ai_losses.csv",
    "ai_losses_adjustments.csv",
    "ailuminate.csv",
    "confabulations_2025-08.csv",
    "exchange_rates.csv",
    "garak_calibration_priors.csv",
    "nl_exposure.csv",
    "price_index.csv",
    "published_rates.csv",
    "safety_tests.csv",
    "vectara_2026-03.csv",
)


def rounded(value: Any) -> Any:
    """The same data with every float at six significant digits."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, Mapping):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list | tuple) else value


def authored() -> dict[str, Any]:
    """The opinions of prior.toml."""
    return tomllib.loads(resources.files("actuarial.fitting").joinpath("prior.toml").read_text("utf-8"))


def artefact() -> dict[str, Any]:
    """The prior calibration as plain data, rounded."""
    opinions, heads, tests = authored(), insured_severities(), reference_populations()
    data: dict[str, Any] = {
        "format": FORMAT,
        "kind": "prior",
        "as_of": opinions["as_of"].isoformat(),
        "method": opinions["method"],
        "seed": 0,
        "data": table_digests(OWN_TABLES),
        "warnings": opinions["warnings"],
        "frequency": _frequency(opinions),
        "history": opinions["history"],
        "reporting_lag": opinions["reporting_lag"],
        "severity": {**opinions["severity"], "heads": {head: asdict(found.severity) for head, found in heads.items()}},
        "mixture": opinions["mixture"],
        "tests": {test: asdict(reference) for test, reference in tests.items()},
        "test_designs": {
            test.id: {"rho": test.rho, "half_life_days": float(test.half_life_days or 1)}
            for test in catalogue().values()
        },
        "loadings": opinions["loadings"],
    }
    data["sources"] = _sources(opinions) | {f"severity.heads.{head}": found.source for head, found in heads.items()}
    data["sources"]["test_designs"] = "the catalogue of safety tests on the day of the calibration"
    data["sources"] |= {f"tests.{test}": f"{reference.basis}: {reference.source}" for test, reference in tests.items()}
    return dict(rounded(data))


def _frequency(opinions: Mapping[str, Any]) -> dict[str, Any]:
    """Claims are stated at market-average compliance; the formula of the tariff starts from full compliance."""
    frequency = dict(opinions["frequency"])
    at_market = frequency["sharing"] * (1.0 - frequency.pop("market_compliance"))
    frequency["perils"] = {
        peril: {
            "intercept": math.log(opinion["claims"] / 1000.0) - at_market,
            "theta_low": opinion["theta"][0],
            "theta": opinion["theta"][1],
            "theta_high": opinion["theta"][2],
            "cv": opinion["cv"],
            "alpha": opinion["alpha"],
            "capital_per_expected_loss": opinion["capital"],
        }
        for peril, opinion in opinions["peril"].items()
    }
    return frequency


def _sources(opinions: Mapping[str, Any]) -> dict[str, str]:
    """Source by dotted path; "*" stands for every peril."""
    found: dict[str, str] = {}
    for path, source in opinions["source"].items():
        for peril in opinions["peril"] if "*" in path else ("",):
            found[path.replace("*", peril)] = source
    for peril, opinion in opinions["peril"].items():
        found[f"frequency.perils.{peril}.intercept"] = opinion["source"]
        for level in ("theta_low", "theta_high"):
            found[f"frequency.perils.{peril}.{level}"] = found[f"frequency.perils.{peril}.theta"]
    return found


def source_of(path: str, sources: Mapping[str, str]) -> str:
    """The source of a parameter: its own or that of the nearest branch above it; empty when there is none."""
    while path and path not in sources:
        path = path.rpartition(".")[0]
    return sources.get(path, "")


def parameters(data: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Every number of an artefact with its dotted path."""
    for branch in ("frequency", "history", "reporting_lag", "severity", "mixture", "tests", "test_designs", "loadings"):
        yield from _leaves(branch, data[branch])


def _leaves(path: str, value: Any) -> Iterator[tuple[str, float]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(f"{path}.{key}", item)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _leaves(f"{path}.{number}", item)
    elif isinstance(value, int | float):
        yield path, float(value)


def parameter_table(data: Mapping[str, Any]) -> Iterator[str]:
    """Markdown rows: every parameter but those of the tests, which docs/methods/reference-population.md lists."""
    yield "| parameter | value | source and certainty |"
    yield "|---|---|---|"
    for path, value in parameters(data):
        if not path.startswith("test"):
            yield f"| `{path}` | {value:g} | {source_of(path, data['sources'])} |"


def table_digests(names: Iterable[str]) -> dict[str, str]:
    """Digests of reference tables by file name."""
    return {name: sha256_hex((REFERENCE / "tables" / name).read_bytes()) for name in sorted(names)}


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


def main(arguments: list[str]) -> None:
    """The command."""
    if arguments == ["--sanity"]:
        lines = "\n".join(sanity(authored()))
    elif arguments == ["--table"]:
        lines = "\n".join(parameter_table(artefact()))
    else:
        lines = write()
    sys.stdout.write(f"{lines}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
