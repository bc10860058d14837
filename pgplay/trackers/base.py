"""What an experiment tracker takes from a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from pgplay.config.recipe import to_command, to_recipe
from pgplay.config.run_config import to_settings

if TYPE_CHECKING:
    from pgplay.config.run_config import RunConfig
    from pgplay.learning.reports.step_report import Sample


class RunHeader(NamedTuple):
    """What a tracker shows of a run beside its steps; `began` is in seconds since 1970."""

    name: str
    config: RunConfig
    began: float

    @property
    def description(self) -> dict[str, object]:
        """The recipe, the command, and the settings that differ from the defaults."""
        return {"recipe": to_recipe(self.config), "command": to_command(self.config), **to_settings(self.config)}


class Tracker(Protocol):
    """A run in an experiment tracker, from its first step on; steps come in order.

    `seconds` count from the run's first step, without pauses, as in the store. Any method may raise OSError, or
    PgplayError in plain words.
    """

    def log(self, step: int, metrics: Mapping[str, float], seconds: float) -> None:
        """Add the metrics of a step, by the names of `trackers.metric_names`."""
        ...

    def show_samples(self, step: int, samples: Sequence[Sample], seconds: float) -> None:
        """Add a step's samples as text."""
        ...

    def flush(self) -> None:
        """Make everything so far visible to readers."""
        ...

    def close(self) -> None:
        """Write what is left and end."""
        ...
