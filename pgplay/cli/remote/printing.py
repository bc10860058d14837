"""What a command prints on another machine, printed here: progress as a bar, everything else as it is."""

from __future__ import annotations

import codecs
import sys
from contextlib import ExitStack

from pgplay.cli.output import note, say
from pgplay.cli.progress import Progress, choose_progress
from pgplay.learning.reports.step_report import StepReport
from pgplay.worker.protocol.records import SecondsLeft


class FarPrinter:
    """Prints progress and errors on standard error, results on standard output.

    On a terminal, what could steer it is made visible; a file or a pipe gets the bytes as they came.
    """

    def __init__(self) -> None:
        self._open = ExitStack()
        self._progress: Progress | None = None
        self._errors = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._results = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._line = ""

    def prepare(self, message: str) -> None:
        """Show the state of the preparation."""
        self._show_progress().prepare(message)

    def show(self, report: StepReport, share: float | None, seconds_left: SecondsLeft | None) -> None:
        """Show the newest step."""
        self._show_progress().show(report, share, seconds_left)

    def _show_progress(self) -> Progress:
        if self._progress is None:
            self._progress = self._open.enter_context(choose_progress())
        return self._progress

    def output(self, stream: str, data: bytes) -> None:
        """Print what came on `stream`: errors line by line, results at once."""
        if stream == "stderr":
            *lines, self._line = (self._line + self._errors.decode(data)).split("\n")
            for line in lines:
                self._say(line.rstrip("\r"))
            return
        self._end_progress()
        binary = getattr(sys.stdout, "buffer", None)
        if binary is None or sys.stdout.isatty():
            say(self._results.decode(data), end="")
        else:
            sys.stdout.flush()
            binary.write(data)
            binary.flush()

    def _say(self, line: str) -> None:
        if self._progress is None:
            note(line)
        else:
            self._progress.say(line)

    def _end_progress(self) -> None:
        self._open.close()
        self._progress = None

    def finish(self) -> None:
        """Remove the progress, and print a last line that was not ended."""
        self._end_progress()
        if self._line:
            self._say(self._line)
            self._line = ""
