"""Driving the application in tests: waits are on conditions, never on time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from fake_desk import FakeDesk
from textual.pilot import Pilot

from tui.app import WaarborgApp
from tui.screens.audit import AuditScreen
from tui.screens.desk_screen import DeskScreen
from tui.screens.new_quote import NewQuoteScreen
from tui.screens.quote import QuoteScreen
from tui.screens.quotes import QuotesScreen
from tui.texts import Lang

WIDE, NARROW = (140, 40), (80, 24)
PATIENCE = 400

Driver = Pilot[None]
Script = Callable[[Driver], Awaitable[None]]


def drive(script: Script, desk: FakeDesk | None = None, lang: Lang = "en", size: tuple[int, int] = WIDE) -> None:
    """Run a script against the application on a fake desk, from the moment the list of quotes stands."""

    async def main() -> None:
        app = WaarborgApp(lambda: desk or FakeDesk(), lang)
        async with app.run_test(size=size, notifications=True) as pilot:
            await listed(pilot)
            await script(pilot)

    asyncio.run(main())


async def until(pilot: Driver, condition: Callable[[], bool]) -> None:
    """Wait until the condition holds and nothing is under way any more."""
    for _ in range(PATIENCE):
        await pilot.pause()
        if condition() and not any(worker.is_running for worker in pilot.app.workers):
            await pilot.pause()
            return
        if pilot.app._exit:
            break
        await asyncio.sleep(0.005)
    raise AssertionError(f"waited in vain; on the screen:\n{shown(pilot)}")


async def listed(pilot: Driver) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, QuotesScreen) and pilot.app.screen.counted is not None)


async def opened(pilot: Driver) -> QuoteScreen:
    """Open the quote under the cursor of the list."""
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, QuoteScreen) and pilot.app.screen.shown is not None)
    screen = pilot.app.screen
    assert isinstance(screen, QuoteScreen)
    return screen


async def form(pilot: Driver) -> NewQuoteScreen:
    """Go to the form for a new quote."""
    await pilot.press("n")
    await until(pilot, lambda: isinstance(pilot.app.screen, NewQuoteScreen))
    screen = pilot.app.screen
    assert isinstance(screen, NewQuoteScreen)
    return screen


async def audited(pilot: Driver) -> AuditScreen:
    """Go to the audit."""
    await pilot.press("a")
    await until(pilot, lambda: isinstance(pilot.app.screen, AuditScreen) and pilot.app.screen.certificate is not None)
    screen = pilot.app.screen
    assert isinstance(screen, AuditScreen)
    return screen


async def measured(pilot: Driver) -> AuditScreen:
    """Go to the metrics of the audit, and wait for them."""
    screen = await audited(pilot)
    await pilot.press("2")
    await until(pilot, lambda: bool(screen.metrics))
    return screen


async def typed(pilot: Driver, text: str) -> None:
    """Put a text into the field that has the focus, as pasting does."""
    screen = pilot.app.screen
    field = screen.filter if isinstance(screen, QuotesScreen) else screen.field
    field.value = text
    await until(pilot, lambda: field.value == text)


def shown(pilot: Driver) -> str:
    """What the terminal shows, as text."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text for strip in strips)


def toasts(pilot: Driver) -> str:
    """The messages in the corner."""
    return "\n".join(f"{note.title} {note.message}" for note in pilot.app._notifications)


def desk_screen(pilot: Driver) -> DeskScreen:
    screen = pilot.app.screen
    assert isinstance(screen, DeskScreen)
    return screen
