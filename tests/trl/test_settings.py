"""The settings of a run for TRL: every one has a counterpart, or is said to be lost."""

from __future__ import annotations

from typing import Any

import pytest

from pgplay.config.run_config import fields, make_config
from pgplay.learning.evaluation.held_out import MEASURED
from pgplay.learning.inputs import read_inputs
from pgplay.learning.objective.adamw import BETAS
from pgplay.learning.plan import make_plan
from pgplay.locale.catalog import text_of
from pgplay.trl.script import MOST_HELD_OUT
from pgplay.trl.settings import ADAM_BETA2, COUNTERPARTS, TrlSettings, trl_settings

TASK = {"model": "storybook-1m", "task": "reverse:count=40", "steps": 10, "until": "never"}


def settings_of(**settings: Any) -> TrlSettings:
    config = make_config({**TASK, **settings})
    return trl_settings(make_plan(config, read_inputs(config)))


def arguments(**settings: Any) -> dict[str, Any]:
    return {name: value for each in settings_of(**settings).arguments.values() for name, value in each.items()}


def losses(**settings: Any) -> list[str]:
    return [text_of(*lost).split(" ")[0].rstrip(":") for lost in settings_of(**settings).lost]


def test_the_table_has_every_setting() -> None:
    assert list(COUNTERPARTS) == list(fields())
    assert (BETAS[1], MEASURED) == (ADAM_BETA2, MOST_HELD_OUT)


def test_the_usual_settings_all_have_counterparts() -> None:
    assert not settings_of().lost
    assert arguments() == {
        "max_completion_length": 10, "seed": 0, "scale_rewards": "group", "loss_type": "grpo",
        "per_device_train_batch_size": 32, "num_generations": 8, "num_iterations": 2, "learning_rate": 0.0031,
        "optim": "adamw_torch", "adam_beta2": 0.99, "entropy_coef": 0.0, "beta": 0.0, "max_grad_norm": 1.0,
        "epsilon": 0.2, "epsilon_high": 0.2, "temperature": 1.0, "weight_decay": 0.0, "max_steps": 20,
    }  # fmt: skip
    assert settings_of().lora == {"r": 8, "lora_alpha": 16, "target_modules": "all-linear"}
    assert not settings_of(lora_rank=0).lora


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"algorithm": "dapo"}, {"loss_type": "dapo", "epsilon_high": 0.28}),
        ({"algorithm": "dr-grpo"}, {"loss_type": "dr_grpo", "scale_rewards": "none"}),
        ({"algorithm": "gspo"}, {"loss_type": "grpo", "importance_sampling_level": "sequence"}),
        ({"algorithm": "cispo"}, {"loss_type": "cispo", "epsilon_high": 5.0}),
        ({"algorithm": "rloo"}, {"loss_type": "luspo", "num_iterations": 1}),
        ({"optimizer": "sgd"}, {"optim": "sgd", "learning_rate": 0.3}),
        ({"measure": ["exact", "prefix"]}, {"reward_weights": [1.0, 0.0, 0.0]}),
        ({"held_out": 0.5, "held_out_every": 3}, {"eval_steps": 6, "eval_strategy": "steps"}),
        ({"device": "cpu"}, {"use_cpu": True}),
        ({"algorithm": "reinforce", "group_size": 1, "batch_size": 7}, {"per_device_train_batch_size": 8}),
    ],
    ids=str,
)
def test_a_setting_becomes_what_means_the_same(settings: dict[str, Any], expected: dict[str, Any]) -> None:
    assert expected.items() <= arguments(**settings).items()


@pytest.mark.parametrize(
    ("settings", "lost"),
    [
        ({"algorithm": "rloo", "kl": 0.1}, ["baseline", "kl"]),
        ({"algorithm": "ppo"}, ["baseline", "credit"]),
        ({"algorithm": "cispo"}, ["clip_low"]),
        ({"algorithm": "reinforce", "group_size": 1}, ["baseline", "group_size"]),
        ({"control_variate": "regression"}, ["control_variate"]),
        ({"lr_schedule": "kl"}, ["lr_schedule"]),
        ({"entropy": 0.1}, ["entropy_schedule"]),
        ({"kl_limit": 0.2, "replay": 0.5, "l1": 0.1, "l2": 0.1}, ["kl_limit", "replay", "l1", "l2"]),
        ({"kl": 0.1, "kl_in": "reward"}, ["kl_in"]),
        ({"top_k": 5, "top_p": 0.9, "min_p": 0.1}, ["top_k", "top_p", "min_p"]),
        ({"until": "solved", "max_seconds": 9, "held_out": 0.5, "patience": 3},
         ["held_out", "max_seconds", "until", "patience"]),
        ({"warm_start": "30", "device": "cuda:1"}, ["warm_start", "device"]),
    ],
    ids=str,
)  # fmt: skip
def test_what_trl_lacks_is_said(settings: dict[str, Any], lost: list[str]) -> None:
    assert losses(**settings) == lost
