"""A plan: a RunConfig with names looked up and defaults filled in. The figures behind them: docs/lab-notes.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pgplay.config import goals
from pgplay.config.resolved import ResolvedConfig
from pgplay.config.run_config import RunConfig
from pgplay.errors import InputError, about
from pgplay.learning.algorithms.table import Algorithm, algorithm_row
from pgplay.learning.algorithms.validation import choices_of, inactive_settings, refuse_unsupported_settings
from pgplay.learning.defaults import Basis, LongestTexts, edits_are_token_edits, longest_of, usual_length_limit
from pgplay.learning.resolution import resolve
from pgplay.policies.families.base import Capability, ModelSpec
from pgplay.policies.families.catalogue import MODELS, chosen_model, model_spec
from pgplay.policies.spec import PolicySpec
from pgplay.rewards.reward import RewardFacts, facts_of
from pgplay.tasks.corpora import read_corpus
from pgplay.tasks.load import load_task, text_field
from pgplay.tasks.task import Task
from pgplay.tokenizers.alphabet import resolve_alphabet
from pgplay.tokenizers.base import Tokenizer


class Plan(NamedTuple):
    """Everything a run will do, decided. `notes` are sentences for the person to read.

    `config` has every default filled in; `written` is the person's own config, which is stored and can change live.
    """

    config: ResolvedConfig
    written: RunConfig
    task: Task
    algorithm: Algorithm
    spec: ModelSpec
    shape: PolicySpec
    warm_lines: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def parameters(self) -> int:
        """The network's number of parameters, 0 without one."""
        return self.spec.parameter_count(self.shape.tokenizer.vocabulary_size) if self.algorithm.trains_network else 0

    @property
    def uses_control_variate(self) -> bool:
        """Whether a control variate is fitted; with dense credit the tokens' q-values are known or not used."""
        return self.config.control_variate != "none" and self.config.credit == "terminal"

    @property
    def counts_edits(self) -> bool:
        """Whether every token's credit is known exactly, in edits of the text."""
        return edits_are_token_edits(self.config, self.shape.tokenizer)

    @property
    def imitation(self) -> float:
        """The weight of imitation: of the targets in supervised learning, else of the best completions."""
        return 1.0 if self.algorithm.kind == "cross-entropy" else self.config.replay

    @property
    def recovers(self) -> bool:
        """Whether a collapsed policy is reset; without an entropy bonus it would only collapse again."""
        can_recover = self.spec.can(Capability.FRESH_WEIGHTS)
        return can_recover and self.config.recovery != "none" and self.config.entropy > 0

    @property
    def lr_choices(self) -> tuple[object, ...]:
        """The settings of the learning rate; a change restarts its schedule."""
        return self.config.lr, self.config.lr_schedule, self.config.lr_target

    @property
    def advantage_choices(self) -> tuple[object, ...]:
        """The settings that scale advantages; a change makes the control variate's fit worthless."""
        config = self.config
        row = config.baseline, config.scale, config.credit, config.ratio, config.aggregation
        return self.task, row, config.control_variate

    @property
    def entropy_choices(self) -> tuple[object, ...]:
        """The settings of the entropy weight; a change restarts its schedule."""
        return self.config.entropy, self.config.entropy_schedule, self.config.entropy_target


def make_plan(config: RunConfig, task: Task | None = None, shape: PolicySpec | None = None) -> Plan:
    """Return the plan of `config`; raises InputError with what was wrong and what would be right.

    A given `task` is used as it is (a stored run brings its own); a given `shape` is that of a saved policy to go on
    with: its alphabet and length are kept, so the task must fit them.
    """
    algorithm = algorithm_row(config.algorithm)
    choices = choices_of(config, algorithm)
    task = task or load_task(config)
    _check_task(config, task, algorithm)
    spec = model_spec(shape.model if shape else chosen_model(config.model, has_prompts=bool(config.task)))
    refuse_unsupported_settings(config, spec)
    notes = inactive_settings(config)
    if config.kl_limit is not None and not config.warm_start and config.reference == "start" and shape is None:
        notes.append("kl_limit holds the run near an untrained policy: give it a warm start, or a reference.")
    with about("warm_text"):
        warm_lines = read_corpus(config.warm_text) if config.warm_text and shape is None else ()
    texts = task.texts
    if shape is None:
        with about(text_field(config)):
            alphabet = resolve_alphabet(config.alphabet, [*texts, *warm_lines])
        if alphabet.added and config.alphabet != "auto":
            notes.append(f"Added to the alphabet, because the targets need them: {alphabet.added}")
        tokenizer = spec.family.tokenizer(alphabet.characters)
    else:
        tokenizer = shape.tokenizer
        with about(text_field(config)):
            _check_fits(tokenizer, texts)
    basis = Basis(config, algorithm, choices, task, spec, tokenizer, longest_of(task, tokenizer))
    if shape is None:
        max_length = usual_length_limit(basis) if config.max_length is None else config.max_length
        shape = PolicySpec(spec.name, alphabet.characters, max_length)
    _check_length(config, basis.longest, shape, spec)
    if not algorithm.trains_network:
        notes.append(f"{config.algorithm} trains no network: nothing about model, device or learning matters to it.")
    resolved, group_note = resolve(basis, shape)
    notes += [group_note] if group_note else []
    return Plan(resolved, config, task, algorithm, spec, shape, warm_lines, tuple(notes))


def _check_length(config: RunConfig, longest: LongestTexts, shape: PolicySpec, spec: ModelSpec) -> None:
    """Refuse texts that are longer than a completion may be, or than the network reads."""
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


def _unit(tokenizer: Tokenizer) -> str:
    return "characters" if tokenizer.one_token_per_character else "tokens"


def _check_task(config: RunConfig, task: Task, algorithm: Algorithm) -> None:
    """Refuse a goal that nothing reaches or measures, and to learn by comparing with a target that is empty."""
    goal_is_held_out = config.goal.metric.startswith("held_out")
    by_held_out = "patience" if config.patience is not None else "until" if goal_is_held_out else ""
    if by_held_out and not task.held_out:
        problem = f"{by_held_out} needs prompts held out of training."
        raise InputError(problem, "Choose held_out 0.1, for example.", field=by_held_out)
    rewards = _reward_facts(config)
    goals.check_reachable(config.goal, rewards[0].highest, config.reward)
    if task.has_targets:
        return
    if algorithm.kind == "cross-entropy":
        raise InputError(
            f"The target is empty, and {config.algorithm} learns from nothing else.",
            "Choose grpo, or give a target.",
            field=text_field(config),
        )
    for spec, facts in zip((config.reward, *config.measure), rewards, strict=True):
        if facts.needs_target:
            raise InputError(
                "The target is empty.",
                f"Give at least one character to learn, or a reward that needs none, unlike {spec}.",
                field=text_field(config),
            )


def _reward_facts(config: RunConfig) -> tuple[RewardFacts, ...]:
    """Return what the texts of the reward and of the measures tell; raises InputError where one is no reward."""
    with about("reward"):
        trained = facts_of(config.reward)
    with about("measure"):
        return trained, *map(facts_of, config.measure)


def _check_fits(tokenizer: Tokenizer, texts: Sequence[str]) -> None:
    missing = tokenizer.unwritable(texts)
    if missing:
        raise InputError(
            f"The policy's alphabet lacks {missing!r}.",
            "Choose a target within its alphabet, or start a new policy.",
        )
