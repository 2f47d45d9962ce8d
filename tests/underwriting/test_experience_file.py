"""Experience as a file: what is written is read back to the digest, and every mistake of an actuary is told."""

import shutil
import zipfile
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from experience_files import AT, edited, lines_of, small_market

from actuarial.calibration import shipped_calibration
from actuarial.fitting.experience import Experience
from actuarial.fitting.experience_frames import experience_of
from actuarial.fitting.sample_experience import sample_experience
from policies.regimes import load_regime
from underwriting.cli import main
from underwriting.experience_file import CLAIMS, FILES, META, YEARS, check_experience, read_experience, write_experience


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


# --- there and back


@pytest.mark.parametrize("name", ["market.zip", "market"])
def test_what_is_written_is_read_back_to_the_digest(experience: Experience, tmp_path: Path, name: str) -> None:
    write_experience(tmp_path / name, experience)
    found, warnings = check_experience(tmp_path / name, AT)
    assert (found.sha256, found.as_of, found.source) == (experience.sha256, AT, experience.source)
    assert found.detection == experience.detection
    assert warnings == ()
    pd.testing.assert_frame_equal(found.years, experience.years)
    pd.testing.assert_frame_equal(found.claims, experience.claims)


def test_a_perfect_experience_has_no_detection(tmp_path: Path) -> None:
    perfect = sample_experience(50, 1, AT, load_regime("nl-2027"), shipped_calibration(), perfect=True)
    write_experience(tmp_path / "p.zip", perfect)
    found = read_experience(tmp_path / "p.zip")
    assert (found.sha256, found.detection) == (perfect.sha256, None)


def test_an_experience_without_claims_is_one(experience: Experience, tmp_path: Path) -> None:
    none = experience_of(experience.years, experience.claims.iloc[:0], AT, "no claims", 0.4)
    write_experience(tmp_path / "none.zip", none)
    found = read_experience(tmp_path / "none.zip")
    assert found.sha256 == none.sha256
    assert len(found.claims) == 0


def test_equal_experiences_give_equal_bytes(experience: Experience, tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        write_experience(tmp_path / name, experience)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.zip", "two.zip"]
    assert zipfile.ZipFile(tmp_path / "one.zip").testzip() is None


def test_columns_may_stand_in_any_order_and_empty_lines_at_the_end(folder: Path, experience: Experience) -> None:
    edited(folder, YEARS, lambda table: table[table.columns[::-1]])
    with (folder / CLAIMS).open("a") as handle:
        handle.write("\n\n")
    assert read_experience(folder).sha256 == experience.sha256


def test_a_table_with_a_byte_order_mark_and_other_line_ends_is_read(folder: Path, experience: Experience) -> None:
    raw = (folder / YEARS).read_bytes()
    (folder / YEARS).write_bytes(b"\xef\xbb\xbf" + raw.replace(b"\n", b"\r\n"))
    assert read_experience(folder).sha256 == experience.sha256


def test_perils_without_danger_are_left_out(folder: Path) -> None:
    edited(folder, YEARS, lambda table: table.drop(columns="z_CBR"))
    assert "CBR" not in read_experience(folder).perils


# --- the command that writes one


def test_the_sample_command_writes_measured_experience_and_no_book(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WAARBORG_HOME", str(tmp_path / "home"))
    target = tmp_path / "new" / "market.zip"
    assert main(["sample", "--firms", "40", "--seed", "2", "--experience", str(target)]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[0] == "sample market: drawing the experience of 40 firms"
    found = read_experience(target)
    drawn = sample_experience(40, 2, found.as_of, load_regime("nl-2027"), shipped_calibration())
    assert found.sha256 == drawn.sha256
    assert f"{len(found.years)} years at risk and {len(found.claims)} claims" in err
    assert not (tmp_path / "home").exists()


def test_the_sample_command_writes_dossiers_or_experience(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = ["--out", str(tmp_path / "a"), "--experience", str(tmp_path / "b.zip")]
    assert main(["sample", "--firms", "2", "--seed", "2", *both]) == 2
    assert capsys.readouterr().err == "waarborg: give --out or --experience, not both\n"
    assert list(tmp_path.iterdir()) == []


# --- files that are none


def test_columns_that_lack_or_are_unknown(folder: Path) -> None:
    edited(folder, YEARS, lambda table: table.rename(columns={"compliance": "complience", "z_FIN": "z_XXX"}))
    lines = [line for line in lines_of(folder) if "csv-columns" in line]
    assert len(lines) == 3
    assert "lacks the column compliance: a number from 0 to 1" in lines[0]
    assert any('has a column "complience"' in line for line in lines)
    assert any('has a column "z_XXX"' in line for line in lines)


def test_no_danger_at_all(folder: Path) -> None:
    edited(folder, YEARS, lambda table: table[[c for c in table if not c.startswith("z_")]])
    assert any("has no danger score" in line for line in lines_of(folder))


def test_a_column_named_twice(folder: Path) -> None:
    text = (folder / CLAIMS).read_text()
    (folder / CLAIMS).write_text(text.replace("system,peril", "system,system", 1))
    (line,) = lines_of(folder)
    assert 'row 1 names "system" twice' in line


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "is no table"),
        (b"\n", "is no table"),
        (b"PK\x03\x04 nothing", "lacks the column firm"),
        (b"\xff\xfe\x00", "is not UTF-8"),
        (b"a,b\n1,2,3,4\n", "is no table"),
        (b'a,b\n"1,2\n', "is no table"),
        (b"<html><body>\n", "lacks the column firm"),
    ],
)
def test_empty_and_foreign_tables(folder: Path, raw: bytes, told: str) -> None:
    (folder / YEARS).write_bytes(raw)
    assert any(told in line and YEARS in line for line in lines_of(folder))


def test_a_table_without_rows(folder: Path) -> None:
    edited(folder, YEARS, lambda table: table.iloc[:0])
    assert any("years.csv: has no row" in line for line in lines_of(folder))


def test_rows_that_are_too_short_or_too_long(folder: Path) -> None:
    lines = (folder / CLAIMS).read_text().splitlines()
    (folder / CLAIMS).write_text("\n".join([*lines[:3], "f1-s1,FIN", *lines[3:]]))
    found = lines_of(folder)
    assert [line.split(":")[1] for line in found if "field-missing" in line] == [
        f" row 4, {column}" for column in ("occurred", "known", "conduct")
    ]
    (folder / CLAIMS).write_text("\n".join([*lines[:3], lines[3] + ",,,", *lines[3:]]))
    (line,) = lines_of(folder)
    assert "line 4" in line
    (folder / CLAIMS).write_text("\n".join([lines[0], *(line + ",1" for line in lines[1:])]))
    (line,) = lines_of(folder)
    assert "as many in every row as in row 1" in line


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("format = 1", "format"),
        ("", "format: is absent"),
        ('format = "waarborg-experience/2"', "waarborg-experience/1"),
        ("nonsense", "toml-syntax"),
        ('format = "waarborg-experience/1"\nas_of = 2026-11-24T10:00:00\nsource = "x"', "as_of"),
        ('format = "waarborg-experience/1"\nas_of = 2026-11-24\nsource = "x"\ndetection = 0', "above 0"),
        ('format = "waarborg-experience/1"\nas_of = 2026-11-24\nsource = "\\u001b[2J"', "source"),
        ('format = "waarborg-experience/1"\nas_of = 2026-11-24\nsource = "x"\nnote = 1', "is unknown"),
    ],
)
def test_what_is_wrong_with_the_facts_beside_the_tables(folder: Path, text: str, told: str) -> None:
    (folder / META).write_text(text)
    assert any(told in line for line in lines_of(folder))


def test_an_experience_seen_later_than_the_day_asked_for(written: Path) -> None:
    (line,) = lines_of(written, date(2026, 11, 23))
    assert "date-future experience.toml: as_of: is 2026-11-24, later than 2026-11-23" in line


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_lacks(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert any(f"file-missing {name}" in line for line in lines_of(folder))


def test_a_path_that_leads_nowhere(tmp_path: Path) -> None:
    (line,) = lines_of(tmp_path / "absent.zip")
    assert "absent.zip" in line
    assert "right would be a folder or a .zip with experience.toml, years.csv, claims.csv" in line


def test_a_file_that_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not an archive")
    (line,) = lines_of(tmp_path / "notes.txt")
    assert "is no archive of an experience" in line


def test_an_archive_without_the_files(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert sum("file-missing" in line for line in lines_of(tmp_path / "x.zip")) == 3


def test_a_damaged_archive(written: Path, tmp_path: Path, experience: Experience) -> None:
    write_experience(tmp_path / "x.zip", experience)
    raw = bytearray((tmp_path / "x.zip").read_bytes())
    raw[2000:2040] = bytes(40)
    (tmp_path / "x.zip").write_bytes(raw)
    (line,) = lines_of(tmp_path / "x.zip")
    assert "damaged" in line


def test_an_archive_that_inflates_without_end(tmp_path: Path, written: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(META, b" " * 20_000)
        archive.writestr(YEARS, b"\0" * 40_000_000)
        archive.write(written / CLAIMS, CLAIMS)
    (line,) = lines_of(tmp_path / "x.zip")
    assert "x.zip" in line


def test_a_link_that_leaves_the_folder(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.csv").write_bytes((folder / CLAIMS).read_bytes())
    (folder / CLAIMS).unlink()
    (folder / CLAIMS).symlink_to(tmp_path / "elsewhere.csv")
    assert any("file-outside claims.csv" in line for line in lines_of(folder))
