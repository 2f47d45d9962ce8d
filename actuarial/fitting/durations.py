"""Time from deployment to the first incident, and from awareness of a claim to its settlement: reported, not priced.

Episodes of systems or claims in whole months, equal ones grouped into weights; Weibull accelerated failure time and Cox
models with covariates, and a check of proportional hazards. docs/methods/survival.md gives formulas and limits.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter, NelsonAalenFitter, WeibullAFTFitter, WeibullFitter
from lifelines.exceptions import ApproximationWarning, ConvergenceError, ConvergenceWarning, StatisticalWarning
from scipy.stats import chi2

from actuarial.fitting.experience import Experience, danger_column, years_between_days
from actuarial.rounding import Floats
from policies.period import MONTHS_PER_YEAR

FIRST_INCIDENT, SETTLEMENT = ANALYSES = ("first_incident", "settlement")
LEVEL = 0.9
FEWEST_EVENTS = 30  # fewer say nothing of half a dozen effects
FEWEST_PER_LEVEL = 10  # a level with fewer events is counted with the reference: its own effect has no finite estimate
KNOWN_SHARE = 0.8  # first incidents are watched until so much of the incidents of a day would be known
EXPOSURE_STEP, LOSS_STEP, DANGER_STEP, COMPLIANCE_STEP = 0.5, 0.5, 0.25, 0.1  # covariates are rounded to make cells
AT_ONCE = 1e-6  # years: the start of the first month, whose logarithm must exist
TIMES = ["entry", "exit", "event"]
COLUMNS = {"event_col": "event", "entry_col": "entry", "weights_col": "weight"}  # as lifelines calls them
WEIBULL_AFT, COX = "weibull_aft", "cox"
BOUNDS = ["effect", "low", "high"]
EFFECT_COLUMNS = ["model", "covariate", *BOUNDS, "p"]


@dataclass(frozen=True, slots=True, eq=False)
class DurationFit:
    """`effects`: on log time in the Weibull model (and its shape), on log hazard in Cox's; `curve`: share that had the
    event by `years`, empirical with its interval and by a Weibull without covariates; `proportional_hazards`: score
    test of each covariate. `notes` says what was left out and why; `events` is the number of events."""

    effects: pd.DataFrame
    curve: pd.DataFrame
    proportional_hazards: pd.DataFrame
    notes: tuple[str, ...]
    events: int


def reporting_allowance(lag_shape: float, lag_scale_days: float) -> float:
    """Days after which KNOWN_SHARE of incidents are known, under a Weibull reporting delay."""
    return float(lag_scale_days * (-math.log1p(-KNOWN_SHARE)) ** (1.0 / lag_shape))


def first_incident(experience: Experience, lag_shape: float, lag_scale_days: float) -> DurationFit:
    """Years from deployment to the first known incident of a system, whatever the peril.

    A row of the experience is an episode with its own covariates. Systems enter at the start of their first row (left
    truncation) and leave at their first incident or their last row's end. Everything ends a reporting allowance before
    the valuation date, when 80 % of incidents are known: later ones are mostly still invisible.
    Raises ValueError when there are too few incidents or a model fails.
    """
    allowance = reporting_allowance(lag_shape, lag_scale_days)
    cutoff = pd.Timestamp(experience.as_of) - pd.Timedelta(days=math.ceil(allowance))
    episodes = first_incident_episodes(experience, cutoff)
    note = f"first incidents are watched until {cutoff.date()}: later ones are less than {KNOWN_SHARE:.0%} known"
    return fit_durations(FIRST_INCIDENT, episodes, (note,))


def first_incident_episodes(experience: Experience, cutoff: pd.Timestamp) -> pd.DataFrame:
    """Episodes of systems until their first incident before `cutoff`: TIMES in years, covariates in steps."""
    years, claims = experience.years, experience.claims
    seen = claims[claims["occurred"] < cutoff]
    first = years["system"].astype(str).map(seen.groupby(seen["system"].astype(str))["occurred"].min())
    end = years["end"].where(years["end"] < cutoff, cutoff)
    event = (first >= years["start"]) & (first < end)
    frame = pd.DataFrame(
        {
            "system": years["system"].astype(str),
            "entry": np.maximum(years_between_days(years["deployed"], years["start"]), 0.0),
            "exit": years_between_days(years["deployed"], end.where(~event, first)),
            "event": event.astype(int),
            "class": years["obliged_class"].astype(str),
            "autonomy": years["autonomy"].astype(float),
            "log_exposure": _stepped(np.log(years["exposure"].to_numpy(dtype=float)), EXPOSURE_STEP),
            "danger": _stepped(_mean_danger(experience), DANGER_STEP),
            "compliance": _stepped(years["compliance"].to_numpy(dtype=float), COMPLIANCE_STEP),
        }
    )
    return _joined(frame[(years["start"] < end) & ~(first < years["start"])])


def _joined(episodes: pd.DataFrame) -> pd.DataFrame:
    """Episodes of one `system` that follow on each other without a change, as one: the same likelihood, fewer rows."""
    ordered = episodes.sort_values(["system", "entry"], kind="stable", ignore_index=True)
    same = ordered.columns.drop(TIMES)
    before = ordered.shift()
    new = (ordered[same] != before[same]).any(axis=1) | (ordered["entry"] != before["exit"])
    how = {"entry": "first", "exit": "last", "event": "last"} | dict.fromkeys(same, "first")
    return ordered.groupby(new.cumsum()).agg(how).drop(columns="system")


def _mean_danger(experience: Experience) -> Floats:
    columns = [danger_column(peril) for peril in experience.perils]
    return np.asarray(experience.years[columns].to_numpy(dtype=float).mean(axis=1))


def settlement(experience: Experience) -> DurationFit:
    """Years from awareness of a claim to its settlement; open claims are right-censored at the valuation date.

    Claims without a loss take the mean log loss and a covariate of their own. Raises ValueError when there are too
    few settled claims or a model fails.
    """
    claims, as_of = experience.claims, pd.Timestamp(experience.as_of)
    settled = claims["settled"].where(claims["settled"] <= as_of)
    wrong = (settled < claims["known"]) | (claims["known"] > as_of)
    loss = claims["loss_eur"].to_numpy(dtype=float)
    valued = loss > 0.0
    log_loss = np.log(np.where(valued, loss, 1.0))
    log_loss = np.where(valued, log_loss, log_loss[valued].mean() if valued.any() else 0.0)
    head = claims["head"].astype(object).fillna("").astype(str)
    episodes = pd.DataFrame(
        {
            "entry": 0.0,
            "exit": years_between_days(claims["known"], settled.fillna(as_of)),
            "event": settled.notna().astype(int),
            "head": head.where(head != "", "unknown"),
            "peril": claims["peril"].astype(str),
            "log_loss": _stepped(log_loss, LOSS_STEP),
            "loss_unknown": (~valued).astype(float),
        }
    )
    note = (f"{int(wrong.sum())} claims settled before they were known are left out",) if wrong.any() else ()
    return fit_durations(SETTLEMENT, episodes[~wrong], note)


def _stepped(values: Floats, step: float) -> Floats:
    return np.asarray(np.round(values / step) * step)


def grouped(episodes: pd.DataFrame) -> pd.DataFrame:
    """Equal episodes joined, with their number in `weight`; times in whole months, in years.

    An event falls in the middle of its month, and not before its entry; an episode that rounds to nothing is dropped.
    """
    frame = episodes.reset_index(drop=True)
    entry, out = np.round(frame["entry"] * MONTHS_PER_YEAR), frame["exit"] * MONTHS_PER_YEAR
    frame["entry"] = entry / MONTHS_PER_YEAR
    frame["exit"] = (
        np.where(frame["event"] > 0, np.maximum(np.floor(out), entry) + 0.5, np.round(out)) / MONTHS_PER_YEAR
    )
    frame = frame[frame["exit"] > frame["entry"]]
    return frame.groupby(list(frame.columns), sort=True).size().rename("weight").reset_index()


def design(cells: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Numeric covariates of grouped episodes and notes on what was left out.

    Texts become indicators against their most frequent level; levels with fewer than 10 events join it. Constant
    columns and columns that follow from others are left out.
    """
    events = cells["weight"] * cells["event"]
    columns: dict[str, pd.Series] = {}
    notes: list[str] = []
    for name in cells.columns.drop([*TIMES, "weight"]):
        if pd.api.types.is_numeric_dtype(cells[name]):
            columns[name] = cells[name].astype(float)
            continue
        per_level = events.groupby(cells[name]).sum().sort_values(ascending=False, kind="stable")
        reference, *others = (str(level) for level in per_level.index)
        rare = [level for level in others if per_level[level] < FEWEST_PER_LEVEL]
        columns |= {f"{name}={level}": (cells[name] == level).astype(float) for level in others if level not in rare}
        if others:
            notes.append(f"{name} is relative to {reference}" + (f", with {', '.join(rare)}: too few" if rare else ""))
    kept, dropped = _independent(columns)
    notes += [f"{name} is left out: it is constant or follows from the other covariates" for name in dropped]
    return pd.DataFrame({name: columns[name] for name in kept}, index=cells.index), tuple(notes)


def _independent(columns: Mapping[str, pd.Series]) -> tuple[list[str], list[str]]:
    """Names of columns that add to the constant and those before them, and the names of the others."""
    kept: list[str] = []
    rows = len(next(iter(columns.values()))) if columns else 0
    matrix = np.ones((rows, 1))
    for name, values in columns.items():
        wider = np.column_stack([matrix, values.to_numpy(dtype=float)])
        if np.linalg.matrix_rank(wider) > matrix.shape[1]:
            matrix = wider
            kept.append(name)
    return kept, [name for name in columns if name not in kept]


def fit_durations(analysis: str, episodes: pd.DataFrame, notes: Sequence[str] = ()) -> DurationFit:
    """Both models, the curves and the check of proportional hazards for episodes: TIMES and covariates.

    Raises ValueError with fewer than 30 events, without a covariate that varies, or when a model fails.
    """
    events = int(episodes["event"].sum())
    if events < FEWEST_EVENTS:
        raise ValueError(f"{analysis}: {events} events are too few, at least {FEWEST_EVENTS} are needed")
    cells = grouped(episodes)
    covariates, found = design(cells)
    if covariates.empty:
        raise ValueError(f"{analysis}: no covariate varies, there is nothing to compare")
    if deciding := _deciding(covariates, cells["event"] > 0):
        raise ValueError(f"{analysis}: {', '.join(deciding)} decides the event by itself: leave it out")
    frame = pd.concat([cells[[*TIMES, "weight"]], covariates], axis=1)
    try:
        with warnings.catch_warnings():
            for doubt in (ConvergenceWarning, StatisticalWarning, ApproximationWarning):
                warnings.simplefilter("error", doubt)
            warnings.simplefilter("ignore", RuntimeWarning)  # steps of a search that overflow; its end is judged
            effects, log_hazards = _effects(frame)
            curve = _curve(cells)
    except (
        ConvergenceError,
        ConvergenceWarning,
        StatisticalWarning,
        ApproximationWarning,
        np.linalg.LinAlgError,
    ) as bad:
        first = str(bad).strip().splitlines()[0]
        raise ValueError(
            f"{analysis}: the model did not converge; covariates that decide the event together, or too few events "
            f"for {covariates.shape[1]} effects, are the usual cause ({first})"
        ) from bad
    entry, out, event, weight = (cells[column].to_numpy(dtype=float) for column in (*TIMES, "weight"))
    statistic, p = proportional_hazards_test(covariates.to_numpy(), entry, out, event, weight, log_hazards)
    check = pd.DataFrame({"analysis": analysis, "covariate": list(covariates.columns), "statistic": statistic, "p": p})
    return DurationFit(effects, curve, check, (*notes, *found), events)


def _deciding(covariates: pd.DataFrame, event: pd.Series) -> list[str]:
    """Covariates whose values with and without event do not overlap: their effect has no finite estimate."""
    yes, no = covariates[event], covariates[~event]
    apart = (yes.min() > no.max()) | (yes.max() < no.min())
    return [str(name) for name in covariates.columns[apart]]


def _effects(frame: pd.DataFrame) -> tuple[pd.DataFrame, Floats]:
    """Rows of the effects of both models, and Cox's log hazards in the order of the covariates."""
    covariates = list(frame.columns.drop([*TIMES, "weight"]))
    aft = _rows(_weibull(frame).summary, WEIBULL_AFT)
    on_time = aft[aft["part"] == "lambda_"].set_index("covariate").loc[covariates]
    shape = aft[aft["part"] == "rho_"].assign(covariate="shape")
    # Weibull's log hazards, per standard deviation as lifelines searches: from zero its first step overshoots
    start = -on_time["effect"] * math.exp(float(shape["effect"].iloc[0])) * frame[covariates].std()
    shape[BOUNDS] = np.exp(shape[BOUNDS])
    cox = CoxPHFitter(alpha=1.0 - LEVEL)
    cox.fit(frame, "exit", **COLUMNS, initial_point=start.to_numpy(dtype=float))
    on_hazard = _rows(cox.summary, COX)
    effects = pd.concat([on_time.reset_index(), shape, on_hazard], ignore_index=True)[EFFECT_COLUMNS]
    return effects, on_hazard["effect"].to_numpy(dtype=float)


def _weibull(frame: pd.DataFrame) -> WeibullAFTFitter:
    """The Weibull model on intervals: an event lies within a month, and months taken for moments bias the shape."""
    half = np.where(frame["event"] > 0, 0.5 / MONTHS_PER_YEAR, 0.0)
    bounded = frame.drop(columns="exit").assign(
        event=0,  # none is known to the moment
        low=np.maximum(frame["exit"] - half, AT_ONCE),
        high=np.where(half > 0.0, frame["exit"] + half, np.inf),
    )
    return WeibullAFTFitter(alpha=1.0 - LEVEL).fit_interval_censoring(bounded, "low", "high", **COLUMNS)


def _rows(summary: pd.DataFrame, model: str) -> pd.DataFrame:
    """EFFECT_COLUMNS from a summary of lifelines, and which `part` of the model each row belongs to."""
    percent = f"{LEVEL:.0%}"
    names = {"coef": "effect", f"coef lower {percent}": "low", f"coef upper {percent}": "high", "p": "p"}
    rows = summary[list(names)].rename(columns=names)
    index = rows.index
    return rows.assign(model=model, part=index.get_level_values(0), covariate=index.get_level_values(-1))


def _curve(cells: pd.DataFrame) -> pd.DataFrame:
    """Share with the event by each month: exp(-cumulative hazard), which few systems at risk early on do not wreck as
    they would the product-limit estimate (Pan and Chappell 1998), and a Weibull without covariates."""
    entry, out, event, weight = (cells[column].to_numpy() for column in (*TIMES, "weight"))
    data = {"durations": out, "event_observed": event, "entry": entry, "weights": weight}
    empirical = NelsonAalenFitter(alpha=1.0 - LEVEL, nelson_aalen_smoothing=False).fit(**data)
    weibull = WeibullFitter(alpha=1.0 - LEVEL).fit(**data)
    hazard, bounds = empirical.cumulative_hazard_.iloc[:, 0], empirical.confidence_interval_
    years = hazard.index.to_numpy(dtype=float)
    shares = {"empirical": hazard, "low": bounds.min(axis=1), "high": bounds.max(axis=1)}
    fitted = 1.0 - weibull.survival_function_at_times(years).to_numpy(dtype=float)
    columns = {name: -np.expm1(-values.to_numpy(dtype=float)) for name, values in shares.items()}
    return pd.DataFrame({"years": years} | columns | {"fitted": fitted})


def proportional_hazards_test(
    x: Floats, entry: Floats, out: Floats, event: Floats, weight: Floats, log_hazards: Floats
) -> tuple[Floats, Floats]:
    """Score statistic and p of each covariate's effect changing with time, (p,) each, at Cox's estimate.

    x (n, p); the time scale is the share of events so far. Grambsch and Therneau (1994), as a score test with late
    entry and weights, which the test in lifelines passes over.
    """
    risk = weight * np.exp((x - x.mean(axis=0)) @ log_hazards)
    times = np.unique(out[event > 0])
    deaths = np.array([weight[(out == time) & (event > 0)].sum() for time in times])
    done = (np.cumsum(deaths) - deaths) / deaths.sum()
    scale = done - done @ deaths / deaths.sum()
    score = np.zeros(x.shape[1])
    moments = np.zeros((3, x.shape[1], x.shape[1]))
    for time, dead, g in zip(times, deaths, scale, strict=True):
        alive = (entry < time) & (out >= time)
        share = risk[alive] / risk[alive].sum()
        mean = share @ x[alive]
        spread = (x[alive] * share[:, None]).T @ x[alive] - np.outer(mean, mean)
        now = (out == time) & (event > 0)
        score += g * (weight[now] @ x[now] - dead * mean)
        moments += dead * np.array([1.0, g, g * g])[:, None, None] * spread
    plain, mixed, squared = moments
    variance = np.diag(squared - mixed @ np.linalg.solve(plain, mixed))
    statistic = score**2 / variance
    return statistic, np.asarray(chi2.sf(statistic, 1))
