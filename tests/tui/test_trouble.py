"""A book that opens and cannot be read: the reason stays on the screen after the toast."""

import asyncio

from driving import shown, until
from fake_desk import FakeDesk

from policies.findings import WaarborgError
from tui.app import WaarborgApp


class BrokenDesk(FakeDesk):
    def count(self, text: str = "") -> int:  # noqa: ARG002 - the verb of the desk
        raise WaarborgError("book b.sqlite: database disk image is malformed")


def test_the_reason_stays_in_the_title() -> None:
    async def main() -> None:
        app = WaarborgApp(BrokenDesk, "en")
        async with app.run_test(notifications=False) as pilot:
            await until(pilot, lambda: "malformed" in shown(pilot))
            assert "Opening the book" not in shown(pilot)

    asyncio.run(main())
