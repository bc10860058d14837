"""Training progress on standard error: a bar on a terminal, a few plain lines anywhere else."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Protocol, Self

from pgplay.cli.output import format_number, note, shorten, visible
from pgplay.learning.reports.step_report import Sample, StepReport
from pgplay.locale.quoting import percent, time_range
from pgplay.worker.protocol.records import SecondsLeft

JOB = "PGPLAY_JOB"
"""The variable of the environment that names the folder of the job that a process is, for another machine."""
_REDRAW = 0.1  # seconds
_PLAIN = 5.0  # seconds
_SHORT = 1.0  # seconds
_PRINTED_LINES = 200


class Progress(Protocol):
    """Shows training progress; a context manager."""

    def __enter__(self) -> Self:
        """Start showing progress."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Remove the display."""
        ...

    def begin(self, run: str) -> None:
        """Take note of which run it is."""
        ...

    def prepare(self, message: str) -> None:
        """Show the state of the preparation."""
        ...

    def show(self, report: StepReport, share: float | None, seconds_left: SecondsLeft | None) -> None:
        """Show the newest step, the `share` of the way to the goal and the forecast; None if unknown."""
        ...

    def say(self, line: str) -> None:
        """Print a line that stays."""
        ...


def choose_progress() -> Progress:
    """Return the display that suits standard error; a job's is shown on another machine."""
    job = os.environ.get(JOB)
    if job:
        from pgplay.cli.remote.relayed_progress import RelayedProgress

        return RelayedProgress(job)
    return BarProgress() if sys.stderr.isatty() else PlainProgress()


def name_job(name: str) -> None:
    """Note what this process trains, if it is a job: by this name another machine finds it."""
    job = os.environ.get(JOB)
    if job:
        from pathlib import Path

        from pgplay.worker.server.jobs import Job

        Job(Path(job)).name_run(name)


def facts_of_step(step: int, metrics: Mapping[str, float], samples: Iterable[Sample]) -> str:
    """Return a line about a step: its reward, and the greedy completion among its `samples`."""
    greedy = next((sample.text for sample in samples if sample.role == "greedy"), "")
    return f"step {step}  reward {format_number(metrics.get('reward_mean'))}  {shorten(greedy, 40)}"


def _facts(report: StepReport) -> str:
    return facts_of_step(report.step, report.metrics, report.samples)


class PlainProgress:
    """Prints a line for the first step, then one every five seconds."""

    def __init__(self) -> None:
        self._last = -_PLAIN

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    def begin(self, run: str) -> None:
        """Print nothing: the summary names the run."""

    def prepare(self, message: str) -> None:
        """Print the message if the last line is old enough."""
        self._print(message)

    def show(self, report: StepReport, share: float | None, seconds_left: SecondsLeft | None) -> None:
        """Print a line if the last one is old enough."""
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
    """A bar, redrawn at most ten times per second."""

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

    def begin(self, run: str) -> None:
        """Show nothing: the summary names the run."""

    def prepare(self, message: str) -> None:
        """Show the message beside an indeterminate bar."""
        self._bar.update(self._task, description=shorten(message, 60))
        self._bar.refresh()

    def show(self, report: StepReport, share: float | None, seconds_left: SecondsLeft | None) -> None:
        """Redraw the bar if it was last drawn long enough ago."""
        left = f"{time_range(seconds_left.fewest, seconds_left.most)} left" if seconds_left else ""
        self.draw(_facts(report), share, left)

    def draw(self, text: str, share: float | None, left: str = "") -> None:
        """Redraw the bar with `text` beside it, if it was last drawn long enough ago."""
        now = time.monotonic()
        if now - self._last < _REDRAW:
            return
        self._last = now
        total = None if share is None else 1.0
        self._bar.update(self._task, description=visible(text), total=total, completed=share or 0.0, left=left)
        self._bar.refresh()

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        self._console.print(visible(line), markup=False, soft_wrap=True)


class LongWait:
    """Prints the progress of a long operation every five seconds; nothing if it finishes within a second."""

    def __init__(self, operation: str) -> None:
        self._operation = operation
        self._next = time.monotonic() + _SHORT

    def show(self, share: float) -> None:
        """Print the `share` that is done, if the last line is old enough."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _PLAIN
            note(f"{self._operation}: {percent(share)}")


class Printed:
    """Passes on what a person's reward prints: the first lines of a run only."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._left = _PRINTED_LINES

    def take(self, line: str) -> None:
        """Pass on `line`, from any thread."""
        self._left -= 1
        if self._left >= 0:
            self._say(visible(line))
        elif self._left == -1:
            self._say("(Further output of the reward is not shown.)")


class RunsProgress:
    """Progress of several runs: on a terminal a bar with the newest step; a line whenever one ends."""

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
        """Show the newest step of run number `run`, called `name`, and the `share` of its way (None if unknown)."""
        self._shares[run] = share or 0.0
        if self._bar is not None:
            reward = format_number(report.metrics.get("reward_mean"))
            text = f"{self._ended} of {self._total} runs  {name}: step {report.step}  reward {reward}"
            self._bar.draw(text, sum(self._shares.values()) / self._total)

    def end(self, run: int, line: str) -> None:
        """Record that run number `run` has ended, and print `line`."""
        self._shares[run] = 1.0
        self._ended += 1
        self.say(line if self._bar is not None else f"{self._ended} of {self._total}  {line}")

    def say(self, line: str) -> None:
        """Print `line` above the bar, if there is one."""
        if self._bar is not None:
            self._bar.say(line)
        else:
            note(line)
