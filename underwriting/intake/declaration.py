"""dossier.toml: from bytes to plain data without what is wrong in it, then to firm, cover and systems."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Any

from policies.findings import Finding, Severity
from policies.heads import HEADS
from policies.money import Money
from policies.regimes import Regime
from policies.risk import AISystem, Cover, Firm, Role, SizeClass
from policies.safety import TestRun
from policies.terms import Terms
from underwriting.intake.codes import remark
from underwriting.intake.files import text_of
from underwriting.intake.limits import DOSSIER_LINE, Refused
from underwriting.intake.schema import Path, breaches, parse_day, right_for, spot
from underwriting.intake.text import mixes_alphabets, shown, unseen

Data = Mapping[str, Any]

DEPTH = 8  # the format itself has four levels
INTEGERS = range(-(2**63), 2**63)  # what TOML holds without loss
DECIMALS = 2
LEI_MODULUS = 97
CODE_LETTERS = 2
NOT_ISO = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"}  # CLDR alone


def read_declaration(raw: bytes) -> tuple[Data, tuple[Finding, ...]]:
    """The data of dossier.toml without the values that are wrong, and what is wrong. Raises Refused.

    Dates stay text, numbers are int or Decimal, a wrong entry of a list becomes None.
    """
    text = unicodedata.normalize("NFC", text_of(raw))
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > DOSSIER_LINE:
            raise Refused(
                "file-too-large", f"line {number} has {len(line)} characters; at most {DOSSIER_LINE} are read"
            )
    try:
        data = _plain(tomllib.loads(text, parse_float=_decimal), DEPTH)
    except RecursionError:
        raise Refused("toml-syntax", "lists or tables are nested too deep") from None
    except tomllib.TOMLDecodeError as fault:
        raise Refused("toml-syntax", f"is not well-formed TOML: {fault}") from None
    except ValueError:  # Python refuses to read integers of thousands of digits
        raise Refused("toml-syntax", "holds a number of thousands of digits") from None
    texts = dict(_text_findings(data))
    shape = breaches(data, frozenset(path for path, finding in texts.items() if _is_error(finding)))
    wrong = frozenset(path for path, finding in (*texts.items(), *shape.items()) if _is_error(finding))
    return _without(data, (), wrong), (*texts.values(), *shape.values())


def _is_error(finding: Finding) -> bool:
    return finding.severity is Severity.ERROR


def _decimal(numeral: str) -> Decimal:
    """The number exactly as written; one whose exponent no field could hold is not a number."""
    try:
        return Decimal(numeral)
    except InvalidOperation:
        return Decimal("NaN")


def _plain(value: Any, depth: int) -> Any:
    """TOML data as JSON would hold it: dates as text, integers beyond 64 bits as words that no field allows."""
    if depth < 0:
        raise Refused("toml-syntax", "lists or tables are nested too deep")
    if isinstance(value, dict):
        return {key: _plain(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, depth - 1) for item in value]
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, int) and value not in INTEGERS:
        return "an integer beyond 64 bits"
    return value


def _text_findings(value: Any, path: Path = ()) -> Iterator[tuple[Path, Finding]]:
    """Texts that are hostile or that deceive, whatever their field."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _text_findings(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _text_findings(item, (*path, index))
    elif isinstance(value, str):
        if hidden := unseen(value):
            message = f"holds {hidden}, a terminal escape, control or invisible character; right would be plain text"
            yield path, remark("text-control", spot(path), message)
        elif "[" in value or "]" in value:
            message = f"is {shown(value)}; square brackets are not allowed, as screens may take them for markup"
            yield path, remark("text-markup", spot(path), message)
        elif mixes_alphabets(value):
            message = f"is {shown(value)}: one word mixes letters of two alphabets; check that it is the right name"
            yield path, remark("text-mixed-alphabets", spot(path), message)


def _without(value: Any, path: Path, wrong: frozenset[Path]) -> Any:
    if isinstance(value, dict):
        return {k: _without(v, (*path, k), wrong) for k, v in value.items() if (*path, k) not in wrong}
    if isinstance(value, list):
        return [None if (*path, i) in wrong else _without(v, (*path, i), wrong) for i, v in enumerate(value)]
    return value


# --- Checks that the schema cannot make; each passes over values that are absent because they were wrong.


def check_declaration(data: Data, regime: Regime, at: date) -> Iterator[Finding]:
    """What is wrong with firm, cover and systems under the regime on day `at`."""
    yield from _check_firm(data.get("firm", {}), regime, at)
    yield from _check_cover(data.get("cover", {}), regime)
    inception = _day(data.get("cover", {}), "inception")
    seen: set[str] = set()
    for index, system in systems_of(data):
        path: Path = ("systems", index)
        yield from _check_system(system, path, regime, inception)
        identity = system.get("id", "")
        if identity in seen:
            yield remark("id-duplicate", spot((*path, "id")), f"{shown(identity)} is taken; right would be an own id")
        seen.update({identity} - {""})
        for number, entry in entries_of(system):
            yield from _not_after(at, _day(entry, "registered_at"), (*path, "evidence", number, "registered_at"))


def systems_of(data: Data) -> Iterator[tuple[int, Data]]:
    """The [[systems]] with their index, those that are tables."""
    return ((index, system) for index, system in enumerate(data.get("systems", ())) if isinstance(system, dict))


def entries_of(system: Data) -> Iterator[tuple[int, Data]]:
    """The [[systems.evidence]] of a system with their index, those that are tables."""
    return ((index, entry) for index, entry in enumerate(system.get("evidence", ())) if isinstance(entry, dict))


def _check_firm(firm: Data, regime: Regime, at: date) -> Iterator[Finding]:
    kvk, lei = firm.get("kvk"), firm.get("lei")
    if kvk is not None and not (re.fullmatch(regime.business_number_pattern, kvk) and kvk.strip("0")):
        right = f"a {regime.business_number_name} number of the form {regime.business_number_pattern}, not all zeros"
        yield remark("firm-number", spot(("firm", "kvk")), f"is {shown(kvk)}; right would be {right}", regime.id)
    if lei is not None and int("".join(str(int(c, 36)) for c in lei)) % LEI_MODULUS != 1:
        message = f"is {shown(lei)}, whose check digits are wrong; right would be the LEI as issued"
        yield remark("firm-lei", spot(("firm", "lei")), message, "ISO 17442")
    for name in ("turnover_nl_eur", "turnover_world_eur"):
        yield from _whole_cents(firm, ("firm", name))
    country = firm.get("country")
    if country is not None and country != regime.country and country not in _countries():
        message = f"is {shown(country)}; right would be {right_for(('firm', 'country'))}"
        yield remark("field-value", spot(("firm", "country")), message, "ISO 3166-1")
    home, world = firm.get("turnover_nl_eur"), firm.get("turnover_world_eur")
    if home is not None and world is not None and home > world:
        message = f"is {shown(home)}; right would be at most turnover_world_eur, {shown(world)}"
        yield remark("field-value", spot(("firm", "turnover_nl_eur")), message)
    yield from _not_after(at, _day(firm, "founded"), ("firm", "founded"))


def _countries() -> set[str]:
    """The two-letter codes of ISO 3166-1."""
    from babel import Locale  # noqa: PLC0415 - only a firm from abroad needs it

    return {str(code) for code in Locale("en").territories if len(str(code)) == CODE_LETTERS} - NOT_ISO


def _check_cover(cover: Data, regime: Regime) -> Iterator[Finding]:
    amounts = ("limit_eur", "aggregate_limit_eur", "deductible_eur")
    for name in amounts:
        yield from _whole_cents(cover, ("cover", name))
    limit, aggregate = cover.get("limit_eur"), cover.get("aggregate_limit_eur")
    if limit is not None and aggregate is not None and aggregate < limit:
        message = f"is {shown(aggregate)}; right would be at least limit_eur, {shown(limit)}"
        yield remark("cover-terms", spot(("cover", "aggregate_limit_eur")), message)
    deductible = cover.get("deductible_eur")
    if limit is not None and deductible is not None and deductible >= limit:
        message = f"is {shown(deductible)}; right would be below limit_eur, {shown(limit)}"
        yield remark("cover-terms", spot(("cover", "deductible_eur")), message)
    yield from _known_words(cover.get("heads", ()), tuple(HEADS), ("cover", "heads"), "")
    payments, months = cover.get("instalments"), cover.get("term_months")
    if payments is not None and payments not in regime.instalments:
        message = f"is {payments}; right would be one of {', '.join(map(str, regime.instalments))}"
        yield remark("word-unknown", spot(("cover", "instalments")), message, regime.id)
    elif payments is not None and months is not None and payments > months:
        message = f"is {payments}; right would be at most term_months, {months}"
        yield remark("cover-terms", spot(("cover", "instalments")), message)


def _check_system(system: Data, path: Path, regime: Regime, inception: date | None) -> Iterator[Finding]:
    for name in ("self_assessed_class", "assessed_class"):
        if name in system:
            yield from _known_words((system[name],), regime.class_words(), (*path, name), regime.id)
    yield from _known_words(system.get("roles", ()), tuple(Role), (*path, "roles"), "")
    deployed = _day(system, "deployed")
    if deployed and inception and deployed > inception:
        message = f"is {deployed}; right would be a day not after the inception of cover, {inception}"
        yield remark("date-order", spot((*path, "deployed")), message)


def _known_words(words: Any, allowed: tuple[str, ...], path: Path, reference: str) -> Iterator[Finding]:
    """Words outside a vocabulary, and words said twice."""
    seen: set[str] = set()
    for word in words:
        if word in seen:
            yield remark("id-duplicate", spot(path), f"names {shown(word)} twice; once is enough")
        elif word is not None and word not in allowed:
            message = f"is {shown(word)}; right would be one of {', '.join(allowed)}"
            yield remark("word-unknown", spot(path), message, reference)
        seen.update({word} - {None})


def _whole_cents(table: Data, path: Path) -> Iterator[Finding]:
    value = table.get(str(path[-1]))
    if isinstance(value, Decimal) and value.as_tuple().exponent < -DECIMALS:  # type: ignore[operator]
        yield remark("field-value", spot(path), f"is {shown(value)}; right would be {right_for(path)}")


def _not_after(at: date, day: date | None, path: Path) -> Iterator[Finding]:
    if day and day > at:
        yield remark("date-future", spot(path), f"is {day}; right would be a day not after the day of the quote, {at}")


def _day(table: Data, name: str) -> date | None:
    text = table.get(name)
    return parse_day(text) if text is not None else None


# --- Values, from data in which nothing is wrong.


def firm_of(data: Data) -> Firm:
    """The firm that [firm] declares."""
    return Firm(
        name=data["name"],
        kvk=data["kvk"],
        country=data["country"],
        size_class=SizeClass(data["size_class"]),
        turnover_nl=Money.euros(data["turnover_nl_eur"]),
        turnover_world=Money.euros(data["turnover_world_eur"]),
        founded=date.fromisoformat(data["founded"]),
        lei=data.get("lei"),
    )


def cover_of(data: Data) -> Cover:
    """The cover that [cover] asks for."""
    return Cover(
        inception=date.fromisoformat(data["inception"]),
        term_months=data["term_months"],
        heads=tuple(data["heads"]),
        terms=Terms(
            deductible=Money.euros(data["deductible_eur"]),
            limit=Money.euros(data["limit_eur"]),
            aggregate_limit=Money.euros(data["aggregate_limit_eur"]),
        ),
        instalments=data["instalments"],
    )


def system_of(data: Data, runs: tuple[TestRun, ...]) -> AISystem:
    """The system that one of [[systems]] declares, with the runs read from its evidence."""
    flop = data.get("training_flop")
    return AISystem(
        id=data["id"],
        name=data["name"],
        version=data["version"],
        roles=tuple(Role(role) for role in data["roles"]),
        self_assessed_class=data["self_assessed_class"],
        autonomy=data["autonomy"],
        sector=data["sector"],
        persons_per_month=abs(float(data["persons_per_month"])),  # -0.0 is 0
        deployed=date.fromisoformat(data["deployed"]),
        foundation_model=data["foundation_model"],
        assessed_class=data.get("assessed_class"),
        annex_iii_area=data.get("annex_iii_area"),
        eu_db_id=data.get("eu_db_id"),
        training_flop=float(flop) if flop is not None else None,
        runs=runs,
    )
