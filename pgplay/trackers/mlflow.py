"""MLflow, by its client: a run of the experiment `pgplay` in any of its stores, such as an SQLite file or a server.

A run that is written again replaces the run of that name: MLflow marks the former one as deleted.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from pgplay.config.recipe import to_command, to_recipe
from pgplay.config.run_config import to_settings
from pgplay.errors import PgplayError
from pgplay.trackers.base import RunHeader, Tracker

if TYPE_CHECKING:
    from pgplay.learning.reports.step_report import Sample

_EXPERIMENT = "pgplay"
_NAME_TAG = "pgplay.run"
_MOST_METRICS, _LONGEST_PARAMETER = 1000, 6000  # MLflow's limits: per batch, and of characters
_REFUSED_CHARACTER = re.compile(r"[^/\w.\- :]")
_PATIENCE = 5.0  # seconds that a server may take to answer


def check_mlflow_server(place: str) -> None:
    """Raise PgplayError where the server at `place` does not answer; other stores are tried when the run begins."""
    if not place.startswith(("http://", "https://")):
        return
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(f"{place.rstrip('/')}/health", timeout=_PATIENCE):
            pass
    except (OSError, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise PgplayError("tracker.down", name="mlflow", place=place, reason=str(reason)) from error


def open_mlflow_run(place: str, header: RunHeader) -> Tracker:
    """Begin the run in the store `place`, by default the one that MLflow's own settings name."""
    with _plainly():
        return _MlflowRun(place, header)


@contextlib.contextmanager
def _plainly() -> Iterator[None]:
    """Turn what MLflow refuses into a PgplayError."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        raise PgplayError("tracker.failed", name="mlflow", reason=str(error).strip().partition("\n")[0]) from error


class _MlflowRun:
    """One run in MLflow. A step's timestamp is when the run began plus the seconds of training."""

    def __init__(self, place: str, header: RunHeader) -> None:
        from mlflow import MlflowClient
        from mlflow.entities import Metric, Param

        self._metric = Metric
        self._began, self._last = header.began, header.began
        self._metrics: list[Any] = []
        self._samples: list[bytes] = []
        self._client = MlflowClient(tracking_uri=place or None)
        experiment = self._client.get_experiment_by_name(_EXPERIMENT)
        number = experiment.experiment_id if experiment else self._client.create_experiment(_EXPERIMENT)
        for former in self._client.search_runs([number], f"tags.`{_NAME_TAG}` = '{header.name}'"):
            self._client.delete_run(former.info.run_id)
        tags = {_NAME_TAG: header.name, "mlflow.note.content": to_command(header.config)}
        began = _milliseconds(header.began)
        self._run = self._client.create_run(number, start_time=began, tags=tags, run_name=header.name).info.run_id
        values = {"recipe": to_recipe(header.config), **to_settings(header.config)}
        parameters = [Param(name, str(value)[:_LONGEST_PARAMETER]) for name, value in values.items()]
        self._client.log_batch(self._run, params=parameters)

    def log(self, step: int, metrics: Mapping[str, float], seconds: float) -> None:
        """Keep the metrics of a step for the next flush; characters that MLflow refuses in names become `_`."""
        self._last = self._began + seconds
        time = _milliseconds(self._last)
        self._metrics += [
            self._metric(_REFUSED_CHARACTER.sub("_", name), value, time, step) for name, value in metrics.items()
        ]

    def show_samples(self, step: int, samples: Sequence[Sample], seconds: float) -> None:
        """Keep a step's samples for the artifact `samples.jsonl`."""
        self._samples += [msgspec.json.encode(sample) for sample in samples]

    def flush(self) -> None:
        """Write the metrics so far."""
        with _plainly():
            while self._metrics:
                self._client.log_batch(self._run, metrics=self._metrics[:_MOST_METRICS])
                del self._metrics[:_MOST_METRICS]

    def close(self) -> None:
        """Write what is left, the samples among it, and end the run."""
        self.flush()
        with _plainly():
            if self._samples:
                self._client.log_text(self._run, b"\n".join(self._samples).decode(), "samples.jsonl")
            self._client.set_terminated(self._run, end_time=_milliseconds(self._last))


def _milliseconds(seconds: float) -> int:
    return round(1000 * seconds)
