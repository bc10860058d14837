"""The reward's file while a worker on another machine trains with it: it is here, so it is watched here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from pgplay.config.changes import Changes
from pgplay.errors import PgplayError
from pgplay.library.consents import recall, remember_own
from pgplay.rewards.spec import Origin, RewardSpec, read_spec
from pgplay.runs.checkpoint_content import RewardStamp
from pgplay.runs.reward_file import FILE_CHECK_INTERVAL, RewardFile
from pgplay.worker.protocol.commands import Change
from pgplay.worker.protocol.records import RunInfo, RunState

_NEVER = RewardStamp(0, 0)
"""That of no file: a run that is resumed may have an older text than its file has by now."""
_WATCHED: tuple[RunState, ...] = ("training", "paused", "failed")


class WatchedReward:
    """Calls `on_saved` with the change when the person's own reward is saved, `on_error` if that is no text."""

    def __init__(self, on_saved: Callable[[Change], None], on_error: Callable[[PgplayError], None]) -> None:
        self._on_saved = on_saved
        self._on_error = on_error
        self._sent: dict[str, RewardSpec] = {}
        self._spec: RewardSpec | None = None
        self._file: RewardFile | None = None
        self._state: RunState = "idle"

    def send(self, rewards: Iterable[RewardSpec]) -> None:
        """Note the `rewards` that are sent, by which the one of the next run is known."""
        self._sent |= {spec.text: spec for spec in rewards}

    def enter(self, state: RunState) -> None:
        """Note the run's state: the file is watched while a changed reward can be used."""
        self._state = state

    def take(self, info: RunInfo, *, is_new: bool) -> None:
        """Watch the file of the reward with which the run trains now; `is_new`: its worker has just begun."""
        before, spec = self._spec, self._spec_of(info)
        self._spec = spec
        if is_new or before is None or before.text != spec.text:
            self._file = RewardFile(spec, _NEVER if is_new else None)
        if before != spec:
            try:
                remember_own(spec)  # so that it is still the person's own when the run is resumed
            except PgplayError as error:
                self._on_error(error)

    def _spec_of(self, info: RunInfo) -> RewardSpec:
        """Return the reward of the run as it was sent, else as the person is remembered to have written it."""
        text, code = info.config.reward, info.reward_source
        sent = self._sent.get(text)
        if sent is not None and sent.code == code:
            return sent
        return recall(replace(read_spec(text, Origin("run", info.run), code), kept=True)) if code else RewardSpec(text)

    async def watch(self) -> None:
        """Look at the file twice a second, for as long as this runs."""
        while True:
            await asyncio.sleep(FILE_CHECK_INTERVAL)
            await self.look()

    async def look(self) -> None:
        """Look at the file once, if a changed reward can be used."""
        spec, file = self._spec, self._file
        if file is None or spec is None or spec.source is None or not spec.is_own or self._state not in _WATCHED:
            return
        try:
            text = await asyncio.to_thread(file.saved_text)
        except PgplayError as error:
            self._on_error(error)
            return
        if text is not None and text != spec.code and file is self._file:
            saved = (spec.with_code(text),)
            self.send(saved)
            self._on_saved(Change(settings=Changes(reward=spec.text), rewards=saved, saved=True))
