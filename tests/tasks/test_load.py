import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgplay.config.run_config import make_config
from pgplay.errors import InputError
from pgplay.tasks.task import Pair
from tests.tasks.loading import load_task


def test_without_a_task_the_target_is_the_task() -> None:
    task = load_task(make_config({"target": "good morning"}))
    assert task.training == (Pair("", "good morning"),)
    assert not task.has_prompts


def test_a_file_of_pairs_is_found_by_its_suffix(tmp_path: Path) -> None:
    path = tmp_path / "capitals.csv"
    path.write_text("prompt,target\nFrance,Paris\nJapan,Tokyo\n", encoding="utf-8")
    task = load_task(make_config({"task": str(path)}))
    assert task.name == "capitals"
    assert task.training == (Pair("France", "Paris"), Pair("Japan", "Tokyo"))


@given(st.integers(2, 64), st.floats(0.001, 0.999), st.integers(0, 100))
def test_held_out_prompts_are_never_trained_on(count: int, share: float, seed: int) -> None:
    settings = {"task": f"copy:length=3,count={count}", "seed": seed}
    whole = load_task(make_config(settings))
    task = load_task(make_config({**settings, "held_out": share}))
    assert task.training
    assert task.held_out
    assert abs(len(task.held_out) - share * count) <= 1
    assert sorted((*task.training, *task.held_out), key=lambda pair: pair.prompt) == sorted(
        whole.training, key=lambda pair: pair.prompt
    )
    assert task == load_task(make_config({**settings, "held_out": share}))


def test_a_single_prompt_cannot_be_split() -> None:
    with pytest.raises(InputError, match="held_out needs at least two prompts"):
        load_task(make_config({"held_out": 0.5}))


@pytest.mark.parametrize(
    ("task", "problem"),
    [
        ("revers", "There is no task called 'revers'"),
        ("missing.csv", "There is no file missing.csv"),
        ("pairs.tsv", "There is no file pairs.tsv"),
    ],
)
def test_an_unknown_task_is_reported(task: str, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        load_task(make_config({"task": task}))
    assert problem in caught.value.problem


def test_a_file_is_read_again_only_if_it_was_rewritten(tmp_path: Path) -> None:
    file, other = tmp_path / "pairs.csv", tmp_path / "other.csv"
    file.write_text("prompt,target\na,b\n")
    config = make_config({"task": str(file)})
    first = load_task(config)
    assert load_task(make_config({"lr": 0.1}, config)) is first
    other.write_text("prompt,target\na,c\n")
    status = file.stat()
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(file)  # as large, and as old by its date
    assert load_task(config).training == (Pair("a", "c"),)


def test_each_split_of_a_file_is_cached_separately(tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text("prompt,target\n" + "".join(f"{number},x\n" for number in range(20)))
    splits = [
        load_task(make_config({"task": str(file), "held_out": share, "seed": seed}))
        for share, seed in ((0.5, 1), (0.5, 2), (0.1, 1), (0.5, 1))
    ]
    assert splits[0] == splits[3]
    assert len({task.held_out for task in splits}) == 3
    assert all(len(task.texts) == 40 for task in splits)


def test_a_file_that_was_missing_is_found_once_it_exists(tmp_path: Path) -> None:
    config = make_config({"task": str(tmp_path / "pairs.csv")})
    with pytest.raises(InputError, match="There is no file"):
        load_task(config)
    (tmp_path / "pairs.csv").write_text("prompt,target\na,b\n")
    assert load_task(config).training == (Pair("a", "b"),)


@pytest.mark.parametrize("name", ["x" * 5000, "x" * 5000 + ".csv", "a\0b"])
def test_a_name_that_no_file_can_have_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        load_task(make_config({"task": name}))
