"""Computations of fixed shape, recorded once and replayed with one call: CUDA graphs.

A small network on a GPU waits for the host, which launches several kernels per token and parameter; a CUDA graph
(docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs) launches them all at once. It stores kernels and addresses,
so a recorded computation must never read a number from the device, and tensors it reads besides its inputs (weights,
moments, a regression) must change in place.

A computation runs eagerly the first few times, which initialises libraries and shows whether its shape recurs. Without
a recorder, or after a failed recording, it always runs eagerly.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple, Protocol, TypeVar, cast

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

Result = TypeVar("Result")
Replay = Callable[[], object]

EAGER_RUNS = 3
MOST_RECORDINGS = 16
"""Each recording has its own memory; of many shapes (prompts of many lengths) the first to recur are recorded."""


class Recorder(Protocol):
    """Records computations on a device."""

    def on_stream(self) -> AbstractContextManager[None]:
        """Return a context on the recording stream, after all earlier work of the device."""
        ...

    def record(self, compute: Callable[[], Result]) -> tuple[Replay, Result]:
        """Return a replay of `compute` and its result, which is not computed yet; raises RuntimeError."""
        ...


class CudaRecorder:
    """Records CUDA graphs on its own stream: the default stream can't be recorded.

    Autograd accumulates gradients on the stream where a parameter was first used, so eager work runs there too.
    """

    def __init__(self, device: torch.device) -> None:
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    @contextmanager
    def on_stream(self) -> Iterator[None]:
        """Return a context on that stream."""
        current = torch.cuda.current_stream(self._stream.device)
        self._stream.wait_stream(current)
        with torch.cuda.stream(self._stream):
            yield
        current.wait_stream(self._stream)

    def record(self, compute: Callable[[], Result]) -> tuple[Replay, Result]:
        """Return the replay and the result of `compute`; other threads may use the device meanwhile."""
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=self._stream, capture_error_mode="thread_local"):
            result = compute()
        return graph.replay, result


class Recording(NamedTuple):
    """A recorded computation: its input tensors, its replay, and its result tensors."""

    inputs: list[Tensor]
    replay: Replay
    result: Any


class GraphCache:
    """Runs the computations of one learner, and records those that recur."""

    def __init__(self, recorder: Recorder | None) -> None:
        self._recorder = recorder
        self._runs: Counter[Hashable] = Counter()
        self._recordings: dict[Hashable, Recording] = {}

    @classmethod
    def on(cls, device: torch.device) -> GraphCache:
        """Return a cache for `device`; only CUDA records."""
        return cls(CudaRecorder(device) if device.type == "cuda" else None)

    @property
    def records(self) -> bool:
        """Whether computations may be recorded; then shapes should stay constant, even with unused columns."""
        return self._recorder is not None

    def forget(self) -> None:
        """Forget all recordings: tensors that they read besides their inputs were replaced."""
        self._runs.clear()
        self._recordings.clear()

    def eager(self) -> AbstractContextManager[None]:
        """Return the context for eager computations that share parameters with recorded ones."""
        return self._recorder.on_stream() if self._recorder else nullcontext()

    def run(self, compute: Callable[..., Result], constants: Hashable, *inputs: Any) -> Result:
        """Return `compute(*inputs)`; only `inputs` and `constants` may affect the result.

        inputs and the result are tensors, numbers and None, in tuples, lists and dicts. Floats may differ between runs:
        a recording gets them as float32 tensors (). Every other value that is not a tensor is a constant.
        """
        if self._recorder is None:
            return compute(*inputs)
        leaves, structure = pytree.tree_flatten(inputs)
        key = (constants, str(structure), tuple(_kind(leaf) for leaf in leaves))
        with self._recorder.on_stream():
            recording = self._recordings.get(key)
            if recording is None:
                tensors = [_as_tensor(leaf, _device_of(leaves)) for leaf in leaves]
                recording = self._record(compute, tensors, structure) if self._is_due(key) else None
                if recording is None:
                    return compute(*pytree.tree_unflatten(tensors, structure))
                self._recordings[key] = recording
            _fill(recording.inputs, [leaf for leaf in leaves if isinstance(leaf, Tensor | float)])
            recording.replay()
            return cast(Result, pytree.tree_map_only(Tensor, torch.clone, recording.result))

    def _is_due(self, key: Hashable) -> bool:
        """Count a run without a recording; return whether to record it now."""
        self._runs[key] += 1
        return self._runs[key] > EAGER_RUNS and len(self._recordings) < MOST_RECORDINGS

    def _record(self, compute: Callable[..., Any], leaves: list[Any], structure: Any) -> Recording | None:
        """Return a recording that reads from copies of `leaves`; None, and no more recordings, if it fails."""
        assert self._recorder is not None
        inputs = [leaf.clone() if isinstance(leaf, Tensor) else leaf for leaf in leaves]
        try:
            replay, result = self._recorder.record(lambda: compute(*pytree.tree_unflatten(inputs, structure)))
        except RuntimeError as error:
            warnings.warn(f"Training continues without CUDA graphs: {error}", stacklevel=3)
            self._recorder = None
            return None
        return Recording([leaf for leaf in inputs if isinstance(leaf, Tensor)], replay, result)


EAGER = GraphCache(None)
"""Records nothing."""


def _kind(leaf: Any) -> Hashable:
    """Return the part of a recording's key for `leaf`."""
    if isinstance(leaf, Tensor):
        return leaf.shape, leaf.dtype
    return float if isinstance(leaf, float) else leaf


def _device_of(leaves: list[Any]) -> torch.device:
    return next(leaf.device for leaf in leaves if isinstance(leaf, Tensor))


def _as_tensor(leaf: Any, device: torch.device) -> Any:
    """Return a float as a tensor filled on `device`, because copies from the host can't be recorded."""
    return torch.full((), leaf, device=device) if isinstance(leaf, float) else leaf


def _fill(inputs: list[Tensor], values: list[Tensor | float]) -> None:
    for tensor, value in zip(inputs, values, strict=True):
        if isinstance(value, Tensor):
            tensor.copy_(value)
        else:
            tensor.fill_(value)
