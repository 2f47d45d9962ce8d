"""Published Poisson models, by the frequency engine: ship damage, and the chain ladder as a model."""

import numpy as np
import pytest
from published.triangles import TAYLOR_ASHE

from actuarial.fitting.frequency import Block, Fit, Penalty, deviance, fit, posterior
from actuarial.reserving.ibnr import chain_ladder
from actuarial.reserving.triangle import incremental

# McCullagh and Nelder, Generalized Linear Models, second edition 1989, table 6.2: months of service and incidents by
# type (rows A to E) and by year of construction, each in the periods of operation 1960-74 and 1975-79
SERVICE = np.array(
    [
        [127, 63, 1095, 1095, 1512, 3353, 0, 2244],
        [44882, 17176, 28609, 20370, 7064, 13099, 0, 7117],
        [1179, 552, 781, 676, 783, 1948, 0, 274],
        [251, 105, 288, 192, 349, 1208, 0, 2051],
        [45, 0, 789, 437, 1157, 2161, 0, 542],
    ],
    dtype=float,
)
INCIDENTS = np.array(
    [
        [0, 0, 3, 4, 6, 18, 0, 11],
        [39, 29, 58, 53, 12, 44, 0, 18],
        [1, 1, 0, 1, 6, 2, 0, 1],
        [0, 0, 0, 0, 2, 11, 0, 4],
        [0, 0, 7, 7, 5, 12, 0, 1],
    ],
    dtype=float,
)


def flat(free: list[bool]) -> Penalty:
    """No prior; base levels stay at zero."""
    return Penalty(np.zeros(len(free)), np.zeros((len(free), len(free))), np.array(free))


def levels(*sizes: int) -> list[bool]:
    """An intercept, then factors whose first level is the base."""
    return [True] + [level > 0 for size in sizes for level in range(size)]


def ships() -> tuple[list[Block], np.ndarray, np.ndarray, Penalty, Fit]:
    kind, cell = np.nonzero(SERVICE)
    blocks = [Block(np.zeros_like(kind), 1), Block(kind, 5), Block(cell // 2, 4), Block(cell % 2, 2)]
    claims, exposure, prior = INCIDENTS[kind, cell], SERVICE[kind, cell], flat(levels(5, 4, 2))
    return blocks, claims, exposure, prior, fit(blocks, claims, exposure, prior)


def test_ship_damage_effects() -> None:
    """McCullagh and Nelder 1989, table 6.3 (section 6.3.2): log-linear main effects, offset log months of service. To
    the two digits printed."""
    _, _, _, prior, fitted = ships()
    effects = [-6.41, -0.54, -0.69, -0.08, 0.33, 0.70, 0.82, 0.45, 0.38]
    assert fitted.coefficients[prior.free] == pytest.approx(effects, abs=6e-3)


def test_ship_damage_deviance_and_errors() -> None:
    """The same: deviance 38.70 on 25 degrees of freedom, scale 1.69 from Pearson's statistic, standard errors with
    that scale. To the digits printed."""
    blocks, claims, exposure, prior, fitted = ships()
    freedom = len(claims) - prior.free.sum()
    scale = ((claims - fitted.expected) ** 2 / fitted.expected).sum() / freedom
    assert (freedom, deviance(claims, fitted.expected)) == (25, pytest.approx(38.70, abs=6e-3))
    assert scale == pytest.approx(1.69, abs=6e-3)
    scaled = fit(blocks, claims, exposure, prior, scale)
    _, covariance = posterior(scaled, prior, np.zeros((1, len(prior.free))), scale)
    errors = np.sqrt(np.diag(covariance))[prior.free][1:]
    assert errors == pytest.approx([0.23, 0.43, 0.38, 0.31, 0.19, 0.22, 0.30, 0.15], abs=6e-3)


def reserve_model() -> tuple[np.ndarray, Penalty, Fit, float]:
    """The Poisson model of the increments: what is to come by period and development (10, 10), and Pearson's scale."""
    increments = incremental(TAYLOR_ASHE)
    period, delay = np.nonzero(np.isfinite(increments))
    paid = increments[period, delay]
    prior = flat(levels(10, 10))
    blocks = [Block(np.zeros_like(period), 1), Block(period, 10), Block(delay, 10)]
    start = np.append(np.log(paid.mean()), np.zeros(20))
    fitted = fit(blocks, paid, np.ones(len(paid)), prior, start=start)
    scale = ((paid - fitted.expected) ** 2 / fitted.expected).sum() / (len(paid) - prior.free.sum())
    effect = fitted.coefficients
    to_come = np.where(TAYLOR_ASHE.known, 0.0, np.exp(effect[0] + np.add.outer(effect[1:11], effect[11:])))
    return to_come, prior, fitted, float(scale)


def test_poisson_model_is_the_chain_ladder() -> None:
    """Renshaw and Verrall, British Actuarial Journal 4, 1998: the Poisson model of Taylor and Ashe's increments by
    accident and development period gives the chain-ladder reserves, 18,680,856. To the unit."""
    to_come = reserve_model()[0].sum(axis=1)
    assert to_come == pytest.approx(chain_ladder(TAYLOR_ASHE).ibnr, abs=1e-2)
    assert to_come.sum() == pytest.approx(18_680_856, abs=0.6)


def test_over_dispersed_poisson_errors() -> None:
    """England and Verrall, Insurance: Mathematics and Economics 25, 1999: scale 52,601 and analytic prediction errors,
    in per cent of the reserve by year and in total (16). To the digits printed."""
    to_come, prior, fitted, scale = reserve_model()
    assert scale == pytest.approx(52_601, abs=1.0)
    covariance = scale * np.linalg.inv(fitted.information[np.ix_(prior.free, prior.free)])
    period, delay = np.nonzero(~TAYLOR_ASHE.known)
    design = np.zeros((len(period), len(prior.free)))
    rows = np.arange(len(period))
    for column in (np.zeros_like(period), 1 + period, 11 + delay):
        design[rows, column] = to_come[period, delay]
    design = design[:, prior.free]
    years = np.zeros((10, design.shape[1]))
    np.add.at(years, period, design)
    reserves, total = to_come.sum(axis=1), to_come.sum()
    error = np.sqrt(scale * reserves + np.einsum("ij,jk,ik->i", years, covariance, years))
    whole = years.sum(axis=0)
    assert 100 * error[1:] / reserves[1:] == pytest.approx([116, 46, 37, 31, 26, 23, 20, 24, 43], abs=0.55)
    assert 100 * np.sqrt(scale * total + whole @ covariance @ whole) / total == pytest.approx(16, abs=0.55)
