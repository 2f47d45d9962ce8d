"""Cold start, latency of one quote, quotes per second in a batch: each beside a peer measured in the same run.

More, each `python -m benchmarks.NAME`:
    frequency     the frequency fit on 5,000,000 rows beside glum and statsmodels
    tariff        the constrained fit of 10,000 cells x 60 parameters beside statsmodels and CVXPY
    recovery      what fits of sample markets find again of the truth
    survival      delay and durations on grouped weights beside lifelines
    calibration   the whole calibration, by step, on 200 and 50,000 firms
    credibility   credibility constants of 100,000 firms beside pandas, and their errors
    validation    tables and findings on many rows, and which planted faults they find
    tui_start     the first screen
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median

import numpy as np

from actuarial.calibration import shipped_calibration
from actuarial.premium import premiums
from actuarial.rating import rate
from actuarial.risks import RiskTable
from actuarial.tariff import Tariff, tariff
from policies.regimes import load_regime
from underwriting.desk import open_desk
from underwriting.sample import write_market

AT = date(2026, 11, 24)
SEED = 1
CHUNK = 50_000
LIMITS = np.array([250_000_000, 500_000_000, 645_000_000, 2_500_000_000])
DEDUCTIBLES = np.array([1_000_000, 2_500_000, 10_000_000])


def seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def row(what: str, figure: str, beside: str) -> None:
    print(f"{what:<40}{figure:>10}   {beside}".rstrip(), flush=True)


def cold_start(folder: Path) -> None:
    """A whole process from nothing to a printed quote, beside an interpreter that only starts."""
    command = [sys.executable, "-m", "underwriting", "quote", str(folder), "--json", "--at", AT.isoformat()]
    quote = median(seconds(lambda: subprocess.run(command, check=False, stdout=subprocess.DEVNULL)) for _ in range(7))
    bare = median(seconds(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True)) for _ in range(7))
    numpy = median(
        seconds(lambda: subprocess.run([sys.executable, "-c", "import numpy"], check=True)) for _ in range(7)
    )
    row("cold start of `waarborg quote --json`", f"{quote:.2f} s", f"{quote / bare:.1f} x a bare interpreter")
    row("", "", f"{quote / numpy:.1f} x `import numpy`")


def one_quote(folder: Path) -> None:
    """A quote from its dossier, and a lever pulled, in a running program."""
    desk = open_desk(today=lambda: AT)
    base = desk.quote(folder, AT)
    levers = frozenset(lever.id for lever in base.levers[:3])
    whole = median(seconds(lambda: desk.quote(folder, AT)) for _ in range(21))
    pulled = median(seconds(lambda: desk.what_if(base, levers)) for _ in range(21))
    row("one quote: dossier read, levers priced", f"{whole * 1e3:.0f} ms", "")
    row("one lever pulled, premium again", f"{pulled * 1e3:.1f} ms", f"{pulled / whole:.2f} x the whole quote")


def random_risks(count: int, t: Tariff, rng: np.random.Generator) -> RiskTable:
    """A table of single-system risks with standard sums, drawn without files."""
    perils = len(t.peril_ids)
    limit = rng.choice(LIMITS, count)
    return RiskTable(
        policy=np.arange(count),
        declared_class=rng.integers(0, len(t.class_ids), count),
        priced_class=rng.integers(0, len(t.class_ids), count),
        role=rng.integers(0, len(t.role_ids), count),
        autonomy=rng.integers(0, 4, count),
        sector=rng.integers(0, len(t.sector_ids), count),
        maturity=rng.integers(0, len(t.maturity_effect), count),
        exposure=rng.lognormal(-1, 1.5, count),
        danger=rng.normal(0, 1, (count, perils)),
        compliance=rng.beta(5, 2, count),
        incidents=rng.poisson(0.05, (count, perils)).astype(float),
        observed_years=rng.uniform(0, 5, count),
        deductible=rng.choice(DEDUCTIBLES, count),
        limit=limit,
        aggregate_limit=limit * 2,
        covered=np.ones((count, len(t.head_ids)), dtype=bool),
        turnover=rng.lognormal(15, 2, count),
        term_years=np.ones(count),
        minimum_premium=np.zeros(count, dtype=np.int64),
    )


def batch(count: int) -> None:
    """Many risks through the one code path, in chunks, beside the same path one risk at a time."""
    t = tariff(shipped_calibration(), load_regime("nl-2027"))
    rng = np.random.default_rng(SEED)
    spent, total = 0.0, 0
    for start in range(0, count, CHUNK):
        risks = random_risks(min(CHUNK, count - start), t, rng)
        before = time.perf_counter()
        total += int(premiums(rate(risks, t), risks, t).due.sum())
        spent += time.perf_counter() - before
    single = random_risks(1, t, rng)
    alone = median(seconds(lambda: premiums(rate(single, t), single, t)) for _ in range(51))
    row(f"batch of {count:,} risks", f"{spent:.1f} s", f"{count / spent:,.0f} quotes per second")
    row("", "", f"{alone * count / spent:.0f} x as fast as one risk at a time")
    row("", "", f"premium due in all: EUR {total / 100:,.2f}")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        list(write_market(Path(folder), 1, SEED, AT, load_regime("nl-2027"), shipped_calibration()))
        dossier = next(p for p in Path(folder).rglob("dossier.toml")).parent
        cold_start(dossier)
        one_quote(dossier)
    batch(count)
    print((__doc__ or "").partition("\n\n")[2].rstrip())


if __name__ == "__main__":
    main()
