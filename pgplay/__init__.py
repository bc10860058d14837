"""pgplay: a terminal playground for policy gradients on text.

The names below are loaded when they are first used, so that `import pgplay` costs nothing.
"""

from importlib import import_module
from typing import Any

_PLACES = {
    "train": "pgplay.api.training",
    "TrainedRun": "pgplay.api.run",
    "TextPolicy": "pgplay.api.text_policy",
    "probe": "pgplay.api.probing",
    "sweep": "pgplay.api.sweeping",
    "resume": "pgplay.api.training",
    "evaluate": "pgplay.api.evaluating",
    "score": "pgplay.api.evaluating",
    "RunConfig": "pgplay.config.run_config",
    "make_config": "pgplay.config.run_config",
    "PgplayError": "pgplay.errors",
    "InputError": "pgplay.errors",
    "RewardError": "pgplay.errors",
    "make_plan": "pgplay.learning.plan",
    "read_plan": "pgplay.learning.plan",
    "Inputs": "pgplay.learning.inputs",
    "read_inputs": "pgplay.learning.inputs",
    "make_learner": "pgplay.learning.factory",
    "Trainer": "pgplay.learning.trainer",
    "StepReport": "pgplay.learning.reports.step_report",
    "build_reward": "pgplay.rewards.reward",
    "Session": "pgplay.worker.session.session",
    "TrlReward": "pgplay.trl.reward",
    "TrlCallback": "pgplay.trl.callback",
    "load_saved_policy": "pgplay.worker.session.saved_policies",
}

__all__ = sorted(_PLACES)


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'pgplay' has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)
