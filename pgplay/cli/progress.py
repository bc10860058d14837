"""Progress of a training on standard error: a bar on a terminal, a few plain lines anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from pgplay.cli.output import note, number, shorten, visible
from pgplay.learning.reports.step_report import StepReport

_REDRAW = 0.1  # seconds
_PLAIN = 5.0  # seconds
_SHORT = 1.0  # seconds
_PRINTED_LINES = 200


class Progress(Protocol):
    """Shows how far a training is; use it in a `with` statement."""

    def __enter__(self) -> Self:
        """Begin to show."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Take down what is shown."""
        ...

    def prepare(self, message: str) -> None:
        """Show how the preparation goes."""
        ...

    def show(self, report: StepReport, share: float | None, seconds_left: float | None) -> None:
        """Show the newest step, the `share` of the way to the goal and the forecast, None where unknown."""
        ...

    def say(self, line: str) -> None:
        """Print a line that stays."""
        ...


def choose_progress() -> Progress:
    """Return the display that fits standard error."""
    return BarProgress() if sys.stderr.isatty() else PlainProgress()


def _facts(report: StepReport) -> str:
    reward = number(report.metrics.get("reward_mean"))
    greedy = next((sample.text for sample in report.samples if sample.role == "greedy"), "")
    return f"step {report.step}  reward {reward}  {shorten(greedy, 40)}"


class PlainProgress:
    """A line for the first step, and then one every five seconds."""

    def __init__(self) -> None:
        self._last = -_PLAIN

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    def prepare(self, message: str) -> None:
        """Print the message where the last line is old enough."""
        self._print(message)

    def show(self, report: StepReport, share: float | None, seconds_left: float | None) -> None:
        """Print a line where the last one is old enough."""
        if report.step == 1:
            self._last = -_PLAIN
        self._print(f"{_facts(report)}  {report.seconds:.1f} s")

    def _print(self, line: str) -> None:
        now = time.monotonic()
        if now - self._last >= _PLAIN:
            self._last = now
            note(line)

    def say(self, line: str) -> None:
        """Print a line."""
        note(line)


class BarProgress:
    """One bar, redrawn at most ten times a second."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._console = Console(stderr=True, highlight=False, emoji=False)
        self._bar = Progress(
            BarColumn(bar_width=24),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}", markup=False),
            console=self._console,
            auto_refresh=False,
            transient=True,
        )
        self._task = self._bar.add_task("starting torch…", total=None, left="")
        self._last = 0.0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bar.stop()

    def prepare(self, message: str) -> None:
        """Show the message beside a bar that only says that something goes on."""
        self._bar.update(self._task, description=shorten(message, 60))
        self._bar.refresh()

    def show(self, report: StepReport, share: float | None, seconds_left: float | None) -> None:
        """Redraw the bar where the last drawing is old enough."""
        self.draw(_facts(report), share, "" if seconds_left is None else f"about {seconds_left:.0f} s left")

    def draw(self, words: str, share: float | None, left: str = "") -> None:
        """Redraw the bar with `words` beside it, where the last drawing is old enough."""
        now = time.monotonic()
        if now - self._last < _REDRAW:
            return
        self._last = now
        total = None if share is None else 1.0
        self._bar.update(self._task, description=visible(words), total=total, completed=share or 0.0, left=left)
        self._bar.refresh()

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        self._console.print(visible(line), markup=False, soft_wrap=True)


class LongWait:
    """Says in a line every five seconds how far something is; nothing of what is done within a second."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._next = time.monotonic() + _SHORT

    def show(self, share: float) -> None:
        """Print the `share` that is done, where the last line is old enough."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _PLAIN
            note(f"{self._what}: {share:.0%}")


class Printed:
    """Passes on what a person's reward prints, as far as a terminal can bear it: the first lines of a run."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._left = _PRINTED_LINES

    def take(self, line: str) -> None:
        """Pass on `line`, from any thread."""
        self._left -= 1
        if self._left >= 0:
            self._say(visible(line))
        elif self._left == -1:
            self._say("(The reward prints more; that is left out here.)")


class RunsProgress:
    """How many of several runs have ended: a bar with the newest step on a terminal, a line for each end anywhere."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._shares: dict[int, float] = {}
        self._ended = 0
        self._bar = BarProgress() if sys.stderr.isatty() else None

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.__exit__(kind, error, traceback)

    def show(self, run: int, name: str, report: StepReport, share: float | None) -> None:
        """Show the newest step of run number `run`, called `name`, and the `share` of its way, None where unknown."""
        self._shares[run] = share or 0.0
        if self._bar is not None:
            reward = number(report.metrics.get("reward_mean"))
            words = f"{self._ended} of {self._total} runs  {name}: step {report.step}  reward {reward}"
            self._bar.draw(words, sum(self._shares.values()) / self._total)

    def end(self, run: int, line: str) -> None:
        """Note that the run number `run` has ended, with a line that stays."""
        self._shares[run] = 1.0
        self._ended += 1
        if self._bar is not None:
            self._bar.say(line)
        else:
            note(f"{self._ended} of {self._total}  {line}")
