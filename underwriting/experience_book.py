"""The experience of the book: of the newest quote of every firm, its years at risk and its incidents."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from actuarial.calibration import Calibration
from actuarial.compliance import days_late
from actuarial.fitting.experience import (
    CLAIM_COLUMNS,
    DISCOVERED,
    IN_TIME,
    LATE,
    Experience,
    danger_column,
    rows_of_claims,
)
from actuarial.fitting.experience_frames import experience_of
from actuarial.risks import tabulate
from actuarial.tariff import tariff
from policies.findings import WaarborgError
from policies.money import CENTS_PER_EURO
from policies.period import DAYS_PER_YEAR
from policies.regimes import Regime
from policies.risk import Incident, IncidentSeverity, RiskProfile
from underwriting.desk import Desk

Profiles = Sequence[RiskProfile]


def experience_from_book(desk: Desk, calibration: Calibration | None = None) -> Experience:
    """The experience of the firms in the desk's book, each up to the day of its newest quote.

    Danger, compliance and exposure are those of that day under the desk's regime and the calibration, by default the
    desk's, for all years of the window over which the regime looks back. Claims are the incidents of those years that
    were no near misses. Raises WaarborgError when the book holds no quote, or no system that has been at risk.
    """
    by_day: dict[date, list[RiskProfile]] = defaultdict(list)
    for row, profile in desk.newest_profiles():
        by_day[row.at].append(profile)
    if not by_day:
        raise WaarborgError(f"no quotes in {desk.book}; save quotes first, or give experience as a file")
    days = sorted(by_day)
    years = pd.concat(
        [_years(by_day[at], at, desk.regime, calibration or desk.calibration) for at in days], ignore_index=True
    )
    if years.empty:
        raise WaarborgError(f"no system in {desk.book} has been at risk for a day")
    claims = pd.DataFrame(
        [claim for at in days for profile in by_day[at] for claim in _claims(profile, at, desk.regime)],
        columns=list(CLAIM_COLUMNS),
    )
    firms = sum(map(len, by_day.values()))
    source = f"book: newest quotes of {firms} firms, {days[0]} to {days[-1]}"
    found = experience_of(years, claims, days[-1], source, desk.regime.detection_probability)
    if claims.empty:
        return found
    at_risk = found.claims[rows_of_claims(found) >= 0]
    return experience_of(years, at_risk, days[-1], source, desk.regime.detection_probability)


def _years(profiles: Profiles, at: date, regime: Regime, calibration: Calibration) -> pd.DataFrame:
    """Rows at risk of these firms before day `at`, a year of 365.25 days each at most, the newest first."""
    systems = _systems(profiles, at, regime, calibration)
    count = math.ceil(regime.incident_window_years)
    ago = np.floor(np.minimum(np.arange(count + 1), regime.incident_window_years) * DAYS_PER_YEAR).astype(int)
    bounds = np.datetime64(at) - ago.astype("timedelta64[D]")
    rows = systems.loc[systems.index.repeat(count)].reset_index(drop=True)
    deployed = rows["deployed"].to_numpy().astype("datetime64[D]")
    rows["start"] = np.maximum(np.tile(bounds[1:], len(systems)), deployed)
    rows["end"] = np.tile(bounds[:-1], len(systems))
    return rows[rows["start"] < rows["end"]]


def _systems(profiles: Profiles, at: date, regime: Regime, calibration: Calibration) -> pd.DataFrame:
    """What the price reads of each system on day `at`."""
    t, risks = tariff(calibration, regime), tabulate(profiles, at, regime, calibration)
    owned = [(profile.firm, system) for profile in profiles for system in profile.systems]
    table: dict[str, Any] = {
        "firm": [firm.kvk for firm, _ in owned],
        "system": [_name(firm.kvk, system.id) for firm, system in owned],
        "deployed": np.array([system.deployed for _, system in owned], dtype="datetime64[D]"),
        "obliged_class": [t.class_ids[code] for code in risks.declared_class],
        "role": [t.role_ids[code] for code in risks.role],
        "autonomy": risks.autonomy,
        "sector": [t.sector_ids[code] for code in risks.sector],
        "foundation_model": [system.foundation_model for _, system in owned],
        "turnover_eur": risks.turnover[risks.policy],
        "exposure": risks.exposure,
        "compliance": risks.compliance,
    }
    return pd.DataFrame(table | {danger_column(p): risks.danger[:, code] for code, p in enumerate(t.peril_ids)})


def _claims(profile: RiskProfile, at: date, regime: Regime) -> Iterator[tuple[Any, ...]]:
    """The incidents of a firm that were no near misses, in the columns of the contract: no head, none settled."""
    for incident in profile.incidents:
        if incident.severity is not IncidentSeverity.NEAR_MISS:
            loss = incident.loss.cents / CENTS_PER_EURO
            yield (
                _name(profile.firm.kvk, incident.system),
                incident.peril,
                "",
                np.datetime64(incident.occurred_at),
                np.datetime64(incident.aware_at),
                _conduct(incident, at, regime),
                loss if loss > 0 else math.nan,
                pd.NaT,
            )


def _conduct(incident: Incident, at: date, regime: Regime) -> str:
    late = days_late(incident, at, regime)
    if math.isinf(late):
        return DISCOVERED
    return LATE if late > 0 else IN_TIME


def _name(kvk: str, system: str) -> str:
    """The name of a system in the market: that of its firm and its own."""
    return f"{kvk}-{system}"
