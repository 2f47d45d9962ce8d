"""Tables of a calibration's validation as written cells: which columns are shown, and how each is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from underwriting.documents.content import Dot, Figure, Records, Row, Section, Table, Tables
from underwriting.documents.voice import DASH, Voice, finite
from underwriting.intake.text import safe

COUNTS = frozenset(
    "claims system_years expected actual lags publicised firms systems trials incidents sd_factor policy_years".split()  # noqa: SIM905
)
SHARES = frozenset(("reported_share", "credibility", "share", "prior_share", "weight", "silence", "prior_mean"))
NAMED = {"verdict": "verdict_word", "model": "model", "data": "data", "basis": "basis", "factor": "factor"}
PLAIN = frozenset("what covariate left_out source analysis test file digest reservation by reason".split())  # noqa: SIM905
HELD = ("constraints", "constraints_free")
EFFECTS = ("bound", "value", "unconstrained", "slack", "deviance_paid")  # of HELD, to the same decimals throughout
OWN = ("constraint", "severity")  # written by their section
WORDS = frozenset((*NAMED, *PLAIN, "path", "peril", "head", "level", "increasing", "concave", "effective_from", *OWN))
BRANCHES = {"classes": "class", "roles": "role", "sectors": "sector", "autonomy": "autonomy"}  # of the artefact
CRITERIA = frozenset(("deviance", "aic", "log_likelihood", "log_score"))
DIGITS, CRITERION_DIGITS = 3, 5  # of the largest number of a column: criteria differ in late digits only
MIXED = frozenset(
    ("parameters", "bootstrap", "prior_sensitivity", "credibility", "constraints", "constraints_free")
)  # rows unlike each other


def table(name: str, records: Records, columns: Sequence[str], voice: Voice) -> Table:
    """Records as a table under its caption; `interval` is made of low and high, `xi_interval` of xi_low and xi_high."""
    written = [_column(name, records, column, voice) for column in columns]
    return Table(
        caption=voice.says(f"table.{name}"),
        head=tuple(voice.says(f"column.{column}") for column in columns),
        numeric=tuple(not _is_word(name, column) for column in columns),
        rows=tuple(zip(*written, strict=True)),
    )


def _is_word(name: str, column: str) -> bool:
    return column in WORDS or (name, column) == ("trend_effects", "effect")


def _column(name: str, records: Records, column: str, voice: Voice) -> list[str]:
    """The written cells of one column."""
    if column.endswith("interval"):
        low, high = (f"{column.removesuffix('interval')}{end}" for end in ("low", "high"))
        write = _plain_writer(name, records, (low, high), voice)
        pairs = [(write(row.get(low)), write(row.get(high))) for row in records]
        return [DASH if DASH in pair else " – ".join(pair) for pair in pairs]
    write = _wording(column, voice) if _is_word(name, column) else _number_writer(name, records, column, voice)
    return [write(row.get(column)) for row in records]


def _number_writer(name: str, records: Records, column: str, voice: Voice) -> Callable[[object], str]:
    if column in SHARES or (name, column) == ("tests", "mean"):
        return lambda value: voice.percent(value, 1)
    if column.endswith("_eur") or column == "moved_eur_per_point":
        return voice.euros
    if name in HELD and column in EFFECTS:
        return lambda value: voice.decimal(value, DIGITS)
    special = {"year": voice.year, "p": voice.probability, "psi": lambda value: voice.decimal(value, 3)}
    return special.get(column) or _plain_writer(name, records, (column,), voice)


def _plain_writer(name: str, records: Records, columns: Sequence[str], voice: Voice) -> Callable[[object], str]:
    """All numbers of some columns to the same decimals, or each to its own where they are of different kinds."""
    known = [number for row in records for column in columns if (number := finite(row.get(column))) is not None]
    if name in MIXED:
        return voice.count if set(columns) <= COUNTS else voice.number
    if set(columns) <= COUNTS:
        whole = all(number == round(number) for number in known)
        return lambda value: voice.decimal(value, 0 if whole else 1)
    digits = CRITERION_DIGITS if set(columns) <= CRITERIA else DIGITS
    places = voice.places(max(map(abs, known), default=0.0), digits)
    return lambda value: voice.decimal(value, places)


def _wording(column: str, voice: Voice) -> Callable[[object], str]:
    if column == "path":
        return lambda value: path_name(str(value or DASH), voice)
    readers = {"covariate": _covariate, "effect": _growth}
    if column in readers:
        return lambda value: readers[column](safe(str(value or DASH)), voice)
    if column == "head":
        return voice.head
    if column in {"increasing", "concave"}:
        return lambda value: voice.says("page.yes" if value else "page.no")
    kind = NAMED.get(column, column)
    return lambda value: voice.name(kind, value)


def path_name(path: str, voice: Voice) -> str:
    """What a parameter of the artefact is, in words; a path that we have no words for is its own name."""
    key, words = _path_words(path.split("."), voice)
    return voice.says(f"path.{key}", **words) if voice.knows(f"path.{key}") else path


def _path_words(parts: Sequence[str], voice: Voice) -> tuple[str, dict[str, object]]:
    """The key of a path's text and its values; an empty key for a path of no known kind."""
    match parts:
        case ["frequency", "perils", peril, what]:
            return what, {"peril": voice.peril(peril)}
        case ["frequency", "maturity", band, *_] if band.isdecimal():
            return "maturity", {"level": int(band) + 1}
        case ["frequency", ("classes" | "roles" | "sectors" | "autonomy") as branch, level]:
            factor = BRANCHES[branch]
            return "level", {"factor": voice.name("factor", factor), "level": voice.name(factor, level)}
        case ["severity", "heads", head, what]:
            return "severity", {"head": head, "what": what}
        case ["mixture", peril, head]:
            return "mixture", {"peril": voice.peril(peril), "head": head}
    return _plain_path_words(parts)


def _plain_path_words(parts: Sequence[str]) -> tuple[str, dict[str, object]]:
    match parts:
        case ["tests", *test, what]:
            return "tests", {"test": ".".join(test), "what": what}
        case ["reporting_lag", what]:
            return f"lag_{what}", {}
        case ["frequency" | "severity", what]:
            return what, {}
    return "", {}


def level_name(factor: object, level: object, voice: Voice) -> str:
    """The name of a level of a factor; the ends of a band are written as the reader's numbers."""
    match str(level).split():
        case ["below", high] if _is_number(high):
            return voice.says("level.below", high=voice.short(float(high)))
        case [low, "to", high] if _is_number(low) and _is_number(high):
            return voice.says("level.between", low=voice.short(float(low)), high=voice.short(float(high)))
        case [low, "and", "more"] if _is_number(low):
            return voice.says("level.above", low=voice.short(float(low)))
    return voice.name(str(factor), level)


def _is_number(word: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", word))


def _covariate(word: str, voice: Voice) -> str:
    """A covariate of a duration: a level of a factor ("class=A5") or a measure."""
    factor, _, level = word.partition("=")
    if not level:
        return voice.name("covariate", word)
    return f"{voice.name('factor', factor)}: {voice.name(factor, level)}"


def _growth(word: str, voice: Voice) -> str:
    """An effect of the trend: "growth of DIS"."""
    _, is_growth, what = word.partition("growth of ")
    return voice.says("effect.growth", what=voice.peril(voice.name("series", what))) if is_growth else word


def numbers(row: Row, *columns: str) -> tuple[float, ...] | None:
    """The numbers of some columns, or None where one of them is none."""
    found = [finite(row.get(column)) for column in columns]
    known = tuple(number for number in found if number is not None)
    return known if len(known) == len(columns) else None


def dot(label: str, row: Row, columns: Sequence[str], note: str = "") -> Dot:
    """A row of a dot plot: columns of value, low, high and, where there is one, the other value."""
    value, low, high, *other = (finite(row.get(column)) for column in columns)
    return Dot(label, value, low, high, other[0] if other else None, note)


def complete(records: Records, *columns: str) -> list[Row]:
    """The rows in which all these columns are numbers."""
    return [row for row in records if numbers(row, *columns) is not None]


def column(records: Records, name: str) -> list[float]:
    """A column of rows that are known to be complete."""
    return [number for row in records if (number := finite(row.get(name))) is not None]


def grouped(records: Records, name: str) -> dict[str, Records]:
    """Rows by the value of a column, in order of appearance."""
    names = dict.fromkeys(str(row.get(name) or "") for row in records)
    return {wanted: [row for row in records if str(row.get(name) or "") == wanted] for wanted in names}


def rows_of(tables: Tables, name: str) -> list[Row]:
    """The records of a table; none where the calibration has no such table."""
    return list(tables.get(name) or ())


def section(
    name: str,
    needs: Sequence[str],
    tables: Tables,
    voice: Voice,
    seen: str,
    figures: Sequence[Figure] = (),
    written: Sequence[Table] = (),
) -> Section:
    """A chapter of the report. `needs` names the tables that it is made of: those that lack are told."""
    lacking = ", ".join(voice.says(f"table.{table}") for table in needs if not tables.get(table))
    return Section(
        id=name.replace("_", "-"),
        title=voice.says(f"section.{name}.title"),
        seen=seen,
        about=voice.says(f"section.{name}.about"),
        figures=tuple(figures),
        tables=tuple(written),
        missing=voice.says("page.missing", names=lacking) if lacking else "",
    )
