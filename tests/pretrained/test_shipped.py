"""The shipped pretrained model is found by its name, writes English, and learns from a reward without a network."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from pgplay.config.run_config import make_config
from pgplay.learning.plan import read_plan
from pgplay.learning.trainer import Trainer
from pgplay.model_places import model_folder, shipped_models
from pgplay.rewards.reward import build_reward
from pgplay.tokenizers.subword import subword_tokenizer

STARTS = ("Once upon a time", "The old king", "In the morning", "The little girl")


@pytest.fixture
def starts(tmp_path: Path) -> str:
    """A task of four prompts; its targets do not matter."""
    file = tmp_path / "starts.csv"
    file.write_text("prompt,target\n" + "".join(f"{start},-\n" for start in STARTS), encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("model", shipped_models())
def test_the_data_sets_are_small(model: str) -> None:
    assert sum(file.stat().st_size for file in model_folder(model).iterdir()) < 4_000_000


@pytest.mark.parametrize("model", shipped_models())
def test_its_tokenizer_writes_any_text(model: str) -> None:
    tokenizer = subword_tokenizer(model)
    for text in ("Once upon a time", "good 早安 🙂", "naïve\n"):
        assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.training
def test_it_writes_english_and_stops(starts: str) -> None:
    config = make_config(
        {"model": "storybook-1m", "task": starts, "reward": "words", "batch_size": 32, "max_length": 96}
    )
    trainer = Trainer(read_plan(config), build_reward(config.reward))
    report = trainer.step()
    assert report.metrics["reward_mean"] > 0.75, "most of its words are English ones"
    assert report.metrics["stop_rate"] > 0.4


@pytest.mark.parametrize(
    "seed", [pytest.param(0, marks=pytest.mark.training), *(pytest.param(n, marks=pytest.mark.nightly) for n in (1, 2))]
)
def test_it_learns_to_avoid_a_letter(starts: str, seed: int) -> None:
    settings = {
        "model": "storybook-1m",
        "task": starts,
        "reward": 'charset("e")',
        "max_length": 16,
        "batch_size": 32,
        "seed": seed,
        "until": "never",
        "device": "cpu",
        "lr": 0.01,
    }
    config = make_config(settings)
    trainer = Trainer(read_plan(config), build_reward(f"1 - 4*({config.reward})"))
    means = [trainer.step().metrics["reward_mean"] for _ in range(30)]
    assert statistics.fmean(means[-5:]) > statistics.fmean(means[:3]) + 0.2
