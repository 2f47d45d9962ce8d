"""A quote in full as text, in English or Dutch. Every line is made safe for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent

from actuarial.breakdown import Stage
from policies.heads import HEADS
from policies.money import CENTS_PER_EURO, ZERO, Money
from policies.perils import PERILS
from policies.regimes import Regime
from policies.risk import AISystem
from underwriting.columns import paragraph, table
from underwriting.intake.text import safe
from underwriting.quote import Quote, SystemResult
from underwriting.records import QuoteRow
from underwriting.texts import finding_title, lever_text, text, titled

LOCALES = {"en": "en_GB", "nl": "nl_NL"}
LONGEST_LINE = 1000
TOLD_BY_THE_TABLES = {"run-read", "run-few-prompts"}  # the table of runs has these counts


@dataclass(frozen=True, slots=True)
class Voice:
    """How texts, amounts, numbers and days are written for one reader."""

    lang: str
    currency: str

    def says(self, key: str, **values: object) -> str:
        """A text of the report."""
        return text(f"report.{key}", self.lang, **values)

    def money(self, amount: Money) -> str:
        """An amount with its currency."""
        return format_currency(Decimal(amount.cents) / CENTS_PER_EURO, self.currency, locale=LOCALES[self.lang])

    def number(self, value: float, pattern: str) -> str:
        """A number after a pattern of decimals."""
        return format_decimal(value, pattern, locale=LOCALES[self.lang])

    def day(self, day: date) -> str:
        """A day in full."""
        return format_date(day, "long", LOCALES[self.lang])


def quote_text(quote: Quote, regime: Regime, lang: str) -> str:
    """All that a quote holds: firm, cover, systems, waterfall, sensitivity, levers, findings, instalments, digests."""
    voice = Voice(lang, regime.currency)
    parts = (
        _heading(quote, regime, voice),
        _cover(quote, regime, voice),
        *(_system(quote, result, voice) for result in quote.systems),
        _waterfall(quote, voice),
        _sensitivity(quote, voice),
        _levers(quote, regime, voice),
        _findings(quote, voice),
        _instalments(quote, voice),
        _origin(quote, voice),
    )
    return "\n\n".join("\n".join(safe(line, LONGEST_LINE) for line in part) for part in parts)


def list_text(rows: Iterable[QuoteRow], currency: str, lang: str) -> str:
    """Rows of the book as a table, a line each, so that they can be searched and counted."""
    voice = Voice(lang, currency)
    head = ("id", "firm", "class", "limit", "due", "decision", "at")
    cells = [
        (
            row.id,
            row.firm,
            row.obliged_class,
            voice.money(row.limit),
            voice.money(row.due),
            text(f"decision.{row.decision}", lang),
            row.at.isoformat(),
        )
        for row in rows
    ]
    return "\n".join(table([[text(f"list.{name}", lang) for name in head], *cells], "<~<>><<", indent="", cut=True))


def _heading(quote: Quote, regime: Regime, voice: Voice) -> Iterator[str]:
    firm = quote.profile.firm
    yield voice.says("quote", id=quote.id)
    facts = [
        (voice.says("decision"), text(f"decision.{quote.decision}", voice.lang).upper()),
        (voice.says("as_of"), voice.day(quote.at)),
        (voice.says("regime"), titled(regime, voice.lang)),
        (voice.says("firm"), firm.name),
        (regime.business_number_name, f"{firm.kvk} ({firm.country})"),
        (voice.says("size"), text(f"size.{firm.size_class}", voice.lang)),
        (voice.says("turnover"), f"{voice.money(firm.turnover_nl)} / {voice.money(firm.turnover_world)}"),
    ]
    yield from table(facts, "<~")


def _cover(quote: Quote, regime: Regime, voice: Voice) -> Iterator[str]:
    cover = quote.profile.cover
    obliged = regime.classes[quote.obliged_class]
    heads = [f"{head} {titled(HEADS[head], voice.lang)}" for head in regime.covered_heads(cover.heads)]
    yield voice.says("cover")
    facts = [
        (voice.says("obliged_class"), f"{obliged.id} {titled(obliged, voice.lang)}"),
        (voice.says("inception"), voice.day(cover.inception)),
        (voice.says("term"), voice.says("months", n=cover.term_months)),
        (voice.says("limit"), voice.money(cover.terms.limit)),
        (voice.says("aggregate_limit"), voice.money(cover.terms.aggregate_limit)),
        (voice.says("deductible"), voice.money(cover.terms.deductible)),
        *((voice.says("heads") if n == 0 else "", head) for n, head in enumerate(heads)),
    ]
    yield from table(facts, "<~")


def _system(quote: Quote, result: SystemResult, voice: Voice) -> Iterator[str]:
    system = next(system for system in quote.profile.systems if system.id == result.id)
    yield from paragraph(f"{voice.says('system', id=result.id)}: {system.name} {system.version}")
    facts = [
        (voice.says("roles"), ", ".join(text(f"role.{role}", voice.lang) for role in system.roles)),
        (voice.says("class"), f"{result.obliged_class}, {result.priced_class}"),
        (voice.says("compliance"), format_percent(result.compliance, "0.0 %", LOCALES[voice.lang])),
    ]
    yield from table(facts, "<~")
    rows = [[voice.says(name) for name in ("peril", "danger", "frequency", "expected_loss")]]
    for peril, priced in sorted(result.perils.items()):
        danger = voice.number(result.danger[peril], "+0.00;-0.00")
        frequency = voice.number(priced.frequency, "0.000000")
        title = f"{peril} {titled(PERILS[peril], voice.lang)}"
        rows.append([title, danger, frequency, voice.money(priced.expected_loss)])
    yield from table(rows, "~>>>")
    yield from _runs(system, quote.profile.firm.name, voice)


def _runs(system: AISystem, firm: str, voice: Voice) -> Iterator[str]:
    """What was counted in each test run handed in; an evaluator who is the firm itself is not named again."""
    if not system.runs:
        return
    names = ("failed", "clean", "missing", "prompts")
    who = f"{voice.says('evaluator')}: {voice.says('independence')}"
    rows = [[voice.says("test"), voice.says("run_date"), who, *map(voice.says, names)]]
    for run in sorted(system.runs, key=lambda run: (run.test, run.run_date)):
        counts = (run.failures, run.clean, run.missing, run.unique_prompts)
        who = "" if run.evaluator == firm else f"{run.evaluator}: "
        how = text(f"independence.{run.independence}", voice.lang)
        rows.append([run.test, run.run_date.isoformat(), who + how, *map(str, counts)])
    yield from table(rows, "~<~>>>>")


def _waterfall(quote: Quote, voice: Voice) -> Iterator[str]:
    rows = [[voice.says(name) for name in ("step", "amount", "factor", "source")]]
    running = ZERO
    for stage in Stage:
        own = [line for line in quote.breakdown.lines if line.stage is stage]
        for line in own:
            factor = "" if line.factor is None else voice.number(line.factor, "0.0000")
            rows.append([text(f"line.{line.code}", voice.lang), voice.money(line.amount), factor, line.source])
            running += line.amount
        if own or stage is Stage.JUDGEMENT:
            rows.append([f"= {text(f'total.{stage}', voice.lang)}", voice.money(running), "", ""])
    yield voice.says("premium")
    yield from table(rows, "~>>~")


def _sensitivity(quote: Quote, voice: Voice) -> Iterator[str]:
    yield voice.says("sensitivity")
    facts = [
        (voice.says("due_low"), voice.money(quote.due_low)),
        (voice.says("due_high"), voice.money(quote.due_high)),
    ]
    yield from table(facts, "<>")


def _levers(quote: Quote, regime: Regime, voice: Voice) -> Iterator[str]:
    yield voice.says("levers")
    if not quote.levers:
        yield f"  {voice.says('none')}"
        return
    rows = [[voice.says(name) for name in ("change", "new_premium", "saving")]]
    for lever in quote.levers:
        change = lever_text(lever, quote, regime, voice.lang, voice.money)
        rows.append([change, voice.money(lever.premium), voice.money(lever.saving)])
    yield from table(rows, "~>>")


def _findings(quote: Quote, voice: Voice) -> Iterator[str]:
    yield voice.says("findings")
    told = [finding for finding in quote.findings if finding.code not in TOLD_BY_THE_TABLES]
    if not told:
        yield f"  {voice.says('none')}"
    for finding in told:
        title = finding_title(finding, voice.lang)
        yield from paragraph(f"{text(f'severity.{finding.severity}', voice.lang)}: {title} ({finding.code})", "  ")
        where = f"{finding.subject}: " if finding.subject else ""
        rule = f" [{finding.reference}]" if finding.reference else ""
        yield from paragraph(where + finding.message + rule, "    ")


def _instalments(quote: Quote, voice: Voice) -> Iterator[str]:
    yield voice.says("instalments")
    yield from table([(str(n), voice.money(part)) for n, part in enumerate(quote.instalments, start=1)], ">>")


def _origin(quote: Quote, voice: Voice) -> Iterator[str]:
    yield voice.says("origin")
    digests = [
        (voice.says("dossier"), quote.profile.sha256),
        (voice.says("regime"), quote.regime_sha256),
        (voice.says("calibration"), quote.calibration_sha256),
    ]
    yield from table(digests, "<<")
