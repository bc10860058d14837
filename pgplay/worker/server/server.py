"""The worker: obeys commands at step boundaries, trains on the main thread, sends events.

A `Server` gets its sessions from a factory, so that its tests need no training; `__main__` is the process.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any

from msgspec import UNSET

from pgplay.config.changes import Changes
from pgplay.errors import InputError, LostRankError, PgplayError, RewardError, coded
from pgplay.locale.catalog import Coded
from pgplay.rewards.probe.verdict import judge
from pgplay.runs.reward_file import FILE_CHECK_INTERVAL
from pgplay.worker.protocol.codec import ProtocolError
from pgplay.worker.protocol.commands import (
    AnyCommand,
    Change,
    InspectStep,
    ListPrompts,
    LookFirst,
    Map,
    Pace,
    Pause,
    ProbeReward,
    Quit,
    Reset,
    Resume,
    Save,
    Start,
    Step,
    Stop,
    Write,
)
from pgplay.worker.protocol.events import (
    Changed,
    LookedFirst,
    Mapped,
    Probed,
    PromptsListed,
    Saved,
    StateChanged,
    StepInspected,
    Written,
)
from pgplay.worker.protocol.records import EndCause, RunInfo, RunState
from pgplay.worker.server.error_events import failure, refusal
from pgplay.worker.server.exchange import file_commands
from pgplay.worker.server.inbox import EndedElsewhere, Inbox, LinkLost, RankLost
from pgplay.worker.server.staying import EventSink
from pgplay.worker.session.failures import coded_error, keep_failure
from pgplay.worker.session.interface import NotNeededError, RunSession, SessionFactory
from pgplay.worker.session.run_until import RunUntil, Tempo

PROGRESS_INTERVAL = 0.1


class Server:
    """One worker: at most one run at a time; with `go_alone` that trains on when the app is gone without a Quit."""

    def __init__(
        self, inbox: Inbox, outbox: EventSink, factory: SessionFactory, go_alone: Callable[[], None] | None = None
    ) -> None:
        self._inbox = inbox
        self._outbox = outbox
        self._go_alone = go_alone
        self._is_alone = False
        self._factory = factory
        self._session: RunSession | None = None
        self._state: RunState = "idle"
        self._reward_failed = False
        self._run_until: RunUntil | None = None
        self._tempo = Tempo()
        self._inspection: int | None = None
        self._next_progress = 0.0
        self._obey: dict[type, Callable[[Any], None]] = {
            Start: self._start,
            Resume: self._resume,
            Pause: self._pause,
            Step: self._make_steps,
            Pace: lambda command: self._tempo.set(command.seconds),
            InspectStep: self._inspect_step,
            Map: self._map,
            ListPrompts: self._list_prompts,
            Stop: self._stop,
            Reset: self._reset,
            Change: lambda command: self._take_saved_reward(command) if command.saved else self._change(command),
            Save: self._save,
            Write: self._write,
            ProbeReward: self._probe,
            LookFirst: self._look,
            **file_commands(outbox.send),
        }

    def serve(self) -> None:
        """Obey until Quit comes; commands take effect before the next step."""
        while True:
            message = self._inbox.take(patience=self._patience)
            if isinstance(message, LinkLost) and self._go_alone is not None and self._state == "training":
                self._go_alone()
                self._is_alone = True
                continue
            if isinstance(message, Quit | LinkLost | EndedElsewhere | RankLost):
                break
            if message is not None:
                self._answer(message)
                continue
            if self._go_alone is None:  # otherwise the file is on the app's machine, which watches it
                self._take_saved_reward()
            if self._state == "training":
                self._advance()
            if self._is_alone and self._state != "training":
                break
        try:
            if isinstance(message, RankLost) and self._state == "training":
                self._fail(message.error)
            if isinstance(message, EndedElsewhere) and self._session is not None and not self._is_alone:
                self._yield_run(self._session)
            self._end_run("paused")
        except PgplayError as error:
            sys.stderr.write(f"{error}\n")

    def _yield_run(self, session: RunSession) -> None:
        """Tell the app that someone else has ended its run, which is saved."""
        if self._state == "training":
            session.rest("paused")
        self._outbox.send(failure(PgplayError("run.interrupted_elsewhere", run=session.run), session, ""))

    @property
    def _patience(self) -> float | None:
        """Seconds to wait for a command before the next step or check; None: until one comes."""
        if self._state == "training":
            return self._tempo.wait()
        return FILE_CHECK_INTERVAL if self._reward_failed else None

    def _answer(self, message: AnyCommand | ProtocolError) -> None:
        request = message.request
        try:
            if isinstance(message, ProtocolError):
                raise message
            self._obey[type(message)](message)
        except PgplayError as error:
            self._outbox.send(refusal(error, request))
        except Exception as error:  # a defect is reported, and the worker continues
            traceback.print_exc()
            self._outbox.send(refusal(coded_error(error), request))

    def _take_saved_reward(self, saved: Change | None = None) -> None:
        """Use the reward's file if it was saved, here or as `saved` elsewhere; a fixed one resumes a failed run."""
        session = self._need_session()
        try:
            change = saved or session.saved_reward()
            if change is None:
                return
            self._change(change)
        except PgplayError as error:
            self._outbox.send(refusal(error, saved_reward=True))
            return
        if self._reward_failed:
            self._enter("training")

    def _advance(self) -> None:
        session = self._need_session()
        self._tempo.begin_step()
        try:
            if self._inspection is None:
                session.step()
            else:
                self._outbox.send(StepInspected(detail=session.inspected_step(), request=self._inspection))
                self._inspection = None
            snapshot = session.snapshot()
            self._outbox.post(snapshot)
            ending = session.should_stop()
        except Exception as error:  # any error of a step is reported, and the run is kept
            if not (isinstance(error, LostRankError) and self._inbox.must_quit()):  # who quits ends the ranks, too
                self._fail(error)
            return
        if ending:
            self._rest(ending.state, ending.reason, cause=ending.cause)
        elif self._run_until is not None and self._run_until.is_over(snapshot.report):
            self._rest("paused")

    def _fail(self, error: Exception) -> None:
        session = self._need_session()
        self._inspection = None
        details = keep_failure(session, error)
        self._enter("failed", coded_error(error).reason)
        self._reward_failed = isinstance(error, RewardError)
        self._outbox.send(failure(error, session, details))

    def _start(self, command: Start) -> None:
        begin = self._factory.prepare(command)
        self._load(partial(begin, self._tell_progress), "paused" if command.paused else "training", command.request)

    def _resume(self, command: Resume) -> None:
        session = self._session
        run = command.run or (session.run if session is not None else "")
        state: RunState = "paused" if command.paused else "training"
        if not run:
            raise InputError("run.none_to_resume")

        def resume(name: str) -> RunSession:
            return self._factory.resume(name, command, self._tell_progress)

        if command.at is not None:
            self._factory.find(run, command)
            branch = self._factory.branch(run, command.at)
            self._load(partial(resume, branch), state, command.request)
        elif session is None or run != session.run:
            self._factory.find(run, command)
            self._load(partial(resume, run), state, command.request)
        elif session.is_damaged:
            self._load(partial(resume, session.run), "training", command.request)
        elif self._state == "training" and self._run_until is None:
            raise InputError("run.running")
        else:
            ending = session.should_stop()
            if ending and self._state in ("solved", "finished"):
                raise InputError("run.ended", reason=ending.reason)
            self._go_on(session, None, command.request)

    def _make_steps(self, command: Step) -> None:
        run_until = RunUntil(command)
        session = self._need_session()
        run_until.check_reachable(session.config.reward)
        if session.is_damaged:
            raise InputError("run.failed_halfway")
        self._go_on(session, run_until, command.request)

    def _inspect_step(self, command: InspectStep) -> None:
        session = self._need_session()
        session.need_policy()
        last = session.last_update() if self._state in ("solved", "finished") else None
        if last is not None:
            self._outbox.send(StepInspected(detail=last, request=command.request))
            return
        if self._state != "training":
            self._make_steps(Step(request=command.request))
        self._inspection = command.request

    def _list_prompts(self, command: ListPrompts) -> None:
        self._outbox.send(PromptsListed(sheet=self._need_session().prompts(), request=command.request))

    def _map(self, command: Map) -> None:
        self._outbox.send(Mapped(map=self._need_session().map(), request=command.request))

    def _go_on(self, session: RunSession, run_until: RunUntil | None, request: int) -> None:
        if self._state == "failed" and session.renew_reward():
            self._tell_change(Changes(reward=session.config.reward))
        self._run_until = run_until
        self._enter("training", request=request)

    def _load(self, make: Callable[[], RunSession], state: RunState, request: int) -> None:
        """Replace the present run, which is kept, by the one that `make` returns."""
        self._end_run("paused")
        self._inspection = None
        self._enter("preparing", request=request)
        try:
            self._session = make()
        except NotNeededError:
            self._enter("idle", coded("ending.stopped_early"), request=request)
            return
        except BaseException as error:
            self._enter("idle", coded_error(error).reason, request=request)
            raise
        self._run_until = None
        self._enter(state, request=request, info=self._session.info())
        if state == "paused":
            self._session.rest("paused")

    def _end_run(self, state: str) -> None:
        """Close the run; an ended one keeps its state."""
        if self._session is not None:
            self._session.close(state)
            self._session = None

    def _pause(self, command: Pause) -> None:
        self._need_session()
        if self._state not in ("training", "paused"):
            raise InputError("run.not_training", state=self._state)
        self._rest("paused", request=command.request)

    def _stop(self, command: Stop) -> None:
        if self._state in ("idle", "solved", "finished"):  # idle: it stopped while preparing
            self._enter(self._state, request=command.request)
        else:
            self._rest("finished", coded("ending.stopped"), request=command.request, cause="stopped")

    def _reset(self, command: Reset) -> None:
        self._end_run("finished")
        self._enter("idle", request=command.request)

    def _change(self, command: Change) -> None:
        self._need_session().change(command.settings, command.rewards)
        self._tell_change(command.settings, command.request)

    def _tell_change(self, settings: Changes, request: int = 0) -> None:
        session = self._need_session()
        info, step = session.info(), session.step_count
        source = info.reward_source if settings.reward is not UNSET else ""
        self._outbox.send(Changed(settings=settings, step=step, reward_source=source, info=info, request=request))

    def _save(self, command: Save) -> None:
        self._need_session().save_policy(command.name, replace=command.replace)
        self._outbox.send(Saved(name=command.name, request=command.request))

    def _write(self, command: Write) -> None:
        texts = self._factory.write(command) if command.policy else self._need_session().write(command)
        self._outbox.send(Written(policy=command.policy, request=command.request, **texts._asdict()))

    def _probe(self, command: ProbeReward) -> None:
        probe = self._factory.probe(command)
        self._outbox.send(Probed(probe=probe, verdict=judge(probe), request=command.request))

    def _look(self, command: LookFirst) -> None:
        self._outbox.send(LookedFirst(look=self._factory.look(command), request=command.request))

    def _need_session(self) -> RunSession:
        if self._session is None:
            raise InputError("run.none")
        return self._session

    def _rest(
        self, state: RunState, reason: Coded | None = None, request: int = 0, cause: EndCause = ""
    ) -> None:
        """Let the run rest in `state` with a checkpoint; if that can't be written, the reason says so."""
        session = self._need_session()
        try:
            session.rest(state, reason)
        except PgplayError as error:
            reason, cause = coded("ending.unsaved", reason=reason or coded("ending.paused"), cause=error), ""
        self._run_until = None
        self._enter(state, reason, request=request, cause=cause)

    def _enter(
        self,
        state: RunState,
        reason: Coded | None = None,
        request: int = 0,
        info: RunInfo | None = None,
        cause: EndCause = "",
    ) -> None:
        self._state, self._reward_failed = state, False
        step = self._session.step_count if self._session else 0
        self._outbox.send(
            StateChanged(state=state, reason=reason, step=step, info=info, cause=cause, request=request)
        )

    def _tell_progress(self, progress: Coded) -> None:
        """Report the preparation's progress, at most ten times a second; raises NotNeededError if it is obsolete."""
        if self._inbox.run_must_end():
            raise NotNeededError
        if time.monotonic() >= self._next_progress:
            self._next_progress = time.monotonic() + PROGRESS_INTERVAL
            self._enter("preparing", progress)
