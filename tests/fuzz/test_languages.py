"""Mutants of what a user types or pastes: recipes, formulas, goals, tasks by rule, alphabets, reward names."""

from __future__ import annotations

from hypothesis import given

from pgplay.app.state.pace import parse_leg
from pgplay.config.recipe import from_recipe, to_recipe
from pgplay.config.run_config import RunConfig, make_config
from pgplay.learning.plan import read_plan
from pgplay.rewards.formula import Formula
from pgplay.rewards.python.source import is_python, split_python
from pgplay.tasks.generators import generate, parse_task
from pgplay.tokenizers.alphabet import resolve_alphabet
from tests.fuzz.mutants import accepted_or_refused, fuzzed, mutants

RECIPES = [
    "",
    'target="hello world" lr=0.01 steps=100 seed=3',
    'reward="0.8*levenshtein + 0.2*prefix" measure=["hamming","exact"] until=reward>=0.95',
    "task=reverse:length=3-5 held_out=0.2 batch_size=64 group_size=8 algorithm=grpo entropy=0.05",
    r'alphabet="ab\n\"\\ud" max_length=12 until="solved\n" max_seconds=2.5',
]
FORMULAS = [
    "levenshtein",
    "0.8*levenshtein + 0.2*prefix - 0.01*abs(length - 12)",
    'regex("[aeiou]+(a|b){2,5}") / max(1, text_length)',
    "clip(length_gap ** 2, -1, 1) if exact > 0.5 and not prefix else min(lcs, distinct(3), -hamming)",
    'contains("a.py:b") + jaro-winkler("hello") <= 1 < char-bleu(4)',
    "levenshtein + (2+2+2+2+2+2+2+2)",
]
GOALS = ["solved", "never", "reward>=0.95", "held_out_exact_match >= 1e-1", "step 500", "10 more steps", "1.5 min"]
TASKS = [
    "reverse:length=3-5,count=32",
    "caesar:length=2,alphabet=abc,shift=3",
    "addition:digits=2,count=50",
    "brackets:length=4,count=20",
    "spell:max=30",
]
ALPHABETS = ["auto", "lowercase", "ascii", "target", "abc déf床\U0001f469\n\t"]


def recipe_and_back(recipe: str) -> RunConfig:
    config = from_recipe(recipe)
    assert from_recipe(to_recipe(config)) == config
    return config


@fuzzed
@given(mutants(RECIPES))
def test_recipes(recipe: str) -> None:
    accepted_or_refused(lambda: recipe_and_back(recipe))


@fuzzed
@given(mutants(FORMULAS))
def test_formulas(formula: str) -> None:
    accepted_or_refused(lambda: Formula(formula).score([("some text", "other text", "prompt")]))


@fuzzed
@given(mutants(FORMULAS))
def test_names_of_rewards(spec: str) -> None:
    accepted_or_refused(lambda: is_python(spec) and split_python(spec))


@fuzzed
@given(mutants(GOALS))
def test_goals_of_a_run(goal: str) -> None:
    accepted_or_refused(lambda: read_plan(make_config({"until": goal})))


@fuzzed
@given(mutants(GOALS))
def test_goals_of_the_next_steps(goal: str) -> None:
    accepted_or_refused(lambda: parse_leg(goal, 120))


@fuzzed
@given(mutants(TASKS))
def test_tasks_by_rule(spec: str) -> None:
    accepted_or_refused(lambda: generate(parse_task(spec)._replace(prompts=1), 0))


@fuzzed
@given(mutants(ALPHABETS), mutants(["hello", "床前明月光"]))
def test_alphabets(spec: str, text: str) -> None:
    accepted_or_refused(lambda: resolve_alphabet(spec, [text]))
