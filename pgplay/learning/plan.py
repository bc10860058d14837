"""A plan: a RunConfig with names looked up and defaults filled in. The figures behind them: docs/lab-notes.md."""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from pgplay.config.resolved import ResolvedConfig
from pgplay.config.run_config import RunConfig
from pgplay.errors import coded
from pgplay.learning.algorithms.table import Algorithm, chosen_algorithm
from pgplay.learning.algorithms.validation import choices_of, inactive_settings, refuse_unsupported_settings
from pgplay.learning.defaults import (
    Basis,
    edits_are_token_edits,
    longest_of,
    usual_deviation_floor,
    usual_length_limit,
)
from pgplay.learning.feasibility import refuse_impossible
from pgplay.learning.inputs import Inputs, read_inputs
from pgplay.learning.policy_choice import choose_policy
from pgplay.learning.resolution import resolve_config
from pgplay.learning.schedules.kl_weight import ADAPTER_SMOOTHING, UNSMOOTHED, Smoothing
from pgplay.locale.catalog import Coded
from pgplay.policies.families.base import Capability, ModelSpec
from pgplay.policies.families.catalogue import fresh_model
from pgplay.policies.spec import PolicySpec
from pgplay.rewards.reward import facts_of
from pgplay.tasks.load import PairsFile, has_own_scoring, make_task
from pgplay.tasks.task import Task
from pgplay.tokenizers.base import Tokenizer


class Plan(NamedTuple):
    """Everything a run will do, decided. `notes` are texts for the person to read.

    `config` has every default filled in; `written` is the person's own config, which is stored and can change live.
    deviation_floor: the smallest standard deviation that advantages are divided by, in units of the rewards' range.
    """

    config: ResolvedConfig
    written: RunConfig
    task: Task
    tokenizer: Tokenizer
    algorithm: Algorithm
    spec: ModelSpec
    shape: PolicySpec
    warm_lines: tuple[str, ...]
    notes: tuple[Coded, ...]
    deviation_floor: float

    @property
    def parameters(self) -> int:
        """The network's number of parameters, 0 without one."""
        return self.spec.parameter_count(self.tokenizer.vocabulary_size) if self.algorithm.trains_network else 0

    @property
    def prompt_text(self) -> str:
        """The text that the policy reads for the first prompt, if it differs from the prompt; else empty."""
        prompt = self.task.training[0].prompt
        text = self.tokenizer.prompt_text(prompt)
        return "" if text == prompt else text

    @property
    def uses_control_variate(self) -> bool:
        """Whether a control variate is fitted; with dense credit the tokens' q-values are known or not used."""
        return self.config.control_variate != "none" and self.config.credit == "terminal"

    @property
    def kl_smoothing(self) -> Smoothing:
        """How the KL to the reference is smoothed before it sets the KL's weight."""
        return ADAPTER_SMOOTHING if self.spec.can(Capability.ADAPTER) else UNSMOOTHED

    @property
    def counts_edits(self) -> bool:
        """Whether every token's credit is known exactly, in edits of the text."""
        return edits_are_token_edits(self.config, self.tokenizer)

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


def make_plan(config: RunConfig, inputs: Inputs, shape: PolicySpec | None = None) -> Plan:
    """Return the plan of `config` with its `inputs`; reads no disk.

    A given `shape` is that of a saved policy to continue: its alphabet and length are kept, so the task must fit
    them, and its model, which has been read, counts. Raises InputError with what was wrong and what would be right.
    """
    written = config
    algorithm, config = chosen_algorithm(config)
    base = inputs.base if shape is None else None
    has_prompts = bool(config.task)
    network = shape.network if shape else base.spec if base else fresh_model(config.model, has_prompts=has_prompts)
    choices = choices_of(config, algorithm)
    assert inputs.warm_lines or not config.warm_text or shape is not None, "the warm start's text was not read"
    refuse_unsupported_settings(config, network)
    notes = inactive_settings(config)
    is_untrained = config.starts_from is None and shape is None and base is None
    if config.kl_limit is not None and is_untrained and config.reference == "start":
        notes.append(coded("note.limit_around_untrained"))
    if not algorithm.trains_network:
        notes.append(coded("note.no_network", algorithm=config.algorithm))
    task = inputs.task if isinstance(inputs.task, Task) else make_task(config, inputs.task)
    if config.prompts > len(task.training):
        notes.append(coded("note.fewer_prompts", prompts=config.prompts, training=len(task.training)))
    policy = choose_policy(config, network, task, inputs, shape)
    if policy.added:
        notes.append(coded("note.added_characters", characters=policy.added))
    tokenizer = policy.tokenizer
    basis = Basis(config, algorithm, choices, task, network, tokenizer, longest_of(task, tokenizer))
    if shape is None:
        max_length = usual_length_limit(basis) if config.max_length is None else config.max_length
        shape = replace(policy.shape, max_length=max_length)
    refuse_impossible(basis, shape.max_length)
    if has_own_scoring(task) and not any(facts_of(text).uses_own_scoring for text in (config.reward, *config.measure)):
        notes.append(coded("note.own_scoring"))
    resolved, group_note = resolve_config(basis, shape)
    notes += [group_note] if group_note else []
    exact_task = inputs.task.setting if isinstance(inputs.task, PairsFile) else ""
    written = replace(written, model=policy.model, task=exact_task or config.task)
    return Plan(
        resolved,
        written,
        task,
        tokenizer,
        algorithm,
        network,
        shape,
        inputs.warm_lines,
        tuple(notes),
        usual_deviation_floor(basis),
    )


def read_plan(config: RunConfig, shape: PolicySpec | None = None) -> Plan:
    """Return the plan of `config` with the files that it names, read now; raises InputError."""
    return make_plan(config, read_inputs(config), shape)
