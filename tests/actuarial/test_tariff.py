"""A tariff says what it lacks: perils, heads and tests are referred, classes and roles are refused."""

from dataclasses import replace

import numpy as np
import pytest
from strategies import CALIBRATION, REGIME

from actuarial.tariff import ThetaLevel, tariff
from policies.findings import WaarborgError
from policies.perils import PERILS


def test_a_missing_head_is_told() -> None:
    severities = {head: row for head, row in CALIBRATION.severities.items() if head != "G1"}
    assert tariff(replace(CALIBRATION, severities=severities, sha256="2" * 64), REGIME).unpriced == ("G1",)


def test_a_missing_test_is_told() -> None:
    gone = REGIME.required_tests()[0]
    tests = {test: row for test, row in CALIBRATION.tests.items() if test != gone}
    assert tariff(replace(CALIBRATION, tests=tests, sha256="3" * 64), REGIME).unpriced == (gone,)


@pytest.mark.parametrize(("field", "name"), [("classes", "A3"), ("roles", "deployer")])
def test_a_missing_effect_is_refused(field: str, name: str) -> None:
    effects = {key: value for key, value in getattr(CALIBRATION, field).items() if key != name}
    with pytest.raises(WaarborgError, match=f"has no effect for {name}"):
        tariff(replace(CALIBRATION, sha256=f"{field:4>64}", **{field: effects}), REGIME)


def test_batteries_weigh_what_the_regime_says() -> None:
    t = tariff(CALIBRATION, REGIME)
    for column, peril in enumerate(t.peril_ids):
        plain = {t.test_ids[row]: t.battery[row, column] for row in np.flatnonzero(t.battery[:, column])}
        if PERILS[peril].capability:
            assert plain == {}
        else:
            assert plain == {entry.test: entry.weight for entry in REGIME.battery[peril]}


def test_theta_is_the_only_difference_between_levels() -> None:
    low, central, high = (tariff(CALIBRATION, REGIME, level) for level in ThetaLevel)
    assert np.all(low.theta <= central.theta)
    assert np.all(central.theta <= high.theta)
    assert replace(low, theta=high.theta).intercept is high.intercept
