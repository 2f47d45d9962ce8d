"""The letter to a board: one page, in plain words, as text and as a PDF set by Typst."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from actuarial.calibration import Calibration
from actuarial.risks import leading_class
from policies.findings import Finding, Severity
from policies.money import ZERO, Money
from policies.perils import PERILS
from policies.regimes import Regime
from underwriting.advice import Action, marginals
from underwriting.columns import paragraph, table
from underwriting.costs import DEDUCTIBLE
from underwriting.documents.letter_texts import Voice, plain_action, system_name
from underwriting.documents.typesetting import typeset
from underwriting.explanation import Driver, HiddenIncident, drivers, hidden_incident
from underwriting.intake.text import safe
from underwriting.quote import Decision, Quote
from underwriting.texts import finding_title, titled

SHOWN = 3  # factors, and actions: what a board remembers
MOST_REASONS = 3  # why a request was referred or declined; the rest is in the quote


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, sentences, rows of a text and an amount, and sentences after them."""

    heading: str
    text: tuple[str, ...]
    rows: tuple[tuple[str, str], ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter, all in words: what is printed and nothing else. `day` is that of the quote."""

    lang: str
    day: date
    dated: str
    to: tuple[str, ...]
    subject: str
    opening: tuple[str, ...]
    sections: tuple[Section, ...]
    closing: tuple[str, ...]
    footer: str


def letter(quote: Quote, regime: Regime, calibration: Calibration, lang: str) -> Letter:
    """The letter about a quote in that language. That of a declined firm says why there is no premium."""
    voice = Voice(lang, regime.currency)
    declined = quote.decision is Decision.DECLINED
    firm = quote.profile.firm
    tax = voice.percent(float(regime.premium_tax))
    return Letter(
        lang=lang,
        day=quote.at,
        dated=voice.day(quote.at),
        to=(voice.says("letter.to"), safe(firm.name), f"{regime.business_number_name} {safe(firm.kvk)}"),
        subject=voice.says("letter.subject_declined" if declined else "letter.subject", id=quote.id),
        opening=(voice.says("letter.opening"), *(() if declined else (voice.says("letter.about"),))),
        sections=tuple(_declined(quote, voice) if declined else _sections(quote, regime, calibration, voice)),
        closing=(voice.says("letter.closing"), voice.says("letter.signed")),
        footer="" if declined else voice.says("letter.footer", id=quote.id, day=voice.day(quote.at), tax=tax),
    )


def _sections(quote: Quote, regime: Regime, calibration: Calibration, voice: Voice) -> Iterator[Section]:
    saving = [action for action in marginals(quote, regime, calibration) if action.kind != "run"]
    dearest = next((action for action in saving if action.kind == DEDUCTIBLE), None)  # one deductible at most is chosen
    saving = [action for action in saving if action.kind != DEDUCTIBLE or action is dearest]
    yield _paid(quote, regime, voice)
    yield _drives(drivers(quote, regime, calibration), quote, voice)
    yield _saves(saving, quote, regime, voice)
    yield _hides(hidden_incident(quote, regime, calibration), quote, voice)
    floor = voice.round_money(leading_class(quote.profile, regime).minimum_limit)
    yield Section(voice.says("letter.victims"), (voice.says("letter.victims_about", floor=floor),))


def _paid(quote: Quote, regime: Regime, voice: Voice) -> Section:
    cover, due = quote.profile.cover, quote.breakdown.due
    month = due.split([1] * cover.term_months)[0]
    values = {"due": voice.money(due), "month": voice.money(month), "months": cover.term_months}
    parts = {"n": len(quote.instalments), "first": voice.money(quote.instalments[0])}
    obliged = leading_class(quote.profile, regime)
    minimum = obliged.minimum_premium
    least = voice.round_money(minimum + minimum.times(regime.premium_tax))
    sentences = [
        voice.says("letter.paid_year", start=voice.day(cover.inception), **values),
        voice.says("letter.paid_once" if len(quote.instalments) == 1 else "letter.paid_parts", **parts),
        voice.says("letter.paid_minimum", **{"class": f"{obliged.id} ({titled(obliged, voice.lang)})"}, minimum=least),
    ]
    if quote.decision is Decision.REFERRED:
        sentences.append(voice.says("letter.referred", why=_why(quote, Severity.REFER, voice)))
    return Section(voice.says("letter.paid"), tuple(sentences))


def _why(quote: Quote, severity: Severity, voice: Voice) -> str:
    """The titles of the findings that decided, as sentences."""
    reasons = dict.fromkeys(_reason(f, voice) for f in quote.findings if f.severity is severity)
    return " ".join(list(reasons)[:MOST_REASONS])


def _reason(finding: Finding, voice: Voice) -> str:
    """A finding as a sentence that a board can read."""
    key = f"reason.{finding.code}"
    return voice.says(key) if voice.knows(key) else f"{finding_title(finding, voice.lang)}."


def _drives(found: Sequence[Driver], quote: Quote, voice: Voice) -> Section:
    heading = voice.says("letter.drives")
    if not found:
        topped_up = any(line.code == "minimum" and line.amount > ZERO for line in quote.breakdown.lines)
        return Section(heading, (voice.says("letter.drives_minimum" if topped_up else "letter.drives_none"),))
    rows = tuple((voice.says(f"driver.{d.code}"), voice.round_money(d.amount)) for d in found[:SHOWN])
    return Section(heading, (voice.says("letter.drives_about"),), rows, (voice.says("letter.alone"),))


def _saves(found: Sequence[Action], quote: Quote, regime: Regime, voice: Voice) -> Section:
    heading = voice.says("letter.saves")
    if not found:
        return Section(heading, (voice.says("letter.saves_none"),))
    rows = tuple((plain_action(a, quote, regime, voice), voice.round_money(a.saving_a_year)) for a in found[:SHOWN])
    return Section(heading, (voice.says("letter.saves_about"),), rows, (voice.says("letter.alone"),))


def _hides(found: HiddenIncident, quote: Quote, voice: Voice) -> Section:
    years = voice.number(found.years)
    peril = titled(PERILS[found.peril], voice.lang)
    values = {"system": system_name(quote, found.system), "peril": peril[:1].lower() + peril[1:], "years": years}
    about = (voice.says("letter.hide_about", **values),)
    heading, more = voice.says("letter.hide"), found.concealed_on_average - found.reported_in_all
    if found.concealed <= ZERO:
        return Section(heading, (*about, voice.says("letter.hide_equal"), voice.says("letter.hide_law")))

    def amounts(year: Money, total: Money) -> str:
        return voice.says("letter.hide_amount", year=voice.round_money(year), all=voice.round_money(total), years=years)

    average = voice.says("letter.hide_average_amount", all=voice.round_money(found.concealed_on_average), years=years)
    rows = (
        (voice.says("letter.hide_reported"), amounts(found.reported, found.reported_in_all)),
        (voice.says("letter.hide_concealed"), amounts(found.concealed, found.concealed_in_all)),
        (voice.says("letter.hide_average", share=voice.percent(found.detection)), average),
    )
    verdict = (voice.says("letter.hide_worse", more=voice.round_money(more)),) if more > ZERO else ()
    return Section(heading, about, rows, (*verdict, voice.says("letter.hide_law")))


def _declined(quote: Quote, voice: Voice) -> Iterator[Section]:
    reasons = [finding for finding in quote.findings if finding.severity is Severity.DECLINE]
    yield Section(
        voice.says("letter.declined"),
        (voice.says("letter.declined_about"), *_told(reasons, quote, voice), voice.says("letter.declined_next")),
    )


def _told(reasons: Iterable[Finding], quote: Quote, voice: Voice) -> list[str]:
    """Each reason with the system that it is about, where it is about one."""
    names = {f"system {system.id}": safe(system.name) for system in quote.profile.systems}
    told = []
    for finding in list(reasons)[:MOST_REASONS]:
        why, name = _reason(finding, voice), names.get(finding.subject)
        told.append(voice.says("letter.declined_where", why=why, system=name) if name else why)
    return told


def letter_text(written: Letter) -> str:
    """The letter as plain text."""
    parts = [
        [*written.to],
        [written.dated],
        list(paragraph(written.subject)),
        [line for sentence in written.opening for line in paragraph(sentence)],
        *([section.heading, *_section_lines(section)] for section in written.sections),
        [*written.closing],
        *([list(paragraph(written.footer))] if written.footer else []),
    ]
    return "\n\n".join("\n".join(part) for part in parts)


def _section_lines(section: Section) -> Iterator[str]:
    yield from paragraph(" ".join(section.text))
    if section.rows:
        yield from table(section.rows, "~>")
    if section.after:
        yield from paragraph(" ".join(section.after))


def printed(written: Letter) -> bytes:
    """The letter as the bytes of a PDF of one page, dated the day of the quote: the same letter, the same bytes.

    It keeps the accessibility standard PDF/UA-1, unless a name has letters that no typeface at hand can draw. Raises
    WaarborgError when Typst has something to warn of.
    """
    return typeset("letter.typ", {**asdict(written), "day": written.day.isoformat()}, written.day)
