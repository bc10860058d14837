"""Weights & Biases, by its Python library: a run of a project, on its server or, with WANDB_MODE=offline, in a folder.

A run that is written again is a further run of that name: Weights & Biases never takes an id twice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pgplay.errors import PgplayError
from pgplay.trackers.base import RunHeader, Tracker
from pgplay.trackers.sample_table import COLUMNS, plain_rows

if TYPE_CHECKING:
    from pgplay.learning.reports.step_report import Sample


def accept_wandb_project(project: str) -> None:
    """Accept any project: whether there is a way to the server, only the run itself can find out."""


def open_wandb_run(project: str, header: RunHeader) -> Tracker:
    """Begin the run in `project`, which may be ENTITY/PROJECT; raises PgplayError without a login."""
    return _WandbRun(project, header)


@contextlib.contextmanager
def _plainly() -> Iterator[None]:
    """Turn what Weights & Biases refuses into a PgplayError."""
    from wandb.errors import Error

    try:
        yield
    except Error as error:
        reason = str(error).strip().partition("\n")[0]
        raise PgplayError("tracker.failed", name="wandb", reason=reason) from error


class _WandbRun:
    """One run in Weights & Biases, whose steps bear their wall time."""

    def __init__(self, project: str, header: RunHeader) -> None:
        import wandb

        entity, _, name = project.rpartition("/")
        quiet = wandb.Settings(
            console="off", silent=True, x_disable_stats=True, x_disable_meta=True, disable_git=True, disable_code=True
        )
        self._began = header.began
        self._table = wandb.Table
        with _plainly():
            self._run: Any = wandb.init(
                project=name, entity=entity or None, name=header.name, config=header.description, settings=quiet
            )

    def log(self, step: int, metrics: Mapping[str, float], seconds: float) -> None:
        """Hand over the metrics of a step."""
        self._log(step, metrics, seconds)

    def show_samples(self, step: int, samples: Sequence[Sample], seconds: float) -> None:
        """Hand over a step's samples as a table."""
        self._log(step, {"samples": self._table(columns=list(COLUMNS), data=plain_rows(samples))}, seconds)

    def flush(self) -> None:
        """Do nothing: a process of Weights & Biases writes within moments."""

    def close(self) -> None:
        """Write what is left and end the run."""
        with _plainly():
            self._run.finish()

    def _log(self, step: int, values: Mapping[str, object], seconds: float) -> None:
        with _plainly():
            self._run.log({**values, "_timestamp": self._began + seconds}, step=step)
