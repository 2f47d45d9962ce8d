"""What a firm is advised, on the tariff that quotes: every euro is found again by rating the changed firm."""

from __future__ import annotations

import pathlib
from dataclasses import replace
from datetime import date
from itertools import combinations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import AT, CALIBRATION, REGIME, SYSTEM, minimum_trials, profiles, run_of

from actuarial.levers import Change, apply_changes, changes
from policies.findings import BadInputError, NotFoundError, WaarborgError
from policies.money import ZERO, Money
from policies.risk import Cover, Firm, Incident, IncidentSeverity, IncidentSource, RiskProfile, SizeClass
from policies.terms import Terms
from underwriting import cheapest_path as paths
from underwriting.advice import cost_of, dues, marginals, on_offer, payback, yearly
from underwriting.cheapest_path import Path, cheapest_path
from underwriting.costs import amount, default_costs, read_costs
from underwriting.explanation import drivers, for_a_year, hidden_incident
from underwriting.quote import Quote
from underwriting.quoting import quote, what_if

LAW = (REGIME, CALIBRATION)
FEW = settings(max_examples=8)


def quoted(profile: RiskProfile) -> Quote:
    return quote(profile, (), AT, *LAW)


def firm_of(persons: float = 60_000, deductible: int = 5_000, term_months: int = 12) -> RiskProfile:
    """A firm with one system, two tests with failures, and the rest at silence."""
    runs = (run_of("truthfulqa", failures=30, clean=800), run_of("bbq", failures=20, clean=900))
    return RiskProfile(
        firm=Firm("Voorbeeld", "99000001", "NL", SizeClass.SMALL, Money.euros(4_000_000), Money.euros(4_000_000),
                  date(2015, 5, 1)),
        cover=Cover(date(2027, 1, 1), term_months, REGIME.compulsory_heads,
                    Terms(Money.euros(deductible), Money.euros(2_500_000), Money.euros(5_000_000)), 4),
        systems=(replace(SYSTEM, persons_per_month=persons, runs=runs),),
        incidents=(),
        obligations=(),
        sha256="0" * 64,
    )  # fmt: skip


FIRM = quoted(firm_of())


# --- Single actions


@FEW
@given(profiles())
def test_each_action_saves_what_rating_the_changed_firm_says(profile: RiskProfile) -> None:
    base = quoted(profile)
    found = marginals(base, *LAW)
    assert [a.saving for a in found] == sorted((a.saving for a in found), reverse=True)
    for one in [a for a in found if a.kind != "run"][:4]:
        again = what_if(base, frozenset({one.id}), *LAW)
        assert again.breakdown.due == one.due == base.breakdown.due - one.saving
        assert again.instalments[0] == one.instalment
    known = {lever.id: lever.saving for lever in base.levers}
    assert {a.id: a.saving for a in found if a.id in known}.items() <= known.items()


def test_a_small_clean_run_saves_no_more_than_a_large_one() -> None:
    found = {action.id: action for action in marginals(FIRM, *LAW)}
    small, large = found["run:s1/truthfulqa"], found["test:s1/truthfulqa"]
    assert minimum_trials("truthfulqa") < 830
    assert ZERO < small.saving < large.saving


def test_where_no_run_is_larger_than_the_least_the_lever_is_all_there_is() -> None:
    assert not any(a.subject == "s1/healthbench" for a in marginals(FIRM, *LAW) if a.kind == "run")


def test_no_deductible_is_advised_that_the_certificate_does_not_reach() -> None:
    high = quoted(firm_of(deductible=50_000))
    most = REGIME.incentives.domain.deductible_share * 2_500_000
    on = [int(c.subject) / 100 for c in on_offer(high, *LAW) if c.kind == "deductible"]
    all_of_them = [int(c.subject) / 100 for c in changes(high.profile, AT, *LAW) if c.kind == "deductible"]
    assert on == [euros for euros in all_of_them if euros <= most]
    assert len(on) < len(all_of_them)


def test_a_higher_deductible_costs_what_the_firm_then_bears() -> None:
    """By definition of a layer: the expected loss that leaves the insurer stays with the firm."""
    cover = [change for change in on_offer(FIRM, *LAW) if change.kind == "deductible"]
    costs = cost_of(cover, FIRM, *LAW, {})
    for change in cover:
        after = quoted(change.apply(FIRM.profile))
        left = FIRM.breakdown.risk_premium - after.breakdown.risk_premium
        assert abs(costs[change.id].cents - left.cents) <= 1
    assert sorted(costs.values()) == list(costs.values())


def test_the_cost_of_an_action_goes_before_that_of_its_kind_and_both_before_the_default() -> None:
    offered = on_offer(FIRM, *LAW)
    costs = cost_of(offered, FIRM, *LAW, {"test": Money(500), "test:s1/bbq": ZERO, "deductible": Money(7)})
    assert costs["test:s1/bbq"] == ZERO
    assert costs["test:s1/truthfulqa"] == Money(500)
    assert costs["assess:s1"] == default_costs()["assessment"]
    assert {costs[c.id] for c in offered if c.kind == "deductible"} == {Money(7)}
    with pytest.raises(NotFoundError, match="no such action: tset"):
        cost_of(offered, FIRM, *LAW, {"tset": ZERO})


def test_a_period_of_another_length_is_told_by_the_year() -> None:
    assert yearly(Money(300), 3) == Money(1200)
    assert yearly(Money(2400), 24) == Money(1200)
    assert payback(Money(100), Money(300), 6) == 2.0
    assert payback(Money(100), ZERO, 12) is None


# --- The cheapest path


FEW_ACTIONS = {
    "all kinds": ("test:s1/truthfulqa", "test:s1/bbq", "test:s1/air_bench", "accredit:s1/truthfulqa", "assess:s1",
                  "deliver:s1/evaluation_results", "deliver:s1/logs", "deductible:2500000", "deductible:5000000"),
    "much alike": ("test:s1/agentdojo", "test:s1/xstest_unsafe", "test:s1/garak.promptinject", "test:s1/agentharm",
                   "test:s1/garak.leakreplay", "test:s1/strong_reject", "deliver:s1/post_market_monitoring",
                   "deliver:s1/model_documentation", "deductible:1000000"),
}  # fmt: skip


def subset(monkeypatch: pytest.MonkeyPatch, name: str) -> tuple[Change, ...]:
    """Offer only some of the actions, so that all sets of them can be tried."""
    some = tuple(change for change in on_offer(FIRM, *LAW) if change.id in FEW_ACTIONS[name])
    assert len(some) == len(FEW_ACTIONS[name])
    monkeypatch.setattr(paths, "on_offer", lambda *_: some)
    return some


def tried(base: Quote, some: tuple[Change, ...]) -> dict[frozenset[str], Money]:
    """The premium after every set of actions, at most one deductible among them."""
    kinds = {c.id: c.kind for c in some}
    sets = [frozenset(ids) for size in range(len(some) + 1) for ids in combinations(kinds, size)]
    sets = [ids for ids in sets if sum(kinds[i] == "deductible" for i in ids) <= 1]
    return dict(zip(sets, dues([apply_changes(base.profile, some, ids) for ids in sets], base, *LAW), strict=True))


@pytest.mark.parametrize("name", FEW_ACTIONS)
@pytest.mark.parametrize("own_costs", [None, {"test": Money.euros(900), "deductible": Money.euros(2_200)}])
def test_no_set_of_actions_is_cheaper(
    monkeypatch: pytest.MonkeyPatch, name: str, own_costs: dict[str, Money] | None
) -> None:
    some = subset(monkeypatch, name)
    every = tried(FIRM, some)
    costs = cost_of(some, FIRM, *LAW, own_costs or {})
    for share in (0.9, 0.75, 0.6, 0.4, 0.1):
        target = Money(int(FIRM.breakdown.due.cents * share))
        goals = {
            (len(ids), cost) if own_costs is None else (cost, len(ids))
            for ids, due in every.items()
            if due <= target
            for cost in [sum(costs[i].cents for i in ids)]
        }
        found = cheapest_path(FIRM, target, *LAW, own_costs)
        assert found.reached == bool(goals)
        if goals:
            mine = (len(found.steps), found.cost.cents)
            assert (mine if own_costs is None else mine[::-1]) == min(goals)
            assert found.after <= target
        else:
            assert found.after == min(every.values())
        assert found.after == every[frozenset(step.id for step in found.steps)]


@FEW
@given(profiles(), st.floats(0.3, 1.0))
def test_a_path_is_what_pulling_its_levers_gives(profile: RiskProfile, share: float) -> None:
    base = quoted(profile)
    target = Money(int(base.breakdown.due.cents * share))
    found = cheapest_path(base, target, *LAW)
    again = what_if(base, frozenset(step.id for step in found.steps), *LAW)
    assert again.breakdown.due == found.after
    assert found.reached == (found.after <= target)
    assert found.before - sum((step.saving for step in found.steps), ZERO) == found.after
    assert [step.due for step in found.steps][-1:] in ([], [found.after])
    assert sum(step.kind == "deductible" for step in found.steps) <= 1


def test_out_of_reach_is_the_way_to_the_lowest_premium() -> None:
    found = cheapest_path(FIRM, Money(1), *LAW)
    everything = what_if(FIRM, frozenset(c.id for c in on_offer(FIRM, *LAW)), *LAW)
    assert not found.reached
    assert found.after == everything.breakdown.due
    assert cheapest_path(FIRM, found.after, *LAW).steps == found.steps


def test_at_the_target_already_nothing_is_done() -> None:
    found = cheapest_path(FIRM, FIRM.breakdown.due, *LAW)
    assert found == Path(FIRM.id, FIRM.breakdown.due, True, True, True, *2 * (FIRM.breakdown.due,), ZERO, None, (), 0)


def test_the_same_question_has_the_same_answer() -> None:
    target = Money(FIRM.breakdown.due.cents * 6 // 10)
    assert cheapest_path(FIRM, target, *LAW) == cheapest_path(FIRM, target, *LAW)


def test_a_firm_of_many_incidents_gets_a_path_that_is_not_called_proved() -> None:
    """Expected incidents beyond the credibility constant: the premium is no longer convex."""
    large = quoted(firm_of(persons=90_000_000))
    found = cheapest_path(large, Money(large.breakdown.due.cents * 9 // 10), *LAW)
    assert found.reached
    assert not found.proved


# --- Costs of a file


def test_costs_are_read_from_a_table(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "costs.csv"
    file.write_text("action,eur\ntest,1500.50\nassess:s1,0\n", "utf-8")
    assert read_costs(file) == {"test": Money(150_050), "assess:s1": ZERO}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("action,eur\ntest,-3\n", "field-value"),
        ("action,eur\n=cmd,3\n", "csv-formula"),
        ("action,eur\ntest,3\ntest,4\n", "id-duplicate"),
        ("action,eur\ntest\n", "csv-width"),
    ],
)
def test_a_wrong_cell_is_named(tmp_path: pathlib.Path, content: str, told: str) -> None:
    file = tmp_path / "costs.csv"
    file.write_text(content, "utf-8")
    with pytest.raises(BadInputError) as caught:
        read_costs(file)
    assert [finding.code for finding in caught.value.findings] == [told]


def test_a_file_that_is_no_table_of_costs_is_one_clear_line(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "costs.csv"
    with pytest.raises(WaarborgError, match="does not exist"):
        read_costs(file)
    file.write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(WaarborgError, match="action,eur"):
        read_costs(file)


@pytest.mark.parametrize("typed", ["12,5", "-1", "1e3", "", "1.234", "abc"])
def test_what_is_no_amount_is_told(typed: str) -> None:
    with pytest.raises(WaarborgError, match="is no amount"):
        amount(typed)


# --- What drives the premium, what hiding an incident costs


@FEW
@given(profiles())
def test_a_driver_says_what_the_firm_would_pay_less(profile: RiskProfile) -> None:
    """A firm whose own class is assessed pays for no step up; every driver stands above the average of the tariff."""
    base = quoted(profile)
    found = drivers(base, *LAW)
    assert all(driver.amount > ZERO for driver in found)
    assert [d.amount for d in found] == sorted((d.amount for d in found), reverse=True)
    factors = {line.code: line.factor for line in base.breakdown.lines}
    assert all((factors[driver.code] or 1.0) > 1.0 for driver in found)


def test_the_driver_of_a_self_assessed_class_is_what_an_assessment_saves() -> None:
    step = next(driver for driver in drivers(FIRM, *LAW) if driver.code == "self_assessed")
    lever = next(action for action in marginals(FIRM, *LAW) if action.id == "assess:s1")
    assert step.amount == lever.saving


@FEW
@given(profiles())
def test_hiding_an_incident_never_pays(profile: RiskProfile) -> None:
    found = hidden_incident(quoted(profile), *LAW)
    assert found.concealed >= found.reported >= ZERO
    assume(found.reported > ZERO)
    assert found.concealed_on_average >= found.reported_in_all


def test_a_hidden_incident_is_priced_by_the_firm_with_it_in_its_record() -> None:
    found = hidden_incident(FIRM, *LAW)
    yearly_profile = for_a_year(FIRM.profile)
    record = Incident("x", found.system, found.peril, AT, AT, AT, IncidentSource.SELF, IncidentSeverity.SERIOUS, 1,
                      ZERO, "")  # fmt: skip
    with_it = quoted(replace(yearly_profile, incidents=(record,)))
    hidden = replace(record, reported_at=None, source=IncidentSource.PRESS)
    without_report = quoted(replace(yearly_profile, incidents=(hidden,)))
    assert with_it.breakdown.due == FIRM.breakdown.due + found.reported
    assert without_report.breakdown.due == FIRM.breakdown.due + found.concealed
    assert found.peril == max(FIRM.systems[0].perils, key=lambda p: FIRM.systems[0].perils[p].frequency)
