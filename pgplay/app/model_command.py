"""Fetching models and tasks in a process of its own, which can be stopped; the app loads no such package."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress
from typing import Any

from pgplay.errors import PgplayError
from pgplay.tasks.outside import OutsideTask
from pgplay.tasks.outside_pairs import READER, Finished, reader_answer, reader_request


class _Process:
    """Runs one Python module at a time; `stop` ends it."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    def stop(self) -> None:
        """End the process at once; the next one continues its download."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()

    async def run(self, module: str, *words: str, given: str = "") -> Finished:
        """Return how the process of `module` ended; it gets `given` on standard input."""
        environment = os.environ | {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, *words), stdin=pipe, stdout=pipe, stderr=pipe, env=environment
        )
        try:
            output, errors = await self._process.communicate(given.encode())
        finally:
            self.stop()
        return Finished(self._process.returncode or 0, output.decode(), errors.decode(errors="replace"))


class ModelCommand:
    """Downloads or converts one model at a time, by `pgplay models`; `stop` ends that."""

    def __init__(self) -> None:
        self._process = _Process()
        self.stop = self._process.stop

    async def show(self, name: str) -> dict[str, Any]:
        """Return the `size` in bytes and the `commit` of the Hub's model `name`.

        Raises PgplayError with the command's message.
        """
        model: dict[str, Any] = json.loads(await self._run("show", "--json", "--", name))
        return model

    async def add(self, name: str) -> None:
        """Download the model `name`, or convert its .gguf file; raises PgplayError with the command's message."""
        await self._run("add", "--yes", "--", name)

    async def _run(self, *words: str) -> str:
        status, output, errors = await self._process.run("pgplay", "models", *words)
        if status:
            lines = errors.strip().splitlines()
            if lines:
                raise PgplayError("models.failed", said=" ".join(lines[-2:]))
            raise PgplayError("models.ended", status=status)
        return output


class TaskReader:
    """Reads one task of another package at a time; `stop` ends that."""

    def __init__(self) -> None:
        self._process = _Process()
        self.stop = self._process.stop

    async def size(self, task: OutsideTask) -> int:
        """Return the size in bytes of a data set of the Hub; raises InputError and PgplayError."""
        return int((await self._ask(task, download=True, size=True))["size"])

    async def read(self, task: OutsideTask, *, download: bool) -> None:
        """Read `task` and keep its pairs; without `download`, only what is on this machine.

        Raises InputError, with the code `NOT_CACHED` for a data set that would have to be downloaded, and PgplayError.
        """
        await self._ask(task, download=download)

    async def _ask(self, task: OutsideTask, **request: bool) -> dict[str, Any]:
        return reader_answer(task, await self._process.run(READER, given=reader_request(task, **request)))
