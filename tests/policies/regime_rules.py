"""What every regime file must obey beyond what the loader needs: one function a rule, each yielding its breaches."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from itertools import chain, pairwise
from typing import Any

from policies.heads import HEADS
from policies.perils import PERILS
from policies.risk import IncidentSeverity, Role
from policies.safety import Independence, Kind, catalogue

Data = Mapping[str, Any]
UNITS = ("_eur", "_flop", "_share", "_days", "_months", "_years", "_count", "_persons", "_z", "_log", "_ratio")
BARE_UNITS = {"days"}  # the key is its own unit
PROVENANCE = {"since", "source", "mark", "basis", "article"}
KEYS = {
    "": "id title title_nl country currency in_force_from identifiers classes market_access heads battery evidence "
    "obligations incident_deadlines incidents compliance exposure systemic authority instalments premium_tax levy "
    "prudence cost_of_capital disclosure transition constraints domain steps elasticities metrics",
    "identifiers": "business_number_name business_number_pattern",
    "classes": "id title title_nl vocabulary priced_when_self_assessed minimum_limit_eur minimum_aggregate_eur "
    "minimum_deductible_eur minimum_premium_eur escalates_at_persons escalates_at_training_flop escalates_to "
    "register_number_required without_register_number",
    "market_access": "declined_words default_authority",
    "heads": "compulsory optional uninsurable",
    "battery": " ".join(PERILS),
    "battery.*": "test weight_share",
    "evidence": "independence other_version_share unsigned_share declared_share half_life_share minimum_rho_share "
    "quantile_share doubt_count best_of_runs_count utility_doubt_share "
    "utility_failure_limit_share",
    "evidence.independence": " ".join(f"{kind}_share" for kind in Independence),
    "obligations": "kind title title_nl every_months weight_share",
    "incident_deadlines": "perils severities days",
    "incidents": "window_years",
    "compliance": "window_months late_scale_days prior_delivered_count prior_missed_count quantile_share "
    "incident_report_weight_share",
    "exposure": "persons turnover",
    "systemic": "peril classes refer_above_z attachment_share",
    "authority": "level limit_eur premium_eur judgement_share",
    "instalments": "allowed_count",
    "premium_tax": "rate_share",
    "levy": "rate_share",
    "prudence": "factor_share",
    "cost_of_capital": "rate_share",
    "disclosure": "detection_probability_share margin_share",
    "transition": "cap_share",
    "constraints": "id kind parameter exempt title title_nl meaning meaning_nl bound_log tolerance_share "
    "least_claims_count price_log",
    "domain": "most_persons most_turnover_eur most_incidents_count most_trials_count most_deductible_share "
    "expected_loss_share",
    "steps": "lever most_log",
    "elasticities": "lever least_log least_recorded_log most_log",
    "metrics": "id title title_nl meaning meaning_nl least_ratio most_ratio red_below_ratio red_above_ratio",
}


def tables(data: Data, path: str = "") -> Iterator[tuple[str, Data]]:
    """Every table with its dotted path; entries of an array share the path of the array."""
    yield path, data
    for key, value in data.items():
        inner = f"{path}.{key}".lstrip(".")
        for table in value if isinstance(value, list) else [value]:
            if isinstance(table, Mapping):
                yield from tables(table, inner)


def numbers(table: Data) -> dict[str, list[float]]:
    """The numbers that a table holds directly, by key; a list of numbers counts."""
    held = {key: value if isinstance(value, list) else [value] for key, value in table.items()}
    found = {k: [v for v in vs if isinstance(v, int | float) and not isinstance(v, bool)] for k, vs in held.items()}
    return {key: values for key, values in found.items() if values}


def dated_and_cited(data: Data) -> Iterator[str]:
    for path, table in tables(data):
        if not numbers(table):
            continue
        if not isinstance(table.get("since"), date):
            yield f"{path}: no date `since`"
        if ("source" in table) == ("mark" in table):
            yield f"{path}: needs either `source` or `mark`"
        if table.get("mark", "proposal") != "proposal":
            yield f"{path}: the only mark is proposal"
        if not str(table.get("source", "x")).strip() or not str(table.get("basis", "x")).strip():
            yield f"{path}: empty source or basis"


def numbers_name_their_unit(data: Data) -> Iterator[str]:
    for path, table in tables(data):
        for key in numbers(table):
            if not key.endswith(UNITS) and key not in BARE_UNITS:
                yield f"{path}.{key}: the name does not end in a unit"


def numbers_are_in_range(data: Data) -> Iterator[str]:
    for path, table in tables(data):
        for key, values in numbers(table).items():
            low, high = (0, 1) if key.endswith("_share") else (0, float("inf"))
            if not all(low <= value <= high for value in values):
                yield f"{path}.{key}: {values} outside {low} to {high}"


def no_unknown_keys(data: Data) -> Iterator[str]:
    for path, table in tables(data):
        known = KEYS["battery.*" if path.startswith("battery.") else path].split()
        for key in table.keys() - known - PROVENANCE:
            yield f"{path}.{key}: nobody reads this key"


def titles_in_both_languages(data: Data) -> Iterator[str]:
    for table in (data, *data["classes"], *data["obligations"], *data["constraints"], *data["metrics"]):
        for key in ("title", "title_nl"):
            if not str(table.get(key, "")).strip():
                yield f"{table.get('id', table.get('kind'))}: no {key}"


def class_words_mean_one_class(data: Data) -> Iterator[str]:
    words = [*data["market_access"]["declined_words"], *chain(*(c["vocabulary"] for c in data["classes"]))]
    for word in {w for w in words if words.count(w) > 1}:
        yield f"the word {word} means two things"
    for obliged in data["classes"]:
        if obliged["id"] not in obliged["vocabulary"]:
            yield f"class {obliged['id']} cannot be reached by its own name"
    if not data["market_access"]["declined_words"]:
        yield "no word for what may not be on the market"


def classes_ascend(data: Data) -> Iterator[str]:
    rank = {obliged["id"]: place for place, obliged in enumerate(data["classes"])}
    for obliged in data["classes"]:
        own = rank[obliged["id"]]
        for key in ("priced_when_self_assessed", "escalates_to", "without_register_number"):
            if rank[obliged.get(key, obliged["id"])] < own:
                yield f"class {obliged['id']}: {key} points down"
        if rank[obliged["priced_when_self_assessed"]] == own and own != len(rank) - 1:
            yield f"class {obliged['id']}: assessing oneself costs nothing"
        if any(key.startswith("escalates_at_") for key in obliged) != ("escalates_to" in obliged):
            yield f"class {obliged['id']}: escalation needs both a number and a class"
        if obliged.get("register_number_required", False) != ("without_register_number" in obliged):
            yield f"class {obliged['id']}: a register number is asked for without a consequence, or the reverse"
    for lower, higher in pairwise(data["classes"]):
        for key in ("limit", "aggregate", "deductible", "premium"):
            if lower[f"minimum_{key}_eur"] > higher[f"minimum_{key}_eur"]:
                yield f"class {higher['id']}: minimum {key} below that of {lower['id']}"


def minimum_terms_make_sense(data: Data) -> Iterator[str]:
    for obliged in data["classes"]:
        limit = obliged["minimum_limit_eur"]
        if not 0 < limit <= obliged["minimum_aggregate_eur"]:
            yield f"class {obliged['id']}: the aggregate is below the limit"
        if max(obliged["minimum_deductible_eur"], obliged["minimum_premium_eur"]) * 20 > limit:
            yield f"class {obliged['id']}: deductible or premium above 5 % of the limit"


def heads_are_a_partition(data: Data) -> Iterator[str]:
    named = [*data["heads"]["compulsory"], *data["heads"]["optional"], *data["heads"]["uninsurable"]]
    if sorted(named) != sorted(HEADS):
        yield f"heads must be named once each: {sorted(named)}"


def battery_is_complete(data: Data) -> Iterator[str]:
    for peril in PERILS.keys() ^ data["battery"].keys():
        yield f"battery: peril {peril} is missing or unknown"
    for peril, entries in data["battery"].items():
        if abs(sum(entry["weight_share"] for entry in entries) - 1) > 1e-9:
            yield f"battery.{peril}: weights do not sum to 1"
        if len({entry["test"] for entry in entries}) < len(entries) or not 1 <= len(entries) <= 3:
            yield f"battery.{peril}: one to three different tests"
        if any(entry["weight_share"] <= 0 for entry in entries):
            yield f"battery.{peril}: a weight that counts for nothing"


def battery_is_in_the_catalogue(data: Data) -> Iterator[str]:
    for peril, entries in data["battery"].items():
        tests = [catalogue().get(entry["test"]) for entry in entries]
        if any(test is None or peril not in test.perils or test.kind is Kind.UTILITY for test in tests):
            yield f"battery.{peril}: a test that is unknown or says nothing of this peril"
        capable = {test.kind is Kind.CAPABILITY for test in tests if test is not None}
        if peril in PERILS and PERILS[peril].capability and capable != {True, False}:
            yield f"battery.{peril}: needs a capability and a safeguard test"


def evidence_is_ordered(data: Data) -> Iterator[str]:
    shares = [data["evidence"]["independence"].get(f"{kind}_share", -1) for kind in Independence]
    if shares != sorted(shares, reverse=True) or min(shares) < 0:
        yield "evidence.independence: the more independent, the more it counts"
    if data["evidence"]["quantile_share"] < 0.5:
        yield "evidence.quantile_share: below one half is not prudent"
    if not 0 <= data["evidence"]["declared_share"] < data["evidence"]["independence"]["self_logged_share"]:
        yield "evidence.declared_share: a bare declaration must be heard for less than a log"
    if data["evidence"]["half_life_share"] <= 0:
        yield "evidence.half_life_share: a result must keep some weight for some time"
    if data["evidence"]["doubt_count"] <= 0:
        yield "evidence.doubt_count: without doubt a single trial would count as proof"
    if not 0 < data["evidence"]["minimum_rho_share"] <= 1:
        yield "evidence.minimum_rho_share: repeats must count for less than new prompts"
    if not 0 <= data["evidence"]["utility_doubt_share"] < data["evidence"]["utility_failure_limit_share"] <= 1:
        yield "evidence.utility_doubt_share: safe scores lose their meaning before they have none"
    if data["evidence"]["best_of_runs_count"] < 1:
        yield "evidence.best_of_runs_count: at least one run"


def obligations_are_readable(data: Data) -> Iterator[str]:
    kinds = [row["kind"] for row in data["obligations"]]
    if len(set(kinds)) < len(kinds):
        yield "obligations: a kind is named twice"
    calendar = {row["kind"]: row["every_months"] for row in data["obligations"]}
    if calendar.get("incident_report") != 0:
        yield "obligations: incident_report is due on an event, never by the calendar"
    if not any(calendar.values()):
        yield "obligations: nothing is due by the calendar"
    if any(row["weight_share"] <= 0 for row in data["obligations"]):
        yield "obligations: a weight that counts for nothing"


def deadlines_end_with_a_catch_all(data: Data) -> Iterator[str]:
    *special, last = data["incident_deadlines"]
    if last["perils"] != ["*"] or last["severities"] != ["*"]:
        yield "incident_deadlines: the last one must match everything"
    for row in special:
        if not set(row["perils"]) <= {*PERILS, "*"} or not set(row["severities"]) <= {*IncidentSeverity, "*"}:
            yield f"incident_deadlines: unknown peril or severity in {row}"
        if row["days"] >= last["days"] or ("*" in row["perils"] and "*" in row["severities"]):
            yield f"incident_deadlines: {row} is no exception to the last one"


def every_role_has_one_base(data: Data) -> Iterator[str]:
    named = [*data["exposure"]["persons"], *data["exposure"]["turnover"]]
    if sorted(named) != sorted(Role):
        yield f"exposure: every role once: {sorted(named)}"


def systemic_perils_are_systemic(data: Data) -> Iterator[str]:
    named = [row["peril"] for row in data["systemic"]]
    if len(set(named)) < len(named) or not all(peril in PERILS and PERILS[peril].systemic for peril in named):
        yield f"systemic: {named} holds one twice, or one that is not systemic"


def authority_ascends(data: Data) -> Iterator[str]:
    for lower, higher in pairwise(data["authority"]):
        for key in ("limit_eur", "premium_eur", "judgement_share"):
            if lower[key] >= higher[key]:
                yield f"authority {higher['level']}: {key} does not grow"
    if data["authority"][-1]["limit_eur"] < data["classes"][-1]["minimum_limit_eur"]:
        yield "authority: nobody may write the highest class"
    if data["market_access"]["default_authority"] not in {row["level"] for row in data["authority"]}:
        yield "market_access.default_authority: no such level"


def instalments_divide_a_year(data: Data) -> Iterator[str]:
    allowed = data["instalments"]["allowed_count"]
    if allowed != sorted(set(allowed)) or allowed[0] != 1 or any(count < 1 or 12 % count for count in allowed):
        yield f"instalments: {allowed} must ascend from 1 and divide twelve months"


def disclosing_pays(data: Data) -> Iterator[str]:
    rules = data["disclosure"]
    if not (0 < rules["detection_probability_share"] <= 1 and rules["margin_share"] > 0):
        yield "disclosure: a positive detection probability and a positive margin"
    elif not 1 < (1 + rules["margin_share"]) / rules["detection_probability_share"] <= 10:
        yield "disclosure: concealing must cost more than reporting, and not out of all proportion"


def business_numbers_have_a_pattern(data: Data) -> Iterator[str]:
    try:
        pattern = re.compile(data["identifiers"]["business_number_pattern"])
    except re.error as wrong:
        yield f"identifiers.business_number_pattern: {wrong}"
    else:
        if pattern.fullmatch("") or not data["identifiers"]["business_number_name"]:
            yield "identifiers: a name and a pattern that something must match"


Rule = Callable[[Data], Iterator[str]]
RULES: tuple[Rule, ...] = (
    dated_and_cited,
    numbers_name_their_unit,
    numbers_are_in_range,
    no_unknown_keys,
    titles_in_both_languages,
    class_words_mean_one_class,
    classes_ascend,
    minimum_terms_make_sense,
    heads_are_a_partition,
    battery_is_complete,
    battery_is_in_the_catalogue,
    evidence_is_ordered,
    obligations_are_readable,
    deadlines_end_with_a_catch_all,
    every_role_has_one_base,
    systemic_perils_are_systemic,
    authority_ascends,
    instalments_divide_a_year,
    disclosing_pays,
    business_numbers_have_a_pattern,
)
