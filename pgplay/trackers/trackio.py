"""trackio, by its Python interface: a run of a project in trackio's local store.

A run that is written again replaces the run of that name. trackio dates each step by when it was written.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pgplay.trackers.base import RunHeader, Tracker
from pgplay.trackers.sample_table import COLUMNS, markdown_rows

if TYPE_CHECKING:
    from pgplay.learning.reports.step_report import Sample


def accept_project(project: str) -> None:
    """Accept any project: trackio's store is a local folder of its own."""


def open_trackio_run(project: str, header: RunHeader) -> Tracker:
    """Begin the run in `project`, in place of a former one of its name."""
    return _TrackioRun(project, header)


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keep what trackio prints from standard output."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


class _TrackioRun:
    """One run in trackio."""

    def __init__(self, project: str, header: RunHeader) -> None:
        import trackio

        self._markdown, self._finish = trackio.Markdown, trackio.finish
        with _quietly():
            with contextlib.suppress(ValueError):  # a project without runs
                for former in list(trackio.Api().runs(project)):
                    if former.name == header.name:
                        former.delete()
            self._run = trackio.init(
                project, header.name, config=header.description, embed=False, auto_log_gpu=False, auto_log_cpu=False
            )

    def log(self, step: int, metrics: Mapping[str, float], seconds: float) -> None:
        """Hand over the metrics of a step."""
        self._run.log(dict(metrics), step=step)

    def show_samples(self, step: int, samples: Sequence[Sample], seconds: float) -> None:
        """Hand over a step's samples as a table in Markdown."""
        rows = [COLUMNS, ("---",) * len(COLUMNS), *markdown_rows(samples)]
        table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
        self._run.log({"samples": self._markdown(table)}, step=step)

    def flush(self) -> None:
        """Do nothing: trackio writes within moments by itself."""

    def close(self) -> None:
        """Write what is left and end the run."""
        with _quietly():
            self._finish()
