"""The pure step from profile to quote: replayable, complete, and honest about its levers."""

from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import AT, CALIBRATION, REGIME, profiles

from actuarial.levers import apply_changes, changes
from policies.digest import canonical_json
from policies.findings import Finding, Severity
from policies.money import ZERO, Money
from policies.regimes import load_regime, regime_ids
from policies.risk import RiskProfile
from underwriting.quote import Decision, Quote
from underwriting.quoting import LEVERS_SHOWN, quote, what_if
from underwriting.replay import compare

FEW = settings(max_examples=12)


def quoted(profile: RiskProfile) -> Quote:
    return quote(profile, (), AT, REGIME, CALIBRATION)


@FEW
@given(profiles())
def test_the_same_inputs_give_the_same_quote(profile: RiskProfile) -> None:
    assert canonical_json(quoted(profile)) == canonical_json(quoted(profile))


@FEW
@given(profiles(), profiles())
def test_different_inputs_have_different_names(one: RiskProfile, other: RiskProfile) -> None:
    assume(one != other)
    assert quoted(one).id != quoted(other).id


@FEW
@given(profiles())
def test_instalments_sum_to_the_premium_due(profile: RiskProfile) -> None:
    found = quoted(profile)
    assert len(found.instalments) == profile.cover.instalments
    assert sum(found.instalments, ZERO) == found.breakdown.due
    assert max(found.instalments).cents - min(found.instalments).cents <= 1


@FEW
@given(profiles())
def test_every_lever_is_found_again_by_quoting_the_changed_profile(profile: RiskProfile) -> None:
    base = quoted(profile)
    offered = changes(profile, AT, REGIME, CALIBRATION)
    assert len(base.levers) <= LEVERS_SHOWN
    assert [lever.saving for lever in base.levers] == sorted((lever.saving for lever in base.levers), reverse=True)
    for lever in base.levers[:3]:
        again = quoted(apply_changes(profile, offered, frozenset({lever.id})))
        assert (
            again.breakdown.due
            == lever.premium
            == what_if(base, frozenset({lever.id}), REGIME, CALIBRATION).breakdown.due
        )
        assert base.breakdown.due - lever.saving == lever.premium
        assert lever.saving > ZERO


@FEW
@given(profiles(), st.data())
def test_more_levers_never_cost_more(profile: RiskProfile, data: st.DataObject) -> None:
    """Levers on tests, deliveries and the deductible only ever help, alone or together."""
    base = quoted(profile)
    ids = [lever.id for lever in base.levers if lever.kind in {"test", "obligation"}]
    assume(len(ids) > 1)
    some = frozenset(data.draw(st.lists(st.sampled_from(ids), min_size=1, unique=True)))
    part = what_if(base, some, REGIME, CALIBRATION).breakdown.due
    whole = what_if(base, frozenset(ids), REGIME, CALIBRATION).breakdown.due
    assert whole <= part <= base.breakdown.due


@FEW
@given(profiles())
def test_no_lever_pulled_is_the_quote_itself(profile: RiskProfile) -> None:
    base = quoted(profile)
    again = what_if(base, frozenset(), REGIME, CALIBRATION)
    assert compare(replace(base, levers=()), replace(again, levers=())).difference == ""


@FEW
@given(profiles())
def test_decision_follows_the_gravest_finding(profile: RiskProfile) -> None:
    found = quoted(profile)
    severities = {finding.severity for finding in found.findings}
    expected = (
        Decision.DECLINED
        if Severity.DECLINE in severities
        else Decision.REFERRED
        if Severity.REFER in severities
        else Decision.QUOTED
    )
    assert found.decision is expected


@FEW
@given(profiles())
def test_findings_of_intake_are_kept(profile: RiskProfile) -> None:
    told = Finding("judge-graded-itself", Severity.REFER, "evidence/x.eval", "the tested model judged itself")
    found = quote(profile, (told,), AT, REGIME, CALIBRATION)
    assert told in found.findings
    assert found.decision is not Decision.QUOTED


@FEW
@given(profiles())
def test_systems_report_what_was_rated(profile: RiskProfile) -> None:
    found = quoted(profile)
    assert [system.id for system in found.systems] == [system.id for system in profile.systems]
    for system in found.systems:
        assert set(system.danger) == set(system.perils) == set(CALIBRATION.perils)
        assert 0 <= system.compliance <= 1


@settings(max_examples=5)
@given(profiles())
def test_every_regime_quotes_by_the_same_code(profile: RiskProfile) -> None:
    for regime in map(load_regime, regime_ids()):
        word = next(iter(regime.classes.values())).vocabulary[0]
        local = replace(
            profile,
            systems=tuple(replace(s, self_assessed_class=word, assessed_class=word) for s in profile.systems),
            obligations=tuple(o for o in profile.obligations if o.kind in regime.obligations),
        )
        found = quote(local, (), AT, regime, CALIBRATION)
        assert found.breakdown.tax == found.breakdown.offered_premium.times(regime.premium_tax)
        assert found.breakdown.due > Money(0)


def test_there_is_more_than_one_regime() -> None:
    assert len(regime_ids()) > 1
