"""The worker's output: its last lines for a card, and all of it in a file."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import BinaryIO

from pgplay.errors import PgplayError, coded
from pgplay.locale.catalog import text_of
from pgplay.paths import make_folder

TAIL_LINES = 40
MAXIMUM_BYTES = 4 * 1024 * 1024


class WorkerLog:
    """Keeps the tail, and writes to `path`, which starts again when it has grown to 4 MiB (the old one is kept).

    A log that can't be written must not stop training: `problem` then says why, and the tail is still kept.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem = ""
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._file: BinaryIO | None = None
        try:
            make_folder(path.parent)
            self._file = path.open("ab", buffering=0)
        except (OSError, PgplayError) as error:
            self._give_up(error)

    @property
    def tail(self) -> str:
        """The last lines."""
        return "\n".join(self._tail)

    def write(self, line: str) -> None:
        """Add a line, without its newline."""
        self._tail.append(line)
        if self._file is None:
            return
        try:
            self._file.write(line.encode(errors="backslashreplace") + b"\n")
            if self._file.tell() > MAXIMUM_BYTES:
                self._file.close()
                self.path.replace(self.path.with_suffix(".old.log"))
                self._file = self.path.open("ab", buffering=0)
        except OSError as error:
            self._give_up(error)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _give_up(self, error: Exception) -> None:
        self.close()
        self.problem = text_of(*coded("notice.log_not_written", path=self.path, reason=str(error)))
        self._tail.append(self.problem)


