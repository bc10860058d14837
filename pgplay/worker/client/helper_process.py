"""A further process of pgplay beside the one that a person sees; it ends with its standard input."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from pgplay.locale.catalog import text_of
from pgplay.worker.client.client import kill_group, worker_environment
from pgplay.worker.exit_reason import coded_exit

_LONGEST_REASON = 2_000  # bytes


class HelperProcess:
    """`python -m MODULE WORD…`; raises OSError where it can't be started.

    It ends when its standard input does: after `finish`, or when the process that made it is gone. Its output is
    `lines` if it `speaks`, else nobody reads it.
    """

    def __init__(self, module: str, *words: str, speaks: bool = False) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed by finish
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", module, *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if speaks else subprocess.DEVNULL,
                stderr=self._errors,
                env=worker_environment(),
                start_new_session=True,  # Ctrl-C is the person's
            )
        except BaseException:
            self._errors.close()
            raise

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def send(self, data: bytes) -> None:
        """Write `data` to its standard input; ignored if it is gone."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(data)
            self._process.stdin.flush()

    def lines(self) -> Iterator[bytes]:
        """Yield what it prints, line by line, until it ends."""
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            yield from lines

    def kill(self) -> None:
        """Kill it and the children in its group."""
        kill_group(self.pid, self._process.kill)
        self._process.wait()
        self._errors.close()

    def end(self) -> None:
        """End its standard input, upon which it ends in its own time."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def finish(self, patience: float) -> str | None:
        """Let the process do what is left and end, for `patience` seconds.

        Returns None if it still works, an empty text if everything is done, else why it failed, in a sentence.
        """
        self.end()
        try:
            code = self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._errors.close()
            return None
        with self._errors:
            return self._reason(code) if code else ""

    def _reason(self, code: int) -> str:
        """Return the last line that the process wrote, or what killed it."""
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - _LONGEST_REASON))
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        sentence = lines[-1] if lines else text_of(*coded_exit(code))
        return sentence if sentence.endswith(".") else f"{sentence}."
