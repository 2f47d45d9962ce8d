"""Findings: coded remarks returned as data, all at once; and the exceptions of the house."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a finding does to a submission, gravest first."""

    ERROR = "error"  # the input is wrong: nothing is quoted
    DECLINE = "decline"  # outside what may be insured
    REFER = "refer"  # someone with more authority must look
    WARNING = "warning"  # it moves the price, or soon will
    INFO = "info"  # worth knowing


GRAVITY = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Finding:
    """A coded remark. `subject` says where (file, row, field), `message` what is wrong and what would be right,
    `reference` the rule behind it (article, section of the dossier format, regime key)."""

    code: str
    severity: Severity
    subject: str
    message: str
    reference: str = ""

    def line(self) -> str:
        """The finding as one line of text."""
        where = f"{self.subject}: " if self.subject else ""
        rule = f" [{self.reference}]" if self.reference else ""
        return f"{self.severity} {self.code} {where}{self.message}{rule}"


def gravest_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings ordered by gravity, then in the order found."""
    return tuple(sorted(findings, key=lambda finding: GRAVITY[finding.severity]))


class WaarborgError(Exception):
    """An error with a message meant for the user; the command line prints it as one line."""


class BadInputError(WaarborgError):
    """The input holds errors; `findings` has all of them."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = gravest_first(findings)
        super().__init__("\n".join(finding.line() for finding in self.findings))


class NotFoundError(WaarborgError):
    """The thing asked for is not in the book."""


class TamperedError(WaarborgError):
    """Stored bytes do not match the digest that names them."""
