"""Whether a GPU computes what it should: one check, or 77 as the exit status where it has to be skipped.

    python -m tests.gpu.agreement replays|devices|ranks [--device cuda]

replays: replayed CUDA graphs equal the computations that they recorded. devices: the GPU equals the CPU, with the CPU's
random numbers. ranks: all GPUs of the machine equal one. On a CPU the recorder of the tests stands in for CUDA graphs,
and two processes for the GPUs.
"""

from __future__ import annotations

import argparse
import math
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from pgplay.config.engine import Engine
from pgplay.learning.trainer import Trainer
from pgplay.policies.cuda_graphs import EAGER_RUNS, CudaRecorder, GraphCache
from pgplay.policies.devices import resolve_device
from pgplay.worker.session.processes import started
from tests.learning.helpers import ROWS, trainer, weights
from tests.policies.recording import TapeRecorder

STEPS = EAGER_RUNS + 3
"""Enough that the last ones are replayed where graphs are recorded."""
TOLERANCE = 1e-4
"""Of metrics and weights: devices, and sums in another order, round differently."""
SKIPPED = 77
MODELS = ("gru-nano", "transformer-nano")
SETTINGS = {name: ROWS[name] for name in ("grpo", "dense", "kl in the loss")}
PLAIN = {"optimizer": "sgd", "lr": 0.1, "control_variate": "none"}
"""Adam and the control variate's regression enlarge rounding errors."""


class CountingCudaRecorder(CudaRecorder):
    """Counts the replays of CUDA graphs, as the recorder of the tests does."""

    def __init__(self, device: torch.device) -> None:
        super().__init__(device)
        self.replays = 0

    def record(self, compute: Callable[[], Any]) -> tuple[Callable[[], object], Any]:
        replay, result = super().record(compute)

        def counted() -> None:
            self.replays += 1
            replay()

        return counted, result


def replays(device: torch.device, settings: Mapping[str, Any]) -> float:
    """Return how far replayed steps are from computed ones."""
    recorder = CountingCudaRecorder(device) if device.type == "cuda" else TapeRecorder()
    computed, recorded = (trainer(graphs=GraphCache(own), **settings) for own in (TapeRecorder(), recorder))
    never = patch("pgplay.policies.cuda_graphs.EAGER_RUNS", math.inf)
    with never:
        expected = [computed.step() for _ in range(STEPS)]
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Training continues without CUDA graphs")
        reports = [recorded.step() for _ in range(STEPS)]
    assert recorder.replays, "nothing was replayed"
    return difference(expected, reports, computed, recorded)


def devices(device: torch.device, settings: Mapping[str, Any]) -> float:
    """Return how far steps on `device` are from those on the CPU."""
    with patch("torch.rand", drawn_on_the_cpu()):
        here = trainer(**settings | {"device": "cpu"})
        expected = [here.step() for _ in range(STEPS)]
    with patch("torch.rand", drawn_on_the_cpu()):
        there = trainer(**settings)
        return difference(expected, [there.step() for _ in range(STEPS)], here, there)


def ranks(device: torch.device, settings: Mapping[str, Any]) -> float:
    """Return how far the steps of all GPUs, or of two processes, are from those of one."""
    engine = Engine("gpus", torch.cuda.device_count()) if device.type == "cuda" else Engine("processes", 2)
    if engine.processes < 2:
        print(f"skipped: {engine.processes} GPU here, and it takes 2")
        sys.exit(SKIPPED)
    alone = trainer(**settings)
    expected = [alone.step() for _ in range(STEPS)]
    with started(engine) as together:
        shared = trainer(ranks=together, **settings)
        return difference(expected, [shared.step() for _ in range(STEPS)], alone, shared)


def drawn_on_the_cpu() -> Callable[..., Tensor]:
    """Return torch.rand with the numbers that a CPU draws, moved to the device that asks."""
    rand, generator = torch.rand, torch.Generator().manual_seed(0)

    def drawn(*shape: int, device: torch.device, **_: Any) -> Tensor:
        return rand(*shape, generator=generator).to(device)

    return drawn


def difference(expected: Sequence[Any], reports: Sequence[Any], one: Trainer, other: Trainer) -> float:
    """Return the largest difference of two trainers' metrics and weights, relative for large ones; texts are equal."""
    worst = 0.0
    for here, there in zip(expected, reports, strict=True):
        assert [sample.text for sample in here.samples] == [sample.text for sample in there.samples], "other texts"
        names = [name for name in here.metrics if not name.startswith("seconds")]
        pairs = [(here.metrics[name], there.metrics[name]) for name in names]
        worst = max(worst, *(abs(a - b) / max(1.0, abs(a)) for a, b in pairs))
    others = {name: tensor.cpu() for name, tensor in weights(other).items()}
    return max(worst, *(float((tensor.cpu() - others[name]).abs().max()) for name, tensor in weights(one).items()))


CHECKS: dict[str, Callable[[torch.device, Mapping[str, Any]], float]] = {
    "replays": replays, "devices": devices, "ranks": ranks
}  # fmt: skip


def main() -> int:
    """Print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("check", choices=CHECKS)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--quick", action="store_true", help="one case instead of all")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cases = [(model, row) for model in MODELS for row in SETTINGS]
    failed = 0
    for model, row in cases[:1] if options.quick else cases:
        settings = {**PLAIN, **SETTINGS[row], "model": model, "device": options.device}
        worst = CHECKS[options.check](resolve_device(options.device), settings)
        failed += worst > TOLERANCE
        print(f"{options.check}, {model}, {row}: differ by {worst:.1e}, {TOLERANCE:.0e} is allowed", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
