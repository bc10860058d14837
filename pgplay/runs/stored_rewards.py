"""The rewards that a stored run or a saved policy brings, with the Python that it was trained by.

Either may be somebody else's: nothing that it says makes its Python the person's own, only what is remembered of the
person does (`consents.recall`).
"""

from __future__ import annotations

import os
from typing import Any

import msgspec

from pgplay.config.run_config import make_config
from pgplay.errors import InputError, PgplayError
from pgplay.library.consents import recall
from pgplay.library.policy_card import PolicyCard
from pgplay.rewards.spec import RewardSpec, read_spec
from pgplay.runs.branches import checkpoint_at
from pgplay.runs.checkpoint_files import read_checkpoint
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


def policy_reward(card: PolicyCard) -> RewardSpec:
    """Return the reward of a saved policy, its Python as it came along; raises InputError where that cannot be found.

    It lies in no file of the person's, whatever it is called.
    """
    file = os.path.basename(card.reward).rpartition(".py")[0] + ".py"
    return read_spec(card.reward, f"the policy {card.name}", card.reward_source, file)


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
        file, own = kept.get(text, ("", code if text == config.reward else ""))
        spec = read_spec(text, origin, own, file)
        found.append(recall(msgspec.structs.replace(spec, kept=True)))
    return tuple(found)


def kept_python(rewards: tuple[RewardSpec, ...]) -> dict[str, tuple[str, str]]:
    """Return what a checkpoint's state holds of the Python among `rewards`."""
    return {spec.text: (spec.source.file, spec.code) for spec in rewards if spec.source is not None}
