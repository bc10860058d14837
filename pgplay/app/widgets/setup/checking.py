"""Checking the setup: at once, with files read in the background."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from textual.widget import Widget
from textual.worker import Worker

from pgplay.app.background import in_daemon_thread
from pgplay.app.widgets.setup import form
from pgplay.errors import PgplayError

if TYPE_CHECKING:
    from pgplay.learning.inputs import Inputs

LARGE_FILE = 200_000
"""Bytes of files from which a check would delay keys."""

STILL_READING = form.Problem("task", ("setup.still_reading", {}))

GoOn = Callable[[form.Checked], None]


class _Read(NamedTuple):
    """The content of the files with these `names`, or why they cannot be read; valid while they keep their `stamps`."""

    names: form.FileNames
    stamps: form.Stamps
    inputs: Inputs | PgplayError

    @property
    def is_large(self) -> bool:
        return sum(stamp.size for stamp in self.stamps.texts if stamp is not None) >= LARGE_FILE


def _read(names: form.FileNames, before: _Read | None = None) -> _Read:
    """Read the files called `names`; returns `before` if it is still valid."""
    stamps = form.stamps(names)
    if before is not None and (before.names, before.stamps) == (names, stamps):
        return before
    try:
        return _Read(names, stamps, form.read_files(names))
    except PgplayError as error:
        return _Read(names, stamps, error)


def read_and_check(typed: Mapping[str, str]) -> form.Checked:
    """Read the files that the typed texts name, and check the setup with them."""
    return form.check(typed, _read(form.file_names(typed)).inputs)


class Checking:
    """Checks what is typed in `widget`; `show` shows the outcome, `wait` that files are being read.

    No file is read on the screen's thread: the last known content counts until a file has been read again.
    """

    def __init__(self, widget: Widget, show: GoOn, wait: Callable[[], None]) -> None:
        self._widget, self._show, self._wait = widget, show, wait
        self._typed: dict[str, str] = {}
        """The texts that are or were last checked."""
        self._checked: form.Checked | None = None
        """The outcome; None while it is computed in the background."""
        self._known: _Read | None = None
        self._looking: Worker[None] | None = None

    def now(self, typed: dict[str, str]) -> form.Checked:
        """Show and return the outcome for `typed`; while its files are being read, that is the problem."""
        names = form.file_names(typed)
        is_new = typed != self._typed
        if is_new:
            self._typed = dict(typed)
        if not any(names):
            from pgplay.learning.inputs import Inputs

            self._looking = None
            self._checked = form.check(typed, Inputs())
        elif self._known is not None and self._known.names == names and not self._known.is_large:
            self._checked = form.check(typed, self._known.inputs)
            self._look()
        elif is_new:
            self._checked = None
            self._wait()
            self._look()
        elif self._checked is not None:
            self._look()
        if self._checked is None:
            return form.Checked(None, STILL_READING)
        self._show(self._checked)
        return self._checked

    async def complete(self, typed: dict[str, str]) -> form.Checked:
        """Show and return the outcome for `typed` once its files have been read or are known to be unchanged."""
        checked = self.now(typed)
        looking = self._looking
        if looking is None:
            return checked
        await looking.wait()
        return self._checked if looking is self._looking and self._checked is not None else checked

    def _look(self) -> None:
        self._looking = self._widget.run_worker(self._read_and_check(self._typed), group="check")

    async def _read_and_check(self, typed: dict[str, str]) -> None:
        """Read the files that `typed` names; if it is still the typed text and a file is new, check and show it."""
        names, previous = form.file_names(typed), self._known
        content = await in_daemon_thread(partial(_read, names, previous))
        if not self._is_wanted(typed) or (content is previous and self._checked is not None):
            return
        if content.is_large:
            checked = await in_daemon_thread(partial(form.check, typed, content.inputs))
        else:
            checked = form.check(typed, content.inputs)
        if self._is_wanted(typed):
            self._known, self._checked = content, checked
            self._show(checked)

    def _is_wanted(self, typed: dict[str, str]) -> bool:
        """Whether `typed` is still the typed text, and the app that would show its check is not being closed."""
        return typed is self._typed and self._widget.app.is_running
