"""Tables, sentences and layout of the report's sections."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_tables import artefact, tables

from actuarial.fitting.prior import parameters
from underwriting.documents.calibration_checks import actual_expected, out_of_time, ranking
from underwriting.documents.calibration_frequency import biggest_changes, experience
from underwriting.documents.calibration_print import PAGE_HEIGHT, _height, grids
from underwriting.documents.calibration_severity import limits, mixture, tail
from underwriting.documents.calibration_tables import level_name, path_name, table
from underwriting.documents.calibration_times import durations, lag, trend
from underwriting.documents.content import Drawing, Figure, in_columns
from underwriting.documents.voice import DASH, Voice

EN, NL = Voice("en"), Voice("nl")


def figures(heights: list[float]) -> list[Figure]:
    return [Figure(str(n), Drawing("", "", height)) for n, height in enumerate(heights)]


@given(st.lists(st.floats(0.5, 6.0), max_size=20))
def test_columns_hold_every_figure_once_and_are_balanced(heights: list[float]) -> None:
    drawn = figures(heights)
    left, right = in_columns(drawn)
    assert sorted([*left, *right], key=lambda f: int(f.caption)) == drawn
    sums = [sum(f.drawing.height for f in column) for column in (left, right)]
    assert abs(sums[0] - sums[1]) <= max(heights, default=0)


@given(st.lists(st.floats(0.5, 6.0), max_size=20))
def test_grids_hold_every_figure_in_order_and_fit_a_page(heights: list[float]) -> None:
    drawn = figures(heights)
    made = grids(drawn)
    order = [sorted(int(f.caption) for column in grid for f in column) for grid in made]
    assert [n for grid in order for n in grid] == list(range(len(drawn)))
    assert all(_height(grid) <= PAGE_HEIGHT or sum(map(len, grid)) == 1 for grid in made)


def test_numbers_of_a_column_share_their_decimals() -> None:
    rows = [{"model": "a", "gini": 0.4412, "low": 0.41, "high": None}, {"model": "b", "gini": 0.009}]
    written = table("gini", rows, ("model", "gini", "interval"), EN)
    assert written.rows == (("a", "0.441", DASH), ("b", "0.009", DASH))
    assert written.numeric == (False, True, True)
    assert written.head == ("model", "Gini", "interval")


def test_counts_are_whole_unless_one_is_not() -> None:
    rows: list[dict[str, Any]] = [{"model": "a", "claims": 3.0}, {"model": "b", "claims": 4.0}]
    assert [row[1] for row in table("fit", rows, ("model", "claims"), EN).rows] == ["3", "4"]
    rows[1]["claims"] = 4.25
    assert [row[1] for row in table("fit", rows, ("model", "claims"), EN).rows] == ["3.0", "4.2"]


@pytest.mark.parametrize("voice", [EN, NL])
def test_every_parameter_of_the_frequency_has_a_name(voice: Voice) -> None:
    paths = [path for path, _ in parameters(artefact()) if path.startswith(("frequency", "mixture", "tests"))]
    unit = {"frequency.exposure_unit_persons", "frequency.exposure_unit_turnover_eur"}
    unnamed = {path for path in paths if path_name(path, voice) == path and not path.endswith("from_years")}
    assert unnamed <= unit


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("frequency.classes.A5", "Obliged class: A5"),
        ("frequency.sectors.health", "Sector: health"),
        ("frequency.maturity.0.effect", "time since deployment, band 1"),
        ("reporting_lag.shape", "reporting delay: shape"),
        ("tests.garak.apikey.a", "test garak.apikey: a"),
        ("something.else", "something.else"),
    ],
)
def test_names_of_parameters(path: str, name: str) -> None:
    assert path_name(path, EN) == name


@pytest.mark.parametrize(
    ("level", "name"),
    [("below 0.25", "onder 0,25"), ("-1 to 0.5", "−1 tot 0,5"), ("10 and more", "10 en meer"), ("x to y", "x to y")],
)
def test_bands_are_written_for_the_reader(level: str, name: str) -> None:
    assert level_name("exposure", level, NL) == name


def test_the_experience_counts_the_perils_that_had_no_claim() -> None:
    rows = [{"peril": "FIN", "claims": 7.0, "system_years": 100.0, "reported_share": 0.7}]
    rows += [{"peril": "DIS", "claims": 0.0, "system_years": 100.0, "reported_share": 0.7}]
    found = experience({"experience": rows}, EN)
    assert found.seen.startswith("7 claims in 100 years at risk; most are Financial loss from wrong output (7)")
    assert "13 perils" in found.seen
    assert found.missing == ""


def test_the_furthest_group_is_judged_by_chance_not_by_ratio() -> None:
    rows = [
        {"factor": "class", "level": "A1", "actual": 0, "expected": 0.01, "ratio": 0.0, "low": 0.0, "high": 99.0},
        {"factor": "class", "level": "A2", "actual": 150, "expected": 100, "ratio": 1.5, "low": 1.3, "high": 1.7},
        {"factor": "total", "level": "all", "actual": 150, "expected": 100.01, "ratio": 1.5, "low": 1.3, "high": 1.7},
    ]
    found = actual_expected({"actual_expected": rows}, EN)
    assert "All together 150 claims came where 100 were expected" in found.seen
    assert "In 1 of 2 groups" in found.seen
    assert "A2 (obliged class)" in found.seen
    assert len(found.figures) == 1


def test_a_curve_of_what_is_left_is_turned_into_what_happened() -> None:
    falling = [{"years": t, "empirical": 1 - t / 10, "fitted": 1 - t / 10} for t in (0.0, 1.0, 2.0)]
    rising = [{"years": t, "empirical": t / 10, "fitted": t / 10} for t in (0.0, 1.0, 2.0)]
    words = [
        durations({"first_incident_curve": rows, "settlement_curve": rising}, EN).seen for rows in (falling, rising)
    ]
    assert words[0] == words[1]
    assert "10%" in words[0]


def test_own_experience_decides_which_delay_is_told() -> None:
    rows = [
        {"data": "experience", "model": "lognormal", "aic": 90.0, "median_days": 11.0, "p90_days": 50.0},
        {"data": "experience", "model": "weibull", "aic": 95.0, "median_days": 22.0, "p90_days": 60.0},
        {"data": "aiid", "model": "loglogistic", "aic": 5.0, "median_days": 33.0, "p90_days": 70.0},
    ]
    assert "Log-normal fits best: half of all cases are known after 11 days" in lag({"lag_models": rows}, EN).seen


def test_what_comes_as_predicted_is_inside() -> None:
    row = {"model": "fitted", "year": 2026, "expected": 90.0, "low": 70.0, "high": 110.0, "log_score": 0.2}
    inside = out_of_time({"out_of_time": [{**row, "actual": 100}]}, EN)
    outside = out_of_time({"out_of_time": [{**row, "actual": 120}]}, EN)
    assert inside.seen.endswith("inside the interval.")
    assert outside.seen.endswith("outside the interval.")


def test_sentences_of_the_other_sections_hold_their_numbers() -> None:
    drawn = {name: tables()[name] for name in ("gini", "tail_bracket", "ilf", "ilf_check", "trend")}
    assert "0.44 (0.41 – 0.47); of the champion: 0.36" in ranking(drawn, EN).seen
    assert "A7 pays €174,605" in tail(drawn, EN).seen
    assert "fail the consistency test: 1" in limits(drawn, EN).seen
    assert "In 2026, 268 incidents are known, 50% of what will be: 536" in trend(drawn, EN).seen


def test_the_mixture_tells_its_largest_move() -> None:
    rows = [
        {"peril": "FIN", "head": "G1", "prior": 0.9, "share": 0.6},
        {"peril": "FIN", "head": "G2", "prior": 0.1, "share": 0.4},
        {"peril": "DIS", "head": "G3", "prior": 0.7, "share": 0.71},
    ]
    assert "from 90% to 60%" in mixture({"mixture": rows}, EN).seen


def test_changes_are_of_the_frequency_largest_first() -> None:
    rows = [
        {"path": "frequency.sharing", "prior": 0.5, "estimate": 0.4},
        {"path": "frequency.roles.deployer", "prior": 0.0, "estimate": 0.7},
        {"path": "frequency.dispersion", "prior": 0.6, "estimate": 9.0},
        {"path": "frequency.classes.A3", "prior": 0.0, "estimate": 0.0},
    ]
    assert [change for _, change in biggest_changes({"parameters": rows}, EN)] == ["+101%", "−10%"]
