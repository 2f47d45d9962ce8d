"""Pictures of each screen at two sizes, with fixed data and a fixed day. `make snapshots` renews them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from driving import NARROW, WIDE, Driver, audited, form, listed, opened, typed, until
from fake_audit import fake_audit
from fake_desk import FakeDesk, a_quote

from tui.app import WaarborgApp
from tui.screens.help import HelpScreen
from tui.texts import Lang


async def quotes(pilot: Driver) -> None:
    await pilot.press("j", "j")


async def new_quote(pilot: Driver) -> None:
    screen = await form(pilot)
    await typed(pilot, "dossiers/fout")
    await until(pilot, lambda: screen._findings is not None)


async def quote(pilot: Driver) -> None:
    screen = await opened(pilot)
    await pilot.press("2", "space")
    await until(pilot, lambda: bool(screen.priced))


async def certificate(pilot: Driver) -> None:
    await audited(pilot)


async def curve(pilot: Driver) -> None:
    screen = await audited(pilot)
    await pilot.press("3")
    await until(pilot, lambda: screen.drawn is not None)


async def help_page(pilot: Driver) -> None:
    await opened(pilot)
    await pilot.press("question_mark")
    await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "140x40"])
@pytest.mark.parametrize(
    ("script", "lang"),
    [(quotes, "nl"), (new_quote, "nl"), (quote, "en"), (help_page, "en"), (certificate, "en"), (curve, "nl")],
    ids=["quotes", "new_quote", "quote", "help", "certificate", "curve"],
)
def test_screen(
    script: Callable[[Driver], Awaitable[None]],
    lang: Lang,
    size: tuple[int, int],
    snap_compare: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, content in (("fout", "wrong"), ("fout-oud", "wrong"), ("goed", "sound")):
        folder = tmp_path / "dossiers" / name
        folder.mkdir(parents=True)
        (folder / "dossier.toml").write_text(content)
    monkeypatch.chdir(tmp_path)
    fake_audit(monkeypatch)
    book = [a_quote()] if script is quote else FakeDesk().book

    async def prepare(pilot: Driver) -> None:
        await listed(pilot)
        await script(pilot)

    assert snap_compare(WaarborgApp(lambda: FakeDesk(book), lang), run_before=prepare, terminal_size=size)
