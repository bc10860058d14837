"""TensorBoard's logs, read by its own reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

EVERY_EVENT = {"scalars": 0, "tensors": 0}


def read_back(folder: Path) -> EventAccumulator:
    log = EventAccumulator(str(folder), EVERY_EVENT)
    log.Reload()
    return log


def scalars(log: EventAccumulator, tag: str) -> list[tuple[int, float]]:
    return [(event.step, event.value) for event in log.Scalars(tag)]


def texts(log: EventAccumulator, tag: str) -> dict[int, Any]:
    return {event.step: decoded(make_ndarray(event.tensor_proto).tolist()) for event in log.Tensors(tag)}


def decoded(value: Any) -> Any:
    """The strings of a tensor, which may be nested."""
    return [decoded(item) for item in value] if isinstance(value, list) else value.decode()
