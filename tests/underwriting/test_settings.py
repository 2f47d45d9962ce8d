"""The environment decides where the book is, which regime holds and which language is spoken."""

from pathlib import Path

import pytest

from policies.findings import WaarborgError
from underwriting import settings

NAMES = ("WAARBORG_HOME", "WAARBORG_REGIME", "XDG_DATA_HOME", "LC_ALL", "LC_MESSAGES", "LANG")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/x")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "/home/x/.local/share/waarborg/book.sqlite"),
        ({"XDG_DATA_HOME": ""}, "/home/x/.local/share/waarborg/book.sqlite"),
        ({"XDG_DATA_HOME": "/data"}, "/data/waarborg/book.sqlite"),
        ({"XDG_DATA_HOME": "/data", "WAARBORG_HOME": "/own"}, "/own/book.sqlite"),
    ],
)
def test_where_the_book_is(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert settings.book_path() == Path(expected)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "nl_NL.UTF-8"}, "nl"),
        ({"LANG": "nl_BE"}, "nl"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "nl_NL.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "nl_NL.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "nl"),
        ({"LANG": "nl_NL.UTF-8", "LC_ALL": ""}, "nl"),
    ],
)
def test_which_language(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert settings.language() == expected


def test_which_regime(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.regime_id() == "nl-2027"
    monkeypatch.setenv("WAARBORG_REGIME", "x")
    assert settings.regime_id() == "x"


def test_who_the_user_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "anna")
    assert settings.user_name() == "anna"


@pytest.mark.parametrize("unknown", [KeyError("uid"), OSError("no password database")])
def test_a_user_whom_the_system_does_not_know(monkeypatch: pytest.MonkeyPatch, unknown: Exception) -> None:
    def nobody() -> str:
        raise unknown

    monkeypatch.setattr(settings.getpass, "getuser", nobody)
    with pytest.raises(WaarborgError, match="give --by NAME"):
        settings.user_name()
