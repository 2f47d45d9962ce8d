"""CSV text of others: exactly the columns of the format, cells checked one by one, all findings at once."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

from policies.findings import Finding
from policies.money import Money
from underwriting.intake.codes import place, remark
from underwriting.intake.files import text_of
from underwriting.intake.limits import FINDINGS, TABLE_ROWS, TEXT_LENGTH, Refused
from underwriting.intake.schema import parse_day
from underwriting.intake.text import is_formula, mixes_alphabets, shown, unseen

SIGNED_NUMBER = re.compile(r"\s*[+-]\d+([.,]\d+)?\s*", re.ASCII)  # wrong in every column, but no formula
COUNT = re.compile(r"\d{1,8}", re.ASCII)
AMOUNT = re.compile(r"\d{1,12}(\.\d{1,2})?", re.ASCII)
SHARE = re.compile(r"0(\.\d{1,6})?|1(\.0{1,6})?", re.ASCII)
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `parse` turns a cell into a value or raises ValueError; `right` says what would be right."""

    name: str
    right: str
    parse: Callable[[str], Any]
    required: bool = True
    longest: int = TEXT_LENGTH


@dataclass(frozen=True, slots=True)
class Row:
    """A row by its number, the header being row 1, with the values that are right; an empty optional cell is None."""

    number: int
    values: Mapping[str, Any]

    def at(self, file: str, column: str = "") -> str:
        """Where a finding on this row stands."""
        return place(file, f"row {self.number}", *([column] if column else []))


def read_rows(raw: bytes, file: str, columns: Sequence[Column]) -> tuple[tuple[Row, ...], tuple[Finding, ...]]:
    """The rows of a CSV file and what is wrong with its cells. Raises Refused when it is no such table."""
    lines = _lines(unicodedata.normalize("NFC", text_of(raw)))
    names = [cell.strip() for _, cells in islice(lines, 1) for cell in cells]
    if sorted(names) != sorted(column.name for column in columns):
        wanted = ",".join(column.name for column in columns)
        raise Refused("csv-columns", f"row 1 is {shown(','.join(names))}; right would be {wanted}, separated by commas")
    by_name = {column.name: column for column in columns}
    rows: list[Row] = []
    found: list[Finding] = []
    for number, cells in lines:
        row, wrong = _row(number, cells, file, [by_name[name] for name in names])
        rows.append(row)
        found += wrong
        if len(found) > FINDINGS:
            found.append(remark("file-many-findings", file, f"more than {FINDINGS} findings; mend these first"))
            break
    return tuple(rows), tuple(found)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that hold anything, with their number. Raises Refused."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for number, cells in enumerate(reader, 1):
            if number > TABLE_ROWS + 1:
                raise Refused("file-too-large", f"has more than {TABLE_ROWS} rows")
            if any(cells):
                yield number, cells
    except csv.Error:
        right = "cells separated by commas, a quote inside quotes written twice, every quote closed"
        raise Refused("csv-syntax", f"line {reader.line_num} is not well-formed CSV; right would be {right}") from None


def _row(number: int, cells: list[str], file: str, columns: Sequence[Column]) -> tuple[Row, list[Finding]]:
    values: dict[str, Any] = {}
    row = Row(number, values)
    if len(cells) != len(columns):
        message = f"has {len(cells)} cells; right would be {len(columns)}, one for each column of row 1"
        return row, [remark("csv-width", row.at(file), message)]
    found: list[Finding] = []
    for column, cell in zip(columns, cells, strict=True):
        subject = row.at(file, column.name)
        hostile = _hostile(cell, subject, column)
        if hostile:
            found.append(hostile)
            continue
        if mixes_alphabets(cell):
            message = f"is {shown(cell)}: one word mixes letters of two alphabets; check that it is the right name"
            found.append(remark("text-mixed-alphabets", subject, message))
        try:
            values[column.name] = _value(cell.strip(), column)
        except ValueError:
            code = "field-value" if cell.strip() else "field-missing"
            found.append(remark(code, subject, f"is {shown(cell)}; right would be {column.right}"))
    return row, found


def _value(cell: str, column: Column) -> Any:
    if cell or column.required:
        return column.parse(cell)
    return None


def _hostile(cell: str, subject: str, column: Column) -> Finding | None:
    """The finding on a cell that must not even be looked at further."""
    if hidden := unseen(cell):
        message = f"holds {hidden}, a terminal escape, control or invisible character; right would be plain text"
        return remark("text-control", subject, message)
    if len(cell) > column.longest:
        message = f"has {len(cell)} characters; right would be at most {column.longest}"
        return remark("field-value", subject, message)
    if is_formula(cell) and not SIGNED_NUMBER.fullmatch(cell):
        message = f"is {shown(cell)}, which a spreadsheet would run; right would be {column.right}"
        return remark("csv-formula", subject, message)
    return None


def _matching(pattern: re.Pattern[str], cell: str) -> str:
    if not pattern.fullmatch(cell):
        raise ValueError(cell)
    return cell


def an_id(cell: str) -> str:
    """An id of the format."""
    return _matching(ID, cell)


def count_to(most: int) -> Callable[[str], int]:
    """A whole number from 0 to `most`, which has at most eight digits."""

    def count(cell: str) -> int:
        if int(_matching(COUNT, cell)) > most:
            raise ValueError(cell)
        return int(cell)

    return count


def an_amount(cell: str) -> Money:
    """Euros from 0 with at most two decimals."""
    return Money.euros(_matching(AMOUNT, cell))


def a_share(cell: str) -> float:
    """A number from 0 to 1 with at most six decimals."""
    return float(_matching(SHARE, cell))


def a_day(cell: str) -> date:
    """A date written YYYY-MM-DD."""
    day = parse_day(cell)
    if day is None:
        raise ValueError(cell)
    return day


def a_text(cell: str) -> str:
    """Any text that is not empty."""
    if not cell:
        raise ValueError("empty")
    return cell
