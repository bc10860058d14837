"""Speed of sampling and learning with one model on one device: the measurement of `pgplay bench`.

It times steps of the trainer with default settings, including two updates per batch. The policy never writes the stop
token, so every completion has full length and a step has batch x length tokens; and it hardly learns, because equal
prefixes are computed once. Seconds are medians over the steps after the first, without warm-up (and recording, on CUDA)
or the diagnosis of every 25th step.

`python -m pgplay.learning.benchmark REQUEST` measures one BenchmarkRequest and prints its BenchmarkResult, both as
JSON: each in a fresh process, so that memory is that of one model.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import msgspec
import torch
from torch import nn

from pgplay.config.run_config import make_config
from pgplay.learning.plan import Plan, read_plan
from pgplay.learning.trainer import Trainer
from pgplay.policies.build import build_policy
from pgplay.policies.cuda_graphs import EAGER_RUNS
from pgplay.policies.devices import resolve_device
from pgplay.policies.families.flops import learning_operations, sampling_operations
from pgplay.policies.policy import Policy
from pgplay.policies.ranks import ALONE, Ranks
from pgplay.policies.thread_tuning import fastest_threads
from pgplay.rewards.reward import build_reward

TEXT = "the quick brown fox jumps over the lazy dog and "
FACTORS = (0.5, 2)
"""Length and batch size are also measured at these multiples, to show how the cost grows."""
FEWEST_STEPS = 3
_STILL = 1e-9
"""A learning rate so small that the policy stays as random as a fresh one."""
_NEVER = -1e4
"""A finite logit with probability 0."""
_PRODUCT_SIZES = {"cpu": 2048}
_GPU_PRODUCT_SIZE = 8192
_PRODUCTS = 4


class BenchmarkRequest(msgspec.Struct, frozen=True):
    """A measurement to make, on at most `cores` CPU cores, in about `seconds`."""

    model: str
    device: str
    batch_size: int
    length: int
    cores: int
    seconds: float


class Timing(msgspec.Struct, frozen=True):
    """One batch size and length: the number of `steps`, and the median `seconds` of a step and of its stages.

    operations_sample, operations_learn: operations of the batch by `policies.families.flops`. The rest of a step (the
    greedy completion, the target's cross-entropy, rewards, metrics) takes time but is not counted.
    """

    batch_size: int
    length: int
    steps: int
    seconds: float
    seconds_sample: float
    seconds_learn: float
    operations_sample: int
    operations_learn: int

    @property
    def characters(self) -> int:
        """Tokens per step."""
        return self.batch_size * self.length


class BenchmarkResult(msgspec.Struct, frozen=True):
    """One model on one device.

    peak: operations per second of a large matrix product on all cores. memory: bytes that training added to a process
    with torch loaded, None if unknown. usual: the requested timing; by_length and by_batch: in rising order, including
    `usual`.
    """

    model: str
    device: str
    parameters: int
    threads: int
    peak: float
    memory: int | None
    usual: Timing
    by_length: tuple[Timing, ...]
    by_batch: tuple[Timing, ...]


def measure(request: BenchmarkRequest) -> BenchmarkResult:
    """Measure the requested model; raises InputError for an unknown model, device or length."""
    before = most_memory()
    plan, policy = _prepare(request, request.batch_size, request.length)
    threads = plan.config.threads or (
        fastest_threads(policy, request.batch_size, request.cores) if policy.device.type == "cpu" else 1
    )
    torch.set_num_threads(threads)
    usual = _time(plan, policy, request.seconds / 2)
    after = most_memory()
    share = request.seconds / 4 / len(FACTORS)

    def timing(batch_size: int, length: int) -> Timing:
        return _time(*_prepare(request, batch_size, length), share)

    longer = [timing(request.batch_size, round(request.length * factor)) for factor in FACTORS]
    wider = [timing(round(request.batch_size * factor), request.length) for factor in FACTORS]
    return BenchmarkResult(
        model=request.model,
        device=request.device,
        parameters=plan.spec.parameter_count(policy.tokenizer.vocabulary_size),
        threads=threads,
        peak=peak_operations(policy.device, request.cores),
        memory=None if before is None or after is None or policy.device.type != "cpu" else after - before,
        usual=usual,
        by_length=tuple(sorted([*longer, usual], key=lambda timing: timing.length)),
        by_batch=tuple(sorted([*wider, usual], key=lambda timing: timing.batch_size)),
    )


def peak_operations(device: torch.device, threads: int) -> float:
    """Return the operations per second of the fastest of a few large float32 matrix products."""
    torch.set_num_threads(threads)
    size = _PRODUCT_SIZES.get(device.type, _GPU_PRODUCT_SIZE)
    left, right = (torch.full((size, size), 0.5, device=device) for _ in range(2))
    least = float("inf")
    for _ in range(_PRODUCTS):
        began = time.perf_counter()
        (left @ right)[0, 0].item()  # reading a number waits for the device
        least = min(least, time.perf_counter() - began)
    return 2 * size**3 / least


def _prepare(request: BenchmarkRequest, batch_size: int, length: int) -> tuple[Plan, Policy]:
    """Return a plan with default settings, and a policy for it that never stops before the limit."""
    settings = {
        "target": (TEXT * length)[: length - 1],
        "max_length": length,
        "batch_size": batch_size,
        "model": request.model,
        "device": request.device,
        "alphabet": "lowercase",
        "until": "never",
        "lr": _STILL,
    }
    plan = read_plan(make_config(settings))
    return plan, never_stopping(plan)


def never_stopping(plan: Plan) -> Policy:
    """Return an untrained policy of `plan` that never stops before the limit."""
    policy = build_policy(plan.shape, resolve_device(plan.config.device))
    head = policy.module.lm_head
    assert isinstance(head, nn.Linear)
    head.bias = nn.Parameter(bias_against_stopping(policy))
    return Policy(plan.shape, policy.module, policy.device)  # a policy knows the parameters that it begins with


def bias_against_stopping(policy: Policy) -> torch.Tensor:
    """Return the bias (V,) of logits with which `policy` never writes a stop token."""
    bias = torch.zeros(policy.tokenizer.vocabulary_size, device=policy.device)
    bias[list(policy.tokenizer.stop_ids)] = _NEVER
    return bias


def measure_shared(request: BenchmarkRequest, ranks: Ranks) -> Timing:
    """Measure the requested model's usual steps, which `ranks` share; each has its share of the request's cores."""
    plan, policy = _prepare(request, request.batch_size, request.length)
    cores, rows = max(1, request.cores // ranks.count), -(-request.batch_size // ranks.count)
    torch.set_num_threads(fastest_threads(policy, rows, cores) if policy.device.type == "cpu" else 1)
    return _time(plan, policy, request.seconds / 2, ranks)


def _time(plan: Plan, policy: Policy, seconds: float, ranks: Ranks = ALONE) -> Timing:
    """Return the timing of steps made in about `seconds`, without the first."""
    with build_reward(plan.config.reward) as reward:
        trainer = Trainer(plan, reward, policy=policy, ranks=ranks)
        for _ in range(EAGER_RUNS + 2 if policy.device.type == "cuda" else 1):
            trainer.step()
        end = time.perf_counter() + seconds
        steps: list[tuple[float, float, float]] = []
        while len(steps) < FEWEST_STEPS or time.perf_counter() < end:
            began = time.perf_counter()
            metrics = trainer.step().metrics
            steps.append((time.perf_counter() - began, metrics["seconds_sample"], metrics["seconds_learn"]))
    whole, sample, learn = (statistics.median(stage) for stage in zip(*steps, strict=True))
    shape = plan.spec, policy.tokenizer.vocabulary_size, plan.config.batch_size, policy.max_length
    return Timing(
        batch_size=plan.config.batch_size,
        length=policy.max_length,
        steps=len(steps),
        seconds=whole,
        seconds_sample=sample,
        seconds_learn=learn,
        operations_sample=sampling_operations(*shape),
        operations_learn=plan.config.updates_per_step * learning_operations(*shape),
    )


def most_memory() -> int | None:
    """Return the peak memory of this process in bytes; None if the system does not report it."""
    if sys.platform != "linux":
        return None
    # ru_maxrss would also count memory inherited from the parent process.
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), None)


if __name__ == "__main__":
    request = msgspec.json.decode(sys.argv[1], type=BenchmarkRequest)
    sys.stdout.write(msgspec.json.encode(measure(request)).decode() + "\n")
