"""The letter to a board: one page in both languages, plain words, true amounts, the same bytes for the same quote."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from importlib import resources

import pytest
import typst
from hypothesis import given, settings
from strategies import AT, CALIBRATION, REGIME, SYSTEM, profiles

from policies.findings import Finding, Severity
from policies.money import Money
from policies.risk import Cover, Firm, RiskProfile, SizeClass
from policies.terms import Terms
from underwriting.advice import marginals
from underwriting.documents.letter import Letter, letter, letter_text, printed
from underwriting.documents.letter_texts import Voice
from underwriting.explanation import drivers, hidden_incident
from underwriting.quote import Decision, Quote
from underwriting.quoting import quote

LAW = (REGIME, CALIBRATION)
BOTH = pytest.mark.parametrize("lang", ["nl", "en"])
JARGON = ("z-score", "elasticity", "elasticiteit", "credibility", "frequency", "danger score", "gevaarscore", "peril")


def firm_of(name: str = "Voorbeeld B.V.", system: str = "Kompas", word: str = "A3", months: int = 12) -> RiskProfile:
    return RiskProfile(
        firm=Firm(name, "99000001", "NL", SizeClass.SMALL, Money.euros(4_000_000), Money.euros(4_000_000),
                  date(2015, 5, 1)),
        cover=Cover(date(2027, 1, 1), months, REGIME.compulsory_heads,
                    Terms(Money.euros(5_000), Money.euros(2_500_000), Money.euros(5_000_000)), 4),
        systems=(replace(SYSTEM, name=system, persons_per_month=60_000, self_assessed_class=word),),
        incidents=(),
        obligations=(),
        sha256="0" * 64,
    )  # fmt: skip


def quoted(profile: RiskProfile, *findings: Finding) -> Quote:
    return quote(profile, findings, AT, *LAW)


FIRM = quoted(firm_of())


def flat(text: str) -> str:
    """Text without line ends and special spaces."""
    return " ".join(text.split())


def pages(written: Letter) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", printed(written)))


@BOTH
def test_a_letter_is_one_tagged_page_dated_the_day_of_the_quote(lang: str) -> None:
    written = letter(FIRM, *LAW, lang)
    pdf = printed(written)
    assert pages(written) == 1
    assert b"pdfuaid:part" in pdf
    assert f"D:{AT:%Y%m%d}".encode() in pdf
    assert re.search(rb"/Lang\s*\(" + lang.encode(), pdf)


@BOTH
def test_the_same_quote_gives_the_same_bytes(lang: str) -> None:
    assert printed(letter(FIRM, *LAW, lang)) == printed(letter(quoted(firm_of()), *LAW, lang))


@BOTH
@pytest.mark.parametrize("word", ["Verzekeringsmaatschappij", "ẞƒ漢字", "x" * 60])
def test_the_longest_names_still_fit_on_one_page(lang: str, word: str) -> None:
    name = " ".join([word] * 20)[:200]
    profile = replace(firm_of(name=name, system=name), firm=replace(firm_of(name=name).firm, kvk="1" * 30))
    log = Finding("log-invalidated", Severity.REFER, "evidence/x", "withdrawn")
    assert pages(letter(quoted(profile, log), *LAW, lang)) == 1


@BOTH
def test_the_letter_says_what_is_paid_and_what_drives_it(lang: str) -> None:
    text, voice = flat(letter_text(letter(FIRM, *LAW, lang))), Voice(lang, "EUR")
    for amount in (FIRM.breakdown.due, FIRM.instalments[0], FIRM.breakdown.due.split([1] * 12)[0]):
        assert flat(voice.money(amount)) in text
    for driver in drivers(FIRM, *LAW)[:3]:
        assert voice.says(f"driver.{driver.code}") in text
        assert flat(voice.round_money(driver.amount)) in text


@BOTH
def test_the_letter_says_what_hiding_costs(lang: str) -> None:
    text, voice = flat(letter_text(letter(FIRM, *LAW, lang))), Voice(lang, "EUR")
    found = hidden_incident(FIRM, *LAW)
    for told in (found.reported, found.concealed, found.reported_in_all, found.concealed_in_all):
        assert flat(voice.round_money(told)) in text
    more = Money(found.concealed_on_average.cents - found.reported_in_all.cents)
    assert more > Money(0)
    assert flat(voice.says("letter.hide_worse", more=voice.round_money(more))) in text


def test_at_most_one_deductible_is_among_what_saves_most() -> None:
    saves = letter(FIRM, *LAW, "en").sections[2]
    kinds = [action.kind for action in marginals(FIRM, *LAW)[:4]]
    assert len(saves.rows) == 3
    assert kinds.count("deductible") >= 1
    assert sum("deductible" in what for what, _ in saves.rows) == 1


def test_a_firm_at_the_minimum_reads_that_nothing_moves_its_premium() -> None:
    base = firm_of(word="A5")
    small = quoted(replace(base, systems=(replace(base.systems[0], persons_per_month=1.0),)))
    assert any(line.code == "minimum" and line.amount > Money(0) for line in small.breakdown.lines)
    text = flat(letter_text(letter(small, *LAW, "en")))
    assert Voice("en", "EUR").says("letter.drives_minimum") in text
    assert Voice("en", "EUR").says("letter.saves_none") in text


@BOTH
def test_a_declined_firm_reads_why_and_no_amount(lang: str) -> None:
    declined = quoted(firm_of(word=REGIME.declined_words[0]))
    assert declined.decision is Decision.DECLINED
    written = letter(declined, *LAW, lang)
    text, voice = letter_text(written), Voice(lang, "EUR")
    assert voice.says("reason.prohibited-system") in flat(text)
    assert "€" not in text
    assert pages(written) == 1


@BOTH
def test_a_referred_firm_reads_that_amounts_may_change(lang: str) -> None:
    log = Finding("log-invalidated", Severity.REFER, "evidence/x", "withdrawn")
    referred, voice = quoted(firm_of(), log), Voice(lang, "EUR")
    assert referred.decision is Decision.REFERRED
    told = " ".join(letter(referred, *LAW, lang).sections[0].text)
    assert voice.says("letter.referred", why="")[:60] in told


@settings(max_examples=4)
@given(profiles())
def test_every_firm_has_its_letter_on_one_page(profile: RiskProfile) -> None:
    made = quoted(profile)
    for lang in ("nl", "en"):
        written = letter(made, *LAW, lang)
        text = letter_text(written)
        assert "{" not in text
        assert not [word for word in JARGON if word in text.lower()]
        assert pages(written) == 1


def test_a_name_is_never_taken_for_markup() -> None:
    hostile = "#panic(1) *b* $x$ [y] \\ \u202e<b>"
    written = letter(quoted(firm_of(name=hostile, system=hostile)), *LAW, "en")
    assert "\\u202e" in written.to[1]
    assert pages(written) == 1


def test_both_languages_say_everything_with_the_same_values() -> None:
    source = resources.files("underwriting.documents").joinpath("letter.toml").read_text("utf-8")
    for section, rows in tomllib.loads(source).items():
        for name, entry in rows.items():
            holes = [sorted(re.findall(r"\{(\w+)\}", entry[lang])) for lang in ("en", "nl")]
            assert holes[0] == holes[1], f"{section}.{name}"


def test_a_letter_of_too_many_words_would_not_pass_for_one_page() -> None:
    """The size of type stops at a least: what cannot be read is no letter."""
    written = letter(FIRM, *LAW, "en")
    endless = replace(written, opening=("word " * 4000,))
    content = json.dumps({**asdict(endless), "day": AT.isoformat()})
    source = resources.files("underwriting.documents").joinpath("letter.typ").read_bytes()
    day = datetime(2026, 1, 1, tzinfo=UTC)
    pdf = typst.compile(source, sys_inputs={"content": content}, ignore_system_fonts=True, timestamp=day)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) > 1
