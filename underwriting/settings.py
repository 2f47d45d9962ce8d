"""Where the book lives, which regime is in force, who the user is, which language they read: the environment."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

from policies.findings import WaarborgError

BOOK = "book.sqlite"
REGIME = "nl-2027"
LANGUAGES = ("en", "nl")


def book_path() -> Path:
    """The book: in WAARBORG_HOME where it is set, else in the user's data folder (XDG_DATA_HOME)."""
    own = os.environ.get("WAARBORG_HOME")
    if own:
        return Path(own, BOOK)
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data, "waarborg", BOOK)


def regime_id() -> str:
    """The regime to quote under: WAARBORG_REGIME where it is set."""
    return os.environ.get("WAARBORG_REGIME") or REGIME


def language() -> str:
    """The language of the user's locale where it is one of ours, else English."""
    spoken = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return spoken[:2] if spoken[:2] in LANGUAGES else "en"


def user_name() -> str:
    """The name under which the user is logged in. Raises WaarborgError when the system knows none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError) as unknown:
        raise WaarborgError("this system does not know your name; give --by NAME") from unknown


def on_terminal() -> bool:
    """Whether a person sits at both ends: the screen would wait for ever for keys that cannot come."""
    return sys.stdin.isatty() and sys.stdout.isatty()
