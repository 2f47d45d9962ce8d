"""The frequency of an experience: what an actuary can do wrong, what the prior decides, what the numbers mean."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from actuarial.calibration import shipped_calibration
from actuarial.fitting.experience import Experience, claim_counts, danger_column
from actuarial.fitting.frequency_design import cells_of, columns, known_share, penalty, rows_of
from actuarial.fitting.frequency_fit import coefficients, fit_frequency, parameter_frame, rate_of, relativity_frame
from actuarial.fitting.sample_experience import sample_experience
from policies.findings import WaarborgError
from policies.regimes import load_regime

AT = date(2026, 11, 24)
CALIBRATION = shipped_calibration()
LAG = (0.8, 205.0)
REGIME = load_regime("nl-2027")
MARKET = sample_experience(1_500, 1, AT, REGIME, CALIBRATION)
FOUND = fit_frequency(MARKET, CALIBRATION, {}, LAG, REGIME)


def changed(**columns: object) -> Experience:
    return replace(MARKET, years=MARKET.years.assign(**columns))


def only(perils: tuple[str, ...]) -> Experience:
    return replace(MARKET, claims=MARKET.claims[MARKET.claims["peril"].isin(perils)])


def test_known_claims_of_the_market_are_expected_in_all_and_by_peril() -> None:
    actual, expected = FOUND.rows.claims.sum(axis=0), FOUND.expected.sum(axis=0)
    assert abs(actual.sum() / expected.sum() - 1) < 0.02
    assert (np.abs(actual - expected) < 2 * np.sqrt(expected)).all()


def test_expected_claims_are_the_rate_times_the_years_whose_claims_are_known() -> None:
    rate = rate_of(FOUND.rows, FOUND.cols, FOUND.estimate)
    np.testing.assert_allclose(FOUND.expected, rate * FOUND.rows.years[:, None], rtol=1e-9)


def test_cells_join_rows_of_one_firm_only_and_keep_every_claim() -> None:
    cells, cell = cells_of(FOUND.rows)
    assert len(cells.years) < len(FOUND.rows.years)
    np.testing.assert_array_equal(cells.firm[cell], FOUND.rows.firm)
    np.testing.assert_array_equal(cells.danger[cell], FOUND.rows.danger)
    assert cells.claims.sum() == FOUND.rows.claims.sum()
    assert cells.years.sum() == pytest.approx(FOUND.rows.years.sum())


def test_few_claims_are_refused_with_the_number_that_is_needed() -> None:
    with pytest.raises(WaarborgError, match=r"\d+ claims are too few to fit; at least 30 are needed"):
        fit_frequency(replace(MARKET, claims=MARKET.claims.head(12)), CALIBRATION, {}, LAG, REGIME)


def test_no_exposure_is_refused() -> None:
    exposure = MARKET.years["exposure"].to_numpy().copy()
    exposure[:3] = 0.0
    with pytest.raises(WaarborgError, match="3 rows have no exposure"):
        fit_frequency(changed(exposure=exposure), CALIBRATION, {}, LAG, REGIME)


@pytest.mark.parametrize(("column", "factor"), [("obliged_class", "classes"), ("role", "roles"), ("sector", "sectors")])
def test_an_unknown_level_is_named_with_those_that_are_known(column: str, factor: str) -> None:
    values = MARKET.years[column].to_numpy().copy()
    values[0] = "Atlantis"
    with pytest.raises(WaarborgError, match=rf"knows no {factor} Atlantis; it knows"):
        fit_frequency(changed(**{column: values}), CALIBRATION, {}, LAG, REGIME)


def test_a_claim_outside_the_time_at_risk_is_refused() -> None:
    claims = MARKET.claims.assign(occurred=pd.Timestamp("1999-01-01"))
    with pytest.raises(WaarborgError, match="outside the time at risk"):
        fit_frequency(replace(MARKET, claims=claims), CALIBRATION, {}, LAG, REGIME)


def test_a_peril_without_claims_keeps_the_expected_claims_and_theta_of_the_prior() -> None:
    found = fit_frequency(only(("FIN", "PRV", "SEC")), CALIBRATION, {}, LAG, REGIME)
    assert found.cols.perils == ("PRV", "FIN", "SEC")
    assert {f.subject for f in found.findings if f.code == "fit-prior-kept"} >= {"frequency.perils.BOD"}
    assert "frequency.perils.BOD.theta" not in coefficients(found)
    perils = MARKET.perils
    rows, cols = rows_of(MARKET, CALIBRATION, LAG, perils), columns(CALIBRATION, {}, perils)
    mean = cols.mean.copy()
    for path, value in coefficients(found).items():
        mean[cols.at(path)] = value
    before, after = ((rate_of(rows, cols, beta) * rows.years[:, None]).sum(axis=0) for beta in (cols.mean, mean))
    kept = [n for n, peril in enumerate(perils) if peril in found.kept_intercepts]
    np.testing.assert_allclose(after[kept], before[kept], rtol=1e-9)


def test_danger_that_seems_to_help_is_held_at_the_floor_and_its_error_is_that_without_it() -> None:
    turned = changed(**{danger_column("FIN"): -2 * MARKET.years[danger_column("FIN")]})
    found = fit_frequency(turned, CALIBRATION, {}, LAG, REGIME, prior_sd_factor=5)
    at = found.cols.at("frequency.perils.FIN.theta")
    assert found.estimate[at] == pytest.approx(0.05, abs=1e-12)
    assert found.unconstrained[at] < 0.0
    assert found.se[at] > 0.0
    assert np.abs(found.pulls[:, at]).max() < 1e-12  # the estimate itself does not move


def test_a_ladder_that_falls_is_held_level() -> None:
    swapped = MARKET.years["obliged_class"].replace({"A5": "A2", "A2": "A5"})
    found = fit_frequency(changed(obliged_class=swapped), CALIBRATION, {}, LAG, REGIME, prior_sd_factor=5)
    classes = [found.cols.at(f"frequency.classes.A{n}") for n in range(8)]
    assert (np.diff(found.unconstrained[classes]) < -0.1).any()
    assert np.diff(found.estimate[classes]).min() == pytest.approx(1e-5, rel=1e-6)


def test_a_level_without_claims_stands_at_its_prior_and_is_told() -> None:
    quiet = set(MARKET.years.loc[MARKET.years["sector"] == "police", "system"])
    found = fit_frequency(
        replace(MARKET, claims=MARKET.claims[~MARKET.claims["system"].isin(quiet)]), CALIBRATION, {}, LAG, REGIME
    )
    told = [f for f in found.findings if f.code == "fit-no-claims"]
    assert any("police" in f.subject or "police" in f.message for f in told)
    assert found.estimate[found.cols.at("frequency.sectors.police")] < CALIBRATION.sectors["police"]


def test_a_factor_that_never_varies_is_told_and_left_to_the_prior() -> None:
    found = fit_frequency(changed(autonomy=2, role="deployer"), CALIBRATION, {}, LAG, REGIME)
    at = found.cols.at("frequency.autonomy.3")
    assert found.estimate[at] == pytest.approx(CALIBRATION.autonomy[3])
    assert any(f.code == "fit-collinear" for f in found.findings)


def test_reference_levels_and_systemic_thetas_are_fixed() -> None:
    fixed = {path for path, se in zip(FOUND.cols.paths, FOUND.se, strict=True) if se == 0}
    assert {"frequency.classes.A3", "frequency.roles.provider", "frequency.sectors.other"} <= fixed
    assert all(FOUND.estimate[FOUND.cols.at(path)] == FOUND.cols.mean[FOUND.cols.at(path)] for path in fixed)


def test_a_posterior_becomes_the_prior_of_the_next_fit() -> None:
    free = np.flatnonzero(FOUND.cols.sd > 0)
    lower = FOUND.covariance[np.ix_(free, free)]
    posterior = {
        "paths": [FOUND.cols.paths[column] for column in free],
        "covariance": [row[: n + 1].tolist() for n, row in enumerate(lower)],
    }
    cols = columns(CALIBRATION, {"posterior": posterior}, FOUND.cols.perils)
    np.testing.assert_allclose(cols.covariance[np.ix_(free, free)], lower, rtol=1e-8, atol=1e-12)
    held = penalty(cols)
    np.testing.assert_allclose(held.precision[np.ix_(free, free)] @ lower, np.eye(len(free)), atol=1e-6)


def test_a_wider_prior_follows_the_claims_further() -> None:
    narrow, wide = (fit_frequency(MARKET, CALIBRATION, {}, LAG, REGIME, factor) for factor in (0.2, 5.0))
    at = FOUND.cols.at("frequency.exposure_elasticity")
    free = abs(wide.estimate[at] - CALIBRATION.exposure_elasticity)
    assert abs(narrow.estimate[at] - CALIBRATION.exposure_elasticity) < free
    assert narrow.se[at] < wide.se[at]


def test_every_discovered_claim_stands_for_the_concealed_ones_that_were_not() -> None:
    conduct = MARKET.claims["conduct"].to_numpy()
    discovered = (conduct == "discovered").sum()
    assert known_share(replace(MARKET, detection=0.5)) == pytest.approx(len(conduct) / (len(conduct) + discovered))
    assert known_share(replace(MARKET, detection=None)) == 1.0
    assert known_share(replace(MARKET, detection=1.0)) == 1.0


def test_frames_say_what_the_fit_found() -> None:
    parameters, relativities = parameter_frame(FOUND), relativity_frame(FOUND)
    assert len(parameters) == len(FOUND.cols.paths)
    assert parameters["claims"].iloc[: len(FOUND.cols.perils)].sum() == FOUND.rows.claims.sum()
    assert set(relativities["factor"]) == {"class", "role", "autonomy", "sector", "maturity"}
    for factor in ("class", "role", "sector", "autonomy", "maturity"):
        assert relativities.loc[relativities["factor"] == factor, "claims"].sum() == FOUND.rows.claims.sum()
    assert (relativities["low"] <= relativities["relativity"]).all()
    assert (relativities["relativity"] <= relativities["high"]).all()


def test_counts_are_those_of_a_plain_loop() -> None:
    counts = claim_counts(MARKET, MARKET.perils)
    years = MARKET.years.reset_index(drop=True)
    slow = np.zeros_like(counts)
    for claim in MARKET.claims.head(150).itertuples():
        mine = (years["system"] == claim.system) & (years["start"] <= claim.occurred) & (claim.occurred < years["end"])
        slow[np.flatnonzero(mine)[0], MARKET.perils.index(str(claim.peril))] += 1
    first = replace(MARKET, claims=MARKET.claims.head(150))
    np.testing.assert_array_equal(claim_counts(first, MARKET.perils), slow)
    assert counts.sum() == len(MARKET.claims)
