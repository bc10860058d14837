"""A recorder for the CPU that keeps what a CUDA graph keeps: operations and the tensors that they read and write.

It shows without a GPU that a computation can be recorded: that it reads no number from the device, and that everything
it reads besides its inputs changes in place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

Result = TypeVar("Result")

HOST_READS = {"aten::_local_scalar_dense", "aten::nonzero", "aten::equal", "aten::is_nonzero", "aten::masked_select"}
"""Operations that wait for the device, which a CUDA graph refuses."""


class _Tape(TorchDispatchMode):
    """Every operation run under it, in order, with its tensors and the values that they overwrote."""

    def __init__(self) -> None:
        super().__init__()
        self._operations: list[tuple[Any, Any, Any, Any]] = []
        self._overwritten: list[tuple[Tensor, Tensor]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func._schema.name in HOST_READS:
            raise RuntimeError(f"{func} is not permitted while recording")
        for place, declared in enumerate(func._schema.arguments):
            given = args[place] if place < len(args) else kwargs.get(declared.name)
            if declared.alias_info is not None and declared.alias_info.is_write:
                tensors = (leaf for leaf in pytree.tree_leaves(given) if isinstance(leaf, Tensor))
                self._overwritten.extend((tensor, tensor.detach().clone()) for tensor in tensors)
        result = func(*args, **kwargs)
        self._operations.append((func, args, kwargs, result))
        return result

    @torch.no_grad()
    def undo(self) -> None:
        """Restore everything that was overwritten: recording computes nothing."""
        for tensor, before in reversed(self._overwritten):
            tensor.copy_(before.view_as(tensor))  # squeeze_ and similar operations change the shape
        self._overwritten.clear()

    @torch.no_grad()
    def replay(self) -> None:
        """Run the operations again on the same tensors, each result into its old tensor."""
        for func, args, kwargs, result in self._operations:
            again = func(*args, **kwargs)
            for place, value in zip(pytree.tree_leaves(result), pytree.tree_leaves(again), strict=True):
                if isinstance(place, Tensor) and place.data_ptr() != value.data_ptr():
                    place.copy_(value.view_as(place))


class TapeRecorder:
    """Records on the CPU; `replays` counts the runs made from a recording."""

    def __init__(self) -> None:
        self.replays = 0

    @contextmanager
    def on_stream(self) -> Iterator[None]:
        """Return a context that does nothing: a CPU has no streams."""
        yield

    def record(self, compute: Callable[[], Result]) -> tuple[Callable[[], None], Result]:
        """Return the replay and the result of `compute`; raises RuntimeError if it reads a number."""
        tape = _Tape()
        try:
            with tape:
                result = compute()
        finally:
            tape.undo()

        def replay() -> None:
            self.replays += 1
            tape.replay()

        return replay, result
