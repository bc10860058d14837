"""Untrained tensors, made without torch: of a policy, and of a run's checkpoint."""

import json
import math
import struct
from typing import Any

import msgspec

from pgplay.learning.algorithms.table import trains_network
from pgplay.learning.checkpoint_schema import GENERATOR_BYTES, RANDOM_GENERATORS, network_tensors
from pgplay.library.policy_card import PolicyCard
from pgplay.policies.families.base import Shapes
from pgplay.policies.spec import FreshSpec

SMALLEST = FreshSpec("gru-nano", "ab", 5)
SEEDED = struct.pack("=QiiQ", 0, 1, 1, 0).ljust(GENERATOR_BYTES, b"\0")


def weights(card: PolicyCard, number: float = 0.0) -> bytes:
    """Return tensors of the network of `card` as safetensors; each number in them is `number`."""
    return _packed(_filled(card.shape.tensors, number))


def learner_state(algorithm: str, step: int) -> tuple[bytes, dict[str, Any]]:
    """Return the tensors and the rest of a checkpoint's state of a run at `step`, with the smallest network or none."""
    is_trained = trains_network(algorithm)
    shapes = network_tensors({}, SMALLEST, None) if is_trained else {}
    generators = dict.fromkeys(RANDOM_GENERATORS, ("U8", (GENERATOR_BYTES,), SEEDED))
    counters = {"steps": step, "completions": step, **({} if is_trained else {"judged_by": ""})}
    state = {"step": step, "shape": msgspec.to_builtins(SMALLEST), "trainer": {"counters": counters, "reference": None}}
    return _packed(_filled(shapes, float(step)) | generators), state


Packed = dict[str, tuple[str, tuple[int, ...], bytes]]


def _filled(shapes: Shapes, number: float) -> Packed:
    return {name: ("F32", shape, struct.pack("<f", number) * math.prod(shape)) for name, shape in shapes.items()}


def _packed(tensors: Packed) -> bytes:
    header, data = {}, b""
    for name, (kind, shape, part) in tensors.items():
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(data), len(data) + len(part)]}
        data += part
    encoded = json.dumps(header).encode()
    return struct.pack("<Q", len(encoded)) + encoded + data
