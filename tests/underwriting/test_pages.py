"""What the pages for scripts and the command line say is what happens."""

import json
import re
from pathlib import Path

import pytest
from dossiers import AT

from underwriting import cli, showcase
from underwriting.desk import Desk, open_desk
from underwriting.export import quote_data
from underwriting.quote import Quote

DOCS = Path(__file__).parents[2] / "docs"


def test_the_code_of_the_scripting_page_runs(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAARBORG_HOME", str(tmp_path))
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / "scripting.md").read_text("utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    assert len(blocks) == 3
    for block in blocks:
        exec(block.replace('"DIR"', repr(str(folder))), names)  # noqa: S102 - the page is ours
    assert isinstance(names["quote"], Quote)
    assert open_desk().find(names["quote"].id) == names["quote"]


def test_the_scripting_page_names_every_verb() -> None:
    page = (DOCS / "scripting.md").read_text("utf-8")
    verbs = {"read", "quote", "what_if", "save", "quotes", "count", "find", "replay", "load_sample"}
    assert verbs <= set(vars(Desk))
    assert [verb for verb in verbs if f"`desk.{verb}(" not in page] == []


def test_the_page_of_the_command_line_names_every_command_and_field(made: Quote, desk: Desk) -> None:
    page = (DOCS / "cli.md").read_text("utf-8")
    assert [name for name in cli.COMMANDS if f"`waarborg {name}" not in page] == []
    named = set(re.findall(r"`(\w+)(?:\[\])?`", page))
    data = quote_data(made, desk.regime)
    nested = (data["lines"][0], data["systems"][0], data["levers"][0])
    assert {key for part in (data, *nested) for key in part} - named == set()


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A showcase of two firms, in a folder of its own."""
    monkeypatch.setenv("WAARBORG_HOME", str(tmp_path))
    monkeypatch.setattr(showcase, "FIRMS", 2)
    return tmp_path


def test_the_showcase_loads_once_and_prints_one_quote_in_full(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert showcase.showcase() == 0
    first = capsys.readouterr()
    assert len(first.err.splitlines()) == 2
    assert first.out.startswith("Quote Q-")
    assert first.out.count("= Premium due") == 1
    assert showcase.showcase() == 0
    second = capsys.readouterr()
    assert (second.out, second.err) == (first.out, "")
    assert open_desk().count() == 2


def test_the_showcase_opens_the_screen_on_a_terminal(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []
    monkeypatch.setattr("tui.app.run", lambda factory: opened.append(factory().count()))
    for stream in ("stdin", "stdout"):
        monkeypatch.setattr(f"sys.{stream}.isatty", lambda: True, raising=False)
    assert showcase.showcase() == 0
    assert opened == [2]


def test_the_json_of_a_quote_does_not_depend_on_having_been_saved(desk: Desk, made: Quote) -> None:
    desk.save(made)
    fresh, found = (json.dumps(quote_data(q, desk.regime), default=str) for q in (made, desk.find(made.id)))
    assert fresh == found
    assert made.at == AT
