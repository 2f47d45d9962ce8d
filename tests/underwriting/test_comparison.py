"""Two calibrations side by side: nothing is left out, intervals are those that the artefacts state."""

import copy
import json
from typing import Any

import pytest
from calibration_values import fitted_text, shipped_data
from hypothesis import given
from hypothesis import strategies as st

from actuarial.fitting.prior import parameters
from underwriting.comparison import compare, estimates, largest

SHIPPED = shipped_data()
PATHS = [path for path, _ in parameters(SHIPPED)]
PLAIN = [path for path in PATHS if not path.startswith("test")]  # names of tests hold dots


def with_value(path: str, value: float) -> dict[str, Any]:
    data = copy.deepcopy(SHIPPED)
    *branches, leaf = path.split(".")
    at: Any = data
    for branch in branches:
        at = at[int(branch)] if isinstance(at, list) else at[branch]
    at[int(leaf) if isinstance(at, list) else leaf] = value
    return data


def test_a_calibration_beside_itself_differs_in_nothing_and_lists_everything() -> None:
    found = compare(SHIPPED, SHIPPED)
    assert [difference.path for difference in found] == PATHS
    assert {difference.change for difference in found} == {0.0}
    assert not any(difference.outside for difference in found)
    assert largest(found, 10) == ()


@given(st.sampled_from(PLAIN), st.floats(0.01, 100))
def test_one_changed_parameter_is_the_one_that_is_told(path: str, step: float) -> None:
    was = dict(parameters(SHIPPED))[path]
    found = compare(SHIPPED, with_value(path, was + step))
    changed = [difference for difference in found if difference.change]
    assert [difference.path for difference in changed] == [path]
    assert changed[0].change == pytest.approx(step, abs=1e-9 * max(abs(was), 1.0))
    assert largest(found, 3) == tuple(changed)


def test_theta_brings_its_own_interval_and_the_rest_has_what_the_artefact_states() -> None:
    theta = estimates(SHIPPED)["frequency.perils.BOD.theta"]
    own = SHIPPED["frequency"]["perils"]["BOD"]
    assert (theta.value, theta.low, theta.high) == (own["theta"], own["theta_low"], own["theta_high"])
    known = [path for path, estimate in estimates(SHIPPED).items() if estimate.low is not None]
    assert {path.rpartition(".")[2] for path in known} == {"theta"}
    stated = SHIPPED | {"uncertainty": {"frequency.dispersion": {"se": 0.1, "low": 0.4, "high": 0.9}}}
    assert estimates(stated)["frequency.dispersion"].high == 0.9


@pytest.mark.parametrize(("value", "outside"), [(0.39, True), (0.4, False), (0.9, False), (0.91, True)])
def test_outside_is_judged_by_the_interval_of_a(value: float, outside: bool) -> None:
    stated = SHIPPED | {"uncertainty": {"frequency.dispersion": {"se": 0.1, "low": 0.4, "high": 0.9}}}
    by_path = {found.path: found for found in compare(stated, with_value("frequency.dispersion", value))}
    assert by_path["frequency.dispersion"].outside is outside
    assert by_path["frequency.sharing"].outside is None


def test_a_parameter_that_one_lacks_is_told() -> None:
    less = copy.deepcopy(SHIPPED)
    del less["frequency"]["perils"]["BOD"]
    for found, gone in ((compare(SHIPPED, less), "b"), (compare(less, SHIPPED), "a")):
        alone = [difference for difference in found if getattr(difference, gone) is None]
        assert {difference.path.rpartition(".")[0] for difference in alone} == {"frequency.perils.BOD"}
        assert {(difference.change, difference.outside) for difference in alone} == {(None, None)}
        assert len(found) == len(PATHS)


def test_changes_of_effects_and_of_sizes_are_ranked_on_one_scale() -> None:
    """An effect of log 2 and a scale that doubles weigh the same; ten times a small number beats both."""
    data = with_value("severity.size_reference_eur", SHIPPED["severity"]["size_reference_eur"] * 2.0)
    data["frequency"]["sharing"] += 0.5
    data["loadings"]["claims_handling"] *= 10
    found = [difference.path for difference in largest(compare(SHIPPED, data), 5)]
    assert found == ["loadings.claims_handling", "severity.size_reference_eur", "frequency.sharing"]


def test_the_interval_of_a_fit_is_read() -> None:
    found = estimates(json.loads(fitted_text(0.3)))["frequency.perils.BOD.intercept"]
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high
