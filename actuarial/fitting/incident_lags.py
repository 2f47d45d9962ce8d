"""Reporting lags of publicly known AI incidents, as a table of counts: the external evidence for the reporting delay.

Source: AI Incident Database, snapshot of 2026-07-27, CC BY-SA 4.0 (https://incidentdatabase.ai); only counts are kept.
`python -m actuarial.fitting.incident_lags FOLDER` makes `reference/tables/aiid_lags.csv` anew from the snapshot in
FOLDER, without FOLDER it prints the fits on the table.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from actuarial.fitting.reference_population import table
from actuarial.fitting.survival import DelayFit, Lags, fit_delay, interval
from actuarial.rounding import Floats

TABLE = "aiid_lags.csv"
SOURCE = "AI Incident Database 2026-07-27 CC BY-SA 4.0"
SNAPSHOT = pd.Timestamp("2026-07-27")
DATABASE, PRESS = SERIES = ("database", "press")
FOUNDED = pd.Timestamp("2020-11-01")  # the database opened in that month: before, incidents were entered from archives
LOADED = pd.Timestamp("2022-04-13")  # every earlier entry bears this day, on which the records moved to a new store
EDGES = np.array([0, 1, 2, 4, 8, 15, 31, 61, 91, 183, 366, 731, 1096, 1461, 2192])  # days; bands of the table
USED, LOADED_OLD, EARLY, LATER, NEGATIVE, MISSING = STATUSES = (
    "used",
    "occurred before the load of April 2022",
    "occurred before November 2020",
    "occurred after the last dated report",
    "negative lag",
    "no day of entry or of a dated report",
)
COLUMNS = ["series", "status", "occurred", "low_days", "high_days", "observable_days", "incidents", "source"]


def incident_lags(incidents: pd.DataFrame, reports: pd.DataFrame) -> pd.DataFrame:
    """The table of counts, COLUMNS, from incidents (incident_id, date, db_created) and reports (incident_id, url_date).

    `database` is the lag from occurrence to entry, `press` to the first report whose address bears a date. Rows that
    are used, or occurred before the load, have a quarter of occurrence, a band of lags [low, high) and the mean days
    over which the lags of the cell could have been seen; of the others only the number is kept.
    """
    occurred, entered = (pd.to_datetime(incidents[column], errors="coerce") for column in ("date", "db_created"))
    dated = pd.to_datetime(reports["url_date"], errors="coerce")
    first = incidents["incident_id"].map(dated.groupby(reports["incident_id"]).min())
    entries = _series(DATABASE, occurred, entered, SNAPSHOT, LOADED + pd.Timedelta(days=1))
    publications = _series(PRESS, occurred, first, pd.Timestamp(dated.max()), FOUNDED)
    return pd.concat([entries, publications], ignore_index=True)[COLUMNS]


def _series(name: str, occurred: pd.Series, known: pd.Series, end: pd.Timestamp, start: pd.Timestamp) -> pd.DataFrame:
    """Counts of one series, whose lags could be seen until `end`; those that occurred before `start` are not used."""
    lag, span = (known - occurred).dt.days, (end - occurred).dt.days
    status = np.select(
        [lag.isna() & (span < 0), lag.isna(), occurred < FOUNDED, lag < 0, occurred < start],
        [LATER, MISSING, EARLY, NEGATIVE, LOADED_OLD],
        USED,
    )
    frame = pd.DataFrame({"status": status, "occurred": occurred.dt.to_period("Q").astype(str), "span": span + 1})
    banded = np.isin(status, (USED, LOADED_OLD))
    band = np.searchsorted(EDGES, lag[banded], side="right") - 1
    frame.loc[banded, "low_days"], frame.loc[banded, "high_days"] = EDGES[band], EDGES[band + 1]
    for column in ("occurred", "span"):
        frame[column] = frame[column].where(banded)
    grouped = frame.groupby(["status", "occurred", "low_days", "high_days"], dropna=False)["span"]
    counts = grouped.agg(observable_days="mean", incidents="size").reset_index()
    counts["observable_days"] = counts["observable_days"].round(1)
    return counts.assign(series=name, source=SOURCE)


def as_csv(counts: pd.DataFrame) -> str:
    """The table as text, one line a cell."""
    whole = counts.astype({"low_days": "Int64", "high_days": "Int64"})
    return whole.to_csv(index=False, lineterminator="\n")


def read_lags(folder: Path) -> pd.DataFrame:
    """The table of counts of the snapshot in a folder. Raises FileNotFoundError when it is not there."""
    aiid = folder / "aiid"
    incidents = pd.read_csv(aiid / "incidents_enriched.csv", usecols=["incident_id", "date", "db_created"])
    return incident_lags(
        incidents, pd.read_csv(aiid / "reports_with_url_dates.csv", usecols=["incident_id", "url_date"])
    )


def public_lags(series: str = DATABASE, statuses: tuple[str, ...] = (USED,)) -> Lags:
    """The shipped lags of a series as what the delay is fitted on; `statuses` says which of the banded rows to use."""
    rows = [row for row in table(TABLE) if row["series"] == series]
    counts = {status: sum(int(row["incidents"]) for row in rows if row["status"] == status) for status in STATUSES}
    used = [row for row in rows if row["status"] in statuses]

    def column(name: str) -> Floats:
        return np.array([float(row[name]) for row in used])

    return Lags(
        data=" ".join(["aiid", *(word for word in (series, *statuses) if word not in (DATABASE, USED))]),
        low=column("low_days"),
        high=column("high_days"),
        observable=column("observable_days"),
        incidents=column("incidents"),
        counts={status: number for status, number in counts.items() if number},
    )


def report() -> Iterator[str]:
    """Markdown: every fit on the table, the counts behind it, and what another law would change."""
    yield "| data | model | first | second | log likelihood | AIC | median days | 90 % days | lags |"
    yield "|---|---|---|---|---|---|---|---|---|"
    fits = [fit_delay(lags) for lags in (public_lags(), public_lags(PRESS), public_lags(DATABASE, (USED, LOADED_OLD)))]
    for fit in fits:
        yield from _model_lines(fit)
    for fit in fits:
        shape, scale = interval(fit).values()
        yield f"\n{fit.data}, {fit.lags:.0f} lags: Weibull shape {fit.shape:.3f} [{shape[1]:.3f}, {shape[2]:.3f}],"
        yield f"scale {fit.scale_days:.1f} days [{scale[1]:.1f}, {scale[2]:.1f}]. {fit.remark}"
        yield "; ".join(f"{row.what}: {row.lags}" for row in fit.counts.itertuples())


def _model_lines(fit: DelayFit) -> Iterator[str]:
    for row in fit.models.to_dict("records"):
        yield (
            f"| {row['data']} | {row['model']} | {row['first']:.3f} | {row['second']:.4g} "
            f"| {row['log_likelihood']:.1f} | {row['aic']:.1f} | {row['median_days']:.1f} | {row['p90_days']:.0f} "
            f"| {row['lags']:.0f} |"
        )


def main(arguments: list[str]) -> None:
    """Write the table from a folder, or print the fits on it."""
    if arguments:
        path = Path(__file__).parents[1] / "reference" / "tables" / TABLE
        path.write_text(as_csv(read_lags(Path(arguments[0]))), "utf-8")
    else:
        sys.stdout.write("\n".join(report()) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
