"""The schema says what the code reads: same fields, same words, and a dossier valid for one is valid for the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dossiers import AT, dossier_data, save_dossier
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from policies.digest import plain
from policies.heads import HEADS
from policies.regimes import load_regime
from policies.risk import AISystem, Cover, Firm, Role, SizeClass
from policies.safety import Independence
from policies.terms import Terms
from underwriting.intake.dossier import read_dossier
from underwriting.intake.schema import dossier_schema, parse_day, right_for

SCHEMA = dossier_schema()
REGIME = load_regime("nl-2027")


def definition(name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = SCHEMA["$defs"][name]
    return found


def words(table: str, field: str) -> set[str]:
    return set(definition(table)["properties"][field]["enum"])


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_words_of_the_schema_are_those_of_the_code() -> None:
    assert words("firm", "size_class") == set(SizeClass)
    assert words("evidence", "independence") == set(Independence)
    assert set(definition("system")["properties"]["roles"]["items"]["enum"]) == set(Role)


def test_fields_of_the_schema_are_those_of_the_values() -> None:
    def named(value: type) -> set[str]:
        return {field.name for field in fields(value)}

    def bare(table: str) -> set[str]:
        return {name.removesuffix("_eur") for name in definition(table)["properties"]}

    assert bare("firm") == named(Firm)
    assert bare("system") - {"evidence"} == named(AISystem) - {"runs"}
    assert bare("cover") == named(Cover) - {"terms"} | named(Terms)


def nodes(node: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, dict):
        yield node
        for inner in node.values():
            yield from nodes(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from nodes(inner)


def test_every_text_and_list_has_an_end() -> None:
    for node in nodes(SCHEMA):
        if node.get("type") == "string":
            assert {"maxLength", "pattern", "format"} & set(node)
        if node.get("type") == "array":
            assert "maxItems" in node
        if node.get("type") == "number":
            assert "maximum" in node


def test_every_field_says_what_would_be_right() -> None:
    for table, path in (("firm", ("firm",)), ("cover", ("cover",)), ("system", ("systems", 0))):
        for field in definition(table)["properties"]:
            assert right_for((*path, field))
    for field in definition("evidence")["properties"]:
        assert right_for(("systems", 0, "evidence", 0, field))


def amounts(low: int = 0) -> st.SearchStrategy[Decimal | int]:
    cents = st.integers(low * 100, 10**13).map(lambda cents: Decimal(cents) / 100)
    return st.integers(low, 10**11) | cents


NAMES = st.text(st.characters(codec="utf-8", categories=["L", "Nd"]), min_size=1, max_size=50)
DAYS = st.dates(date(1900, 1, 1), AT)


@st.composite
def declarations(draw: st.DrawFn) -> dict[str, Any]:
    """Valid data of dossier.toml: every optional field present or not, values over their whole range."""
    data = dossier_data()
    limit, term = draw(amounts(1)), draw(st.integers(1, 60))
    home, world = sorted((draw(amounts()), draw(amounts())))
    data["firm"] |= {
        "name": draw(NAMES),
        "kvk": draw(st.from_regex(r"\A[0-9]{8}\Z").filter(int)),
        "size_class": draw(st.sampled_from(SizeClass)).value,
        "turnover_nl_eur": home,
        "turnover_world_eur": world,
        "founded": draw(DAYS),
    } | draw(st.just({}) | st.just({"lei": "00000FICTIEVOORBEE14"}))
    data["cover"] |= {
        "term_months": term,
        "heads": draw(st.lists(st.sampled_from(list(HEADS)), unique=True)),
        "limit_eur": limit,
        "aggregate_limit_eur": limit + draw(st.integers(0, 10**9)),
        "deductible_eur": draw(amounts().filter(lambda deductible: deductible < limit) | st.just(0)),
        "instalments": draw(st.sampled_from([n for n in REGIME.instalments if n <= term])),
    }
    data["systems"][0] |= {
        "name": draw(NAMES),
        "roles": [role.value for role in draw(st.lists(st.sampled_from(Role), min_size=1, unique=True))],
        "self_assessed_class": draw(st.sampled_from(REGIME.class_words())),
        "autonomy": draw(st.integers(0, 3)),
        "persons_per_month": draw(st.integers(0, 10**10) | st.decimals(0, 10**10, allow_nan=False)),
        "deployed": draw(st.dates(date(1990, 1, 1), data["cover"]["inception"])),
        "foundation_model": draw(st.sampled_from(["none", "fictie/model@1", "host/fictie/model@2026-01-01"])),
    } | draw(
        st.fixed_dictionaries(
            {},
            optional={
                "assessed_class": st.sampled_from(REGIME.class_words()),
                "annex_iii_area": st.integers(1, 8),
                "eu_db_id": NAMES,
                "training_flop": st.integers(1, 10**18) | st.just(Decimal("3e25")),
                "evidence": st.just([]),
            },
        )
    )
    return data


def as_json(value: Any) -> Any:
    """What a reader of JSON would hold: floats for decimals, text for dates."""
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    return float(value) if isinstance(value, Decimal) else plain(value)


@given(declarations())
def test_a_valid_declaration_passes_schema_and_code_and_keeps_its_values(data: dict[str, Any]) -> None:
    with TemporaryDirectory() as folder:
        submission = read_dossier(save_dossier(Path(folder), data), REGIME, AT)
    assert list(Draft202012Validator(SCHEMA).iter_errors(as_json(data))) == []
    assert submission.profile is not None, submission.findings
    firm, cover, (system,) = submission.profile.firm, submission.profile.cover, submission.profile.systems
    assert firm.turnover_nl.cents == data["firm"]["turnover_nl_eur"] * 100
    assert cover.terms.limit.cents == data["cover"]["limit_eur"] * 100
    assert cover.terms.deductible.cents == data["cover"]["deductible_eur"] * 100
    assert list(cover.heads) == data["cover"]["heads"]
    assert system.persons_per_month == float(data["systems"][0]["persons_per_month"])
    assert system.deployed == data["systems"][0]["deployed"]
    assert system.annex_iii_area == data["systems"][0].get("annex_iii_area")


@given(st.dates())
def test_days_are_read_as_written_within_their_years(day: date) -> None:
    assert parse_day(day.isoformat()) == (day if 1500 <= day.year <= 2199 else None)


@given(st.text(max_size=12))
def test_nothing_else_is_a_day(text: str) -> None:
    day = parse_day(text)
    assert day is None or day.isoformat() == text


def test_the_week_and_the_basic_form_are_no_days() -> None:
    assert parse_day("2026-11-24") == AT
    assert parse_day("20261124") is None
    assert parse_day("2026-W48-2") is None
