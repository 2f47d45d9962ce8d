"""Published beta-binomial result: sons among twelve children in Saxony."""

import numpy as np
import pytest

from actuarial.fitting.beta_binomial import fit_beta_binomial, log_probability

# Geissler 1889, in Sokal and Rohlf, Biometry, and Lindsey, Modelling Frequency and Count Data, 1995: sons among the
# first twelve children of 6,115 families of thirteen
FAMILIES = np.array([3, 24, 104, 286, 670, 1033, 1343, 1112, 829, 478, 181, 45, 7])
SONS = np.repeat(np.arange(13), FAMILIES)


def test_sons_in_saxony_estimates() -> None:
    """Wikipedia, "Beta-binomial distribution", example of sex ratio heterogeneity: maximum likelihood a = 34.09558,
    b = 31.5715, AIC 24,989.74 against the binomial's 25,070.34. Estimates within 0.1 %, AIC within 0.01."""
    found = fit_beta_binomial(SONS, np.full(len(SONS), 12))
    assert (found.a, found.b) == (pytest.approx(34.09558, rel=1e-3), pytest.approx(31.5715, rel=1e-3))
    assert 4.0 - 2.0 * found.log_likelihood == pytest.approx(24_989.74, abs=0.01)
    assert 2.0 - 2.0 * found.binomial_log_likelihood == pytest.approx(25_070.34, abs=0.01)
    assert found.p_value < 1e-15


def test_sons_in_saxony_expected_families() -> None:
    """The same: families expected by number of sons. To the digit printed."""
    found = fit_beta_binomial(SONS, np.full(len(SONS), 12))
    expected = FAMILIES.sum() * np.exp(log_probability(np.arange(13), 12, found.a, found.b))
    published = [2.3, 22.6, 104.8, 310.9, 655.7, 1036.2, 1257.9, 1182.1, 853.6, 461.9, 177.9, 43.8, 5.2]
    assert expected == pytest.approx(published, abs=0.06)
