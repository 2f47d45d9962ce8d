"""What makes rows of an experience file a market: fields of its tables, and the checks between rows and tables."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from actuarial.calibration import Calibration
from actuarial.fitting.experience import CONDUCTS, DISCOVERED, Experience, danger_column, rows_of_claims
from policies.findings import Finding, Severity
from policies.heads import HEADS
from policies.perils import PERILS
from policies.regimes import Regime
from underwriting.experience_table import (
    DAY,
    FIRST_ROW,
    NUMERIC,
    TEXT,
    Array,
    Bools,
    Field,
    Table,
    day,
    listed,
    number,
    one_of,
    plain_text,
)
from underwriting.intake.codes import place, remark

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)  # room for the id of a firm and that of its system
RIGHT_ID = "an id of 1 to 128 letters, digits, dots, underscores and hyphens"
RIGHT_DAY = "a day, as YYYY-MM-DD"
FEW = 0.02  # share of claims known before they occurred that is taken for slips of the pen and left out


LEAST_UNITS, MOST_UNITS = 1e-6, 1e6  # a tenth of a person a year; more units than the Union has people
MOST_DANGER = 100.0  # no failure rate that a test can show lies further from its population
MOST_LOSS = 1e12  # euros: more than a year of the Dutch economy is no claim


def loss(cell: str) -> float:
    """A loss in euros: above 0, within reason."""
    return number(0, MOST_LOSS, above=True)(cell)


def year_fields(regime: Regime, calibration: Calibration) -> tuple[Field, ...]:
    """The fields of years.csv but for the danger scores."""
    return (
        Field("firm", RIGHT_ID, TEXT, an_id),
        Field("system", RIGHT_ID + ", unique in the market", TEXT, an_id),
        Field("start", RIGHT_DAY + ": the first day at risk", DAY, day),
        Field("end", RIGHT_DAY + ": the first day no longer at risk", DAY, day),
        Field("deployed", RIGHT_DAY, DAY, day),
        _word("obliged_class", tuple(regime.classes)),
        _word("role", tuple(calibration.roles)),
        _word("autonomy", tuple(str(level) for level in range(len(calibration.autonomy)))),
        _word("sector", tuple(calibration.sectors)),
        Field("foundation_model", "a line of plain text", TEXT, plain_text),
        Field("turnover_eur", "an amount in euros a year, from 0", NUMERIC, number(0)),
        Field(
            "exposure",
            f"units a year, from {LEAST_UNITS:g} to {MOST_UNITS:g}",
            NUMERIC,
            number(LEAST_UNITS, MOST_UNITS),
        ),
        Field("compliance", "a number from 0 to 1", NUMERIC, number(0, 1)),
    )


def danger_fields() -> tuple[Field, ...]:
    """The danger scores of years.csv, of which at least one is there."""
    right = f"a danger score: a number from {-MOST_DANGER:g} to {MOST_DANGER:g}, 0 for the market"
    return tuple(Field(danger_column(peril), right, NUMERIC, number(-MOST_DANGER, MOST_DANGER)) for peril in PERILS)


def claim_fields() -> tuple[Field, ...]:
    """The fields of claims.csv."""
    return (
        Field("system", RIGHT_ID + ": a system of years.csv", TEXT, an_id),
        _word("peril", tuple(PERILS)),
        replace(_word("head", tuple(HEADS)), required=False),
        Field("occurred", RIGHT_DAY, DAY, day),
        Field("known", RIGHT_DAY + ", not before it occurred", DAY, day),
        _word("conduct", CONDUCTS),
        Field("loss_eur", f"euros, above 0 and at most {MOST_LOSS:g}; empty when not known", NUMERIC, loss, False),
        Field("settled", RIGHT_DAY + ", not before it was known; empty while open", DAY, day, required=False),
    )


def an_id(cell: str) -> str:
    """An id of the format. Raises ValueError."""
    if not ID.fullmatch(cell):
        raise ValueError(cell)
    return cell


def _word(name: str, words: tuple[str, ...]) -> Field:
    return Field(name, f"one of {', '.join(words)}", TEXT, one_of(words), code="word-unknown")


def checked(
    years: Table | None, claims: Table | None, as_of: date | None, *, concealed: bool
) -> tuple[Bools, tuple[Finding, ...]]:
    """Which claims to keep (C,), and what is wrong between rows; checks whose fields are absent are left out.

    `concealed` is False where the file states no chance of detection: then no claim can be discovered.
    """
    found: list[Finding] = []
    keep = np.ones(claims.rows if claims else 0, dtype=bool)
    if years:
        found += [*_year_findings(years), *_later(years, ("end", "deployed"), as_of)]
    if claims:
        found += [
            *_claim_findings(claims, concealed=concealed),
            *_later(claims, ("occurred", "known", "settled"), as_of),
        ]
        keep, slips = _known_too_early(claims)
        found += slips
    if years and claims:
        found += _claims_without_years(years, claims)
    return keep, tuple(found)


def _later(table: Table, columns: tuple[str, ...], as_of: date | None) -> Iterator[Finding]:
    """Days after the valuation date."""
    for column in columns if as_of else ():
        if table.has(column):
            wrong = table.values[column] > np.datetime64(as_of)
            yield from table.tell("date-future", column, wrong, f"a day not after the valuation date, {as_of}")


def _year_findings(years: Table) -> Iterator[Finding]:
    values = years.values
    if not years.rows:
        yield remark("field-missing", years.file, "has no row; right would be a row for each system and year at risk")
    if not any(danger_column(peril) in values for peril in PERILS):
        message = f"has no danger score; right would be a column such as {danger_column(next(iter(PERILS)))}"
        yield remark("csv-columns", place(years.file, "row 1"), message)
    if years.has("start", "end"):
        yield from years.tell("date-order", "end", values["end"] <= values["start"], "a day after start")
    if years.has("start", "deployed"):
        yield from years.tell("date-order", "start", values["start"] < values["deployed"], "a day from deployment on")
    if years.has("system", "start", "end"):
        yield from _overlaps(years)
    if years.has("system", "firm"):
        first = pd.Series(values["firm"]).groupby(values["system"]).transform("first").to_numpy()
        wrong = (values["system"] != "") & (values["firm"] != "") & (first != "") & (first != values["firm"])
        yield from years.tell("id-duplicate", "firm", wrong, "one firm for all rows of a system")


def _overlaps(years: Table) -> Iterator[Finding]:
    """Rows of a system that share days, doubled rows among them; the later row of the file is told."""
    system, start, end = (years.values[column] for column in ("system", "start", "end"))
    codes = pd.factorize(system)[0]
    order = np.lexsort((start, codes))
    before, row = order[:-1], order[1:]
    shared = (codes[before] == codes[row]) & (system[row] != "") & (start[row] < end[before])
    later, other = np.maximum(before, row), np.minimum(before, row)
    wrong, of = np.zeros(years.rows, dtype=bool), np.zeros(years.rows, dtype=np.int64)
    wrong[later[shared]], of[later[shared]] = True, other[shared]
    yield from listed(
        "id-duplicate",
        years.file,
        "start",
        wrong,
        lambda at: f"is {start[at]}, within row {of[at] + FIRST_ROW} of the same system; right would be each day once",
    )


def _claim_findings(claims: Table, *, concealed: bool) -> Iterator[Finding]:
    values = claims.values
    if claims.has("known", "settled"):
        wrong = values["settled"] < values["known"]
        yield from claims.tell("date-order", "settled", wrong, "a day not before the claim was known")
    if claims.has("conduct") and not concealed:
        wrong = values["conduct"] == DISCOVERED
        yield from claims.tell("field-missing", "conduct", wrong, "a field detection in experience.toml beside it")
    if claims.has("loss_eur") and claims.rows:
        doubled = pd.DataFrame(values).duplicated().to_numpy() & ~np.isnan(values["loss_eur"])
        yield from claims.tell("id-duplicate", "system", doubled, "each claim once; this row stands above, to the cent")


def _known_too_early(claims: Table) -> tuple[Bools, tuple[Finding, ...]]:
    """Claims to keep: a few that were known before they occurred are left out, many are a mistake."""
    if not claims.has("occurred", "known"):
        return np.ones(claims.rows, dtype=bool), ()
    early = claims.values["known"] < claims.values["occurred"]
    if early.sum() > FEW * claims.rows:
        return ~early, tuple(claims.tell("date-order", "known", early, "a day not before it occurred"))
    if not early.any():
        return ~early, ()
    row = int(np.flatnonzero(early)[0]) + FIRST_ROW
    message = f"lies before occurred in {int(early.sum())} claims, the first in row {row}: they are left out"
    slip = remark("date-order", place(claims.file, "known"), message)
    return ~early, (replace(slip, severity=Severity.WARNING),)


def _among(values: Array, known: Collection[object]) -> Bools:
    """Which texts are among the known ones, by hash: `numpy.isin` compares objects one by one."""
    return np.asarray(pd.Index(values).isin(known))


def _claims_without_years(years: Table, claims: Table) -> Iterator[Finding]:
    """Claims of unknown systems, outside the time at risk of theirs, or of a peril whose danger nobody gives."""
    if years.has("system") and claims.has("system"):
        system = claims.values["system"]
        unknown = ~_among(system, years.values["system"]) & (system != "")
        yield from claims.tell("system-unknown", "system", unknown, "a system of years.csv")
    if claims.has("peril"):
        scored = [peril for peril in PERILS if danger_column(peril) in years.values]
        unscored = ~_among(claims.values["peril"], [*scored, ""])
        right = f"a peril that has a danger score in years.csv: {', '.join(scored)}"
        yield from claims.tell("word-unknown", "peril", unscored, right)
    if years.has("system", "start", "end") and claims.has("system", "peril", "occurred"):
        right = "a day within a row of its system in years.csv"
        yield from claims.tell("field-value", "occurred", _outside(years, claims), right)


def _outside(years: Table, claims: Table) -> Bools:
    """Claims of known systems that fall in none of their rows; a system with a day that is wrong is not judged."""
    table = pd.DataFrame({name: years.values[name] for name in ("system", "start", "end")})
    unclear = table["system"][table["start"].isna() | table["end"].isna()]
    table = table[~_among(table["system"].to_numpy(), ["", *unclear])]
    part = pd.DataFrame({name: claims.values[name] for name in ("system", "peril", "occurred")})
    judged = ~np.isnat(claims.values["occurred"]) & _among(claims.values["system"], table["system"])
    outside = np.zeros(claims.rows, dtype=bool)
    if judged.any():
        outside[judged] = rows_of_claims(Experience(table, part[judged], date.min, "", "")) < 0
    return outside
