"""From test results to danger scores: every promise of docs/methods/evidence.md as a property."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaincinv, logit
from scipy.stats import beta
from strategies import AT, CALIBRATION, REGIME, REQUIRED, SYSTEM, run_of, runs

from actuarial.evidence import danger_scores, failure_rates
from actuarial.risks import run_table, trust
from actuarial.tariff import tariff
from policies.perils import PERILS
from policies.safety import Independence, TestRun, catalogue

T = tariff(CALIBRATION, REGIME)
NOISE = 1e-9


def rates(*found: TestRun) -> np.ndarray:
    """Priced failure rates (T,) of a system with these runs."""
    return failure_rates(run_table([replace(SYSTEM, runs=found)], AT, REGIME, CALIBRATION), 1, T)[0]


def scores(*found: TestRun) -> np.ndarray:
    """Danger scores (P,) of a system with these runs."""
    return danger_scores(rates(*found)[None, :], T)[0]


def worse_or_equal(before: tuple[TestRun, ...], after: tuple[TestRun, ...]) -> bool:
    return bool(np.all(scores(*after) >= scores(*before) - NOISE))


books = st.lists(runs(), min_size=1, max_size=4).map(tuple)


@given(books)
def test_one_more_failure_never_lowers_z(book: tuple[TestRun, ...]) -> None:
    first = book[0]
    failed = replace(first, failures=first.failures + 1, clean=first.clean - 1)
    assert worse_or_equal(book, (failed, *book[1:]))


@given(books)
def test_one_more_missing_trial_never_lowers_z(book: tuple[TestRun, ...]) -> None:
    first = book[0]
    lost = replace(first, missing=first.missing + 1, clean=first.clean - 1)
    assert worse_or_equal(book, (lost, *book[1:]))


@given(books, st.integers(1, 2000))
def test_an_older_date_never_lowers_z(book: tuple[TestRun, ...], days: int) -> None:
    older = replace(book[0], run_date=book[0].run_date - timedelta(days=days))
    assert worse_or_equal(book, (older, *book[1:]))


@given(books, st.sampled_from(Independence))
def test_a_weaker_evaluator_never_lowers_z(book: tuple[TestRun, ...], other: Independence) -> None:
    strength = list(Independence)
    weaker = max(book[0].independence, other, key=strength.index)
    assert worse_or_equal(book, (replace(book[0], independence=weaker), *book[1:]))


@given(books)
def test_hiding_the_outcomes_of_a_declared_run_never_lowers_z(book: tuple[TestRun, ...]) -> None:
    first = book[0]
    hidden = replace(first, failures=0, clean=0, missing=first.planned)
    assert worse_or_equal(book, (hidden, *book[1:]))


@given(books, st.integers(1, 50))
def test_more_clean_unique_prompts_never_raise_z(book: tuple[TestRun, ...], more: int) -> None:
    first = replace(book[0], unique_prompts=book[0].planned)
    grown = replace(
        first, clean=first.clean + more, planned=first.planned + more, unique_prompts=first.unique_prompts + more
    )
    assert worse_or_equal((grown, *book[1:]), (first, *book[1:]))


@given(books, runs())
def test_a_clean_run_more_never_raises_z(book: tuple[TestRun, ...], extra: TestRun) -> None:
    spotless = replace(extra, failures=0, missing=0, clean=extra.planned)
    assert worse_or_equal((*book, spotless), book)


@given(books)
def test_withholding_a_required_result_never_helps(book: tuple[TestRun, ...]) -> None:
    withheld = tuple(run for run in book if run.test != book[0].test)
    assert worse_or_equal(book, withheld)


@given(st.sampled_from(REQUIRED))
def test_zero_trials_equals_missing(test: str) -> None:
    assert np.array_equal(scores(run_of(test)), scores())


def posterior(test: str, bad: float, good: float, target: float) -> float:
    """Section 1 written out once more: prior plus counts, at a level that comes down from silence as passes come in."""
    column = T.test_ids.index(test)
    level = 1 - (1 - target) * good / (good + REGIME.evidence.doubt)
    quantile = beta(T.prior_a[column] + bad, T.prior_b[column] + good).ppf(level)
    return float(min(quantile, T.silence[column]))


BEST_OF_THREE = 0.5 ** (1 / 3)


@settings(max_examples=50)
@given(st.sampled_from(REQUIRED), st.integers(1, 200), st.integers(0, 200), st.integers(1, 100))
def test_repeats_of_a_prompt_count_as_rho_allows(test: str, prompts: int, failing: int, epochs: int) -> None:
    """However often the prompts are repeated, they never count for more than 1 / rho trials each."""
    failing = min(failing, prompts)
    rho = max(catalogue()[test].rho, REGIME.evidence.minimum_rho)
    run = run_of(test, failing * epochs, (prompts - failing) * epochs, unique_prompts=prompts)
    counted = epochs / (1 + (epochs - 1) * rho)
    assert counted <= 1 / rho
    good = trust(run, AT, REGIME, CALIBRATION) * (prompts - failing) * counted
    expected = posterior(test, failing * counted, good, BEST_OF_THREE)
    assert rates(run)[T.test_ids.index(test)] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("test", REQUIRED)
def test_one_prompt_asked_a_thousand_times_is_not_a_thousand_prompts(test: str) -> None:
    repeated, different = run_of(test, 0, 1000, unique_prompts=1), run_of(test, 0, 10)
    column = T.test_ids.index(test)
    assert rates(repeated)[column] > rates(different)[column]


def test_an_accredited_signed_fresh_run_is_priced_near_the_plain_quantile() -> None:
    test = REQUIRED[0]
    column = T.test_ids.index(test)
    run = run_of(test, 30, 970, independence=Independence.ACCREDITED, signed=True, run_date=AT)
    assert rates(run)[column] == pytest.approx(posterior(test, 30, 970, 0.75), rel=1e-9)
    plain = beta(T.prior_a[column] + 30, T.prior_b[column] + 970).ppf(0.75)
    assert plain < rates(run)[column] < 1.01 * plain


def test_unregistered_self_run_counts_as_the_best_of_three() -> None:
    test = REQUIRED[0]
    run = run_of(test, 1, 299, run_date=AT)
    registered = replace(run, registered_at=AT)
    good = trust(run, AT, REGIME, CALIBRATION) * 299
    for candidate, target in ((run, BEST_OF_THREE), (registered, 0.75)):
        expected = posterior(test, 1, good, target)
        assert rates(candidate)[T.test_ids.index(test)] == pytest.approx(expected, rel=1e-9)


@given(st.sampled_from(REQUIRED), st.integers(1, 10_000))
def test_what_nobody_can_check_is_worth_the_average_system_at_most(test: str, clean: int) -> None:
    """However many passes are declared without a log, the price stays at a prudent quantile of the population."""
    column = T.test_ids.index(test)
    declared = rates(run_of(test, 0, clean, independence=Independence.SELF_SUMMARY, run_date=AT))[column]
    assert declared >= min(beta(T.prior_a[column], T.prior_b[column]).ppf(BEST_OF_THREE), T.silence[column]) - NOISE
    assert declared >= rates(run_of(test, 0, clean, run_date=AT))[column] - NOISE


def test_a_declared_failure_costs_and_a_single_declared_pass_earns_nothing() -> None:
    for test in REQUIRED:
        column = T.test_ids.index(test)
        one, many, failing = (
            rates(run_of(test, k, n - k, independence=Independence.SELF_SUMMARY, run_date=AT))[column]
            for k, n in ((0, 1), (0, 400), (200, 400))
        )
        assert one >= 0.98 * T.silence[column]
        assert many < failing <= T.silence[column]


@pytest.mark.parametrize("test", REQUIRED)
def test_a_single_clean_trial_is_next_to_nothing(test: str) -> None:
    """From silence to what four hundred accredited prompts earn, one self-run trial goes a tenth of the way at most."""
    column = T.test_ids.index(test)
    proof = rates(run_of(test, 0, 400, independence=Independence.ACCREDITED, run_date=AT))[column]
    token = rates(run_of(test, 0, 1, run_date=AT))[column]
    assert token >= 0.9 * T.silence[column] + 0.1 * proof


def test_silence_is_the_ceiling_and_the_price_of_missing() -> None:
    test = REQUIRED[0]
    column = T.test_ids.index(test)
    assert rates()[column] == T.silence[column]
    assert rates(run_of(test, 500, 2))[column] == T.silence[column]


def test_a_newer_registered_run_of_equal_size_supersedes_a_bad_one() -> None:
    test = REQUIRED[0]
    bad = run_of(test, 20, 80, run_date=AT - timedelta(days=200))
    good = run_of(test, 0, 100, run_date=AT, registered_at=AT)
    smaller = run_of(test, 0, 99, run_date=AT, registered_at=AT)
    unregistered = run_of(test, 0, 100, run_date=AT)
    assert np.array_equal(rates(bad, good), rates(good))
    column = T.test_ids.index(test)
    accredited = replace(bad, independence=Independence.ACCREDITED)
    assert rates(accredited, good)[column] > rates(bad, good)[column]
    assert rates(bad, smaller)[column] > rates(smaller)[column] > rates(good)[column]
    assert rates(bad, unregistered)[column] > rates(bad, good)[column]


def test_a_safe_score_of_a_system_that_refuses_everything_is_void() -> None:
    utility = next(test for test in T.test_ids if any(v in REQUIRED for v in catalogue()[test].voids))
    target = next(test for test in catalogue()[utility].voids if test in REQUIRED)
    column = T.test_ids.index(target)
    safe = run_of(target, 0, 500)
    assert rates(safe, run_of(utility, 5, 95))[column] < T.silence[column]
    assert rates(safe, run_of(utility, 95, 5))[column] == T.silence[column]


@given(st.integers(0, 399))
def test_a_refusal_more_voids_safe_scores_a_little_and_never_less(refused: int) -> None:
    """From the lower share of the regime to the limit in equal steps of the logit: no refusal is a cliff."""
    utility = next(test for test in T.test_ids if any(v in REQUIRED for v in catalogue()[test].voids))
    columns = [T.test_ids.index(test) for test in catalogue()[utility].voids if test in REQUIRED]
    safe = [run_of(T.test_ids[column], 0, 500) for column in columns]
    own, before, after = (
        logit(rates(*safe, *(run_of(utility, n, 400 - n) for n in refusals))[columns])
        for refusals in ((), (refused,), (refused + 1,))
    )
    silence = logit(T.silence[columns])
    rules = REGIME.evidence
    most = (silence - own) / (400 * (rules.utility_failure_limit - rules.utility_doubt))
    assert ((after - before >= -1e-9) & (after - before <= most + 1e-9)).all()
    if refused < 400 * rules.utility_doubt:
        assert before == pytest.approx(own)
    if refused >= 400 * rules.utility_failure_limit:
        assert before == pytest.approx(silence)


def test_tests_outside_the_battery_are_never_priced() -> None:
    outside = next(test for test in catalogue() if test not in T.test_ids)
    assert np.array_equal(scores(run_of(outside, 0, 1000)), scores())


def test_hazard_of_capability_perils_is_a_product_not_an_average() -> None:
    """A system that can do nothing is not made dangerous by weak safeguards as far as an average would have it:
    log hazard adds, so lowering capability by a factor moves z alike whatever the safeguards do."""
    peril = next(p for p in T.peril_ids if PERILS[p].capability)
    column = T.peril_ids.index(peril)
    used = np.flatnonzero(T.hazard_battery[:, column])
    assert np.all(T.battery[:, column] == 0)
    base = np.full((1, len(T.test_ids)), 0.3)
    halved = base.copy()
    halved[0, used[0]] /= 2
    weak, weak_halved = base.copy(), halved.copy()
    weak[0, used[1]] = weak_halved[0, used[1]] = 0.9
    move = danger_scores(base, T)[0, column] - danger_scores(halved, T)[0, column]
    same = danger_scores(weak, T)[0, column] - danger_scores(weak_halved, T)[0, column]
    assert move == pytest.approx(np.log(2) * T.hazard_battery[used[0], column])
    assert same == pytest.approx(move)


def test_a_discount_on_whole_runs_can_help_the_firm() -> None:
    """Why passes and failures are trusted apart: the larger of the discounted and the full posterior is not safe.

    Prior Beta(1/2, 1/2), 8 failures in 10 trials. At weight 0.1 the 75 % quantile is higher than at weight 0 and at
    weight 1, so a rule that takes the larger of w and 1 would get cheaper when the evidence grows older.
    """

    def larger(w: float) -> float:
        return max(betaincinv(0.5 + v * 8, 0.5 + v * 2, 0.75) for v in (w, 1.0))

    assert larger(0.0) < larger(0.1) - 0.01


def test_a_regime_sets_how_fast_evidence_ages() -> None:
    run = run_of(REQUIRED[0], 0, 100, run_date=AT - timedelta(days=365))
    faster = replace(REGIME, evidence=replace(REGIME.evidence, half_life=0.5))
    fresh = trust(replace(run, run_date=AT), AT, REGIME, CALIBRATION)
    aged = trust(run, AT, REGIME, CALIBRATION) / fresh
    assert trust(run, AT, faster, CALIBRATION) / fresh == pytest.approx(aged**2)
