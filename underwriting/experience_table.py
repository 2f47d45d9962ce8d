"""Tables of an experience file that others wrote: cells to arrays, a column at once, every mistake told."""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from policies.findings import Finding
from underwriting.intake.codes import place, remark
from underwriting.intake.csvtext import a_day
from underwriting.intake.files import text_of
from underwriting.intake.limits import TEXT_LENGTH, Refused
from underwriting.intake.text import is_formula, shown, unseen

ROWS = 1_000_000
LISTED = 20  # mistakes of one kind; of the others the number is told
FIRST_ROW = 2  # of the file, below the names of the columns
FIRST_YEAR = 1900
NUMBER = re.compile(r"[+-]?\d{1,25}(\.\d{1,25})?([eE][+-]?\d{1,3})?", re.ASCII)
TEXT, DAY, NUMERIC = "O", "datetime64[D]", "f8"  # what a column becomes

Array = NDArray[Any]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Field:
    """A column: `parse` turns a cell into a value of `kind` or raises ValueError; `right` says what would be right."""

    name: str
    right: str
    kind: str
    parse: Callable[[str], Any]
    required: bool = True
    code: str = "field-value"


@dataclass(frozen=True, slots=True)
class Table:
    """A table by columns. Where a cell is empty or wrong its value is "", NaT or NaN. Row 0 is row 2 of the file."""

    file: str
    values: dict[str, Array]
    rows: int

    def has(self, *columns: str) -> bool:
        """Whether these columns are there."""
        return all(column in self.values for column in columns)

    def tell(self, code: str, column: str, wrong: Bools, right: str) -> Iterator[Finding]:
        """The rows in which a value is wrong: what it is, and what would be right."""
        cells = self.values[column]
        return listed(
            code, self.file, column, wrong, lambda row: f"is {shown(str(cells[row]))}; right would be {right}"
        )


def listed(code: str, file: str, column: str, wrong: Bools, message: Callable[[int], str]) -> Iterator[Finding]:
    """A finding for each of the first wrong rows, and how many there are."""
    rows = np.flatnonzero(wrong).tolist()
    for row in rows[:LISTED]:
        yield remark(code, place(file, f"row {row + FIRST_ROW}", column), message(row))
    if len(rows) > LISTED:
        told = f"{len(rows)} rows are wrong in this way; the first {LISTED} are listed"
        yield remark("file-many-findings", place(file, column), told)


def read_table(
    raw: bytes, file: str, fields: Sequence[Field], optional: Sequence[Field] = ()
) -> tuple[Table, tuple[Finding, ...]]:
    """A table of these fields in any order, the optional ones where they are, and what is wrong with its cells.

    Raises Refused when it is no table at all.
    """
    cells = _cells(raw)
    known = {field.name: field for field in (*fields, *optional)}
    found = [*_wrong_columns([str(name) for name in cells], file, fields, known)]
    values: dict[str, Array] = {}
    for name in (name for name in known if name in cells):
        values[name], mistakes = _values(cells[name], known[name], file)
        found += mistakes
    return Table(file, values, len(cells)), tuple(found)


def _cells(raw: bytes) -> pd.DataFrame:
    """Every cell as text, "" where a row ends early. Raises Refused."""
    text = text_of(raw).rstrip()
    header = text[: text.find("\n")].strip().split(",")
    if doubled := {name for name in header if header.count(name) > 1}:
        raise Refused("csv-columns", f"row 1 names {shown(min(doubled))} twice; right would be once")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # of rows that are cut off to the length of row 1
            cells = pd.read_csv(
                io.StringIO(text),
                dtype=str,
                keep_default_na=False,
                index_col=False,
                skip_blank_lines=False,
                nrows=ROWS + 1,
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError) as fault:
        told = str(fault).strip().removeprefix("Error tokenizing data. ")
        right = "cells separated by commas, as many in every row as in row 1, every quote closed"
        raise Refused("csv-syntax", f"is no table ({told}); right would be {right}") from None
    if len(cells) > ROWS:
        raise Refused("file-too-large", f"has more than {ROWS} rows")
    return cells


def _wrong_columns(
    names: Sequence[str], file: str, fields: Sequence[Field], known: dict[str, Field]
) -> Iterator[Finding]:
    where = place(file, "row 1")
    for field in fields:
        if field.name not in names:
            yield remark("csv-columns", where, f"lacks the column {field.name}: {field.right}")
    for name in names:
        if name not in known:
            message = f"has a column {shown(name)}; right would be one of {', '.join(known)}"
            yield remark("csv-columns", where, message)


def _values(cells: pd.Series, field: Field, file: str) -> tuple[Array, list[Finding]]:
    """The values of a column, each distinct cell parsed once, and what is wrong with it."""
    codes, distinct = pd.factorize(cells)
    values: list[Any] = [None] * len(distinct)
    bad = np.zeros(len(distinct), dtype=bool)
    for position, cell in enumerate(distinct):
        try:
            values[position] = _value(cell.strip(), field)
        except ValueError:
            bad[position] = True
    empty = np.array([not cell.strip() for cell in distinct], dtype=bool)

    def told(row: int) -> str:
        return f"is {shown(cells.iloc[row])}; right would be {field.right}"

    mistakes = [
        *listed("field-missing", file, field.name, (bad & empty)[codes], told),
        *listed(field.code, file, field.name, (bad & ~empty)[codes], told),
    ]
    if field.kind == TEXT:
        values = ["" if value is None else value for value in values]
    return np.array(values, dtype=field.kind)[codes], mistakes


def _value(cell: str, field: Field) -> Any:
    return field.parse(cell) if cell or field.required else None


# --- parsers of cells; each raises ValueError


def number(least: float = -math.inf, most: float = math.inf, *, above: bool = False) -> Callable[[str], float]:
    """A finite number from `least`, or with `above` larger than it, to `most`."""

    def parse(cell: str) -> float:
        value = float(cell) if NUMBER.fullmatch(cell) else math.nan
        if not (math.isfinite(value) and least <= value <= most) or (above and value == least):
            raise ValueError(cell)
        return value

    return parse


def one_of(words: Sequence[str]) -> Callable[[str], str]:
    """One of these words."""
    allowed = frozenset(words)

    def parse(cell: str) -> str:
        if cell not in allowed:
            raise ValueError(cell)
        return cell

    return parse


def plain_text(cell: str) -> str:
    """Text that a screen shows as it is and that no spreadsheet runs."""
    if not cell or len(cell) > TEXT_LENGTH or unseen(cell) or is_formula(cell):
        raise ValueError(cell)
    return cell


def day(cell: str) -> np.datetime64:
    """A day written YYYY-MM-DD, of this century or the last."""
    value = a_day(cell)
    if value.year < FIRST_YEAR:
        raise ValueError(cell)
    return np.datetime64(value)
