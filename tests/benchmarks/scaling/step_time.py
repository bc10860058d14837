"""The time of a step as a formula of its work and of a machine's costs; its memory is `pgplay.policies.memory`.

    sampling  T (column + B V draw) + operations / R / sampling rate
    scoring   B T S score
    learning  U (update + operations / R / learning rate)
    exchange  exchanges latency + U gradient 2 (R - 1) / R / bandwidth

for B completions of T tokens over a vocabulary V, targets of S characters, U updates and R processes. Every process
draws the noise of the whole batch. The reward, levenshtein, compares T with S, on the first process alone. A ring sends
each number of the gradient 2 (R - 1) / R times.
"""

from __future__ import annotations

from typing import NamedTuple

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

    `target` counts the characters of the target. `rows` may be a fraction: completions that stop early count by their
    share of `tokens`.
    """

    rows: float
    tokens: int
    prompts: int
    prompt: int
    target: int
    processes: int = 1
    updates: int = 1


class Costs(NamedTuple):
    """A machine's costs for one network: seconds, and operations or bytes per second.

    column: of a sampled column, whatever its rows. draw: of a random number. update: of an update, whatever its rows.
    score: of a pair of characters. latency: of an exchange.
    """

    column: float
    draw: float
    sampling_rate: float
    update: float
    learning_rate: float
    score: float
    latency: float = 0.0
    bandwidth: float = float("inf")


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
    drawn = work.rows * network.vocabulary * costs.draw
    ring = 2 * (work.processes - 1) / work.processes
    gradients = work.updates * NUMBER * network.trained * ring
    return Seconds(
        sample=work.tokens * (costs.column + drawn) + sampled / costs.sampling_rate,
        score=compared(work) * costs.score,
        learn=work.updates * (costs.update + learned / costs.learning_rate),
        exchange=exchanges(network, work) * costs.latency + gradients / costs.bandwidth,
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


def compared(work: Work) -> float:
    """Return the pairs of a token and a character of the target."""
    return work.rows * work.tokens * work.target


def exchanges(network: Network, work: Work) -> int:
    """Return the number of exchanges of a step, as counted; a pretrained model has one per column."""
    if work.processes == 1:
        return 0
    if network.spec.can(Capability.ADAPTER):
        return 5 + 4 * work.updates + work.tokens
    return 9 + 6 * work.updates


def fitted(network: Network, runs: list[tuple[Work, Seconds]], draw: float) -> Costs:
    """Return the costs by which the formulas give the `runs` of a small and of a large batch, on one process."""
    (few, short), (many, long) = runs
    small, large = operations(network, few), operations(network, many)

    def line(stage: int, less: float, more: float) -> tuple[float, float]:
        """Return what does not grow with the operations, and operations per second."""
        rate = (large[stage] - small[stage]) / (more - less)
        return less - small[stage] / rate, rate

    def undrawn(work: Work, seconds: Seconds) -> float:
        return seconds.sample - work.tokens * work.rows * network.vocabulary * draw

    start, sampling_rate = line(0, undrawn(few, short), undrawn(many, long))
    update, learning_rate = line(1, short.learn / few.updates, long.learn / many.updates)
    return Costs(start / few.tokens, draw, sampling_rate, update, learning_rate, long.score / compared(many))
