"""The text of a quote: complete, in two languages, and harmless to a terminal."""

import re
import unicodedata
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actuarial.breakdown import Stage
from actuarial.premium import SOURCES
from policies.findings import Finding, Severity
from policies.money import Money
from policies.perils import PERILS
from policies.regimes import load_regime
from policies.risk import Role, SizeClass
from policies.safety import Independence
from underwriting.columns import WIDTH, table, width_of, wrapped
from underwriting.desk import open_desk
from underwriting.quote import Decision, Lever, Quote
from underwriting.records import row_of
from underwriting.report import TOLD_BY_THE_TABLES, list_text, quote_text
from underwriting.settings import LANGUAGES
from underwriting.texts import _texts, finding_title, lever_text, text

REGIME = load_regime("nl-2027")
HOSTILE = "\x1b]52;c;aGk=\x07\x1b[2J\u202e\u200b\x9b31m[/b] [red]\r\nVals"
KINDS = ("test", "accreditation", "assessment", "obligation", "deductible")


def amount(cents: int, lang: str) -> str:
    """An amount as a Dutch or British reader writes it, by hand."""
    euros, rest = divmod(abs(cents), 100)
    plain = f"{euros:,}.{rest:02}"
    if lang == "en":
        return f"{'-' if cents < 0 else ''}€{plain}"
    return f"€ {'-' if cents < 0 else ''}{plain.translate(str.maketrans(',.', '.,'))}"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_everything_of_a_quote_is_there(made: Quote, lang: str) -> None:
    shown = quote_text(made, REGIME, lang).replace("\u00a0", " ")
    findings = [finding for finding in made.findings if finding.code not in TOLD_BY_THE_TABLES]
    firm, cover, system = made.profile.firm, made.profile.cover, made.systems[0]
    for part in (
        made.id, firm.name, firm.kvk, system.id, system.name, *PERILS, made.profile.sha256, made.regime_sha256,
        made.calibration_sha256, text(f"decision.{made.decision}", lang).upper(), *REGIME.compulsory_heads,
        *(finding.code for finding in findings), *(finding_title(finding, lang) for finding in findings),
        *(run.test for run in made.profile.systems[0].runs),
    ):  # fmt: skip
        assert part in shown
    unwrapped = " ".join(shown.split())
    unspaced = "".join(shown.split())
    assert [line.source for line in made.breakdown.lines if "".join(line.source.split()) not in unspaced] == []
    assert [f for f in findings if f"({f.code}) {f.subject}: {f.message}" not in unwrapped] == []
    amounts = (
        firm.turnover_nl, firm.turnover_world, cover.terms.limit, cover.terms.aggregate_limit, cover.terms.deductible,
        made.due_low, made.due_high, made.breakdown.due, made.breakdown.risk_premium, made.breakdown.technical_premium,
        *made.instalments, *(line.amount for line in made.breakdown.lines), *(lever.saving for lever in made.levers),
        *(lever.premium for lever in made.levers), *(priced.expected_loss for priced in system.perils.values()),
    )  # fmt: skip
    assert [money for money in amounts if amount(money.cents, lang) not in shown] == []


def test_amounts_of_the_waterfall_stand_under_one_another(made: Quote) -> None:
    lines = quote_text(made, REGIME, "en").splitlines()
    start = lines.index("Premium")
    rows = [line for line in lines[start + 2 : lines.index("", start)] if "€" in line]
    ends = {re.search(r"€[\d,]+\.\d\d", row).end() for row in rows}  # type: ignore[union-attr]
    assert len(rows) == len(made.breakdown.lines) + len(Stage)
    assert len(ends) == 1


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_hostile_text_reaches_the_terminal(made: Quote, lang: str) -> None:
    profile = made.profile
    system = replace(profile.systems[0], name=HOSTILE, version=HOSTILE)
    evil = replace(
        made,
        findings=(Finding(HOSTILE, Severity.WARNING, HOSTILE, HOSTILE, HOSTILE),),
        profile=replace(profile, firm=replace(profile.firm, name=HOSTILE, kvk=HOSTILE), systems=(system,)),
    )
    for shown in (quote_text(evil, REGIME, lang), list_text([row_of(evil)], "EUR", lang)):
        unseen = {c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Cs"}}
        assert unseen <= {"\n"}
        assert HOSTILE[:2] not in shown
    assert "Vals" in quote_text(evil, REGIME, lang)
    assert len(list_text([row_of(evil)], "EUR", lang).splitlines()) == 2


CASES = sorted((Path(__file__).parents[1] / "golden" / "cases").iterdir())
GOLDEN_DAY = date(2026, 11, 24)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_line_of_a_report_is_wider_than_a_hundred_columns(case: Path) -> None:
    found = open_desk(Path("nowhere"), regime=REGIME.id).quote(case, GOLDEN_DAY)
    for lang in LANGUAGES:
        wide = [line for line in quote_text(found, REGIME, lang).splitlines() if width_of(line) > WIDTH]
        assert wide == []
        listed = list_text([row_of(found)] * 3, "EUR", lang).splitlines()
        assert len(listed) == 4
        assert max(map(width_of, listed)) <= WIDTH


@pytest.mark.parametrize("lang", LANGUAGES)
def test_long_names_keep_within_the_width(made: Quote, lang: str) -> None:
    long = " ".join(["Voorbeeld", "x" * 120, "日本" * 30])
    system = replace(made.profile.systems[0], name=long, version=long)
    firm = replace(made.profile.firm, name=long)
    runs = tuple(replace(run, evaluator=long[:150], test="one_" * 12) for run in system.runs)
    profile = replace(made.profile, firm=firm, systems=(replace(system, runs=runs),))
    shown = quote_text(replace(made, profile=profile), REGIME, lang)
    assert [line for line in shown.splitlines() if width_of(line) > WIDTH] == []
    assert ("日本" * 30)[-8:] in shown
    (_, row) = list_text([row_of(replace(made, profile=profile))], "EUR", lang).splitlines()
    assert width_of(row) <= WIDTH
    assert "…" in row


def test_an_evaluator_who_is_the_firm_is_not_named_again(made: Quote) -> None:
    (run,) = made.profile.systems[0].runs
    assert "Fictie Evaluaties" in quote_text(made, REGIME, "en")
    own = replace(run, evaluator=made.profile.firm.name, independence=Independence.SELF_LOGGED)
    system = replace(made.profile.systems[0], runs=(own,))
    shown = quote_text(replace(made, profile=replace(made.profile, systems=(system,))), REGIME, "en")
    assert re.search(r"bbq +2026-10-01 +self-run, logged +8 +392 +0 +400$", shown, re.MULTILINE)


@given(st.lists(st.tuples(st.text("abc日本é\u0301", max_size=8), st.text("0123456789", max_size=8)), min_size=1))
def test_columns_line_up_whatever_their_letters(rows: list[tuple[str, str]]) -> None:
    def columns(cell: str) -> int:
        return sum(
            0 if unicodedata.combining(c) else 2 if c in "日本" else 1 for c in unicodedata.normalize("NFC", cell)
        )

    left = max(columns(cell) for cell, _ in rows)
    right = max(len(cell) for _, cell in rows)
    for line, (_, number) in zip(table(rows, "<>", indent=""), rows, strict=True):
        if number:
            assert columns(line) == left + 2 + right


@pytest.mark.parametrize("decision", Decision)
def test_a_quote_without_levers_and_findings_is_whole(made: Quote, decision: Decision) -> None:
    bare = replace(made, levers=(), findings=(), decision=decision)
    assert quote_text(bare, REGIME, "en").count("  none") == 2


@given(st.text("ab日é\u0301_/- ", max_size=80), st.integers(2, 30))
def test_wrapping_loses_nothing_and_keeps_the_width(said: str, width: int) -> None:
    lines = wrapped(said, width)
    assert all(width_of(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(said.split())


@pytest.mark.parametrize(
    ("said", "lines"),
    [
        ("one two three", ["one two", "three"]),
        ("cyse4_multilingual", ["cyse4_", "multilingu", "al"]),
        ("a reinsurance/layer", ["a", "reinsuranc", "e/layer"]),
        ("short", ["short"]),
        ("", [""]),
    ],
)
def test_words_are_broken_only_where_they_are_too_long(said: str, lines: list[str]) -> None:
    assert wrapped(said, 10) == lines


# --- texts.toml


def test_both_languages_say_everything_with_the_same_values() -> None:
    for key, entry in _texts().items():
        assert set(entry) == set(LANGUAGES), key
        assert all(said.strip() for said in entry.values()), key
        assert len({tuple(sorted(re.findall(r"{\w+}", said))) for said in entry.values()}) == 1, key


def test_every_code_has_a_text() -> None:
    keys = {
        *(f"line.{code}" for code in (*SOURCES, "judgement")),
        *(f"decision.{decision}" for decision in Decision),
        *(f"severity.{severity}" for severity in Severity),
        *(f"role.{role}" for role in Role),
        *(f"size.{size}" for size in SizeClass),
        *(f"lever.{kind}" for kind in KINDS),
    }
    assert keys - set(_texts()) == set()


def test_an_unknown_key_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        text("line.nonsense", "en")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_kind_of_lever_reads_as_a_sentence(made: Quote, lang: str) -> None:
    kind = next(iter(REGIME.obligations))
    subjects = ("assist/bbq", "assist/bbq", "assist", f"assist/{kind}", "5000000")
    levers = [Lever("x", k, s, Money(1), Money(1)) for k, s in zip(KINDS, subjects, strict=True)]
    said = [lever_text(lever, made, REGIME, lang, lambda money: f"<{money.cents}>") for lever in levers]
    assert all("bbq" in line and "Fictie Assist (assist)" in line for line in said[:2])
    title = REGIME.obligations[kind].title_nl if lang == "nl" else REGIME.obligations[kind].title
    assert title in said[3]
    assert "<5000000>" in said[4]
    assert len(set(said)) == len(said)


def test_the_levers_of_a_real_quote_have_texts(made: Quote) -> None:
    assert {lever.kind for lever in made.levers} <= set(KINDS)
