"""Keys that come faster than the focus moves, as from a practised hand or a paste."""

import asyncio

from driving import listed, until
from fake_desk import FakeDesk
from textual import events

from tui.app import WaarborgApp
from tui.screens.quotes import QuotesScreen


def test_a_filter_typed_in_one_burst_arrives_whole() -> None:
    async def main() -> str:
        app = WaarborgApp(FakeDesk, "en")
        async with app.run_test() as pilot:
            await listed(pilot)
            screen = app.screen
            assert isinstance(screen, QuotesScreen)
            for key, character in (("slash", "/"), ("n", "n"), ("1", "1"), ("q", "q")):
                app.post_message(events.Key(key, character))
            await until(pilot, lambda: len(screen.filter.value) == 3)
            assert app.screen is screen
            await pilot.press("escape")
            return screen.filter.value

    assert asyncio.run(main()) == ""
