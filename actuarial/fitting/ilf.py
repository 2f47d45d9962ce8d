"""Increased limit factors by harm head and for all heads together, and the test of their consistency.

ILF(l) = LEV(l) / LEV(basic limit). A curve is consistent when each further euro of limit costs something, and no more
than the one before (Miccolis 1977). `python -m actuarial.fitting.ilf` prints the shipped ones; docs/methods/limits.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from actuarial.calibration import Calibration, HeadSeverity, shipped_calibration
from actuarial.fitting.sanity import REGIME
from actuarial.rounding import Floats
from actuarial.severity import limited_expected_value, splice
from policies.findings import Finding, Severity
from policies.money import CENTS_PER_EURO
from policies.regimes import Regime, load_regime

ALL_HEADS = "all"
ROUNDING = 1e-9  # relative: what rises by less is flat
PAGE = "docs/methods/limits.md"


@dataclass(frozen=True, slots=True, eq=False)
class LimitFactors:
    """Tables ilf and ilf_check, and a finding for each inconsistent curve."""

    ilf: pd.DataFrame
    ilf_check: pd.DataFrame
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Consistency:
    """Verdict on a curve; `worst` is the largest ratio of a marginal rate to the one before, above 1 a fault."""

    increasing: bool
    concave: bool
    worst: float


def limit_factors(
    severities: Mapping[str, HeadSeverity], weights: Mapping[str, float], limits_eur: Sequence[float]
) -> LimitFactors:
    """Limited expected values and ILFs at the reference size: ilf (head, limit_eur, lev_eur, ilf) and ilf_check.

    `limits_eur` ascending, the first is the basic limit. `weights` are the shares of claims by head in the curve "all".
    Raises ValueError when limits do not ascend from above zero or no claim has a weight.
    """
    limits, curves = np.asarray(limits_eur, dtype=float), {}
    if not len(limits) or limits[0] <= 0 or (np.diff(limits) <= 0).any():
        raise ValueError("limits must ascend from above zero")
    for head, severity in severities.items():
        curves[head] = limited_expected_value(splice([severity]), limits[:, None])[:, 0]
    shares = {head: share for head, share in weights.items() if head in curves}
    if not (total := sum(shares.values())) > 0:
        raise ValueError("no head with a severity has a share of the claims")
    curves[ALL_HEADS] = np.asarray(sum(share * curves[head] for head, share in shares.items())) / total
    return checked(limits, curves)


def checked(limits: Floats, curves: Mapping[str, Floats]) -> LimitFactors:
    """Tables and findings of limited expected values (L,) by head at these limits (L,)."""
    rows, verdicts, findings = [], [], []
    for head, lev in curves.items():
        rows.append(pd.DataFrame({"head": head, "limit_eur": limits, "lev_eur": lev, "ilf": lev / lev[0]}))
        verdict = consistency(limits, lev)
        verdicts.append((head, verdict.increasing, verdict.concave, verdict.worst))
        if not (verdict.increasing and verdict.concave):
            findings.append(_inconsistent(head, verdict))
    table = pd.DataFrame(verdicts, columns=["head", "increasing", "concave", "worst"])
    return LimitFactors(pd.concat(rows, ignore_index=True), table, tuple(findings))


def consistency(limits: Floats, values: Floats) -> Consistency:
    """Miccolis's test of a curve (L,) over ascending limits (L,), from zero on: marginal rates fall, none is negative.

    `values` are limited expected values, or ILFs times any constant. A rise within rounding counts as none.
    """
    rises = np.diff(values, prepend=0.0)
    rates = np.where(np.abs(rises) > ROUNDING * np.abs(values), rises, 0.0) / np.diff(limits, prepend=0.0)
    before, after = rates[:-1], rates[1:]
    steepening = np.where(after > 0, np.inf, 0.0)  # out of a stretch that costs nothing
    ratios = np.divide(after, before, out=steepening, where=before > 0)
    worst = float(ratios.max(initial=0.0))
    return Consistency(bool((rates >= 0).all()), worst <= 1.0 + ROUNDING, worst)


def regime_limits(regime: Regime) -> tuple[float, ...]:
    """The different minimum limits of a regime's classes in euros, ascending; the first is the basic limit."""
    return tuple(sorted({c.minimum_limit.cents / CENTS_PER_EURO for c in regime.classes.values()}))


def claim_shares(calibration: Calibration, heads: Sequence[str]) -> dict[str, float]:
    """Shares of the claims by head, of the heads given: claims a year at the reference cell times the mixture."""
    claims = dict.fromkeys(heads, 0.0)
    for peril, row in calibration.perils.items():
        for head, share in calibration.mixture[peril].items():
            if head in claims:
                claims[head] += float(np.exp(row.intercept)) * share
    total = sum(claims.values())
    return {head: count / total for head, count in claims.items()}


def _inconsistent(head: str, verdict: Consistency) -> Finding:
    fault = "falls as the limit rises" if not verdict.increasing else "rises faster as the limit rises"
    message = (
        f"the limited expected value {fault} (marginal rate up to {verdict.worst:.3g} times the one before): a higher "
        "limit would be priced below a lower one or invite adverse selection; do not approve these factors"
    )
    return Finding("ilf-inconsistent", Severity.ERROR, head, message, PAGE)


def report() -> Iterator[str]:
    """The lines that the command prints."""
    calibration, regime = shipped_calibration(), load_regime(REGIME)
    limits = regime_limits(regime)
    found = limit_factors(calibration.severities, claim_shares(calibration, regime.compulsory_heads), limits)
    yield f"calibration {calibration.sha256[:12]} under {regime.id}: basic limit {limits[0]:,.0f} euros, reference size"
    yield "head  lev_eur  " + "  ".join(f"{limit / 1e6:g}m" for limit in limits) + "  worst"
    for (head, rows), worst in zip(found.ilf.groupby("head", sort=False), found.ilf_check["worst"], strict=True):
        factors = "  ".join(f"{factor:.3f}" for factor in rows["ilf"])
        yield f"{head}  {rows['lev_eur'].iloc[0]:>9,.0f}  {factors}  {worst:.2f}"
    yield from (finding.line() for finding in found.findings)


if __name__ == "__main__":
    sys.stdout.write("\n".join(report()) + "\n")
