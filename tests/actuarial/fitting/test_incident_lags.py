"""The public lags: the committed counts are what the script makes, nothing is lost, and the prior's fit comes back."""

from importlib import resources
from pathlib import Path

import pandas as pd
import pytest

from actuarial.fitting.incident_lags import (
    DATABASE,
    EARLY,
    EDGES,
    LATER,
    LOADED_OLD,
    MISSING,
    NEGATIVE,
    PRESS,
    SERIES,
    TABLE,
    USED,
    as_csv,
    incident_lags,
    main,
    public_lags,
    read_lags,
    report,
)
from actuarial.fitting.prior import authored
from actuarial.fitting.survival import fit_delay

SHARED = Path(__file__).parents[4] / "shared" / "data"
INCIDENTS_OF_THE_SNAPSHOT = 1433


def test_the_committed_table_is_what_the_script_makes() -> None:
    if not (SHARED / "aiid").is_dir():
        pytest.skip("the folder of shared data is absent")
    shipped = resources.files("actuarial").joinpath("reference", "tables", TABLE).read_text("utf-8")
    assert as_csv(read_lags(SHARED)) == shipped


@pytest.mark.parametrize("series", SERIES)
def test_every_incident_of_the_snapshot_is_used_or_counted(series: str) -> None:
    assert sum(public_lags(series).counts.values()) == INCIDENTS_OF_THE_SNAPSHOT


def test_the_fit_of_the_prior_comes_back_from_the_counts() -> None:
    lags = public_lags(DATABASE, (USED, LOADED_OLD))
    fit, prior = fit_delay(lags), authored()["reporting_lag"]
    assert fit.lags == 1103  # 1,104 incidents, one of which was entered before it happened
    assert fit.shape == pytest.approx(prior["shape"], rel=0.03)
    assert fit.scale_days == pytest.approx(prior["scale_days"], rel=0.06)


def test_entries_since_the_load_are_faster_than_those_before_suggest() -> None:
    fit = fit_delay(public_lags())
    assert fit.lags == 978
    assert fit.scale_days < 0.7 * authored()["reporting_lag"]["scale_days"]
    assert fit.remark.startswith("AIC prefers the lognormal delay")


def made(occurred: list[str], entered: list[str], first: list[str | None]) -> pd.DataFrame:
    ids = range(1, len(occurred) + 1)
    incidents = pd.DataFrame({"incident_id": ids, "date": occurred, "db_created": entered})
    return incident_lags(incidents, pd.DataFrame({"incident_id": ids, "url_date": first}))


def test_odd_lags_are_counted_and_not_used() -> None:
    table = made(
        ["2024-01-01", "2024-01-05", "2024-01-09", "2019-05-05", "2021-05-05", "not a day", "2025-09-01"],
        ["2024-02-01", "2024-01-03", "2024-01-09", "2022-04-13", "2022-04-13", "2024-01-01", "2025-09-02"],
        ["2024-01-03", "2024-01-01", None, "2019-06-01", "2025-07-08", "2024-01-01", None],
    )
    counts = table.groupby(["series", "status"])["incidents"].sum()
    assert counts[DATABASE].to_dict() == {USED: 3, NEGATIVE: 1, EARLY: 1, LOADED_OLD: 1, MISSING: 1}
    assert counts[PRESS].to_dict() == {USED: 2, NEGATIVE: 1, MISSING: 2, EARLY: 1, LATER: 1}


def test_a_cell_holds_band_quarter_and_the_mean_span_in_which_it_was_seen() -> None:
    table = made(["2024-01-01", "2024-01-11"], ["2024-01-06", "2024-01-16"], ["2024-02-01", "2024-01-12"])
    cell = table[table["series"] == DATABASE].iloc[0]
    assert (cell["occurred"], cell["low_days"], cell["high_days"], cell["incidents"]) == ("2024Q1", 4, 8, 2)
    snapshot = pd.Timestamp("2026-07-27")
    spans = [(snapshot - pd.Timestamp(day)).days + 1 for day in ("2024-01-01", "2024-01-11")]
    assert cell["observable_days"] == sum(spans) / 2
    assert (table["source"] == "AI Incident Database 2026-07-27 CC BY-SA 4.0").all()


@pytest.mark.parametrize("series", SERIES)
def test_shipped_lags_lie_in_the_bands(series: str) -> None:
    lags = public_lags(series)
    assert set(lags.low) <= set(EDGES.tolist())
    assert (lags.observable > lags.low).all()
    assert lags.data == {DATABASE: "aiid", PRESS: "aiid press"}[series]


def test_the_report_prints_every_law_of_every_series(capsys: pytest.CaptureFixture[str]) -> None:
    main([])
    printed = capsys.readouterr().out
    assert printed == "\n".join(report()) + "\n"
    assert sum(line.startswith("| aiid") for line in printed.splitlines()) == 9


def test_a_folder_without_the_snapshot_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="incidents_enriched"):
        read_lags(tmp_path)
