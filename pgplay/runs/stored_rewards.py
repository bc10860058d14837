"""The rewards that a stored run or a saved policy brings, with the Python that it was trained by.

Either may be somebody else's: nothing in it makes its Python the person's own, only a recorded consent does
(`consents.recall`).
"""

from __future__ import annotations

import os

from pgplay.library.policy_card import PolicyCard
from pgplay.rewards.spec import Origin, RewardSpec, read_spec
from pgplay.runs.branches import usable_at
from pgplay.runs.checkpoint_content import read_usable
from pgplay.runs.names import find_run


def stored_rewards(run: str, at: int | None = None) -> tuple[RewardSpec, ...]:
    """Return the reward and the measures with which `run` resumes, from its last checkpoint or that of step `at`.

    Raises InputError for an unknown run or step and for Python that cannot be found, PgplayError for a damaged run.
    """
    folder = find_run(run)
    return (read_usable(folder) if at is None else usable_at(folder, at)).content.rewards


def policy_reward(card: PolicyCard) -> RewardSpec:
    """Return the reward of a saved policy, its Python as it came along; raises InputError where that cannot be found.

    It is in no file of the person's own, whatever its name is.
    """
    file = os.path.basename(card.reward).rpartition(".py")[0] + ".py"
    return read_spec(card.reward, Origin("policy", card.name), card.reward_source, file)
