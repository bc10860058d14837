"""Where a process of Ray trains runs, one after another: a worker process, and a store in a temporary folder."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile

from pgplay.cluster.messages import RunInput
from pgplay.files.atomic import kept_folders
from pgplay.library.archive import import_archive
from pgplay.limits import CORES
from pgplay.paths import HOME, policies_folder, runs_folder
from pgplay.runs.copies import unpack_run
from pgplay.worker.client.pool import RunOutcome
from pgplay.worker.client.streaming_worker import StreamingWorker
from pgplay.worker.protocol.commands import Reset

_DELETES_LATER = """
import os, shutil, sys, time
sys.stdin.read()
for _ in range(100):  # the worker may be writing its last checkpoint
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    if not os.path.exists(sys.argv[1]):
        break
    time.sleep(0.1)
"""
"""A program that deletes a folder once its standard input ends, with the process that started it.

Its standard output ends when the folder is deleted.
"""
_STARTS = "import subprocess, sys; subprocess.Popen(sys.argv[1:])"
"""A program that starts another one and ends: Ray kills its processes together with their children."""
_DECISIVE = (CORES, "CUDA_VISIBLE_DEVICES")
"""The variables of the environment that a worker keeps as they were when it was started."""


class NodeWorker:
    """A worker that stays for the next run, as torch takes seconds to load; a store, empty between runs; a loop."""

    def __init__(self) -> None:
        self.environment = _environment()
        self._home = tempfile.mkdtemp(prefix="pgplay-")
        os.environ[HOME] = self._home
        python = [sys.executable, "-I", "-S", "-c"]
        command = [*python, _STARTS, *python, _DELETES_LATER, self._home]
        pipe = subprocess.PIPE
        self._deleter = subprocess.Popen(command, stdin=pipe, stdout=pipe, start_new_session=True)
        self._deleter.wait()
        self.worker = StreamingWorker()
        self.loop = asyncio.new_event_loop()

    def prepare(self, run_input: RunInput) -> None:
        """Store what the run of `run_input` needs."""
        for name, archive in run_input.policies.items():
            import_archive(archive, name)
        if run_input.packed is not None:
            unpack_run(run_input.packed)

    async def clear(self, outcome: RunOutcome) -> None:
        """Delete what is stored, once the run has ended with `outcome` and came back."""
        if outcome.state in ("solved", "finished") and outcome.reason[0] != "ending.unsaved":
            self.worker.send(Reset())
        else:  # the worker may hold on to the run
            await self.worker.close()
        for folder in (*kept_folders(runs_folder()), *kept_folders(policies_folder())):
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """End the worker, and delete the store."""
        self.loop.run_until_complete(self.worker.close())
        self.loop.close()
        self._deleter.communicate()


_node_worker: NodeWorker | None = None


def node_worker_here() -> NodeWorker:
    """Return this process's worker, for the present environment."""
    global _node_worker
    if _node_worker is not None and _node_worker.environment != _environment():
        close_node_worker()
    if _node_worker is None:
        _node_worker = NodeWorker()
    return _node_worker


def close_node_worker() -> None:
    """Close this process's worker, if there is one."""
    global _node_worker
    if _node_worker is not None:
        node_worker, _node_worker = _node_worker, None
        node_worker.close()


def _environment() -> dict[str, str | None]:
    return {name: os.environ.get(name) for name in _DECISIVE}
