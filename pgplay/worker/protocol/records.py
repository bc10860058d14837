"""Records in the protocol's messages: a run, its state, and the devices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from pgplay.config.run_config import RunConfig
from pgplay.locale.catalog import text_of

RunState = Literal["idle", "preparing", "training", "paused", "solved", "finished", "failed"]
"""idle: no run yet; preparing: building the network or warming up; finished: a limit was reached."""

Other = Literal["", "base", "reference"]
"""The policy that another is compared with: its base without the adapter, or its reference; empty for none."""

Reason = tuple[str, Mapping[str, Any]]
"""A text's code with its values; its words are made where they are shown."""

EndCause = Literal["", "stopped", "solved", "goal", "patience", "steps", "time"]
"""Why a run has ended: the person stopped it, or a condition of its config; empty for none or a failure."""


class Device(msgspec.Struct, frozen=True):
    """A device that a run may use, or the reason why it can't."""

    name: str
    description: Reason
    available: bool
    reason: Reason | None = None

    @property
    def words(self) -> str:
        """What the device is, or why it is not available."""
        return text_of(*(self.reason or self.description))


class RunInfo(msgspec.Struct, frozen=True):
    """A run as it was built."""

    run: str
    config: RunConfig
    recipe: str
    model: str
    parameters: int
    """The number of trained parameters; 0 for an algorithm that trains no network."""
    device: str
    threads: int
    alphabet: str
    max_length: int
    targets: tuple[str, ...]
    prompts: tuple[str, ...]
    notes: tuple[Reason, ...]
    """Texts that the person should see, such as which characters were added to the alphabet."""
    reward_source: str = ""
    """The text of a Python reward, empty for any other."""
    batch_size: int = 64
    """Completions per step."""
    prompt_text: str = ""
    """The text that the model reads for the first prompt, if it is another; else empty."""

    @property
    def has_policy(self) -> bool:
        """Whether there is a network to save and to write with."""
        return self.parameters > 0


class SecondsLeft(NamedTuple):
    """The seconds until a run ends: `likely`, probably between `fewest` and `most`; all are equal if its end is set."""

    fewest: float
    likely: float
    most: float
