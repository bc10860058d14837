"""When the setup is checked: at once, with files that are read beside the screen."""

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
"""Bytes of files from which on a check takes so long that keys would wait for it."""

STILL_READING = form.Problem("task", ("setup.still_reading", {}))

GoOn = Callable[[form.Checked], None]


class _Read(NamedTuple):
    """What the files with these `names` hold, or why they cannot be read, as long as they keep their `stamps`."""

    names: form.FileNames
    stamps: form.Stamps
    inputs: Inputs | PgplayError

    @property
    def is_large(self) -> bool:
        return sum(stamp.size for stamp in self.stamps.texts if stamp is not None) >= LARGE_FILE


def _read(names: form.FileNames, before: _Read | None = None) -> _Read:
    """Read the files called `names`, unless `before` still holds."""
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
    """Checks what is typed in `widget`, which shows the outcome by `show`, and by `wait` that it is on its way.

    No file is read on the screen's thread: what is known of the files counts until they have been looked at again.
    """

    def __init__(self, widget: Widget, show: GoOn, wait: Callable[[], None]) -> None:
        self._widget, self._show, self._wait = widget, show, wait
        self._typed: dict[str, str] = {}
        """What is checked, or was last."""
        self._checked: form.Checked | None = None
        """The outcome; None while it is being checked beside the screen."""
        self._known: _Read | None = None
        self._looking: Worker[None] | None = None

    def now(self, typed: dict[str, str]) -> form.Checked:
        """Show and return what `typed` comes to; while its files are being read, that is the problem."""
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
        """Show and return what `typed` comes to, once its files have been read or seen to be unchanged."""
        checked = self.now(typed)
        looking = self._looking
        if looking is None:
            return checked
        await looking.wait()
        return self._checked if looking is self._looking and self._checked is not None else checked

    def _look(self) -> None:
        self._looking = self._widget.run_worker(self._read_and_check(self._typed), group="check")

    async def _read_and_check(self, typed: dict[str, str]) -> None:
        """Read what is typed, and check and show it where it is still what is typed and anything is new."""
        names, known = form.file_names(typed), self._known
        found = await in_daemon_thread(partial(_read, names, known))
        if typed is not self._typed or (found is known and self._checked is not None):
            return
        if found.is_large:
            checked = await in_daemon_thread(partial(form.check, typed, found.inputs))
        else:
            checked = form.check(typed, found.inputs)
        if typed is self._typed:
            self._known, self._checked = found, checked
            self._show(checked)
