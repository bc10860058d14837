"""What the messages between an app and its worker tell of: a run, its state, and the devices that there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from pgplay.config.run_config import RunConfig

RunState = Literal["idle", "preparing", "training", "paused", "solved", "finished", "failed"]
"""idle: no run yet; preparing: building the network or warming up; finished: a limit was reached."""

Other = Literal["", "base", "reference"]
"""What a policy is compared with: its base without the adapter, or its reference; empty for nothing."""

Reason = tuple[str, Mapping[str, Any]]
"""A text's code with its values; its words are made where they are shown."""

EndCause = Literal["", "stopped", "solved", "goal", "patience", "steps", "time"]
"""Why a run has ended: a person stopped it, or what its config says; empty where it has not, or not in order."""


class Device(msgspec.Struct, frozen=True):
    """A device that a run may ask for, and why it can't be had where it can't."""

    name: str
    description: str
    available: bool
    reason: str = ""


class RunInfo(msgspec.Struct, frozen=True):
    """What a run is made of, once it is built."""

    run: str
    config: RunConfig
    recipe: str
    model: str
    parameters: int
    """Its trained numbers: none, as there is no model, where the algorithm trains no network."""
    device: str
    threads: int
    alphabet: str
    max_length: int
    targets: tuple[str, ...]
    prompts: tuple[str, ...]
    notes: tuple[str, ...]
    """Plain sentences the person should see, such as which characters were added to the alphabet."""
    reward_source: str = ""
    """The text of a Python reward, empty for any other."""
    batch_size: int = 64
    """Completions per step."""
    prompt_text: str = ""
    """What the model reads for the first prompt, where that is another text; else empty."""

    @property
    def has_policy(self) -> bool:
        """Whether there is a network to save and to write with."""
        return self.parameters > 0
