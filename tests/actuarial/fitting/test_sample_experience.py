"""The sample market as experience: what was put in is found again, and what is hidden stays hidden."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
import statsmodels.genmod.generalized_linear_model as glm
from statsmodels.genmod.families import Poisson

from actuarial.calibration import Calibration, shipped_calibration
from actuarial.fitting.experience import (
    CLAIM_COLUMNS,
    YEAR_COLUMNS,
    Experience,
    claim_counts,
    danger_column,
    reported_years,
    rows_of_claims,
    years_between_days,
)
from actuarial.fitting.experience_frames import experience_of
from actuarial.fitting.sample_experience import sample_experience, true_frequency
from actuarial.market.firms import SampleFirm, draw_market
from actuarial.market.outcomes import CLEAN, FAILED, MISSING, TestOutcome
from actuarial.market.truth import stated_truth
from actuarial.risks import RiskTable, tabulate
from actuarial.rounding import Floats
from policies.perils import PERILS
from policies.regimes import Regime, load_regime
from policies.risk import Firm, RiskProfile
from policies.safety import TestRun

AT = date(2026, 11, 24)
FIRMS, SEED = 12_000, 5
TOLERANCE = 4.0  # standard errors; seeds are fixed


@pytest.fixture(scope="module")
def regime() -> Regime:
    return load_regime("nl-2027")


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    return shipped_calibration()


@pytest.fixture(scope="module")
def perfect(regime: Regime, calibration: Calibration) -> Experience:
    return sample_experience(FIRMS, SEED, AT, regime, calibration, perfect=True)


@pytest.fixture(scope="module")
def measured(regime: Regime, calibration: Calibration) -> Experience:
    return sample_experience(FIRMS, SEED, AT, regime, calibration)


@pytest.fixture(scope="module")
def frequency(regime: Regime, calibration: Calibration) -> Floats:
    return true_frequency(FIRMS, SEED, AT, regime, calibration)


def reported_share(experience: Experience) -> Floats:
    lag = stated_truth().reporting_lag
    years = years_between_days(experience.years["start"], experience.years["end"])
    return reported_years(experience, lag.shape, lag.scale_days) / years


def systems_of(experience: Experience) -> pd.DataFrame:
    return experience.years.drop_duplicates("system").set_index("system")


def test_the_columns_are_those_of_the_contract(perfect: Experience, measured: Experience) -> None:
    for experience in (perfect, measured):
        assert tuple(experience.years) == (*YEAR_COLUMNS, *map(danger_column, PERILS))
        assert tuple(experience.claims) == CLAIM_COLUMNS
        assert experience.perils == tuple(PERILS)
        assert experience.as_of == AT
        assert not experience.years.isna().any().any()


def test_rows_of_a_system_follow_one_another_from_deployment_to_the_valuation_day(perfect: Experience) -> None:
    years = perfect.years.sort_values(["system", "start"])
    assert (years["start"] < years["end"]).all()
    same = years["system"].eq(years["system"].shift())
    assert (years["start"][same] == years["end"].shift()[same]).all()
    ends = years.groupby("system")["end"].max()
    assert (ends == pd.Timestamp(AT)).all()
    starts, deployed = years.groupby("system")["start"].min(), years.groupby("system")["deployed"].min()
    longest = years_between_days(starts, ends).max()
    assert (starts >= deployed).all()
    assert longest == pytest.approx(5, abs=2 / 365)
    assert (starts == deployed).mean() > 0.8


def test_every_claim_lies_in_a_row_of_its_system_and_was_known(perfect: Experience, measured: Experience) -> None:
    for experience in (perfect, measured):
        claims = experience.claims
        assert (rows_of_claims(experience) >= 0).all()
        assert (claims["known"] >= claims["occurred"]).all()
        assert (claims["known"] < pd.Timestamp(AT)).all()
        closed = claims["settled"].notna()
        assert (claims["settled"][closed] >= claims["known"][closed]).all()
        assert (claims["settled"][closed] < pd.Timestamp(AT)).all()
        assert (claims["loss_eur"] > 0).all()


def test_claims_are_as_frequent_as_the_truth_says(perfect: Experience, frequency: Floats) -> None:
    """Less what has not been reported; frailty is shared by the rows of a firm and peril."""
    expected = pd.DataFrame(frequency * reported_share(perfect)[:, None]).groupby(perfect.years["firm"]).sum()
    alpha = np.array([stated_truth().frequency.perils[peril].alpha for peril in perfect.perils])
    error = np.sqrt((expected + expected**2 / alpha).sum(axis=0))
    z = (claim_counts(perfect, perfect.perils).sum(axis=0) - expected.sum(axis=0)) / error
    assert np.abs(z).max() < TOLERANCE, z


CLASSES = ["A0", "A1", "A2", "A4", "A5", "A6", "A7"]


def regression(experience: Experience) -> tuple[Floats, Floats]:
    """Intercept, theta, gamma, eta and class effects of the most frequent peril, and their standard errors.

    Effects of role, autonomy, sector and maturity are given.
    """
    truth, years = stated_truth().frequency, experience.years
    since = [years_between_days(years["deployed"], years[day]) for day in ("start", "end")]
    bands, effects = (np.array(column) for column in zip(*truth.maturity, strict=True))
    lag = stated_truth().reporting_lag
    offset = (
        years["role"].map(truth.roles)
        + np.array(truth.autonomy)[years["autonomy"]]
        + years["sector"].map(truth.sectors)
        + effects[np.searchsorted(bands, (since[0] + since[1]) / 2, side="right") - 1]
        + np.log(reported_years(experience, lag.shape, lag.scale_days))
    )
    columns = [np.ones(len(years)), years["z_FIN"], 1 - years["compliance"], np.log(years["exposure"])]
    design = np.column_stack([*columns, *(years["obliged_class"].eq(c) for c in CLASSES)]).astype(float)
    counts, groups = claim_counts(experience, ["FIN"])[:, 0], years["firm"].factorize()[0]
    fit = glm.GLM(counts, design, family=Poisson(), offset=offset).fit(cov_type="cluster", cov_kwds={"groups": groups})
    return np.asarray(fit.params), np.asarray(fit.bse)


def test_a_poisson_regression_finds_the_parameters_again(perfect: Experience) -> None:
    truth = stated_truth().frequency
    stated = truth.perils["FIN"]
    expected = [np.log(stated.claims_per_thousand / 1000), stated.theta, truth.sharing, truth.elasticity]
    expected += [truth.classes[c] - truth.classes["A3"] for c in CLASSES]
    found, error = regression(perfect)
    assert (np.abs(found - expected) < TOLERANCE * error).all(), found
    assert error[1] < 0.1


def test_measured_danger_tells_less_than_true_danger_but_something(measured: Experience) -> None:
    """Errors in the covariate draw theta towards zero; it stays well above it."""
    (_, theta, *_), (_, error, *_) = regression(measured)
    assert 2 * error < theta < stated_truth().frequency.perils["FIN"].theta - 2 * error


def test_concealed_claims_are_absent_unless_they_came_to_light(
    perfect: Experience, measured: Experience, regime: Regime
) -> None:
    c, p = stated_truth().conduct, regime.detection_probability
    concealed = 1 - c.in_time - c.late
    shown = 1 - concealed * (1 - p)
    count = len(perfect.claims)
    assert abs(len(measured.claims) / count - shown) < TOLERANCE * (shown * (1 - shown) / count) ** 0.5
    share = measured.claims["conduct"].value_counts(normalize=True)
    for conduct, stated in (("in_time", c.in_time), ("late", c.late), ("discovered", concealed * p)):
        expected = stated / shown
        assert abs(share[conduct] - expected) < TOLERANCE * (expected * (1 - expected) / len(measured.claims)) ** 0.5
    assert set(perfect.claims["conduct"]) == {"in_time", "late"}
    assert (perfect.detection, measured.detection) == (None, p)


def test_without_measurement_and_concealment_the_market_is_the_same(perfect: Experience, measured: Experience) -> None:
    same = ["firm", "system", "start", "end", "deployed", "role", "autonomy", "sector", "exposure", "turnover_eur"]
    pd.testing.assert_frame_equal(perfect.years[same], measured.years[same])
    assert not np.allclose(perfect.years["z_FIN"], measured.years["z_FIN"])
    assert not np.allclose(perfect.years["compliance"], measured.years["compliance"])


def test_measured_danger_lies_above_the_truth_and_follows_it(perfect: Experience, measured: Experience) -> None:
    """Few prompts, passes nobody can check and silence: caution lifts danger, and tests keep their order."""
    true, seen = systems_of(perfect), systems_of(measured)
    for peril in ("FIN", "SEC", "PRV"):
        column = danger_column(peril)
        assert (seen[column] >= true[column]).mean() > 0.9, peril
        assert np.corrcoef(seen[column], true[column])[0, 1] > 0.3, peril
    assert np.corrcoef(seen["compliance"], true["compliance"])[0, 1] > 0.3


def test_the_declared_class_is_the_true_one_except_where_it_may_not_be(
    perfect: Experience, measured: Experience
) -> None:
    true, seen = systems_of(perfect)["obliged_class"], systems_of(measured)["obliged_class"]
    d = stated_truth().declaration
    assert (seen[true == "A0"] == "A0").all()
    understated = (seen[true == "A1"] == "A0").mean()
    assert understated == pytest.approx(d.understated * (1 - d.assessed["art50"]), abs=0.01)
    without_number = seen[true == "A2"].isin(["A3", "A4"])
    assert without_number.mean() == pytest.approx(1 - d.register_number, abs=0.03)
    assert set(seen[true == "A7"]) == {"A7"}  # training compute gives it away


# --- the same as the dossiers of the market, read as the price reads them


def profile(firm: SampleFirm) -> RiskProfile:
    systems = tuple(replace(s, runs=tuple(run(o) for o in firm.outcomes if o.system == s.id)) for s in firm.systems)
    owner = Firm("", "", firm.country, firm.size_class, firm.turnover_nl, firm.turnover_world, firm.founded)
    return RiskProfile(owner, firm.cover, systems, firm.incidents, firm.obligations, "")


def run(o: TestOutcome) -> TestRun:
    return TestRun(
        test=o.test,
        evaluator="",
        independence=o.independence,
        run_date=o.run_date,
        planned=o.planned,
        unique_prompts=len(o.trials),
        failures=o.count(FAILED),
        clean=o.count(CLEAN),
        missing=o.count(MISSING),
        sha256="",
        source="",
        registered_at=o.registered_at,
    )


@pytest.fixture(scope="module")
def dossiers(regime: Regime, calibration: Calibration) -> RiskTable:
    firms = draw_market(250, 11, stated_truth(), AT, regime, calibration)
    return tabulate([profile(firm) for firm in firms], AT, regime, calibration)


def test_danger_is_measured_as_from_the_dossiers(dossiers: RiskTable, measured: Experience) -> None:
    seen = systems_of(measured)
    firms = len(set(dossiers.policy))
    for code, peril in enumerate(PERILS):
        column, other = dossiers.danger[:, code], seen[danger_column(peril)]
        assert abs(column.mean() - other.mean()) < TOLERANCE * other.std() / firms**0.5, peril
        assert column.std() == pytest.approx(other.std(), rel=0.2), peril


def test_compliance_is_measured_as_from_the_dossiers(dossiers: RiskTable, measured: Experience) -> None:
    seen, firms = systems_of(measured)["compliance"], len(set(dossiers.policy))
    assert abs(dossiers.compliance.mean() - seen.mean()) < TOLERANCE * seen.std() / firms**0.5
    assert dossiers.compliance.std() == pytest.approx(seen.std(), rel=0.2)


# --- determinism and digest


def other(value: object) -> object:
    """Another value of the same type."""
    if isinstance(value, str):
        return value + "x"
    return value + pd.Timedelta(days=1) if isinstance(value, pd.Timestamp) else value + 1


def test_the_same_seed_gives_the_same_digest(regime: Regime, calibration: Calibration) -> None:
    digests = {
        sample_experience(60, seed, AT, regime, calibration, perfect=known).sha256
        for seed, known in ((1, True), (1, True), (1, False), (1, False), (2, True))
    }
    assert len(digests) == 3


def test_the_digest_covers_every_value(regime: Regime, calibration: Calibration) -> None:
    e = sample_experience(40, 1, AT, regime, calibration)
    again = experience_of(e.years, e.claims, e.as_of, "other words", e.detection)
    assert again.sha256 == e.sha256
    for column in e.years:
        years = e.years.copy()
        years.loc[3, column] = other(years[column].iloc[3])
        assert experience_of(years, e.claims, e.as_of, e.source, e.detection).sha256 != e.sha256, column
    assert experience_of(e.years, e.claims.iloc[1:], e.as_of, e.source, e.detection).sha256 != e.sha256
    assert experience_of(e.years, e.claims, e.as_of, e.source, None).sha256 != e.sha256


def test_true_frequency_has_a_row_for_each_row_of_the_experience(perfect: Experience, frequency: Floats) -> None:
    assert frequency.shape == (len(perfect.years), len(perfect.perils))
    assert (frequency > 0).all()


def test_two_years_are_a_part_of_the_market(regime: Regime, calibration: Calibration) -> None:
    e = sample_experience(300, 1, AT, regime, calibration, years=2, perfect=True)
    assert years_between_days(e.years["start"], pd.Series(pd.Timestamp(AT), e.years.index)).max() < 2.01
    assert len(true_frequency(300, 1, AT, regime, calibration, years=2)) == len(e.years)
