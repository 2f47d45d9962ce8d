"""The folders that a half-typed path may mean, dossiers marked."""

from __future__ import annotations

from textual.content import Content

from tui import formatting
from tui.folders import Folder
from tui.texts import Lang, say
from tui.widgets.rows import Rows, cell
from underwriting.intake.text import safe

MARK = 12


class FolderList(Rows, can_focus=False):
    """The list under the path field; the field keeps the focus."""

    def __init__(self, id: str) -> None:  # noqa: A002 - the word of the framework
        super().__init__(id=id)
        self._folders: tuple[Folder, ...] = ()
        self._lang: Lang = "en"

    def show(self, folders: tuple[Folder, ...], lang: Lang) -> None:
        """Show these folders."""
        self._folders, self._lang = folders, lang
        self.rows_changed()

    def row_count(self) -> int:
        """How many folders there are."""
        return len(self._folders)

    def current(self) -> Folder | None:
        """The folder under the cursor."""
        return self._folders[self.cursor] if self._folders else None

    def keeps_cursor(self) -> bool:
        """The field has the focus, the list the cursor."""
        return True

    def paint(self, index: int, width: int) -> Content:
        """Name, and the mark of a dossier."""
        folder = self._folders[index]
        mark = f"{formatting.OK} {say('new.dossier', self._lang)}" if folder.dossier else ""
        return cell(f"{safe(folder.name)}/", max(width - MARK, 1)) + cell(mark, MARK, "$success")
