"""The rewards that a stored run goes on by, read from its checkpoint with the Python that was trained then.

A run's folder may be somebody else's: nothing that it says makes its Python the person's own, only what the person
once allowed does (`consents.recall`).
"""

from __future__ import annotations

from typing import Any

import msgspec

from pgplay.config import make_config
from pgplay.errors import InputError, PgplayError
from pgplay.rewards.python_reward import PythonSource, is_python, split_python
from pgplay.rewards.reward_spec import RewardSpec, read_spec
from pgplay.runs.branches import checkpoint_at
from pgplay.runs.checkpoint_files import read_checkpoint
from pgplay.runs.consents import recall
from pgplay.runs.names import find_run

KEPT = "python"
"""The key of a checkpoint's state under which each Python reward is kept: its file and its text."""


def stored_rewards(run: str, at: int | None = None) -> tuple[RewardSpec, ...]:
    """Return the reward and the measures by which `run` goes on, from its last checkpoint or from the one `at` a step.

    Raises InputError for an unknown run or step and for Python that cannot be found, PgplayError for a damaged run.
    """
    folder = find_run(run)
    found = read_checkpoint(folder, "last") if at is None else checkpoint_at(folder, at)
    return rewards_of(found.state, run)


def rewards_of(state: dict[str, Any], run: str) -> tuple[RewardSpec, ...]:
    """Return the reward and the measures that a checkpoint's `state` holds; raises as `stored_rewards` does."""
    try:
        config = make_config(state["settings"])
        kept = msgspec.convert(state.get(KEPT, {}), dict[str, tuple[str, str]])
        # Before measures were kept, the reward's text stood alone.
        code = msgspec.convert(state.get("reward", ("", None)), tuple[str, Any])[0]
    except (KeyError, TypeError, InputError, msgspec.ValidationError) as error:
        raise PgplayError(f"The checkpoint of the run '{run}' holds no rewards that can be read: {error}.") from error
    origin = f"the run {run}"
    found = []
    for text in (config.reward, *config.measure):
        if is_python(text) and text in kept:
            file, own = kept[text]
            spec = RewardSpec(text, PythonSource(file, split_python(text)[1], own), origin)
        else:
            spec = read_spec(text, origin, code if text == config.reward else "")
        found.append(recall(spec))
    return tuple(found)


def kept_python(rewards: tuple[RewardSpec, ...]) -> dict[str, tuple[str, str]]:
    """Return what a checkpoint's state holds of the Python among `rewards`."""
    return {spec.text: (spec.source.file, spec.code) for spec in rewards if spec.source is not None}
