"""Search and proof are two ways to one answer: what is broken is not proved, and every claim is attacked."""

import pytest
from mutations import BY_NAME, CASES, MUTATIONS, REGIME, SHIPPED

from actuarial.incentives import certify
from actuarial.rating import rate
from actuarial.searching.adversary import ATTACKS


@pytest.mark.parametrize("name", [name for name, _, rating, _ in MUTATIONS if rating is rate])
def test_no_certificate_proves_what_the_search_breaks(name: str) -> None:
    refuted = {claim.id for claim in certify(BY_NAME[name][0], REGIME).refuted}
    assert {claim for case, claim in CASES if case == name} <= refuted


def test_every_claim_of_the_certificate_is_attacked() -> None:
    """All but balance, which speaks of the experience of a book and not of a firm."""
    proved = {claim.id for claim in certify(SHIPPED, REGIME).claims}
    assert proved - set(ATTACKS) == {"balance", "soundness", "constraints"}  # of parameters, not of firms
    assert set(ATTACKS) <= proved
