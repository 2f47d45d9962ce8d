"""Survival: 20,000 and 200,000 claims as grouped weights, beside lifelines on a row each. The time must hardly grow."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter, WeibullAFTFitter, WeibullFitter

from actuarial.fitting.durations import COX, SETTLEMENT, WEIBULL_AFT, design, fit_durations
from actuarial.fitting.survival import fit_delay, group_lags
from actuarial.rounding import Floats
from benchmarks.__main__ import row

Out = TypeVar("Out")

SEED = 1
CLAIMS = (20_000, 200_000)
SHAPE, SCALE_DAYS = 0.8, 205.0  # of the reporting delay
NEWEST, OLDEST = 3_000, 4_800  # days since occurrence: all but a few delays have ended, which lifelines must assume
HEADS, HEAD_EFFECT = 6, 0.2  # heads and the step of log time from one to the next
SETTLED_SHAPE, SETTLED_YEARS, SEEN_YEARS = 1.2, 1.5, 5.0
LOSS_EFFECT, LOSS_STEP = 0.15, 0.5  # of log loss on log time to settlement; covariates come in steps
DAYS_APART, EFFECT_APART = 0.02, 0.05  # what grouping may move: share of the scale, effect on log time or log hazard


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds of the grouped fit and of its peer on rows, and how far their answers are apart."""

    ours: float
    peer: float
    apart: float


def timed(action: Callable[[], Out]) -> tuple[float, Out]:
    """Seconds that an action took, and what it gave."""
    start = time.perf_counter()
    found = action()
    return time.perf_counter() - start, found


def delays(claims: int) -> Timed:
    rng = np.random.default_rng(SEED)
    lag = np.floor(SCALE_DAYS * rng.weibull(SHAPE, claims))
    span = np.floor(rng.uniform(NEWEST, OLDEST, claims))
    lag, span = lag[lag <= span], span[lag <= span]

    def rows() -> Floats:
        found = WeibullFitter().fit_interval_censoring(np.maximum(lag, 1e-6), lag + 1.0)
        return np.array([found.lambda_, found.rho_])

    ours, mine = timed(lambda: fit_delay(group_lags("claims", lag, span, {})))
    peer, theirs = timed(rows)
    return Timed(ours, peer, float(np.abs(theirs / (mine.scale_days, mine.shape) - 1.0).max()))


def episodes(claims: int) -> pd.DataFrame:
    """Claims from awareness to settlement, open ones censored: head and log loss in steps."""
    rng = np.random.default_rng(SEED)
    head = rng.integers(0, HEADS, claims)
    loss = np.round(rng.normal(11.0, 1.5, claims) / LOSS_STEP) * LOSS_STEP
    scale = SETTLED_YEARS * np.exp(HEAD_EFFECT * head + LOSS_EFFECT * (loss - 11.0))
    settled, seen = scale * rng.weibull(SETTLED_SHAPE, claims), rng.uniform(0.1, SEEN_YEARS, claims)
    return pd.DataFrame(
        {
            "entry": 0.0,
            "exit": np.minimum(settled, seen),
            "event": (settled <= seen).astype(int),
            "head": [f"H{number}" for number in head.tolist()],
            "log_loss": loss,
        }
    )


def settlements(claims: int) -> Timed:
    """Weibull and Cox: on rows to the moment, in cells by the month, where curves and the check are counted too."""
    data = episodes(claims)
    ours, found = timed(lambda: fit_durations(SETTLEMENT, data).effects)
    rows = pd.concat([data[["exit", "event"]], design(data.assign(weight=1))[0]], axis=1)

    def peers() -> list[Floats]:
        aft = WeibullAFTFitter().fit(rows, "exit", "event").params_["lambda_"]
        cox = CoxPHFitter().fit(rows, "exit", "event").params_
        return [aft.drop("Intercept").sort_index().to_numpy(), cox.sort_index().to_numpy()]

    peer, theirs = timed(peers)
    effects = found[found["covariate"] != "shape"].sort_values("covariate")
    mine = [effects.loc[effects["model"] == model, "effect"].to_numpy() for model in (WEIBULL_AFT, COX)]
    return Timed(ours, peer, max(float(np.abs(a - b).max()) for a, b in zip(mine, theirs, strict=True)))


def show(what: str, allowed: float, run: Callable[[int], Timed]) -> list[str]:
    """Print both sizes; what does not hold."""
    small, large = (run(claims) for claims in CLAIMS)
    for claims, found in zip(CLAIMS, (small, large), strict=True):
        beside = (
            f"lifelines on rows {found.peer:.2f} s, {found.peer / found.ours:.1f} x; answers {found.apart:.4f} apart"
        )
        row(f"{what}, {claims:,} claims", f"{found.ours:.2f} s", beside)
    row("  ten times the claims", f"{large.ours / small.ours:.1f} x", f"lifelines {large.peer / small.peer:.1f} x")
    worst = max(small.apart, large.apart)
    return [] if worst <= allowed else [f"{what}: answers are {worst:.3f} apart, more than {allowed:g}"]


def main() -> None:
    wrong = [
        *show("delay, three laws", DAYS_APART, delays),
        *show("settlement, two models", EFFECT_APART, settlements),
    ]
    if wrong:
        raise SystemExit("\n".join(wrong))


if __name__ == "__main__":
    main()
