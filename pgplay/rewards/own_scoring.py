"""Formulas in which the scoring that a task brings along has a share."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path

from pgplay.errors import InputError
from pgplay.rewards.formula import Formula
from pgplay.rewards.python.scorer import Limits, PythonScorer
from pgplay.rewards.python.source import PythonSource
from pgplay.rewards.records import Scores, Triple
from pgplay.tasks.outside import GYM_ENTRY

_LIMITS = Limits(batch_seconds=120.0, load_seconds=120.0, memory_bytes=8 * 1024**3)
"""reasoning-gym takes seconds to load, maps much memory that it does not use, and scores some answers by algebra."""


class OwnScoring:
    """Scores by a `formula` that names the task's own scoring, whose process starts at once.

    Raises InputError without reasoning-gym, and RewardError where it cannot be loaded.
    """

    def __init__(self, formula: Formula, on_log: Callable[[str], None]) -> None:
        if importlib.util.find_spec("reasoning_gym") is None:
            reason = "it is not installed"
            raise InputError("outside.lacks_package", field="reward", package="reasoning-gym", reason=reason)
        file = Path(__file__).with_name("python") / "gym_scoring.py"
        source = PythonSource(str(file), "own_score", file.read_text(encoding="utf-8"))
        self._formula = formula
        self._scorer = PythonScorer(source, _LIMITS, on_log)

    def score(self, triples: Sequence[Triple]) -> Scores:
        """Return a finite score for each of `triples`; raises InputError for a prompt that is not such a task's."""
        if not all(any(name == GYM_ENTRY for name, _ in triple.columns) for triple in triples):
            raise InputError("reward.own_prompts", reward=self._formula.text)
        return self._formula.score(triples, self._scorer.score(triples).values)

    def close(self) -> None:
        """End the process; closing twice is fine."""
        self._scorer.close()
