"""Tensors for a policy that nobody trained, without torch."""

import json
import math
import struct

from pgplay.library.policy_card import PolicyCard


def weights(card: PolicyCard, number: float = 0.0) -> bytes:
    """Return tensors of the network of `card` as safetensors; each number in them is `number`."""
    header, data = {}, b""
    for name, shape in card.shape.tensors.items():
        part = struct.pack("<f", number) * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(part)]}
        data += part
    encoded = json.dumps(header).encode()
    return struct.pack("<Q", len(encoded)) + encoded + data
