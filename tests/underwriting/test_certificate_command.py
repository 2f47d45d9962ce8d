"""`waarborg audit certificate`, and the doors that stay shut without a valid certificate."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from calibration_values import add_fitted, fitted_text

from actuarial.calibration import shipped_calibration
from actuarial.certificate import Claim, ProofStep, Verdict
from actuarial.incentives import certify
from policies.findings import WaarborgError
from policies.regimes import load_regime
from underwriting.certificate_text import bounds, claim_title, number, plain_name, proof_line, refusal, witness_line
from underwriting.cli import main
from underwriting.desk import Desk, open_desk
from underwriting.quoting import quote
from underwriting.texts import text

CASE = Path(__file__).parents[1] / "golden" / "cases" / "two-systems"
AT = date(2026, 11, 24)
SHIPPED = shipped_calibration()
REGIME = load_regime("nl-2027")
OF_PARAMETERS = {"balance", "soundness", "constraints"}  # there is no firm to look for
BROKEN = replace(SHIPPED, autonomy=(0.5, 0.25, 0.0, -0.15), sha256="0" * 64)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_desk(tmp_path / "book.sqlite", today=lambda: AT)


def test_it_prints_every_claim_with_its_proof(tmp_path: Path, capsys: pytest.CaptureFixture[str], desk: Desk) -> None:
    desk.save(desk.quote(CASE))
    assert main(["--book", str(desk.book), "audit", "certificate", "--lang", "en"]) == 0
    printed = capsys.readouterr().out
    certificate = certify(SHIPPED, REGIME)
    for claim in certificate.claims:
        assert claim_title(claim, "en") in printed
        assert all(proof_line(step, "en") in printed for step in claim.proof)
    assert printed.startswith(f"Valid: calibration {SHIPPED.sha256}")


def test_json_says_the_same(capsys: pytest.CaptureFixture[str], desk: Desk) -> None:
    desk.save(desk.quote(CASE))
    assert main(["--book", str(desk.book), "audit", "certificate", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    certificate = certify(SHIPPED, REGIME)
    assert told["valid"] is True
    assert [claim["id"] for claim in told["claims"]] == [claim.id for claim in certificate.claims]
    assert [len(claim["proof"]) for claim in told["claims"]] == [len(claim.proof) for claim in certificate.claims]
    assert told["search"] == []


def test_the_search_is_of_every_claim_but_balance(
    capsys: pytest.CaptureFixture[str], desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.save(desk.quote(CASE))
    assert main(["--book", str(desk.book), "audit", "certificate", "--search", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {found["claim"] for found in told["search"]} == {claim["id"] for claim in told["claims"]} - OF_PARAMETERS
    assert not any(found["broken"] for found in told["search"])
    assert all(found["tried"] >= 1000 for found in told["search"])


def test_without_a_valid_certificate_there_is_no_quote(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Desk, "in_force", lambda *_: BROKEN)
    with pytest.raises(
        WaarborgError, match=r"no valid certificate under nl-2027.*\nladders: does not hold: "
    ) as raised:
        desk.quote(CASE)
    assert "autonomy from 0 to 1 moves its premium due from EUR" in str(raised.value)
    assert not desk.book.exists()


def test_a_quote_made_elsewhere_is_not_saved_without_a_valid_certificate(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = desk.read(CASE, AT)
    assert submission.profile is not None
    made = quote(submission.profile, submission.findings, AT, REGIME, BROKEN)
    monkeypatch.setattr(Desk, "calibration_of", lambda *_: BROKEN)
    with pytest.raises(WaarborgError, match="no valid certificate"):
        desk.save(made)
    assert not desk.book.exists()


def test_a_refused_calibration_tells_in_plain_numbers_who_would_gain() -> None:
    told = refusal(certify(BROKEN, REGIME), "EUR", REGIME.id).splitlines()
    assert told[0] == f"calibration {'0' * 12} has no valid certificate under nl-2027: 2 of 24 claims are refuted"
    assert told[2].startswith("ladders: a firm with class A")
    assert "limit " in told[2]


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_every_proof_has_its_sentence(lang: str) -> None:
    alpha = {peril: replace(row, alpha=0.3) for peril, row in SHIPPED.perils.items()}
    several = (
        SHIPPED,
        replace(SHIPPED, balance={"classes.A3": 1.0}, sha256="balanced"),
        replace(SHIPPED, perils=alpha, sha256="alpha"),
    )
    for calibration in several:
        for claim in certify(calibration, REGIME).claims:
            assert claim_title(claim, lang)
            for step in claim.proof:
                assert "{" not in proof_line(step, lang)
            if claim.witness:
                assert "{" not in witness_line(claim.witness, "EUR", lang)


def test_numbers_follow_the_language() -> None:
    claim = Claim("limit", Verdict.PROVED, (ProofStep("sharing", (("value", 0.5),)),), 0.001234, None)
    assert bounds(claim, "nl") == "[0,001234; ∞]"
    assert bounds(claim, "en") == "[0.001234; ∞]"
    assert number(2_500_000, "nl") == "2.500.000"
    assert number(12345.6, "en") == "12,346"
    assert number("FIN", "nl") == "FIN"
    assert "0,5" in proof_line(claim.proof[0], "nl")
    assert text("verdict.proved", "nl") == "bewezen"


def test_without_a_valid_certificate_there_is_no_approval(desk: Desk) -> None:
    def reward_autonomy(data: dict[str, Any]) -> None:
        data["frequency"]["autonomy"] = [0.5, 0.25, 0.0, -0.15]

    row = add_fitted(desk, text=fitted_text(alter=reward_autonomy))
    with pytest.raises(WaarborgError, match="ladders: does not hold"):
        desk.approve(row.sha256, "Piet", "fits better")
    assert desk.approvals() == ()
    assert desk.approve(add_fitted(desk).sha256, "Piet", "fits better").number == 1


def test_a_number_without_words_is_told_as_it_is() -> None:
    assert plain_name("danger_FIN", "nl") == "gevaar FIN"
    assert plain_name("failure_rate bbq", "en") == "failure rate bbq"
    assert plain_name("run_failures", "nl") == "run failures"
