"""`python -m pgplay.worker`: a worker on standard input and output. Torch is loaded here."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import NoReturn

import msgspec
from msgspec.structs import replace

from pgplay.errors import refusal_of_system
from pgplay.learning.inputs import read_inputs
from pgplay.library.consents import recall
from pgplay.limits import refuse_torch_without_memory
from pgplay.locale.catalog import Coded
from pgplay.rewards.spec import RewardSpec
from pgplay.runs.branches import branch_run
from pgplay.runs.stored_rewards import stored_rewards
from pgplay.worker.protocol.codec import PROTOCOL_VERSION
from pgplay.worker.protocol.commands import Quit, Resume, Start
from pgplay.worker.protocol.events import Notice, Ready
from pgplay.worker.protocol.records import Device
from pgplay.worker.server.exchange import with_sent_places
from pgplay.worker.server.inbox import EndedElsewhere, Inbox, LinkLost, RankLost, read_commands
from pgplay.worker.server.jobs import take_over
from pgplay.worker.server.outbox import Outbox
from pgplay.worker.server.server import Server
from pgplay.worker.server.standard_streams import take_streams, write_all
from pgplay.worker.server.staying import StayingOutbox, detach_streams
from pgplay.worker.session.cpu_cores import let_waiting_threads_sleep
from pgplay.worker.session.interface import OnProgress, RunSession, SessionFactory
from pgplay.worker.session.rank_guard import end_with_parent, rank_here, take_follower_streams
from pgplay.worker.session.versions import versions


def main(*, stays: bool = False) -> NoReturn:
    """Serve one app on standard input and output until it says Quit, goes away, or a SIGTERM comes; exits with 0.

    Of several ranks, which torchrun starts, the first one serves and the others follow it. A worker that `stays` trains
    its run on when the app goes away without a Quit, as a job that others find by the run's name.
    """
    began = time.perf_counter()
    rank = rank_here()
    if rank is not None:
        end_with_parent(signal.SIGKILL if rank else signal.SIGTERM)
    if rank:
        finish = take_follower_streams(rank)
        let_waiting_threads_sleep()
        from pgplay.worker.session.processes import serve_first

        os._exit(serve_first(finish))
    streams = take_streams()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the app's; the worker has a session of its own
    inbox, ready = Inbox(), threading.Event()
    outbox = Outbox(partial(write_all, streams.events), on_broken=lambda: inbox.put(Quit()) if not stays else None)

    def leave_early() -> None:
        if not ready.is_set():  # nothing to keep yet, and torch may take seconds to load
            os._exit(0 if rank is None else 1)  # torchrun ends the others if one fails

    def lose_link() -> Quit | LinkLost:
        if not stays:
            return Quit()
        detach_streams()
        return LinkLost()

    if stays and hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    read_commands(streams.commands, inbox, leave_early, lose_link)
    let_waiting_threads_sleep()
    from pgplay.policies.devices import list_devices
    from pgplay.worker.session.first_look import answer_first_look
    from pgplay.worker.session.preparation import Prepared, check_resume, prepare, warm_torch
    from pgplay.worker.session.processes import dismiss, joined
    from pgplay.worker.session.reward_probe import answer_probe
    from pgplay.worker.session.saved_policies import answer_write_with_saved
    from pgplay.worker.session.session import Session

    ranks = joined()

    def end_at_signal(number: int, frame: FrameType | None) -> None:
        loss = ranks.loss()
        inbox.put(Quit() if loss is None else RankLost(loss))

    signal.signal(signal.SIGTERM, end_at_signal)
    ready.set()
    outbox.send(
        Ready(
            protocol=PROTOCOL_VERSION,
            pid=os.getpid(),
            versions=versions(),
            devices=tuple(msgspec.convert(device._asdict(), Device) for device in list_devices()),
            seconds=time.perf_counter() - began,
        )
    )

    def notify(notice: Coded) -> None:
        outbox.send(Notice(*notice))

    staying = StayingOutbox(outbox, on_interrupt=lambda: inbox.put(EndedElsewhere()))

    def watched(session: Session) -> RunSession:
        session.watch()
        if stays:
            staying.register(session.run)
        return session

    def begin(prepared: Prepared, command: Start, on_progress: OnProgress) -> RunSession:
        session = Session.start(
            prepared,
            name=command.name,
            sweep=command.sweep,
            on_progress=on_progress,
            on_log=outbox.log,
            on_wait=notify,
            ranks=ranks,
        )
        return watched(session)

    def prepare_start(command: Start) -> Callable[[OnProgress], RunSession]:
        command = with_sent_places(command)
        config = command.config
        inputs = read_inputs(config, command.texts)
        return partial(begin, prepare(config, inputs, command.rewards, ranks), command)

    def rewards_of(run: str, command: Resume, at: int | None = None) -> tuple[RewardSpec, ...]:
        if not stays:
            return command.rewards
        return (*command.rewards, *map(recall, stored_rewards(run, at)))  # an app elsewhere cannot read them

    def resume(run: str, command: Resume, on_progress: OnProgress) -> RunSession:
        rewards, log = rewards_of(run, command), outbox.log
        return watched(
            Session.resume(run, rewards=rewards, on_progress=on_progress, on_log=log, on_wait=notify, ranks=ranks)
        )

    def find(run: str, command: Resume) -> None:
        check_resume(run, replace(command, rewards=rewards_of(run, command, command.at)))
        if stays and command.at is None:
            take_over(run)

    makers = SessionFactory(
        prepare=prepare_start,
        find=find,
        branch=branch_run,
        resume=resume,
        write=answer_write_with_saved,
        probe=lambda command: answer_probe(with_sent_places(command), on_log=outbox.log),
        look=lambda command: answer_first_look(with_sent_places(command), on_log=outbox.log),
    )
    if inbox.is_empty:
        warm_torch()
    Server(inbox, staying, makers, staying.go_alone if stays else None).serve()
    dismiss(ranks)
    staying.finish()
    outbox.close()
    sys.stderr.flush()
    os._exit(0)  # everything is written; taking torch down takes half a second, and an app that quits waits for it


if __name__ == "__main__":
    refuse_torch_without_memory()
    try:
        main(stays="--stays" in sys.argv)
    except (ImportError, MemoryError, OSError, RuntimeError) as error:
        refusal = refusal_of_system(error)
        if refusal is None:
            raise
        sys.stderr.write(f"{refusal}\n")
        sys.stderr.flush()
        os._exit(refusal.exit_status)  # a thread still reads commands
