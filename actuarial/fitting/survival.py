"""The reporting delay: from the occurrence of an incident to the day it is known, fitted on right-truncated lags.

An incident that is not yet known is not in the data at all, so short lags are over-represented among the recent ones.
Each lag is therefore read given that it is shorter than what could have been seen of it on the valuation date.
docs/methods/survival.md gives the formulas and what they yield.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from lifelines import KaplanMeierFitter
from scipy.optimize import minimize
from scipy.special import log_ndtr, logit, ndtri
from scipy.stats import norm

from actuarial.fitting.experience import DISCOVERED, Experience
from actuarial.rounding import Floats

FEWEST_LAGS = 30  # two parameters from fewer lags say less than the prior
LEVEL = 0.9
BAND_EDGES = np.unique(np.rint(np.geomspace(1.0, 20_000.0, 100))) - 1.0  # days: a band is a tenth of the lag wide
PERIOD_DAYS = 30  # lags of one band whose observable spans fall in the same period make one cell
AIC_POINTS = 4.0  # a law this much better in AIC is preferred beyond doubt (Burnham and Anderson 2002, section 2.6)
KNOWN_AFTER_DAYS = (365, 730)  # where a preferred law is set beside the Weibull
LOG_SCALE_SE = 2.0  # beyond this the scale is known to a factor of 27 either way: the window hides it
WIDEST = 50.0  # log parameters wander no further
STEP = 1e-3  # of the numerical second derivatives
TINY = 1e-300
CURVE_COLUMNS = ["data", "days", "empirical", "low", "high", "weibull", "lognormal", "loglogistic"]


@dataclass(frozen=True, slots=True, eq=False)
class Lags:
    """Grouped lags of one series, (n,) each: `incidents` lags in [low, high) days, of which only those shorter than
    `observable` days could be seen. `counts` says what became of every incident of the source (lag_counts)."""

    data: str
    low: Floats
    high: Floats
    observable: Floats
    incidents: Floats
    counts: Mapping[str, int]

    def __post_init__(self) -> None:
        if not ((self.low >= 0).all() and (self.low < self.high).all() and (self.low < self.observable).all()):
            raise ValueError(f"lags of {self.data}: 0 <= low < high and low < observable must hold for every cell")
        if not (self.incidents > 0).all():
            raise ValueError(f"lags of {self.data}: every cell must hold incidents")


@dataclass(frozen=True, slots=True, eq=False)
class DelayFit:
    """Weibull reporting delay: shape, scale in days, covariance (2, 2) of (log shape, log scale), number of lags.

    `models` is the table lag_models, `curve` lag_curve, `counts` lag_counts; `remark` is a sentence when another law
    fits better than the Weibull, else empty.
    """

    data: str
    shape: float
    scale_days: float
    covariance: Floats
    lags: float
    models: pd.DataFrame
    curve: pd.DataFrame
    counts: pd.DataFrame
    remark: str


@dataclass(frozen=True, slots=True)
class Law:
    """A law of log time: log t = location + spread x e, with the distribution of e by its log cdf, log survival and
    quantile function."""

    log_cdf: Callable[[Floats], Floats]
    log_survival: Callable[[Floats], Floats]
    quantile: Callable[[Floats], Floats]

    def cdf(self, days: Floats, location: float, log_spread: float) -> Floats:
        """P(T < days); any shape."""
        return np.exp(self.log_cdf(_standardised(days, location, log_spread)))


def _log_share(x: Floats) -> Floats:
    """log(1 - exp(-x)), x >= 0."""
    return np.log(np.maximum(-np.expm1(-x), TINY))


WEIBULL, LOGNORMAL, LOGLOGISTIC = LAW_NAMES = ("weibull", "lognormal", "loglogistic")
LAWS: Mapping[str, Law] = {
    WEIBULL: Law(
        lambda e: _log_share(np.exp(np.minimum(e, WIDEST))),
        lambda e: -np.exp(np.minimum(e, WIDEST)),
        lambda p: np.log(-np.log1p(-p)),
    ),
    LOGNORMAL: Law(log_ndtr, lambda e: np.asarray(log_ndtr(-e)), ndtri),
    LOGLOGISTIC: Law(lambda e: -np.logaddexp(0.0, -e), lambda e: -np.logaddexp(0.0, e), logit),
}


def _standardised(days: Floats, location: float, log_spread: float) -> Floats:
    with np.errstate(divide="ignore"):  # the log of no days is minus infinity, and meant
        return np.asarray((np.log(days) - location) / math.exp(log_spread))


def known_share(days: Floats, shape: float, scale_days: float) -> Floats:
    """Share of incidents known so many days after they occurred, under a Weibull delay; any shape."""
    return np.asarray(-np.expm1(-((np.maximum(days, 0.0) / scale_days) ** shape)))


def group_lags(
    data: str, lag_days: Floats, observable_days: Floats, counts: Mapping[str, int], edges: Floats = BAND_EDGES
) -> Lags:
    """Lags of whole days, (n,) >= 0, in bands of `edges`, each cell with the mean span in which it could be seen.

    A lag of d whole days stands for [d, d + 1); it is seen when d <= `observable_days`. Cells join lags of one band
    whose observable spans fall in the same 30 days. Raises ValueError for a lag outside the edges or beyond its span.
    """
    band = np.searchsorted(edges, lag_days, side="right") - 1
    if ((band < 0) | (band >= len(edges) - 1) | (lag_days > observable_days)).any():
        raise ValueError(f"lags of {data} lie outside [{edges[0]:g}, {edges[-1]:g}) days or beyond the valuation date")
    cells = pd.DataFrame({"band": band, "period": observable_days // PERIOD_DAYS, "observable": observable_days + 1.0})
    grouped = cells.groupby(["band", "period"])["observable"].agg(["mean", "size"]).reset_index()
    at = grouped["band"].to_numpy()
    mean, size = (grouped[column].to_numpy(dtype=float) for column in ("mean", "size"))
    return Lags(data, edges[at], edges[at + 1], mean, size, counts)


def experience_lags(experience: Experience) -> Lags:
    """Lags from occurrence to awareness of the claims of an experience, grouped.

    A lag is seen when it is at most the days from occurrence to the valuation date. Claims that occurred before the
    first day at risk are absent: that takes occurrences away, not lags, so it needs no correction; it bounds the
    longest lag of which the data can speak. Claims whose concealment came out are counted and left out: theirs is
    the time to detection. So are claims with a day missing, known before they occurred, or after the valuation date.
    """
    claims = experience.claims
    as_of = pd.Timestamp(experience.as_of)
    lag = (claims["known"] - claims["occurred"]).dt.days.to_numpy(dtype=float)
    span = (as_of - claims["occurred"]).dt.days.to_numpy(dtype=float)
    missing = np.isnan(lag)
    concealed = ~missing & (claims["conduct"].astype(str) == DISCOVERED).to_numpy()
    negative = ~missing & ~concealed & (lag < 0)
    late = ~missing & ~concealed & ~negative & (lag > span)
    used = ~(missing | concealed | negative | late)
    counts = {
        "used": int(used.sum()),
        "concealed and discovered": int(concealed.sum()),
        "known before it occurred": int(negative.sum()),
        "known after the valuation date": int(late.sum()),
        "a day missing": int(missing.sum()),
    }
    return group_lags("experience", lag[used], span[used], counts)


def log_likelihood(lags: Lags, law: str, location: float, log_spread: float) -> float:
    """Log likelihood of the lags, each given that it was seen: P(low <= T < high) / P(T < observable)."""
    law_ = LAWS[law]
    edges = (_standardised(days, location, log_spread) for days in (lags.low, np.minimum(lags.high, lags.observable)))
    below, above = edges
    seen = law_.log_cdf(_standardised(lags.observable, location, log_spread))
    right = below > 0.0  # differences are taken in the tail that is small
    within = np.where(
        right,
        np.exp(law_.log_survival(below)) - np.exp(law_.log_survival(above)),
        np.exp(law_.log_cdf(above)) - np.exp(law_.log_cdf(below)),
    )
    return float(lags.incidents @ (np.log(np.maximum(within, TINY)) - np.maximum(seen, math.log(TINY))))


def fit_law(lags: Lags, law: str) -> tuple[Floats, Floats, float]:
    """Maximum-likelihood (location, log spread) of log time, their covariance (2, 2), and the log likelihood.

    lifelines has no likelihood for right truncation (its `entry` is left truncation, and reversing time turns a
    Weibull into a law that it does not have), so the likelihood is our own. Raises ValueError when the lags do not
    determine the parameters: nothing but the window in which they were seen speaks from them.
    """
    middle = np.log(0.5 * (lags.low + lags.high))
    mean = float(np.average(middle, weights=lags.incidents))
    spread = math.log(max(float(np.sqrt(np.average((middle - mean) ** 2, weights=lags.incidents))), 0.05))

    def misfit(v: Floats) -> float:
        return -log_likelihood(lags, law, float(v[0]), float(v[1])) if np.abs(v).max() < WIDEST else math.inf

    best = minimize(misfit, np.array([mean, spread]), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-8})
    covariance = _inverse_information(misfit, best.x)
    if not best.success or covariance is None or covariance[0, 0] > LOG_SCALE_SE**2:
        raise ValueError(
            f"the lags of {lags.data} do not determine a {law} delay: they all end within the window in which they "
            "could be seen; a longer window is needed, keep the prior until then"
        )
    return best.x, covariance, -float(best.fun)


def _inverse_information(misfit: Callable[[Floats], float], at: Floats) -> Floats | None:
    """Inverse of the second derivatives of a function of two variables, None when they are not those of a minimum."""
    a, b = np.eye(2) * STEP
    mixed = misfit(at + a + b) - misfit(at + a - b) - misfit(at - a + b) + misfit(at - a - b)
    own = [misfit(at + step) - 2.0 * misfit(at) + misfit(at - step) for step in (a, b)]
    information = np.array([[4.0 * own[0], mixed], [mixed, 4.0 * own[1]]]) / (4.0 * STEP**2)
    positive = np.isfinite(information).all() and information[0, 0] > 0.0 and np.linalg.det(information) > 0.0
    return np.asarray(np.linalg.inv(information), dtype=float) if positive else None


def fit_delay(lags: Lags) -> DelayFit:
    """The reporting delay of grouped lags: Weibull for the tariff, log-normal and log-logistic beside it.

    Raises ValueError with fewer than 30 lags or when truncation leaves the Weibull undetermined: keep the prior.
    """
    total = float(lags.incidents.sum())
    if total < FEWEST_LAGS:
        raise ValueError(
            f"{total:.0f} reporting lags of {lags.data} are too few to fit a delay: at least {FEWEST_LAGS} are needed, "
            "keep the prior until then"
        )
    fits = {WEIBULL: fit_law(lags, WEIBULL)}
    for law in (LOGNORMAL, LOGLOGISTIC):
        try:
            fits[law] = fit_law(lags, law)
        except ValueError:  # a law that the lags do not determine is no rival
            continue
    (location, log_spread), covariance, _ = fits[WEIBULL]
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])  # (location, log spread) -> (log shape, log scale)
    models = pd.DataFrame([_model(lags.data, law, fit, total) for law, fit in fits.items()])
    return DelayFit(
        data=lags.data,
        shape=math.exp(-log_spread),
        scale_days=math.exp(location),
        covariance=turn @ covariance @ turn.T,
        lags=total,
        models=models,
        curve=_curve(lags, fits),
        counts=pd.DataFrame([{"data": lags.data, "what": what, "lags": n} for what, n in lags.counts.items()]),
        remark=_remark(fits),
    )


def _model(data: str, law: str, fit: tuple[Floats, Floats, float], total: float) -> dict[str, str | float]:
    """A row of lag_models; (first, second) are (shape, scale in days), for the lognormal (mu, sigma) of log days."""
    (location, log_spread), _, value = fit
    median, p90 = np.exp(location + math.exp(log_spread) * LAWS[law].quantile(np.array([0.5, 0.9])))
    first, second = (math.exp(-log_spread), math.exp(location))
    if law == LOGNORMAL:
        first, second = location, math.exp(log_spread)
    return {
        "data": data,
        "model": law,
        "first": float(first),
        "second": float(second),
        "log_likelihood": value,
        "aic": 4.0 - 2.0 * value,
        "median_days": float(median),
        "p90_days": float(p90),
        "lags": total,
    }


def _remark(fits: Mapping[str, tuple[Floats, Floats, float]]) -> str:
    """What a law that AIC prefers to the Weibull would change; empty when none does. All laws have two parameters."""
    best = max(fits, key=lambda law: fits[law][2])
    gain = 2.0 * (fits[best][2] - fits[WEIBULL][2])
    if best == WEIBULL or gain < AIC_POINTS:
        return ""
    days = np.array(KNOWN_AFTER_DAYS, dtype=float)
    shares = {law: LAWS[law].cdf(days, *(float(v) for v in fits[law][0])) for law in (WEIBULL, best)}
    changes = ", ".join(
        f"{shares[best][i]:.0%} instead of {shares[WEIBULL][i]:.0%} after {day} days"
        for i, day in enumerate(KNOWN_AFTER_DAYS)
    )
    return f"AIC prefers the {best} delay by {gain:.1f} points; under it the share of incidents known is {changes}"


def empirical_curve(lags: Lags) -> pd.DataFrame:
    """Nonparametric F(days) / F(longest) with its interval: columns days, empirical, low, high; at the band edges.

    In reversed time (longest - lag) right truncation is left truncation, and the product-limit estimator of Kaplan and
    Meier applies with late entry (Lynden-Bell 1971; Kalbfleisch and Lawless 1989). A lag counts once its whole band
    could be seen. Bands must not overlap.
    """
    edges = np.union1d(lags.low, lags.high)
    first, last = np.searchsorted(edges, lags.low), np.searchsorted(edges, lags.high)
    if (last - first != 1).any():
        raise ValueError(f"the bands of the lags of {lags.data} overlap")
    seen = np.searchsorted(edges, lags.observable, side="right") - 1  # bands below this edge could be seen whole
    use = first < seen
    longest = int(seen[use].max())
    fitter = KaplanMeierFitter(alpha=1.0 - LEVEL)
    fitter.fit(longest - first[use], entry=longest - seen[use] + 0.5, weights=lags.incidents[use].astype(np.int64))
    reversed_time = longest - np.arange(1, longest)
    interval = fitter.confidence_interval_survival_function_
    at = np.searchsorted(interval.index.to_numpy(), reversed_time, side="right") - 1
    low, high = (interval.iloc[at, side].to_numpy(dtype=float) for side in (0, 1))
    share = np.asarray(fitter.survival_function_.iloc[at, 0], dtype=float)
    frame = pd.DataFrame({"days": edges[1:longest], "empirical": share, "low": low, "high": high})
    return pd.concat([frame, pd.DataFrame([[edges[longest], 1.0, 1.0, 1.0]], columns=frame.columns)], ignore_index=True)


def _curve(lags: Lags, fits: Mapping[str, tuple[Floats, Floats, float]]) -> pd.DataFrame:
    """lag_curve: every share relative to that of the longest span, the most that truncated lags can tell of."""
    curve = empirical_curve(lags)
    days = curve["days"].to_numpy(dtype=float)
    for law in LAW_NAMES:
        curve[law] = np.nan
        if law in fits:
            shares = LAWS[law].cdf(days, *(float(v) for v in fits[law][0]))
            curve[law] = shares / shares[-1]
    curve.insert(0, "data", lags.data)
    return curve[CURVE_COLUMNS]


def interval(fit: DelayFit) -> dict[str, tuple[float, float, float]]:
    """Standard error, low and high (90 %) of the Weibull's `shape` and `scale_days`: symmetric on the log scale."""
    z = float(norm.ppf(0.5 + LEVEL / 2.0))
    errors = np.sqrt(np.diag(fit.covariance))
    return {
        name: (value * float(error), value * math.exp(-z * float(error)), value * math.exp(z * float(error)))
        for name, value, error in zip(("shape", "scale_days"), (fit.shape, fit.scale_days), errors, strict=True)
    }
