"""Steps in the store's format, made from dictionaries, for tests of plots."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from pgplay.runs.curves import Window


def window_of(rows: Sequence[tuple[int, dict[str, float]]]) -> Window:
    kinds: dict[tuple[str, ...], int] = {}
    for _, metrics in rows:
        kinds.setdefault(tuple(metrics), len(kinds))
    return Window(
        [step for step, _ in rows],
        [kinds[tuple(metrics)] for _, metrics in rows],
        [struct.pack(f"<{len(metrics)}d", *metrics.values()) for _, metrics in rows],
        {kind: names for names, kind in kinds.items()},
    )
