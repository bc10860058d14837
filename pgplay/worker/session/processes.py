"""Runs on several processes: the first rank joins the others here, and they follow it.

torchrun starts all ranks of the app's worker (`worker.client`); a command is the first rank and starts the others.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
from torch import distributed

from pgplay.config.engine import ENGINE, Engine, parse_engine
from pgplay.errors import LostRankError, PgplayError
from pgplay.learning.followers import END
from pgplay.learning.following import follow_first, policy_of
from pgplay.learning.plan import Plan
from pgplay.paths import with_source_tree
from pgplay.policies.devices import refuse_missing
from pgplay.policies.policy import Policy
from pgplay.policies.ranks import ALONE, ProcessRanks, Ranks
from pgplay.worker.exit_reason import coded_exit
from pgplay.worker.launcher import LAUNCHER
from pgplay.worker.session.rank_guard import rank_here

_FOREVER = timedelta(days=365)
"""How long a rank waits for the others, who may be paused; `ProcessRanks` looks meanwhile whether they live."""
_PATIENCE = 5.0
"""Seconds that ranks have to end by themselves."""
_LOOK = 0.02
"""Seconds between checks of whether ranks that are starting live."""
_STARTED, _PROCESS = "pgplay/started", "pgplay/process"
"""The beginnings of keys in the ranks' store: set by a rank that has started, and to its process id."""
_OWN_STORE = "PGPLAY_OWN_STORE"
"""The variable of the environment that tells a rank that no torchrun has started it."""
FOLLOWER = ("-P", "-m", "pgplay.worker")


def _join(engine: Engine, rank: int, store: Any) -> ProcessRanks:
    """Join the ranks of `engine` that meet at `store`; waits for all of them."""
    from torch.distributed import PrefixStore  # type: ignore[attr-defined]  # absent where torch has none of this

    for name in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"):  # nobody else on the network can join
        os.environ.setdefault(name, "lo0" if sys.platform == "darwin" else "lo")
    on_gpus, count = engine.kind == "gpus", engine.processes
    if on_gpus:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", rank)))
    store.set(f"{_PROCESS}/{rank}", str(os.getpid()))
    distributed.init_process_group(
        "cpu:gloo,cuda:nccl" if on_gpus else "gloo",
        store=PrefixStore("pgplay", store),
        rank=rank,
        world_size=count,
        timeout=_FOREVER,
    )
    processes = [int(store.get(f"{_PROCESS}/{number}")) for number in range(count)]
    return ProcessRanks(processes, on_gpus=on_gpus, always_shard=engine.always_shard)


def joined() -> Ranks:
    """Return the ranks that this process was started among, by torchrun; ALONE if by itself."""
    rank = rank_here()
    return ALONE if rank is None else _join(_engine_here(), rank, _torchrun_store())


def _torchrun_store() -> Any:
    """Return the store at which the ranks that torchrun has started meet."""
    from torch.distributed import rendezvous  # type: ignore[attr-defined]

    store, *_ = next(rendezvous("env://", timeout=_FOREVER))
    return store


def _engine_here() -> Engine:
    """Return the engine of which this process is a rank; a torchrun that is not pgplay's names none."""
    return parse_engine(os.environ.get(ENGINE, f"processes:{os.environ['WORLD_SIZE']}"))


def dismiss(ranks: Ranks) -> None:
    """Let the other ranks end; nothing happens where they are lost, or where there are none."""
    if isinstance(ranks, ProcessRanks) and not ranks.is_lost:
        try:
            ranks.say(END)
        except LostRankError:
            return


@contextmanager
def started(engine: Engine, command: Sequence[str] = FOLLOWER) -> Iterator[Ranks]:
    """Yield the ranks of `engine`: this process is the first, and the others run Python with `command`.

    They end with the context, or with this process. Raises InputError for what this machine lacks, and PgplayError if
    one does not start.
    """
    refuse_missing(engine.processes, on_gpus=engine.kind == "gpus")
    if engine.processes == 1:
        yield ALONE
        return
    store = _local_store()
    shared = {
        **with_source_tree(engine.environment(os.environ)),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(store.port),
        "WORLD_SIZE": str(engine.processes),
        _OWN_STORE: "1",
        LAUNCHER: str(os.getpid()),
    }
    others = [_start(rank, command, shared) for rank in range(1, engine.processes)]
    ranks: Ranks = ALONE
    try:
        _wait_for(others, store)
        ranks = _join_watching(others, engine, store)
        yield ranks
    finally:
        dismiss(ranks)
        if isinstance(ranks, ProcessRanks) and not ranks.is_lost:
            _end(others, patience=_PATIENCE)
            distributed.destroy_process_group()
        else:
            _end(others, patience=0.0)
            _leave_group()


def _local_store() -> Any:
    """Return a store that only this machine reaches."""
    from torch.distributed import TCPStore  # type: ignore[attr-defined]

    listener = socket.create_server(("127.0.0.1", 0))
    host, port = listener.getsockname()
    return TCPStore(host, port, is_master=True, wait_for_workers=False, master_listen_fd=listener.detach())


def _start(rank: int, command: Sequence[str], shared: Mapping[str, str]) -> subprocess.Popen[bytes]:
    own = {"RANK": str(rank), "LOCAL_RANK": str(rank)}
    return subprocess.Popen(
        [sys.executable, *command], env={**shared, **own}, stdin=subprocess.DEVNULL, stdout=2, start_new_session=True
    )


def _wait_for(others: Sequence[subprocess.Popen[bytes]], store: Any) -> None:
    """Wait until every one of `others` has reached the `store`; raises LostRankError if one ends before."""
    for rank in range(1, len(others) + 1):
        while not store.check([f"{_STARTED}/{rank}"]):
            _refuse_ended(others)
            time.sleep(_LOOK)


def _join_watching(others: Sequence[subprocess.Popen[bytes]], engine: Engine, store: Any) -> ProcessRanks:
    """Join `others` as the first rank; raises LostRankError if one of them ends before.

    Joining waits for all of them without a look at whether they live: so it waits in a thread of its own.
    """
    joined: Future[ProcessRanks] = Future()

    def join() -> None:
        try:
            joined.set_result(_join(engine, 0, store))
        except BaseException as error:
            joined.set_exception(error)

    threading.Thread(target=join, name="join", daemon=True).start()
    while not joined.done():
        _refuse_ended(others)
        time.sleep(_LOOK)
    if joined.exception() is not None:
        time.sleep(_LOOK)  # a rank's connections end before its process does
        _refuse_ended(others)
    return joined.result()


def _refuse_ended(others: Sequence[subprocess.Popen[bytes]]) -> None:
    """Raise the LostRankError that names a rank among `others` that has ended."""
    for rank, process in enumerate(others, start=1):
        if process.poll() is not None:
            status = coded_exit(process.returncode)
            raise LostRankError("engine.not_started", number=rank, count=len(others) + 1, reason=status)


def _leave_group() -> None:
    """Leave the group of a lost rank without taking it down, which waits for exchanges that may never end."""
    if distributed.is_initialized():
        group = distributed.distributed_c10d._get_default_group()
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(group))  # as Python takes it down when it ends
        distributed.destroy_process_group()


def _end(others: Sequence[subprocess.Popen[bytes]], patience: float) -> None:
    """Wait for `others` to end, at most `patience` seconds, then kill them."""
    ends = time.monotonic() + patience
    for process in others:
        try:
            process.wait(max(0.0, ends - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def serve_first(finish: Callable[[], None], make_policy: Callable[[Plan], Policy] = policy_of) -> int:
    """Make the first rank's steps until it ends, and return the exit status; `finish` writes what was printed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first rank's
    status = 1
    try:
        ranks = _join_as_follower()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # from now on the first rank ends the others when it is ready
        status = _follow(ranks, make_policy)
    except PgplayError as error:
        sys.stderr.write(f"{error.problem}\n")
    except Exception:
        traceback.print_exc()
    finish()
    return status


def _follow(ranks: ProcessRanks, make_policy: Callable[[Plan], Policy]) -> int:
    """Follow the first rank to its end and return the exit status: it is another rank that fails if one is lost."""
    try:
        follow_first(ranks, make_policy)
    except LostRankError as error:
        sys.stderr.write(f"{error.problem}\n")
        return 0 if ranks.outlast_first() else 1
    return 0


def _join_as_follower() -> ProcessRanks:
    from torch.distributed import TCPStore  # type: ignore[attr-defined]

    rank = rank_here() or 0
    if _OWN_STORE in os.environ:
        store = TCPStore(os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]), is_master=False)
        store.set(f"{_STARTED}/{rank}", "1")
    else:
        store = _torchrun_store()
    return _join(_engine_here(), rank, store)
