"""Text that is painted only when it changed, and laid out anew only when its height changes with it."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.widgets import Static


class Words(Static):
    """A text. Painting all of a screen after each key would take longer than a key stroke may."""

    def __init__(self, id: str) -> None:  # noqa: A002 - the word of the framework
        super().__init__(id=id)
        self._put = Content()

    def put(self, content: Content | str) -> None:
        """Show this content; a string is never read as markup."""
        new = Content(content) if isinstance(content, str) else content
        if not new.is_same(self._put):
            self._put = new
            self.update(new, layout=self._grows(new))

    def _grows(self, new: Content) -> bool:
        """Whether this height follows the text, and the text now takes another one."""
        height, size = self.styles.height, self.size
        auto = height is None or height.is_auto
        return auto and (not size.width or new.get_height({}, size.width) != size.height)


class FittedWords(Words):
    """A text made for the width there is, and made anew when that changes."""

    def __init__(self, id: str) -> None:  # noqa: A002 - the word of the framework
        super().__init__(id=id)
        self._make: Callable[[int], Content | str] = lambda _: ""

    def fit(self, make: Callable[[int], Content | str]) -> None:
        """Show what `make` gives for a number of cells."""
        self._make = make
        self.on_resize()

    def on_resize(self) -> None:
        """Make it for the width there is now."""
        if self.size.width:
            self.put(self._make(self.size.width))
