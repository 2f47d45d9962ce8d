"""The shipped prior: a canonical, digest-named artefact that keeps the promises of the tariff, sourced throughout."""

import json
import math
from pathlib import Path

import pytest

from actuarial.calibration import parse_calibration, shipped_calibration
from actuarial.fitting import insured_severity, reference_population
from actuarial.fitting.insured_severity import TAIL_SHARE, insured_severities
from actuarial.fitting.prior import (
    OWN_TABLES,
    REFERENCE,
    artefact,
    authored,
    main,
    parameter_table,
    parameters,
    rounded,
    source_of,
    write,
)
from actuarial.fitting.sanity import sanity, typical_prices
from actuarial.fitting.severity import body_weight
from policies.digest import canonical_json, sha256_hex
from policies.findings import TamperedError
from policies.heads import HEADS
from policies.perils import PERILS
from policies.regimes import load_regime
from policies.risk import IncidentSeverity, Role

DATA = artefact()
CALIBRATION = shipped_calibration()
SYSTEMIC_BY_LIMIT = {"CYB", "CBR", "LOC"}
METHODS = Path(__file__).parents[3] / "docs" / "methods"


def test_the_artefact_in_force_is_the_only_one_and_named_by_its_digest() -> None:
    name = (REFERENCE / "in-force").read_text("ascii").strip()
    files = list((REFERENCE / "calibrations").iterdir())
    assert [file.name for file in files] == [f"{name}.json"]
    content = files[0].read_bytes()
    assert sha256_hex(content) == name == CALIBRATION.sha256
    assert canonical_json(json.loads(content)) == content.decode()


def test_making_it_again_yields_the_same_digest(tmp_path: Path) -> None:
    assert write(tmp_path) == CALIBRATION.sha256
    assert write(tmp_path) == CALIBRATION.sha256
    assert (tmp_path / "in-force").read_text("ascii") == f"{CALIBRATION.sha256}\n"


def test_an_altered_artefact_is_noticed() -> None:
    text = canonical_json(DATA)
    with pytest.raises(TamperedError):
        parse_calibration(text.replace("elicited", "measured", 1), CALIBRATION.sha256)


def test_it_names_the_tables_it_was_made_from() -> None:
    tables = {path.name: sha256_hex(path.read_bytes()) for path in (REFERENCE / "tables").glob("*.csv")}
    assert DATA["data"] == {name: tables[name] for name in OWN_TABLES}
    assert {name for name in tables if not name.startswith("aiid_")} == set(OWN_TABLES)


def test_every_number_has_six_digits_and_a_source() -> None:
    for path, value in parameters(DATA):
        assert value == float(f"{value:.6g}"), path
        assert source_of(path, DATA["sources"]), path


def test_every_source_belongs_to_a_parameter() -> None:
    paths = [path for path, _ in parameters(DATA)]
    idle = [source for source in DATA["sources"] if not any(f"{path}.".startswith(f"{source}.") for path in paths)]
    assert idle == []


def test_rounding_keeps_six_significant_digits() -> None:
    assert rounded({"a": [1234567.8, 0.000123456789], "b": "x"}) == {"a": [1234570.0, 0.000123457], "b": "x"}


def test_vocabulary_is_complete() -> None:
    assert set(CALIBRATION.perils) == set(PERILS)
    assert set(CALIBRATION.severities) == set(HEADS)
    assert set(CALIBRATION.roles) == set(Role)
    assert set(CALIBRATION.history.severity) == set(IncidentSeverity)
    assert set(CALIBRATION.classes) >= set(load_regime("nl-2027").classes)


@pytest.mark.parametrize("peril", sorted(PERILS))
def test_safety_pays_in_every_ordinary_peril(peril: str) -> None:
    row = CALIBRATION.perils[peril]
    assert row.theta_low <= row.theta <= row.theta_high
    if peril in SYSTEMIC_BY_LIMIT:
        assert row.theta_low == row.theta_high == 0.0
    else:
        assert 0.0 < row.theta_low < row.theta < row.theta_high
        assert row.theta_high >= 2 * row.theta  # unknown today: the range is wide
    assert min(row.cv, row.alpha, row.capital_per_expected_loss) > 0.0


def test_effects_are_ordered() -> None:
    classes = [CALIBRATION.classes[name] for name in sorted(CALIBRATION.classes)]
    assert classes == sorted(classes)
    assert list(CALIBRATION.autonomy) == sorted(CALIBRATION.autonomy)
    assert len(CALIBRATION.autonomy) == 4
    years = [since for since, _ in CALIBRATION.maturity]
    assert years == sorted(years)
    assert years[0] == 0.0
    assert CALIBRATION.sharing > 0.0
    assert 0.0 < CALIBRATION.exposure_elasticity <= 1.0
    assert CALIBRATION.dispersion > 0.0


def test_disclosing_is_always_the_cheaper_choice() -> None:
    weights, regime = CALIBRATION.history, load_regime("nl-2027")
    assert regime.detection_probability * weights.concealed >= weights.late_limit * (1 + regime.disclosure_margin)
    assert weights.late_limit > weights.reported > 0.0
    by_severity = [weights.severity[name] for name in ("near_miss", "minor", "serious", "critical")]
    assert by_severity == sorted(set(by_severity))


@pytest.mark.parametrize("peril", sorted(PERILS))
def test_a_claim_falls_somewhere(peril: str) -> None:
    row = CALIBRATION.mixture[peril]
    assert set(row) <= set(HEADS)
    assert sum(row.values()) == pytest.approx(1.0, abs=1e-12)
    assert min(row.values()) > 0.0


@pytest.mark.parametrize("head", sorted(HEADS))
def test_the_stated_tail_share_is_the_one_that_continuity_gives(head: str) -> None:
    severity = CALIBRATION.severities[head]
    assert body_weight(severity) == pytest.approx(1.0 - TAIL_SHARE, abs=1e-4)
    assert math.exp(severity.mu) < severity.threshold
    assert severity.xi > 0.0


def test_heads_without_losses_of_their_own_borrow_the_same_shape() -> None:
    found = insured_severities()
    assert {found[head].severity.xi for head in ("H1", "H2", "G2", "G5")} == {found["G7"].severity.xi}
    assert found["G4"].severity.xi != found["G7"].severity.xi
    assert found["G7"].level == 0.0


def test_typical_firms_pay_what_the_market_pays() -> None:
    prices = typical_prices(authored(), load_regime("nl-2027"), CALIBRATION)
    assert len(prices) == 8
    for price in prices:
        assert price.band[0] <= price.rate_on_line <= price.band[1], price
    annex_three = next(price for price in prices if price.obliged_class == "A3")
    assert 0.4 <= annex_three.rate_on_line <= 0.6


@pytest.mark.parametrize(
    ("page", "lines"),
    [
        ("prior.md", list(parameter_table(DATA))),
        ("prior.md", list(sanity(authored()))),
        ("severity.md", list(insured_severity.report())),
        ("reference-population.md", list(reference_population.report())),
    ],
)
def test_numbers_in_the_documents_are_those_of_the_commands(page: str, lines: list[str]) -> None:
    written = (METHODS / page).read_text("utf-8").splitlines()
    start = written.index(lines[0])
    for said, found in zip(written[start : start + len(lines)], lines, strict=True):
        for left, right in zip(said.split(), found.split(), strict=True):
            assert left == right or number(left) == pytest.approx(number(right), rel=0.02), (page, said, found)


def number(word: str) -> float:
    """A printed number without its separators; not a number compares unequal to everything."""
    try:
        return float(word.strip("[](),").replace(",", ""))
    except ValueError:
        return math.nan


def test_the_commands_print(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--table"])
    assert "`frequency.perils.BOD.intercept`" in capsys.readouterr().out
    main(["--sanity"])
    assert "OUTSIDE" not in capsys.readouterr().out
