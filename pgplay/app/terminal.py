"""The app's terminal: its input is not trusted, and it alone knows its size."""

from __future__ import annotations

import errno
import os
import signal
from codecs import IncrementalDecoder, getincrementaldecoder
from collections.abc import Callable
from functools import partial

from textual.driver import Driver
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver


def _forgiving_decoder(encoding: str, on_end: Callable[[], None]) -> type[IncrementalDecoder]:
    """Return the decoder of `encoding` that drops what it cannot decode, and calls `on_end` at the end of the input."""
    strict = getincrementaldecoder(encoding)

    class Forgiving(strict):  # type: ignore[misc, valid-type]
        def __init__(self, errors: str = "ignore") -> None:
            super().__init__(errors)

        def decode(self, data: bytes, final: bool = False) -> str:
            if not data and not final:
                on_end()
            text: str = super().decode(data, final)
            return text

    return Forgiving


class TerminalDriver(LinuxDriver):
    """Textual's driver, but a stray byte does not end it, and a real terminal's size overrides COLUMNS and LINES."""

    def start_application_mode(self) -> None:
        """Take over the terminal; its size is known from the first screen on."""
        self._size = self._size or self._get_terminal_size()
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def run_input_thread(self) -> None:
        """Read what the terminal sends; a byte that is not UTF-8 is dropped, and without a terminal the app ends."""
        # Textual (8.2.8) decodes strictly, and a wrong byte ends the app; at the end of the input it keeps
        # reading, which keeps a core busy. Only the decoder has to differ.
        decoder = partial(_forgiving_decoder, on_end=self._lose_terminal)
        linux_driver.getincrementaldecoder = decoder  # type: ignore[assignment, attr-defined]
        try:
            super().run_input_thread()
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            self._lose_terminal()  # Linux says this in the instant before it says that the input has ended

    def _lose_terminal(self) -> None:
        """End as at SIGHUP, which the system sends only to the programs that the terminal controls."""
        self.exit_event.set()
        os.kill(os.getpid(), signal.SIGHUP)

    def _get_terminal_size(self) -> tuple[int, int]:
        # shutil.get_terminal_size, which Textual asks, believes an environment that may be older than the window.
        try:
            width, height = os.get_terminal_size(self.fileno)
        except OSError:
            return super()._get_terminal_size()
        return (width, height) if width and height else super()._get_terminal_size()


def in_place_of(driver: type[Driver]) -> type[Driver]:
    """Return the driver to use where Textual would use `driver`."""
    return TerminalDriver if driver is LinuxDriver else driver
