"""Rewards in Python, built from source and closed after the test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pgplay.errors import RewardError
from pgplay.rewards.reward import DEFAULT_LIMITS, Reward, build_reward
from pgplay.rewards.spec import read_spec

Build = Callable[..., Reward]


@pytest.fixture
def log() -> list[str]:
    """The output of the Python that `build` runs."""
    return []


@pytest.fixture
def build(tmp_path: Path, log: list[str]) -> Iterator[Build]:
    built: list[Reward] = []

    def build_one(code: str, function: str = "", *, file: str = "mine.py", limits: object = DEFAULT_LIMITS) -> Reward:
        (tmp_path / file).write_text(code, encoding="utf-8")
        reward = build_reward(read_spec(str(tmp_path / file) + function), on_log=log.append, limits=limits)
        built.append(reward)
        return reward

    yield build_one
    for reward in built:
        reward.close()


def score(reward: Reward, *texts: str) -> list[float]:
    return reward.score(texts, ["target"] * len(texts), ["prompt"] * len(texts)).values


def failure(reward: Reward, *texts: str) -> RewardError:
    with pytest.raises(RewardError) as caught:
        score(reward, *(texts or ("some text",)))
    return caught.value
