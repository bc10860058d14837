"""Computations of fixed shape, recorded once and replayed with one call: CUDA graphs.

A small network on a GPU waits for the host, which starts some kernels for every token and every parameter; a CUDA graph
(docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs) starts them all at once. What it keeps are kernels and
addresses. So what is recorded must never ask the device for a number, and what it reads beside its inputs (weights,
moments, a regression) must change in place.

A computation runs eagerly the first few times, which readies libraries and tells a shape that recurs from one that does
not. Where there is nothing to record with, or a recording is refused, it always does.
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
"""Each keeps memory of its own; prompts of many lengths have many shapes, of which the first to recur are recorded."""


class Recorder(Protocol):
    """What records computations on a device."""

    def beside(self) -> AbstractContextManager[None]:
        """Return a context in which the device computes what is recorded, after all that it was asked for before."""
        ...

    def record(self, compute: Callable[[], Result]) -> tuple[Replay, Result]:
        """Return what computes again into the same result, which is not computed yet; raises RuntimeError."""
        ...


class CudaRecorder:
    """Records CUDA graphs, on a stream of its own: the default one can't be recorded.

    Autograd adds gradients up on the stream where a parameter was first used, so what is not recorded runs there too.
    """

    def __init__(self, device: torch.device) -> None:
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Return a context in which the device computes on that stream."""
        here = torch.cuda.current_stream(self._stream.device)
        self._stream.wait_stream(here)
        with torch.cuda.stream(self._stream):
            yield
        here.wait_stream(self._stream)

    def record(self, compute: Callable[[], Result]) -> tuple[Replay, Result]:
        """Return the replay and the result of `compute`; other threads may use the device meanwhile."""
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=self._stream, capture_error_mode="thread_local"):
            result = compute()
        return graph.replay, result


class Recording(NamedTuple):
    """A recorded computation: where it reads its inputs, how it is made again, and where its result comes to stand."""

    inputs: list[Tensor]
    replay: Replay
    result: Any


class GraphCache:
    """Runs the computations of one learner, and remembers those that recur until it is told that they changed."""

    def __init__(self, recorder: Recorder | None) -> None:
        self._recorder = recorder
        self._runs: Counter[Hashable] = Counter()
        self._recordings: dict[Hashable, Recording] = {}

    @classmethod
    def on(cls, device: torch.device) -> GraphCache:
        """Return graphs for `device`, which can be recorded on CUDA only."""
        return cls(CudaRecorder(device) if device.type == "cuda" else None)

    @property
    def records(self) -> bool:
        """Whether computations may be recorded: shapes should then stay the same, even where some of it is unused."""
        return self._recorder is not None

    def forget(self) -> None:
        """Forget all recordings, as what they read beside their inputs is no longer where it was, or not the same."""
        self._runs.clear()
        self._recordings.clear()

    def beside(self) -> AbstractContextManager[None]:
        """Return the context for what is computed once and shares parameters with what is recorded."""
        return self._recorder.beside() if self._recorder else nullcontext()

    def run(self, compute: Callable[..., Result], constants: Hashable, *inputs: Any) -> Result:
        """Return `compute(*inputs)`, of which nothing else but `constants` decides what is computed.

        inputs and the result are tensors, numbers and None, in tuples, lists and dicts. Floats may differ from run to
        run: where something is recorded, `compute` is given them as float32 tensors (). All else that is not a tensor
        is a constant.
        """
        if self._recorder is None:
            return compute(*inputs)
        leaves, structure = pytree.tree_flatten(inputs)
        key = (constants, str(structure), tuple(_kind(leaf) for leaf in leaves))
        with self._recorder.beside():
            recording = self._recordings.get(key)
            if recording is None:
                given = [_as_tensor(leaf, _device_of(leaves)) for leaf in leaves]
                recording = self._record(compute, given, structure) if self._is_due(key) else None
                if recording is None:
                    return compute(*pytree.tree_unflatten(given, structure))
                self._recordings[key] = recording
            _take(recording.inputs, [leaf for leaf in leaves if isinstance(leaf, Tensor | float)])
            recording.replay()
            return cast(Result, pytree.tree_map_only(Tensor, torch.clone, recording.result))

    def _is_due(self, key: Hashable) -> bool:
        """Count a run that has no recording, and tell whether it is to be recorded."""
        self._runs[key] += 1
        return self._runs[key] > EAGER_RUNS and len(self._recordings) < MOST_RECORDINGS

    def _record(self, compute: Callable[..., Any], given: list[Any], structure: Any) -> Recording | None:
        """Return a recording that reads from copies of what was `given`; None where it is refused, for good."""
        assert self._recorder is not None
        kept = [leaf.clone() if isinstance(leaf, Tensor) else leaf for leaf in given]
        try:
            replay, result = self._recorder.record(lambda: compute(*pytree.tree_unflatten(kept, structure)))
        except RuntimeError as error:
            warnings.warn(f"Training goes on without CUDA graphs, which were refused: {error}", stacklevel=3)
            self._recorder = None
            return None
        return Recording([leaf for leaf in kept if isinstance(leaf, Tensor)], replay, result)


EAGER = GraphCache(None)
"""Records nothing."""


def _kind(leaf: Any) -> Hashable:
    """Return what must be the same for a recording to serve `leaf`."""
    if isinstance(leaf, Tensor):
        return leaf.shape, leaf.dtype
    return float if isinstance(leaf, float) else leaf


def _device_of(leaves: list[Any]) -> torch.device:
    return next(leaf.device for leaf in leaves if isinstance(leaf, Tensor))


def _as_tensor(leaf: Any, device: torch.device) -> Any:
    """Return a float as a tensor on `device`, filled in there as a copy from the host can't be recorded."""
    return torch.full((), leaf, device=device) if isinstance(leaf, float) else leaf


def _take(places: list[Tensor], values: list[Tensor | float]) -> None:
    for place, value in zip(places, values, strict=True):
        if isinstance(value, Tensor):
            place.copy_(value)
        else:
            place.fill_(value)
