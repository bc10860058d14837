"""Helpers of the trainer's tests: small runs, and the parts of them that must be equal bit for bit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from pgplay.config.run_config import RunConfig, make_config
from pgplay.errors import RewardError
from pgplay.learning.algorithms.table import ALGORITHMS, Kind
from pgplay.learning.followers import policy_over
from pgplay.learning.inputs import Inputs, read_inputs
from pgplay.learning.learner import LearnerState
from pgplay.learning.memory import sharded_over
from pgplay.learning.plan import make_plan
from pgplay.learning.reports.diagnosis import Diagnosis
from pgplay.learning.reports.step_report import Finding, StepReport
from pgplay.learning.trainer import Trainer
from pgplay.policies.cuda_graphs import GraphCache
from pgplay.policies.devices import resolve_device
from pgplay.policies.ranks import ALONE, Ranks
from pgplay.rewards.records import Scores
from pgplay.rewards.reward import Reward, build_reward
from pgplay.tasks.task import ColumnValues, Pair, Task
from pgplay.worker.session.preparation import prepare
from pgplay.worker.session.warm_start import start_warm

SMALL = {"target": "ab", "alphabet": "abc", "model": "gru-nano", "batch_size": 8, "until": "never", "device": "cpu"}

EXTRAS = {
    "dropout": {"dropout": 0.3},
    "kl in the loss": {"kl": 0.1, "algorithm": "rloo"},
    "kl in the reward": {"kl": 0.1, "kl_in": "reward", "algorithm": "a2c"},
    "kl below a limit": {"kl_limit": 0.01},
    "replay": {"replay": 0.5},
    "dense": {"credit": "dense"},
    "dense, another reward, a critic": {"credit": "dense", "reward": "hamming", "baseline": "critic"},
    "an adaptive learning rate": {"lr_schedule": "kl"},
    "an adaptive learning rate, one update": {"lr_schedule": "kl", "algorithm": "rloo"},
    "reward-gap": {"entropy_schedule": "reward-gap"},
    "filters and penalties": {"top_p": 0.9, "min_p": 0.01, "temperature": 1.2, "l1": 1e-4, "l2": 1e-3},
    "weight decay": {"weight_decay": 0.1, "algorithm": "ppo"},
    "supervised": {"algorithm": "supervised"},
    "supervised, dropout, a divergence": {"algorithm": "supervised", "dropout": 0.2, "kl": 0.1},
    "all": {"dropout": 0.2, "kl": 0.1, "replay": 0.5, "credit": "dense", "algorithm": "ppo", "baseline": "critic"},
}
ROWS = {**{name: {"algorithm": name} for name in ALGORITHMS}, **EXTRAS}

COPYING = Task("copying", tuple(Pair(letter, letter) for letter in "abcab"[:3]), (Pair("ab", "ab"),))
"""Three prompts, of which a step of 8 completions takes one."""

FLOAT64 = "import runpy, torch; torch.set_default_dtype(torch.float64); "
FLOAT64_FOLLOWER = ("-P", "-c", FLOAT64 + "runpy.run_module('pgplay.worker', run_name='__main__')")
"""The command of a rank but the first that computes in float64."""

HEALTHY = {
    "tied_groups": 0.0,
    "entropy": 1.5,
    "stop_rate": 0.9,
    "kl_reference": 0.1,
    "clip_share": 0.1,
    "signal_to_noise": 0.4,
    "kl_update": 0.01,
    "mismatch": 1e-7,
    "lr": 0.005,
    "entropy_weight": 0.08,
    "characters": 640.0,
    "length": 10.0,
    "exact_match": 0.0,
    "reward_mean": 0.5,
    "reward_min": 0.2,
    "reward_max": 0.8,
}
"""The metrics of a step without any problem."""


def trainer(
    own_task: Task | None = None,
    own_reward: Reward | None = None,
    graphs: GraphCache | None = None,
    ranks: Ranks = ALONE,
    **settings: Any,
) -> Trainer:
    config = make_config({**SMALL, **settings})
    measures = {spec: build_reward(spec) for spec in config.measure}
    plan = make_plan(config, read_inputs(config) if own_task is None else Inputs(own_task))
    device = resolve_device(config.device)
    over = sharded_over(plan, device, ranks)
    policy = None if over is None else policy_over(over, plan.shape, device, config.seed)
    return Trainer(plan, own_reward or build_reward(config.reward), measures, policy, graphs=graphs, ranks=ranks)


@contextmanager
def computing_in(dtype: torch.dtype) -> Iterator[None]:
    """Have this process make networks, and compute, in `dtype`."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def begun(config: RunConfig) -> Trainer:
    """Return the trainer of a run with `config` after its warm start; nothing is stored."""
    plan, _, policy, reference, _ = prepare(config, read_inputs(config))
    measures = {spec: build_reward(spec) for spec in config.measure}
    trainer = Trainer(plan, build_reward(config.reward), measures, policy, reference)
    start_warm(trainer, lambda line: None)
    return trainer


def numbers(report: StepReport) -> tuple[object, ...]:
    """Return all metrics of a step except its times."""
    metrics = {name: value for name, value in report.metrics.items() if not name.startswith("seconds")}
    return report.step, report.completions, metrics, report.samples, report.solved


def steps(one: Trainer, count: int) -> list[tuple[object, ...]]:
    return [numbers(one.step()) for _ in range(count)]


def weights(one: Trainer) -> dict[str, torch.Tensor]:
    """Return a copy of the policy's parameters."""
    return {name: tensor.clone() for name, tensor in one.policy.saved_state().items()}


def same_weights(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def same_state(one: LearnerState, other: LearnerState) -> bool:
    values = [state.values["counters"] | {"seconds": None} for state in (one, other)]
    return same_weights(one.tensors, other.tensors) and values[0] == values[1]


class Unreliable(Reward):
    """A reward that fails at the `fails_at`-th call, counted from 1."""

    def __init__(self, spec: str, fails_at: int) -> None:
        inner = build_reward(spec)
        super().__init__(spec, inner.name, inner.kind, inner._scorer, source="", needs_target=True)
        self.calls = 0
        self.fails_at = fails_at

    def score(
        self,
        texts: Sequence[str],
        targets: Sequence[str],
        prompts: Sequence[str],
        columns: Sequence[ColumnValues] | None = None,
    ) -> Scores:
        self.calls += 1
        if self.calls == self.fails_at:
            raise RewardError("text", text="It failed.")
        return super().score(texts, targets, prompts, columns)


def findings_over(rows: Sequence[dict[str, float]], kind: Kind = "policy gradient") -> list[tuple[Finding, ...]]:
    """Return the findings after each step of a run whose steps had the metrics `rows`."""
    diagnosis = Diagnosis(kind)
    said = []
    for step, metrics in enumerate(rows, start=1):
        diagnosis.add(StepReport(step, 0.0, step, metrics, (), solved=False))
        said.append(diagnosis.findings())
    return said


def diagnose(rows: Sequence[dict[str, float]], kind: Kind = "policy gradient") -> tuple[Finding, ...]:
    """Return the findings after the last of these steps."""
    return findings_over(rows, kind)[-1]
