"""The recipes run as they stand, on small markets, and print what they promise."""

import runpy
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from actuarial.calibration import shipped_calibration
from actuarial.fitting.calibrating import Calibrated
from actuarial.fitting.sample_experience import sample_experience
from policies.regimes import load_regime
from underwriting.experience_file import write_experience

DOCS = Path(__file__).parents[1] / "docs"
RECIPES = DOCS / "recipes"
FIRMS, FIRMS_OF_FILE, DAY = "400", 400, date(2026, 11, 24)

Run = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a recipe as from a shell and give what it printed."""

    def printed(name: str, *arguments: str) -> str:
        monkeypatch.setattr("sys.argv", [name, *arguments])
        runpy.run_path(str(RECIPES / name), run_name="__main__")
        return capsys.readouterr().out

    return printed


def last_table(printed: str) -> list[list[str]]:
    """Cells of the rows of the last table."""
    return [line.split() for line in printed.strip().split("\n\n")[-1].splitlines()]


def test_first_fit_ends_with_estimates_between_their_bounds_beside_the_truth(run: Run) -> None:
    printed = run("first_fit.py", FIRMS)
    assert f"sample market: {FIRMS} firms" in printed
    assert "13/13 validation: Gini" in printed
    found = {path: figures for path, *figures in last_table(printed)}
    for path, stated in (("perils.FIN.theta", 0.45), ("exposure_elasticity", 0.55)):
        _, estimate, low, high, claims, truth = map(float, found[path])
        assert low < estimate < high
        assert claims > 0
        assert truth == stated


def test_own_prior_ends_with_how_much_the_claims_decide_under_either_opinion(run: Run) -> None:
    said: dict[str, list[list[float]]] = {"mine": [], "shipped": []}
    for cells in last_table(run("own_prior.py", FIRMS))[2:]:
        said[cells[-7]].append([float(cell) for cell in cells[-6:]])
    (surer, wider, _), (a6, bod, _) = said["mine"], said["shipped"]
    assert surer[:2] == [0.69, 0.15]
    assert surer[-1] < a6[-1]  # a narrow opinion leaves the claims less to say
    assert wider[-1] > bod[-1]  # a wide one more
    for _, sd, _, se, _, share in (*said["mine"], *said["shipped"]):
        assert share == pytest.approx(1 - (se / sd) ** 2, abs=0.02)


def test_challenger_compares_prices_the_book_twice_and_is_approved_by_someone_else_only(run: Run) -> None:
    printed = run("challenger.py", "8")
    assert "book: 8 quotes" in printed
    assert "frequency." in printed
    assert "a. fitter: refused" in printed
    assert "B. Approver: refused, an approval needs a reason" in printed
    assert "B. Approver: approved, in force from 2026-11-24" in printed
    challenger = printed.partition("challenger ")[2][:12]
    assert f"in force is {challenger}\n" in printed
    assert last_table(printed)[1] == ["firms", "8.0"]


def test_challenger_takes_an_experience_file(run: Run, tmp_path: Path) -> None:
    market = sample_experience(FIRMS_OF_FILE, 9, DAY, load_regime("nl-2027"), shipped_calibration())
    write_experience(tmp_path / "market.zip", market)
    printed = run("challenger.py", str(tmp_path / "market.zip"), "2")
    assert f"{market.source}: {len(market.claims):,} claims known by 2026-11-24" in printed


def test_the_fit_of_the_scripting_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    section = (DOCS / "scripting.md").read_text("utf-8").partition("## Calibrations")[2]
    names: dict[str, object] = {}
    exec(section.partition("```py\n")[2].partition("```")[0], names)  # noqa: S102 - the page is ours
    found = names["found"]
    assert isinstance(found, Calibrated)
    assert str(found.tables["relativities"]) in capsys.readouterr().out
    assert [name for name in found.__slots__ if f"`{name}`" not in section] == []
