"""What all screens share: the open desk and the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.texts import Lang

if TYPE_CHECKING:
    from underwriting.desk import Desk


@dataclass(slots=True)
class Session:
    """The application alone writes to it. `opened` is None until the book is open."""

    lang: Lang
    opened: Desk | None = None

    @property
    def desk(self) -> Desk:
        """The open desk."""
        if self.opened is None:
            raise RuntimeError("the book is not open yet")
        return self.opened
