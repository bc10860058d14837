"""Checks a learner's state before it is restored, so that a bad checkpoint is refused.

Without torch, so that the app, and the question before a stored run's Python, judge as the worker does.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from typing import Any

import msgspec
from safetensors import SafetensorError, deserialize

from pgplay.config.run_config import RunConfig
from pgplay.errors import InputError
from pgplay.learning.algorithms.table import chosen_algorithm, trains_network
from pgplay.learning.objective.control_variate_shapes import describing_texts, state_shapes
from pgplay.learning.search_state import SearchCounters
from pgplay.learning.training_state import Counters
from pgplay.policies.families.base import Shapes
from pgplay.policies.fit import misfit
from pgplay.policies.spec import PolicySpec, StoredSpec, from_stored

RANDOM_GENERATORS = ("generator", "prompt_generator")
GENERATOR_BYTES = 5056
"""Of the state of torch's generator on a CPU, a Mersenne Twister."""
_TWISTER = struct.Struct("=QiiQ")
"""How that state begins: the seed, how many words are left, whether it was seeded, and the next word's place."""
_WORDS = 624
_NOT_NEGATIVE = ("steps", "completions", "seconds", "entropy_weight", "recoveries")
_FINITE = (*_NOT_NEGATIVE, "moving_average", "origin", "lr", "divergence", "divergence_growth")


def check_state(values: Mapping[str, Any], tensors: bytes, config: RunConfig, shape: PolicySpec, prompts: int) -> int:
    """Return the steps of a learner's state if it is valid for `config` and a task with this number of `prompts`.

    The state is its `values` and, as safetensors, its `tensors`. Raises InputError otherwise.
    """
    shape.check()
    is_trained = trains_network(config.algorithm)
    counters = _read("counters", values.get("counters"), Counters if is_trained else SearchCounters)
    _check_counters(counters, prompts)
    try:
        stored = dict(deserialize(tensors))  # type: ignore[no-untyped-call]
    except (SafetensorError, ValueError, OverflowError) as error:
        raise InputError("state.no_tensors", reason=str(error)) from error
    expected: Shapes = {}
    if is_trained:
        reference = _read("reference", values.get("reference"), StoredSpec | None)
        if reference is not None:
            reference = from_stored(reference)
            reference.check()
        shapes = {name: tuple(tensor["shape"]) for name, tensor in stored.items()}
        has_moments = chosen_algorithm(config)[1].optimizer != "sgd"
        expected = network_tensors(shapes, shape, reference, has_moments=has_moments)
    _check_tensors(stored, expected)
    return int(counters.steps)


def network_tensors(
    stored: Shapes, shape: PolicySpec, reference: PolicySpec | None, *, has_moments: bool = True
) -> Shapes:
    """Return the tensors that the state of a learner with a network has, among them those that only some have.

    `has_moments`: whether its optimiser keeps moments.
    """
    width = shape.network.shape.width
    critic: Shapes = {"weight": (1, width), "bias": (1,)}
    own = shape.expected(_part("policy", stored))
    trained = [*own.values(), *critic.values()]
    expected = _named("policy", own) | _named("critic", critic)
    for number, dimensions in enumerate(trained if has_moments else ()):
        moments: Shapes = {"mean": dimensions, "square": dimensions, "step": ()}
        expected |= _named(f"optimiser.{number}", moments)
    if reference is not None:
        expected |= _named("reference", reference.expected(_part("reference", stored)))
    if any(name.startswith("best_policy.") for name in stored):  # only with early stopping
        expected |= _named("best_policy", own)
    if any(name.startswith("variate.") for name in stored):  # only of some algorithms
        is_whole = len(stored.get("variate.squares", ())) == 2
        tokenizer = shape.tokenizer
        of_texts = bool(describing_texts(tokenizer))
        expected |= _named(
            "variate", state_shapes(width, tokenizer.vocabulary_size, whole=is_whole, of_texts=of_texts)
        )
    return expected


def is_generator_state(data: bytes) -> bool:
    """Whether torch would take `data` as the state of its generator on a CPU."""
    if len(data) != GENERATOR_BYTES:
        return False
    left: int
    seeded: int
    following: int
    _, left, seeded, following = _TWISTER.unpack_from(data)
    return seeded != 0 and 0 < left <= _WORDS and following <= _WORDS


def _read(name: str, value: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise InputError("state.unreadable", name=name, reason=str(error)) from error


def _check_counters(counters: Any, prompts: int) -> None:
    for name in _FINITE:
        value = getattr(counters, name, None)
        if value is not None and (not math.isfinite(value) or (name in _NOT_NEGATIVE and value < 0)):
            raise InputError("state.value", name=name, value=str(value))
    seen = getattr(counters, "seen", None)
    if seen is not None and not -math.inf < seen.low <= seen.high < math.inf:
        raise InputError("state.value", name="seen", value=f"{seen.low} to {seen.high}")
    if counters.steps and not counters.completions:
        raise InputError("state.no_completions", steps=counters.steps)
    if not all(0 <= number < prompts for number in counters.waiting):
        raise InputError("state.waiting_prompt")


def _part(part: str, shapes: Shapes) -> Shapes:
    """Return the shapes of one part, by name in alphabetical order."""
    prefix = f"{part}."
    return {name.removeprefix(prefix): shapes[name] for name in sorted(shapes) if name.startswith(prefix)}


def _named(part: str, shapes: Shapes) -> Shapes:
    return {f"{part}.{name}": shape for name, shape in shapes.items()}


def _check_tensors(tensors: Mapping[str, Mapping[str, Any]], expected: Shapes) -> None:
    import numpy as np  # here, as the app's start needs none of this

    trained = {name: tensor for name, tensor in tensors.items() if name not in RANDOM_GENERATORS}
    wrong = misfit({name: tuple(tensor["shape"]) for name, tensor in trained.items()}, expected)
    if wrong:
        raise InputError("state.misfit", difference=wrong)
    for name, tensor in trained.items():
        if tensor["dtype"] != "F32":
            raise InputError("state.data_type", name=name, type=tensor["dtype"])
        numbers = np.frombuffer(tensor["data"], "<f4")
        if not np.isfinite(numbers).all():
            raise InputError("state.not_finite", name=name)
        if name.startswith("optimiser.") and not name.endswith(".mean") and (numbers < 0).any():
            raise InputError("state.negative", name=name)
    for name in RANDOM_GENERATORS:
        _check_generator(name, tensors.get(name))


def _check_generator(name: str, state: Mapping[str, Any] | None) -> None:
    """Refuse an invalid state of a generator; for devices other than the CPU only type and shape are checked."""
    if state is None:
        raise InputError("state.lacks", name=name)
    data = bytes(state["data"])
    is_of_cpu = name == "prompt_generator" or len(data) == GENERATOR_BYTES
    is_plain = state["dtype"] == "U8" and len(state["shape"]) == 1
    if not is_plain or (is_of_cpu and not is_generator_state(data)):
        raise InputError("state.generator", name=name)
