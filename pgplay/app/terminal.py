"""The terminal that the app draws on: what it sends is not trusted, and its size is its own."""

from __future__ import annotations

import os
from codecs import IncrementalDecoder, getincrementaldecoder

from textual.driver import Driver
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver


def _forgiving_decoder(encoding: str) -> type[IncrementalDecoder]:
    """Return the decoder of `encoding` that drops what it cannot decode."""
    strict = getincrementaldecoder(encoding)

    class Forgiving(strict):  # type: ignore[misc, valid-type]
        def __init__(self, errors: str = "ignore") -> None:
            super().__init__(errors)

    return Forgiving


class TerminalDriver(LinuxDriver):
    """Textual's driver, to which a stray byte is no end and COLUMNS and LINES are no size of a real terminal."""

    def start_application_mode(self) -> None:
        """Take over the terminal; its size is known from the first screen on."""
        self._size = self._size or self._get_terminal_size()
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def run_input_thread(self) -> None:
        """Read what the terminal sends; a byte that is no UTF-8 is dropped."""
        # Textual (8.2.8) decodes strictly, and a wrong byte ends the app; the decoder is all that has to differ.
        linux_driver.getincrementaldecoder = _forgiving_decoder  # type: ignore[assignment, attr-defined]
        super().run_input_thread()

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
