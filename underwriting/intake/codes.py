"""The findings of intake: every code with its severity and meaning, and how a finding is worded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from policies.findings import Finding, Severity
from underwriting.intake.text import safe

SUBJECT_LENGTH = 300
MESSAGE_LENGTH = 600


@dataclass(frozen=True, slots=True)
class Code:
    """What a finding of this code does to the submission, and what it means."""

    severity: Severity
    meaning: str


ERROR, REFER, WARNING, INFO = Severity.ERROR, Severity.REFER, Severity.WARNING, Severity.INFO

CODES: Mapping[str, Code] = {
    "dossier-missing": Code(ERROR, "There is no folder here, or it holds no dossier.toml."),
    "file-missing": Code(ERROR, "A file named in the dossier does not exist."),
    "file-outside": Code(ERROR, "A file name is absolute, climbs with `..` or links out of the folder."),
    "file-unreadable": Code(ERROR, "Not a plain file, or the system refuses to read it."),
    "file-too-large": Code(ERROR, "A file, a line or a table is longer than its limit."),
    "file-encoding": Code(ERROR, "The file is not UTF-8 text."),
    "file-many-findings": Code(ERROR, "The file holds more findings than are listed."),
    "toml-syntax": Code(ERROR, "dossier.toml is not well-formed TOML."),
    "csv-syntax": Code(ERROR, "A CSV file is not well-formed."),
    "csv-columns": Code(ERROR, "The first row does not name exactly the columns of the format."),
    "csv-width": Code(ERROR, "A row has more or fewer cells than there are columns."),
    "csv-formula": Code(ERROR, "A cell starts with a sign that makes a spreadsheet run it as a formula."),
    "field-missing": Code(ERROR, "A required field is absent or empty."),
    "field-unknown": Code(ERROR, "A field that the format does not have."),
    "field-type": Code(ERROR, "A value of the wrong type; an infinite number is one too."),
    "field-value": Code(ERROR, "A value outside what the field allows."),
    "text-control": Code(ERROR, "A text holds a terminal escape, a control or an invisible character."),
    "text-markup": Code(ERROR, "A text holds square brackets, which screens may take for markup."),
    "text-mixed-alphabets": Code(WARNING, "A word mixes look-alike alphabets: it may not be the name it seems."),
    "date-future": Code(ERROR, "A date lies after the day of the quote."),
    "date-order": Code(ERROR, "Two dates stand in the wrong order."),
    "firm-number": Code(ERROR, "The business register number does not have the regime's form."),
    "firm-lei": Code(ERROR, "The check digits of the LEI are wrong."),
    "cover-terms": Code(ERROR, "Limits, deductible, term and instalments do not fit together."),
    "word-unknown": Code(ERROR, "A class, head, peril, obligation or instalment number that the regime does not know."),
    "id-duplicate": Code(ERROR, "An id, a word or a row that may stand once stands twice."),
    "system-unknown": Code(ERROR, "A row names a system that dossier.toml does not declare."),
    "obligation-not-due": Code(INFO, "An obligation that falls due after the day of the quote is left out."),
    "evidence-hash": Code(ERROR, "The file is not the one whose SHA-256 the dossier declares."),
    "evidence-format": Code(ERROR, "No reader knows this kind of evidence file."),
    "evidence-twice": Code(ERROR, "One run is listed twice for one system and test."),
    "evidence-late-plan": Code(WARNING, "The plan was lodged after the run: it does not count as lodged beforehand."),
    "evidence-no-log": Code(WARNING, "A results table holds no log: it counts as a summary."),
    "test-unknown": Code(WARNING, "The catalogue does not know the test: the file is kept and earns nothing."),
    "test-unscored": Code(WARNING, "The catalogue has no failure rule for the test: its logs earn nothing."),
    "test-mismatch": Code(ERROR, "The log is of another test than the dossier declares."),
    "log-damaged": Code(ERROR, "The log cannot be read: broken archive, broken JSON or a record without its parts."),
    "log-limit": Code(ERROR, "The log exceeds a limit of size, inflation, members or depth."),
    "log-member-name": Code(ERROR, "A member of the log has an absolute, climbing or hidden name."),
    "log-duplicate-key": Code(ERROR, "A JSON object of the log, or its archive, holds one name twice."),
    "log-no-date": Code(ERROR, "The log does not say when it was made."),
    "log-status": Code(WARNING, "The run was killed, cancelled or ended in an error: what it left out failed."),
    "log-invalidated": Code(REFER, "Its maker withdrew the log, in whole or in part."),
    "log-results-differ": Code(REFER, "The log's own results differ from its trials."),
    "log-scores-edited": Code(WARNING, "Scores were changed after the run: the worse one counts."),
    "log-duplicate-trial": Code(WARNING, "A trial is recorded twice: the worse outcome counts."),
    "log-no-scorer": Code(WARNING, "The trials lack the score that the catalogue counts."),
    "log-self-judged": Code(WARNING, "The tested model was its own judge."),
    "log-limited": Code(WARNING, "Part of the test was run: without a plan lodged beforehand the rest failed."),
    "log-other-model": Code(WARNING, "The log names another model than the system declares."),
    "run-nothing-scored": Code(WARNING, "No trial of the run has a score: it counts as a missing result."),
    "run-few-prompts": Code(INFO, "What was counted in a run with fewer scored prompts than the test asks for."),
    "run-read": Code(INFO, "What was counted in a run."),
    "table-no-row": Code(ERROR, "The results table has no row for the test declared."),
    "table-unclaimed": Code(WARNING, "Rows of the results table that no entry of the dossier claims."),
    "table-counts": Code(ERROR, "More failures than trials."),
    "table-zero-trials": Code(WARNING, "A row with zero trials counts as a missing result."),
}


def remark(code: str, subject: str, message: str, reference: str = "") -> Finding:
    """The finding of that code; subject and message are made safe to print."""
    return Finding(code, CODES[code].severity, safe(subject, SUBJECT_LENGTH), safe(message, MESSAGE_LENGTH), reference)


def place(file: str, *parts: str) -> str:
    """Where a finding stands: the file, then the entry or row, then the field."""
    return f"{file}: {', '.join(parts)}" if parts else file
