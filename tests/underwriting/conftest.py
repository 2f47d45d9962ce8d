"""Shared by the tests of the desk: one dossier, one quote, an empty book each."""

from pathlib import Path

import pytest
from dossiers import AT, write_dossier

from underwriting.desk import Desk, open_desk
from underwriting.quote import Quote


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A valid minimal dossier, referred whatever the tariff: it asks for less than the law wants."""
    small = {"limit_eur": 100_000, "aggregate_limit_eur": 200_000}
    return write_dossier(tmp_path_factory.mktemp("dossier"), cover=small)


@pytest.fixture(scope="session")
def made(folder: Path) -> Quote:
    """The quote of that dossier; it carries findings of intake and of appetite."""
    return open_desk(Path("nowhere"), today=lambda: AT).quote(folder)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Where the book of a test may be."""
    return tmp_path / "home" / "book.sqlite"


@pytest.fixture
def desk(book: Path) -> Desk:
    """A desk over a book that does not exist yet, on the day of the dossiers."""
    return open_desk(book, today=lambda: AT)
