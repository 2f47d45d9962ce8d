"""The planted audit book: every fault is found by the metric meant for it, with its culprit on top, and no other."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from actuarial.calibration import shipped_calibration
from actuarial.market.firms import draw_firm
from actuarial.market.truth import stated_truth
from actuarial.risks import leading_class
from policies.regimes import load_regime
from underwriting.audit.metrics import METRICS
from underwriting.audit.rated import rated
from underwriting.audit.values import AuditBook, MetricResult, Standing
from underwriting.audit_faults import Fault, concealer, friend_of_firms, lab
from underwriting.audit_sample import Market, book_with, market, planted, profile_of
from underwriting.intake.dossier import read_dossier
from underwriting.sample import dossier_files

AT = date(2027, 1, 15)
REGIME, CALIBRATION = load_regime("nl-2027"), shipped_calibration()
FIRMS, SEED, OTHER_SEEDS = 100, 5, (6, 7)
FEW = 15  # firms that the metrics which rate a firm a hundred times over are tried on
RERATING = {"M1", "M6"}
MEANT = {
    Fault.CONCEALING_FIRM: {"M7"},
    Fault.CHERRY_PICKING_LAB: {"M8"},
    Fault.FRIENDLY_UNDERWRITER: {"M13"},
    Fault.CLIFF: {"M2", "M15"},
}
Results = dict[str, MetricResult]


@cache
def drawn(seed: int, firms: int = FIRMS) -> Market:
    return market(firms, seed, AT, REGIME, CALIBRATION)


@cache
def book(seed: int, *faults: Fault) -> AuditBook:
    return book_with(frozenset(faults), drawn(seed), seed, AT, REGIME, CALIBRATION)


def measured(found: AuditBook, wanted: Iterable[str]) -> Results:
    base = rated(found.profiles, found.at, found.regime, found.calibration)
    numbered = {f"M{number}": metric for number, metric in enumerate(METRICS, 1)}
    return {name: numbered[name](found, base) for name in wanted}


@cache
def results(seed: int, *faults: Fault) -> Results:
    return measured(book(seed, *faults), [name for name in REGIME.incentives.metrics if name not in RERATING])


def flagged(found: Results) -> set[str]:
    return {name for name, result in found.items() if result.standing in {Standing.ATTENTION, Standing.ALARM}}


def culprit(fault: Fault, found: AuditBook) -> str:
    if fault is Fault.CHERRY_PICKING_LAB:
        return lab()
    if fault is Fault.FRIENDLY_UNDERWRITER:
        return friend_of_firms()
    return found.profiles[concealer(found.profiles)].firm.name


@pytest.mark.parametrize("seed", [SEED, *OTHER_SEEDS])
def test_without_a_fault_nothing_that_is_planted_is_flagged(seed: int) -> None:
    assert flagged(results(seed)).isdisjoint(set().union(*MEANT.values()))


@pytest.mark.parametrize("fault", list(Fault))
def test_a_fault_is_found_by_the_metric_meant_and_no_other(fault: Fault) -> None:
    new = flagged(results(SEED, fault)) - flagged(results(SEED))
    assert new == MEANT[fault]


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.CLIFF])
def test_the_culprit_stands_on_top(fault: Fault) -> None:
    (metric,) = MEANT[fault]
    assert results(SEED, fault)[metric].affected[0].firm == culprit(fault, book(SEED, fault))


@pytest.mark.parametrize("seed", OTHER_SEEDS)
def test_all_faults_at_once_are_each_found_on_other_markets(seed: int) -> None:
    found = results(seed, *Fault)
    assert flagged(found) - flagged(results(seed)) == set().union(*MEANT.values())
    for fault in (Fault.CONCEALING_FIRM, Fault.CHERRY_PICKING_LAB, Fault.FRIENDLY_UNDERWRITER):
        (metric,) = MEANT[fault]
        assert found[metric].affected[0].firm == culprit(fault, book(seed, *Fault))


def test_a_lab_that_picks_is_the_only_lab_named() -> None:
    assert [one.firm for one in results(SEED, Fault.CHERRY_PICKING_LAB)["M8"].affected] == [lab()]


def test_a_firm_that_conceals_is_the_only_firm_named() -> None:
    assert len(results(SEED, Fault.CONCEALING_FIRM)["M7"].affected) == 1


def test_a_cliff_leaves_gradient_and_disclosure_as_they_were() -> None:
    few = drawn(SEED, FEW)
    books = [
        book_with(faults, few, SEED, AT, REGIME, CALIBRATION) for faults in (frozenset(), frozenset({Fault.CLIFF}))
    ]
    clean, steep = ({name: r.standing for name, r in measured(found, RERATING).items()} for found in books)
    assert steep == clean


# --- what the book is


def test_a_profile_is_what_the_dossier_on_disk_says(tmp_path: Path) -> None:
    for number in (3, 8):
        firm = draw_firm(number, SEED, stated_truth(), AT, REGIME, CALIBRATION)
        folder = tmp_path / str(number)
        for file in dossier_files(firm, SEED):
            (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
            (folder / file.path).write_bytes(file.content)
        read = read_dossier(folder, REGIME, AT).profile
        assert read is not None
        ours = profile_of(firm, SEED)
        assert (read.firm, read.cover, read.incidents, read.obligations) == (
            ours.firm, ours.cover, ours.incidents, ours.obligations,
        )  # fmt: skip
        for theirs, system in zip(read.systems, ours.systems, strict=True):
            assert replace(theirs, runs=()) == replace(system, runs=())
            neutral = {"sha256": "", "source": "", "model": ""}
            assert [replace(run, **neutral) for run in theirs.runs] == [replace(run, **neutral) for run in system.runs]


def test_the_same_seed_is_the_same_book() -> None:
    one, other = (planted(FEW, SEED, AT, REGIME, CALIBRATION, frozenset(Fault)) for _ in range(2))
    assert one.profiles == other.profiles
    for name in ("firms", "overrides", "renewals", "payments", "claims", "retests", "replays"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))


def test_a_fault_changes_nothing_but_what_it_touches() -> None:
    clean = book(SEED)
    picked, friendly = book(SEED, Fault.CHERRY_PICKING_LAB), book(SEED, Fault.FRIENDLY_UNDERWRITER)
    pd.testing.assert_series_equal(picked.retests["heldout_failures"], clean.retests["heldout_failures"])
    honest = clean.retests["evaluator"] != lab()
    pd.testing.assert_frame_equal(picked.retests[honest], clean.retests[honest])
    assert friendly.profiles == clean.profiles
    others = [b.overrides[b.overrides["underwriter"] != friend_of_firms()] for b in (friendly, clean)]
    pd.testing.assert_frame_equal(*(table.reset_index(drop=True) for table in others))
    concealed = book(SEED, Fault.CONCEALING_FIRM)
    changed = [a.firm.name for a, b in zip(concealed.profiles, clean.profiles, strict=True) if a != b]
    assert changed == [culprit(Fault.CONCEALING_FIRM, clean)]


def test_no_judgement_goes_beyond_authority_or_below_the_minimum_premium() -> None:
    found = book(SEED, Fault.FRIENDLY_UNDERWRITER)
    most = {level.level: level.judgement_share for level in REGIME.authority}
    moved = (found.overrides["offered_cents"] - found.overrides["technical_cents"]).abs()
    assert (moved <= found.overrides["level"].map(most) * found.overrides["technical_cents"]).all()
    floors = {p.firm.kvk: leading_class(p, REGIME).minimum_premium.cents for p in found.profiles}
    assert (found.overrides["offered_cents"] >= found.overrides["kvk"].map(floors)).all()


def test_a_cliff_keeps_the_level_of_the_tariff() -> None:
    clean, steep = book(SEED), book(SEED, Fault.CLIFF)
    ratio = steep.firms["expected_loss"].sum() / clean.firms["expected_loss"].sum()
    assert ratio == pytest.approx(1.0, abs=0.05)


def test_claims_are_what_the_cover_pays() -> None:
    found = book(SEED)
    limits = {p.firm.kvk: p.cover.terms.limit.cents for p in found.profiles}
    assert len(found.claims) > 0
    assert (found.claims["incurred_cents"] > 0).all()
    assert (found.claims["incurred_cents"] <= found.claims["kvk"].map(limits)).all()
    assert list(found.payments["amount_cents"]) == list(found.claims["incurred_cents"])
