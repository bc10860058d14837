"""`pgplay models` and `pgplay tasks` in a separate process, which can be stopped; the app loads no such package."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress
from typing import Any

from pgplay.errors import PgplayError
from pgplay.locale.catalog import error_problem


class _Command:
    """Runs one command of pgplay at a time; `stop` ends it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._process: asyncio.subprocess.Process | None = None

    def stop(self) -> None:
        """End the command at once; the next one continues its download."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()

    async def run(self, *words: str) -> str:
        """Return what the command prints; raises PgplayError with its message."""
        environment = os.environ | {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
        command = (sys.executable, "-m", "pgplay", self._name, *words)
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe, env=environment
        )
        try:
            output, errors = await self._process.communicate()
        finally:
            self.stop()
        if self._process.returncode:
            lines = errors.decode(errors="replace").strip().splitlines()
            if lines:
                raise PgplayError("models.failed", said=" ".join(lines[-2:]))
            raise PgplayError("models.ended", status=self._process.returncode)
        return output.decode()


class ModelCommand:
    """Downloads or converts one model at a time; `stop` ends that."""

    def __init__(self) -> None:
        self._command = _Command("models")
        self.stop = self._command.stop

    async def show(self, name: str) -> dict[str, Any]:
        """Return the `size` in bytes and the `commit` of the Hub's model `name`.

        Raises PgplayError with the command's message.
        """
        model: dict[str, Any] = json.loads(await self._command.run("show", "--json", "--", name))
        return model

    async def add(self, name: str) -> None:
        """Download the model `name`, or convert its .gguf file; raises PgplayError with the command's message."""
        await self._command.run("add", "--yes", "--", name)


class NotCachedError(PgplayError):
    """The data set is not on this machine."""


class TaskCommand:
    """Reads one task of another package at a time; `stop` ends that."""

    def __init__(self) -> None:
        self._command = _Command("tasks")
        self.stop = self._command.stop

    async def show(self, task: str) -> dict[str, Any]:
        """Return the `name` and the `size` in bytes of a data set of the Hub; raises PgplayError."""
        data_set: dict[str, Any] = json.loads(await self._command.run("show", "--json", "--", task))
        return data_set

    async def add(self, task: str, *, download: bool) -> None:
        """Read `task`; without `download`, only what is on this machine.

        Raises PgplayError with the command's message, NotCachedError for a data set that would have to be downloaded.
        """
        try:
            await self._command.run("add", "--yes" if download else "--local", "--", task)
        except PgplayError as error:
            name = task.partition(":")[2].partition(",")[0]
            if error_problem("outside.not_cached", {"name": name}) in error.problem:
                raise NotCachedError(error.code, **error.values) from error
            raise
