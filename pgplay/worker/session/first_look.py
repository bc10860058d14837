"""A preview of a run, without beginning it."""

from __future__ import annotations

from pgplay.learning.first_look import first_look
from pgplay.learning.reports.first_look import FirstLook
from pgplay.rewards.reward import build_reward
from pgplay.rewards.spec import resolve
from pgplay.worker.protocol.commands import LookFirst
from pgplay.worker.session.interface import OnLog
from pgplay.worker.session.reward_probe import beginning


def answer_first_look(command: LookFirst, on_log: OnLog) -> FirstLook:
    """Return the look that `command` asks for; raises InputError, PgplayError, and RewardError if the reward fails."""
    (spec,) = resolve([command.config.reward], command.rewards)
    with build_reward(spec, on_log=on_log) as reward:
        plan, policy = beginning(command.config)
        return first_look(plan, policy, reward)
