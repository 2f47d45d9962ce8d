"""The text of a quote: complete, in two languages, and harmless to a terminal."""

import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actuarial.premium import SOURCES
from policies.findings import Finding, Severity
from policies.money import Money
from policies.perils import PERILS
from policies.regimes import load_regime
from policies.risk import Role, SizeClass
from underwriting.quote import Decision, Lever, Quote
from underwriting.records import row_of
from underwriting.report import TOLD_BY_THE_TABLES, list_text, quote_text, table
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
        *(line.source for line in made.breakdown.lines),
    ):  # fmt: skip
        assert part in shown
    unwrapped = " ".join(shown.split())
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
    rows = [line for line in lines[start + 2 : start + 2 + len(made.breakdown.lines)] if "€" in line]
    ends = {re.search(r"€[\d,]+\.\d\d", row).end() for row in rows}  # type: ignore[union-attr]
    assert len(rows) > 20
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
        assert "Vals" in shown
    assert len(list_text([row_of(evil)], "EUR", lang).splitlines()) == 2


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
