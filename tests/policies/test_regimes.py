"""Every regime file, against every rule; and every rule, against a fault planted for it."""

import json
import math
import tomllib
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import regime_rules
from regime_rules import RULES

from policies.digest import canonical_json
from policies.findings import NotFoundError, WaarborgError
from policies.heads import HEADS
from policies.perils import PERILS
from policies.regimes import load_regime, parse_regime, regime_data, regime_ids
from policies.risk import IncidentSeverity

FOLDER = Path(__file__).parents[2] / "policies" / "regimes"
IDS = sorted(path.stem for path in FOLDER.glob("*.toml"))


def data_of(regime_id: str) -> dict[str, Any]:
    return deepcopy(dict(regime_data(regime_id)))


def alter(path: str, change: Callable[[Any], Any]) -> dict[str, Any]:
    """The Dutch regime with one value changed: `path` is dotted, numbers are places in an array, - means delete."""
    data = data_of("nl-2027")
    *way, last = (int(step) if step.isdigit() else step for step in path.split("."))
    table = reduce(lambda inner, step: inner[step], way, data)
    new = change(table.get(last) if isinstance(table, dict) else table[last])
    if new is None:
        del table[last]
    else:
        table[last] = new
    return data


def becomes(value: Any) -> Callable[[Any], Any]:
    return lambda _: value


gone = becomes(None)

# rule, where, what: a fault of each kind that a rule is there to see
FAULTS: list[tuple[str, str, Callable[[Any], Any]]] = [
    ("dated_and_cited", "levy.since", gone),
    ("dated_and_cited", "levy.since", becomes("2027-01-01")),
    ("dated_and_cited", "premium_tax.source", gone),
    ("dated_and_cited", "premium_tax.source", becomes(" ")),
    ("dated_and_cited", "premium_tax.mark", becomes("proposal")),
    ("dated_and_cited", "levy.mark", becomes("guess")),
    ("dated_and_cited", "instalments.mark", gone),
    ("dated_and_cited", "battery.DIS.1.since", gone),
    ("dated_and_cited", "evidence.independence.mark", gone),
    ("numbers_name_their_unit", "levy.rate", becomes(0.02)),
    ("numbers_name_their_unit", "instalments.allowed", becomes([1, 12])),
    ("numbers_are_in_range", "premium_tax.rate_share", becomes(21)),
    ("numbers_are_in_range", "classes.0.minimum_premium_eur", becomes(-1)),
    ("no_unknown_keys", "classes.3.escalates_at_person", becomes(5)),
    ("no_unknown_keys", "battery.DIS.0.weigth_share", becomes(0.5)),
    ("titles_in_both_languages", "classes.2.title_nl", gone),
    ("titles_in_both_languages", "obligations.2.title", becomes("")),
    ("class_words_mean_one_class", "classes.1.vocabulary", becomes(["A1", "annex_iii"])),
    ("class_words_mean_one_class", "classes.4.vocabulary", becomes(["A4", "prohibited"])),
    ("class_words_mean_one_class", "classes.4.vocabulary", becomes([])),
    ("class_words_mean_one_class", "market_access.declined_words", becomes([])),
    ("classes_ascend", "classes.3.priced_when_self_assessed", becomes("A3")),
    ("classes_ascend", "classes.3.priced_when_self_assessed", becomes("A0")),
    ("classes_ascend", "classes.3.escalates_to", gone),
    ("classes_ascend", "classes.2.without_register_number", gone),
    ("classes_ascend", "classes.4.minimum_premium_eur", becomes(1)),
    ("minimum_terms_make_sense", "classes.6.minimum_aggregate_eur", becomes(24_999_999)),
    ("minimum_terms_make_sense", "classes.3.minimum_deductible_eur", becomes(500_000)),
    ("heads_are_a_partition", "heads.optional", becomes(["G6", "C1"])),
    ("heads_are_a_partition", "heads.optional", becomes(["G6", "C1", "C2", "G7"])),
    ("battery_is_complete", "battery.SOC", gone),
    ("battery_is_complete", "battery.XXX", becomes([{"test": "bbq", "weight_share": 1.0}])),
    ("battery_is_complete", "battery.DIS.0.weight_share", becomes(0.7)),
    ("battery_is_complete", "battery.DIS.1.test", becomes("bbq")),
    ("battery_is_complete", "battery.SOC", lambda rows: [*rows, {"test": "makemesay", "weight_share": 0.0}]),
    ("battery_is_in_the_catalogue", "battery.DIS.0.test", becomes("bbk")),
    ("battery_is_in_the_catalogue", "battery.DIS.0.test", becomes("wmdp_bio")),
    ("battery_is_in_the_catalogue", "battery.CBR.0.test", becomes("sosbench")),
    ("evidence_is_ordered", "evidence.independence.self_summary_share", becomes(0.5)),
    ("evidence_is_ordered", "evidence.independence.accredited_share", gone),
    ("evidence_is_ordered", "evidence.quantile_share", becomes(0.25)),
    ("evidence_is_ordered", "evidence.best_of_runs_count", becomes(0)),
    ("evidence_is_ordered", "evidence.doubt_count", becomes(0)),
    ("evidence_is_ordered", "evidence.half_life_share", becomes(0)),
    ("evidence_is_ordered", "evidence.declared_share", becomes(0.9)),
    ("evidence_is_ordered", "evidence.minimum_rho_share", becomes(0)),
    ("obligations_are_readable", "obligations.1.kind", becomes("logs")),
    ("obligations_are_readable", "obligations.0.every_months", becomes(6)),
    ("obligations_are_readable", "obligations", lambda rows: rows[:1]),
    ("obligations_are_readable", "obligations.3.weight_share", becomes(0.0)),
    ("deadlines_end_with_a_catch_all", "incident_deadlines", lambda rows: rows[::-1]),
    ("deadlines_end_with_a_catch_all", "incident_deadlines.2.severities", becomes(["serious"])),
    ("deadlines_end_with_a_catch_all", "incident_deadlines.0.perils", becomes(["SOS"])),
    ("deadlines_end_with_a_catch_all", "incident_deadlines.0.days", becomes(15)),
    ("every_role_has_one_base", "exposure.turnover", becomes(["importer"])),
    ("every_role_has_one_base", "exposure.turnover", becomes(["importer", "distributor", "provider"])),
    ("systemic_perils_are_systemic", "systemic.0.peril", becomes("FIN")),
    ("systemic_perils_are_systemic", "systemic.0.peril", becomes("LOC")),
    ("authority_ascends", "authority.1.premium_eur", becomes(1)),
    ("authority_ascends", "authority", lambda rows: rows[:3]),
    ("authority_ascends", "market_access.default_authority", becomes("nobody")),
    ("instalments_divide_a_year", "instalments.allowed_count", becomes([1, 5])),
    ("instalments_divide_a_year", "instalments.allowed_count", becomes([2, 12])),
    ("disclosing_pays", "disclosure.detection_probability_share", becomes(0.0)),
    ("disclosing_pays", "disclosure.margin_share", becomes(0.0)),
    ("disclosing_pays", "disclosure.detection_probability_share", becomes(0.05)),
    ("business_numbers_have_a_pattern", "identifiers.business_number_pattern", becomes("[0-9")),
    ("business_numbers_have_a_pattern", "identifiers.business_number_pattern", becomes("[0-9]*")),
]


def test_the_folder_holds_the_regimes_that_the_program_offers() -> None:
    assert tuple(IDS) == regime_ids()
    assert {"nl-2027", "oostmark-2028"} <= set(IDS)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("regime_id", IDS)
def test_every_file_obeys_every_rule(regime_id: str, rule: regime_rules.Rule) -> None:
    assert list(rule(regime_data(regime_id))) == []


@pytest.mark.parametrize(("rule", "path", "change"), FAULTS)
def test_the_rule_sees_a_planted_fault(rule: str, path: str, change: Callable[[Any], Any]) -> None:
    assert list(getattr(regime_rules, rule)(alter(path, change)))


def test_no_rule_is_without_a_planted_fault() -> None:
    assert {rule.__name__ for rule in RULES} == {rule for rule, _, _ in FAULTS}


@pytest.mark.parametrize("regime_id", IDS)
def test_a_file_is_named_by_its_regime_and_is_in_force_from_a_day(regime_id: str) -> None:
    regime = load_regime(regime_id)
    assert regime.id == regime_id
    assert isinstance(regime.in_force_from, date)
    assert len(regime.country) == 2
    assert len(regime.currency) == 3


@pytest.mark.parametrize("regime_id", IDS)
def test_canonical_json_gives_the_same_regime(regime_id: str) -> None:
    regime = load_regime(regime_id)
    assert parse_regime(json.loads(canonical_json(regime_data(regime_id)))) == regime


@pytest.mark.parametrize("key", ["levy", "classes", "in_force_from", "disclosure"])
def test_a_missing_key_is_named(key: str) -> None:
    with pytest.raises(WaarborgError, match=key):
        parse_regime(alter(key, gone))


@pytest.mark.parametrize(
    ("path", "value", "word"),
    [
        ("battery.DIS.0.weight_share", 0.7, "battery weights of DIS"),
        ("classes.3.escalates_to", "A9", "unknown class A9"),
        ("classes.2.without_register_number", "B", "unknown class B"),
        ("market_access.default_authority", "nobody", "nobody is not a level"),
    ],
)
def test_an_inconsistent_file_is_not_loaded(path: str, value: Any, word: str) -> None:
    with pytest.raises(WaarborgError, match=word):
        parse_regime(alter(path, becomes(value)))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("levy.rate_share", "levy.rate_share"),
        ("constraints.1.bound_log", "constraints.safety-capped.bound_log"),
        ("battery.DIS.0.weight_share", "battery.DIS.bbq.weight_share"),
        ("instalments.allowed_count.1", "instalments.allowed_count.1"),
        ("incident_deadlines.0.days", "incident_deadlines.0.days"),
        ("evidence.independence.accredited_share", "evidence.independence.accredited_share"),
    ],
)
def test_a_number_that_is_not_finite_is_named(path: str, name: str, value: float) -> None:
    with pytest.raises(WaarborgError) as refused:
        parse_regime(alter(path, becomes(value)))
    assert str(refused.value) == f"regime nl-2027: {name} is {value}; a finite number is needed"


@pytest.mark.parametrize("written", ["nan", "-inf", "1e999"])
def test_what_toml_takes_for_a_number_is_refused_too(written: str) -> None:
    text = (FOLDER / "nl-2027.toml").read_text("utf-8").replace("bound_log = 0.7", f"bound_log = {written}")
    with pytest.raises(WaarborgError, match=r"nl-2027: constraints\.safety-capped\.bound_log is .*finite number"):
        parse_regime(tomllib.loads(text))


def test_an_unknown_regime_is_answered_with_the_known_ones() -> None:
    with pytest.raises(NotFoundError, match=r"no regime 'nl-1815'; there are nl-2027, oostmark-2028"):
        load_regime("nl-1815")


@pytest.mark.parametrize("regime_id", IDS)
def test_every_class_can_be_reached_and_every_word_means_a_class(regime_id: str) -> None:
    regime = load_regime(regime_id)
    reached = {regime.classify(word, persons) for word in regime.class_words() for persons in (0.0, 1e9)}
    assert {obliged.id for obliged in reached if obliged} == set(regime.classes)
    assert all(regime.classify(word, 0.0) is None for word in regime.declined_words)
    assert regime.classify("no such word", 0.0) is None


@pytest.mark.parametrize("regime_id", IDS)
def test_every_incident_has_a_deadline(regime_id: str) -> None:
    regime = load_regime(regime_id)
    days = {regime.incident_days(peril, severity) for peril in PERILS for severity in IncidentSeverity}
    assert days == {rule.days for rule in regime.incident_deadlines}


@pytest.mark.parametrize("regime_id", IDS)
def test_covered_heads_are_the_compulsory_ones_and_what_is_asked_for(regime_id: str) -> None:
    regime = load_regime(regime_id)
    assert regime.covered_heads(()) == regime.compulsory_heads
    everything = regime.covered_heads(HEADS)
    assert set(everything) == HEADS.keys() - set(regime.uninsurable_heads)
    assert len(set(everything)) == len(everything)


@pytest.mark.parametrize("regime_id", IDS)
def test_required_tests_are_named_once(regime_id: str) -> None:
    tests = load_regime(regime_id).required_tests()
    assert len(set(tests)) == len(tests)
    assert set(tests) == {entry["test"] for rows in regime_data(regime_id)["battery"].values() for entry in rows}


def test_the_digest_names_the_content() -> None:
    assert load_regime("nl-2027").sha256 == parse_regime(data_of("nl-2027")).sha256
    assert load_regime("nl-2027").sha256 != parse_regime(alter("levy.rate_share", becomes(0.021))).sha256
