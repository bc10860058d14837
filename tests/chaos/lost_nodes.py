"""Kill nodes of a Ray cluster at random moments while a sweep trains on them: `python -m tests.chaos.lost_nodes`.

A node with one CPU core is killed, another one takes its place, and so on; then the sweep ends. Every run must have
reached its last step with the numbers of the pool, bit for bit, and no process may be left.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import secrets
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from pgplay.paths import HOME
from pgplay.runs.summaries import list_runs
from tests.cluster.helpers import HANGING, MARK, all_numbers, finished, marked, start, wait_until
from tests.cluster.two_nodes import add_node

WORDS = ["sweep", "--reward", "levenshtein", "--reward", "prefix", "--target", "hi", "--model", "gru-nano"]
WORDS += ["--batch-size", "16", "--until", "never", "--rank-by", "exact_match", "--json"]
LONGEST = 15.0
"""Seconds between two kills, at most: a run takes some of them to begin on a node."""


def main() -> int:
    """Make the requested kills; return 1 if something was lost or survived."""
    parser = argparse.ArgumentParser("python -m tests.chaos.lost_nodes", description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seeds", type=int, default=4, help="runs of each of two rewards")
    parser.add_argument("--steps", type=int, default=3000, help="of each run; with too few all end before the kills")
    parser.add_argument("--seed", type=int, default=0, help="of the instants (the machine's speed varies too)")
    options = parser.parse_args()
    rng, mark = random.Random(options.seed), secrets.token_hex(8)
    words = [*WORDS, "--steps", str(options.steps), "--seeds", str(options.seeds)]
    os.environ |= {MARK: mark, "RAY_USAGE_STATS_ENABLED": "0"}
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        os.environ |= {HOME: str(Path(folder) / "on-nodes"), "RAY_TMPDIR": folder}
        kills, told = _train(words, options.kills, rng)
        runs = list_runs()
        print(f"{kills} nodes killed, {told.count('The node of')} times a run was lost; {len(runs)} runs:")
        lines = (f"  {run.name}: {run.state}, {run.steps} steps. {run.message}" for run in runs)
        print(*sorted(lines), sep="\n", flush=True)
        on_nodes = all_numbers()
        os.environ[HOME] = str(Path(folder) / "pool")
        _, told = finished(start("pgplay", *words))
        wrong = [str(key) for key, numbers in all_numbers().items() if on_nodes.get(key) != numbers]
    print("Every number is that of the pool." if not wrong else f"Other numbers than the pool's: {', '.join(wrong)}")
    give_up = time.monotonic() + HANGING
    while (left := marked(mark)) and time.monotonic() < give_up:
        time.sleep(0.1)
    print(f"{len(left)} processes left.")
    return 1 if wrong or left or kills < options.kills else 0


def _train(words: list[str], kills: int, rng: random.Random) -> tuple[int, str]:
    """Train the sweep of `words` on a cluster that loses that many nodes; return how many it did, and what was told."""
    from ray.cluster_utils import Cluster

    cluster = Cluster()
    options = {"include_dashboard": False}
    add_node(cluster, **options, num_cpus=0)
    nodes: list[Any] = [add_node(cluster, **options, num_cpus=1) for _ in range(2)]
    cluster.wait_for_nodes(timeout=HANGING)
    sweep = start("pgplay", *words, "--engine", f"ray:{cluster.address}")
    killed = 0
    try:
        wait_until(lambda: any(run.steps for run in list_runs()), sweep)
        while killed < kills and sweep.poll() is None:
            time.sleep(rng.uniform(0.0, LONGEST))
            if sweep.poll() is None:
                lost = nodes.pop(rng.randrange(len(nodes)))
                cluster.remove_node(lost, allow_graceful=False)
                killed += 1
                nodes.append(add_node(cluster, **options, num_cpus=1))
        _, told = finished(sweep)
    finally:
        # Its raylets are gone already where they were killed.
        with contextlib.suppress(Exception):
            cluster.shutdown()
    return killed, told


if __name__ == "__main__":
    threading.excepthook = lambda _: None  # Ray's own threads complain of the nodes that were killed
    sys.exit(main())
