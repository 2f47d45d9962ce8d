"""Published reserving results: Taylor and Ashe, RAA and mortgage triangles; Bornhuetter-Ferguson and Cape Cod."""

import pytest
from published.triangles import MORTGAGE, RAA, TAYLOR_ASHE, WUETHRICH_MERZ

from actuarial.reserving.ibnr import bornhuetter_ferguson, cape_cod, cape_cod_rate, chain_ladder, mack


def test_taylor_ashe_reserves() -> None:
    """Mack, ASTIN Bulletin 23, 1993, tables 2 and 3: factors, IBNR by year and 18,680,856 in total. To the unit."""
    found = mack(TAYLOR_ASHE)
    assert found.factors == pytest.approx([3.49, 1.75, 1.46, 1.174, 1.104, 1.086, 1.054, 1.077, 1.018], abs=5e-3)
    by_year = [0, 94634, 469511, 709638, 984889, 1419459, 2177641, 3920301, 4278972, 4625811]
    assert found.run_off.ibnr == pytest.approx(by_year, abs=0.6)
    assert found.run_off.ibnr.sum() == pytest.approx(18_680_856, abs=0.6)


def test_taylor_ashe_standard_errors() -> None:
    """Mack 1993, table 3 (per cent of the IBNR) and the same in units, total 2,447,095 (13 %). To the unit."""
    found = mack(TAYLOR_ASHE)
    by_year = [0, 75535, 121699, 133549, 261406, 411010, 558317, 875328, 971258, 1363155]
    assert found.errors == pytest.approx(by_year, abs=0.6)
    assert found.total_error == pytest.approx(2_447_095, abs=0.6)
    shares = 100.0 * found.errors[1:] / found.run_off.ibnr[1:]
    assert shares == pytest.approx([80, 26, 19, 27, 29, 26, 22, 23, 29], abs=0.55)


def test_raa() -> None:
    """Mack, "Measuring the variability of chain ladder reserve estimates", CAS Forum, spring 1994: IBNR 52,135 and
    standard error 26,909, by year. To the unit."""
    found = mack(RAA)
    assert found.run_off.ibnr == pytest.approx([0, 154, 617, 1636, 2747, 3649, 5435, 10907, 10650, 16339], abs=0.6)
    assert found.run_off.ibnr.sum() == pytest.approx(52_135, abs=0.6)
    assert found.errors == pytest.approx([0, 206, 623, 747, 1469, 2002, 2209, 5358, 6333, 24566], abs=0.6)
    assert found.total_error == pytest.approx(26_909, abs=0.6)


def test_mortgage_factors_and_their_errors() -> None:
    """Mack, ASTIN Bulletin 29, 1999, table 1: factors, their standard errors and sigma, without the tail. To half a
    unit of the last digit printed."""
    found = mack(MORTGAGE)
    published = [
        (found.factors, ["11.10", "4.092", "1.708", "1.276", "1.139", "1.069", "1.026", "1.023"]),
        (found.factor_errors, ["2.24", "0.517", "0.122", "0.051", "0.042", "0.023", "0.015", "0.012"]),
        (found.sigma, ["1337", "988.5", "440.1", "207.0", "164.2", "74.60", "35.49", "16.89"]),
    ]
    for ours, printed in published:
        for value, text in zip(ours, printed, strict=True):
            digits = len(text.partition(".")[2])
            assert value == pytest.approx(float(text), abs=0.51 * 10**-digits)


def test_wuethrich_merz_chain_ladder() -> None:
    """Wuethrich and Merz 2008, chapter 2: chain-ladder reserves, 6,047,061 in total. Within 2 a year and 5 in total:
    the triangle is printed rounded."""
    found = chain_ladder(WUETHRICH_MERZ).ibnr
    by_year = [0, 15126, 26257, 34538, 85302, 156494, 286121, 449167, 1043242, 3950815]
    assert found == pytest.approx(by_year, abs=2)
    assert found.sum() == pytest.approx(6_047_061, abs=5)


def test_wuethrich_merz_bornhuetter_ferguson() -> None:
    """Wuethrich and Merz 2008, chapter 2: Bornhuetter-Ferguson reserves with the chain-ladder pattern and prior
    ultimates, 7,356,580 in total. Within 2 a year and 5 in total."""
    prior = [11653101, 11367306, 10962965, 10616762, 11044881, 11480700, 11413572, 11126527, 10986548, 11618437]
    known, share = WUETHRICH_MERZ.latest, chain_ladder(WUETHRICH_MERZ).share
    found = bornhuetter_ferguson(known, share, prior).ibnr
    by_year = [0, 16124, 26998, 37575, 95434, 178024, 341305, 574089, 1318646, 4768384]
    assert found == pytest.approx(by_year, abs=2)
    assert found.sum() == pytest.approx(7_356_580, abs=5)


def test_wuethrich_merz_cape_cod() -> None:
    """Wuethrich and Merz 2008, chapter 4: the Cape Cod loss ratio of the same triangle, 67.3 %. To the digit."""
    premium = [15473558, 14882436, 14456039, 14054917, 14525373, 15025923, 14832965, 14550359, 14461781, 15210363]
    known, share = WUETHRICH_MERZ.latest, chain_ladder(WUETHRICH_MERZ).share
    assert cape_cod_rate(known, share, premium) == pytest.approx(0.673, abs=5e-4)
    assert (cape_cod(known, share, premium).ultimate - known)[0] == 0.0  # the oldest year is fully known
