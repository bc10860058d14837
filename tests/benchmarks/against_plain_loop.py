"""Is pgplay slower than a plain loop written by hand? Whole steps of both, alternating in one run.

    python -m tests.benchmarks.against_plain_loop [--models gru-small,...] [--batch-size 64] [--length 32] [--threads 1]

Both sample a batch, score it by edits, and make one update; pgplay runs reinforce with the same statistics, without its
control variate, and still measures everything that it shows. The learning rate is nearly zero, so that both policies
stay untrained and the work stays the same. Above 1 pgplay is faster.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence

import torch

from pgplay.config.run_config import make_config
from pgplay.learning.plan import read_plan
from pgplay.learning.trainer import Trainer
from pgplay.policies.families.catalogue import MODELS, model_spec
from pgplay.rewards.reward import build_reward
from tests.benchmarks.plain_loop import PlainLoop

USUAL = ",".join(spec.name for spec in MODELS.values() if spec.size in ("nano", "small", "medium"))
TEXT = "when the evening train leaves the station the lamps come on and "
LR = 1e-7
ENTROPY = 0.05
FEWEST_ROUNDS = 5


def pgplay_step(model: str, batch: int, length: int) -> Callable[[], int]:
    """Return a function that makes one step of pgplay and returns how many characters were sampled."""
    settings = {
        "target": (TEXT * length)[: length - 1],
        "max_length": length,
        "alphabet": "lowercase",
        "model": model,
        "batch_size": batch,
        "algorithm": "reinforce-baseline",
        "baseline": "batch-mean",
        "scale": "batch-std",
        "aggregation": "token-mean",
        "control_variate": "none",
        "updates_per_step": 1,
        "lr": LR,
        "entropy": ENTROPY,
        "entropy_schedule": "constant",
        "device": "cpu",
        "until": "never",
    }
    config = make_config(settings)
    trainer = Trainer(read_plan(config), build_reward(config.reward))
    return lambda: int(trainer.step().metrics["characters"])


def compare(model: str, batch: int, length: int, seconds: float) -> str:
    """Return one row: characters per second of both, by medians over alternating steps, and their ratio."""
    plain = PlainLoop(model_spec(model), (TEXT * length)[: length - 1], length, batch, LR, ENTROPY)
    sides: dict[str, Callable[[], int]] = {"plain": plain.step, "pgplay": pgplay_step(model, batch, length)}
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for step in sides.values():
        step()
    end = time.perf_counter() + seconds
    while len(rates["plain"]) < FEWEST_ROUNDS or time.perf_counter() < end:
        for name, step in sides.items():
            began = time.perf_counter()
            characters = step()
            rates[name].append(characters / (time.perf_counter() - began))
    plain_rate, own = (statistics.median(rates[name]) for name in ("plain", "pgplay"))
    return f"{model:<19} {plain_rate:>10,.0f} {own:>10,.0f} {own / plain_rate:>7.2f} {len(rates['plain']):>7}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default=USUAL, help="comma-separated (default: nano, small and medium)")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--length", type=int, default=32, help="characters per completion, including the stop token")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=6.0, help="per model")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    print(f"characters a second of whole steps, batch {options.batch_size}, length {options.length}")
    print(f"{'model':<19} {'plain':>10} {'pgplay':>10} {'ratio':>7} {'rounds':>7}")
    for model in options.models.split(","):
        print(compare(model, options.batch_size, options.length, options.seconds), flush=True)


if __name__ == "__main__":
    main()
