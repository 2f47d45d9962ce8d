"""The search for a firm that breaks a claim: where it looks, that it repeats, what the shipped tariff withstands."""

import numpy as np
import pytest
from strategies import CALIBRATION, REGIME, silent

from actuarial.rating import rate
from actuarial.searching.adversary import ATTACKS, challenge_one
from actuarial.searching.moves import MOVE, firm, ground
from actuarial.tariff import tariff
from policies.regimes import load_regime

T = tariff(CALIBRATION, REGIME)
DOMAIN = REGIME.incentives.domain


def test_a_firm_of_the_search_lies_in_the_domain() -> None:
    rng = np.random.default_rng(3)
    g = ground(CALIBRATION, REGIME, rate, rng)
    for genes in (*rng.random((200, g.firm_genes)), np.zeros(g.firm_genes), np.ones(g.firm_genes)):
        found = firm(genes, g)
        rules = REGIME.classes[found.declared_class]
        persons = found.exposure * CALIBRATION.exposure_unit_persons
        assert REGIME.exposure_base[found.role] == "turnover" or persons <= DOMAIN.persons * 1.001
        assert found.turnover_eur <= DOMAIN.turnover_eur
        assert rules.minimum_limit.cents <= 100 * found.limit_eur <= 100 * found.aggregate_limit_eur
        assert rules.minimum_deductible.cents <= 100 * found.deductible_eur
        assert found.deductible_eur <= DOMAIN.deductible_share * found.limit_eur
        assert all(z <= silent()[peril] + 1e-4 for peril, z in found.danger.items())
        assert all(0 < count <= DOMAIN.incidents for count in found.incidents.values())


@pytest.mark.parametrize("regime_id", ["nl-2027", "oostmark-2028"])
@pytest.mark.parametrize("claim", ATTACKS)
def test_the_shipped_calibration_survives(regime_id: str, claim: str) -> None:
    found = challenge_one(claim, CALIBRATION, load_regime(regime_id), budget=500)
    assert found.tried >= 500
    assert found.worst <= 0
    assert found.witness is None


def test_the_same_seed_gives_the_same_answer() -> None:
    one, same, other = (challenge_one("step-size", CALIBRATION, REGIME, seed=s, budget=500) for s in (4, 4, 5))
    assert one == same
    assert one.worst != other.worst


def test_a_search_comes_near_to_what_is_proved() -> None:
    """Where the worst firm is known: one step of a class that pays hardly any fixed expenses."""
    known = max(np.diff(T.class_effect))
    found = challenge_one("step-class", CALIBRATION, REGIME, budget=2000)
    assert known - 0.02 <= REGIME.incentives.steps["class"].most + found.worst <= known


def test_moves_have_genes_enough() -> None:
    assert all(attack.genes >= MOVE for attack in ATTACKS.values())
