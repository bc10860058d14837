"""The bytes per CPU second between two processes of this machine.

    python -m torch.distributed.run --standalone --nproc-per-node 2 -m tests.benchmarks.scaling.exchange
"""

from __future__ import annotations

import statistics
import time

import torch

from pgplay.policies.memory import NUMBER
from pgplay.policies.ranks import Ranks
from pgplay.worker.session.processes import joined

REPEATS = 40
MANY = 2**20


def seconds_of(ranks: Ranks, count: int) -> float:
    """Return the median CPU time of adding up that many numbers, with work in between as there is in a step."""
    numbers, work, times = torch.zeros(count), torch.rand(256, 256), []
    for _ in range(REPEATS):
        for _ in range(4):
            work @ work
        began = time.process_time()
        ranks.add([numbers])
        times.append(time.process_time() - began)
    return statistics.median(times)


if __name__ == "__main__":
    torch.set_num_threads(1)
    ranks = joined()
    short, long = seconds_of(ranks, 1), seconds_of(ranks, MANY)
    if ranks.number == 0:
        print(NUMBER * MANY / (long - short))
    torch.distributed.destroy_process_group()
