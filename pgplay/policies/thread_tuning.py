"""How many CPU threads compute a policy fastest: a short measurement, as no rule holds for every machine."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from pgplay.policies.density import Density
from pgplay.policies.policy import Policy

BUDGET = 0.1
"""Seconds after which nothing more is tried."""
MARGIN = 1.05
"""More threads must be faster by so much to be worth taking cores from others."""
_REPEATS = 3
_MANY_PRODUCTS = 2e8
"""Multiply-adds a token of all rows, between those of medium and of large with 64 rows."""


def candidates(most: int) -> list[int]:
    """Return the numbers of threads worth trying, from `most` down over the powers of two."""
    return sorted({most, *(2**power for power in range(most.bit_length()))}, reverse=True)


def cheapest(most: int, seconds_with: Callable[[int], float], deadline: float) -> int:
    """Return the fewest threads that are no slower than more; fewer are tried until they are slower.

    Nothing is tried after `deadline`, by time.perf_counter.
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
    """Return with how many threads, at most `most`, `policy` samples and learns `rows` completions fastest.

    Takes about 0.1 s; a network too large to be measured in that time keeps `most`. Draws no random number, changes no
    parameter, and leaves torch's number of threads at one of those that it tried.
    """
    deadline = time.perf_counter() + BUDGET
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
