"""The check of a learner's state without torch agrees with torch and the learner."""

import struct

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pgplay.learning.checkpoint_schema import GENERATOR_BYTES, is_generator_state
from pgplay.learning.objective.control_variate import ControlVariate
from pgplay.learning.objective.control_variate_shapes import state_shapes

WHOLE = bytes(torch.Generator().manual_seed(3).get_state().numpy())
HEAD = {"left": (8, "=i"), "seeded": (12, "=i"), "next": (16, "=Q")}


def torch_takes(data: bytes) -> bool:
    try:
        torch.Generator().set_state(torch.frombuffer(bytearray(data), dtype=torch.uint8))
    except RuntimeError:
        return False
    return True


@given(st.sampled_from(sorted(HEAD)), st.integers(-2, 700))
def test_a_generators_state_is_valid_if_torch_takes_it(field: str, value: int) -> None:
    place, kind = HEAD[field]
    changed = bytearray(WHOLE)
    struct.pack_into(kind, changed, place, value if kind == "=i" else abs(value))
    assert is_generator_state(bytes(changed)) == torch_takes(bytes(changed))


@pytest.mark.parametrize("data", [WHOLE, WHOLE[:-1], WHOLE + b"\0", bytes(GENERATOR_BYTES), b"\xff" * GENERATOR_BYTES])
def test_a_state_of_any_bytes_is_judged_as_by_torch(data: bytes) -> None:
    assert len(WHOLE) == GENERATOR_BYTES
    assert is_generator_state(data) == torch_takes(data)


@pytest.mark.parametrize(("width", "vocabulary"), [(4, 5), (47, 24), (64, 30), (3, 90)])
def test_the_shapes_of_a_control_variate_are_those_of_its_state(width: int, vocabulary: int) -> None:
    state = ControlVariate(width, vocabulary, torch.device("cpu")).state()
    assert {name: tuple(tensor.shape) for name, tensor in state.items()} == state_shapes(width, vocabulary, whole=False)


def test_the_shapes_do_not_depend_on_a_vocabulary_with_several_characters_per_token() -> None:
    state = ControlVariate(4, 3, torch.device("cpu"), ("ab", " the", "")).state()
    shapes = state_shapes(4, 3, whole=False, of_texts=True)
    assert {name: tuple(tensor.shape) for name, tensor in state.items()} == shapes
