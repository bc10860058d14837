"""The app's end of a worker on another machine: a client over ssh, files that go there, policies that come here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import replace

from pgplay.config.engine import Engine
from pgplay.config.run_config import RunConfig
from pgplay.errors import PgplayError, coded
from pgplay.worker.client.sent_files import with_files
from pgplay.worker.client.ssh import FAR_WORKER, SshClient, version_failure
from pgplay.worker.client.watched_reward import WatchedReward
from pgplay.worker.protocol.commands import (
    SENT,
    Change,
    Command,
    FetchPolicy,
    LookFirst,
    ProbeReward,
    Resume,
    Start,
)
from pgplay.worker.protocol.events import AnyEvent, Changed, Failed, FilePart, Notice, Refused, Saved, StateChanged
from pgplay.worker.protocol.records import RunInfo

_LAST_SECONDS = 3.0
_FILES = ("task", "warm_text")
"""The settings that may name a file; rewards travel with their source anyhow."""
_PLACES: dict[str, str] = {}
"""What a setting is here, by what it is there behind the folder of sent files, which names its content."""


class _ArrivingPolicy(NamedTuple):
    """A policy that was saved there, and the `parts` of its file that have come here."""

    name: str
    parts: list[bytes]


class FarWorker:
    """A worker on the host of `engine`; a run trains on there when the link breaks, and ends with `close`."""

    def __init__(
        self, on_event: Callable[[AnyEvent], None], on_exit: Callable[[int, str], None], engine: Engine
    ) -> None:
        self._on_event = on_event
        self._on_exit = on_exit
        self._host = engine.host
        self._arriving: dict[int, _ArrivingPolicy] = {}
        """By the request that saved it."""
        there = (f"--engine={engine.there}",) if engine.there else ()
        self._client = SshClient(self._take, self._exit, engine.host, (*FAR_WORKER, "--stays", *there))
        self._reward = WatchedReward(self._client.send, self._refuse_saved)
        self._watching: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        """Whether ssh's process runs here."""
        return self._client.alive

    @property
    def pid(self) -> int | None:
        """The id of ssh's process here, None before `start`."""
        return self._client.pid

    async def start(self) -> None:
        """Start ssh; the worker says Ready when torch is loaded there. Raises PgplayError where there is no ssh."""
        await self._client.start()
        self._watching = asyncio.create_task(self._reward.watch())

    def send(self, command: Command) -> None:
        """Send `command`, after the files that its config names; one that cannot be read is reported as a refusal."""
        if isinstance(command, Start | Resume | Change):
            self._reward.send(command.rewards)
        try:
            if isinstance(command, Start | ProbeReward | LookFirst):
                command = replace(command, config=self._send_files(command.config))
        except PgplayError as error:
            self._on_event(Refused(error.code, error.values, request=command.request))
            return
        self._client.send(command)

    async def close(self, timeout: float = 0.8) -> None:
        """End the worker; its run is kept there. A link needs longer than a process of this machine."""
        self._stop_watching()
        await self._client.close(max(timeout, _LAST_SECONDS))

    def _send_files(self, config: RunConfig) -> RunConfig:
        near = {name: getattr(config, name) for name in _FILES}
        far, files = with_files(near, ())
        for file in files:
            for part in file.parts():
                self._client.send(part)
        _PLACES.update((far[name].removeprefix(SENT), near[name]) for name in _FILES if far[name] != near[name])
        return replace(config, **far)

    def _exit(self, code: int, tail: str) -> None:
        self._stop_watching()
        self._on_exit(code, tail)

    def _stop_watching(self) -> None:
        if self._watching is not None:
            self._watching.cancel()

    def _refuse_saved(self, error: PgplayError) -> None:
        self._on_event(Refused(error.code, error.values, saved_reward=True))

    def _take(self, event: AnyEvent) -> None:
        if isinstance(event, StateChanged):
            self._reward.enter(event.state)
        match event:
            case StateChanged(info=info) | Changed(info=info) if info is not None:
                self._reward.take(info, is_new=isinstance(event, StateChanged))
                event = replace(event, info=_as_here(info))
            case Failed():
                if failure := version_failure(self._host, event):
                    event = replace(event, code=failure.code, values=failure.values)
            case Saved(name=name, request=request):
                self._arriving[request] = _ArrivingPolicy(name, [])
                self._client.send(FetchPolicy(name=name, request=request))
            case FilePart(data=data, last=last, request=request):
                self._arriving[request].parts.append(data)
                if last:
                    self._on_event(self._keep(self._arriving.pop(request)))
                return
            case _:
                pass
        self._on_event(event)

    def _keep(self, policy: _ArrivingPolicy) -> Notice:
        """Add the `policy` that has arrived to the library here; returns what to tell the person."""
        from pgplay.library.archive import import_archive

        try:
            import_archive(b"".join(policy.parts), policy.name, host=self._host)
        except PgplayError as error:
            return Notice(*coded("ssh.not_kept_here", name=policy.name, host=self._host, cause=error))
        return Notice(*coded("ssh.kept_here", name=policy.name))


def _as_here(info: RunInfo) -> RunInfo:
    """Return `info` with its config as the person wrote it."""
    there = {name: getattr(info.config, name) for name in _FILES}
    near = {name: _near(value) for name, value in there.items()}
    return replace(info, config=replace(info.config, **near))


def _near(value: str) -> str:
    return next((near for far, near in _PLACES.items() if value.endswith(far)), value)
