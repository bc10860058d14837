"""The cost of saving: whole checkpoints of a stored run, one per step, until no more are kept.

    python -m tests.benchmarks.saving [--models gru-small,transformer-small] [--saves 100]

A save here is the copy of the learner's state, and of the best policy's if it is new, both files synced to the disk,
and the thinning of earlier checkpoints. Wall time includes the disk's; CPU time is what training loses on a busy
machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack

import torch

from pgplay.config.run_config import make_config
from pgplay.learning.factory import make_learner
from pgplay.learning.plan import read_plan
from pgplay.rewards.spec import RewardSpec
from pgplay.runs.checkpoint_files import tensors_size
from pgplay.runs.store import RunStore
from pgplay.worker.session.checkpointer import Checkpointer, fill
from pgplay.worker.session.interface import discard
from pgplay.worker.session.live_reward import LiveRewards

TARGET = "the quiet river bends westward"


def save(model: str, saves: int) -> str:
    """Return one row: milliseconds per save, and the bytes of the tensors."""
    config = make_config({"model": model, "target": TARGET, "until": "never"})
    wall, cpu = [], []
    with ExitStack() as undo:
        rewards = LiveRewards([RewardSpec(config.reward)], discard)
        learner = make_learner(read_plan(config), *rewards.build(undo))
        store = undo.enter_context(RunStore.create(config, fill=lambda folder: fill(folder, learner, rewards, None)))
        keeper = Checkpointer(store, learner, rewards)
        keeper.begin()
        for _ in range(saves):
            report = learner.step()
            began, began_cpu = time.perf_counter(), time.process_time()
            keeper.after_step(report)
            keeper.checkpoint()
            wall.append(1000 * (time.perf_counter() - began))
            cpu.append(1000 * (time.process_time() - began_cpu))
        size = tensors_size(store.folder) / 1e6
    return (
        f"{model:<19} {statistics.median(cpu):>7.1f} {max(cpu):>8.1f} {statistics.median(wall):>8.1f} "
        f"{max(wall):>8.1f} {size:>8.1f}"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="gru-small,transformer-small", help="comma-separated")
    parser.add_argument("--saves", type=int, default=100)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    print(f"{'ms a save':<19} {'CPU':>7} {'longest':>8} {'wall':>8} {'longest':>8} {'MB':>8}")
    for model in options.models.split(","):
        with tempfile.TemporaryDirectory() as home:
            os.environ["PGPLAY_HOME"] = home
            print(save(model, options.saves), flush=True)


if __name__ == "__main__":
    main()
