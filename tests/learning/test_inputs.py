"""The files that a config names are read once, by value; checking and planning then open none of them."""

import os
import shutil
from pathlib import Path

import pytest

from pgplay.config.run_config import make_config
from pgplay.errors import InputError
from pgplay.learning.inputs import Inputs, read_inputs
from pgplay.learning.plan import make_plan
from pgplay.tasks.task import Pair, Task
from tests.pretrained.models import model_folder


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    pairs, lines = tmp_path / "pairs.csv", tmp_path / "lines.txt"
    pairs.write_text("prompt,target\na,b\nc,d\n")
    lines.write_text("one line\n\nanother line\n")
    return str(pairs), str(lines)


def test_a_plan_is_made_only_from_its_inputs(files: tuple[str, str]) -> None:
    task, warm_text = files
    config = make_config({"task": task, "warm_text": warm_text, "warm_start": "10"})
    inputs = read_inputs(config)
    for file in files:
        os.remove(file)
    plan = make_plan(config, inputs)
    assert plan.task.training == (Pair("a", "b"), Pair("c", "d"))
    assert plan.warm_lines == ("one line", "another line")


@pytest.mark.parametrize("settings", [{"target": "hello"}, {"task": "reverse:length=3"}])
def test_a_target_and_a_generator_need_no_inputs(settings: dict[str, str]) -> None:
    config = make_config(settings)
    assert read_inputs(config) == Inputs()
    assert make_plan(config, Inputs()).task.training


def test_a_stored_runs_own_task_is_used_unchanged(files: tuple[str, str]) -> None:
    own = Task("pairs", (Pair("x", "y"),))
    assert make_plan(make_config({"task": files[0]}), Inputs(own)).task is own


def test_a_pretrained_model_is_read_once_and_planned_from_its_content(tmp_path: Path) -> None:
    folder = shutil.copytree(model_folder("llama"), tmp_path / "model")
    config = make_config({"model": str(folder), "target": "", "reward": "distinct", "max_length": 8})
    inputs = read_inputs(config)
    shutil.rmtree(folder)
    plan = make_plan(config, inputs)
    assert (plan.spec.place, plan.tokenizer.vocabulary_size) == (str(folder), 300)
    with pytest.raises(InputError) as caught:
        read_inputs(config)
    assert (caught.value.field, caught.value.code) == ("model", "model.no_folder")


@pytest.mark.parametrize(
    ("field", "settings"),
    [
        ("task", {"task": "missing.csv"}),
        ("task", {"task": "revers"}),
        ("task", {"task": "~nobody9/x.csv"}),
        ("warm_text", {"warm_text": "missing.txt", "warm_start": "10"}),
        ("warm_text", {"warm_text": "englsh", "warm_start": "10"}),
        ("model", {"model": "./missing"}),
    ],
)
def test_an_unreadable_file_names_its_setting(field: str, settings: dict[str, str]) -> None:
    with pytest.raises(InputError) as caught:
        read_inputs(make_config(settings))
    assert caught.value.field == field
