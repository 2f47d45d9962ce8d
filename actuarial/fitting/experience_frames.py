"""An Experience from tables of any source: columns in order, one type each, and the digest of what they hold."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from datetime import date

import numpy as np
import pandas as pd

from actuarial.fitting.experience import CLAIM_COLUMNS, YEAR_COLUMNS, Experience, danger_column
from policies.perils import PERILS

YEAR_DAYS = ("start", "end", "deployed")
YEAR_NUMBERS = ("turnover_eur", "exposure", "compliance")
CLAIM_DAYS = ("occurred", "known", "settled")
CLAIM_NUMBERS = ("loss_eur",)
WHOLE = ("autonomy",)
DAY_DTYPE = "datetime64[ns]"


def experience_of(
    years: pd.DataFrame, claims: pd.DataFrame, as_of: date, source: str, detection: float | None = None
) -> Experience:
    """The experience that these tables hold, columns put in the order of the contract, rows left as they stand.

    Texts become str ("" for none), days datetime64[ns] (NaT for none), numbers float (NaN for none). The digest covers
    every value, the valuation date and the detection probability, and not the words of the source. Raises KeyError for
    a column that lacks, ValueError for a value of the wrong type.
    """
    danger = [column for column in map(danger_column, PERILS) if column in years]
    first = _typed(years, (*YEAR_COLUMNS, *danger), YEAR_DAYS, (*YEAR_NUMBERS, *danger))
    second = _typed(claims, CLAIM_COLUMNS, CLAIM_DAYS, CLAIM_NUMBERS)
    digest = hashlib.sha256(repr((as_of.isoformat(), detection)).encode())
    for table in (first, second):
        for part in _content(table):
            digest.update(part)
    return Experience(first, second, as_of, source, digest.hexdigest(), detection)


def _typed(
    table: pd.DataFrame, columns: tuple[str, ...], days: tuple[str, ...], numbers: tuple[str, ...]
) -> pd.DataFrame:
    values: dict[str, object] = {}
    for column in columns:
        found = table[column]
        if column in days:
            values[column] = found.to_numpy().astype(DAY_DTYPE)
        elif column in numbers:
            values[column] = found.to_numpy(dtype=float, na_value=np.nan)
        elif column in WHOLE:
            values[column] = found.to_numpy(dtype=np.int64)
        else:
            values[column] = found.astype(object).where(found.notna(), "").map(str).to_numpy()
    return pd.DataFrame(values)


def _content(table: pd.DataFrame) -> Iterator[bytes]:
    """Names, lengths and values of the columns as bytes that no other table has."""
    yield struct.pack("<q", len(table))
    for name, column in table.items():
        if column.dtype == object:
            values = "\x00".join(column).encode()
        elif column.dtype.kind == "M":
            values = column.to_numpy().astype("datetime64[D]").astype("<i8").tobytes()
        else:
            values = column.to_numpy().astype("<f8").tobytes()
        yield f"{name}\x00{len(values)}\x00".encode()
        yield values
