"""The interface of every network."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from pgplay.policies.prefix_tree import Prefixes


class Network(Protocol):
    """Tokens to features to logits, for whole texts by their prefixes (forward) and token by token (start, step).

    `masks` (mask_count, B, W) are dropout masks, fixed for a whole completion, so that sampling and training use the
    same network (Gal and Ghahramani 2016, arXiv:1512.05287); None means no dropout.
    """

    width: int
    mask_count: int
    has_large_vocabulary: bool
    """Whether the logits of many prefixes are computed for some of them at a time."""
    has_constant_features: bool
    """Whether training leaves all but that map as it is."""
    is_sharded: bool
    """Whether ranks hold a part each of its layers."""

    def __call__(self, prefixes: Prefixes, masks: Tensor | None = None) -> Tensor:
        """Return features (P, W) for `prefixes`, with a row of `masks` for each."""
        ...

    def trainable_parameters(self) -> list[nn.Parameter]:
        """Return the parameters that training changes."""
        ...

    def saved_state(self) -> dict[str, Tensor]:
        """Return the tensors to save besides the description, by name, not copied."""
        ...

    def load_saved_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Load what `saved_state` returned; raises RuntimeError for tensors of another network."""
        ...

    def reference(self) -> Network:
        """Return the network as it is now, constant."""
        ...

    def base(self) -> Network | None:
        """Return the network without what training added, constant; None if training changes the network itself."""
        ...

    def logits(self, features: Tensor) -> Tensor:
        """Return logits (..., V) for `features` (..., W)."""
        ...

    def frozen_logits(self) -> Callable[[Tensor], Tensor]:
        """Return the map from features to logits as it is now, a constant to the gradient and to training."""
        ...

    def start(self, batch: int, length: int) -> Any:
        """Return the state before the first of `length` tokens; it is valid for the current weights only."""
        ...

    def prefill(self, tokens: Tensor, state: Any, masks: Tensor | None = None) -> None:
        """Read `tokens` (B, T), the first ones, and advance `state` in place."""
        ...

    def step(self, tokens: Tensor, position: int, state: Any, masks: Tensor | None = None) -> Tensor:
        """Return features (B, W) after `tokens` (B,) at `position`, and advance `state` in place."""
        ...

    def select_rows(self, state: Any, rows: Tensor) -> Any:
        """Return the state of those `rows` (b,) of `state`."""
        ...


class PromptReader(Network, Protocol):
    """A network that reads prompts of different lengths in one pass, and then steps with each row at its own place."""

    def read_prompts(self, tokens: Tensor, lengths: Tensor) -> Any:
        """Return the state after the first `lengths` (B,) of `tokens` (B, T); it is as if T tokens had been read."""
        ...

    @property
    def reads_together(self) -> bool:
        """Whether other ranks read now, so that this one must read as often, even if only a token for nothing."""

    def read_nothing(self) -> Tensor:
        """Return the features (1, 1, W) of a token that counts for nothing."""
        ...


class WholeState:
    """Trains, saves and copies every parameter."""

    has_large_vocabulary = False
    has_constant_features = False
    is_sharded = False

    def trainable_parameters(self: nn.Module) -> list[nn.Parameter]:  # type: ignore[misc]
        """Return the parameters that training changes."""
        return [parameter for parameter in self.parameters() if parameter.requires_grad]

    def saved_state(self: nn.Module) -> dict[str, Tensor]:  # type: ignore[misc]
        """Return all tensors by name, not copied."""
        return {name: tensor.detach() for name, tensor in self.state_dict().items()}

    def load_saved_state(self: nn.Module, tensors: Mapping[str, Tensor]) -> None:  # type: ignore[misc]
        """Load what `saved_state` returned; raises RuntimeError for tensors of another network."""
        self.load_state_dict(tensors)

    def reference(self: nn.Module) -> nn.Module:  # type: ignore[misc]
        """Return a frozen copy."""
        return copy.deepcopy(self).requires_grad_(False)

    def frozen_logits(self: Network) -> Callable[[Tensor], Tensor]:
        """Return the logits of a frozen copy."""
        return self.reference().logits

    def base(self) -> None:
        """Return None: every parameter is trained."""


class StepwisePrefill:
    """Reads a prompt token by token: fast enough for short prompts, and bit for bit the same as `step`."""

    def prefill(self: Network, tokens: Tensor, state: Any, masks: Tensor | None = None) -> None:
        """Read `tokens` (B, T), the first ones, and advance `state` in place."""
        for position in range(tokens.shape[1]):
            self.step(tokens[:, position], position, state, masks)


def draw_masks(network: Network, batch: int, dropout: float, generator: torch.Generator) -> Tensor:
    """Return dropout masks (mask_count, B, W): 0 with probability `dropout`, else 1 / (1 - dropout)."""
    shape = (network.mask_count, batch, network.width)
    is_kept = torch.rand(shape, generator=generator, device=generator.device) >= dropout
    return is_kept / (1 - dropout)
