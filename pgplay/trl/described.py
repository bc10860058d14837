"""A training of TRL as the settings that pgplay shows of it, as far as they mean the same."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pgplay.config.run_config import RunConfig, make_config
from pgplay.errors import InputError
from pgplay.trl.settings import SAME_IN_TRL

_ALGORITHMS = {"grpo": "grpo", "dapo": "dapo", "dr_grpo": "dr-grpo", "cispo": "cispo"}
"""The algorithm with each of TRL's loss_types; another one is shown as grpo."""
_OF_TRAINERS = {"RLOOTrainer": "rloo", "SFTTrainer": "supervised"}
_NO_NAME = ("", "json", "csv", "parquet", "text", "generator")
"""What a data set is called that was read from a file or made in Python."""


def trainer_name() -> str:
    """Return what trains the run, with its version."""
    try:
        return f"TRL {version('trl')}"
    except PackageNotFoundError:
        return "TRL"


def config_of(args: Any, trainer: Any, model: Any, steps: int) -> RunConfig:
    """Return the settings of a training with TRL's `args`, the `trainer` if it is known, and so many `steps`.

    What pgplay would refuse is left out.
    """
    settings = {setting: getattr(args, name, None) for setting, name in SAME_IN_TRL.items()}
    settings |= {
        "algorithm": _algorithm(args, trainer),
        "batch_size": getattr(args, "generation_batch_size", getattr(args, "per_device_train_batch_size", None)),
        "group_size": getattr(args, "num_generations", None),
        "steps": steps if steps > 0 else None,
        "model": getattr(getattr(model, "config", None), "_name_or_path", None),
        "reward": " + ".join(rewards_of(trainer)) or "unknown",
        "target": "",
        "task": _data_set(trainer),
        "until": "never",
    }
    settings = {name: value for name, value in settings.items() if value is not None}
    while settings:
        try:
            return make_config(settings)
        except InputError as error:
            if error.field not in settings:
                break
            del settings[error.field]
    return make_config({})


def rewards_of(trainer: Any) -> list[str]:
    """Return the names of the trainer's reward functions that are trained on, each with its weight unless that is 1."""
    weighted = zip(_names(trainer), _weights(trainer), strict=False)
    return [name if weight == 1 else f"{weight:g}*{name}" for name, weight in weighted if weight]


def untrained_rewards(trainer: Any) -> set[str]:
    """Return the names of the trainer's reward functions that have no weight."""
    return {name for name, weight in zip(_names(trainer), _weights(trainer), strict=False) if not weight}


def _names(trainer: Any) -> Sequence[str]:
    return [str(name) for name in getattr(trainer, "reward_func_names", None) or []]


def _weights(trainer: Any) -> Sequence[float]:
    weights = getattr(getattr(trainer, "args", None), "reward_weights", None)
    return [float(weight) for weight in weights] if weights else [1.0] * len(_names(trainer))


def _algorithm(args: Any, trainer: Any) -> str:
    if getattr(args, "importance_sampling_level", "token") == "sequence":
        return "gspo"
    usual = _ALGORITHMS.get(getattr(args, "loss_type", ""), "grpo")
    return _OF_TRAINERS.get(type(trainer).__name__, usual)


def _data_set(trainer: Any) -> str:
    info = getattr(getattr(trainer, "train_dataset", None), "info", None)
    name = str(getattr(info, "dataset_name", None) or "")
    return "" if name in _NO_NAME else name
