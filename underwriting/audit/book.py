"""The book as the audit reads it: the newest profile of every firm, rated under one calibration on one day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from actuarial.calibration import Calibration
from actuarial.premium import Premiums
from actuarial.risks import leading_class
from actuarial.rounding import Cents, share_of
from actuarial.tariff import tariff
from policies.findings import WaarborgError
from policies.regimes import Regime
from policies.risk import RiskProfile
from policies.terms import Terms
from underwriting.audit import values
from underwriting.audit.rated import rated, spread
from underwriting.audit.values import AuditBook, table
from underwriting.desk import Desk
from underwriting.impact import speaks
from underwriting.quote import Decision

MOST_REPLAYS = 200  # quotes replayed, evenly spread over the book; each takes about 50 milliseconds
Progress = Callable[[int, int, str], None]  # done, in all, of what
Quoted = tuple[str, Decision]  # id of a quote and what became of it


def audit_book(desk: Desk, calibration: Calibration | None = None, progress: Progress = lambda *_: None) -> AuditBook:
    """The desk's book today under a calibration, by default the one in force.

    Profiles in the words of another regime are left out and counted. Judgement, renewals, payments, claims and
    retests are not yet kept: their tables are empty. Raises WaarborgError when no firm is left, TamperedError.
    """
    at, regime, calibration = desk.today(), desk.regime, calibration or desk.calibration
    newest = list(desk.newest_profiles())
    kept = [(row, profile) for row, profile in newest if speaks(profile, regime)]
    if not kept:
        raise WaarborgError(f"no firm to audit: {desk.book} holds {len(newest)} profiles in the words of {regime.id}")
    progress(len(kept), len(newest), "profiles")
    quoted = [(row.id, row.decision) for row, _ in kept]
    found = book_of([profile for _, profile in kept], at, regime, calibration, quoted)
    replays = _replays(desk, found.firms, progress)
    return replace(found, replays=replays, skipped=len(newest) - len(kept))


def book_of(
    profiles: Sequence[RiskProfile],
    at: date,
    regime: Regime,
    calibration: Calibration,
    quoted: Sequence[Quoted] = (),
    overrides: pd.DataFrame | None = None,
) -> AuditBook:
    """A book of these profiles, each quoted unless `quoted` says otherwise; the tables but `firms` and `overrides`
    are empty. An override moves the offered premium by its own ratio."""
    judged = table(values.OVERRIDE_COLUMNS) if overrides is None else overrides
    return AuditBook(
        at=at,
        regime=regime,
        calibration=calibration,
        firms=_firms(profiles, at, regime, calibration, quoted or [("", Decision.QUOTED)] * len(profiles), judged),
        profiles=tuple(profiles),
        overrides=judged,
        renewals=table(values.RENEWAL_COLUMNS),
        payments=table(values.PAYMENT_COLUMNS),
        claims=table(values.CLAIM_COLUMNS),
        retests=table(values.RETEST_COLUMNS),
        replays=table(values.REPLAY_COLUMNS),
    )


def _firms(
    profiles: Sequence[RiskProfile],
    at: date,
    regime: Regime,
    calibration: Calibration,
    quoted: Sequence[Quoted],
    overrides: pd.DataFrame,
) -> pd.DataFrame:
    t = tariff(calibration, regime)
    found = rated(profiles, at, regime, calibration)
    least = rated([_at_minimum(profile, regime) for profile in profiles], at, regime, calibration)
    kvk = [profile.firm.kvk for profile in profiles]
    highest = np.zeros(len(profiles), dtype=np.int64)
    np.maximum.at(highest, found.risks.policy, found.risks.priced_class)
    offered = _offered(kvk, found.premiums, overrides)
    data = {
        "kvk": kvk,
        "firm": [profile.firm.name for profile in profiles],
        "size_class": [profile.firm.size_class.value for profile in profiles],
        "sector": [t.sector_ids[code] for code in found.risks.sector[found.leading]],
        "country": [profile.firm.country for profile in profiles],
        "obliged_class": [leading_class(profile, regime).id for profile in profiles],
        "priced_class": [t.class_ids[code] for code in highest],
        "turnover_eur": found.risks.turnover,
        "quote_id": [quote for quote, _ in quoted],
        "decision": [decision.value for _, decision in quoted],
        "due_cents": offered + share_of(offered, t.tax),
        "technical_cents": found.premiums.technical,
        "offered_cents": offered,
        "minimum_bound": found.minimum_binds,
        "expected_loss": found.expected_loss,
        "expected_loss_minimum_cover": least.expected_loss,
        "term_years": found.risks.term_years,
    }
    return pd.DataFrame(data)[list(values.FIRM_COLUMNS)].astype(dict(values.FIRM_COLUMNS))


def _at_minimum(profile: RiskProfile, regime: Regime) -> RiskProfile:
    """The same firm with the least cover of its class."""
    floor = leading_class(profile, regime)
    terms = Terms(floor.minimum_deductible, floor.minimum_limit, floor.minimum_aggregate)
    return replace(profile, cover=replace(profile.cover, terms=terms))


def _offered(kvk: Sequence[str], premiums: Premiums, overrides: pd.DataFrame) -> Cents:
    """Technical premium after the last judgement on each firm, (N,) in cents."""
    last = overrides.sort_values("at", kind="stable").drop_duplicates("kvk", keep="last").set_index("kvk")
    ratio = (last["offered_cents"] / last["technical_cents"]).reindex(list(kvk)).fillna(1.0)
    return np.asarray(np.rint(premiums.technical * ratio.to_numpy(dtype=float)), dtype=np.int64)


def _replays(desk: Desk, firms: pd.DataFrame, progress: Progress) -> pd.DataFrame:
    """Quotes replayed from the archive: all of a small book, a part evenly spread of a large one."""
    picked = firms.iloc[spread(len(firms), MOST_REPLAYS)]
    rows = []
    for done, (kvk, quote) in enumerate(zip(picked["kvk"], picked["quote_id"], strict=True), start=1):
        rows.append((kvk, quote, *_replayed(desk, quote)))
        progress(done, len(picked), "replays")
    return table(values.REPLAY_COLUMNS, rows)


def _replayed(desk: Desk, quote: str) -> tuple[bool, bool]:
    """Whether a quote replays, and whether every line names its source; one that cannot be read does neither."""
    try:
        reasons = all(line.source for line in desk.find(quote).breakdown.lines)
        return desk.replay(quote).identical, reasons
    except WaarborgError:
        return False, False
