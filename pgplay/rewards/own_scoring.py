"""The reward `task`: the scoring that a task brings along."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

from pgplay.errors import InputError
from pgplay.rewards.python.scorer import Limits, PythonScorer
from pgplay.rewards.python.source import PythonSource
from pgplay.rewards.ranges import Range

OWN_SCORING = "task"
"""The reward's name."""

OWN_RANGE = Range(0.0, 1.0)

_LIMITS = Limits(batch_seconds=120.0, load_seconds=120.0, memory_bytes=8 * 1024**3)
"""reasoning-gym takes seconds to load, maps much memory that it does not use, and scores some answers by algebra."""


def is_own_scoring(reward: str) -> bool:
    """Whether the reward as written is the task's own scoring."""
    return reward.strip() == OWN_SCORING


def start_own_scoring(on_log: Callable[[str], None]) -> PythonScorer:
    """Return the scorer, whose process starts at once.

    Raises InputError without reasoning-gym, and RewardError where it cannot be loaded.
    """
    if importlib.util.find_spec("reasoning_gym") is None:
        raise InputError("outside.lacks_package", field="reward", package="reasoning-gym", reason="it is not installed")
    file = Path(__file__).with_name("python") / "gym_scoring.py"
    source = PythonSource(str(file), "own_score", file.read_text(encoding="utf-8"))
    return PythonScorer(source, _LIMITS, on_log)
