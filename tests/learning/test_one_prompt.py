"""The verdict on a run of one prompt, and what such a run is: the same network, one prompt, one larger group."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest

from pgplay.config.run_config import make_config
from pgplay.errors import InputError
from pgplay.learning.plan import read_plan
from pgplay.learning.reports.one_prompt import OnePromptCheck
from pgplay.learning.reports.step_report import StepReport

COPYING = {"task": "copy:length=2,alphabet=abcdefgh", "held_out": 0.25}


def check_of(rewards: Sequence[float], *, solved: bool = False, has_target: bool = True) -> OnePromptCheck:
    check = OnePromptCheck(has_target=has_target)
    for step, reward in enumerate(rewards, start=1):
        is_right = solved and step == len(rewards)
        check.add(StepReport(step, float(step), step, {"reward_mean": reward}, (), solved=is_right))
    return check


def noisy(first: float, last: float, steps: int = 100) -> list[float]:
    source = random.Random(1)
    return [first + (last - first) * step / steps + source.gauss(0, 0.05) for step in range(steps)]


@pytest.mark.parametrize(
    ("check", "verdict"),
    [
        (check_of(noisy(0.1, 0.9), solved=True), "learnt"),
        (check_of(noisy(0.1, 0.6)), "rising"),
        (check_of(noisy(0.1, 0.6), has_target=False), "risen"),
        (check_of(noisy(0.1, 0.1)), "not_learnt"),
        (check_of(noisy(0.6, 0.1)), "not_learnt"),
        (check_of([0.0] * 100), "not_learnt"),
        (check_of([0.1] * 5), None),
        (check_of([]), None),
    ],
)
def test_the_verdict_follows_from_the_first_and_the_newest_rewards(check: OnePromptCheck, verdict: str | None) -> None:
    assert check.verdict == verdict


def test_it_compares_the_first_ten_steps_with_the_newest_thirty() -> None:
    assert check_of([0.25] * 10 + [0.5] * 50 + [0.75] * 30).rewards == (0.25, 0.75)
    assert all(map(math.isnan, check_of([]).rewards))


def test_fewer_prompts_leave_the_network_and_the_held_out_prompts_as_they_are() -> None:
    whole, one = read_plan(make_config(COPYING)), read_plan(make_config({**COPYING, "prompts": 1}))
    assert one.task.training == whole.task.training[:1]
    assert one.task.held_out == whole.task.held_out
    assert one.shape == whole.shape
    assert one.config.batch_size == one.config.group_size == whole.config.batch_size
    assert read_plan(make_config({**COPYING, "prompts": 3})).task.training == whole.task.training[:3]


def test_groups_grow_where_there_are_fewer_prompts_than_a_batch_needs() -> None:
    plan = read_plan(make_config({**COPYING, "prompts": 1, "group_size": 4, "batch_size": 32}))
    assert plan.config.group_size == 32
    assert ("note.larger_groups", {"size": 32, "asked": 4, "prompts": 1}) in plan.notes


def test_more_prompts_than_there_are_are_all_of_them() -> None:
    plan = read_plan(make_config({**COPYING, "prompts": 1000}))
    assert plan.task == read_plan(make_config(COPYING)).task
    assert ("note.fewer_prompts", {"prompts": 1000, "training": 48}) in plan.notes


def test_a_single_target_has_no_prompts_to_choose_from() -> None:
    with pytest.raises(InputError, match="a target is a single text") as caught:
        read_plan(make_config({"target": "abc", "prompts": 1}))
    assert caught.value.field == "prompts"
