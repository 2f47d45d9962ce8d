"""IBNR: closed forms, identities between the methods, and Mack's error against simulated run-off."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from actuarial.reserving.ibnr import (
    bornhuetter_ferguson,
    cape_cod,
    cape_cod_rate,
    chain_ladder,
    from_delay,
    mack,
    unreported,
)
from actuarial.reserving.triangle import Triangle, triangle

NAN = np.nan
PERIODS = 6
amounts = arrays(float, PERIODS, elements=st.floats(1.0, 1e6))
shares = arrays(float, PERIODS, elements=st.floats(0.01, 1.0))


def valued(full: np.ndarray) -> Triangle:
    """What is known on the diagonal of a square of totals."""
    n = len(full)
    return triangle(np.where(np.add.outer(np.arange(n), np.arange(n)) < n, full, NAN))


@st.composite
def triangles(draw: st.DrawFn) -> Triangle:
    """Positive first amounts, factors that differ by period and may shrink a total."""
    first = draw(amounts)
    factors = draw(arrays(float, (PERIODS, PERIODS - 1), elements=st.floats(0.8, 3.0)))
    return valued(first[:, None] * np.cumprod(np.hstack([np.ones((PERIODS, 1)), factors]), axis=1))


@given(amounts, arrays(float, PERIODS - 1, elements=st.floats(0.8, 3.0)))
def test_a_common_pattern_is_found_without_error(first: np.ndarray, factors: np.ndarray) -> None:
    full = first[:, None] * np.append(1.0, np.cumprod(factors))
    found = mack(valued(full))
    assert found.factors == pytest.approx(factors)
    assert found.run_off.ultimate == pytest.approx(full[:, -1])
    assert found.errors == pytest.approx(np.zeros(PERIODS), abs=1e-5 * full.max())


@given(triangles(), st.floats(0.01, 100.0))
def test_the_unit_of_money_does_not_matter(run_off: Triangle, unit: float) -> None:
    ours, theirs = mack(run_off), mack(triangle(unit * run_off.cumulative))
    scale = ours.run_off.ultimate.max() * unit
    assert theirs.run_off.ibnr == pytest.approx(unit * ours.run_off.ibnr, rel=1e-6, abs=1e-9 * scale)
    assert theirs.errors == pytest.approx(unit * ours.errors, rel=1e-6, abs=1e-6 * scale)
    assert theirs.total_error == pytest.approx(unit * ours.total_error, rel=1e-6, abs=1e-6 * scale)


@given(triangles())
def test_errors_of_periods_go_together(run_off: Triangle) -> None:
    """Shared factors make the total more uncertain than independent periods, less than periods moving as one."""
    found = mack(run_off)
    slack = 1.0 + 1e-9
    assert np.sqrt((found.errors**2).sum()) <= found.total_error * slack
    assert found.total_error <= found.errors.sum() * slack
    assert found.errors[0] == 0.0
    assert found.run_off.ibnr[0] == 0.0


@pytest.mark.parametrize(("square", "second", "last"), [(48.0, 1.0, 0.25), (432.0, 9.0, 4.0)])
def test_the_last_sigma_is_the_smallest_of_three(square: float, second: float, last: float) -> None:
    """Mack's rule, by hand. Totals of 100 move by 20, 100 0.2^2 = 4 per unit; then 120 and 80 by x: x^2 / 48. From 4
    and 1 the extrapolation 1 / 4 is the smallest, from 4 and 9 (to 81 / 4) it is the first."""
    move = np.sqrt(square)
    rows = [[100, 120, 120 + move, 100], [100, 80, 80 - move, NAN], [100, 100, NAN, NAN], [100, NAN, NAN, NAN]]
    assert mack(triangle(rows)).sigma ** 2 == pytest.approx([4.0, second, last])


def test_mack_error_is_that_of_simulated_run_off() -> None:
    """Run-off drawn from Mack's own model: the root mean square of the miss is the error that he states."""
    rng = np.random.default_rng(20_261)
    factors, sigma = np.array([2.0, 1.4, 1.2, 1.1, 1.05]), np.array([20.0, 10.0, 6.0, 4.0, 2.0])
    miss, stated = [], []
    for _ in range(1500):
        full = np.zeros((PERIODS, PERIODS))
        full[:, 0] = 1e5
        for k, (factor, spread) in enumerate(zip(factors, sigma, strict=True)):
            noise = spread * np.sqrt(full[:, k]) * rng.standard_normal(PERIODS)
            full[:, k + 1] = factor * full[:, k] + noise
        found = mack(valued(full))
        miss.append(found.run_off.ultimate.sum() - full[:, -1].sum())
        stated.append(found.total_error)
    root = np.sqrt(np.mean(np.square(miss)))
    assert root == pytest.approx(np.sqrt(np.mean(np.square(stated))), rel=0.06)
    assert abs(np.mean(miss)) < 3.0 * root / np.sqrt(len(miss))  # and the chain ladder is unbiased


def test_mack_refuses_what_his_model_cannot_hold() -> None:
    with pytest.raises(ValueError, match="3 periods are too few"):
        mack(triangle([[1, 2, 3], [1, 2, NAN], [1, NAN, NAN]]))
    quiet = np.full((4, 4), 10.0)
    quiet[1, 0] = 0.0
    with pytest.raises(ValueError, match="need positive totals"):
        mack(valued(quiet))
    assert chain_ladder(valued(quiet)).ultimate == pytest.approx([10, 10, 10, 15])  # the chain ladder can


@given(triangles())
def test_bornhuetter_ferguson_with_the_chain_ladder_as_prior_is_the_chain_ladder(run_off: Triangle) -> None:
    ladder = chain_ladder(run_off)
    blended = bornhuetter_ferguson(ladder.known, ladder.share, ladder.ultimate)
    assert blended.ultimate == pytest.approx(ladder.ultimate, rel=1e-9)


@given(amounts, shares, amounts)
def test_bornhuetter_ferguson_is_a_credibility_average(known: np.ndarray, share: np.ndarray, prior: np.ndarray) -> None:
    """Weight F on what the known alone says, 1 - F on the prior."""
    blended = bornhuetter_ferguson(known, share, prior)
    assert blended.ultimate == pytest.approx(share * from_delay(known, share).ultimate + (1.0 - share) * prior)
    assert blended.ibnr == pytest.approx(unreported(prior, share), rel=1e-6, abs=1e-6)


@given(amounts, shares, amounts)
def test_cape_cod_balances(known: np.ndarray, share: np.ndarray, exposure: np.ndarray) -> None:
    """The rate explains what is known, in total; where it is the true one, all periods come out right."""
    rate = cape_cod_rate(known, share, exposure)
    assert (rate * exposure * share).sum() == pytest.approx(known.sum())
    true = cape_cod(0.7 * exposure * share, share, exposure)
    assert true.ultimate == pytest.approx(0.7 * exposure)


@given(amounts, shares)
def test_a_delay_reported_in_part_is_completed(ultimate: np.ndarray, share: np.ndarray) -> None:
    found = from_delay(ultimate * share, share)
    assert found.ultimate == pytest.approx(ultimate)
    assert found.ibnr == pytest.approx(unreported(ultimate, share), rel=1e-6, abs=1e-6)


def test_a_period_of_which_nothing_could_be_known_keeps_its_prior() -> None:
    assert bornhuetter_ferguson([0.0], [0.0], [12.0]).ultimate == pytest.approx([12.0])
    with pytest.raises(ValueError, match="no ultimate without a prior"):
        from_delay([0.0], [0.0])


@pytest.mark.parametrize(
    ("known", "share", "says"),
    [
        ([1.0, 2.0], [0.5], "one of each"),
        ([1.0, NAN], [0.5, 0.5], "finite"),
        ([1.0], [-0.1], "negative"),
        ([[1.0]], [[0.5]], "one of each"),
    ],
)
def test_shares_that_are_none_are_refused(known: list[object], share: list[object], says: str) -> None:
    for method in (from_delay, unreported):
        with pytest.raises(ValueError, match=says):
            method(known, share)


@pytest.mark.parametrize("exposure", [[0.0, 0.0], [-1.0, 2.0], [1.0], [NAN, 1.0]])
def test_exposure_that_is_none_is_refused(exposure: list[float]) -> None:
    with pytest.raises(ValueError, match="exposure must match"):
        cape_cod([1.0, 2.0], [0.5, 0.5], exposure)


def misses(claims_a_period: float, seed: int, trials: int = 4000) -> dict[str, float]:
    """Root mean square miss of the IBNR of six periods, per expected claim to come: claims are Poisson, each known with
    the share of its period, and the prior is off by a fifth either way."""
    rng = np.random.default_rng(seed)
    share = np.array([1.0, 0.98, 0.93, 0.85, 0.70, 0.35])
    squares = {"delay": 0.0, "bornhuetter_ferguson": 0.0, "cape_cod": 0.0}
    exposure = np.ones(PERIODS)
    for _ in range(trials):
        mean = claims_a_period * rng.lognormal(0.0, 0.2)
        ultimate = rng.poisson(mean * exposure)
        known = rng.binomial(ultimate, share).astype(float)
        found = {
            "delay": from_delay(known, share),
            "bornhuetter_ferguson": bornhuetter_ferguson(known, share, claims_a_period * exposure),
            "cape_cod": cape_cod(known, share, exposure),
        }
        for method, run_off in found.items():
            squares[method] += (run_off.ultimate.sum() - ultimate.sum()) ** 2 / trials
    to_come = claims_a_period * float((1.0 - share).sum())
    return {method: float(np.sqrt(square)) / to_come for method, square in squares.items()}


def test_which_method_when() -> None:
    """docs/methods/reserving.md quotes these: with few claims the prior is worth more than the latest period, with
    many the claims are; Cape Cod, which pools the periods, is never the worst."""
    few, many = misses(3.0, 11), misses(300.0, 12)
    assert few["bornhuetter_ferguson"] < few["cape_cod"] < few["delay"]
    assert many["cape_cod"] < many["delay"] < many["bornhuetter_ferguson"]
