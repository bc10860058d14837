"""The comparators are not policy gradients, and refuse settings that have no effect on them."""

from typing import Any

import pytest

from pgplay.config.run_config import fields, make_config
from pgplay.errors import InputError
from pgplay.learning.algorithms.table import ALGORITHMS, COMPARATORS
from pgplay.learning.plan import read_plan
from pgplay.locale.catalog import sentences_of

SETTINGS = {
    "baseline": "critic",
    "scale": "batch-std",
    "credit": "dense",
    "ratio": "clip",
    "aggregation": "token-mean",
    "control_variate": "none",
    "updates_per_step": 2,
    "clip_low": 0.1,
    "clip_high": 0.1,
    "discount": 0.9,
    "gae_lambda": 0.9,
    "critic": 0.1,
    "replay": 0.1,
    "recovery": "none",
    "lr": 0.01,
    "optimizer": "sgd",
    "lr_schedule": "kl",
    "lr_target": 0.02,
    "entropy": 0.1,
    "entropy_schedule": "constant",
    "entropy_target": 3.0,
    "kl": 0.1,
    "kl_limit": 0.1,
    "reference": "someone",
    "clip_gradient": 0.0,
    "temperature": 0.5,
    "top_k": 3,
    "top_p": 0.5,
    "min_p": 0.5,
    "dropout": 0.5,
    "l1": 0.1,
    "l2": 0.1,
    "weight_decay": 0.1,
    "warm_start": "5",
    "held_out_every": 5,
}
ADAPTER: dict[str, Any] = {
    "lora_rank": 4,
    "lora_alpha": 8,
    "lora_targets": "q_proj",
    "template": "chat",
    "system": "Be brief.",
}
"""Settings for pretrained models only."""
SUPERVISED_HAS_NO_USE_FOR = list(SETTINGS)[:14]


def test_no_comparator_is_among_the_policy_gradients() -> None:
    assert {row.kind for row in ALGORITHMS.values()} == {"policy gradient"}
    assert {name: row.kind for name, row in COMPARATORS.items()} == {
        "supervised": "cross-entropy",
        "hill-climb": "search",
        "random-search": "search",
    }
    assert all(row.description.startswith("no policy gradient") and row.source for row in COMPARATORS.values())


@pytest.mark.parametrize("name", SETTINGS | ADAPTER)
@pytest.mark.parametrize("algorithm", ["hill-climb", "random-search"])
def test_a_search_refuses_settings_of_a_network(algorithm: str, name: str) -> None:
    with pytest.raises(InputError, match=f"{algorithm} trains no network, so {name} has no effect"):
        read_plan(make_config({"algorithm": algorithm, name: (SETTINGS | ADAPTER)[name]}))


@pytest.mark.parametrize("name", SETTINGS)
def test_supervised_refuses_settings_that_only_affect_policy_gradients(name: str) -> None:
    config = make_config({"algorithm": "supervised", name: SETTINGS[name]})
    if name in SUPERVISED_HAS_NO_USE_FOR:
        with pytest.raises(InputError, match=f"supervised .*, so {name} has no effect"):
            read_plan(config)
    else:
        read_plan(config)


def test_supervised_refuses_kl_in_the_reward() -> None:
    with pytest.raises(InputError, match=r"(?s)kl_in reward has no effect.*Choose kl_in loss"):
        read_plan(make_config({"algorithm": "supervised", "kl": 0.1, "kl_in": "reward"}))


def test_settings_of_the_run_to_compare_with_may_stay() -> None:
    own = {"model": "transformer-nano", "device": "cpu", "threads": 2, "batch_size": 32, "seed": 3, "steps": 5}
    plan = read_plan(make_config({"algorithm": "hill-climb", "measure": ("exact",), **own}))
    assert plan.parameters == 0
    assert not plan.algorithm.trains_network
    (note,) = sentences_of(plan.notes)
    assert "trains no network" in note


def test_every_setting_is_classified() -> None:
    """A new setting must be added to one side or the other."""
    meant_for_all = {
        *("target", "task", "alphabet", "tokenizer", "max_length", "held_out", "prompts", "reward"),
        *("measure", "model", "device", "threads"),
        # refused without a warm start and without held-out prompts, and for a search
        *("warm_text", "patience"),
        *("seed", "algorithm", "batch_size", "group_size", "steps", "max_seconds", "until", "kl_in"),
    }
    assert fields().keys() == SETTINGS.keys() | ADAPTER.keys() | meant_for_all
