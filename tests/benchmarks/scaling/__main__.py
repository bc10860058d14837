"""What a step costs: the formulas' constants, their predictions against runs, and what follows for GPUs.

    python -m tests.benchmarks.scaling [--models gru-small,FOLDER] [--computed] [--gpu h200]

Measures gru-small, transformer-small and a tiny Llama on one process and on two, each model in a process of its own,
and prints three tables for docs/scaling.md. `--computed` measures nothing and prints the last one.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import msgspec
import torch

from pgplay.worker.session.processes import serve_first
from pgplay.worker.session.rank_guard import end_with_parent, rank_here, take_follower_streams
from tests.benchmarks.scaling.gpus import GPUS, short, table
from tests.benchmarks.scaling.measured import Measured, full_length_policy, measure, seconds_of_a_layer

TINY = "a tiny Llama"
MODELS = ("gru-small", "transformer-small", TINY)


def fresh(model: str) -> Measured:
    """Return the measurement of `model` by a new process."""
    words = [sys.executable, "-m", "tests.benchmarks.scaling", "--model", model]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    return msgspec.convert(json.loads(done.stdout.splitlines()[-1]), Measured)


def follow(rank: int) -> NoReturn:
    """Follow the first of the two processes, as the one of this `rank`."""
    end_with_parent(signal.SIGKILL)
    finish = take_follower_streams(rank)
    torch.set_num_threads(1)
    os._exit(serve_first(finish, full_length_policy))


def named(model: str) -> str:
    """Return the model as a setting."""
    if model != TINY:
        return model
    from tests.pretrained.models import model_folder

    return model_folder("llama")


def costs_table(rows: Sequence[Measured]) -> str:
    """Return the constants of each model, and its memory."""
    lines = [
        "| model | parameters | ms per column | µs per sampled token | Gop/s sampling | ms per update "
        "| µs per learned token | Gop/s learning | µs per pair | ms per exchange | memory forecast, measured |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        costs, (forecast, taken) = row.costs, row.memory
        cells = (
            row.model,
            f"{row.parameters:,}",
            short(1e3 * costs.column),
            short(1e6 * costs.sampled),
            short(costs.sampling_rate / 1e9),
            short(1e3 * costs.update),
            short(1e6 * costs.learned),
            short(costs.learning_rate / 1e9),
            short(1e6 * costs.score),
            short(1e3 * costs.latency),
            f"{'no forecast' if forecast is None else f'{forecast:,.0f} MB'}, {taken:,.0f} MB",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def checks_table(rows: Sequence[Measured]) -> str:
    """Return the predicted and the measured time of each checked step."""
    lines = [
        "| model | processes | sampling, ms | rewards, ms | learning, ms | exchange, ms | step, ms | off by |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        for work, predicted, measured in row.checks:
            parts = zip(predicted, measured, strict=True)
            stages = [f"{short(1e3 * one)} / {short(1e3 * other)}" for one, other in parts]
            if work.processes > 1:
                stages[-1] = f"{short(1e3 * predicted.exchange)} / in the others"
            ratio = measured.step / predicted.step
            whole = f"{short(1e3 * predicted.step)} / {short(1e3 * measured.step)}"
            lines.append(f"| {row.model} | {work.processes} | {' | '.join(stages)} | {whole} | {ratio - 1:+.0%} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables; with --model, one measurement as JSON."""
    if rank := rank_here():
        follow(rank)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default=",".join(MODELS), metavar="NAME,...", help="models or folders")
    parser.add_argument("--gpu", choices=GPUS, default="h100")
    parser.add_argument("--computed", action="store_true")
    parser.add_argument("--model", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.model:
        measured = measure(named(options.model))
        print(json.dumps(measured._replace(model=Path(options.model).name)))
        return
    if not options.computed:
        rows = [fresh(model) for model in options.models.split(",")]
        print("Measured: CPU seconds of a process with one thread\n")
        print(costs_table(rows), end="\n\n")
        print(f"Calls from Python per column and layer: {1e3 * seconds_of_a_layer():.2f} ms\n")
        print("Predicted / measured\n")
        print(checks_table(rows), end="\n\n")
    print(f"Computed, not measured: {GPUS[options.gpu].name}\n")
    print(table(GPUS[options.gpu]))


if __name__ == "__main__":
    main()
