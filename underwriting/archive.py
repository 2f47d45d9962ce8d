"""The archive: write-once artefacts over the store, each checked against its digest whenever it is read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from policies.digest import canonical_json, plain, sha256_hex
from policies.findings import TamperedError, WaarborgError
from policies.regimes import regime_data, regime_ids
from policies.restore import restore
from policies.risk import RiskProfile
from underwriting.quote import Quote
from underwriting.records import Artefact, Entry, Kind, QuoteRow, artefact, row_of

if TYPE_CHECKING:
    from underwriting.store import Store

FORMAT = "waarborg-quote/1"


def save(store: Store, quote: Quote, sources: Iterable[Artefact], saved_at: date) -> None:
    """Write a quote with its profile and its `sources` (regime, calibration). Saving it again changes nothing.

    Raises WaarborgError when the book holds another quote of the same id.
    """
    profile = artefact(Kind.PROFILE, canonical_json(quote.profile))
    body = {**plain(quote), "profile": profile.sha256}
    content = artefact(Kind.QUOTE, canonical_json({"format": FORMAT, "quote": body}))
    entry = _entry(quote, profile.sha256, content.sha256, saved_at)
    store.add(entry, (profile, content, *sources))


def find(store: Store, prefix: str) -> Quote:
    """The quote whose id starts so. Raises NotFoundError, TamperedError when a digest or the row disagrees."""
    entry = store.entry(prefix)
    data = json.loads(read(store, Kind.QUOTE, entry.content_sha256).content)
    if data.get("format") != FORMAT:
        raise WaarborgError(f"{entry.row.id} has format {data.get('format')!r}; this version reads {FORMAT}")
    body = data["quote"]
    profile = json.loads(read(store, Kind.PROFILE, body["profile"]).content)
    quote = restore(Quote, {**body, "profile": profile})
    if entry != _entry(quote, body["profile"], entry.content_sha256, entry.saved_at):
        raise TamperedError(f"the row of {entry.row.id} has been altered: it differs from the quote it stands for")
    return quote


def read(store: Store, kind: Kind, sha256: str) -> Artefact:
    """An artefact, checked. Raises NotFoundError, TamperedError when it is not what its name says."""
    return _checked(store.artefact(sha256), kind, sha256)


def read_validation(store: Store, sha256: str) -> dict[str, Any]:
    """The validation of that digest, checked. Raises NotFoundError, TamperedError."""
    content = store.validation(sha256)
    if sha256_hex(content.encode()) != sha256:
        raise TamperedError(f"validation {sha256[:12]} has been altered: its content no longer has this digest")
    return dict(json.loads(content))


def newest_profiles(store: Store) -> Iterator[tuple[QuoteRow, RiskProfile]]:
    """The newest quote of every firm with its profile, by business number. Raises TamperedError."""
    for row, source in store.newest():
        _checked(source, Kind.PROFILE, source.sha256)
        yield row, restore(RiskProfile, json.loads(source.content))


def shipped_calibrations() -> tuple[str, ...]:
    """Digests of the calibrations that ship with the program."""
    folder = resources.files("actuarial").joinpath("reference", "calibrations")
    return tuple(sorted(f.name.removesuffix(".json") for f in folder.iterdir() if f.name.endswith(".json")))


@cache
def shipped(kind: Kind, sha256: str) -> Artefact | None:
    """The regime or calibration of that digest among those that ship with the program."""
    if kind is Kind.CALIBRATION:
        file = resources.files("actuarial").joinpath("reference", "calibrations", f"{sha256}.json")
        return artefact(kind, file.read_text("utf-8")) if file.is_file() else None
    candidates = (artefact(kind, canonical_json(regime_data(regime))) for regime in regime_ids())
    return next((found for found in candidates if found.sha256 == sha256), None)


def _entry(quote: Quote, profile_sha256: str, content_sha256: str, saved_at: date) -> Entry:
    return Entry(
        row=row_of(quote),
        kvk=quote.profile.firm.kvk,
        profile_sha256=profile_sha256,
        regime_sha256=quote.regime_sha256,
        calibration_sha256=quote.calibration_sha256,
        content_sha256=content_sha256,
        saved_at=saved_at,
    )


def _checked(found: Artefact, kind: Kind, sha256: str) -> Artefact:
    if found.kind is not kind or sha256_hex(found.content.encode()) != sha256:
        raise TamperedError(f"{kind} {sha256[:12]} has been altered: its content no longer has this digest")
    return found
