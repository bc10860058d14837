"""Further columns of a task's file reach a Python reward by name, and functions with TRL's signature work unchanged."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgplay.errors import RewardError
from pgplay.tasks.load import read_task
from pgplay.tasks.task import Pair
from tests.rewards.conftest import Build

PAIRS = (
    Pair("2+2", "four", columns=(("solution", "4"), ("level", 1))),
    Pair("3+3", "six", columns=(("solution", "6"), ("level", 2))),
)
SAME_AS_SOLUTION = "    return [float(c == s) for c, s in zip(completions, solution)]\n"
TRL_DOCS = """
import re

def length_reward(completion_ids=None, **kwargs):
    return None

def reward_func(completions, ground_truth, **kwargs):
    matches = [re.search(r"\\\\boxed\\{(.*?)\\}", completion) for completion in completions]
    contents = [match.group(1) if match else "" for match in matches]
    return [1.0 if c == gt else 0.0 for c, gt in zip(contents, ground_truth)]
"""


@pytest.mark.parametrize(
    "code",
    [
        "def reward(text, target, prompt, solution):\n    return float(text == solution)\n",
        "def reward(text, target, prompt, *, solution, level=0):\n    return float(text == solution and level > 0)\n",
        "def reward(text, target, prompt, **columns):\n    return float(text == columns['solution'])\n",
        "def rewards(texts, targets, prompts, solution):\n    return [int(t == s) for t, s in zip(texts, solution)]\n",
        "def reward(text, solution):\n    return float(text == solution)\n",
        "def rewards(texts, *, solution):\n    return [int(t == s) for t, s in zip(texts, solution)]\n",
        f"def reward(prompts, completions, solution, **_):\n{SAME_AS_SOLUTION}",
        "def reward(completions, **kw):\n    return [float(c == s) for c, s in zip(completions, kw['solution'])]\n",
        f"def mine(*, solution, completions):\n{SAME_AS_SOLUTION}",
    ],
)
def test_columns_are_passed_by_name(build: Build, code: str) -> None:
    reward = build(code)
    assert reward.score_pairs(["4", "6", "5", "4"], [*PAIRS, *PAIRS]).values == [1.0, 1.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def reward(text):\n    return len(text)\n", 2.0),
        ("def reward(text, target):\n    return len(target)\n", 4.0),
        ("def reward(text, prompt):\n    return len(prompt)\n", 3.0),
        ("def reward(answer, prompt, *, target):\n    return len(prompt) + 10 * len(target)\n", 43.0),
        ("def rewards(texts, targets):\n    return [len(target) for target in targets]\n", 4.0),
        ("def reward(text, target='', *rest):\n    return len(target) + len(rest[0])\n", 7.0),
    ],
)
def test_a_function_of_fewer_values_gets_those_that_it_names(build: Build, code: str, expected: float) -> None:
    assert build(code).score(["42"], ["four"], ["2+2"]).values == [expected]


def test_a_function_from_the_documentation_of_trl_works_unchanged(build: Build) -> None:
    reward = build(TRL_DOCS)
    pairs = [Pair("q", "", columns=(("ground_truth", answer),)) for answer in ("7", "8")]
    assert reward.score_pairs([r"so \boxed{7}", "7"], pairs).values == [1.0, 0.0]


def test_in_trls_signature_prompts_and_targets_are_lists_of_texts(build: Build) -> None:
    code = "def f(prompts, completions, target):\n    return [len(p + t) for p, t in zip(prompts, target)]\n"
    assert build(code, ":f").score_pairs(["x", "y"], PAIRS).values == [7.0, 6.0]


def test_equal_texts_with_other_columns_are_scored_separately(build: Build) -> None:
    code = "def reward(text, target, prompt, level):\n    return level\n"
    pairs = [Pair("same", "", columns=(("level", level),)) for level in (1, 2, 1)]
    assert build(code).score_pairs(["a"] * 3, pairs).values == [1.0, 2.0, 1.0]


def test_a_row_of_jsonl_without_the_column_gives_none(build: Build) -> None:
    code = "def reward(text, target, prompt, hint):\n    return 0.0 if hint is None else 1.0\n"
    pairs = [Pair("p", "", columns=(("hint", "h"),)), Pair("q", "")]
    assert build(code).score_pairs(["a", "a"], pairs).values == [1, 0]


@pytest.mark.parametrize(
    ("code", "known"),
    [
        ("def reward(text, target, prompt, answer):\n    return 1.0\n", "solution, level"),
        ("def reward(completions, answer, **kw):\n    return [1]\n", "target, solution, level, prompts, completions"),
    ],
)
def test_a_column_missing_from_the_task_is_named(build: Build, code: str, known: str) -> None:
    with pytest.raises(RewardError) as refused:
        build(code).score_pairs(["a", "b"], PAIRS)
    assert f"asks for answer; the task's columns are {known}" in refused.value.problem
    assert "Add the column" in refused.value.remedy
    assert refused.value.given is not None
    assert dict(refused.value.given[3]) == {"solution": "4", "level": 1}


def test_a_list_of_another_length_is_refused(build: Build) -> None:
    with pytest.raises(RewardError, match="1 scores for 2 texts"):
        build("def reward(completions, **kw):\n    return [1.0]\n").score_pairs(["a", "b"], PAIRS)


def test_a_named_answer_column_is_a_column_too(build: Build, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("question,answer,unit\nhow long,3,m\n")
    file = read_task(f"{tmp_path / 'a.csv'}:question,answer")
    assert file is not None
    code = "def reward(completions, answer, unit, **kw):\n    return [len(a + u) for a, u in zip(answer, unit)]\n"
    assert build(code).score_pairs(["x"], file.pairs).values == [2.0]
