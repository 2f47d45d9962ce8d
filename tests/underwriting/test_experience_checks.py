"""Every mistake in the rows of an experience file is told, in the line of its place and with what would be right."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from experience_files import AT, cell, edited, lines_of, small_market
from hypothesis import given
from hypothesis import strategies as st

from actuarial.fitting.experience import Experience
from actuarial.fitting.experience_frames import experience_of
from policies.findings import Severity
from underwriting.experience_checks import claim_fields
from underwriting.experience_file import CLAIMS, META, YEARS, check_experience, write_experience
from underwriting.experience_table import number, read_table
from underwriting.intake.codes import remark
from underwriting.intake.limits import Refused


@pytest.fixture(scope="module")
def experience() -> Experience:
    return small_market()


@pytest.fixture(scope="module")
def written(experience: Experience, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written") / "market"
    write_experience(folder, experience)
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    """A copy of the experience that a test may spoil."""
    return Path(shutil.copytree(written, tmp_path / "market"))


MISTAKES = [
    (YEARS, cell(3, "obliged_class", "A9"), "word-unknown", "row 3, obliged_class", "one of A0, A1"),
    (YEARS, cell(3, "role", "owner"), "word-unknown", "row 3, role", "provider"),
    (YEARS, cell(3, "sector", "space"), "word-unknown", "row 3, sector", "finance"),
    (YEARS, cell(3, "autonomy", "4"), "word-unknown", "row 3, autonomy", "one of 0, 1, 2, 3"),
    (YEARS, cell(3, "start", "2026-02-30"), "field-value", "row 3, start", "YYYY-MM-DD"),
    (YEARS, cell(3, "start", "24-11-2025"), "field-value", "row 3, start", "YYYY-MM-DD"),
    (YEARS, cell(3, "start", "1800-01-01"), "field-value", "row 3, start", "YYYY-MM-DD"),
    (YEARS, cell(3, "end", ""), "field-missing", "row 3, end", "YYYY-MM-DD"),
    (YEARS, cell(3, "exposure", "0"), "field-value", "row 3, exposure", "from 1e-06 to 1e+06"),
    (YEARS, cell(3, "exposure", "-1"), "field-value", "row 3, exposure", "from 1e-06 to 1e+06"),
    (YEARS, cell(3, "exposure", "inf"), "field-value", "row 3, exposure", "from 1e-06 to 1e+06"),
    (YEARS, cell(3, "exposure", "1e999"), "field-value", "row 3, exposure", "from 1e-06 to 1e+06"),
    (YEARS, cell(3, "exposure", "1e200"), "field-value", "row 3, exposure", "from 1e-06 to 1e+06"),
    (YEARS, cell(3, "z_FIN", "500"), "field-value", "row 3, z_FIN", "from -100 to 100"),
    (YEARS, cell(3, "exposure", "1,5"), "field-value", "row 3, exposure", "from 1e-06 to 1e+06"),
    (YEARS, cell(3, "turnover_eur", "-5"), "field-value", "row 3, turnover_eur", "from 0"),
    (YEARS, cell(3, "compliance", "1.2"), "field-value", "row 3, compliance", "from 0 to 1"),
    (YEARS, cell(3, "z_FIN", "NaN"), "field-value", "row 3, z_FIN", "a danger score"),
    (YEARS, cell(3, "z_FIN", ""), "field-missing", "row 3, z_FIN", "a danger score"),
    (YEARS, cell(3, "foundation_model", "=cmd()"), "field-value", "row 3, foundation_model", "plain text"),
    (YEARS, cell(3, "foundation_model", "\x1b[2J"), "field-value", "row 3, foundation_model", "plain text"),
    (YEARS, cell(3, "firm", "a b"), "field-value", "row 3, firm", "letters, digits"),
    (YEARS, cell(3, "end", "2026-11-25"), "date-future", "row 3, end", "not after the valuation date, 2026-11-24"),
    (YEARS, cell(2, "deployed", "2026-11-20"), "date-order", "row 2, start", "from deployment on"),
    (CLAIMS, cell(4, "peril", "WAR"), "word-unknown", "row 4, peril", "one of BOD"),
    (CLAIMS, cell(4, "head", "H9"), "word-unknown", "row 4, head", "one of H1"),
    (CLAIMS, cell(4, "conduct", "honest"), "word-unknown", "row 4, conduct", "in_time, late, discovered"),
    (CLAIMS, cell(4, "loss_eur", "0"), "field-value", "row 4, loss_eur", "above 0"),
    (CLAIMS, cell(4, "loss_eur", "1e300"), "field-value", "row 4, loss_eur", "at most 1e+12"),
    (CLAIMS, cell(4, "known", "2026-11-25"), "date-future", "row 4, known", "not after the valuation date"),
    (CLAIMS, cell(4, "settled", "2027-01-01"), "date-future", "row 4, settled", "not after the valuation date"),
    (CLAIMS, cell(4, "settled", "2020-01-01"), "date-order", "row 4, settled", "not before the claim was known"),
    (CLAIMS, cell(4, "system", "nobody-s1"), "system-unknown", "row 4, system", "a system of years.csv"),
    (CLAIMS, cell(4, "occurred", "1999-01-01"), "field-value", "row 4, occurred", "within a row of its system"),
]


@pytest.mark.parametrize(("name", "change", "code", "where", "right"), MISTAKES, ids=lambda value: str(value)[:24])
def test_a_mistake_is_one_line_with_its_place_and_what_is_right(
    folder: Path, name: str, change: Callable[[pd.DataFrame], object], code: str, where: str, right: str
) -> None:
    edited(folder, name, change)
    found = [line for line in lines_of(folder) if f" {code} {name}: {where}: " in line]
    assert len(found) == 1
    assert right in found[0]


def test_the_page_names_the_findings() -> None:
    page = (Path(__file__).parents[2] / "docs" / "experience.md").read_text("utf-8")
    assert [code for _, _, code, _, _ in MISTAKES if f"`{code}`" not in page] == []
    assert [field.name for field in claim_fields() if f"`{field.name}`" not in page] == []


def test_all_mistakes_are_told_at_once(folder: Path) -> None:
    edited(folder, YEARS, cell(3, "sector", "space"))
    edited(folder, YEARS, cell(9, "exposure", "0"))
    edited(folder, CLAIMS, cell(4, "peril", "WAR"))
    (folder / META).write_text((folder / META).read_text().replace("as_of = 2026-11-24", 'as_of = "soon"'))
    codes = [line.split()[1] for line in lines_of(folder)]
    assert sorted(codes) == ["field-value", "field-value", "word-unknown", "word-unknown"]


def test_of_many_mistakes_of_a_kind_twenty_are_listed_and_all_are_counted(folder: Path) -> None:
    def change(table: pd.DataFrame) -> None:
        table["compliance"] = "2"

    edited(folder, YEARS, change)
    rows = len((folder / YEARS).read_text().splitlines()) - 1
    lines = lines_of(folder)
    assert len(lines) == 21
    assert f"{rows} rows are wrong in this way; the first 20 are listed" in lines[-1]


def test_a_year_that_ends_before_it_starts(folder: Path) -> None:
    def change(table: pd.DataFrame) -> None:
        table.loc[1, "end"] = table.loc[1, "start"]

    edited(folder, YEARS, change)
    assert any(
        "date-order years.csv: row 3, end: " in line and "a day after start" in line for line in lines_of(folder)
    )


def test_doubled_and_overlapping_rows(folder: Path) -> None:
    edited(folder, YEARS, lambda table: pd.concat([table, table.iloc[[4]]]))
    last = len((folder / YEARS).read_text().splitlines())
    (line,) = lines_of(folder)
    assert f"id-duplicate years.csv: row {last}, start: " in line
    assert "within row 6 of the same system" in line


def test_days_shared_by_two_rows_of_a_system(folder: Path, experience: Experience) -> None:
    years = experience.years
    old = years.index[years["system"].duplicated(keep="last")][0]

    def change(table: pd.DataFrame) -> None:
        table.loc[old, "start"] = str((years["start"][old] - pd.Timedelta(days=3)).date())

    edited(folder, YEARS, change)
    (line,) = [line for line in lines_of(folder) if "id-duplicate" in line]
    assert f"within row {old + 2} of the same system" in line


def test_a_system_of_two_firms(folder: Path, experience: Experience) -> None:
    row = experience.years.index[experience.years["system"].duplicated()][0] + 2
    edited(folder, YEARS, cell(row, "firm", "someone-else"))
    (line,) = lines_of(folder)
    assert f'years.csv: row {row}, firm: is "someone-else"; right would be one firm for all rows of a system' in line


def test_a_claim_that_stands_twice(folder: Path) -> None:
    edited(folder, CLAIMS, lambda table: pd.concat([table, table.iloc[[2]]]))
    (line,) = lines_of(folder)
    assert "id-duplicate claims.csv: " in line


def test_a_few_claims_known_before_they_occurred_are_left_out_with_a_warning(
    folder: Path, experience: Experience
) -> None:
    table = experience.claims.assign(known=experience.claims["known"].where(experience.claims.index != 3, pd.NaT))
    keep = experience.claims.index != 3
    early = experience.claims["occurred"][3] - pd.Timedelta(days=1)
    edited(folder, CLAIMS, cell(5, "known", str(early.date())))
    found, (warning,) = check_experience(folder)
    assert warning.severity is Severity.WARNING
    assert "1 claims, the first in row 5" in warning.line()
    assert found.sha256 == experience_of(experience.years, table[keep], AT, "", experience.detection).sha256


def test_many_claims_known_before_they_occurred_are_a_mistake(folder: Path) -> None:
    def change(table: pd.DataFrame) -> None:
        table["known"], table["settled"] = "2019-01-01", ""

    edited(folder, CLAIMS, change)
    lines = lines_of(folder)
    assert "date-order claims.csv: row 2, known" in lines[0]


def test_a_discovered_claim_needs_the_chance_of_detection(folder: Path) -> None:
    text = (folder / META).read_text()
    (folder / META).write_text("\n".join(line for line in text.splitlines() if "detection" not in line))
    edited(folder, CLAIMS, cell(2, "conduct", "discovered"))
    assert any("row 2, conduct" in line and "detection in experience.toml" in line for line in lines_of(folder))


def test_a_claim_of_a_peril_whose_danger_nobody_gives(folder: Path) -> None:
    edited(folder, YEARS, lambda table: table.drop(columns="z_FIN"))
    assert any("word-unknown claims.csv" in line and "a danger score in years.csv" in line for line in lines_of(folder))


@given(st.floats(0, 1), st.floats(1e-9, 1e9), st.floats(-20, 20))
def test_every_number_comes_back_to_the_last_bit(compliance: float, exposure: float, danger: float) -> None:
    for value, parse in ((compliance, number(0, 1)), (exposure, number(0, above=True)), (danger, number())):
        assert parse(repr(value)) == value


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_give_findings(raw: bytes) -> None:
    try:
        table, found = read_table(raw, CLAIMS, claim_fields())
    except Refused as refused:
        found = (remark(refused.code, CLAIMS, refused.message),)
    else:
        assert all(len(values) == table.rows for values in table.values.values())
    assert found
    assert all(finding.line().isprintable() for finding in found)
