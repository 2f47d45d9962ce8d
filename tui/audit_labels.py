"""What is proved, measured and asked of a tariff, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from actuarial.certificate import Claim, ProofStep, Verdict, Witness
from policies.incentives import ConstraintKind, Metric
from policies.perils import PERILS
from tui import formatting
from tui.audit_view import FirmLine, MetricLine
from tui.audit_words import audit_value, audit_word
from tui.labels import peril_label
from tui.texts import Lang, say
from tui.widgets.rows import hanging
from underwriting.certificate_text import plain_name
from underwriting.intake.text import safe
from underwriting.texts import text, titled

if TYPE_CHECKING:
    from underwriting.constraint_table import ConstraintRow

VERDICT_STYLES = {
    Verdict.PROVED: (formatting.OK, "$success"),
    Verdict.REFUTED: (formatting.STOP, "$error"),
    Verdict.NOT_APPLICABLE: (formatting.ESTIMATE, "$muted"),
}
STANDING_STYLES = {
    "pass": (formatting.OK, "$success"),
    "attention": (formatting.REFER, "$warning"),
    "alarm": (formatting.STOP, "$error"),
    "no_data": (formatting.MISSING, "$muted"),
}
FLOORS = {ConstraintKind.FLOOR, ConstraintKind.LADDER}
SHARE = "share"
LONGEST = 1000  # of a sentence: a meaning or a line of a proof
CELL = 28  # of a word among figures: a name of a firm or a model
INCIDENT = "incident "


def shared(key: str, lang: Lang, **values: object) -> str:
    """A text that screen and command line share; empty where there is none of that key."""
    try:
        return text(key, lang, **values)
    except KeyError:
        return ""


def verdict_label(verdict: Verdict, lang: Lang) -> Content:
    """Glyph and word of a verdict."""
    glyph, style = VERDICT_STYLES[verdict]
    return Content.styled(f"{glyph} {say(f'verdict.{verdict}', lang)}", style)


def standing_label(standing: str, lang: Lang) -> Content:
    """Glyph and word of how a metric stands."""
    glyph, style = STANDING_STYLES[standing]
    return Content.styled(f"{glyph} {say(f'standing.{standing}', lang)}", style)


def claim_title(claim: Claim, lang: Lang) -> str:
    """What a claim says; one without a text is its id."""
    return shared(f"claim.{claim.id}", lang) or claim.id


def bounds(low: float | None, high: float | None, lang: Lang) -> str:
    """Two bounds, or the one there is."""
    if low is None and high is None:
        return ""
    if low is None or high is None:
        sign, value = ("≤", high) if low is None else ("≥", low)
        return f"{sign} {formatting.figure(value or 0.0, lang)}"
    return f"{formatting.figure(low, lang)} – {formatting.figure(high, lang)}"


def proof_text(step: ProofStep, lang: Lang) -> str:
    """A line of a proof as a sentence; one without a text is its code and its values."""
    values = {name: formatting.figure(value, lang) for name, value in step.values}
    told = " · ".join((step.code, *(f"{name} {value}" for name, value in values.items())))
    return shared(f"proof.{step.code}", lang, **values) or told


def claim_content(claim: Claim, lang: Lang, width: int) -> Content:
    """A claim, the firm that refutes it if there is one, and its proof line by line, wrapped to `width` cells."""
    range_ = bounds(claim.low, claim.high, lang)
    head = Content.assemble(
        (safe(claim_title(claim, lang)), "bold"),
        "\n",
        verdict_label(claim.verdict, lang),
        (f" · {say('audit.bounds', lang, range=range_)}" if range_ else "", "$muted"),
    )
    lines = [
        hanging(
            Content.styled(f"{formatting.OK} ", "$success")
            if step.holds
            else Content.styled(f"{formatting.STOP} ", "$error"),
            Content(safe(proof_text(step, lang), LONGEST)),
            width,
        )
        for step in claim.proof
    ]
    return Content("\n").join([head, *(_witness(claim.witness, lang) if claim.witness else ()), Content(), *lines])


def _witness(witness: Witness, lang: Lang) -> Iterator[Content]:
    """The counter-example in plain numbers, what changes and what is paid last."""
    yield Content()
    yield Content.styled(say("audit.witness", lang), "bold $error")
    for name, value in (pair for pair in witness.firm if pair[0] != witness.changed):
        yield Content.assemble((f"{plain_name(name, lang)}  ", "$muted"), safe(plain_value(name, value, lang)))
    before, after = (plain_value(witness.changed, value, lang) for value in (witness.before, witness.after))
    yield Content.styled(safe(f"{plain_name(witness.changed, lang)}  {before} → {after}"), "bold")
    paid = say("audit.costs" if witness.changed.startswith(INCIDENT) else "audit.due", lang)
    due = (formatting.money(amount, lang) for amount in (witness.due_before, witness.due_after))
    yield Content.styled(f"{paid}  {' → '.join(due)}", "bold")


def plain_value(name: str, value: float | str, lang: Lang) -> str:
    """A number of a firm; amounts in euros with their sign."""
    if isinstance(value, str):
        return audit_word("word", value, lang)
    return formatting.measure(value, "euro", lang) if name.endswith("_eur") else formatting.figure(value, lang)


def threshold(metric: Metric, unit: str, lang: Lang) -> str:
    """From where to where a metric passes."""
    return _range(metric.least, metric.most, unit, lang)


def alarm(metric: Metric, unit: str, lang: Lang) -> str:
    """Beyond what a metric alarms; empty where nothing does."""
    parts = [
        f"{sign} {formatting.measure(value, unit, lang)}"
        for sign, value in (("<", metric.red_below), (">", metric.red_above))
        if value is not None
    ]
    return f" {say('audit.or', lang)} ".join(parts)


def _range(least: float | None, most: float | None, unit: str, lang: Lang) -> str:
    if least is not None and most is not None:
        return f"{formatting.measure(least, unit, lang)} – {formatting.measure(most, unit, lang)}"
    parts = (f"{sign} {formatting.measure(v, unit, lang)}" for sign, v in (("≥", least), ("≤", most)) if v is not None)
    return "".join(parts)


def metric_value(line: MetricLine, lang: Lang) -> str:
    """The figure of a metric."""
    return "–" if line.value is None else formatting.measure(line.value, line.unit, lang)


def metric_content(line: MetricLine, lang: Lang, most_rows: int, width: int) -> Content:
    """What a metric means, what it is, what it should be, and what it was made of."""
    metric = line.metric
    facts = (
        f"{metric_value(line, lang)}, {say('audit.sample', lang, number=formatting.count(line.sample, lang))}",
        say("audit.threshold", lang, range=threshold(metric, line.unit, lang) or "–"),
        say("audit.alarm", lang, range=alarm(metric, line.unit, lang) or "–"),
    )
    left = len(line.rows) - most_rows
    return Content("\n").join(
        [
            Content.assemble(
                (f"{metric.id} {safe(titled(metric, lang))}", "bold"), "  ", standing_label(line.standing, lang)
            ),
            Content(safe(metric.meaning_nl if lang == "nl" else metric.meaning, LONGEST)),
            Content.styled(" · ".join(facts), "$muted"),
            *([Content.styled(safe(audit_word("why", line.note, lang)), "$accent")] if line.note else []),
            *_made_of(line.rows[:most_rows], lang, width),
            *([Content.styled(say("audit.more", lang, number=left), "$muted")] if left > 0 else []),
        ]
    )


def _made_of(rows: Sequence[Mapping[str, object]], lang: Lang, width: int) -> Iterator[Content]:
    """The rows behind a figure under their names, cut at `width` cells."""
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    head = [audit_word("name", name, lang) for name in names]
    body = [[safe(audit_value(name, row.get(name, ""), lang), CELL) for name in names] for row in rows]
    widths = [max(len(line[place]) for line in (head, *body)) for place in range(len(names))]
    for number, line in enumerate([head, *body] if rows else []):
        cells = "  ".join(text.ljust(wide) for text, wide in zip(line, widths, strict=True))
        yield Content.styled(cells, "$muted bold" if number == 0 else "$muted").truncate(max(width, 1), ellipsis=True)


def firm_reason(firm: FirmLine, lang: Lang) -> Content:
    """Why a firm is behind a metric, with its figures."""
    values = (f"{audit_word('name', name, lang)} {audit_value(name, value, lang)}" for name, value in firm.values)
    return Content(safe(" · ".join((audit_word("why", firm.why, lang), *values)), LONGEST))


def constraint_label(row: ConstraintRow, lang: Lang) -> Content:
    """Whether a constraint has room, binds or is broken."""
    if row.slack is None:
        glyph, style, word = formatting.MISSING, "$muted", "unknown"
    elif row.violated:
        glyph, style, word = formatting.STOP, "$error", "violated"
    elif row.binding:
        glyph, style, word = formatting.REFER, "$warning", "binding"
    else:
        glyph, style, word = formatting.OK, "$success", "room"
    return Content.styled(f"{glyph} {say(f'slack.{word}', lang)}", style)


def constraint_what(row: ConstraintRow) -> str:
    """What a row speaks of, briefly; nothing where the constraint has one parameter."""
    return "" if row.what == row.constraint.parameter else row.what.replace(" to ", " → ")


def constraint_bound(row: ConstraintRow, lang: Lang) -> str:
    """The bound with its direction; that of a balance is a share of claims."""
    if row.constraint.kind is ConstraintKind.BALANCE:
        return f"≤ {formatting.measure(row.bound, SHARE, lang)}"
    return f"{'≥' if row.constraint.kind in FLOORS else '≤'} {formatting.figure(row.bound, lang)}"


def constraint_figure(row: ConstraintRow, value: float | None, lang: Lang) -> str:
    """Value or slack of a constraint."""
    if value is None:
        return "–"
    if row.constraint.kind is ConstraintKind.BALANCE:
        return formatting.measure(value, SHARE, lang)
    return formatting.number(value, lang, 3)


def constraint_content(row: ConstraintRow, lang: Lang) -> Content:
    """A constraint in full: what it asks, of what, and what it costs."""
    constraint = row.constraint
    what = peril_label(row.what, lang) if row.what in PERILS else constraint_what(row)
    figures = [
        say("audit.bound", lang, bound=constraint_bound(row, lang)),
        say("audit.value", lang, value=constraint_figure(row, row.value, lang)),
        say("audit.slack", lang, slack=constraint_figure(row, row.slack, lang)),
    ]
    return Content("\n").join(
        [
            Content.assemble(
                (safe(titled(constraint, lang)), "bold"),
                safe(f" · {what}  " if what else "  "),
                constraint_label(row, lang),
            ),
            Content(safe(constraint.meaning_nl if lang == "nl" else constraint.meaning, LONGEST)),
            Content.styled(" · ".join(figures), "$muted"),
            Content.styled(_price(row, lang), "$muted"),
        ]
    )


def _price(row: ConstraintRow, lang: Lang) -> str:
    if row.dual is None or row.moved_eur is None:
        return say("audit.no_data" if row.slack is None else "audit.no_price", lang)
    moved = formatting.measure(row.moved_eur, "euro", lang)
    return say("audit.price", lang, dual=formatting.number(row.dual, lang), moved=moved)
