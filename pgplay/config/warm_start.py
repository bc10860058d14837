"""The setting `warm_start`: steps of cross-entropy training, or a saved policy."""

from __future__ import annotations

from typing import NamedTuple


class Steps(NamedTuple):
    """`number` steps of cross-entropy training on texts, before the first step."""

    number: int


class PolicyNamed(NamedTuple):
    """The run starts from the saved policy `name`."""

    name: str


WarmStart = Steps | PolicyNamed


def parse_warm_start(text: str) -> WarmStart | None:
    """Return the warm start that `text` names; None for an untrained policy, as after 0 steps."""
    if text.isdecimal():
        return Steps(int(text)) if int(text) else None
    return PolicyNamed(text) if text else None
