"""The speed of a model on several processes: the measurement of `pgplay bench --engine`.

`python -m pgplay.worker.session.shared_benchmark ENGINE REQUEST` measures one BenchmarkRequest and prints its Timing.
"""

from __future__ import annotations

import os
import signal
import sys

import msgspec

from pgplay.config.engine import parse_engine
from pgplay.worker.session.cpu_cores import let_waiting_threads_sleep
from pgplay.worker.session.rank_guard import end_with_parent, rank_here, take_follower_streams

COMMAND = ("-P", "-m", "pgplay.worker.session.shared_benchmark")


def main(engine: str, request: str) -> None:
    """Measure the `request` as the first rank, or follow it."""
    let_waiting_threads_sleep()
    rank = rank_here()
    finish = None
    if rank:
        end_with_parent(signal.SIGKILL)
        finish = take_follower_streams(rank)
    from pgplay.learning.benchmark import BenchmarkRequest, measure_shared, never_stopping
    from pgplay.worker.session.processes import serve_first, started

    if finish is not None:
        os._exit(serve_first(finish, never_stopping))
    with started(parse_engine(engine), (*COMMAND, engine, request)) as ranks:
        timing = measure_shared(msgspec.json.decode(request, type=BenchmarkRequest), ranks)
    sys.stdout.write(msgspec.json.encode(timing).decode() + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
