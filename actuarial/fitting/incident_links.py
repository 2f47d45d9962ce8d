"""Incidents that two independent databases both hold: how much of what happens the first one catches, year by year.

Titles are compared as bags of word stems weighted by rarity (cosine of tf-idf, Salton and Buckley 1988).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from actuarial.rounding import Floats

STEM = 6  # letters of a word that count: "discriminates" and "discrimination" are one
YEARS_APART = 1  # the sources may date one incident a year apart
CLEARLY_APART = 3  # incidents this many years apart are taken as different: what links them is chance
DECIMALS = 3
COMMON = frozenset(
    re.findall(
        "[a-z]+",
        "a about after ai an and are as at be been by for from had has have in into is it its of on over s that the to "
        "use used uses using was were with",
    )
)


def stems(text: str) -> frozenset[str]:
    """The stems of a text, without common words."""
    return frozenset(word[:STEM] for word in re.findall("[a-z0-9]+", text.lower()) if word not in COMMON)


def similarity(first: Sequence[frozenset[str]], second: Sequence[frozenset[str]]) -> Floats:
    """Cosine of every text of `first` with every one of `second`, stems weighted by log(texts / texts with it); (A, B).
    A text without stems resembles nothing."""
    found = Counter(stem for text in (*first, *second) for stem in text)
    rarity = {stem: float(np.log((len(first) + len(second)) / count)) for stem, count in sorted(found.items())}
    column = {stem: number for number, stem in enumerate(rarity)}
    left, right = _unit_rows(first, rarity, column), _unit_rows(second, rarity, column)
    return np.asarray((left @ right.T).toarray())


def _unit_rows(texts: Sequence[frozenset[str]], rarity: dict[str, float], column: dict[str, int]) -> csr_matrix:
    """One row a text, of length 1."""
    cells = [(row, column[stem], rarity[stem]) for row, text in enumerate(texts) for stem in sorted(text)]
    rows, columns, values = (np.array(part) for part in zip(*cells, strict=True)) if cells else (np.array([]),) * 3
    length = np.sqrt(np.bincount(rows.astype(int), values**2, minlength=len(texts)))
    scaled = values / np.maximum(length[rows.astype(int)], np.finfo(float).tiny)
    return csr_matrix((scaled, (rows.astype(int), columns.astype(int))), shape=(len(texts), len(column)))


def link_counts(incidents: pd.DataFrame, second: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """By year of the second source: year, second (its incidents), both (found in the first source too), chance (links
    expected between different incidents, from pairs CLEARLY_APART: an upper bound, as some of those are the same).

    `incidents` has date, title, deployers, developers; `second` has occurred, headline, deployer, developer,
    system_name. Rows of the second source without a year are left out.
    """
    year = pd.to_numeric(second["occurred"].fillna("").str[:4], errors="coerce")
    second, years = second[year.notna()], year[year.notna()].to_numpy(dtype=int)
    ours = _texts(incidents, ("title", "deployers", "developers"))
    theirs = _texts(second, ("headline", "deployer", "developer", "system_name"))
    linked = similarity(theirs, ours) >= threshold
    apart = np.abs(years[:, None] - incidents["date"].str[:4].to_numpy(dtype=int)[None, :])
    different = apart >= CLEARLY_APART
    rate = float((linked & different).sum() / max(int(different.sum()), 1))
    near = apart <= YEARS_APART
    frame = pd.DataFrame(
        {"year": years, "second": 1, "both": (linked & near).any(axis=1), "chance": rate * near.sum(1)}
    )
    counts = frame.astype({"both": int}).groupby("year", as_index=False).sum()
    return counts.round({"chance": DECIMALS})


def _texts(frame: pd.DataFrame, columns: Iterable[str]) -> list[frozenset[str]]:
    words = [frame[column].fillna("") for column in columns]
    return [stems(" ".join(row)) for row in zip(*words, strict=True)]
