"""The density: from logits to the log-probabilities used for sampling and in the loss."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from pgplay.config.run_config import RunConfig


class Density(NamedTuple):
    """Temperature and filters, applied in this order: temperature, top-k, top-p, min-p."""

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0

    @classmethod
    def of(cls, config: RunConfig) -> Density:
        """Return the density of a run of `config`, for sampling, in the loss, and of the policy it saves."""
        return cls(**{name: getattr(config, name) for name in cls._fields})

    @property
    def changes(self) -> dict[str, Any]:
        """The settings that differ from a plain softmax, by name."""
        plain = Density()._asdict()
        return {name: value for name, value in self._asdict().items() if value != plain[name]}

    @property
    def description(self) -> str:
        """`changes` as text."""
        return ", ".join(f"{name} {value:g}" for name, value in self.changes.items()) or "temperature 1"

    def log_probabilities(self, logits: Tensor) -> Tensor:
        """Return log-probabilities (..., V) for `logits` (..., V); a token that a filter removes has -inf."""
        return self.filtered(logits).log_softmax(-1)

    def filtered(self, logits: Tensor) -> Tensor:
        """Return `logits` (..., V) with temperature and filters applied, not normalised; a removed token has -inf.

        The most likely token always stays. top_p: Holtzman et al. 2020, arXiv:1904.09751; min_p: Nguyen et al. 2024,
        arXiv:2407.01082. The set of removed tokens is constant to the gradient.
        """
        if self.temperature != 1.0:
            logits = logits / self.temperature
        if 0 < self.top_k < logits.shape[-1]:
            threshold = logits.detach().topk(self.top_k).values[..., -1:]
            logits = logits.masked_fill(logits < threshold, -torch.inf)
        if self.top_p < 1.0:
            sorted_logits, order = logits.detach().sort(descending=True)
            probabilities = sorted_logits.softmax(-1)
            # A token is removed if the more likely ones already reach top_p.
            beyond = probabilities.cumsum(-1) - probabilities >= self.top_p
            logits = logits.masked_fill(torch.zeros_like(beyond).scatter(-1, order, beyond), -torch.inf)
        if self.min_p > 0.0:
            detached = logits.detach()
            cut = detached - detached.max(-1, keepdim=True).values < math.log(self.min_p)
            logits = logits.masked_fill(cut, -torch.inf)
        return logits


def entropy(log_probabilities: Tensor) -> Tensor:
    """Return the exact entropy (...) in nats of `log_probabilities` (..., V): -sum p log p."""
    return -_expectation(log_probabilities, log_probabilities)


def kl_divergence(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Return the exact KL(p || q) (...) in nats: sum p (log p - log q), both (..., V)."""
    return _expectation(log_p, log_p - log_q)


def _expectation(log_probabilities: Tensor, values: Tensor) -> Tensor:
    """Return sum p * value over the last dimension; a token of probability 0 counts 0, in the gradient too."""
    impossible = log_probabilities == -torch.inf
    return (log_probabilities.exp() * values.masked_fill(impossible, 0.0)).sum(-1)
