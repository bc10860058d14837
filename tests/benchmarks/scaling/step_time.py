"""The time of a step as a formula of its work and of a machine's costs; its memory is `pgplay.policies.memory`.

    sampling  T (column + B sampled) + operations / R / sampling rate
    scoring   B T S score
    learning  U (update + B T learned + operations / R / learning rate)
    exchange  exchanges latency + U gradient 2 (R - 1) / R / bandwidth

for B completions of T tokens, targets of S characters, U updates and R processes. `sampled` and `learned` are what
every process computes for each token of the whole batch: random numbers, advantages, the control variate. The reward,
levenshtein, compares T with S, on the first process alone. A ring sends each number of the gradient 2 (R - 1) / R
times.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import torch

from pgplay.policies.families.base import Capability, ModelSpec
from pgplay.policies.families.flops import learning_operations, sampling_operations
from pgplay.policies.memory import NUMBER

FORWARD, OF_ALL_WEIGHTS = 1, 3
"""Passes: a forward pass; with the backward pass, which computes gradients of inputs and of weights."""


class Network(NamedTuple):
    """A model with its vocabulary, and the number of its trained parameters: all, or those of an adapter."""

    spec: ModelSpec
    vocabulary: int
    trained: int

    @property
    def parameters(self) -> int:
        return self.spec.parameter_count(self.vocabulary)

    @property
    def passes(self) -> int:
        """Passes of an update: frozen weights need no gradient."""
        return OF_ALL_WEIGHTS if self.trained == self.parameters else OF_ALL_WEIGHTS - FORWARD


class Work(NamedTuple):
    """One step: so many completions of `tokens` tokens, so many distinct prompts of `prompt` tokens.

    `target` counts the characters of the target.
    """

    rows: int
    tokens: int
    prompts: int
    prompt: int
    target: int
    processes: int = 1
    updates: int = 1

    @property
    def written(self) -> int:
        """Tokens of the whole batch."""
        return self.rows * self.tokens


class Costs(NamedTuple):
    """A machine's costs for one network: seconds, and operations or bytes per second.

    column: of a sampled column, whatever its rows. update: of an update, likewise. sampled, learned: of a token of the
    whole batch. score: of a pair of characters. latency: of an exchange.
    """

    column: float
    sampled: float
    sampling_rate: float
    update: float
    learned: float
    learning_rate: float
    score: float
    latency: float = 0.0
    bandwidth: float = math.inf


class Seconds(NamedTuple):
    """The time of a step by its parts."""

    sample: float
    score: float
    learn: float
    exchange: float = 0.0

    @property
    def step(self) -> float:
        return sum(self)


def step_seconds(network: Network, work: Work, costs: Costs) -> Seconds:
    """Return the time of a step."""
    sampled, learned = operations(network, work)
    return Seconds(
        sample=work.tokens * costs.column + work.written * costs.sampled + sampled / costs.sampling_rate,
        score=work.written * work.target * costs.score,
        learn=work.updates * (costs.update + work.written * costs.learned + learned / costs.learning_rate),
        exchange=sum(exchanges(network, work)) * costs.latency + gradients(network, work) / costs.bandwidth,
    )


def operations(network: Network, work: Work) -> tuple[float, float]:
    """Return one process's operations of sampling and of an update; a prompt is read once in each."""
    rows, prompts = work.rows / work.processes, max(1.0, work.prompts / work.processes)
    shape = network.spec, network.vocabulary
    sampled, learned = (
        count(*shape, rows, work.tokens) + count(*shape, prompts, work.prompt)
        for count in (sampling_operations, learning_operations)
    )
    return sampled, learned * network.passes / OF_ALL_WEIGHTS


def exchanges(network: Network, work: Work) -> tuple[int, int, int]:
    """Return the number of exchanges while sampling, scoring and learning, as counted.

    A pretrained model has one per column besides.
    """
    if work.processes == 1:
        return 0, 0, 0
    if network.spec.can(Capability.ADAPTER):
        return 3 + work.tokens, 2, 4 * work.updates
    return 3, 2, 4 + 6 * work.updates


def gradients(network: Network, work: Work) -> float:
    """Return the bytes that a process sends of the gradients of all updates."""
    return work.updates * NUMBER * network.trained * 2 * (work.processes - 1) / work.processes


def fitted(network: Network, runs: Sequence[tuple[Work, Seconds]], bandwidth: float) -> Costs:
    """Return the costs by which the formulas come closest to the stages of `runs`, on one process and on several.

    Least squares of the relative errors; no cost is below zero. The times of stages include their exchanges.
    """
    equations, times = [], []
    for work, seconds in runs:
        (sampled, learned), counts = operations(network, work), exchanges(network, work)
        equations.append([work.tokens, work.written, sampled, 0, 0, 0, counts[0]])
        times.append(seconds.sample)
        u = work.updates
        equations.append([0, 0, 0, u, u * work.written, u * learned, counts[2]])
        times.append(seconds.learn - gradients(network, work) / bandwidth)
    column, sampled, sampling, update, learned, learning, latency = _least_squares(equations, times)
    alone = [(work, seconds) for work, seconds in runs if work.processes == 1]
    work, seconds = max(alone, key=lambda run: run[0].written)
    score = seconds.score / (work.written * work.target)
    rates = [1 / factor if factor else math.inf for factor in (sampling, learning)]
    return Costs(column, sampled, rates[0], update, learned, rates[1], score, latency, bandwidth)


def _least_squares(equations: Sequence[Sequence[float]], times: Sequence[float]) -> list[float]:
    """Return the factors, none below zero, that come closest to the `times`, each in relation to its own size.

    The optimum is that of ordinary least squares with some factors left out: each choice is tried.
    """
    matrix = torch.tensor(equations, dtype=torch.float64) / torch.tensor(times, dtype=torch.float64)[:, None]
    scales = matrix.norm(dim=0)
    matrix, ones = matrix / scales, matrix.new_ones(len(times), 1)
    best, least = matrix.new_zeros(len(scales)), math.inf
    for chosen in itertools.product([False, True], repeat=len(scales)):
        mask = torch.tensor(chosen)
        if not mask.any():
            continue
        part = torch.linalg.lstsq(matrix[:, mask], ones, driver="gelsd").solution[:, 0]
        factors = matrix.new_zeros(len(scales))
        factors[mask] = part
        error = float((matrix @ factors - ones[:, 0]).norm())
        if (part >= 0).all() and error < least:
            best, least = factors, error
    return (best / scales).tolist()
