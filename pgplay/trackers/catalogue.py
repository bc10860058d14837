"""The trackers by name, what each needs, and what a person types to choose one: `tensorboard:DIR`."""

from __future__ import annotations

import importlib.util
import shlex
from collections.abc import Callable
from typing import NamedTuple

from pgplay.errors import InputError, look_up
from pgplay.trackers.base import RunHeader, Tracker
from pgplay.trackers.mlflow import check_mlflow_server, open_mlflow_run
from pgplay.trackers.tensorboard import check_log_folder, open_event_file
from pgplay.trackers.trackio import accept_project, open_trackio_run
from pgplay.trackers.wandb import accept_wandb_project, open_wandb_run


class TrackerKind(NamedTuple):
    """A tracker: its package, its default place (empty: what its own settings say), and the command to look at it.

    `check` raises PgplayError where nothing can be written to a place, without loading the package; `open` begins
    a run.
    """

    package: str
    place: str
    to_look: str
    check: Callable[[str], None]
    open: Callable[[str, RunHeader], Tracker]


TRACKERS = {
    "tensorboard": TrackerKind(
        package="tensorboard",
        place="tensorboard-logs",
        to_look="tensorboard --logdir {place}",
        check=check_log_folder,
        open=open_event_file,
    ),
    "mlflow": TrackerKind(
        package="mlflow",
        place="",
        to_look="mlflow ui --backend-store-uri {place}",
        check=check_mlflow_server,
        open=open_mlflow_run,
    ),
    "trackio": TrackerKind(
        package="trackio",
        place="pgplay",
        to_look="trackio show --project {place}",
        check=accept_project,
        open=open_trackio_run,
    ),
    "wandb": TrackerKind(
        package="wandb",
        place="pgplay",
        to_look="wandb leet",
        check=accept_wandb_project,
        open=open_wandb_run,
    ),
}


ABOUT_TRACKERS = (
    "tensorboard[:FOLDER] (default: tensorboard-logs), mlflow[:URI], trackio[:PROJECT] or wandb[:PROJECT] "
    "(default: pgplay)"
)
"""What --track and --to take, for a line of help."""


class TrackerChoice(NamedTuple):
    """A tracker and the place in it, such as a folder."""

    name: str
    place: str

    def __str__(self) -> str:
        return f"{self.name}:{self.place}" if self.place else self.name

    @property
    def to_look(self) -> str:
        """The command that shows what was written, or the server's address."""
        if self.place.startswith(("http://", "https://")):
            return self.place
        command, option, place = TRACKERS[self.name].to_look.partition(" --")
        return (command + option + place).format(place=shlex.quote(self.place)) if self.place else command

    def check(self) -> None:
        """Raise InputError where the tracker's package is missing, PgplayError where its place can't be written."""
        kind = TRACKERS[self.name]
        if importlib.util.find_spec(kind.package) is None:
            raise InputError("tracker.lacks_package", name=self.name, package=kind.package)
        kind.check(self.place)

    def open(self, header: RunHeader) -> Tracker:
        """Begin, or begin anew, a run in the tracker."""
        return TRACKERS[self.name].open(self.place, header)


def read_tracker(text: str) -> TrackerChoice:
    """Return the tracker that `text` (NAME or NAME:PLACE) names; raises UnknownName with the nearest."""
    name, _, place = text.partition(":")
    name = name.lower()
    kind = look_up("tracker", name, TRACKERS)
    return TrackerChoice(name, place or kind.place)
