"""The experience of the book: what its dossiers hold, each firm once, up to the day of its newest quote."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from dossiers import AT, write_dossier

from actuarial.compliance import days_late
from actuarial.fitting.experience import Experience, claim_counts, danger_column, years_between_days
from actuarial.risks import declared_class, tabulate
from policies.findings import WaarborgError
from policies.perils import PERILS
from policies.period import years_between
from policies.risk import Incident, IncidentSeverity, RiskProfile
from underwriting.desk import Desk, open_desk
from underwriting.experience_book import experience_from_book
from underwriting.experience_file import read_experience, write_experience
from underwriting.quote import Quote

FIRMS, SEED = 30, 1


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk over the book of a sample market."""
    desk = open_desk(tmp_path_factory.mktemp("book") / "book.sqlite", today=lambda: AT)
    desk.load_sample(FIRMS, SEED, lambda *_: None)
    return desk


@pytest.fixture(scope="module")
def profiles(market: Desk) -> tuple[RiskProfile, ...]:
    return tuple(profile for _, profile in market.newest_profiles())


@pytest.fixture(scope="module")
def experience(market: Desk) -> Experience:
    return experience_from_book(market)


def claims_of(profile: RiskProfile, desk: Desk) -> list[Incident]:
    """Incidents of the window that were no near misses and happened before the day of the quote."""
    window = desk.regime.incident_window_years
    return [
        incident
        for incident in profile.incidents
        if incident.severity is not IncidentSeverity.NEAR_MISS
        and incident.occurred_at < AT
        and years_between(incident.occurred_at, AT) <= window
    ]


def test_claims_are_the_incidents_of_the_dossiers(
    experience: Experience, profiles: tuple[RiskProfile, ...], market: Desk
) -> None:
    drawn = Counter(
        (f"{p.firm.kvk}-{i.system}", i.peril, pd.Timestamp(i.occurred_at), pd.Timestamp(i.aware_at), i.loss.cents)
        for p in profiles
        for i in claims_of(p, market)
    )
    claims = experience.claims
    cents = (claims["loss_eur"] * 100).round().astype(int)
    found = Counter(zip(claims["system"], claims["peril"], claims["occurred"], claims["known"], cents, strict=True))
    assert found == drawn
    assert len(claims) > 5
    assert claim_counts(experience, tuple(PERILS)).sum() == len(claims)
    assert set(claims["head"]) == {""}
    assert claims["settled"].isna().all()


def test_conduct_is_that_of_the_dossiers(
    experience: Experience, profiles: tuple[RiskProfile, ...], market: Desk
) -> None:
    late = [days_late(i, AT, market.regime) for p in profiles for i in claims_of(p, market)]
    expected = Counter("discovered" if np.isinf(d) else "late" if d > 0 else "in_time" for d in late)
    assert Counter(experience.claims["conduct"]) == expected
    assert experience.detection == market.regime.detection_probability


def test_every_system_is_at_risk_from_deployment_or_for_the_window(
    experience: Experience, profiles: tuple[RiskProfile, ...]
) -> None:
    years = experience.years
    seen = years.groupby("system").agg(start=("start", "min"), end=("end", "max"), rows=("end", "size"))
    for profile in profiles:
        for system in profile.systems:
            if system.deployed >= AT:
                continue
            row = seen.loc[f"{profile.firm.kvk}-{system.id}"]
            assert row["start"] == pd.Timestamp(max(system.deployed, AT - timedelta(1826)))
            assert row["end"] == pd.Timestamp(AT)
            assert row["rows"] == min(int(years_between(system.deployed, AT) // 1) + 1, 5)
    length = years_between_days(years["start"], years["end"])
    assert length.max() < 1.01
    assert length.sum() == pytest.approx(years_between_days(seen["start"], seen["end"]).sum())


def test_danger_compliance_and_exposure_are_those_of_the_price(
    experience: Experience, profiles: tuple[RiskProfile, ...], market: Desk
) -> None:
    risks = tabulate(profiles, AT, market.regime, market.calibration)
    names = [f"{p.firm.kvk}-{s.id}" for p in profiles for s in p.systems]
    once = experience.years.drop_duplicates("system").set_index("system")
    rows = [names.index(name) for name in once.index]
    for code, peril in enumerate(PERILS):
        assert (once[danger_column(peril)] == risks.danger[rows, code]).all()
    assert (once["compliance"] == risks.compliance[rows]).all()
    assert (once["exposure"] == risks.exposure[rows]).all()
    classes = [declared_class(s, market.regime).id for p in profiles for s in p.systems]
    assert list(once["obliged_class"]) == [classes[row] for row in rows]


def test_it_is_deterministic_and_survives_a_file(experience: Experience, market: Desk, tmp_path: Path) -> None:
    assert experience_from_book(market).sha256 == experience.sha256
    write_experience(tmp_path / "book.zip", experience)
    assert read_experience(tmp_path / "book.zip", AT).sha256 == experience.sha256


def test_only_the_newest_quote_of_a_firm_counts(desk: Desk, made: Quote, folder: Path) -> None:
    desk.save(made)
    first = experience_from_book(desk)
    later = AT + timedelta(30)
    desk.save(desk.quote(folder, later))
    second = experience_from_book(desk)
    assert (first.as_of, second.as_of) == (AT, later)
    assert set(second.years["firm"]) == set(first.years["firm"])
    assert second.years["end"].max() == pd.Timestamp(later)
    assert second.years.groupby("system")["end"].max().nunique() == 1


def test_firms_are_seen_up_to_their_own_day(desk: Desk, made: Quote, tmp_path: Path) -> None:
    desk.save(made)
    other = write_dossier(tmp_path / "other", firm={"kvk": "99000999"})
    desk.save(desk.quote(other, AT + timedelta(10)))
    found = experience_from_book(desk)
    ends = found.years.groupby("firm")["end"].max()
    assert found.as_of == AT + timedelta(10)
    assert ends["99000999"] == pd.Timestamp(AT + timedelta(10))
    assert ends.drop("99000999").tolist() == [pd.Timestamp(AT)]


def test_a_book_without_quotes_says_so(desk: Desk) -> None:
    with pytest.raises(WaarborgError, match="no quotes in") as raised:
        experience_from_book(desk)
    assert len(str(raised.value).splitlines()) == 1


def test_a_book_whose_systems_are_all_new_says_so(desk: Desk, tmp_path: Path) -> None:
    desk.save(desk.quote(write_dossier(tmp_path / "new", system={"deployed": AT})))
    with pytest.raises(WaarborgError, match="has been at risk"):
        experience_from_book(desk)
