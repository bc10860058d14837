"""A plan: a RunConfig with names looked up and defaults filled in. The figures behind them: docs/lab-notes.md."""

from __future__ import annotations

from typing import NamedTuple

from pgplay.config import goals
from pgplay.config.run_config import RunConfig
from pgplay.errors import InputError, about
from pgplay.learning import groups
from pgplay.learning.algorithms.table import AlgorithmChoices, Kind, algorithm_row, trains_network
from pgplay.learning.algorithms.validation import choices_of, inactive_settings, refuse_what_the_network_lacks
from pgplay.learning.defaults import (
    SHOWN_LR,
    edits_are_token_edits,
    longest_of,
    starts_from_texts,
    usual_batch,
    usual_control_variate,
    usual_entropy,
    usual_entropy_target,
    usual_length_limit,
    usual_weight_decay,
)
from pgplay.learning.schedules import kl_weight
from pgplay.policies.families.base import Capability, ModelSpec
from pgplay.policies.families.catalogue import MODELS, chosen_model, model_spec
from pgplay.policies.spec import PolicySpec
from pgplay.rewards.reward import highest_reward, needs_target
from pgplay.tasks.corpora import read_corpus
from pgplay.tasks.load import load_task, text_field
from pgplay.tasks.task import Task
from pgplay.tokenizers.alphabet import resolve_alphabet
from pgplay.tokenizers.base import Tokenizer


class Plan(NamedTuple):
    """Everything a run will do, decided. `notes` are sentences for the person to read.

    `threads` is None if a short measurement at the run's start chooses the fastest number.
    """

    config: RunConfig
    task: Task
    spec: ModelSpec
    shape: PolicySpec
    choices: AlgorithmChoices
    lr: float
    entropy: float
    entropy_target: float
    weight_decay: float
    kl: float
    discount: float
    clip_high: float
    updates_per_step: int
    control_variate: str
    batch_size: int
    group_size: int
    threads: int | None
    warm_lines: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def kind(self) -> Kind:
        """The kind of the run's algorithm: policy gradient, cross-entropy or search."""
        return algorithm_row(self.config.algorithm).kind

    @property
    def trains_network(self) -> bool:
        """Whether the run has a policy: a search has none."""
        return trains_network(self.config.algorithm)

    @property
    def parameters(self) -> int:
        """The network's number of parameters, 0 without one."""
        return self.spec.parameter_count(self.shape.tokenizer.vocabulary_size) if self.trains_network else 0

    @property
    def uses_control_variate(self) -> bool:
        """Whether a control variate is fitted; with dense credit the tokens' q-values are known or not used."""
        return self.control_variate != "none" and self.choices.credit == "terminal"

    @property
    def counts_edits(self) -> bool:
        """Whether every token's credit is known exactly, in edits of the text."""
        return edits_are_token_edits(self.config, self.shape.tokenizer)

    @property
    def imitation(self) -> float:
        """The weight of imitation: of the targets in supervised learning, else of the best completions."""
        return 1.0 if self.kind == "cross-entropy" else self.config.replay

    @property
    def lr_choices(self) -> tuple[object, ...]:
        """The settings of the learning rate; a change restarts its schedule."""
        return self.lr, self.config.lr_schedule, self.config.lr_target

    @property
    def recovers(self) -> bool:
        """Whether a collapsed policy is reset; without an entropy bonus it would only collapse again."""
        can_recover = self.spec.can(Capability.FRESH_WEIGHTS)
        return can_recover and self.config.recovery != "none" and self.entropy > 0

    @property
    def advantage_choices(self) -> tuple[object, ...]:
        """The settings that scale advantages; a change makes the control variate's fit worthless."""
        return self.task, self.choices, self.control_variate

    @property
    def entropy_choices(self) -> tuple[object, ...]:
        """The settings of the entropy weight; a change restarts its schedule."""
        return self.entropy, self.config.entropy_schedule, self.entropy_target


def make_plan(config: RunConfig, task: Task | None = None, shape: PolicySpec | None = None) -> Plan:
    """Return the plan of `config`; raises InputError with what was wrong and what would be right.

    A given `task` is used as it is (a stored run brings its own); a given `shape` is that of a saved policy to go on
    with: its alphabet and length are kept, so the task must fit them.
    """
    choices = choices_of(config)
    task = task or load_task(config)
    _check_task(config, task)
    spec = model_spec(shape.model if shape else chosen_model(config.model, has_prompts=bool(config.task)))
    refuse_what_the_network_lacks(config, spec)
    notes = inactive_settings(config)
    if config.kl_limit is not None and not config.warm_start and config.reference == "start" and shape is None:
        notes.append("kl_limit holds the run near an untrained policy: give it a warm start, or a reference.")
    with about("warm_text"):
        warm_lines = read_corpus(config.warm_text) if config.warm_text and shape is None else ()
    longest = None
    texts = [text for pair in task.pairs for text in (pair.prompt, *pair.answers)]
    if shape is None:
        with about(text_field(config)):
            alphabet = resolve_alphabet(config.alphabet, [*texts, *warm_lines])
        if alphabet.added and config.alphabet != "auto":
            notes.append(f"Added to the alphabet, because the targets need them: {alphabet.added}")
        longest = longest_of(task, spec.family.tokenizer(alphabet.characters))
        shape = PolicySpec(spec.name, alphabet.characters, usual_length_limit(config, task, spec, longest))
    else:
        with about(text_field(config)):
            _check_fits(shape, texts)
    longest = longest or longest_of(task, shape.tokenizer)
    if longest.answer >= shape.max_length:
        raise InputError(
            f"The longest target has {longest.answer} {_unit(shape.tokenizer)}, and max_length is {shape.max_length}.",
            f"It must be at least {longest.answer + 1}: the stop token counts.",
            field="max_length",
        )
    if longest.prompt + shape.max_length > spec.context_length:
        reads_more = any(model.context_length >= longest.prompt + shape.max_length for model in MODELS.values())
        raise InputError(
            f"The longest prompt and completion need {longest.prompt + shape.max_length} tokens; "
            f"{spec.name} reads and writes {spec.context_length}.",
            "Shorten the text or choose a model that reads more." if reads_more else "Shorten the text.",
            field=text_field(config) if config.max_length is None else "max_length",
        )
    algorithm = algorithm_row(config.algorithm)
    discount = (0.0 if choices.credit == "dense" else 1.0) if config.discount is None else config.discount
    control_variate = usual_control_variate(config, choices, discount, spec, shape.tokenizer)
    batch_size = usual_batch(choices, control_variate, task) if config.batch_size is None else config.batch_size
    if algorithm.kind == "search":
        notes.append(f"{config.algorithm} trains no network: nothing about model, device or learning matters to it.")
    if config.group_size is None:
        group_size, group_note = groups.choose(
            batch_size, len(task.training), groups.usual_size(choices.credit, control_variate)
        )
        notes += [group_note] if group_note else []
    else:
        group_size = config.group_size
        groups.check_size(group_size, batch_size, len(task.training))
    return Plan(
        config=config,
        task=task,
        spec=spec,
        shape=shape,
        choices=choices,
        lr=spec.lr * (SHOWN_LR if starts_from_texts(config) else 1.0) if config.lr is None else config.lr,
        entropy=usual_entropy(config, spec, choices, task, longest.answer, shape.tokenizer.vocabulary_size)
        if config.entropy is None
        else config.entropy,
        entropy_target=usual_entropy_target(choices, task, longest.answer)
        if config.entropy_target is None
        else config.entropy_target,
        weight_decay=usual_weight_decay(config, choices, task) if config.weight_decay is None else config.weight_decay,
        kl=kl_weight.start_weight(config.kl, config.kl_limit),
        discount=discount,
        clip_high=algorithm.clip_high if config.clip_high is None else config.clip_high,
        updates_per_step=algorithm.updates if config.updates_per_step is None else config.updates_per_step,
        control_variate=control_variate,
        batch_size=batch_size,
        group_size=group_size,
        threads=config.threads or spec.threads,
        warm_lines=warm_lines,
        notes=tuple(notes),
    )


def _unit(tokenizer: Tokenizer) -> str:
    return "characters" if tokenizer.one_token_per_character else "tokens"


def _check_task(config: RunConfig, task: Task) -> None:
    """Refuse a goal that nothing reaches or measures, and to learn by comparing with a target that is empty."""
    goal_is_held_out = config.goal.metric.startswith("held_out")
    by_held_out = "patience" if config.patience is not None else "until" if goal_is_held_out else ""
    if by_held_out and not task.held_out:
        problem = f"{by_held_out} needs prompts held out of training."
        raise InputError(problem, "Choose held_out 0.1, for example.", field=by_held_out)
    with about("reward"):
        highest = highest_reward(config.reward)
    goals.check_reachable(config.goal, highest, config.reward)
    if task.has_targets:
        return
    if algorithm_row(config.algorithm).kind == "cross-entropy":
        raise InputError(
            f"The target is empty, and {config.algorithm} learns from nothing else.",
            "Choose grpo, or give a target.",
            field=text_field(config),
        )
    for field, spec in (("reward", config.reward), *(("measure", spec) for spec in config.measure)):
        with about(field):
            needs_it = needs_target(spec)
        if needs_it:
            raise InputError(
                "The target is empty.",
                f"Give at least one character to learn, or a reward that needs none, unlike {spec}.",
                field=text_field(config),
            )


def _check_fits(shape: PolicySpec, texts: list[str]) -> None:
    missing = shape.tokenizer.unwritable(texts)
    if missing:
        raise InputError(
            f"The policy's alphabet lacks {missing!r}.",
            "Choose a target within its alphabet, or start a new policy.",
        )
