"""Names of lines, levers, perils, classes and states in the reader's language, short enough for a column."""

from __future__ import annotations

from textual.content import Content

from policies.findings import Finding
from policies.money import Money
from policies.perils import PERILS
from policies.regimes import Regime
from tui import formatting
from tui.texts import Lang, say
from underwriting.intake.text import safe
from underwriting.quote import Decision, Lever, Quote
from underwriting.texts import finding_title, lever_text, text, titled


def line_label(code: str, lang: Lang) -> str:
    """The name of a line of the waterfall."""
    return text(f"line.{code}", lang)


def peril_label(peril: str, lang: Lang) -> str:
    """The title of a peril."""
    return titled(PERILS[peril], lang)


def decision_label(decision: Decision, lang: Lang) -> Content:
    """Glyph and word of a decision."""
    glyph, style = formatting.DECISION_STYLES[decision]
    return Content.styled(f"{glyph} {text(f'decision.{decision}', lang)}", style)


def class_label(class_id: str, regime: Regime, lang: Lang) -> str:
    """A class of obliged system with its title."""
    return f"{class_id} {titled(regime.classes[class_id], lang)}"


def lever_label(lever: Lever, quote: Quote, regime: Regime, lang: Lang) -> Content:
    """What the firm would do, in a few words; the system is named only when the quote has several."""
    if lever.kind == "deductible":
        return Content(say("lever.deductible", lang, amount=formatting.whole(Money(int(lever.subject)), lang)))
    system, _, target = lever.subject.partition("/")
    owed = regime.obligations.get(target)
    label = say(f"lever.{lever.kind}", lang, target=titled(owed, lang).lower() if owed else target or system)
    return formatting.plain(f"{label} · {system}" if target and len(quote.systems) > 1 else label)


def lever_sentence(lever: Lever, quote: Quote, regime: Regime, lang: Lang) -> Content:
    """What the firm would do, in full."""
    return formatting.plain(lever_text(lever, quote, regime, lang, lambda amount: formatting.whole(amount, lang)))


def finding_content(finding: Finding, lang: Lang) -> Content:
    """A finding: glyph, weight and title; below them place, message and rule, which quote what others wrote."""
    glyph, style = formatting.SEVERITY_STYLES[finding.severity]
    where = f"{finding.subject}: " if finding.subject else ""
    rule = f" [{finding.reference}]" if finding.reference else ""
    return Content.assemble(
        (f"{glyph} {text(f'severity.{finding.severity}', lang)} ", f"bold {style}"),
        (safe(finding_title(finding, lang)), "bold"),
        "\n  " + safe(where + finding.message),
        (safe(rule), "$muted"),
    )
