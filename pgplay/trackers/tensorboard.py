"""TensorBoard's event files, written by the package `tensorboard` alone, without torch or TensorFlow.

A run is the folder DIR/RUN. A run that is written again replaces the event file that pgplay wrote before; the new file
begins with a restart at step 0, after which a TensorBoard that is open shows the new values in place of the old.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pgplay.config.recipe import to_command, to_recipe
from pgplay.files.atomic import as_user_errors
from pgplay.paths import expand_home
from pgplay.trackers.base import RunHeader, Tracker
from pgplay.trackers.sample_table import COLUMNS, escape_markdown, markdown_rows

if TYPE_CHECKING:
    from pgplay.learning.reports.step_report import Sample

_FLUSH_SECONDS = 5
_ENDING = ".pgplay"
"""The ending of event files that pgplay wrote, so that no other program's file is replaced."""


def check_log_folder(place: str) -> None:
    """Create the folder `place` if it is missing; raises PgplayError where no file can be written into it."""
    _make_writable(expand_home(place))


def open_event_file(place: str, header: RunHeader) -> Tracker:
    """Begin the run's event file in its folder under `place`."""
    folder = expand_home(place) / header.name
    _make_writable(folder)
    with as_user_errors(("action.write", {"name": header.name}), folder):
        for former in folder.glob(f"events.out.tfevents.*{_ENDING}"):
            former.unlink()
        return _EventFile(folder, header)


def _make_writable(folder: Path) -> None:
    probe = folder / ".pgplay-probe"
    with as_user_errors(("action.write", {"name": folder.name}), folder):
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()


class _EventFile:
    """One event file of a run. The wall time of a step is when the run began plus the seconds of training."""

    def __init__(self, folder: Path, header: RunHeader) -> None:
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.plugins.text.metadata import create_summary_metadata
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self._event, self._summary = Event, Summary
        self._text = create_summary_metadata(display_name=None, description=None)
        self._began = header.began
        self._writer = EventFileWriter(str(folder), 1000, _FLUSH_SECONDS, _ENDING)
        restart = SessionLog(status=SessionLog.START)
        self._writer.add_event(Event(wall_time=header.began, step=0, session_log=restart))
        recipe, command = (escape_markdown(text(header.config)) for text in (to_recipe, to_command))
        self._add(0, 0.0, [self._text_value("recipe", [recipe], (1,)), self._text_value("command", [command], (1,))])

    def log(self, step: int, metrics: Mapping[str, float], seconds: float) -> None:
        """Add the metrics of a step as scalars."""
        value = self._summary.Value
        self._add(step, seconds, [value(tag=name, simple_value=number) for name, number in metrics.items()])

    def show_samples(self, step: int, samples: Sequence[Sample], seconds: float) -> None:
        """Add a step's samples as a table."""
        rows = [COLUMNS, *markdown_rows(samples)]
        cells = [cell for row in rows for cell in row]
        self._add(step, seconds, [self._text_value("samples", cells, (len(rows), len(COLUMNS)))])

    def flush(self) -> None:
        """Write everything so far to the file."""
        self._writer.flush()

    def close(self) -> None:
        """Write what is left and close the file."""
        self._writer.close()

    def _add(self, step: int, seconds: float, values: Iterable[Any]) -> None:
        event = self._event(wall_time=self._began + seconds, step=step, summary=self._summary(value=values))
        self._writer.add_event(event)

    def _text_value(self, tag: str, texts: Sequence[str], shape: Sequence[int]) -> Any:
        """Return `texts` as a list or, with rows and columns in `shape`, a table."""
        from tensorboard.compat.proto.tensor_pb2 import TensorProto
        from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
        from tensorboard.compat.proto.types_pb2 import DT_STRING

        sizes = TensorShapeProto(dim=[TensorShapeProto.Dim(size=size) for size in shape])
        tensor = TensorProto(dtype=DT_STRING, tensor_shape=sizes, string_val=[text.encode() for text in texts])
        return self._summary.Value(tag=tag, metadata=self._text, tensor=tensor)
