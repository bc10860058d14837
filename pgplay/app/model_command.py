"""`pgplay models` in a process of its own, which can be stopped: the app itself loads no package of Hugging Face."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress
from typing import Any

from pgplay.errors import PgplayError


class ModelCommand:
    """One `pgplay models ...` after another; `stop` ends the one that runs."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def show(self, name: str) -> dict[str, Any]:
        """Return what the Hub says about the model `name`: its `size` in bytes and its `commit`.

        Raises PgplayError with what the command said.
        """
        found: dict[str, Any] = json.loads(await self._run("show", "--json", "--", name))
        return found

    async def add(self, name: str) -> None:
        """Download the model `name`, or convert its .gguf file; raises PgplayError with what the command said."""
        await self._run("add", "--yes", "--", name)

    def stop(self) -> None:
        """End the command at once; what was downloaded is used by the next one."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()

    async def _run(self, *words: str) -> str:
        environment = os.environ | {"HF_HUB_DISABLE_PROGRESS_BARS": "1"}
        command = (sys.executable, "-m", "pgplay", "models", *words)
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe, env=environment
        )
        try:
            printed, said = await self._process.communicate()
        finally:
            self.stop()
        if self._process.returncode:
            lines = said.decode(errors="replace").strip().splitlines()
            if lines:
                raise PgplayError("models.failed", said=" ".join(lines[-2:]))
            raise PgplayError("models.ended", status=self._process.returncode)
        return printed.decode()
