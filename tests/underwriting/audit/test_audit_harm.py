"""Metrics of harm: what the insured bear, and whether disclosing is the cheaper choice."""

from dataclasses import replace

import numpy as np
import pytest
from audit_books import LARGE, firm, incident, kvk, on, small
from strategies import AT, CALIBRATION, REGIME

from actuarial.rating import size_scale
from actuarial.severity import layer
from actuarial.tariff import tariff
from policies.risk import IncidentSeverity, IncidentSource
from underwriting.audit.metrics_harm import disclosure, moral_hazard, net_effect
from underwriting.audit.rated import rated, tiled
from underwriting.audit.values import AuditBook, Standing

T = tariff(CALIBRATION, REGIME)
HIGH = replace(LARGE, self_assessed_class="A4", assessed_class="A4")


def with_history(book: AuditBook, **changes: float) -> AuditBook:
    history = replace(CALIBRATION.history, **changes)
    return replace(book, calibration=replace(CALIBRATION, history=history, sha256=f"history {changes}"))


def test_disclosing_is_cheaper_under_the_shipped_calibration() -> None:
    found = on(small([firm(1), firm(2, HIGH)]), disclosure)
    assert (found.value, found.standing, found.affected) == (0.0, Standing.PASS, ())
    assert found.sample == len(IncidentSeverity) * len(T.peril_ids) * 2
    for row in found.detail:
        assert 0 < row["report_eur"] < row["late_eur"] < row["conceal_eur"]


def test_where_a_report_weighs_as_much_as_concealing_concealing_pays() -> None:
    book = small([firm(1)])
    found = on(with_history(book, concealed=CALIBRATION.history.reported), disclosure)
    assert (found.value, found.standing) == (1.0, Standing.ALARM)
    (worst,) = found.affected
    figures = dict(worst.values)
    assert worst.figure == pytest.approx(figures["report_eur"] - figures["conceal_eur"])


def test_a_late_report_that_weighs_too_much_is_seen() -> None:
    found = on(with_history(small([firm(1)]), late_limit=4.0), disclosure)
    assert found.standing is Standing.ALARM
    assert dict(found.affected[0].values)["report"] == "late"


def test_costs_are_those_of_a_profile_with_the_incident() -> None:
    """Against the whole way: the incident in the profile, the profile rated again."""
    book = small([firm(1)])
    (row,) = (r for r in on(book, disclosure).detail if (r["peril"], r["severity"]) == ("FIN", "minor"))
    told = incident(1, told=True, age_days=REGIME.incident_days("FIN", "minor"))
    hidden = replace(told, reported_at=None, source=IncidentSource.AUTHORITY)
    due = [
        int(rated([firm(1, incidents=found)], AT, REGIME, CALIBRATION).premiums.due[0])
        for found in ([], [told], [hidden])
    ]
    years = REGIME.incident_window_years
    annuity = sum((1 + REGIME.cost_of_capital) ** -year for year in range(1, int(years) + 1))
    assert row["report_eur"] == pytest.approx((due[1] - due[0]) / 100 * annuity)
    # concealed and found, the firm's compliance falls too: that is left out
    assert row["conceal_eur"] < REGIME.detection_probability * (due[2] - due[0]) / 100 * annuity


def test_a_gain_within_rounding_is_none() -> None:
    minimum = replace(LARGE, persons_per_month=1.0)
    found = on(with_history(small([firm(1, minimum)]), concealed=0.0), disclosure)
    assert (found.value, found.affected) == (0.0, ())  # the minimum premium: nothing moves


def test_tiled_tables_rate_as_their_original() -> None:
    profiles = [firm(1), firm(2, HIGH)]
    once = rated(profiles, AT, REGIME, CALIBRATION)
    again = tiled(once.risks, 3)
    assert again.policy.tolist() == [0, 1, 2, 3, 4, 5]
    assert np.array_equal(again.limit, np.tile(once.risks.limit, 3))


def test_the_leading_system_is_the_costliest() -> None:
    small_one, large_one = replace(LARGE, id="a", persons_per_month=10.0), replace(LARGE, id="b")
    two = replace(firm(1), systems=(small_one, large_one))
    assert rated([two, firm(2)], AT, REGIME, CALIBRATION).leading.tolist() == [1, 2]


def test_share_borne_is_the_deductible_of_the_loss() -> None:
    book = small([firm(1, deductible_eur=50_000)])
    base = rated(book.profiles, AT, REGIME, CALIBRATION)
    mix = (base.rating.frequency @ T.mixture)[0] * base.risks.covered[0]
    scale = size_scale(base.risks.turnover, T)
    kept, whole = (float(mix @ layer(T.severity, np.zeros(1), np.array([top]), scale)[0]) for top in (5e4, 5e4 + 2.5e6))
    assert moral_hazard(book, base).value == pytest.approx(kept / whole)


def test_a_deductible_of_nothing_bears_nothing() -> None:
    found = on(small([firm(1, deductible_eur=0), firm(2, deductible_eur=200_000)]), moral_hazard)
    assert [(one.kvk, one.figure) for one in found.affected] == [(kvk(1), 0.0)]
    shares = [on(small([firm(1, deductible_eur=d)]), moral_hazard).value for d in (1_000, 10_000, 100_000)]
    assert shares == sorted(shares)


def test_net_effect_speaks_of_high_risk_alone() -> None:
    assert on(small([firm(1)]), net_effect).note == "no_high_risk"
    found = on(small([firm(1), firm(2, HIGH)]), net_effect)
    assert found.sample == 1
    assert found.standing is Standing.ATTENTION
    figures = dict(found.affected[0].values)
    cost = figures["deductible_eur"] + figures["premium_eur"]
    assert found.value == pytest.approx(cost / figures["loss_eur"])


def test_a_deductible_as_high_as_the_cover_leaves_all_harm_with_the_firm() -> None:
    little = on(small([firm(1, HIGH, deductible_eur=5_000)]), net_effect).value
    much = on(small([firm(1, HIGH, deductible_eur=100_000_000)]), net_effect).value
    assert little is not None
    assert much is not None
    assert little < 0.5
    assert much > 0.9
