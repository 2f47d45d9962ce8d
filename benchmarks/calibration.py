"""Calibration: the whole fit on sample markets of 200 and of 50,000 firms, seconds by step and peak of memory."""

from __future__ import annotations

import resource
import sys
import time
from datetime import date

from actuarial.calibration import shipped_calibration
from actuarial.fitting.calibrating import calibrate
from actuarial.fitting.experience import Experience
from actuarial.fitting.prior import artefact
from actuarial.fitting.sample_experience import sample_experience
from benchmarks.__main__ import row
from policies.regimes import Regime, load_regime

AT = date(2026, 11, 24)
SEED = 1
FIRMS = (200, 50_000)
UNITS_PER_GIB = 1024**3 if sys.platform == "darwin" else 1024**2  # the system counts bytes there, KiB elsewhere


def peak() -> str:
    """The most memory that this process has held so far."""
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / UNITS_PER_GIB:.2f} GiB"


def steps(experience: Experience, regime: Regime) -> dict[str, float]:
    """Seconds of every step, and of what comes after the last: verdicts and the artefact."""
    spent: dict[str, float] = {}
    last = time.perf_counter()

    def note(_step: int, _steps: int, name: str, _found: str) -> None:
        nonlocal last
        now = time.perf_counter()
        spent[name], last = now - last, now

    calibrate(experience, [artefact()], regime, SEED, note)
    spent["verdicts and artefact"] = time.perf_counter() - last
    return spent


def main() -> None:
    regime, prior = load_regime("nl-2027"), shipped_calibration()
    row("imports", peak(), "peak of memory so far")
    markets = tuple(map(int, sys.argv[1:])) or FIRMS
    found: list[dict[str, float]] = []
    for firms in markets:
        before = time.perf_counter()
        experience = sample_experience(firms, SEED, AT, regime, prior)
        drawn = time.perf_counter() - before
        row(f"{firms:,} firms: drawn", f"{drawn:.1f} s", f"{peak()}, not part of the calibration")
        found.append(steps(experience, regime))
        told = f"{len(experience.years):,} rows, {len(experience.claims):,} claims, {peak()}"
        row(f"{firms:,} firms: calibrated", f"{sum(found[-1].values()):.1f} s", told)
    for name in found[-1]:
        *rest, last = (f"{spent[name]:.2f} s" for spent in found)
        row(f"  {name}", last, ", ".join(f"{firms:,} firms {s}" for firms, s in zip(markets, rest, strict=False)))


if __name__ == "__main__":
    main()
