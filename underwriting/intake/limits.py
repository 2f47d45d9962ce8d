"""What a reader accepts at most from a file it did not write, and the refusal that names the limit."""

from __future__ import annotations

KIB = 1024
MIB = 1024 * KIB

DOSSIER_BYTES = 512 * KIB  # dossier.toml
DOSSIER_LINE = 4 * KIB  # characters; the TOML parser takes time quadratic in the parts of one dotted key
TABLE_BYTES = 8 * MIB  # one CSV file
TABLE_ROWS = 20_000
TEXT_LENGTH = 200  # characters of one text
DESCRIPTION_LENGTH = 2_000  # characters of an incident's description
FINDINGS = 1_000  # listed for one file
EVIDENCE_BYTES = 256 * MIB  # one evidence file as stored
JSON_BYTES = 32 * MIB  # one JSON text, inflated
INFLATED_BYTES = 256 * MIB  # all that is inflated of one log
INFLATION_RATIO = 500  # inflated over stored size of one member ...
INFLATION_FLOOR = 1 * MIB  # ... looked at only above this size
MEMBERS = 200_000  # of one log
JSON_DEPTH = 200  # levels of lists and objects
TRIAL_COUNT = 10_000_000  # planned prompts, epochs, or trials of a table
PERSON_COUNT = 99_999_999  # affected by one incident


def sized(most: int) -> str:
    """A limit in bytes as people write it: whole MiB, else KiB."""
    return f"{most // MIB} MiB" if most % MIB == 0 else f"{most / KIB:g} KiB"


class Refused(Exception):  # noqa: N818 - it says what happened to the input
    """An input that may not or cannot be read: `code` of the finding and its message."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)
