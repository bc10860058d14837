"""A stored run as an object: its metrics, samples, policy and curves."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any, NamedTuple

from pgplay.api.text_policy import TextPolicy
from pgplay.config.recipe import to_recipe
from pgplay.config.run_config import RunConfig
from pgplay.errors import coded
from pgplay.export.formats import export_run
from pgplay.files.atomic import write_atomically
from pgplay.learning.algorithms.table import no_policy
from pgplay.learning.reports.step_report import Sample
from pgplay.learning.training_state import by_part
from pgplay.policies.build import build_policy
from pgplay.policies.density import Density
from pgplay.policies.devices import resolve_device
from pgplay.runs.checkpoint import unpack
from pgplay.runs.checkpoint_content import read_usable
from pgplay.runs.database_reader import DatabaseReader
from pgplay.runs.names import find_run


class TrainedRun:
    """The stored run called `name`, read anew with every question, so it may be in training elsewhere.

    Raises InputError for an unknown name, PgplayError for a damaged run.
    """

    def __init__(self, name: str) -> None:
        self.name = find_run(name).name

    def __repr__(self) -> str:
        return f"<TrainedRun {self.name}: {self.state} after {self.steps} steps>"

    @property
    def state(self) -> str:
        """Its last state: training, paused, solved, finished or failed."""
        with self._reader() as reader:
            return reader.state

    @property
    def message(self) -> str:
        """Why it ended, in words; empty while it trains."""
        with self._reader() as reader:
            return reader.message

    @property
    def config(self) -> RunConfig:
        """Its settings as they began."""
        with self._reader() as reader:
            return reader.config

    @property
    def recipe(self) -> str:
        """Its settings as one line, which `pgplay train --recipe` takes."""
        return to_recipe(self.config)

    @property
    def steps(self) -> int:
        """The number of steps made."""
        with self._reader() as reader:
            return reader.progress().steps

    @property
    def solved(self) -> bool:
        """Whether it ended because greedy decoding writes every training target exactly."""
        return self.state == "solved"

    @property
    def metrics(self) -> Any:
        """The metrics of all steps: a pandas DataFrame by step where pandas is installed, else a dict of lists.

        The dict has a list `step` and one per metric, with None where a step lacks the metric.
        """
        with self._reader() as reader:
            names, rows = reader.metrics(), [*reader.each_row()]
        try:
            pandas: Any = importlib.import_module("pandas")
        except ImportError:
            columns = {name: [metrics.get(name) for _, metrics in rows] for name in names}
            return {"step": [step for step, _ in rows], **columns}
        frame = pandas.DataFrame([metrics for _, metrics in rows], columns=names)
        frame.index = pandas.Index([step for step, _ in rows], name="step")
        return frame

    def samples(self, step: int | None = None) -> tuple[Sample, ...]:
        """Return the completions that were kept at `step`, by default the newest step that kept some."""
        with self._reader() as reader:
            if step is None:
                step = max(reader.sampled_steps(), default=0)
            return reader.samples(step)

    @property
    def policy(self) -> TextPolicy:
        """The policy of its last checkpoint; raises InputError if the run trains none."""
        folder = find_run(self.name)
        checkpoint, content = read_usable(folder)
        subject = coded("place.checkpoint", step=checkpoint.state["step"], run=self.name)
        tensors = by_part(unpack(checkpoint.tensors, subject))
        if "policy" not in tensors:
            raise no_policy(content.config.algorithm)
        policy = build_policy(content.shape, resolve_device("auto"))
        policy.load_state(tensors["policy"])
        return TextPolicy(policy, Density.of(content.config))

    def plot(self, *metrics: str) -> Picture:
        """Return the curves of `metrics`, by default the usual ones; a notebook shows them.

        Raises InputError for a metric that the run does not have.
        """
        with self._reader() as reader:
            return Picture(b"".join(export_run(reader, "svg", metrics)).decode())

    def export(self, file: str | os.PathLike[str]) -> Path:
        """Write the run as `file`, whose suffix says how: csv, jsonl, svg, png, pdf or html; raises InputError."""
        path = Path(file)
        with self._reader() as reader:
            write_atomically(path, b"".join(export_run(reader, path.suffix.removeprefix("."))))
        return path

    def _reader(self) -> DatabaseReader:
        return DatabaseReader.open(self.name)


class Picture(NamedTuple):
    """A drawing in SVG, which a notebook shows."""

    svg: str

    def __repr__(self) -> str:
        return f"<Picture: {len(self.svg):,} characters of SVG>"

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, file: str | os.PathLike[str]) -> Path:
        """Write it as `file`; raises PgplayError where that can't be written."""
        path = Path(file)
        write_atomically(path, self.svg.encode())
        return path
