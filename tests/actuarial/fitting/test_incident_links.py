"""Linking two incident sources: stems, similarity, and counts on made-up sources whose links are known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actuarial.fitting.incident_links import link_counts, similarity, stems

WORDS = "robot chatbot camera loan school hospital bridge airline museum election passport tax voice taxi bank court"


def source(titles: list[str], years: list[str]) -> pd.DataFrame:
    blank = pd.Series([np.nan] * len(titles), dtype=object)
    return pd.DataFrame(
        {"headline": titles, "occurred": years, "deployer": blank, "developer": blank, "system_name": blank}
    )


def database(titles: list[str], years: list[str]) -> pd.DataFrame:
    dates = [f"{year}-06-01" for year in years]
    blank = pd.Series([np.nan] * len(titles), dtype=object)
    return pd.DataFrame({"title": titles, "date": dates, "deployers": blank, "developers": blank})


def test_stems_drop_common_words_case_and_endings() -> None:
    assert stems("The AI discriminates: 3 Loans!") == {"discri", "3", "loans"}
    assert stems("discrimination") == stems("Discriminating")
    assert stems("") == frozenset()


@given(texts=st.lists(st.lists(st.sampled_from(WORDS.split()), max_size=5).map(frozenset), min_size=2, max_size=8))
def test_similarity_is_a_cosine(texts: list[frozenset[str]]) -> None:
    between = similarity(texts, texts)
    assert between == pytest.approx(between.T)
    assert between.min() >= 0.0
    assert between.max() <= 1.0 + 1e-12
    for row, text in enumerate(texts):
        common_to_all = all(text <= other for other in texts)
        assert between[row, row] == pytest.approx(1.0) or common_to_all


def test_rare_words_count_for_more() -> None:
    texts = [frozenset({"robot", "bridge"}), frozenset({"robot", "museum"}), frozenset({"robot", "bank"})]
    with_bridge, with_robot = similarity([frozenset({"bridge", "tax"}), frozenset({"robot", "tax"})], texts)[:, 0]
    assert with_bridge > with_robot > 0.0


def test_known_links_are_counted_in_the_years_they_may_lie_in() -> None:
    titles = WORDS.split()
    ours = database([f"{a} {b} accident" for a, b in zip(titles[:8], titles[8:], strict=True)], ["2020"] * 8)
    theirs = source(
        [f"{titles[0]} {titles[8]} crash", f"{titles[1]} {titles[9]} crash", f"{titles[2]} {titles[10]} crash", "zoo"],
        ["2020", "2021 - ongoing", "2024", "2020"],
    )
    counts = link_counts(ours, theirs, 0.4)
    assert counts[["year", "second", "both"]].to_numpy().tolist() == [[2020, 2, 1], [2021, 1, 1], [2024, 1, 0]]
    assert counts["chance"].iloc[0] == pytest.approx(1 / 8 * 16)  # one link in the eight pairs four years apart
    assert counts["chance"].iloc[2] == 0.0


def test_rows_without_a_year_are_left_out() -> None:
    counts = link_counts(database(["robot bridge"], ["2020"]), source(["robot bridge", "bank"], ["", "2020"]), 0.4)
    assert counts.to_dict("records") == [{"year": 2020, "second": 1, "both": 0, "chance": 0.0}]
