"""Measuring texts and saved policies from Python, with the command line's numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import pgplay
from pgplay.cli import main
from pgplay.errors import InputError, RewardError


def vowels(text: str) -> float:
    return sum(letter in "aeiou" for letter in text) / max(1, len(text))


def test_texts_are_scored_by_formulas_and_functions() -> None:
    assert pgplay.score(["hallo", "hello"], "exact", "hello") == [0.0, 1.0]
    assert pgplay.score(["aeb", "b"], vowels) == pytest.approx([2 / 3, 0.0])
    assert pgplay.score(["x"], lambda text, target, prompt: len(target + prompt), "ab", prompt="c") == [3.0]


def test_what_cannot_be_scored_is_refused() -> None:
    with pytest.raises(InputError, match="compares texts with a target"):
        pgplay.score(["hello"], "levenshtein")
    with pytest.raises(RewardError):
        pgplay.score(["hello"], lambda text: 1 / 0)


def test_a_policy_is_measured_as_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    pgplay.train("abc", model="gru-nano", steps=3, batch_size=8, seed=1, threads=1, save="mine")
    assert main(["eval", "mine", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    evaluation = pgplay.evaluate("mine")
    assert evaluation.training._asdict() == told["training"]
    assert evaluation.held_out is None
    assert pgplay.evaluate("mine", reward=lambda text: 0.5).training.reward_mean == 0.5


def test_a_policys_python_runs_only_where_it_was_allowed(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def reward(text):\n    return 1.0\n")
    pgplay.train("abc", reward=str(file), model="gru-nano", steps=2, batch_size=8, threads=1, save="mine")
    with pytest.raises(InputError, match="not allowed to run"):
        pgplay.evaluate("mine")
    assert pgplay.evaluate("mine", reward=str(file)).training.reward_mean == 1.0
