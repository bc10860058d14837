"""`pgplay models` in a separate process, which can be stopped; the app loads no package of Hugging Face."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress
from typing import Any

from pgplay.errors import PgplayError


class ModelCommand:
    """Runs one `pgplay models` command at a time; `stop` ends it."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def show(self, name: str) -> dict[str, Any]:
        """Return the `size` in bytes and the `commit` of the Hub's model `name`.

        Raises PgplayError with the command's message.
        """
        model: dict[str, Any] = json.loads(await self._run("show", "--json", "--", name))
        return model

    async def add(self, name: str) -> None:
        """Download the model `name`, or convert its .gguf file; raises PgplayError with the command's message."""
        await self._run("add", "--yes", "--", name)

    def stop(self) -> None:
        """End the command at once; the next one continues its download."""
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
            output, errors = await self._process.communicate()
        finally:
            self.stop()
        if self._process.returncode:
            lines = errors.decode(errors="replace").strip().splitlines()
            if lines:
                raise PgplayError("models.failed", said=" ".join(lines[-2:]))
            raise PgplayError("models.ended", status=self._process.returncode)
        return output.decode()
