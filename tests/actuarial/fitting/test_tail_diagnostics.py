"""Tail diagnostics: against closed forms of the generalised Pareto, and what they say of the publicised losses."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import genpareto

from actuarial.calibration import shipped_calibration
from actuarial.fitting.insured_severity import Shape, insured_severities
from actuarial.fitting.prior import authored
from actuarial.fitting.sanity import typical_prices
from actuarial.fitting.tail_diagnostics import (
    FEWEST_EXCESSES,
    TailDiagnostics,
    borrowed_shapes,
    mean_excess,
    report,
    tail_bracket,
    tail_diagnostics,
    tail_plot,
    tail_stability,
)
from policies.regimes import load_regime

REGIME = load_regime("nl-2027")


def pareto(xi: float, size: int, seed: int) -> np.ndarray:
    """Losses above 1 with generalised Pareto excesses of scale 1."""
    return 1.0 + genpareto.rvs(xi, size=size, random_state=np.random.default_rng(seed))


@pytest.fixture(scope="module")
def publicised() -> TailDiagnostics:
    return tail_diagnostics(shipped_calibration(), REGIME, authored())


def test_the_shape_of_a_pareto_does_not_depend_on_the_threshold() -> None:
    table = tail_stability(pareto(0.5, 4_000, 1), [1.0, 2.0, 4.0])
    assert (table["low"] < 0.5).all()
    assert (table["high"] > 0.5).all()
    assert table["losses"].is_monotonic_decreasing
    # the scale grows with the threshold: beta(u) = beta + xi (u - 1)
    assert table["beta_eur"].to_numpy() == pytest.approx([1.0, 1.5, 2.5], rel=0.12)


def test_a_threshold_with_hardly_a_loss_above_it_is_left_out() -> None:
    assert tail_stability(np.array([1.0, 2.0, 3.0, 4.0]), [0.5, 2.5]).empty
    assert len(tail_stability(np.arange(1.0, 20.0) ** 2, [3.0, 400.0])) == 1


def test_mean_excess_of_a_pareto_is_a_rising_line() -> None:
    table = mean_excess(pareto(0.25, 300, 2))
    at = np.searchsorted(table["threshold_eur"], [1.0, 2.0, 3.0])
    found = table.iloc[at]
    expected = (1.0 + 0.25 * (found["threshold_eur"] - 1.0)) / 0.75  # e(u) = (beta + xi u) / (1 - xi)
    assert (found["low"] < expected).all()
    assert (found["high"] > expected).all()
    assert found["mean_excess_eur"].is_monotonic_increasing
    assert table["losses"].min() >= FEWEST_EXCESSES


def test_mean_excess_is_reproducible() -> None:
    losses = pareto(0.5, 60, 3)
    pd.testing.assert_frame_equal(mean_excess(losses), mean_excess(losses))


def test_tail_plot_follows_the_empirical_survival_and_brackets_it_far_out() -> None:
    losses = pareto(0.6, 400, 4)
    table = tail_plot(losses, 1.0)
    seen = table.dropna()
    assert len(seen) == 400
    assert np.abs(seen["empirical"] - seen["fitted"]).max() < 1.36 / np.sqrt(400)  # Kolmogorov-Smirnov, 5 %
    far = table.iloc[-1]
    assert far["lower"] < far["fitted"] < far["upper"]
    truth = genpareto.sf(far["loss_eur"] - 1.0, 0.6)
    assert far["lower"] < truth < far["upper"]


def test_the_central_bracket_is_the_prior_and_the_premium_rises_with_the_shape(publicised: TailDiagnostics) -> None:
    table = publicised.tables["tail_bracket"].pivot(index="obliged_class", columns="shape", values="premium_eur")
    prior = typical_prices(authored(), REGIME, shipped_calibration())
    assert table["central"].to_dict() == {typical.obliged_class: typical.premium for typical in prior}
    assert (table["lower"] < table["central"]).all()
    assert (table["central"] < table["upper"]).all()


def test_borrowed_shapes_lie_in_order_and_leave_elicited_ones_alone() -> None:
    shapes = borrowed_shapes()
    assert set(shapes[Shape.CENTRAL]) == {"H1", "H2", "G1", "G2", "G3", "G4", "G5", "G7"}
    for head, xi in shapes[Shape.CENTRAL].items():
        assert shapes[Shape.LOWER][head] < xi < shapes[Shape.UPPER][head]
        assert insured_severities()[head].severity.xi == xi


def test_a_bracket_that_moves_nothing_changes_no_premium() -> None:
    table = tail_bracket(shipped_calibration(), REGIME, authored(), {Shape.LOWER: {}, Shape.UPPER: {"none": 9.0}})
    assert table.groupby("obliged_class")["premium_eur"].nunique().max() == 1


def test_the_publicised_tail_is_called_unstable_and_its_cost_named(publicised: TailDiagnostics) -> None:
    codes = {finding.code for finding in publicised.findings}
    assert codes == {"tail-unstable", "tail-mean-unknown", "tail-heavy", "tail-costs"}
    dear = {finding.subject for finding in publicised.findings if finding.code == "tail-costs"}
    assert {"A6", "A7"} <= dear
    assert "A1" not in dear
    assert list(publicised.tables["tail_stability"].columns) == [
        "threshold_eur", "losses", "xi", "low", "high", "beta_eur",
    ]  # fmt: skip


def test_the_page_shows_what_the_command_prints() -> None:
    page = (Path(__file__).parents[3] / "docs" / "methods" / "severity.md").read_text("utf-8")
    assert "\n".join(report()) in page
