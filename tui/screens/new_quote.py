"""A new quote: choose a dossier folder, see all findings while you choose, quote it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widget import Widget

from policies.findings import BadInputError, Finding, gravest_first
from tui import formatting
from tui.actions import Place, own
from tui.folders import folder_of, folders_for, is_dossier
from tui.labels import finding_content
from tui.messages import DossierChecked, FoldersFound, QuoteMade
from tui.screens.desk_screen import DeskScreen
from tui.screens.quote import QuoteScreen
from tui.session import Session
from tui.widgets.entry import Entry
from tui.widgets.folder_list import FolderList
from tui.widgets.words import Words

if TYPE_CHECKING:
    from underwriting.desk import Desk


class NewQuoteScreen(DeskScreen):
    """A field, the folders it may mean, and the check of the dossier it names."""

    PLACE = Place.NEW
    BINDINGS = own(Place.NEW)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._found: FoldersFound | None = None
        self._findings: tuple[Finding, ...] | None = None  # None: no dossier read yet
        self._quotable = False
        self._busy = ""  # key of what is being done

    def body(self) -> ComposeResult:
        """Field above folders and check."""
        yield Words(id="label")
        yield Entry(id="path")
        with Horizontal(id="choice"):
            yield FolderList(id="folders")
            with VerticalScroll(id="check", can_focus=False):
                yield Words(id="findings-text")

    @property
    def field(self) -> Entry:
        """The path field."""
        return self.query_one("#path", Entry)

    @property
    def folders(self) -> FolderList:
        """The folders on offer."""
        return self.query_one("#folders", FolderList)

    def title_line(self) -> Content:
        """Where we are."""
        return Content.styled(f" Waarborg · {self.say('new.title')}", "bold")

    def paint(self) -> None:
        """Labels, folders, check."""
        super().paint()
        self.query_one("#label", Words).put(self.say("new.field"))
        self.field.placeholder = self.say("new.hint")
        self.folders.border_title = self.say("new.folders")
        self.folders.show(self._found.folders if self._found else (), self.session.lang)
        self.query_one("#check").border_title = self.say("new.check")
        self.query_one("#findings-text", Words).put(self._check_text())

    def _check_text(self) -> Content:
        if self._busy:
            return Content.styled(self.say(self._busy), "$muted")
        if self._findings is None:
            return Content.styled(self.say("new.not_yet"), "$muted")
        glyph, style = (formatting.OK, "$success") if self._quotable else (formatting.STOP, "$error")
        key = "usable" if self._quotable and self._findings else "sound" if self._quotable else "unsound"
        head = Content.styled(f"{glyph} {self.say(f'new.{key}', found=len(self._findings))}", style)
        return Content("\n\n").join([head, *(finding_content(f, self.session.lang) for f in self._findings)])

    def begin(self) -> None:
        """The field has the focus; the current folder is on offer."""
        self.field.focus()
        self._look()

    def _look(self) -> None:
        typed = self.field.value
        self.ask("folders", partial(_folders, typed))

    def on_input_changed(self) -> None:
        """Other folders, another dossier."""
        self._findings, self._quotable = None, False
        self._look()

    def on_folders_found(self, event: FoldersFound) -> None:
        """Show the folders; read the dossier when the field names one."""
        if event.typed != self.field.value:
            return
        self._found, self._busy = event, ""
        self.folders.cursor = 0
        if event.named is not None:
            self._busy = "new.reading"
            self.ask("dossier", partial(_checked, self.session.desk, event.named))
        self.paint()

    def on_dossier_checked(self, event: DossierChecked) -> None:
        """Show all findings at once, unless the field names another folder by now."""
        if event.folder == folder_of(self.field.value):
            self._busy = ""
            self._findings = gravest_first(event.submission.findings)
            self._quotable = event.submission.profile is not None
            self.paint()

    def on_quote_made(self, event: QuoteMade) -> None:
        """Show the quote in place of this form."""
        self.app.switch_screen(QuoteScreen(self.session, event.quote.id, event.quote))

    def failed(self, error: BaseException) -> None:
        """Findings of bad input stay on the form; anything else is a toast."""
        self._busy = ""
        if isinstance(error, BadInputError):
            self._findings, self._quotable = error.findings, False
        else:
            super().failed(error)
        self.paint()

    def on_input_submitted(self) -> None:
        """Enter in the field."""
        self.action_quote()

    def on_rows_chosen(self) -> None:
        """A second click takes the folder."""
        self.action_complete()

    def list_in_use(self) -> Widget:
        """The folders, from the field."""
        return self.folders

    def action_complete(self) -> None:
        """Take the folder under the cursor into the field."""
        folder = self.folders.current()
        if folder is not None:
            self.field.value = folder.path
            self.field.cursor_position = len(folder.path)

    def action_quote(self) -> None:
        """Quote the dossier that the field names; when it names none, take the folder under the cursor."""
        named = self._found.named if self._found and self._found.typed == self.field.value else None
        if named is None:
            self.action_complete()
            return
        self._busy = "new.quoting"
        self.ask("dossier", partial(_quoted, self.session.desk, named))
        self.paint()


def _folders(typed: str) -> FoldersFound:
    folder = folder_of(typed)
    return FoldersFound(typed, folders_for(typed), folder if typed.strip() and is_dossier(folder) else None)


def _checked(desk: Desk, folder: Path) -> DossierChecked:
    return DossierChecked(folder, desk.read(folder))


def _quoted(desk: Desk, folder: Path) -> QuoteMade:
    return QuoteMade(desk.quote(folder))
