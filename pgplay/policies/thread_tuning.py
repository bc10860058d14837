"""Finds the fastest number of CPU threads by a short measurement, because no rule fits every machine."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from pgplay.policies.density import Density
from pgplay.policies.policy import Policy

_TUNING_SECONDS = 0.1
"""Time limit of the measurement in seconds."""
MARGIN = 1.05
"""Factor by which more threads must be faster to be worth their cores."""
_REPEATS = 3
_MANY_PRODUCTS = 2e8
"""Multiply-adds per token over all rows; between medium and large with 64 rows."""


def candidates(most: int) -> list[int]:
    """Return the numbers of threads to try: `most` and the powers of two below, in descending order."""
    return sorted({most, *(2**power for power in range(most.bit_length()))}, reverse=True)


def cheapest(most: int, seconds_with: Callable[[int], float], deadline: float) -> int:
    """Return the fewest threads that are not slower than more; tries fewer until that is slower.

    Tries nothing after `deadline` (time.perf_counter).
    """
    best, least = most, float("inf")
    for threads in candidates(most):
        seconds = seconds_with(threads)
        if seconds > least * MARGIN:
            break
        best, least = threads, min(least, seconds)
        if time.perf_counter() > deadline:
            break
    return best


def fastest_threads(policy: Policy, rows: int, most: int) -> int:
    """Return the number of threads, at most `most`, with which `policy` samples and learns `rows` completions fastest.

    Takes about 0.1 s; a network too large to measure in that time keeps `most`. It draws no random numbers, changes no
    parameters, and leaves torch with one of the numbers of threads it tried.
    """
    deadline = time.perf_counter() + _TUNING_SECONDS
    parameters = sum(parameter.numel() for parameter in policy.module.parameters())
    columns = 4 if rows * parameters < _MANY_PRODUCTS else 1

    def seconds_with(threads: int) -> float:
        torch.set_num_threads(threads)
        least = float("inf")
        for _ in range(_REPEATS):
            began = time.perf_counter()
            _sample(policy, rows, columns)
            if time.perf_counter() > deadline:
                break
            _learn(policy, rows, columns)
            least = min(least, time.perf_counter() - began)
        return least

    return cheapest(most, seconds_with, deadline) if most > 1 else 1


@torch.no_grad()
def _sample(policy: Policy, rows: int, columns: int) -> None:
    tokens = torch.zeros(rows, dtype=torch.long, device=policy.device)
    state = policy.network.start(rows, columns)
    for column in range(columns):
        policy.network.logits(policy.network.step(tokens, column, state))


def _learn(policy: Policy, rows: int, columns: int) -> None:
    tokens = torch.zeros(rows, columns, dtype=torch.long, device=policy.device)
    loss = policy.log_probabilities(tokens, Density()).mean()
    torch.autograd.grad(loss, policy.trainable_parameters())
