"""The trackers by name, what each needs, and what a person types to choose one: `tensorboard:DIR`."""

from __future__ import annotations

import importlib
import importlib.util
import shlex
from collections.abc import Callable
from typing import NamedTuple

from pgplay.errors import InputError, look_up
from pgplay.trackers.base import RunHeader, Tracker


class TrackerKind(NamedTuple):
    """A tracker: its package, the module that writes for it, its default place, and the command to look at it.

    An empty place is the tracker's own default.

    The module has `check_place(place)`, which raises PgplayError where nothing can be written, and
    `open_tracker(place, header)`.
    """

    package: str
    module: str
    place: str
    to_look: str


TRACKERS = {
    "tensorboard": TrackerKind(
        "tensorboard", "pgplay.trackers.tensorboard", "tensorboard-logs", "tensorboard --logdir {place}"
    ),
    "mlflow": TrackerKind("mlflow", "pgplay.trackers.mlflow", "", "mlflow ui --backend-store-uri {place}"),
}


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
        package = TRACKERS[self.name].package
        if importlib.util.find_spec(package) is None:
            raise InputError("tracker.lacks_package", name=self.name, package=package)
        check_place: Callable[[str], None] = importlib.import_module(TRACKERS[self.name].module).check_place
        check_place(self.place)

    def open(self, header: RunHeader) -> Tracker:
        """Begin, or begin anew, a run in the tracker."""
        open_tracker: Callable[[str, RunHeader], Tracker] = importlib.import_module(
            TRACKERS[self.name].module
        ).open_tracker
        return open_tracker(self.place, header)


def read_tracker(text: str) -> TrackerChoice:
    """Return the tracker that `text` (NAME or NAME:PLACE) names; raises UnknownName with the nearest."""
    name, _, place = text.partition(":")
    name = name.lower()
    kind = look_up("tracker", name, TRACKERS)
    return TrackerChoice(name, place or kind.place)
