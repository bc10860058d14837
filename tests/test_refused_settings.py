"""Every refusal of a single setting names its field, so that a form marks it without reading the sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pgplay.app.widgets.setup import form
from pgplay.app.widgets.setup.checking import read_and_check
from pgplay.config.preset_file import read_preset
from pgplay.config.recipe import from_recipe
from pgplay.config.run_config import RunConfig, fields, make_config
from pgplay.errors import InputError
from pgplay.learning.inputs import Inputs
from pgplay.worker.session.preparation import prepare

FREE_TEXTS = ("target", "alphabet", "task", "warm_start", "warm_text", "reward", "model", "device", "algorithm")
"""Fields that take any text; errors in them are found later, and are in WRONG."""

WRONG: dict[str, dict[str, Any]] = {
    "alphabet": {"alphabet": "ab\x07"},
    "task": {"task": "revers:length=3"},
    "held_out": {"held_out": 0.2},
    "prompts": {"prompts": 1},
    "warm_text": {"warm_start": "10", "warm_text": "there-is-no-such-text"},
    "reward": {"reward": "levenstein"},
    "measure": {"measure": ["levenstein"]},
    "model": {"model": "gru-smal"},
    "algorithm": {"algorithm": "grop"},
    "max_length": {"max_length": 3},
    "control_variate": {"control_variate": "regression", "credit": "dense"},
    "group_size": {"task": "reverse:length=1,count=4", "group_size": 2, "batch_size": 64},
    "patience": {"patience": 3},
    "until": {"until": "reward>=7"},
    "credit": {"credit": "gae"},
    "baseline": {"baseline": "leave-one-out", "group_size": 1},
    "scale": {"scale": "group-std", "baseline": "none", "group_size": 1},
    "updates_per_step": {"ratio": "none", "updates_per_step": 2},
    "critic": {"critic": 0.7},
    "gae_lambda": {"gae_lambda": 0.5},
    "clip_low": {"algorithm": "reinforce", "clip_low": 0.1},
    "clip_high": {"algorithm": "reinforce", "clip_high": 0.1},
    "kl_limit": {"kl_limit": 0.1, "kl": 0.0},
    "kl_in": {"kl": 0.1, "kl_in": "reward", "credit": "dense"},
    "temperature": {"algorithm": "hill-climb", "temperature": 0.5},
    "target": {"target": ""},
}
"""For one field each: settings that make_config accepts and a plan refuses because of that field."""


def refused_field(settings: dict[str, Any]) -> str:
    """Return the field beside which the setup shows why it refuses `settings`."""
    checked = read_and_check(form.typed_from(make_config(settings)))
    assert checked.problem is not None
    return checked.problem.field


@pytest.mark.parametrize("name", list(fields()))
def test_a_value_of_another_kind_names_its_field(name: str) -> None:
    with pytest.raises(InputError) as refused:
        make_config({name: {"a": "table"}})
    assert refused.value.field == name


@pytest.mark.parametrize(
    "name", [name for name in fields() if name not in FREE_TEXTS and fields()[name].type is not tuple]
)
def test_a_value_that_no_field_accepts_is_refused_beside_it(name: str) -> None:
    if name == "reference":
        return  # a saved policy, looked up when the run starts
    checked = read_and_check({**form.typed_from(RunConfig()), name: "nonsense"})
    assert checked.problem is not None
    assert checked.problem.field == name


@pytest.mark.parametrize("name", [name for name, field in fields().items() if field.low is not None])
def test_a_value_out_of_range_names_its_field(name: str) -> None:
    low = fields()[name].low
    assert low is not None
    with pytest.raises(InputError) as refused:
        make_config({name: fields()[name].type(low - 1)})
    assert refused.value.field == name


@pytest.mark.parametrize("name", [name for name, field in fields().items() if field.type is float])
def test_a_number_that_is_not_one_names_its_field(name: str) -> None:
    with pytest.raises(InputError) as refused:
        make_config({name: float("nan")})
    assert refused.value.field == name


@pytest.mark.parametrize("name", [name for name, field in fields().items() if field.type is str])
def test_a_lone_surrogate_names_its_field(name: str) -> None:
    with pytest.raises(InputError) as refused:
        make_config({name: "\ud800"})
    assert refused.value.field == name


@pytest.mark.parametrize("name", list(WRONG))
def test_a_refusal_of_a_plan_names_its_field(name: str) -> None:
    assert refused_field(WRONG[name]) == name


def test_texts_from_a_task_are_refused_beside_the_task(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("prompt,target\na,\nb,\n")
    task = str(tmp_path / "pairs.csv")
    assert refused_field({"task": task}) == "task"
    assert refused_field({"task": task, "algorithm": "supervised"}) == "task"


@pytest.mark.parametrize(
    ("name", "value"), [("device", "gpu"), ("warm_start", "no-such-policy"), ("reference", "no-such-policy")]
)
def test_a_refusal_of_a_worker_at_a_start_names_its_field(name: str, value: str) -> None:
    with pytest.raises(InputError) as refused:
        prepare(make_config({name: value, "model": "gru-nano"}), Inputs())
    assert refused.value.field == name


def test_two_incompatible_settings_name_one_of_them() -> None:
    with pytest.raises(InputError) as refused:
        make_config({"batch_size": 64, "group_size": 7})
    assert refused.value.field == "batch_size"


@pytest.mark.parametrize("recipe", ["lr=0.1 lr=0.2", 'target="a', 'target="a"b', "lr=x", "lr=7"])
def test_a_recipe_names_the_field(recipe: str) -> None:
    with pytest.raises(InputError) as refused:
        from_recipe(recipe)
    assert refused.value.field == recipe.partition("=")[0]


def test_a_preset_finds_the_line_by_the_field_not_by_the_words(tmp_path: Path) -> None:
    """The wrong value is the name of another setting, which stands above it."""
    path = tmp_path / "mine.toml"
    path.write_text('title = "a"\nteaches = "b"\n[settings]\nseed = 3\nscale = "seed"\n')
    with pytest.raises(InputError) as refused:
        read_preset(path)
    assert refused.value.field == "scale"
    assert refused.value.problem.startswith(f"{path}:5:")


def test_unrelated_errors_name_no_field() -> None:
    with pytest.raises(InputError) as refused:
        make_config({"lrr": 1})
    assert refused.value.field == ""
