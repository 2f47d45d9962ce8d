"""How far the tail of the publicised losses can be trusted: stability, mean excess, plot, and what it costs.

docs/methods/severity.md says what the tables show. The losses are in euros of the pricing year.
`python -m actuarial.fitting.tail_diagnostics` prints the bracket and the findings.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import genpareto

from actuarial.calibration import Calibration, shipped_calibration
from actuarial.fitting.insured_severity import Shape, authored, insured_severities, publicised_losses
from actuarial.fitting.prior import authored as opinions_of_the_prior
from actuarial.fitting.sanity import REGIME, typical_prices
from actuarial.fitting.severity import LEVEL, TailFit, fit_tail, profile_beta
from actuarial.rounding import Floats
from policies.digest import sha256_hex
from policies.findings import Finding, Severity
from policies.regimes import Regime, load_regime

FEWEST_EXCESSES = 5  # below them neither a mean nor a shape says anything
RESAMPLES = 2_000
SEED = 20_270_101
PLOT_POINTS = 60
STEADY = 0.25  # shapes that differ by less tell the same story
DEAR = 0.10  # a premium that moves by more over the interval of the shape is worth a remark
PAGE = "docs/methods/severity.md"


@dataclass(frozen=True, slots=True, eq=False)
class TailDiagnostics:
    """Tables tail_stability, mean_excess, tail_plot and tail_bracket, and what they mean in words."""

    tables: Mapping[str, pd.DataFrame]
    findings: tuple[Finding, ...]


def tail_diagnostics(calibration: Calibration, regime: Regime, opinions: Mapping[str, Any]) -> TailDiagnostics:
    """All diagnostics of the publicised tail; `opinions` is prior.toml, which holds the typical firms."""
    settings, losses = authored()["data"], publicised_losses().middle
    thresholds = sorted((settings["tail_threshold_eur"], *settings["other_thresholds_eur"]))
    stability = tail_stability(losses, thresholds)
    excess = mean_excess(losses)
    bracket = tail_bracket(calibration, regime, opinions, borrowed_shapes())
    tables = {
        "tail_stability": stability,
        "mean_excess": excess,
        "tail_plot": tail_plot(losses, settings["tail_threshold_eur"]),
        "tail_bracket": bracket,
    }
    return TailDiagnostics(tables, (*_unstable(stability), *_rising(excess), *_costly(bracket)))


def tail_stability(losses: Floats, thresholds: Sequence[float]) -> pd.DataFrame:
    """Generalised Pareto fit above each threshold (threshold_eur, losses, xi, low, high, beta_eur).

    `losses` (n,) euros. Thresholds with fewer than FEWEST_EXCESSES losses above them are left out. Above a threshold
    that is high enough the shape no longer moves (Coles 2001, section 4.3.1); intervals by profile likelihood.
    """
    fits = [fit_tail(losses, u, LEVEL) for u in thresholds if (losses > u).sum() >= FEWEST_EXCESSES]
    rows = [(fit.threshold, fit.losses, fit.xi, fit.low, fit.high, fit.beta) for fit in fits]
    return pd.DataFrame(rows, columns=["threshold_eur", "losses", "xi", "low", "high", "beta_eur"])


def mean_excess(losses: Floats) -> pd.DataFrame:
    """Mean excess over each loss as threshold (threshold_eur, losses, mean_excess_eur, low, high).

    `losses` (n,) euros. Intervals are percentiles of RESAMPLES seeded resamples of the excesses: too narrow where the
    variance is infinite. A line that rises is a tail with xi > 0: e(u) = (beta + xi u) / (1 - xi) for xi < 1.
    """
    ordered = np.sort(losses)
    rng = np.random.default_rng(SEED)
    rows = []
    for u in np.unique(ordered[: len(ordered) - FEWEST_EXCESSES]):
        excess = ordered[ordered > u] - u
        means = rng.choice(excess, (RESAMPLES, len(excess))).mean(axis=1)
        low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        rows.append((float(u), len(excess), float(excess.mean()), float(low), float(high)))
    return pd.DataFrame(rows, columns=["threshold_eur", "losses", "mean_excess_eur", "low", "high"])


def tail_plot(losses: Floats, threshold: float) -> pd.DataFrame:
    """Share of the losses above the threshold that exceed a size (loss_eur, empirical, fitted, lower, upper).

    `losses` (n,) euros; a row per loss above the threshold and a grid up to twice the largest. `empirical` is
    1 - i / (n + 1), empty on the grid; `lower` and `upper` are the fits with the shape at either end of its interval.
    """
    fit, tail = fit_tail(losses, threshold, LEVEL), np.sort(losses[losses > threshold])
    grid = np.geomspace(threshold, 2.0 * tail[-1], PLOT_POINTS)
    empirical = 1.0 - np.arange(1, len(tail) + 1) / (len(tail) + 1)
    sizes = np.concatenate([tail, grid])
    ends = {"fitted": fit.xi, "lower": fit.low, "upper": fit.high}
    fitted = {name: _survival(fit, xi, sizes, tail) for name, xi in ends.items()}
    columns = {"loss_eur": sizes, "empirical": np.concatenate([empirical, np.full(PLOT_POINTS, np.nan)])}
    return pd.DataFrame(columns | fitted).sort_values("loss_eur", ignore_index=True)


def _survival(fit: TailFit, xi: float, sizes: Floats, tail: Floats) -> Floats:
    beta = profile_beta(tail - fit.threshold, xi)
    return np.asarray(genpareto.sf(sizes - fit.threshold, xi, scale=beta), dtype=float)


def borrowed_shapes() -> dict[Shape, dict[str, float]]:
    """The insured shape of every head that borrows it, at each end of the profile interval."""
    heads = [head for head, opinion in authored()["head"].items() if "xi" not in opinion]
    found = {shape: insured_severities(shape) for shape in Shape}
    return {shape: {head: evidence[head].severity.xi for head in heads} for shape, evidence in found.items()}


def tail_bracket(
    calibration: Calibration, regime: Regime, opinions: Mapping[str, Any], shapes: Mapping[Shape, Mapping[str, float]]
) -> pd.DataFrame:
    """Premium of the typical firm of each class by shape of the tails (obliged_class, shape, xi, premium_eur).

    `shapes` gives xi by head at each end; heads that it lacks keep theirs. `xi` in the table is the largest
    of those that it moves.
    """
    rows = []
    for shape, by_head in shapes.items():
        heads = calibration.severities
        moved = {head: replace(heads[head], xi=xi) for head, xi in by_head.items() if head in heads}
        name = sha256_hex(f"{calibration.sha256} {sorted(by_head.items())}".encode())  # tariffs are kept by this name
        changed = replace(calibration, severities={**heads, **moved}, sha256=name)
        xi = max(s.xi for s in (moved or heads).values())
        rows += [
            (typical.obliged_class, str(shape), xi, typical.premium)
            for typical in typical_prices(opinions, regime, changed)
        ]
    return pd.DataFrame(rows, columns=["obliged_class", "shape", "xi", "premium_eur"])


def _unstable(stability: pd.DataFrame) -> list[Finding]:
    """The shape must not depend on where one starts to look."""
    if stability.empty:
        message = f"fewer than {FEWEST_EXCESSES} losses lie above every threshold: no tail can be fitted"
        return [Finding("tail-too-few", Severity.WARNING, "publicised losses", message, PAGE)]
    first, last = stability.iloc[0], stability.iloc[-1]
    found = []
    if abs(first["xi"] - last["xi"]) > STEADY:
        message = (
            f"the shape moves from {first['xi']:.2f} above {first['threshold_eur']:,.0f} euros ({first['losses']:.0f} "
            f"losses) to {last['xi']:.2f} above {last['threshold_eur']:,.0f} ({last['losses']:.0f} losses): no "
            "threshold is clearly high enough; price large limits with the bracket, not with the central shape"
        )
        found.append(Finding("tail-unstable", Severity.WARNING, "publicised losses", message, PAGE))
    if last["low"] < 1.0 < first["high"]:
        message = (
            f"the 90 % intervals of the shape reach from {stability['low'].min():.2f} to "
            f"{stability['high'].max():.2f}: the data do not say whether the mean is finite; only limited covers have "
            "a price"
        )
        found.append(Finding("tail-mean-unknown", Severity.WARNING, "publicised losses", message, PAGE))
    return found


def _rising(excess: pd.DataFrame) -> list[Finding]:
    """A mean excess that rises with the threshold is the mark of a heavy tail."""
    if len(excess) < FEWEST_EXCESSES or excess["mean_excess_eur"].iloc[-1] <= excess["mean_excess_eur"].iloc[0]:
        return []
    message = "the mean excess rises with the threshold: the tail is heavier than exponential, as priced"
    return [Finding("tail-heavy", Severity.INFO, "publicised losses", message, PAGE)]


def _costly(bracket: pd.DataFrame) -> list[Finding]:
    """What not knowing the shape costs, where it costs much."""
    found = []
    for name, rows in bracket.groupby("obliged_class"):
        premium = dict(zip(rows["shape"], rows["premium_eur"], strict=True))
        low, middle, high = (premium[shape] for shape in Shape)
        if (high - low) / middle > DEAR:
            message = (
                f"the premium of the typical firm runs from {low:,.0f} to {high:,.0f} euros over the 90 % interval of "
                f"the shape, {(high - low) / middle:.0%} of the central one: nobody knows this tail"
            )
            found.append(Finding("tail-costs", Severity.WARNING, str(name), message, PAGE))
    return found


def report() -> Iterator[str]:
    """The lines that the command prints."""
    found = tail_diagnostics(shipped_calibration(), load_regime(REGIME), opinions_of_the_prior())
    yield "premium of the typical firm in euros, by insured shape at the ends of the 90 % profile interval"
    bracket = found.tables["tail_bracket"]
    shapes = bracket.groupby("shape")["xi"].first()
    yield "class  " + "  ".join(f"{shape} ({shapes[shape]:.2f})" for shape in Shape)
    for name, rows in bracket.groupby("obliged_class"):
        premium = dict(zip(rows["shape"], rows["premium_eur"], strict=True))
        yield f"{name}  " + "  ".join(f"{premium[shape]:,.0f}" for shape in Shape)
    yield from (finding.line() for finding in found.findings)


if __name__ == "__main__":
    sys.stdout.write("\n".join(report()) + "\n")
