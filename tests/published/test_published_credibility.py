"""Published credibility results: Hachemeister's bodily injury claims, and claim numbers of Belgian motorists."""

import numpy as np
import pytest

from actuarial.fitting.credibility import buhlmann_straub, fit_history, iterative_heterogeneity, unbiased_heterogeneity
from actuarial.fitting.dispersion import fit_dispersion

# Hachemeister, "Credibility for regression models with application to trend", in Kahn (ed.), Credibility: theory and
# applications, 1975: average bodily injury claim and number of claims, five states, twelve quarters from July 1970.
STATES = np.arange(1, 6)[:, None]
CLAIM = np.array(
    [
        [1738, 1642, 1794, 2051, 2079, 2234, 2032, 2035, 2115, 2262, 2267, 2517],
        [1364, 1408, 1597, 1444, 1342, 1675, 1470, 1448, 1464, 1831, 1612, 1471],
        [1759, 1685, 1479, 1763, 1674, 2103, 1502, 1622, 1828, 2155, 2233, 2059],
        [1223, 1146, 1010, 1257, 1426, 1532, 1953, 1123, 1343, 1243, 1762, 1306],
        [1456, 1499, 1609, 1741, 1482, 1572, 1606, 1735, 1607, 1573, 1613, 1690],
    ]
)
NUMBER = np.array(
    [
        [7861, 9251, 8706, 8575, 7917, 8263, 9456, 8003, 7365, 7832, 7849, 9077],
        [1622, 1742, 1523, 1515, 1622, 1602, 1964, 1515, 1527, 1748, 1654, 1861],
        [1147, 1357, 1329, 1204, 998, 1077, 1277, 1218, 896, 1003, 1108, 1121],
        [407, 396, 348, 341, 315, 328, 352, 331, 287, 384, 321, 342],
        [2902, 3172, 3046, 3068, 2693, 2910, 3275, 2697, 2663, 3017, 3242, 3425],
    ]
)


def test_hachemeister_buhlmann_straub() -> None:
    """Goovaerts and Hoogstad, Credibility Theory, Surveys of Actuarial Studies 4, 1987; R package actuar, vignette
    "credibility" (Dutang, Goulet, Milhaud, Pigeon): to the digits printed."""
    found = buhlmann_straub(STATES, NUMBER, CLAIM)
    assert found.weights == pytest.approx([100155, 19895, 13735, 4152, 36110])
    assert found.means == pytest.approx([2060.921, 1511.224, 1805.843, 1352.976, 1599.829], abs=5e-4)
    assert found.within == pytest.approx(139_120_026, abs=0.5)
    assert found.between == pytest.approx(89_639, abs=0.5)
    assert found.factors == pytest.approx([0.9847, 0.9276, 0.8985, 0.7279, 0.9588], abs=5e-5)
    assert found.collective == pytest.approx(1684, abs=0.5)
    assert found.premiums == pytest.approx([2055, 1524, 1793, 1443, 1603], abs=0.5)


def test_hachemeister_without_weights() -> None:
    """Buehlmann's model, all weights equal: R package actuar, `cm(~state, hachemeister, ratios = ratio.1:ratio.12)`."""
    for iterative in (False, True):  # with equal weights the two estimators are one
        found = buhlmann_straub(STATES, 1, CLAIM, iterative)
        assert found.collective == pytest.approx(1671.017, abs=5e-4)
        assert found.between == pytest.approx(72_310.02, abs=5e-3)
        assert found.within == pytest.approx(46_040.47, abs=5e-3)


BELGIUM = np.repeat(np.arange(5.0), [96_978, 9_240, 704, 43, 9])  # claims of 106,974 policies in a year


def test_belgian_motorists_poisson_gamma() -> None:
    """Lemaire, Bonus-Malus Systems in Automobile Insurance, 1995: mean 0.1011, variance 0.1074, and by moments
    a = 1.6049, tau = 15.8778. His variance divides by n, the unbiased one by n - 1: alpha differs by 1.6 in 10,000."""
    mean = np.full(len(BELGIUM), BELGIUM.mean())
    assert BELGIUM.mean() == pytest.approx(0.1011, abs=5e-5)
    assert BELGIUM.var() == pytest.approx(0.1074, abs=5e-5)
    for heterogeneity in (unbiased_heterogeneity(mean, BELGIUM), iterative_heterogeneity(mean, BELGIUM)):
        alpha = 1.0 / heterogeneity
        assert alpha == pytest.approx(1.6049, rel=2e-4)
        assert alpha / BELGIUM.mean() == pytest.approx(15.8778, rel=2e-4)
    assert 1.0 / fit_dispersion(mean, BELGIUM)[0] == pytest.approx(1.6049, rel=0.02)  # maximum likelihood, 1.631


def test_belgian_motorists_bonus() -> None:
    """His premium after a year with k claims, (a + k) / (tau + 1) over the mean a / tau: 94 %, 153 %, 211 %, 270 %."""
    mean = np.full(len(BELGIUM), BELGIUM.mean())
    fit = fit_history(np.arange(len(BELGIUM)), mean[:, None], BELGIUM[:, None], ["all"], [1.5])
    alpha, claims = fit.alpha[0], np.arange(4.0)
    assert (alpha + claims) / (alpha + BELGIUM.mean()) == pytest.approx([0.94, 1.53, 2.11, 2.70], abs=5e-3)
