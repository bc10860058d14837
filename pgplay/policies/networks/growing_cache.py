"""transformers' cache with room for further columns, so that a sampled token does not copy all that came before it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

ROOM = 32
"""Further columns for which there is room when a layer is copied."""


class GrowingLayer(DynamicLayer):  # type: ignore[misc]
    """The keys and values of one layer, (B, heads, T, D) each; further ones are written in place.

    With a gradient they are joined as in any other layer, as what was read must stay as it was.
    """

    keys: Tensor
    values: Tensor
    _rooms: tuple[Tensor, Tensor] | None = None

    def update(self, key_states: Tensor, value_states: Tensor, *rest: Any, **named: Any) -> tuple[Tensor, Tensor]:
        """Add the next keys and values, and return all of them."""
        if torch.is_grad_enabled():
            joined: tuple[Tensor, Tensor] = super().update(key_states, value_states, *rest, **named)
            return joined
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        used = self.get_seq_length()
        needed = used + key_states.shape[-2]
        rooms = self._rooms
        # Selected rows are tensors of their own.
        if rooms is None or needed > rooms[0].shape[-2] or not _is_part(self.keys, rooms[0]):
            rooms = _roomy(key_states, self.keys, used), _roomy(value_states, self.values, used)
        for room, states in zip(rooms, (key_states, value_states), strict=True):
            room[:, :, used:needed] = states
        self._rooms = rooms
        self.keys, self.values = (room[:, :, :needed] for room in rooms)
        return self.keys, self.values


def _is_part(view: Tensor, room: Tensor) -> bool:
    return view.untyped_storage().data_ptr() == room.untyped_storage().data_ptr()


def _roomy(states: Tensor, past: Tensor, used: int) -> Tensor:
    """Return the `past` with room for the next `states`, and for ROOM more."""
    batch, heads, count, size = states.shape
    room = states.new_empty(batch, heads, used + count + ROOM, size)
    if used:
        room[:, :, :used] = past
    return room


def growing_cache(config: Any) -> DynamicCache:
    """Return an empty cache for a model of this `config`; layers of another kind, such as windows, stay as they are."""
    cache = DynamicCache(config=config)
    cache.layers = [GrowingLayer() if type(layer) is DynamicLayer else layer for layer in cache.layers]
    return cache
