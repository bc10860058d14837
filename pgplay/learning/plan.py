"""A plan: a RunConfig with every name looked up, every default filled in, and every contradiction refused."""

from __future__ import annotations

import math
from typing import NamedTuple

from pgplay.config import RunConfig
from pgplay.errors import InputError
from pgplay.learning.algorithms import Algorithm, Choices, choices_of, row_of, trains_network
from pgplay.learning.comparators import Kind
from pgplay.learning.contradictions import sleeping
from pgplay.policies.catalogue import ModelSpec, PolicyShape, model_spec
from pgplay.tasks.alphabet import resolve_alphabet
from pgplay.tasks.load import load_task
from pgplay.tasks.task import Task

GROUP_SIZE = 8
LENGTH_SLACK = 5
"""Characters that a completion may have too many. With fewer, running into the limit costs so little that short texts
unlearn to stop; with many more, 30 characters take half as many completions again."""

USUAL_VOCABULARY = 28
"""Tokens up to which the weight of entropy stays as it is. A larger alphabet has more entropy to win, and the same
weight would outbid the reward: with 300 characters 0.05 learns and 0.08 does not."""
DENSE_ENTROPY = 1.4
"""With dense credit, which counts in edits, so many times the weight of entropy: 30 characters take a fifth fewer
completions, and 200 are learnt, which at 0.9 times they are not."""
LONG_TARGET = 30
"""Characters up to which the weight of entropy stays as it is. With terminal credit a character of a longer target
moves the reward by less, and the same weight would outbid it: at 60 characters 0.06 learns and 0.08 does not."""


class Plan(NamedTuple):
    """What a run will do. `notes` are plain sentences that the person should read.

    `threads` is None where a short measurement at the run's start is to tell how many are fastest.
    """

    config: RunConfig
    task: Task
    spec: ModelSpec
    shape: PolicyShape
    choices: Choices
    lr: float
    entropy: float
    discount: float
    clip_high: float
    updates_per_step: int
    control_variate: bool
    group_size: int
    threads: int | None
    notes: tuple[str, ...]

    @property
    def kind(self) -> Kind:
        """What moves the run's algorithm."""
        return row_of(self.config.algorithm).kind

    @property
    def trains_network(self) -> bool:
        """Whether there is a policy to train, to write with and to save."""
        return trains_network(self.config.algorithm)

    @property
    def parameters(self) -> int:
        """The network's number of parameters, 0 where none is trained."""
        return self.spec.parameter_count(len(self.shape.alphabet) + 1) if self.trains_network else 0

    @property
    def imitation(self) -> float:
        """The weight of imitating texts: the targets where they are what is learnt from, else the best completions."""
        return 1.0 if self.kind == "cross-entropy" else self.config.replay

    @property
    def advantage_choices(self) -> tuple[object, ...]:
        """What decides how large the advantages are: with another one, what was learnt about them is worth nothing."""
        return self.task, self.choices, self.control_variate

    @property
    def entropy_choices(self) -> tuple[object, ...]:
        """What decides the weight of entropy: with another one, it begins anew."""
        return self.entropy, self.config.entropy_schedule, self.config.entropy_target


def make_plan(config: RunConfig, task: Task | None = None, shape: PolicyShape | None = None) -> Plan:
    """Return the plan of `config`; raises InputError with what was wrong and what would be right.

    A given `task` is used as it is (a stored run brings its own); a given `shape` is that of a saved policy to go on
    with: its alphabet and length are kept, so the task must fit them.
    """
    spec = model_spec(shape.model if shape else config.model)
    choices = choices_of(config)
    task = task or load_task(config)
    notes = sleeping(config)
    texts = [text for pair in (*task.training, *task.held_out) for text in (pair.prompt, pair.target)]
    if shape is None:
        alphabet = resolve_alphabet(config.alphabet, texts)
        if alphabet.added and config.alphabet != "auto":
            notes.append(f"Added to the alphabet, because the targets need them: {alphabet.added}")
        shape = PolicyShape(spec.name, alphabet.characters, _length_limit(config, task, spec.context_length))
    else:
        _check_fits(shape, texts)
    longest_prompt = max(len(pair.prompt) for pair in (*task.training, *task.held_out))
    longest_target = max(len(pair.target) for pair in (*task.training, *task.held_out))
    if longest_target >= shape.max_length:
        raise InputError(
            f"The longest target has {longest_target} characters, and max_length is {shape.max_length}.",
            f"It must be at least {longest_target + 1}: the stop token counts.",
        )
    if longest_prompt + shape.max_length > spec.context_length:
        raise InputError(
            f"The longest prompt and completion need {longest_prompt + shape.max_length} tokens; "
            f"{spec.name} reads and writes {spec.context_length}.",
            "Shorten the text or choose a larger model.",
        )
    algorithm = row_of(config.algorithm)
    discount = (0.0 if choices.credit == "dense" else 1.0) if config.discount is None else config.discount
    if algorithm.kind == "search":
        notes.append(f"{config.algorithm} trains no network: nothing about model, device or learning matters to it.")
    return Plan(
        config=config,
        task=task,
        spec=spec,
        shape=shape,
        choices=choices,
        lr=spec.lr if config.lr is None else config.lr,
        entropy=_usual_entropy(spec, algorithm, choices, longest_target, len(shape.alphabet) + 1)
        if config.entropy is None
        else config.entropy,
        discount=discount,
        clip_high=algorithm.clip_high if config.clip_high is None else config.clip_high,
        updates_per_step=algorithm.updates if config.updates_per_step is None else config.updates_per_step,
        control_variate=_uses_control_variate(config, choices, discount),
        group_size=_group_size(config, len(task.training)),
        threads=config.threads or spec.threads,
        notes=tuple(notes),
    )


def _usual_entropy(
    spec: ModelSpec, algorithm: Algorithm, choices: Choices, longest_target: int, vocabulary: int
) -> float:
    """Return the weight of the entropy bonus that suits a model, a credit, a length and a vocabulary."""
    if algorithm.kind != "policy gradient":
        return 0.0
    weight = spec.entropy * min(1.0, math.sqrt(math.log(USUAL_VOCABULARY) / math.log(vocabulary)))
    if choices.credit == "dense":
        return weight * DENSE_ENTROPY
    return weight * min(1.0, math.sqrt(LONG_TARGET / longest_target))


def _uses_control_variate(config: RunConfig, choices: Choices, discount: float) -> bool:
    """Return whether the advantages are steadied: where each completion has one, that all its tokens share."""
    reason = None
    if choices.credit != "terminal":
        reason = f"with credit {choices.credit} each token has a credit of its own"
    elif choices.baseline == "critic":
        reason = "a critic foretells each token's return already"
    elif discount != 1.0:
        reason = f"with discount {discount:g} each token has an advantage of its own"
    if reason and config.control_variate == "regression":
        raise InputError(f"control_variate regression does nothing here: {reason}.", "Choose control_variate none.")
    return reason is None and config.control_variate != "none"


def _length_limit(config: RunConfig, task: Task, context_length: int) -> int:
    """Return the longest completion in tokens: room for the stop token and for some characters too many."""
    if config.max_length is not None:
        return config.max_length
    pairs = (*task.training, *task.held_out)
    needed = max(len(pair.target) for pair in pairs) + 1
    room = context_length - max(len(pair.prompt) for pair in pairs)
    return max(needed, min(needed + LENGTH_SLACK, room))


def _group_size(config: RunConfig, prompts: int) -> int:
    """Return how many completions one prompt gets in a step: a divisor of the batch, all of it for a single prompt."""
    if config.group_size is not None:
        if config.batch_size // config.group_size > prompts:
            raise InputError(
                f"Groups of {config.group_size} in a batch of {config.batch_size} need "
                f"{config.batch_size // config.group_size} prompts; the task has {prompts}.",
                f"Choose a group_size of at least {math.ceil(config.batch_size / prompts)}.",
            )
        return config.group_size
    wanted = min(config.batch_size, max(GROUP_SIZE, math.ceil(config.batch_size / prompts)))
    return next(size for size in range(wanted, config.batch_size + 1) if config.batch_size % size == 0)


def _check_fits(shape: PolicyShape, texts: list[str]) -> None:
    missing = sorted({character for text in texts for character in text} - set(shape.alphabet))
    if missing:
        raise InputError(
            f"The policy's alphabet lacks {''.join(missing)!r}.",
            "Choose a target within its alphabet, or start a new policy.",
        )
