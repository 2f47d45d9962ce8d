"""Charts: clean SVG that stands on a page with others, read out in words, deaf to hostile labels."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from underwriting.documents.charts import bars, curves, dots, heat_map
from underwriting.documents.content import Axis, Curve, Dot, Drawing
from underwriting.intake.text import safe

SVG = "{http://www.w3.org/2000/svg}"
PLAIN = Axis("claims", lambda value: f"{value:g}")
LOG = Axis("factor", lambda value: f"{value:g}", log=True)


def drawn(name: str) -> Drawing:
    rows = [Dot("A5", 1.2, 0.9, 1.5, 1.0, "12"), Dot("A6", 2.0, 1.1, 3.1, None), Dot("A7", None)]
    return dots(name, rows, LOG, "fitted", "prior", 1.0)


def letters(drawing: Drawing) -> list[str]:
    return ["".join(node.itertext()) for node in ET.fromstring(drawing.svg).iter(f"{SVG}text")]  # noqa: S314 - our own


def test_dots_show_labels_notes_and_tell_their_values() -> None:
    drawing = drawn("one")
    assert {"A5", "A6", "A7", "12", "factor", "fitted", "prior"} <= set(letters(drawing))
    assert drawing.alt == "A5 1.2 (0.9 – 1.5); A6 2 (1.1 – 3.1); A7 –"


def test_two_charts_share_no_identifier_and_hold_no_trace_of_their_making() -> None:
    first, second = drawn("one").svg, drawn("two").svg
    names = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in (first, second)]
    assert all(names)
    assert names[0] & names[1] == set()
    for text in ("metadata", "DOCTYPE", "<?xml", "<!--", "<style", "DejaVu", "Matplotlib", "dc:date"):
        assert text not in first
    assert drawn("one").svg == first


def test_every_reference_within_a_chart_has_its_target() -> None:
    svg = drawn("one").svg
    wanted = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', svg))
    assert wanted
    assert wanted <= set(re.findall(r'\bid="([^"]+)"', svg))


@pytest.mark.parametrize("label", ["<script>&\"'", "$x_1$", "李小龙", "a_b^c\\d{e}", "\x00\x1b"])
def test_a_label_is_text_and_nothing_else(label: str) -> None:
    drawing = dots("x", [Dot(label, 1.0)], PLAIN, "fitted")
    assert safe(label) in letters(drawing)


def test_curves_tell_where_they_begin_and_end_and_draw_their_band() -> None:
    line = Curve("fitted", "fitted", (1.0, 2.0, 3.0), (4.0, 5.0, 6.0), (3.0, 4.0, 5.0), (5.0, 6.0, 7.0))
    points = Curve("actual", "actual", (1.0, 3.0), (4.5, 6.5), (4.0, 6.0), (5.0, 7.0))
    drawing = curves("c", [line, points], PLAIN, Axis("share", lambda value: f"{value:g}"))
    assert drawing.alt == "claims, share. fitted: 1 4 … 3 6; actual: 1 4.5 … 3 6.5"
    assert {"fitted", "actual", "share"} <= set(letters(drawing))
    bare = curves("c", [Curve("fitted", "fitted", line.x, line.y)], PLAIN, PLAIN)
    assert drawing.svg.count("<path") > bare.svg.count("<path")


@pytest.mark.parametrize("overlaid", [True, False])
def test_bars_bear_the_numbers_of_what_is_known(overlaid: bool) -> None:
    groups = [("known", (11.0, 7.0)), ("in the end", (23.0, 13.0))]
    drawing = bars("b", ["fin", "dis"], groups, PLAIN, lambda value: f"n{value:g}", overlaid)
    shown = {text for text in letters(drawing) if text.startswith("n")}
    assert shown == ({"n11", "n7"} if overlaid else {"n11", "n7", "n23", "n13"})
    assert drawing.alt == "fin: known n11, in the end n23; dis: known n7, in the end n13"


def test_a_heat_map_writes_shares_and_leaves_nothing_blank() -> None:
    shares = np.array([[0.75, 0.25], [np.nan, 0.0]])
    drawing = heat_map("h", ["one", "two"], ["H1", "G1"], shares, lambda share: f"{100 * share:.0f}")
    assert sorted(letters(drawing)) == sorted(["75", "25", "one", "two", "H1", "G1"])
    assert drawing.alt.startswith("one: H1 75")


def test_a_logarithmic_axis_has_a_few_ticks_whatever_its_range() -> None:
    for high in (1.3, 3.0, 30.0, 1e3, 1e6, 1e9):
        line = Curve("x", "fitted", (1.0, high), (1.0, 2.0))
        written = curves("c", [line], Axis("n", lambda value: f"n{value:g}", log=True), PLAIN)
        ticks = [text for text in letters(written) if re.fullmatch(r"n[\d.e+-]+", text)]
        assert 2 <= len(ticks) <= 8, (high, ticks)
