"""One model's costs on this machine, and its steps on one process and on two: predicted and measured.

Each process computes with one thread. Times are CPU seconds, of the first process where there are two, so that other
programs of the machine do not count. No policy writes the stop token, so all steps of a case have the same work. Cases
take turns, and each is timed by its cheapest stages, so that a spell in which the machine is slow meets all.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple
from unittest.mock import patch

import torch
from torch import nn

from pgplay.config.engine import Engine
from pgplay.config.run_config import make_config
from pgplay.learning.benchmark import TEXT, bias_against_stopping, most_memory, never_stopping
from pgplay.learning.inputs import read_inputs
from pgplay.learning.memory import memory_of
from pgplay.learning.plan import Plan, make_plan
from pgplay.learning.trainer import Trainer
from pgplay.model_places import is_pretrained
from pgplay.policies.build import build_policy
from pgplay.policies.families.catalogue import model_spec
from pgplay.policies.networks.pretrained import PretrainedNetwork
from pgplay.policies.policy import Policy
from pgplay.policies.ranks import ALONE, Ranks
from pgplay.policies.spec import PretrainedSpec
from pgplay.rewards.reward import build_reward
from pgplay.worker.session.processes import started
from tests.benchmarks.scaling.step_time import Costs, Network, Seconds, Work, fitted, step_seconds

PAIRS = "prompt,target\nWrite a line about the sea.,The sea is calm.\nWrite a line about a dog.,The dog barks.\n"
PROMPTS = 2
STILL = 1e-9
"""A learning rate so small that every step has the same policy."""
LARGE = 10_000_000
"""Parameters from which a step takes seconds on a CPU core."""
TURNS, SECONDS = 24, 0.2
"""Turns of each case, and the CPU seconds of a turn, which has two steps at least."""
TURNS_OF_LARGE = 2
FOLLOWER = ("-m", "tests.benchmarks.scaling")
STAGES = ("seconds_sample", "seconds_score", "seconds_learn")


class Case(NamedTuple):
    """A batch of so many completions of at most `tokens` tokens."""

    rows: int
    tokens: int


class Run(NamedTuple):
    """A case on so many processes: its work, and its cheapest stages, with the exchanges in them."""

    work: Work
    seconds: Seconds


class Measured(NamedTuple):
    """A model's costs, and each checked case: its work, and its time as predicted and as measured.

    memory: megabytes of the largest case as forecast and as measured, the first None without a forecast.
    """

    model: str
    parameters: int
    costs: Costs
    checks: Sequence[tuple[Work, Seconds, Seconds]]
    memory: tuple[float | None, float]


def cases_of(parameters: int) -> tuple[Case, Case, Case]:
    """Return the two cases that the costs are fitted to, and the one that the formulas are checked with."""
    if parameters >= LARGE:
        return Case(16, 16), Case(64, 16), Case(32, 24)  # products of fewer than 16 rows are slow out of proportion
    return Case(16, 32), Case(128, 32), Case(64, 48)


def plan_of(model: str, case: Case) -> Plan:
    """Return the plan of steps of one update: of a fresh network for one text, of a pretrained one for two prompts."""
    settings = {
        "model": model, "max_length": case.tokens, "batch_size": case.rows, "updates_per_step": 1, "lr": STILL,
        "until": "never", "device": "cpu",
    }  # fmt: skip
    if not is_pretrained(model):
        text = {"target": (TEXT * case.tokens)[: case.tokens - 1], "alphabet": "lowercase"}
        config = make_config({**settings, **text})
        return make_plan(config, read_inputs(config))
    with tempfile.TemporaryDirectory() as folder:
        task = Path(folder) / "lines.csv"
        task.write_text(PAIRS)
        prompted = {"target": "", "task": str(task), "group_size": case.rows // PROMPTS, "template": "raw"}
        config = make_config({**settings, **prompted})
        return make_plan(config, read_inputs(config))


def full_length_policy(plan: Plan) -> Policy:
    """Return an untrained policy of `plan` that never stops before the limit."""
    if not isinstance(plan.shape, PretrainedSpec):
        return never_stopping(plan)
    policy = build_policy(plan.shape, torch.device("cpu"))
    head = policy.network.causal.get_output_embeddings()  # type: ignore[attr-defined]
    head.bias = nn.Parameter(bias_against_stopping(policy), requires_grad=False)
    return policy


def trainer_of(plan: Plan, ranks: Ranks = ALONE) -> Trainer:
    """Return a trainer that has made its first step."""
    trainer = Trainer(plan, build_reward(plan.config.reward), policy=full_length_policy(plan), ranks=ranks)
    trainer.step()
    return trainer


def network_of(trainer: Trainer) -> Network:
    trained = sum(parameter.numel() for parameter in trainer.policy.trainable_parameters())
    return Network(trainer.plan.spec, trainer.plan.tokenizer.vocabulary_size, trained)


@contextmanager
def cpu_time() -> Iterator[None]:
    """Let trainers time their stages by the CPU seconds of this process."""
    with patch("pgplay.learning.trainer.time", SimpleNamespace(perf_counter=time.process_time)):
        yield


def runs(plans: Sequence[Plan], turns: int) -> list[Run]:
    """Return each of `plans` on one process, and then each on two."""
    cases = list(itertools.product((1, 2), plans))
    steps: list[list[dict[str, float]]] = [[] for _ in cases]
    with cpu_time(), started(Engine("processes", 2), FOLLOWER) as ranks:
        for _ in range(turns):
            for (processes, plan), own in zip(cases, steps, strict=True):
                trainer = trainer_of(plan, ranks if processes == ranks.count else ALONE)
                own += turn(trainer)
    return [cheapest(plan, own, processes) for (processes, plan), own in zip(cases, steps, strict=True)]


def turn(trainer: Trainer) -> Iterator[dict[str, float]]:
    """Return the metrics of the steps of a turn."""
    ends = time.process_time() + SECONDS
    for number in itertools.count(1):
        yield dict(trainer.step().metrics)
        if number >= 2 and time.process_time() >= ends:
            return


def cheapest(plan: Plan, steps: Sequence[dict[str, float]], processes: int) -> Run:
    """Return the work of `steps`, and the least time of each stage."""
    prompts = [plan.tokenizer.render_prompt(pair.prompt) for pair in plan.task.training]
    work = Work(
        rows=plan.config.batch_size,
        tokens=plan.shape.max_length,
        prompts=len(prompts),
        prompt=max(map(len, prompts)),
        target=max(len(pair.target) for pair in plan.task.training),
        processes=processes,
    )
    return Run(work, Seconds(*(min(step[stage] for step in steps) for stage in STAGES)))


def measure(model: str) -> Measured:
    """Return the costs of `model`, fitted to two cases on one process and on two, and checked with a third on both."""
    torch.set_num_threads(1)
    parameters = model_spec(model).parameter_count(plan_of(model, Case(4, 16)).tokenizer.vocabulary_size)
    few, many, checked = (plan_of(model, case) for case in cases_of(parameters))
    before = most_memory() or 0
    network = network_of(trainer_of(many))
    taken = ((most_memory() or 0) - before) / 1e6
    forecast, turns = memory_of(many), TURNS_OF_LARGE if parameters >= LARGE else TURNS
    few_alone, many_alone, alone, few_shared, many_shared, shared = runs([few, many, checked], turns)
    costs = fitted(network, [few_alone, many_alone, few_shared, many_shared], bandwidth())
    checks = [(work, step_seconds(network, work, costs), seconds) for work, seconds in (alone, shared)]
    return Measured(model, network.parameters, costs, checks, (forecast and forecast.total / 1e6, taken))


def bandwidth() -> float:
    """Return the bytes per CPU second between two processes."""
    words = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    done = subprocess.run(
        [sys.executable, *words, "-m", "tests.benchmarks.scaling.exchange"], stdout=subprocess.PIPE, check=True
    )
    return float(done.stdout)


def seconds_of_a_layer() -> float:
    """Return what a column of a Llama with an adapter takes per layer, however narrow it is: the calls from Python."""
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.set_num_threads(1)
    least = {}
    for layers in (2, 12):
        causal = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=300, hidden_size=32, intermediate_size=64, num_hidden_layers=layers, num_attention_heads=4
            )
        )
        get_peft_model(causal, LoraConfig(target_modules="all-linear", task_type="CAUSAL_LM"))
        network = PretrainedNetwork(causal.eval())
        token, state, times = torch.zeros(1, dtype=torch.long), network.start(1, 0), []
        for column in range(100):
            began = time.process_time()
            network.step(token, column, state)
            times.append(time.process_time() - began)
        least[layers] = min(times)
    (few, less), (many, more) = least.items()
    return (more - less) / (many - few)
