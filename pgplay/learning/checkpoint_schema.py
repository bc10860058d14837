"""Checks a learner's state before it is restored, so that a bad checkpoint is refused."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import torch
from torch import Tensor

from pgplay.config.run_config import RunConfig
from pgplay.errors import InputError
from pgplay.learning import search
from pgplay.learning.algorithms.table import trains_network
from pgplay.learning.learner import LearnerState
from pgplay.learning.objective.control_variate import ControlVariate, lower_half
from pgplay.learning.training_state import Counters
from pgplay.policies.families.base import Shapes
from pgplay.policies.fit import misfit
from pgplay.policies.spec import PolicySpec

_GENERATORS = ("generator", "prompt_generator")
_NOT_NEGATIVE = ("steps", "completions", "seconds", "entropy_weight", "recoveries")
_FINITE = (*_NOT_NEGATIVE, "moving_average", "lr", "divergence")


def check_state(state: LearnerState, config: RunConfig, shape: PolicySpec, prompts: int) -> int:
    """Return the steps of a learner's `state` if it is valid for `config` and a task with this number of `prompts`.

    Raises InputError otherwise.
    """
    shape.check()
    is_trained = trains_network(config.algorithm)
    counters = _read("counters", state.values.get("counters"), Counters if is_trained else search.SearchCounters)
    _check_counters(counters, prompts)
    expected: Shapes = {}
    if is_trained:
        reference = _read("reference", state.values.get("reference"), PolicySpec | None)
        if reference is not None:
            reference.check()
        expected = _network_tensors(state.tensors, shape, reference)
    _check_tensors(state.tensors, expected)
    return int(counters.steps)


def _read(name: str, value: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise InputError(f"its {name} cannot be read: {error}") from error


def _check_counters(counters: Any, prompts: int) -> None:
    for name in _FINITE:
        value = getattr(counters, name, None)
        if value is not None and (not math.isfinite(value) or (name in _NOT_NEGATIVE and value < 0)):
            raise InputError(f"its {name} cannot be {value}")
    if counters.steps and not counters.completions:
        raise InputError(f"it counts {counters.steps} steps without a completion")
    if not all(0 <= number < prompts for number in counters.waiting):
        raise InputError("it has a waiting prompt that the task does not have")


def _network_tensors(tensors: dict[str, Tensor], shape: PolicySpec, reference: PolicySpec | None) -> Shapes:
    width = shape.network.shape.width
    critic: Shapes = {"weight": (1, width), "bias": (1,)}
    trained = [*shape.tensors.values(), *critic.values()]
    expected = _named("policy", shape.tensors) | _named("critic", critic)
    for number, dimensions in enumerate(trained):
        moments: Shapes = {"mean": dimensions, "square": dimensions, "step": ()}
        expected |= _named(f"optimiser.{number}", moments)
    if reference is not None:
        expected |= _named("reference", reference.tensors)
    if any(name.startswith("best_policy.") for name in tensors):  # only with early stopping
        expected |= _named("best_policy", shape.tensors)
    if any(name.startswith("variate.") for name in tensors):  # only of some algorithms
        variate = ControlVariate(width, shape.tokenizer.vocabulary_size, torch.device("cpu")).state()
        shapes: Shapes = {name: tuple(tensor.shape) for name, tensor in variate.items()}
        expected |= _named("variate", shapes | _squares(tensors.get("variate.squares"), shapes["products"]))
    return expected


def _squares(stored: Tensor | None, products: tuple[int, ...]) -> Shapes:
    """Return the shape of the regression's symmetric matrix, `stored` whole or as its lower half."""
    (size,) = products
    is_whole = stored is not None and stored.dim() == 2
    return {"squares": (size, size) if is_whole else tuple(lower_half(torch.zeros(size, size)).shape)}


def _named(part: str, shapes: Shapes) -> Shapes:
    return {f"{part}.{name}": shape for name, shape in shapes.items()}


def _check_tensors(tensors: dict[str, Tensor], expected: Shapes) -> None:
    numbers = {name: tensor for name, tensor in tensors.items() if name not in _GENERATORS}
    wrong = misfit({name: tuple(tensor.shape) for name, tensor in numbers.items()}, expected)
    if wrong:
        raise InputError(wrong)
    for name, tensor in numbers.items():
        if tensor.dtype != torch.float32:
            raise InputError(f"{name} has {tensor.dtype} instead of torch.float32")
        if not tensor.isfinite().all():
            raise InputError(f"{name} has a number that is not finite")
        if name.startswith("optimiser.") and not name.endswith(".mean") and (tensor < 0).any():
            raise InputError(f"{name} is negative")
    for name in _GENERATORS:
        _check_generator(name, tensors.get(name))


def _check_generator(name: str, state: Tensor | None) -> None:
    """Refuse an invalid state of a random generator; for devices other than the CPU only type and shape are checked."""
    if state is None:
        raise InputError(f"it lacks {name}")
    generator = torch.Generator()
    whole = len(generator.get_state())
    is_of_cpu = name == "prompt_generator" or state.numel() == whole
    if state.dtype != torch.uint8 or state.dim() != 1 or (is_of_cpu and len(state) != whole):
        raise InputError(f"{name} is not the state of a random generator")
    if is_of_cpu:
        try:
            generator.set_state(state)
        except RuntimeError as error:
            raise InputError(f"{name} is not the state of a random generator") from error
