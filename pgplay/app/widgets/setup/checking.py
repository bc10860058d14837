"""When the setup is checked: at once, or beside the screen where that takes reading a large file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from textual.widget import Widget
from textual.worker import Worker

from pgplay.app.background import in_daemon_thread
from pgplay.app.widgets.setup import form
from pgplay.files.stamp import FileStamp

LARGE_FILE = 200_000
"""Bytes of the task's and the warm start's files from which on keys would wait while they are read and checked."""

STILL_READING = form.Problem("task", "The setup's files are still being read. Try again in a moment.")

GoOn = Callable[[form.Checked], None]


class _Inputs(NamedTuple):
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
        self._newest: _Inputs | None = None
        """What is checked beside the screen, or was last."""
        self._checked: form.Checked | None = None
        """What came of it; None while it is being checked."""
        self._reading: Worker[None] | None = None

    def now(self, typed: dict[str, str]) -> form.Checked:
        """Show and return what `typed` comes to; while large files are being read for it, that is the problem."""
        inputs = _Inputs(dict(typed), form.files_read(typed))
        if not inputs.is_large:
            self._newest = None
            checked = form.check(typed)
        elif inputs == self._newest and self._checked is not None and self._checked.problem is None:
            checked = self._checked
        else:
            self._begin(inputs)
            return form.Checked(None, STILL_READING)
        self._show(checked)
        return checked

    async def complete(self, typed: dict[str, str]) -> form.Checked:
        """Show and return what `typed` comes to, once its large files have been read."""
        checked = self.now(typed)
        if checked.problem is STILL_READING and self._reading is not None:
            inputs = self._newest
            await self._reading.wait()
            if inputs is self._newest and self._checked is not None:
                return self._checked
        return checked

    def _begin(self, inputs: _Inputs) -> None:
        if inputs == self._newest and self._checked is None:
            return
        self._newest, self._checked = inputs, None
        self._wait()
        self._reading = self._widget.run_worker(self._check(inputs), group="check")

    async def _check(self, inputs: _Inputs) -> None:
        checked = await in_daemon_thread(partial(form.check, inputs.typed))
        if inputs is not self._newest:
            return
        self._checked = checked
        self._show(checked)
