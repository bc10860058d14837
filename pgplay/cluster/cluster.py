"""A Ray cluster, through the process that speaks to it; Ray is not loaded here."""

from __future__ import annotations

import importlib.util
import os
import queue
import tempfile
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import msgspec

from pgplay.cluster.messages import (
    ClusterAnswer,
    Connected,
    NotConnected,
    StopRuns,
    Told,
    Train,
    answer_decoder,
    to_line,
)
from pgplay.cluster.shares import Share, share_of
from pgplay.config.engine import Engine
from pgplay.config.run_config import RunConfig
from pgplay.errors import InputError, PgplayError
from pgplay.learning.inputs import read_texts
from pgplay.limits import available_cores
from pgplay.locale.catalog import text_of
from pgplay.runs.database_reader import DatabaseReader
from pgplay.worker.client.helper_process import HelperProcess
from pgplay.worker.protocol.codec import MAXIMUM_LINE
from pgplay.worker.protocol.commands import Resume, Start

_PATIENCE = 60.0
"""Seconds for a cluster to answer; it usually takes some seconds."""
_PATIENCE_TO_START = 180.0
"""Seconds for a Ray of this machine, or for what a client server starts for pgplay: some, or many on a busy machine."""
_SHORT = "/tmp" if os.path.isdir("/tmp") else None
"""Where Ray's files are: the paths of its sockets must be short, so that a longer temporary folder won't do."""
_LAST_SECONDS = 45.0
"""Seconds for the last checkpoints of all runs to come back and for Ray to end."""


class Cluster:
    """The Ray of `engine`, which trains runs of `configs`, at most `jobs` at once (None: as many as it takes).

    An empty address means a Ray of its own on this machine, which is started and ended. `note` gets notices. Use it in
    a `with`, which raises InputError where Ray is not installed or has no room for one of the runs, and PgplayError
    where the cluster can't be reached or used.
    """

    def __init__(
        self, engine: Engine, jobs: int | None, configs: Sequence[RunConfig], note: Callable[[str], object]
    ) -> None:
        if importlib.util.find_spec("ray") is None:
            raise InputError("ray.not_installed")
        self._engine = engine
        self._most = jobs
        self._shares = list(dict.fromkeys(map(share_of, configs)))
        self._note = note
        self._answers: queue.SimpleQueue[ClusterAnswer | None] = queue.SimpleQueue()
        self._begun = 0

    def __enter__(self) -> Self:
        address = self._engine.address
        cores = max(available_cores(), (self._most or 1) * int(max(share.cpus for share in self._shares)))
        self._folder = tempfile.TemporaryDirectory(prefix="pgplay-", dir=_SHORT, ignore_cleanup_errors=True)
        words = str(self._engine), str(cores), str(self._most or 0), self._folder.name
        self._process = HelperProcess("pgplay.cluster", *words, speaks=True)
        threading.Thread(target=self._read, daemon=True).start()
        starts_something = not address or address.startswith("ray://")
        patience = _PATIENCE_TO_START if starts_something else _PATIENCE
        try:
            answer = self.next_answer(patience)
            if not isinstance(answer, Connected):
                code = "ray.no_answer" if address else "ray.too_slow"
                raise PgplayError(code, address=address, seconds=patience)
            self.jobs = self._most or self._room(answer.nodes)
        except BaseException:
            self._leave(0.0)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._leave(_LAST_SECONDS)

    def _leave(self, patience: float) -> None:
        if self._process.alive and self._process.finish(patience) is None:
            self._process.kill()
        self._folder.cleanup()

    def next_answer(self, patience: float) -> ClusterAnswer | None:
        """Return what Ray's process says next, None if nothing within `patience` seconds.

        Raises PgplayError if Ray can't be reached, or is gone.
        """
        try:
            answer = self._answers.get(timeout=patience)
        except queue.Empty:
            return None
        match answer:
            case NotConnected(code=code, values=values):
                raise PgplayError(code, **values)
            case Told(code=code, values=values):
                self._note(text_of(code, values))
            case None:
                raise PgplayError("ray.ended", reason=self._process.finish(_LAST_SECONDS) or "")
        return answer

    def train(self, command: Start | Resume) -> int:
        """Have the run of `command` trained, and return its number; raises InputError for a file it can't read."""
        if isinstance(command, Start):
            config = command.config
            command = msgspec.structs.replace(command, texts=read_texts(config))
        else:
            with DatabaseReader.open(command.run) as run:
                config = run.config
        line = to_line(Train(self._begun, command, share_of(config)))
        if len(line) > MAXIMUM_LINE:
            raise InputError("ray.large_input", most=MAXIMUM_LINE)
        self._process.send(line)
        self._begun += 1
        return self._begun - 1

    def stop(self) -> None:
        """End every run at its next step, kept with a checkpoint, and begin no other."""
        self._process.send(to_line(StopRuns()))

    def _read(self) -> None:
        try:
            for line in self._process.lines():
                if line.strip():
                    self._answers.put(answer_decoder.decode(line))
        finally:
            self._answers.put(None)

    def _room(self, nodes: Sequence[Share]) -> int:
        """Return how many runs `nodes` take at once; raises InputError if none takes one of them."""
        room = {share: sum(share.times_in(node) for node in nodes) for share in self._shares}
        for share, runs in room.items():
            if not runs:
                raise InputError("ray.no_room", cpus=int(share.cpus), gpus=share.gpus)
        return min(room.values())
