"""First incident and settlement: published estimates, known parameters recovered, and data that no model can read."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from lifelines.datasets import load_rossi
from lifelines.statistics import proportional_hazard_test

from actuarial.fitting.durations import (
    EFFECT_COLUMNS,
    FEWEST_EVENTS,
    KNOWN_SHARE,
    TIMES,
    DurationFit,
    design,
    first_incident,
    first_incident_episodes,
    fit_durations,
    grouped,
    proportional_hazards_test,
    reporting_allowance,
    settlement,
)
from actuarial.fitting.experience import CLAIM_COLUMNS, YEAR_COLUMNS, Experience
from actuarial.fitting.survival import known_share
from policies.period import DAYS_PER_YEAR

AS_OF = pd.Timestamp("2026-12-31")
PROMPT = (0.5, 1.0)  # a reporting delay of days, so that the allowance hides nothing
# Rearrest of 432 released prisoners (Rossi, Berk and Lenihan 1980). Allison, Survival Analysis Using the SAS System
# (1995), output 5.1, and Fox and Weisberg, An R Companion to Applied Regression (2011), appendix on Cox regression.
REARREST = {"fin": -0.379, "age": -0.057, "race": 0.314, "wexp": -0.150, "mar": -0.434, "paro": -0.085, "prio": 0.092}


def effects(fit: DurationFit, model: str) -> pd.DataFrame:
    return fit.effects[fit.effects["model"] == model].set_index("covariate")


def rearrests() -> pd.DataFrame:
    """Rossi's data with a week in the place of a month: an arrest in week w happened between w - 1 and w."""
    rossi = load_rossi()
    week = np.where(rossi["arrest"] == 1, rossi["week"] - 0.5, rossi["week"])
    return rossi[list(REARREST)].astype(float).assign(entry=0.0, exit=week / 12.0, event=rossi["arrest"])


def test_published_cox_estimates_of_rearrest_come_back() -> None:
    fit = fit_durations("rearrest", rearrests())
    for covariate, published in REARREST.items():
        assert effects(fit, "cox").loc[covariate, "effect"] == pytest.approx(published, abs=6e-4)
    assert fit.events == 114
    assert list(fit.effects.columns) == EFFECT_COLUMNS
    assert fit.curve["empirical"].iloc[-1] == pytest.approx(114 / 432, abs=5e-3)  # nobody was lost in the year
    assert (fit.curve["low"] <= fit.curve["high"]).all()


def test_weibull_effects_are_those_of_cox_divided_by_the_shape() -> None:
    fit = fit_durations("rearrest", rearrests())
    aft, cox = effects(fit, "weibull_aft"), effects(fit, "cox")
    implied = -aft.loc[list(REARREST), "effect"] * aft.loc["shape", "effect"]
    assert implied.to_numpy() == pytest.approx(cox.loc[list(REARREST), "effect"].to_numpy(), abs=0.02)


def test_the_score_test_agrees_with_lifelines_where_nobody_enters_late() -> None:
    rossi = load_rossi()[["week", "arrest", "age"]]
    cox = CoxPHFitter().fit(rossi, "week", "arrest")
    peer = proportional_hazard_test(cox, rossi, time_transform="km")
    week, arrest = (rossi[column].to_numpy(dtype=float) for column in ("week", "arrest"))
    x, ones = rossi[["age"]].to_numpy(dtype=float), np.ones(len(rossi))
    statistic, p = proportional_hazards_test(x, 0 * ones, week, arrest, ones, cox.params_.to_numpy())
    assert statistic[0] == pytest.approx(peer.test_statistic.item(), rel=0.05)
    assert p[0] == pytest.approx(peer.p_value.item(), rel=0.2)


def late_entries(rng: np.random.Generator, n: int, crossing: float = 0.0) -> tuple[np.ndarray, ...]:
    """x (n, 2), entry, exit, event of an exponential life with log hazard x1 / 2, and x1 * crossing after time 1."""
    x = rng.standard_normal((n, 2))
    early, late = 0.3 * np.exp(0.5 * x[:, 0]), 0.3 * np.exp((0.5 + crossing) * x[:, 0])
    hazard = rng.exponential(size=n)
    life = np.where(hazard < early, hazard / early, 1.0 + (hazard - early) / late)
    life = (np.floor(6 * life) + 0.5) / 6  # two months are one time of an event
    entry, end = np.round(6 * rng.uniform(0.0, 2.0, n)) / 6, 4.0
    seen = life > entry
    event = (life <= end).astype(float)
    return x[seen], entry[seen], np.minimum(life, end)[seen], event[seen]


def test_the_score_test_holds_its_level_under_late_entry_and_finds_what_crosses() -> None:
    rejected, found = [], []
    for seed in range(24):
        for crossing, verdicts in ((0.0, rejected), (-0.8, found)):
            x, entry, out, event = late_entries(np.random.default_rng(seed), 700, crossing)
            frame = pd.DataFrame(x).assign(entry=entry, out=out, event=event)
            cox = CoxPHFitter().fit(frame, "out", "event", entry_col="entry")
            _, p = proportional_hazards_test(x, entry, out, event, np.ones(len(x)), cox.params_.to_numpy())
            verdicts.append(p < 0.1)
    level, power = np.mean(rejected, axis=0), np.mean(found, axis=0)
    assert (level <= 0.29).all(), level  # 0.1 and three standard errors of 24 seeds
    assert power[0] > 0.8
    assert power[1] < 0.3


def test_weights_count_as_repeated_rows() -> None:
    x, entry, out, event = late_entries(np.random.default_rng(1), 200)
    times = (entry, np.ceil(out * 12) / 12, event)
    log_hazards = np.array([0.4, 0.1])
    once = proportional_hazards_test(x, *times, np.full(len(x), 3.0), log_hazards)
    thrice = proportional_hazards_test(
        np.repeat(x, 3, axis=0), *(np.repeat(v, 3) for v in times), np.ones(3 * len(x)), log_hazards
    )
    assert once[0] == pytest.approx(thrice[0])


def market(seed: int, systems: int = 3000, shape: float = 0.8, elasticity: float = 0.5) -> Experience:
    """Systems deployed over ten years, watched for the last five; first incidents by a Weibull in proportional hazards,
    with claims of the years before the watch unknown; settlement by a Weibull that grows with the loss."""
    rng = np.random.default_rng(seed)
    watched = AS_OF - pd.Timedelta(days=5 * 365)
    deployed = AS_OF - pd.to_timedelta(rng.integers(100, 3650, systems), "D")
    log_exposure, danger = rng.normal(0.0, 1.5, systems), rng.normal(0.0, 1.0, systems)
    autonomy = rng.integers(0, 4, systems)
    hazard = 0.1 * np.exp(elasticity * log_exposure + 0.4 * danger + 0.2 * autonomy)
    life = (rng.exponential(size=systems) / hazard) ** (1.0 / shape)
    first = deployed + pd.to_timedelta(np.minimum(np.floor(life * DAYS_PER_YEAR), 36_500), "D")
    start = deployed.where(deployed > watched, watched)
    names = np.array([f"s{i}" for i in range(systems)])
    years = pd.DataFrame(
        {
            **dict.fromkeys(YEAR_COLUMNS, "x"),
            "system": names,
            "start": start,
            "end": AS_OF,
            "deployed": deployed,
            "obliged_class": np.where(rng.random(systems) < 0.5, "A3", "A4"),
            "autonomy": autonomy,
            "exposure": np.exp(log_exposure),
            "compliance": rng.random(systems).round(1),
            "z_FIN": danger,
            "z_PRV": danger,
        }
    )
    years = years[first >= start].reset_index(drop=True)  # who had an incident before the watch is no longer at risk
    hit = (first >= start) & (first < AS_OF)
    loss = np.exp(rng.normal(10.0, 1.5, systems))
    duration = 0.8 * (loss / np.exp(10.0)) ** 0.2 * rng.weibull(1.3, systems)
    settled = pd.Series(first + pd.to_timedelta(np.floor(duration * DAYS_PER_YEAR), "D"))
    claims = pd.DataFrame(
        {
            "system": names,
            "peril": np.where(rng.random(systems) < 0.6, "FIN", "PRV"),
            "head": np.where(rng.random(systems) < 0.6, "G1", "G4"),
            "occurred": first,
            "known": first,
            "conduct": "in_time",
            "loss_eur": loss,
            "settled": settled.where(settled <= AS_OF),
        }
    )[hit].reset_index(drop=True)
    return Experience(years, claims[list(CLAIM_COLUMNS)], AS_OF.date(), "simulated", "")


def test_first_incidents_under_late_entry_give_back_what_made_them() -> None:
    fit = first_incident(market(1), *PROMPT)
    aft, cox = effects(fit, "weibull_aft"), effects(fit, "cox")
    for row, truth in ((aft.loc["shape"], 0.8), (aft.loc["log_exposure"], -0.5 / 0.8), (aft.loc["autonomy"], -0.25)):
        assert abs(row["effect"] - truth) < 2.0 * (row["high"] - row["low"]) / 2  # 2 x 1.645 standard errors
    for name, truth in (("log_exposure", 0.5), ("danger", 0.4), ("autonomy", 0.2), ("compliance", 0.0)):
        assert abs(cox.loc[name, "effect"] - truth) < 2.0 * (cox.loc[name, "high"] - cox.loc[name, "low"]) / 2
    assert cox.loc["log_exposure", "p"] < 1e-10
    assert cox.loc["compliance", "p"] > 1e-3
    assert (fit.proportional_hazards["p"] > 1e-3).all()
    assert set(fit.proportional_hazards["covariate"]) == set(cox.index)


def test_intervals_of_first_incidents_cover_the_truth() -> None:
    truth = {"shape": 0.8, "log_exposure": -0.625, "danger": -0.5, "autonomy": -0.25, "compliance": 0.0}
    inside = []
    for seed in range(5):
        rows = effects(first_incident(market(seed + 100, 700), *PROMPT), "weibull_aft").loc[list(truth)]
        inside.append((rows["low"] <= list(truth.values())) & (rows["high"] >= list(truth.values())))
    assert np.mean(inside) >= 0.7  # 0.9 of 25, less three standard errors


def test_settlement_gives_back_shape_and_elasticity() -> None:
    fit = settlement(market(2))
    aft = effects(fit, "weibull_aft")
    assert aft.loc["shape", "low"] < 1.3 < aft.loc["shape", "high"]
    assert aft.loc["log_loss", "low"] < 0.2 < aft.loc["log_loss", "high"]
    assert fit.curve["empirical"].is_monotonic_increasing
    assert any("loss_unknown is left out" in note for note in fit.notes)


def test_incidents_that_are_mostly_unknown_yet_are_not_watched() -> None:
    experience = market(3, 1500)
    days = reporting_allowance(0.54, 188.0)
    assert known_share(np.array([days]), 0.54, 188.0)[0] == pytest.approx(KNOWN_SHARE)
    fit = first_incident(experience, 0.54, 188.0)
    cutoff = AS_OF - pd.Timedelta(days=np.ceil(days))
    assert fit.events == (experience.claims["occurred"] < cutoff).sum()
    assert str(cutoff.date()) in fit.notes[0]


def watch(rows: list[tuple[str, str, str]], incidents: list[tuple[str, str]]) -> Experience:
    """Rows (system, start, end) deployed on 2020-01-01, incidents (system, day)."""
    years = pd.DataFrame([dict(zip(("system", "start", "end"), row, strict=True)) for row in rows]).assign(
        deployed="2020-01-01", obliged_class="A3", autonomy=1, exposure=1.0, compliance=0.5, z_FIN=0.0
    )
    claims = pd.DataFrame(incidents, columns=["system", "occurred"])
    for frame, columns in ((years, ("start", "end", "deployed")), (claims, ("occurred",))):
        for column in columns:
            frame[column] = pd.to_datetime(frame[column])
    return Experience(years, claims, AS_OF.date(), "typed", "")


def test_a_system_is_at_risk_from_its_first_row_to_its_first_incident() -> None:
    experience = watch(
        [
            ("hit", "2022-01-01", "2023-01-01"),
            ("hit", "2023-01-01", "2024-01-01"),
            ("hit", "2024-01-01", "2025-01-01"),
            ("clean", "2021-01-01", "2022-01-01"),
            ("clean", "2023-01-01", "2026-01-01"),
            ("before", "2023-01-01", "2024-01-01"),
            ("at once", "2020-01-01", "2021-01-01"),
            ("too new", "2025-03-01", "2026-01-01"),
        ],
        [("hit", "2023-07-02"), ("hit", "2024-03-01"), ("before", "2022-06-01"), ("at once", "2020-01-01")],
    )
    episodes = first_incident_episodes(experience, pd.Timestamp("2025-01-01"))
    found = {tuple(row) for row in (episodes[TIMES].astype(float).round(2)).to_numpy()}
    assert found == {(2.0, 3.5, 1.0), (1.0, 2.0, 0.0), (3.0, 5.0, 0.0), (0.0, 0.0, 1.0)}
    cells = grouped(episodes)
    assert cells["weight"].sum() == 4
    assert (cells["exit"] > cells["entry"]).all()


def test_equal_episodes_become_weights_and_empty_ones_go() -> None:
    frame = pd.DataFrame(
        {"entry": [0.0, 0.001, 1.0], "exit": [0.5, 0.501, 1.01], "event": [0, 0, 0], "level": ["a", "a", "a"]}
    )
    cells = grouped(frame)
    assert cells[["entry", "exit", "event", "weight"]].to_numpy().tolist() == [[0.0, 0.5, 0.0, 2.0]]


def open_and_odd() -> Experience:
    experience = market(4, 1500)
    claims = experience.claims.copy()
    claims.loc[:9, "settled"] = claims.loc[:9, "known"] - pd.Timedelta(days=5)
    claims.loc[10:200, "loss_eur"] = np.nan
    claims.loc[10:120, "head"] = ""
    return Experience(experience.years, claims, experience.as_of, "odd", "")


def test_claims_without_loss_or_head_stay_and_impossible_ones_are_counted() -> None:
    fit = settlement(open_and_odd())
    names = set(effects(fit, "cox").index)
    assert {"loss_unknown", "head=unknown"} <= names
    assert fit.notes[0] == "10 claims settled before they were known are left out"


def cells_of(n: int, rng: np.random.Generator, **columns: object) -> pd.DataFrame:
    out = rng.exponential(2.0, n)
    return pd.DataFrame({"entry": 0.0, "exit": np.minimum(out, 3.0), "event": (out < 3.0).astype(int), **columns})


def test_rare_levels_join_the_reference_and_idle_columns_go() -> None:
    rng = np.random.default_rng(5)
    x = rng.standard_normal(200).round(1)
    level = np.array(["common"] * 120 + ["other"] * 76 + ["rare"] * 4)
    frame = cells_of(200, rng, level=level, x=x, constant=1.0, double=2.0 * x + 1.0)
    columns, notes = design(grouped(frame))
    assert list(columns) == ["level=other", "x"]
    assert notes[0] == "level is relative to common, with rare: too few"
    assert [note.split()[0] for note in notes[1:]] == ["constant", "double"]


def test_too_few_events_say_how_many_are_needed() -> None:
    frame = cells_of(20, np.random.default_rng(6), x=1.0)
    with pytest.raises(ValueError, match=f"events are too few, at least {FEWEST_EVENTS} are needed"):
        fit_durations("few", frame)


def test_without_a_covariate_that_varies_there_is_nothing_to_compare() -> None:
    with pytest.raises(ValueError, match="no covariate varies"):
        fit_durations("flat", cells_of(200, np.random.default_rng(7), x=1.0, level="same"))


def test_a_covariate_that_decides_the_event_is_one_clear_error() -> None:
    frame = cells_of(300, np.random.default_rng(8))
    with pytest.raises(ValueError, match="decided: x decides the event by itself"):
        fit_durations("decided", frame.assign(x=frame["event"].astype(float)))


def test_a_market_without_claims_is_one_clear_error() -> None:
    experience = market(9, 50)
    empty = Experience(experience.years, experience.claims.iloc[:0], date(2026, 12, 31), "empty", "")
    with pytest.raises(ValueError, match="first_incident: 0 events are too few"):
        first_incident(empty, *PROMPT)
    with pytest.raises(ValueError, match="settlement: 0 events are too few"):
        settlement(empty)
