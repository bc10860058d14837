"""When the setup is checked: at once, or beside the screen where that takes reading a large file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from textual.widget import Widget
from textual.worker import Worker

from pgplay.app.background import in_daemon_thread
from pgplay.app.widgets.setup import form
from pgplay.errors import PgplayError
from pgplay.files.stamp import FileStamp

if TYPE_CHECKING:
    from pgplay.tasks.inputs import Inputs

LARGE_FILE = 200_000
"""Bytes of the task's and the warm start's files from which on keys would wait while they are read and checked."""

STILL_READING = form.Problem("task", "The setup's files are still being read. Try again in a moment.")

GoOn = Callable[[form.Checked], None]


def read_and_check(typed: Mapping[str, str]) -> form.Checked:
    """Read the files that the typed texts name, and check the setup with them."""
    try:
        inputs: Inputs | PgplayError = form.read_files(typed)
    except PgplayError as error:
        inputs = error
    return form.check(typed, inputs)


class _Asked(NamedTuple):
    """What a check depends on."""

    typed: dict[str, str]
    files: tuple[FileStamp, ...]

    @property
    def is_large(self) -> bool:
        return sum(file.size for file in self.files) >= LARGE_FILE


class Checking:
    """Checks what is typed in `widget`, which shows the outcome by `show`, and by `wait` that it is on its way."""

    def __init__(self, widget: Widget, show: GoOn, wait: Callable[[], None]) -> None:
        self._widget, self._show, self._wait = widget, show, wait
        self._newest: _Asked | None = None
        """What is checked beside the screen, or was last."""
        self._checked: form.Checked | None = None
        """What came of it; None while it is being checked."""
        self._reading: Worker[None] | None = None

    def now(self, typed: dict[str, str]) -> form.Checked:
        """Show and return what `typed` comes to; while large files are being read for it, that is the problem."""
        asked = _Asked(dict(typed), form.stamps(typed))
        if not asked.is_large:
            self._newest = None
            checked = read_and_check(typed)
        elif asked == self._newest and self._checked is not None and self._checked.problem is None:
            checked = self._checked
        else:
            self._begin(asked)
            return form.Checked(None, STILL_READING)
        self._show(checked)
        return checked

    async def complete(self, typed: dict[str, str]) -> form.Checked:
        """Show and return what `typed` comes to, once its large files have been read."""
        checked = self.now(typed)
        if checked.problem is STILL_READING and self._reading is not None:
            asked = self._newest
            await self._reading.wait()
            if asked is self._newest and self._checked is not None:
                return self._checked
        return checked

    def _begin(self, asked: _Asked) -> None:
        if asked == self._newest and self._checked is None:
            return
        self._newest, self._checked = asked, None
        self._wait()
        self._reading = self._widget.run_worker(self._check(asked), group="check")

    async def _check(self, asked: _Asked) -> None:
        checked = await in_daemon_thread(partial(read_and_check, asked.typed))
        if asked is not self._newest:
            return
        self._checked = checked
        self._show(checked)
