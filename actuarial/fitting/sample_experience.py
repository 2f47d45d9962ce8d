"""The experience of the sample market as the fits read it: data whose parameters are known.

How it is drawn: docs/methods/sample-market.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actuarial.calibration import Calibration
from actuarial.evidence import Ints
from actuarial.fitting.experience import CONDUCTS, Experience, danger_column
from actuarial.fitting.experience_frames import experience_of
from actuarial.fitting.insured_severity import authored, on_level_factor
from actuarial.market.experience import Experience as Market
from actuarial.market.experience import draw_experience, expected_claims, first_and_last_day
from actuarial.market.measurement import HIDDEN, Seen, as_it_is, as_measured, draw_conduct, draw_settlement, stream
from actuarial.market.truth import stated_truth
from actuarial.rounding import Floats
from actuarial.tariff import tariff
from policies.regimes import Regime

UNIX_YEAR = 1970  # the year 0 of datetime64
YEARS = 5  # of experience, the window over which a tariff looks back
CONDUCT, SETTLEMENT, EVIDENCE = range(3)  # streams of draws beside the market


def sample_experience(
    firms: int,
    seed: int,
    at: date,
    regime: Regime,
    calibration: Calibration,
    years: int = YEARS,
    perfect: bool = False,
) -> Experience:
    """The experience of so many firms over the `years` before day `at`.

    Perfect: true danger, discipline and class, every claim that was known by day `at`. Otherwise as a market would
    show it: measured danger and compliance, declared class, and concealed claims only where they came to light.
    """
    market = draw_experience(firms, seed, stated_truth(), years, at, regime, calibration)
    seen = _seen(market, seed, regime, calibration, perfect)
    settled = draw_settlement(stream(seed, SETTLEMENT), market.claims, stated_truth().settlement, regime, calibration)
    return experience_of(
        years=_years(market, seen, regime, calibration),
        claims=_claims(market, seen, settled, regime, calibration),
        as_of=at,
        source=f"sample market: {firms} firms, seed {seed}, {years} years, {'true' if perfect else 'measured'} danger",
        detection=None if perfect else regime.detection_probability,
    )


def true_frequency(
    firms: int, seed: int, at: date, regime: Regime, calibration: Calibration, years: int = YEARS
) -> Floats:
    """True expected claims (R, P) of each row of `years` of the same draw, reported or not, with the mean frailty."""
    market = draw_experience(firms, seed, stated_truth(), years, at, regime, calibration)
    return expected_claims(market, stated_truth(), regime, calibration)[_rows(market)]


def _seen(market: Market, seed: int, regime: Regime, calibration: Calibration, perfect: bool) -> Seen:
    """What is known of systems and claims."""
    conduct = draw_conduct(stream(seed, CONDUCT), market.claims, stated_truth().conduct, regime)
    if perfect:
        return as_it_is(market, conduct)
    return as_measured(stream(seed, EVIDENCE), market, conduct, stated_truth(), regime, calibration)


def _rows(market: Market) -> Ints:
    """Rows at risk for a day at least, as positions; (R,)."""
    start, end = first_and_last_day(market)
    return np.flatnonzero(start < end)


def _years(market: Market, seen: Seen, regime: Regime, calibration: Calibration) -> pd.DataFrame:
    """The rows at risk as the contract wants them."""
    t, p, rows = tariff(calibration, regime), stated_truth().population, _rows(market)
    start, end = first_and_last_day(market)
    s, system = market.population.systems, market.at_risk.system[rows]
    dearest = [max(roles.split("+"), key=lambda role: t.role_effect[t.role_ids.index(role)]) for roles in p.roles]
    firm = s.firm[system]
    table = {
        "firm": _texts(_firm_names(market), firm),
        "system": _texts(_system_names(market), system),
        "start": _days(market.valuation_date, start[rows]),
        "end": _days(market.valuation_date, end[rows]),
        "deployed": _days(market.valuation_date, -s.age_days[system]),
        "obliged_class": _texts(t.class_ids, seen.obliged[system]),
        "role": _texts(dearest, s.role_set[system]),
        "autonomy": s.autonomy[system],
        "sector": _texts(tuple(p.sectors), s.sector[system]),
        "foundation_model": _texts(tuple(p.foundation_models), s.foundation_model[system]),
        "turnover_eur": market.population.firms.turnover_world[firm],
        "exposure": s.exposure[system],
        "compliance": seen.compliance[system],
    }
    danger = {danger_column(peril): seen.danger[system, code] for code, peril in enumerate(t.peril_ids)}
    return pd.DataFrame(table | danger)


def _claims(market: Market, seen: Seen, settled: Ints, regime: Regime, calibration: Calibration) -> pd.DataFrame:
    """The claims known by the valuation day as the contract wants them, in order of occurrence."""
    t, c, at = tariff(calibration, regime), market.claims, market.valuation_date
    known = np.flatnonzero((c.report_day < 0) & (seen.conduct != HIDDEN))
    known = known[np.argsort(c.accident_day[known], kind="stable")]
    return pd.DataFrame(
        {
            "system": _texts(_system_names(market), market.at_risk.system[c.row[known]]),
            "peril": _texts(t.peril_ids, c.peril[known]),
            "head": _texts(t.head_ids, c.head[known]),
            "occurred": _days(at, c.accident_day[known]),
            "known": _days(at, c.report_day[known]),
            "conduct": _texts(CONDUCTS, seen.conduct[known]),
            "loss_eur": c.loss[known] / _on_level(at, c.accident_day[known]),
            "settled": pd.Series(_days(at, settled[known])).where(settled[known] < 0),
        }
    )


def _on_level(at: date, days: Ints) -> Floats:
    """What a euro of the year of each day has become in the pricing year, (C,): losses are drawn at that level."""
    years, code = np.unique(_days(at, days).astype("datetime64[Y]").astype(int) + UNIX_YEAR, return_inverse=True)
    pricing_year = authored()["data"]["pricing_year"]
    return np.array([on_level_factor(int(year), pricing_year) for year in years])[code]


def _texts(names: Sequence[str], codes: Ints) -> NDArray[np.object_]:
    return np.array(names, dtype=object)[codes]


def _firm_names(market: Market) -> list[str]:
    return [f"f{number:06d}" for number in range(1, len(market.population.firms.size) + 1)]


def _system_names(market: Market) -> list[str]:
    firm = market.population.systems.firm
    number = np.arange(len(firm)) - np.searchsorted(firm, firm) + 1
    return [f"f{owner + 1:06d}-s{own}" for owner, own in zip(firm.tolist(), number.tolist(), strict=True)]


def _days(at: date, days: Ints) -> NDArray[np.datetime64]:
    return np.datetime64(at) + days.astype("timedelta64[D]")
