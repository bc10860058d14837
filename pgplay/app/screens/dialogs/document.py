"""A page of the documentation."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Markdown

from pgplay.app.drawing.terminal_text import as_title
from pgplay.app.help.documents import Document, document_text, documents
from pgplay.app.notices import notify_user
from pgplay.app.screens.dialogs.base import CLOSES, Dialog


class DocumentScreen(Dialog[None]):
    """A scrollable page; its links open other pages of the documentation only."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,q", "dismiss", "Close")]
    AUTO_FOCUS = "#document"

    def __init__(self, document: Document) -> None:
        super().__init__(classes="-page")
        self._document = document

    def compose(self) -> ComposeResult:
        """Compose the page."""
        with VerticalScroll(id="document", classes="dialog page -wide") as page:
            page.border_title = as_title(self._document.title)
            page.border_subtitle = CLOSES
            yield Markdown(document_text(self._document), open_links=False)

    @on(Markdown.LinkClicked)
    async def _link_clicked(self, event: Markdown.LinkClicked) -> None:
        event.stop()
        file, _, section = event.href.partition("#")
        other = next((page for page in documents() if page.path.name == file), None)
        if other is None and file:
            notify_user(self.app, f"This link leads out of the app: {event.href}")
            return
        page, markdown = self.query_one("#document", VerticalScroll), self.query_one(Markdown)
        if other is not None:
            self._document, page.border_title = other, as_title(other.title)
            await markdown.update(document_text(other))
            page.scroll_home(animate=False)
        if section:
            markdown.goto_anchor(section)
