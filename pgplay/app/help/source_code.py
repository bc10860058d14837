"""The functions that run in a step, read from their files without importing them, so that torch is not loaded."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from pgplay.config.run_config import RunConfig
from pgplay.files.text import lines_of
from pgplay.learning.algorithms.table import AlgorithmChoices, algorithm_row
from pgplay.learning.reports.step_detail import AlgorithmSettings
from pgplay.rewards.catalogue import OWN_SCORING, REWARDS
from pgplay.rewards.python.source import is_python, read_python

_PACKAGE = Path(__file__).parents[2]


class Source(NamedTuple):
    """The text of one function or method, its file below the package, and the line where it begins."""

    name: str
    file: str
    line: int
    text: str


Place = tuple[str, str]
"""A file below the package, and a function or Class.method in it."""

TEXTBOOK = "learning/objective/textbook.py"

OPTIMISERS: dict[str, Place] = {
    "adam": ("learning/objective/adamw.py", "Adam.update"),
    "sgd": ("learning/objective/sgd.py", "PlainDescent.update"),
}
"""Where each optimiser's update is."""


def places(phase: str, rules: AlgorithmSettings) -> list[Place]:
    """Return the functions that run in a `phase` of a step with these `rules`, in order of execution."""
    if phase == "sample":
        return [("policies/sampler.py", "Sampler.sample_tokens"), ("policies/density.py", "Density.filtered")]
    if phase == "score":
        return [("rewards/reward.py", "Reward.score"), *_reward_places(rules.reward)]
    if phase == "advantage":
        return [("learning/objective/advantage_rules.py", "advantages_of"), *_advantage_places(rules)]
    return [
        *_textbook_places(rules),
        ("learning/objective/update.py", "make_updates"),
        ("learning/objective/update.py", "policy_loss"),
        *([("learning/objective/losses.py", "expected_surrogate")] if rules.control_variate else []),
        ("learning/objective/losses.py", "surrogate"),
        ("learning/objective/update.py", "total_loss"),
        ("learning/objective/losses.py", "aggregated"),
        OPTIMISERS[rules.optimizer],
    ]


def _textbook_places(rules: AlgorithmSettings) -> list[Place]:
    """Return the algorithm's textbook function, if it has one and no setting overrides its row."""
    name, algorithm = rules.algorithm.replace("-", "_"), algorithm_row(rules.algorithm)
    own = (AlgorithmChoices(*(getattr(rules, choice) for choice in AlgorithmChoices._fields)), rules.updates)
    limits = (rules.clip_low, rules.clip_high)
    is_row = own == (algorithm.choices, algorithm.updates)
    if algorithm.choices.ratio != "none":
        is_row = is_row and limits == (RunConfig().clip_low, algorithm.clip_high)
    if name not in function_names(TEXTBOOK) or not is_row:
        return []
    return [(TEXTBOOK, name), (TEXTBOOK, "descend")]


def introduction(phase: str, rules: AlgorithmSettings) -> str:
    """Return the line above the sources: what the run adds to the textbook function; empty if that is not shown."""
    if phase != "update" or not _textbook_places(rules):
        return ""
    parts = {
        "Adam": rules.optimizer == "adam",
        "a control variate": rules.control_variate,
        "an entropy bonus": rules.entropy_weight > 0,
        "a KL penalty": rules.kl > 0,
        "gradient clipping": rules.clip_gradient > 0,
    }
    added = ", ".join(part for part, is_used in parts.items() if is_used)
    beyond = f" with {added}" if added else ""
    return f"{rules.algorithm} in a few lines, by plain gradient descent; below them the functions that run{beyond}."


def _reward_places(spec: str) -> list[Place]:
    if spec == OWN_SCORING.name:
        return [("rewards/python/gym_scoring.py", "own_score")]
    if spec not in REWARDS:
        return [] if is_python(spec) else [("rewards/formula.py", "Formula.score")]
    own = function_names("rewards/builtin/similarity.py")
    return [("rewards/builtin/similarity.py", spec)] if spec in own else []


def _advantage_places(rules: AlgorithmSettings) -> list[Place]:
    if rules.credit == "dense":
        counted = ("every_tokens_credit", "edit_potentials") if rules.reward == "levenshtein" else ("token_credit",)
        return [("learning/objective/dense_credit.py", name) for name in (*counted, "dense_advantages")]
    if rules.baseline == "critic":
        return [("learning/objective/advantages.py", "generalised_advantages")]
    names = ("group_baseline", "group_scaled", "group_deviation")
    grouped: list[Place] = [("learning/objective/advantages.py", name) for name in names]
    variate: Place = ("learning/objective/control_variate.py", "ControlVariate.apply")
    return [*grouped, variate] if rules.control_variate else grouped


@lru_cache(maxsize=32)
def _parsed(file: str) -> tuple[str, ast.Module]:
    text = (_PACKAGE / file).read_text(encoding="utf-8")
    return text, ast.parse(text)


def sources(phase: str, rules: AlgorithmSettings) -> list[Source]:
    """Return the sources of `places`, with a person's own Python read from its file; raises InputError and OSError."""
    texts = [source_of(place) for place in places(phase, rules)]
    if phase == "score" and is_python(rules.reward):
        python = read_python(rules.reward)
        texts.append(Source(python.name, rules.reward, 1, python.text))
    return texts


def function_names(file: str) -> list[str]:
    """Return the names of the functions of a file below the package."""
    return [node.name for node in _parsed(file)[1].body if isinstance(node, ast.FunctionDef)]


def source_of(place: Place) -> Source:
    """Return the source at `place`; raises LookupError where there is no such function, OSError without the file."""
    file, name = place
    text, tree = _parsed(file)
    definition: ast.AST = tree
    for part in name.split("."):
        body = definition.body if isinstance(definition, ast.Module | ast.ClassDef) else []
        nodes = [node for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == part]
        if not nodes:
            raise LookupError(f"{file} has no {name}")
        definition = nodes[0]
    assert isinstance(definition, ast.FunctionDef | ast.ClassDef)
    first = min([definition.lineno, *(decorator.lineno for decorator in definition.decorator_list)])
    lines = lines_of(text)[first - 1 : definition.end_lineno]
    indent = len(lines[0]) - len(lines[0].lstrip())
    return Source(name, f"pgplay/{file}", first, "\n".join(line[indent:] for line in lines))
