"""Is pgplay slower than a fully compiled loop in JAX? Whole steps of both, in alternating rounds of one run.

    python -m pip install "jax[cpu]"
    python -m tests.benchmarks.against_jax [--models transformer-small,...] [--rounds 7] [--threads 1] [--keep-memory]

The same work as in against_plain_loop.py: pgplay still measures everything that it shows. Compilation does not count,
and the sides swap their order every round. Above 1 pgplay is faster. Linux only.

JAX has no torch.set_num_threads. XLA makes a thread for each core that the process may use, and with its flag
xla_cpu_multi_thread_eigen=false several of them still worked. So the process confines itself to --threads cores before
JAX starts: with one core, one thread of XLA's did all the work. The column `cores` is each side's CPU time per second;
with one thread, less than 1 means that other programs took a share of the core.

XLA allocates an update's temporary tensors as one block, and glibc returns a block of more than 32 MB to the system
when it is freed. Getting it back took up to half of a small model's update. --keep-memory makes glibc keep what is
freed, for both sides.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch

from pgplay.policies.families.catalogue import MODELS, model_spec
from pgplay.policies.families.transformer import TRANSFORMER
from tests.benchmarks.against_plain_loop import ENTROPY, LR, TEXT, pgplay_step

USUAL = "transformer-small,transformer-medium"
SIDES = ("pgplay", "jax")
WARM_UP_STEPS = 3
GLIBC_KEEPS_MEMORY = {-4: 0, -1: 2**31 - 1, -2: 2**26}
"""Parameters of mallopt(3), from malloc.h: M_MMAP_MAX, M_TRIM_THRESHOLD and M_TOP_PAD."""


class Rate(NamedTuple):
    """One side's part of a round: characters per second, and CPU seconds per second."""

    characters: float
    cores: float


def measure(step: Callable[[], int], seconds: float) -> Rate:
    """Make steps for at least this many `seconds`."""
    characters, cpu_began, began = 0, time.process_time(), time.perf_counter()
    while (taken := time.perf_counter() - began) < seconds:
        characters += step()
    return Rate(characters / taken, (time.process_time() - cpu_began) / taken)


def compare(model: str, batch: int, length: int, rounds: int, seconds: float) -> str:
    """Return one row: medians of both over the rounds, and the median, lowest and highest of the rounds' ratios."""
    from tests.benchmarks.jax_loop import JaxLoop  # JAX counts the cores once, so they are limited first

    jax = JaxLoop(model_spec(model), (TEXT * length)[: length - 1], length, batch, LR, ENTROPY)
    steps = {"pgplay": pgplay_step(model, batch, length), "jax": jax.step}
    for side in SIDES:
        for _ in range(WARM_UP_STEPS):
            steps[side]()
    rates: dict[str, list[Rate]] = {side: [] for side in SIDES}
    for number in range(rounds):
        for side in SIDES if number % 2 == 0 else reversed(SIDES):
            rates[side].append(measure(steps[side], seconds))
    own, other = (statistics.median(rate.characters for rate in rates[side]) for side in SIDES)
    cores = "/".join(f"{statistics.median(rate.cores for rate in rates[side]):.2f}" for side in SIDES)
    ratios = [mine.characters / its.characters for mine, its in zip(rates["pgplay"], rates["jax"], strict=True)]
    spread = f"{min(ratios):.2f}-{max(ratios):.2f}"
    return f"{model:<19} {own:>10,.0f} {other:>10,.0f} {statistics.median(ratios):>7.2f} {spread:>11} {cores:>11}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default=USUAL, help="transformers, comma-separated (default: small and medium)")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--length", type=int, default=32, help="characters per completion, including the stop token")
    parser.add_argument("--threads", type=int, default=1, help="and cores")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=3.0, help="per round and side")
    parser.add_argument("--keep-memory", action="store_true", help="make glibc keep freed memory")
    options = parser.parse_args(arguments)
    if importlib.util.find_spec("jax") is None:
        print('This needs JAX: pip install "jax[cpu]"', file=sys.stderr)
        return 1
    models = options.models.split(",")
    for model in models:
        if model not in MODELS or model_spec(model).family is not TRANSFORMER:
            parser.error(f"--models: {model} is no transformer of pgplay's")
    cores = sorted(os.sched_getaffinity(0))
    if not 1 <= options.threads <= len(cores):
        parser.error(f"--threads: from 1 to {len(cores)}, the cores that this process may use")
    os.sched_setaffinity(0, cores[: options.threads])
    torch.set_num_threads(options.threads)
    if options.keep_memory:
        for parameter, value in GLIBC_KEEPS_MEMORY.items():
            ctypes.CDLL(None).mallopt(parameter, value)
    print(f"characters per second of whole steps, batch {options.batch_size}, length {options.length}")
    print(f"{'model':<19} {'pgplay':>10} {'jax':>10} {'ratio':>7} {'of rounds':>11} {'cores':>11}")
    for model in models:
        print(compare(model, options.batch_size, options.length, options.rounds, options.seconds), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
