"""The present reward and target: the run's, or without a run the setup's."""

from __future__ import annotations

from pgplay.app.host import AppHost


def present_reward(host: AppHost) -> str:
    """Return the reward, as text, that the run trains with; without a run, the setup's."""
    info = host.state.info
    return info.config.reward if info is not None else host.main.setup.typed["reward"]


def present_target(host: AppHost) -> str:
    """Return a target to try rewards on: the run's first, or the setup's."""
    info = host.state.info
    return info.targets[0] if info is not None else host.main.setup.typed["target"]
