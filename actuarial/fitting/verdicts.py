"""Verdicts on a calibration in plain words: what failed, how badly, what to do. From the frames of a validation.

A check reads frames and yields findings; `findings` runs those whose frames are there. The bounds and their reasons
are in validation.toml, the methods in docs/methods/validation.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from actuarial.fitting.metrics import LEVEL, poisson_deviance
from actuarial.fitting.validation import CHAMPION, FITTED, NULL, TOTAL, standards
from policies.findings import Finding, Severity, gravest_first

Tables = Mapping[str, pd.DataFrame]
Row = Mapping[str, Any]
CODES = (
    "validation-few-claims",
    "balance-off",
    "level-off",
    "fit-worse-than-null",
    "fit-worse-than-champion",
    "rank-reversed",
    "rank-unproven",
    "rank-worse-than-champion",
    "double-lift-lost",
    "miscalibrated",
    "population-shifted",
    "out-of-time",
    "out-of-time-beaten",
    "error-understated",
    "error-overstated",
    "prior-sensitive",
    "prior-untouched",
)


def findings(tables: Tables) -> tuple[Finding, ...]:
    """Findings of every check whose frames are in `tables` and not empty, gravest first."""
    found: list[Finding] = []
    for check, needed in CHECKS:
        if all(name in tables and not tables[name].empty for name in needed):
            found.extend(check(*(tables[name] for name in needed)))
    return gravest_first(found)


def few_claims(fit: pd.DataFrame) -> Iterator[Finding]:
    """Fewer claims than bring the interval of their total within the stated width."""
    claims = float(_only(fit, model=FITTED)["claims"])
    width = standards()["data"]["width"]
    needed = int(np.ceil((norm.ppf((1.0 + LEVEL) / 2.0) / width) ** 2))
    if claims < needed:
        yield _finding(
            "validation-few-claims",
            Severity.WARNING,
            f"{claims:.0f} claims",
            f"it takes {needed} claims to know their total within {width:.0%}. That other checks pass proves little: "
            "keep to the prior unless a change is argued for otherwise",
            "too few claims",
        )


def levels_off(actual_expected: pd.DataFrame, level_tests: pd.DataFrame) -> Iterator[Finding]:
    """Levels off by a material share and significantly so, at a false discovery rate over all levels.

    Where the total is off, so is every level: it is reported once, and levels only where they differ from the total.
    """
    bounds, rows = standards()["level"], actual_expected.merge(level_tests, on=["factor", "level"])
    off = rows[(rows["p_adjusted"] < bounds["false_discovery"]) & ((rows["ratio"] - 1.0).abs() > bounds["material"])]
    usual = 1.0
    for row in _rows(off[off["factor"] == TOTAL]):
        usual = row["ratio"]
        yield _finding(
            "balance-off",
            Severity.REFER,
            "all claims",
            f"{_actual(row)}: premiums as a whole are too {'high' if usual < 1.0 else 'low'}. Check the exposures and "
            "the reporting delay; then refit the intercepts with a wider prior",
            "levels",
        )
    for row in _rows(off[off["factor"] != TOTAL]):
        if abs(row["ratio"] / usual - 1.0) > bounds["material"] and not row["low"] <= usual <= row["high"]:
            yield _finding(
                "level-off",
                Severity.WARNING,
                f"{row['factor']} {row['level']}",
                f"{_actual(row)}: beside the others the level is charged too "
                f"{'much' if row['ratio'] < usual else 'little'}. Look for a prior that is too narrow, an interaction "
                "that the tariff lacks, or a change in how these claims are reported",
                "levels",
            )


def worse_than_null(fit: pd.DataFrame) -> Iterator[Finding]:
    """The fitted tariff against one rate per peril, by Akaike's criterion."""
    fitted, null = _only(fit, model=FITTED), _only(fit, model=NULL)
    if fitted["aic"] > null["aic"] + standards()["fit"]["lead"]:
        yield _finding(
            "fit-worse-than-null",
            Severity.REFER,
            FITTED,
            f"AIC {fitted['aic']:,.1f} against {null['aic']:,.1f} of one rate per peril. See which perils are off in "
            "actual against expected; check exposures, the direction of the danger scores and the prior",
            "fit",
        )


def worse_than_champion(fit: pd.DataFrame, deviance_gain: pd.DataFrame) -> Iterator[Finding]:
    """A gain of deviance over the champion whose interval lies below 0."""
    fitted, champion, gain = _only(fit, model=FITTED), _only(fit, model=CHAMPION), _only(deviance_gain)
    if gain["high"] < 0.0:
        yield _finding(
            "fit-worse-than-champion",
            Severity.REFER,
            FITTED,
            f"deviance {fitted['deviance']:,.1f} against {champion['deviance']:,.1f} of the tariff in force, on the "
            f"claims it was fitted to: a loss of {-gain['high']:,.1f} to {-gain['low']:,.1f} ({LEVEL:.0%} interval). "
            "Constraints or priors hold it back: see which bind, or keep the tariff in force",
            "fit",
        )


def ranking(gini: pd.DataFrame, gini_gain: pd.DataFrame) -> Iterator[Finding]:
    """A Gini whose interval holds 0 or lies below it; a gain over the champion whose interval lies below 0."""
    fitted, champion, gain = _only(gini, model=FITTED), _only(gini, model=CHAMPION), _only(gini_gain)
    measured = f"Gini {fitted['gini']:.3f}, {LEVEL:.0%} interval {fitted['low']:.3f} to {fitted['high']:.3f}"
    if fitted["high"] < 0.0:
        yield _finding(
            "rank-reversed",
            Severity.ERROR,
            FITTED,
            f"{measured}: whom it charges most claims least. Check the direction of the danger scores and the signs of "
            "the effects; such a tariff cannot be approved",
            "ranking",
        )
    elif fitted["low"] <= 0.0:
        yield _finding(
            "rank-unproven",
            Severity.WARNING,
            FITTED,
            f"{measured}: one rate for all would do as well on these claims. Keep differences in premium small until "
            "there are more claims",
            "ranking",
        )
    if gain["high"] < 0.0:
        yield _finding(
            "rank-worse-than-champion",
            Severity.REFER,
            FITTED,
            f"Gini {fitted['gini']:.3f} against {champion['gini']:.3f} of the tariff in force, a loss of "
            f"{-gain['gain']:.3f} (interval {-gain['high']:.3f} to {-gain['low']:.3f}). Find the factor whose effect "
            "moved against the claims in the double lift, or keep the tariff in force",
            "ranking",
        )


def double_lift_lost(double_lift: pd.DataFrame) -> Iterator[Finding]:
    """Over the bands in which the tariffs differ, the champion's deviance is clearly the smaller."""
    columns = {name: double_lift[name].to_numpy(dtype=float) for name in ("actual", FITTED, CHAMPION)}
    deviance = {model: poisson_deviance(columns["actual"], columns[model]) for model in (FITTED, CHAMPION)}
    if deviance[FITTED] > deviance[CHAMPION] + standards()["fit"]["lead"]:
        low, high = float(double_lift["ratio"].min()), float(double_lift["ratio"].max())
        yield _finding(
            "double-lift-lost",
            Severity.WARNING,
            f"{len(double_lift)} bands of new / in force, {low:.2f} to {high:.2f}",
            f"deviance over the bands {deviance[FITTED]:.1f} against {deviance[CHAMPION]:.1f} of the tariff in force: "
            "premiums would change in the wrong direction. Look at the outer bands, and at the factor that fills them",
            "fit",
        )


def miscalibration(murphy: pd.DataFrame, calibration_test: pd.DataFrame) -> Iterator[Finding]:
    """Miscalibration that chance does not explain and that costs a material share of the discrimination."""
    bounds, parts = standards()["calibration"], _only(murphy, model=FITTED)
    test = _only(calibration_test, model=FITTED)
    excess = test["miscalibration"] - test["chance"]
    if test["p"] < bounds["p"] and excess > bounds["share"] * parts["discrimination"]:
        gains = parts["discrimination"]
        size = (
            f"{excess / gains:.0%} of what telling risks apart gains" if gains > 0.0 else "telling risks apart gains 0"
        )
        yield _finding(
            "miscalibrated",
            Severity.REFER,
            FITTED,
            f"wrong levels cost {test['miscalibration']:.1f} of deviance where chance gives {test['chance']:.1f} "
            f"(p {test['p']:.2f}): {size}. The lift shows which bands; refit the intercepts when all lean one way, or "
            "the elasticity of exposure when they bend",
            "calibration",
        )


def population(population_stability: pd.DataFrame) -> Iterator[Finding]:
    """Factors by which the last year's market is not the one of the years before."""
    for row in _rows(population_stability):
        if row["verdict"] != "stable":
            yield _finding(
                "population-shifted",
                Severity.WARNING if row["verdict"] == "shifted" else Severity.INFO,
                str(row["factor"]),
                f"population stability index {row['psi']:.2f}, {row['verdict']}: the last year's market is spread over "
                "the levels otherwise than before. Check that the factor is still recorded the same way; if so, give "
                "the last years more weight and widen the prior of the levels that grew",
                "population",
            )


def out_of_time(frame: pd.DataFrame) -> Iterator[Finding]:
    """Held-out years whose claims leave the interval of the fit; public incidents are judged where they are fitted."""
    for row in _rows(frame[frame["model"] == FITTED]):
        if not row["low"] <= row["actual"] <= row["high"]:
            yield _finding(
                "out-of-time",
                Severity.REFER,
                f"{row['model']} {row['year']}",
                f"{row['actual']:.0f} came where {row['expected']:.1f} were predicted, {LEVEL:.0%} interval "
                f"{row['low']:.0f} to {row['high']:.0f}. The level drifts: add a trend or a margin for it, and check "
                "the reporting delay of the newest year",
                "out of time",
            )


def beaten_out_of_time(out_of_time_gain: pd.DataFrame) -> Iterator[Finding]:
    """Held-out years that the champion predicted better, by more than chance."""
    for row in _rows(out_of_time_gain[out_of_time_gain["high"] < 0.0]):
        yield _finding(
            "out-of-time-beaten",
            Severity.REFER,
            f"{FITTED} {row['year']}",
            f"the tariff in force predicted the year better, by {-row['gain']:.1f} of deviance ({LEVEL:.0%} interval "
            f"{-row['high']:.1f} to {-row['low']:.1f}). The fit follows noise of the years before: narrow the priors, "
            "or wait for another year",
            "out of time",
        )


def standard_errors(bootstrap: pd.DataFrame, parameters: pd.DataFrame) -> Iterator[Finding]:
    """Bootstrap s.d. far from what the standard error implies, for parameters that the data have moved.

    With a prior of s.d. s, refits to resampled firms vary by se sqrt(1 - se^2 / s^2), less than the posterior error se.
    """
    bounds, both = standards()["stability"], bootstrap.merge(parameters[["path", "prior_sd", "se"]], on="path")
    both["se"] = both["se"].astype(float)  # of objects where some parameter has none
    learned = 1.0 - np.square(both["se"] / _or_infinite(both["prior_sd"]))
    both = both[learned > bounds["learned"]]
    implied = both["se"] * np.sqrt(learned[learned > bounds["learned"]])
    ratio = (both["sd"] / implied).sort_values()
    named = both["path"] + both["sd"].map(" ({:.3g}".format) + implied.map(", implied {:.3g})".format)
    wide, narrow = ratio[ratio > bounds["error_factor"]], ratio[ratio < 1.0 / bounds["error_factor"]]
    if len(wide):
        yield _gathered(
            "error-understated",
            Severity.WARNING,
            named.loc[wide.index[::-1]],
            "the s.d. over resampled firms exceeds what the standard error implies. Claims of a firm depend on each "
            "other more than the model says: use the bootstrap's error for prudence",
            "standard errors",
        )
    if len(narrow):
        yield _gathered(
            "error-overstated",
            Severity.INFO,
            named.loc[narrow.index],
            "the s.d. over resampled firms stays below what the standard error implies: a constraint holds the "
            "estimate, or the error is prudent. See whether the estimate lies at a bound",
            "standard errors",
        )


def priors(prior_sensitivity: pd.DataFrame) -> Iterator[Finding]:
    """Estimates that move by more than the stated number of standard errors when the prior's width changes."""
    moved = prior_sensitivity[prior_sensitivity["shift_in_se"].abs() > standards()["prior"]["shift"]]
    worst = moved.sort_values("shift_in_se", key=np.abs, ascending=False, kind="stable").drop_duplicates("path")
    if len(worst):
        said = [
            f"{row['path']} ({row['shift_in_se']:+.1f} standard errors at {row['sd_factor']:g} times the width)"
            for row in _rows(worst)
        ]
        yield _gathered(
            "prior-sensitive",
            Severity.WARNING,
            pd.Series(said),
            "data and prior disagree, and the width of the prior decides. Say in the approval why that width is "
            "right, or widen it",
            "priors",
        )


def untouched(parameters: pd.DataFrame) -> Iterator[Finding]:
    """Parameters whose error is nearly that of the prior."""
    share = np.square(parameters["se"].astype(float) / _or_infinite(parameters["prior_sd"]))
    kept = parameters[share > standards()["prior"]["untouched"]]
    if len(kept):
        yield _gathered(
            "prior-untouched",
            Severity.INFO,
            kept["path"],
            "the claims took less than a tenth off the prior's variance. The price of these rests on opinion: say so "
            "when it is defended",
            "priors",
        )


CHECKS: tuple[tuple[Callable[..., Iterator[Finding]], tuple[str, ...]], ...] = (
    (few_claims, ("fit",)),
    (worse_than_null, ("fit",)),
    (worse_than_champion, ("fit", "deviance_gain")),
    (ranking, ("gini", "gini_gain")),
    (miscalibration, ("murphy", "calibration_test")),
    (out_of_time, ("out_of_time",)),
    (beaten_out_of_time, ("out_of_time_gain",)),
    (levels_off, ("actual_expected", "level_tests")),
    (double_lift_lost, ("double_lift",)),
    (population, ("population_stability",)),
    (standard_errors, ("bootstrap", "parameters")),
    (priors, ("prior_sensitivity",)),
    (untouched, ("parameters",)),
)


def _finding(code: str, severity: Severity, subject: str, message: str, section: str) -> Finding:
    return Finding(code, severity, subject, message, f"docs/methods/validation.md, {section}")


def _gathered(code: str, severity: Severity, said: pd.Series, advice: str, section: str) -> Finding:
    """One finding about many parameters, the first few of them named."""
    named = standards()["prior"]["named"]
    rest = f" and {len(said) - named} more" if len(said) > named else ""
    subject = f"{len(said)} parameter" + ("s" if len(said) > 1 else "")
    return _finding(code, severity, subject, f"{', '.join(said.head(named))}{rest}: {advice}", section)


def _actual(row: Row) -> str:
    """Claims of a level beside their expectation."""
    return (
        f"{row['actual']:.0f} claims where {row['expected']:.1f} were expected, {row['ratio']:.2f} times as many "
        f"({LEVEL:.0%} interval {row['low']:.2f} to {row['high']:.2f})"
    )


def _or_infinite(prior_sd: pd.Series) -> pd.Series:
    """The width of each prior, infinite where there is none."""
    return prior_sd.astype(float).fillna(np.inf)


def _only(frame: pd.DataFrame, **where: str) -> Row:
    """The row of a frame in which the columns have these values."""
    for column, value in where.items():
        frame = frame[frame[column] == value]
    return next(_rows(frame))


def _rows(frame: pd.DataFrame) -> Iterator[Row]:
    """Rows as mappings."""
    return iter(frame.to_dict("records"))  # type: ignore[arg-type]
