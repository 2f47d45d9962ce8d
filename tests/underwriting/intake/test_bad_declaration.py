"""Wrong dossier.toml: one clear error for each fault, with entry and field."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from dossiers import AT, dossier_data, incidents, obligations, save_dossier, write_dossier
from reading_dossiers import ENTRY, LATER, SYSTEM, errors, read

from policies.findings import Severity
from policies.regimes import load_regime
from underwriting.intake.declaration import NOT_ISO, _countries
from underwriting.intake.dossier import read_dossier
from underwriting.intake.limits import DOSSIER_BYTES

CYRILLIC_A = "\N{CYRILLIC SMALL LETTER A}"
PERSONS, MODEL = f"{SYSTEM}, persons_per_month", f"{SYSTEM}, foundation_model"


def test_a_valid_dossier_has_no_finding_but_what_was_read(tmp_path: Path) -> None:
    submission = read(
        write_dossier(tmp_path, files={"incidents.csv": incidents({}), "obligations.csv": obligations({})})
    )
    assert [f.code for f in submission.findings] == ["run-read"]
    assert submission.profile is not None
    assert submission.profile.incidents[0].loss.cents == 150_050
    assert submission.profile.obligations[0].completeness == 0.9
    assert submission.profile.cover.terms.limit.cents == 100_000_000


DECLARED: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown field": ({"firm": {"nmae": "x"}}, "field-unknown", "dossier.toml: firm, nmae"),
    "missing field": ({"firm": {"country": None}}, "field-missing", "dossier.toml: firm, country"),
    "wrong type": ({"cover": {"term_months": 12.0}}, "field-type", "dossier.toml: cover, term_months"),
    "a truth value for a number": ({"system": {"autonomy": True}}, "field-type", f"{SYSTEM}, autonomy"),
    "KvK number as a number": ({"firm": {"kvk": 12345678}}, "field-type", "dossier.toml: firm, kvk"),
    "KvK number too short": ({"firm": {"kvk": "1234567"}}, "firm-number", "dossier.toml: firm, kvk"),
    "KvK number of other digits": ({"firm": {"kvk": "١٢٣٤٥٦٧٨"}}, "firm-number", "dossier.toml: firm, kvk"),
    "KvK number of zeros": ({"firm": {"kvk": "00000000"}}, "firm-number", "dossier.toml: firm, kvk"),
    "LEI with a wrong check": ({"firm": {"lei": "00000FICTIEVOORBEE15"}}, "firm-lei", "dossier.toml: firm, lei"),
    "LEI too short": ({"firm": {"lei": "7245"}}, "field-value", "dossier.toml: firm, lei"),
    "country in words": ({"firm": {"country": "Nederland"}}, "field-value", "dossier.toml: firm, country"),
    "country that is none": ({"firm": {"country": "XX"}}, "field-value", "dossier.toml: firm, country"),
    "union for a country": ({"firm": {"country": "EU"}}, "field-value", "dossier.toml: firm, country"),
    "size unknown": ({"firm": {"size_class": "huge"}}, "field-value", "dossier.toml: firm, size_class"),
    "founded in the future": ({"firm": {"founded": LATER}}, "date-future", "dossier.toml: firm, founded"),
    "no day of the calendar": ({"firm": {"founded": "2019-02-30"}}, "field-value", "dossier.toml: firm, founded"),
    "date and time": ({"firm": {"founded": "2019-05-01T12:00:00"}}, "field-value", "dossier.toml: firm, founded"),
    "year out of range": ({"firm": {"founded": "0001-01-01"}}, "field-value", "dossier.toml: firm, founded"),
    "negative turnover": ({"firm": {"turnover_nl_eur": -1}}, "field-value", "dossier.toml: firm, turnover_nl_eur"),
    "more turnover at home than in the world": (
        {"firm": {"turnover_nl_eur": 3_000_000.01}},
        "field-value",
        "dossier.toml: firm, turnover_nl_eur",
    ),
    "fraction of a cent": ({"cover": {"limit_eur": 1_000_000.125}}, "field-value", "dossier.toml: cover, limit_eur"),
    "infinite limit": ({"cover": {"limit_eur": float("inf")}}, "field-type", "dossier.toml: cover, limit_eur"),
    "no limit": ({"cover": {"limit_eur": 0}}, "field-value", "dossier.toml: cover, limit_eur"),
    "aggregate below limit": (
        {"cover": {"aggregate_limit_eur": 999_999.99}},
        "cover-terms",
        "dossier.toml: cover, aggregate_limit_eur",
    ),
    "deductible that leaves no cover": (
        {"cover": {"deductible_eur": 1_000_000}},
        "cover-terms",
        "dossier.toml: cover, deductible_eur",
    ),
    "more instalments than months": (
        {"cover": {"term_months": 3, "instalments": 4}},
        "cover-terms",
        "dossier.toml: cover, instalments",
    ),
    "head unknown": ({"cover": {"heads": ["C1", "H9"]}}, "word-unknown", "dossier.toml: cover, heads"),
    "head twice": ({"cover": {"heads": ["C1", "C1"]}}, "id-duplicate", "dossier.toml: cover, heads"),
    "instalments not allowed": ({"cover": {"instalments": 3}}, "word-unknown", "dossier.toml: cover, instalments"),
    "term too long": ({"cover": {"term_months": 61}}, "field-value", "dossier.toml: cover, term_months"),
    "negative exposure": ({"system": {"persons_per_month": -1}}, "field-value", PERSONS),
    "an exponent beyond any number": (
        {"system": {"persons_per_month": Decimal("1e400")}},
        "field-value",
        f"{SYSTEM}, persons_per_month",
    ),
    "infinite exposure": (
        {"system": {"persons_per_month": float("inf")}},
        "field-type",
        f"{SYSTEM}, persons_per_month",
    ),
    "exposure that is no number": ({"system": {"persons_per_month": float("nan")}}, "field-type", PERSONS),
    "exposure beyond all people": (
        {"system": {"persons_per_month": 1e11}},
        "field-value",
        f"{SYSTEM}, persons_per_month",
    ),
    "integer beyond 64 bits": ({"system": {"persons_per_month": 2**70}}, "field-type", PERSONS),
    "class unknown": ({"system": {"self_assessed_class": "A9"}}, "word-unknown", f"{SYSTEM}, self_assessed_class"),
    "assessed class unknown": ({"system": {"assessed_class": "low"}}, "word-unknown", f"{SYSTEM}, assessed_class"),
    "role unknown": ({"system": {"roles": ["owner"]}}, "field-value", f"{SYSTEM}, roles #1"),
    "role twice": ({"system": {"roles": ["provider", "provider"]}}, "id-duplicate", f"{SYSTEM}, roles"),
    "no role": ({"system": {"roles": []}}, "field-value", f"{SYSTEM}, roles"),
    "area of Annex III": ({"system": {"annex_iii_area": 9}}, "field-value", f"{SYSTEM}, annex_iii_area"),
    "autonomy": ({"system": {"autonomy": 4}}, "field-value", f"{SYSTEM}, autonomy"),
    "training compute": ({"system": {"training_flop": 0}}, "field-value", f"{SYSTEM}, training_flop"),
    "model without version": (
        {"system": {"foundation_model": "vendor/model"}},
        "field-value",
        f"{SYSTEM}, foundation_model",
    ),
    "sector in words": ({"system": {"sector": "health care"}}, "field-value", f"{SYSTEM}, sector"),
    "deployed after inception": ({"system": {"deployed": date(2027, 1, 2)}}, "date-order", f"{SYSTEM}, deployed"),
    "id with a slash": ({"system": {"id": "a/b"}}, "field-value", f"{SYSTEM}, id"),
    "escape in the firm's name": ({"firm": {"name": "Fictie\x1b[2J"}}, "text-control", "dossier.toml: firm, name"),
    "C1 control in a name": ({"system": {"name": "Fictie\x9b31m"}}, "text-control", f"{SYSTEM}, name"),
    "bidi override": ({"firm": {"name": "Fictie \u202eV.B"}}, "text-control", "dossier.toml: firm, name"),
    "zero width": ({"firm": {"name": "Fic\u200btie"}}, "text-control", "dossier.toml: firm, name"),
    "line break in a name": ({"firm": {"name": "Fictie\nB.V."}}, "text-control", "dossier.toml: firm, name"),
    "closing markup": ({"firm": {"name": "[/b] Fictie"}}, "text-markup", "dossier.toml: firm, name"),
    "opening markup": ({"firm": {"name": "[red]Fictie"}}, "text-markup", "dossier.toml: firm, name"),
    "empty name": ({"firm": {"name": ""}}, "field-value", "dossier.toml: firm, name"),
    "firm of spaces": ({"firm": {"name": "   "}}, "field-value", "dossier.toml: firm, name"),
    "system of spaces": ({"system": {"name": "\u2003"}}, "field-value", f"{SYSTEM}, name"),
    "version of spaces": ({"system": {"version": " "}}, "field-value", f"{SYSTEM}, version"),
    "register number of spaces": ({"system": {"eu_db_id": " "}}, "field-value", f"{SYSTEM}, eu_db_id"),
    "evaluator of spaces": ({"evidence": {"evaluator": " \u00a0"}}, "field-value", f"{ENTRY}, evaluator"),
    "empty id": ({"system": {"id": ""}}, "field-value", f"{SYSTEM}, id"),
    "empty test": ({"evidence": {"test": ""}}, "field-value", f"{ENTRY}, test"),
    "name too long": ({"firm": {"name": "Fictie " * 40}}, "field-value", "dossier.toml: firm, name"),
    "independence": ({"evidence": {"independence": "trust_me"}}, "field-value", f"{ENTRY}, independence"),
    "digest in capitals": ({"evidence": {"sha256": "A" * 64}}, "field-value", f"{ENTRY}, sha256"),
    "hash of another file": ({"evidence": {"sha256": "0" * 64}}, "evidence-hash", ENTRY),
    "evidence that is absent": (
        {"evidence": {"file": "evidence/none.eval", "sha256": "0" * 64}},
        "file-missing",
        ENTRY,
    ),
    "evidence that climbs": ({"evidence": {"file": "../secret.csv", "sha256": "0" * 64}}, "file-outside", ENTRY),
    "evidence at an absolute path": ({"evidence": {"file": "/etc/passwd", "sha256": "0" * 64}}, "file-outside", ENTRY),
    "evidence on a drive": ({"evidence": {"file": "C:\\x.csv", "sha256": "0" * 64}}, "file-outside", ENTRY),
    "evidence that is a folder": ({"evidence": {"file": "evidence", "sha256": "0" * 64}}, "file-unreadable", ENTRY),
    "plan lodged in the future": (
        {"evidence": {"registered_at": LATER}},
        "date-future",
        f"{ENTRY}, registered_at",
    ),
    "format of another time": ({"files": {}}, "field-value", "dossier.toml: format"),
}


@pytest.mark.parametrize("name", DECLARED)
def test_a_wrong_declaration_gets_one_error(name: str, tmp_path: Path) -> None:
    changes, code, subject = DECLARED[name]
    folder = write_dossier(tmp_path, **changes)
    if name == "format of another time":
        path = folder / "dossier.toml"
        path.write_text(path.read_text("utf-8").replace("dossier/1", "dossier/2"), "utf-8")
    submission = read(folder)
    assert errors(submission) == [(code, subject)]
    assert submission.profile is None
    assert all(f.line().isprintable() for f in submission.findings)


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"firm": {"turnover_nl_eur": 5_000_000}}, ("turnover_nl_eur", "turnover_world_eur", "5000000", "3000000")),
        ({"cover": {"deductible_eur": 2_000_000}}, ("deductible_eur", "limit_eur", "2000000", "1000000")),
        ({"cover": {"term_months": 2}}, ("instalments", "term_months", "is 4", "2")),
    ],
)
def test_fields_that_disagree_are_both_named(changes: dict[str, Any], names: tuple[str, ...], tmp_path: Path) -> None:
    (line,) = (f.line() for f in read(write_dossier(tmp_path, **changes)).findings if f.severity is Severity.ERROR)
    assert [name for name in names if name not in line] == []


@pytest.mark.parametrize("country", ["NL", "BE", "US", "AX"])
def test_a_firm_may_come_from_any_country(country: str, tmp_path: Path) -> None:
    assert read(write_dossier(tmp_path, firm={"country": country})).profile is not None


def test_a_regime_knows_its_own_country(tmp_path: Path) -> None:
    regime = load_regime("oostmark-2028")
    firm = {"country": regime.country, "kvk": "1000000001"}
    found = read_dossier(write_dossier(tmp_path, firm=firm), regime, AT).findings
    assert [f.line() for f in found if "firm" in f.subject] == []


def test_countries_are_those_of_the_standard() -> None:
    """The standard lists 249; CLDR names groupings, reserved and private codes besides."""
    assert len(_countries()) == 249
    assert {"NL", "BE", "GB", "TW"} <= _countries()
    assert _countries() & NOT_ISO == set()


def test_a_number_whose_exponent_has_too_many_digits_is_no_number(tmp_path: Path) -> None:
    path = write_dossier(tmp_path) / "dossier.toml"
    path.write_text(path.read_text("utf-8").replace("= 12000", "= 1e" + "9" * 30), "utf-8")
    assert errors(read(tmp_path)) == [("field-type", PERSONS)]


def test_a_dossier_that_is_too_large_is_told_its_limit_once(tmp_path: Path) -> None:
    (tmp_path / "dossier.toml").write_bytes(b"#" * (DOSSIER_BYTES + 1))
    (finding,) = read(tmp_path).findings
    assert finding.message == f"has {DOSSIER_BYTES + 1} bytes; right would be at most 524288 (512 KiB)"


def test_ids_of_systems_are_unique(tmp_path: Path) -> None:
    data = dossier_data()
    data["systems"].append(dossier_data()["systems"][0])
    assert errors(read(save_dossier(tmp_path, data))) == [("id-duplicate", "dossier.toml: systems #2, id")]


def test_look_alike_letters_are_told_and_do_not_stop(tmp_path: Path) -> None:
    submission = read(write_dossier(tmp_path, firm={"name": f"Fictie B{CYRILLIC_A}nk"}))
    assert submission.profile is not None
    assert [f.subject for f in submission.findings if f.code == "text-mixed-alphabets"] == ["dossier.toml: firm, name"]


def test_text_is_read_in_one_form(tmp_path: Path) -> None:
    submission = read(write_dossier(tmp_path, firm={"name": "Cafe\u0301 Fictie"}))
    assert submission.profile is not None
    assert submission.profile.firm.name == "Café Fictie"


def test_a_valid_lei_passes(tmp_path: Path) -> None:
    assert read(write_dossier(tmp_path, firm={"lei": "00000FICTIEVOORBEE14"})).profile is not None


def test_a_prohibited_system_may_be_declared(tmp_path: Path) -> None:
    assert read(write_dossier(tmp_path, system={"self_assessed_class": "prohibited"})).profile is not None


def test_a_system_without_a_foundation_model_says_none(tmp_path: Path) -> None:
    assert read(write_dossier(tmp_path, system={"foundation_model": "none"})).profile is not None


def test_a_system_may_have_no_evidence(tmp_path: Path) -> None:
    submission = read(write_dossier(tmp_path, system={"evidence": []}))
    assert submission.profile is not None
    assert submission.profile.systems[0].runs == ()


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"firm = {", "toml-syntax"),
        (b"a = 1\na = 2", "toml-syntax"),
        (b'a = "\xff"', "file-encoding"),
        (b"a = " + b"[" * 2_000 + b"]" * 2_000, "toml-syntax"),
        (b"a = " + b"[" * 20 + b"]" * 20, "toml-syntax"),
        (b"a" + b".a" * 30_000 + b" = 1", "file-too-large"),
        ((b"a" + b".a" * 1_500 + b" = 1\n") * 2, "toml-syntax"),
        (b"a = " + b"9" * 4_000 + b"9" * 90, "field-unknown"),
        (b"a = 0x" + b"f" * 4_000, "field-unknown"),
        (b" " * (512 * 1024 + 1), "file-too-large"),
    ],
    ids=["broken", "key twice", "bytes", "deep", "too deep", "long line", "dotted", "digits", "hex digits", "long"],
)
def test_a_dossier_that_is_no_toml_is_refused(raw: bytes, code: str, tmp_path: Path) -> None:
    (tmp_path / "dossier.toml").write_bytes(raw)
    submission = read(tmp_path)
    assert submission.profile is None
    assert code in {f.code for f in submission.findings}
    assert all(f.line().isprintable() for f in submission.findings)
