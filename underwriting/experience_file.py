"""The experience of a market as a file that actuaries hand one another: a folder or a .zip (docs/experience.md).

`read_experience` takes what others wrote: nothing in it is trusted, and every mistake is told at once.
"""

from __future__ import annotations

import csv
import io
import json
import tomllib
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from actuarial.calibration import Calibration, shipped_calibration
from actuarial.fitting.experience import Experience
from actuarial.fitting.experience_frames import experience_of
from policies.findings import BadInputError, Finding, Severity
from policies.regimes import Regime, load_regime
from underwriting import settings
from underwriting.experience_checks import checked, claim_fields, danger_fields, year_fields
from underwriting.experience_table import Field, Table, plain_text, read_table
from underwriting.intake.codes import place, remark
from underwriting.intake.files import content, text_of, unreadable
from underwriting.intake.limits import KIB, MIB, TEXT_LENGTH, Refused, sized
from underwriting.intake.text import shown
from underwriting.intake.zipped import members

FORMAT = "waarborg-experience/1"
META, YEARS, CLAIMS = FILES = ("experience.toml", "years.csv", "claims.csv")
LIMITS = {META: 16 * KIB, YEARS: 512 * MIB, CLAIMS: 128 * MIB}  # bytes
MADE = (1980, 1, 1, 0, 0, 0)  # the day that ZIP counts from: equal content, equal bytes
READABLE = 0o644 << 16
RIGHT_PLACE = f"a folder or a .zip with {', '.join(FILES)}"


# --- writing


def write_experience(path: Path, experience: Experience) -> None:
    """Write an experience to a .zip, or to a folder of any other name. Equal experiences give equal bytes.

    Files of the same name are replaced. Raises OSError when the system refuses.
    """
    folder = path if path.suffix.lower() != ".zip" else path.parent
    folder.mkdir(parents=True, exist_ok=True)
    if folder == path:
        for name, raw in _files(experience):
            (path / name).write_bytes(raw)
        return
    draft = path.with_name(f".{path.name}-draft")
    try:
        with zipfile.ZipFile(draft, "w") as archive:
            for name, raw in _files(experience):
                info = zipfile.ZipInfo(name, MADE)
                info.external_attr, info.compress_type = READABLE, zipfile.ZIP_DEFLATED
                archive.writestr(info, raw)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _files(experience: Experience) -> Iterator[tuple[str, bytes]]:
    """The files of an experience, experience.toml last: a folder without it is none."""
    for name, table in ((YEARS, experience.years), (CLAIMS, experience.claims)):
        yield name, _csv(table)
    lines = [f'format = "{FORMAT}"', f"as_of = {experience.as_of}", f"source = {json.dumps(experience.source)}"]
    if experience.detection is not None:
        lines.append(f"detection = {experience.detection!r}")
    yield META, ("\n".join(lines) + "\n").encode()


def _csv(table: pd.DataFrame) -> bytes:
    """A table as CSV: days as YYYY-MM-DD, numbers to the last bit, empty where there is no value."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows(zip(*(_cells(column) for _, column in table.items()), strict=True))
    return text.getvalue().encode()


def _cells(column: pd.Series) -> list[str]:
    """The cells of a column, each distinct value written once."""
    codes, distinct = pd.factorize(column, use_na_sentinel=False)
    values = distinct.to_numpy().astype("datetime64[D]") if column.dtype.kind == "M" else distinct.to_numpy()
    texts = np.array(["" if pd.isna(value) else str(value) for value in values.tolist()], dtype=object)
    return list(texts[codes])


# --- reading


@dataclass(frozen=True, slots=True)
class _Meta:
    """What experience.toml says."""

    as_of: date
    source: str
    detection: float | None


def read_experience(path: Path, at: date | None = None) -> Experience:
    """The experience in a folder or a .zip. Raises BadInputError with every mistake; `check_experience` says which."""
    return check_experience(path, at)[0]


def check_experience(
    path: Path, at: date | None = None, regime: Regime | None = None, calibration: Calibration | None = None
) -> tuple[Experience, tuple[Finding, ...]]:
    """The experience in a folder or a .zip, and the warnings about it.

    Classes are those of the regime (by default that of the settings), roles and sectors those of the calibration (the
    shipped one). With `at` the experience may not be seen later than that day. A few claims known before they occurred
    are left out with a warning. Raises BadInputError with every mistake at once.
    """
    regime, calibration = regime or load_regime(settings.regime_id()), calibration or shipped_calibration()
    raw, unread = _content(path)
    meta, meta_findings = _meta(raw[META], at) if META in raw else (None, ())
    years, years_findings = _table(raw, YEARS, year_fields(regime, calibration), danger_fields())
    claims, claims_findings = _table(raw, CLAIMS, claim_fields(), ())
    keep, between = checked(years, claims, meta.as_of if meta else None, concealed=not meta or bool(meta.detection))
    found = (*unread, *meta_findings, *years_findings, *claims_findings, *between)
    errors = any(finding.severity is Severity.ERROR for finding in found)
    if errors or meta is None or years is None or claims is None:
        raise BadInputError(found)
    known = pd.DataFrame(claims.values)[keep]
    return experience_of(pd.DataFrame(years.values), known, meta.as_of, meta.source, meta.detection), found


def _content(path: Path) -> tuple[dict[str, bytes], tuple[Finding, ...]]:
    """The bytes of the files of an experience, and which are missing or may not be read."""
    raw: dict[str, bytes] = {}
    found: list[Finding] = []
    if path.is_dir():
        for name in FILES:
            try:
                raw[name] = content(path, name, LIMITS[name])
            except Refused as refused:
                found.append(remark(refused.code, name, refused.message.replace("dossier folder", "folder")))
        return raw, tuple(found)
    try:
        with path.open("rb") as handle:
            raw = _members(handle)
    except OSError as refusal:
        return {}, (remark("file-missing", path.name, f"{unreadable(refusal).message}; right would be {RIGHT_PLACE}"),)
    except Refused as refused:
        return {}, (remark(refused.code, path.name, refused.message),)
    missing = (remark("file-missing", name, f"is not in {path.name}") for name in FILES if name not in raw)
    return raw, tuple(missing)


def _members(handle: BinaryIO) -> dict[str, bytes]:
    """The files of an experience in an archive, checksums verified, others left alone. Raises Refused."""
    try:
        found = members(handle)
        with zipfile.ZipFile(handle) as archive:
            return {name: _inflated(archive, found[name], LIMITS[name]) for name in FILES if name in found}
    except Refused:
        raise Refused("file-unreadable", f"is no archive of an experience; right would be {RIGHT_PLACE}") from None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError):
        raise Refused("file-unreadable", "is damaged or encrypted; right would be the archive as it was made") from None


def _inflated(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    with archive.open(info) as member:
        raw = member.read(most + 1)
    if len(raw) > most:
        raise Refused("file-too-large", f"{info.filename} is larger than {sized(most)}")
    return raw


def _meta(raw: bytes, at: date | None) -> tuple[_Meta | None, tuple[Finding, ...]]:
    """What experience.toml says, None when something in it is wrong."""
    try:
        data = tomllib.loads(text_of(raw))
    except Refused as refused:
        return None, (remark(refused.code, META, refused.message),)
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        return None, (remark("toml-syntax", META, f"is not well-formed TOML: {fault}"),)
    found = [*_wrong_fields(data, at)]
    if found:
        return None, tuple(found)
    detection = data.get("detection")
    return _Meta(data["as_of"], data["source"], None if detection is None else float(detection)), ()


def _wrong_fields(data: Mapping[str, Any], at: date | None) -> Iterator[Finding]:
    """What is wrong with the fields of experience.toml."""
    for name, (right, allowed) in META_FIELDS.items():
        if name in data and not allowed(data[name]):
            yield remark("field-value", place(META, name), f"is {shown(data[name])}; right would be {right}")
        elif name not in data and name != "detection":
            yield remark("field-missing", place(META, name), f"is absent; right would be {right}")
    for name in data.keys() - META_FIELDS.keys():
        message = f"is unknown; right would be one of {', '.join(META_FIELDS)}"
        yield remark("field-unknown", place(META, shown(name)), message)
    as_of = data.get("as_of")
    if at and type(as_of) is date and as_of > at:
        message = f"is {as_of}, later than {at}; right would be data as they stood on that day or before"
        yield remark("date-future", place(META, "as_of"), message)


def _is_day(value: Any) -> bool:
    return type(value) is date


def _is_text(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(plain_text(value))
    except ValueError:
        return False


def _is_chance(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1


META_FIELDS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "format": (f'"{FORMAT}"', lambda value: value == FORMAT),
    "as_of": ("the valuation date, as YYYY-MM-DD without quotes", _is_day),
    "source": (f"a text of at most {TEXT_LENGTH} characters that says where the data come from", _is_text),
    "detection": ("the chance that a concealed incident comes to light, above 0 and at most 1", _is_chance),
}


def _table(
    raw: Mapping[str, bytes], name: str, fields: Sequence[Field], optional: Sequence[Field]
) -> tuple[Table | None, tuple[Finding, ...]]:
    """A table of the experience; None when it is not there, or is no table."""
    if name not in raw:
        return None, ()
    try:
        return read_table(raw[name], name, fields, optional)
    except Refused as refused:
        return None, (remark(refused.code, name, refused.message),)
