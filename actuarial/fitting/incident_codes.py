"""Reported incidents read as perils and heads: from coded public incidents to counts that may be shipped.

`python -m actuarial.fitting.incident_codes FOLDER` reads the incident databases in FOLDER (never shipped) and writes
aiid_counts.csv, aiid_codes.csv and aiid_links.csv among the reference tables. docs/methods/mixture.md and trend.md say
what they are for; incident_codes.toml holds the mapping with its reasons.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from actuarial.fitting.incident_links import link_counts
from actuarial.rounding import Floats
from policies.heads import HEADS
from policies.perils import PERILS

OUTSIDE, UNCODED = "outside", "uncoded"  # no peril of this market; no code at all
SEVERAL = "several"  # a code of several perils, which says nothing about the heads of each
NO_HEAD = "none"  # annotated, but no harm that belongs to a head
LABELS = (*PERILS, OUTSIDE, UNCODED)
DECIMALS = 3  # of counts, which are sums of weights
TABLES = Path(__file__).parent.parent / "reference" / "tables"


@cache
def authored() -> Mapping[str, Any]:
    """The mapping of incident_codes.toml."""
    return tomllib.loads(resources.files("actuarial.fitting").joinpath("incident_codes.toml").read_text("utf-8"))


def visible_heads() -> frozenset[str]:
    """Heads that a coded harm can show: fines, defence and own cost are never coded."""
    mapping = authored()
    shares = [*mapping["harm_v0"].values(), *mapping["harm_v1"].values()]
    return frozenset({mapping["injury"]["head"]}.union(*shares))


def peril_weights(incidents: pd.DataFrame) -> Floats:
    """Weights of each incident over LABELS, (N, L); every row sums to 1.

    Reads the columns mit_subdomain_2025, mit_domain_navigator_2026, cset_sector, cset_lives_lost and cset_injuries.
    Raises ValueError for a subdomain that the mapping does not know.
    """
    mapping, subdomain = authored(), incidents["mit_subdomain_2025"].fillna("").str[:3]
    unknown = set(subdomain) - {""} - set(mapping["subdomain"])
    if unknown:
        raise ValueError(f"the mapping does not know subdomain {', '.join(sorted(unknown))}")
    weights = np.zeros((len(incidents), len(LABELS)))
    for code, entry in mapping["subdomain"].items():
        weights[subdomain == code] = _row(entry["perils"], LABELS)
    sector = incidents["cset_sector"].fillna("").str.lower()
    for entry in reversed(mapping["sector"]):
        chosen = (subdomain == entry["subdomain"]) & sector.str.contains(entry["contains"], regex=False)
        weights[chosen] = _row(entry["perils"], LABELS)
    injured = (incidents["cset_lives_lost"].fillna(0) + incidents["cset_injuries"].fillna(0)) > 0
    weights[injured] = _row({mapping["injury"]["peril"]: 1.0}, LABELS)
    return _filled_by_domain(weights, incidents["mit_domain_navigator_2026"].fillna("").to_numpy(dtype=str))


def _filled_by_domain(weights: Floats, domains: np.ndarray[Any, np.dtype[np.str_]]) -> Floats:
    """Incidents without weights take the mean of those of their domain; uncoded where there is no domain either."""
    filled, coded = weights.copy(), weights.sum(axis=1) > 0.0
    for domain in np.unique(domains[~coded]):
        known = coded & (domains == domain)
        mean = weights[known].mean(axis=0) if domain and known.any() else _row({UNCODED: 1.0}, LABELS)
        filled[~coded & (domains == domain)] = mean
    return filled


def head_weights(incidents: pd.DataFrame, cset_v0: pd.DataFrame, cset_v1: pd.DataFrame) -> Floats:
    """Weights of each incident over the heads, (N, H): the mean over the harms coded for it, in either CSET coding.

    A row is zero where no harm of a head is coded, and NaN where nobody annotated the incident.
    """
    mapping, heads = authored(), tuple(HEADS)
    position = pd.Index(incidents["incident_id"])
    total, codes = np.zeros((len(incidents), len(heads))), np.zeros(len(incidents))

    def add(ids: pd.Series, shares: Mapping[str, float]) -> None:
        rows = position.get_indexer(pd.Index(ids.astype(int).unique()))
        total[rows[rows >= 0]] += _row(shares, heads)
        codes[rows[rows >= 0]] += 1.0

    harms = cset_v0.assign(harm=cset_v0["Harm Type"].fillna("").str.split(", ")).explode("harm")
    for text, shares in mapping["harm_v0"].items():
        add(harms.loc[harms["harm"].str.startswith(text), "Incident ID"], shares)
    for field, shares in mapping["harm_v1"].items():
        add(cset_v1.loc[cset_v1[field] == "yes", "Incident ID"], shares)
    injured = (pd.to_numeric(cset_v1["Lives Lost"]).fillna(0) + pd.to_numeric(cset_v1["Injuries"]).fillna(0)) > 0
    add(cset_v1.loc[injured, "Incident ID"], {mapping["injury"]["head"]: 1.0})
    annotated = set(cset_v0["Incident ID"].astype(int)) | set(
        cset_v1.loc[cset_v1["Harm Domain"].notna(), "Incident ID"].astype(int)
    )
    weights = total / np.maximum(codes, 1.0)[:, None]
    weights[~incidents["incident_id"].isin(annotated)] = np.nan
    return weights


def incident_counts(incidents: pd.DataFrame) -> pd.DataFrame:
    """Incidents by peril, year of occurrence and year of entry into the database: peril, year, entry_year, incidents.

    The year of entry makes it possible to see the counts as they were known at the end of any year since 2022, when the
    database was moved and the dates of earlier entries were lost.
    """
    keys = pd.DataFrame(
        {"year": incidents["date"].str[:4].astype(int), "entry_year": incidents["db_created"].str[:4].astype(int)}
    )
    counts = pd.DataFrame(peril_weights(incidents), columns=list(LABELS)).groupby([keys["year"], keys["entry_year"]])
    return _tidy(counts.sum().rename_axis(columns="peril").stack(), ["peril", "year", "entry_year"])


def head_counts(incidents: pd.DataFrame, cset_v0: pd.DataFrame, cset_v1: pd.DataFrame) -> pd.DataFrame:
    """Annotated incidents by peril and head: peril, head, incidents. NO_HEAD holds those without a harm of a head.

    A code that covers several perils cannot say which of them a head belongs to: such incidents are counted as SEVERAL.
    """
    perils, heads = peril_weights(incidents), head_weights(incidents, cset_v0, cset_v1)
    annotated = ~np.isnan(heads).any(axis=1)
    perils, heads = perils[annotated], heads[annotated]
    certain = perils.max(axis=1) == 1.0
    perils = np.column_stack([perils * certain[:, None], ~certain])
    counts = pd.DataFrame(
        perils.T @ np.column_stack([heads, 1.0 - heads.sum(axis=1)]),
        index=pd.Index([*LABELS, SEVERAL], name="peril"),
        columns=pd.Index([*HEADS, NO_HEAD], name="head"),
    )
    return _tidy(counts.stack(), ["peril", "head"])


def _row(shares: Mapping[str, float], labels: tuple[str, ...]) -> Floats:
    return np.array([shares.get(label, 0.0) for label in labels])


def _tidy(counts: pd.Series | pd.DataFrame, order: list[str]) -> pd.DataFrame:
    """Non-zero counts as rows, sorted, rounded."""
    frame = pd.Series(np.asarray(counts).ravel(), index=counts.index, name="incidents").round(DECIMALS).reset_index()
    return frame.loc[frame["incidents"] > 0.0, [*order, "incidents"]].sort_values(order).reset_index(drop=True)


def tables(folder: Path) -> dict[str, pd.DataFrame]:
    """The shipped tables by file name, from the databases in `folder`: its subfolder aiid and aiaaic_incidents.csv."""
    aiid = folder / "aiid"
    incidents = pd.read_csv(aiid / "incidents_enriched.csv")
    v0 = pd.read_csv(aiid / "classifications_CSETv0.csv", dtype=str)
    v1 = pd.read_csv(aiid / "classifications_CSETv1.csv", dtype=str)
    second = pd.read_csv(folder / "aiaaic_incidents.csv", dtype=str)
    return {
        "aiid_counts.csv": incident_counts(incidents),
        "aiid_codes.csv": head_counts(incidents, v0, v1),
        "aiid_links.csv": link_counts(incidents, second, authored()["link"]["threshold"]),
    }


def main(arguments: list[str]) -> None:
    """Write the tables."""
    (folder,) = arguments
    for name, frame in tables(Path(folder)).items():
        frame.to_csv(TABLES / name, index=False, lineterminator="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
