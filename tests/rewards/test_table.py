"""The docs' page about rewards matches the catalogue, and its examples work."""

import re
from typing import get_args

import pytest

from pgplay.rewards.catalogue import REWARDS
from pgplay.rewards.probe.verdict import VerdictKind
from pgplay.rewards.reward import build_reward
from tests.rewards.conftest import Build
from tests.rewards.table import MEANINGS, PAGE, page


def test_the_page_about_rewards_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.rewards.table"
    assert MEANINGS.keys() == set(get_args(VerdictKind))


@pytest.mark.parametrize("name", REWARDS)
def test_each_example_works(name: str) -> None:
    for spec in (REWARDS[name].spec, REWARDS[name].usage):
        with build_reward(spec) as reward:
            [value] = reward.score(["some text"], ["hello"], [""]).values
            assert 0.0 <= value <= 1.0


def test_the_python_of_the_page_works(build: Build) -> None:
    [code] = re.findall(r"```python\n(.*?)```", page(), re.DOTALL)
    scores = build(code).score(["audio"], [""], [""])
    assert (scores.values, scores.parts) == ([0.8], {"length": [5.0]})
