"""A plan: a RunConfig with names looked up and defaults filled in. The figures behind them: docs/lab-notes.md."""

from __future__ import annotations

import math
from typing import NamedTuple

from pgplay import goals
from pgplay.config import RunConfig
from pgplay.errors import InputError
from pgplay.learning import divergence, groups
from pgplay.learning.algorithms import Choices, choices_of, row_of, trains_network
from pgplay.learning.comparators import Kind
from pgplay.learning.contradictions import refuse_what_the_network_lacks, sleeping
from pgplay.policies.catalogue import MODELS, chosen_model, model_spec
from pgplay.policies.families.base import Capability, ModelSpec
from pgplay.policies.spec import PolicySpec
from pgplay.rewards.scoring import highest_reward, needs_target
from pgplay.tasks.alphabet import resolve_alphabet
from pgplay.tasks.corpora import read_corpus
from pgplay.tasks.load import load_task
from pgplay.tasks.task import Task
from pgplay.tokenizers.base import Tokenizer

SINGLE_BATCH = 64
DENSE_BATCH, KNOWN_BATCH = 32, 16
"""Dense credit has little noise, and less still if every token's credit is known: a larger batch then takes more time
but no fewer steps."""
PROMPTED_BATCH, KNOWN_PROMPTED_BATCH = 256, 128
"""The same with prompts."""
SHOWN_LR = 1 / 6
"""Factor on the learning rate after a warm start on texts, which gets no entropy bonus either: the usual ones destroy
what the warm start has learnt within a few dozen steps."""
UNTARGETED_LENGTH = 60
"""Length limit in tokens if there is no target."""
LENGTH_SLACK = 5
"""Tokens that a completion may have beyond its target. With fewer, hitting the limit costs so little that short texts
unlearn to stop; with many more, long texts take more completions. A transformer that writes one text gets none: it
knows positions by number, so it would learn the text from its end, at the limit, with the extra tokens before it."""
SINGLE_WEIGHT_DECAY = 0.3
"""With terminal credit, one text, and a fresh policy without a KL term. Updates made while the text is shifted can push
the right token's probability so low that neither its reward nor the entropy's gradient reaches it again; decay undoes
what no gradient maintains. Dense credit rewards every token, so there it only costs steps."""

USUAL_VOCABULARY = 28
"""Vocabulary size up to which the entropy weight is the model's own. A larger vocabulary has more entropy to gain, so
the same weight would outbid the reward."""
DENSE_ENTROPY = 1.4
"""Factor on the entropy weight with dense credit, whose unit is an edit: long texts need the exploration. With prompts
the weight stays as it is: they explore side by side, and more entropy delays the last tokens."""
PROMPTED_ENTROPY = 0.6
"""Factor on the entropy weight with terminal credit and prompts. With much less, a policy becomes certain and wrong;
with more, an extra token of any kind pays for the edit it costs, and completions keep ending with one."""
SINGLE_ENTROPY_TARGET = 15.0
PROMPTED_TARGET, PROMPTED_DENSE_TARGET = 0.8, 0.5
"""Nats per completion, and nats per token with prompts. Without a target long answers take more steps; a high one holds
back the last tokens, and a low one with terminal credit leaves a policy certain and wrong about one token."""
LONG_TARGET = 30
"""Target length in tokens up to which the entropy weight stays as it is. With terminal credit one token of a longer
target changes the reward by less, so the same weight would outbid it."""


class Plan(NamedTuple):
    """Everything a run will do, decided. `notes` are sentences for the person to read.

    `threads` is None if a short measurement at the run's start chooses the fastest number.
    """

    config: RunConfig
    task: Task
    spec: ModelSpec
    shape: PolicySpec
    choices: Choices
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
        return row_of(self.config.algorithm).kind

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
        return _counts_edits(self.config, self.shape.tokenizer)

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
    notes = sleeping(config)
    if config.kl_limit is not None and not config.warm_start and config.reference == "start" and shape is None:
        notes.append("kl_limit holds the run near an untrained policy: give it a warm start, or a reference.")
    warm_lines = read_corpus(config.warm_text) if config.warm_text and shape is None else ()
    longest = None
    texts = [text for pair in task.pairs for text in (pair.prompt, *pair.answers)]
    if shape is None:
        alphabet = resolve_alphabet(config.alphabet, [*texts, *warm_lines])
        if alphabet.added and config.alphabet != "auto":
            notes.append(f"Added to the alphabet, because the targets need them: {alphabet.added}")
        longest = longest_of(task, spec.family.tokenizer(alphabet.characters))
        shape = PolicySpec(spec.name, alphabet.characters, _length_limit(config, task, spec, longest))
    else:
        _check_fits(shape, texts)
    longest = longest or longest_of(task, shape.tokenizer)
    if longest.answer >= shape.max_length:
        raise InputError(
            f"The longest target has {longest.answer} {_unit(shape.tokenizer)}, and max_length is {shape.max_length}.",
            f"It must be at least {longest.answer + 1}: the stop token counts.",
        )
    if longest.prompt + shape.max_length > spec.context_length:
        reads_more = any(model.context_length >= longest.prompt + shape.max_length for model in MODELS.values())
        raise InputError(
            f"The longest prompt and completion need {longest.prompt + shape.max_length} tokens; "
            f"{spec.name} reads and writes {spec.context_length}.",
            "Shorten the text or choose a model that reads more." if reads_more else "Shorten the text.",
        )
    algorithm = row_of(config.algorithm)
    discount = (0.0 if choices.credit == "dense" else 1.0) if config.discount is None else config.discount
    control_variate = _control_variate(config, choices, discount, spec, shape.tokenizer)
    batch_size = _usual_batch(choices, control_variate, task) if config.batch_size is None else config.batch_size
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
        lr=spec.lr * (SHOWN_LR if _was_shown(config) else 1.0) if config.lr is None else config.lr,
        entropy=_usual_entropy(config, spec, choices, task, longest.answer, shape.tokenizer.vocabulary_size)
        if config.entropy is None
        else config.entropy,
        entropy_target=_usual_entropy_target(choices, task, longest.answer)
        if config.entropy_target is None
        else config.entropy_target,
        weight_decay=_usual_weight_decay(config, choices, task) if config.weight_decay is None else config.weight_decay,
        kl=divergence.start_weight(config.kl, config.kl_limit),
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


class LongestTexts(NamedTuple):
    """Tokens of a task's longest prompt and of its longest right answer, 0 where there is no target."""

    prompt: int
    answer: int


def longest_of(task: Task, tokenizer: Tokenizer) -> LongestTexts:
    """Return the lengths of the longest texts of `task`."""
    return LongestTexts(
        prompt=max(tokenizer.length(pair.prompt) for pair in task.pairs),
        answer=max(tokenizer.length(answer) for pair in task.pairs for answer in pair.answers),
    )


def _unit(tokenizer: Tokenizer) -> str:
    return "characters" if tokenizer.one_token_per_character else "tokens"


def _counts_edits(config: RunConfig, tokenizer: Tokenizer) -> bool:
    """Return whether the reward counts edits, each an edit of one token: every token's credit is then known."""
    return config.reward.strip() == "levenshtein" and tokenizer.one_token_per_character


def _check_task(config: RunConfig, task: Task) -> None:
    """Refuse a goal that nothing reaches or measures, and to learn by comparing with a target that is empty."""
    goal_is_held_out = config.goal.metric.startswith("held_out")
    by_held_out = "patience" if config.patience is not None else "until" if goal_is_held_out else ""
    if by_held_out and not task.held_out:
        raise InputError(f"{by_held_out} needs prompts held out of training.", "Choose held_out 0.1, for example.")
    goals.check_reachable(config.goal, highest_reward(config.reward), config.reward)
    if task.has_targets:
        return
    if row_of(config.algorithm).kind == "cross-entropy":
        raise InputError(
            f"The target is empty, and {config.algorithm} learns from nothing else.", "Choose grpo, or give a target."
        )
    for spec in (config.reward, *config.measure):
        if needs_target(spec):
            raise InputError(
                "The target is empty.",
                f"Give at least one character to learn, or a reward that needs none, unlike {spec}.",
            )


def _was_shown(config: RunConfig) -> bool:
    """Whether the policy starts from a warm start on texts, not from scratch or from a saved policy."""
    return config.warm_start.isdecimal()


def _usual_entropy(
    config: RunConfig, spec: ModelSpec, choices: Choices, task: Task, longest: int, vocabulary: int
) -> float:
    """Return the default entropy weight.

    `longest`: tokens of the longest answer.
    """
    if row_of(config.algorithm).kind != "policy gradient" or _was_shown(config):
        return 0.0
    weight = spec.entropy * min(1.0, math.sqrt(math.log(USUAL_VOCABULARY) / math.log(vocabulary)))
    if choices.credit == "dense":
        return weight if task.has_prompts else weight * DENSE_ENTROPY
    if task.has_prompts:
        weight *= PROMPTED_ENTROPY
    return weight * min(1.0, math.sqrt(LONG_TARGET / max(1, longest)))


def _usual_entropy_target(choices: Choices, task: Task, longest: int) -> float:
    """Return the default entropy of a completion, in nats, below which the bonus grows."""
    if not task.has_prompts:
        return SINGLE_ENTROPY_TARGET
    per_token = PROMPTED_DENSE_TARGET if choices.credit == "dense" else PROMPTED_TARGET
    return per_token * (longest + 1)


def _usual_weight_decay(config: RunConfig, choices: Choices, task: Task) -> float:
    """Return the default weight decay."""
    is_gradient = row_of(config.algorithm).kind == "policy gradient"
    is_single = task.has_targets and not task.has_prompts
    is_free = not config.warm_start and not divergence.start_weight(config.kl, config.kl_limit)
    is_terminal = choices.credit == "terminal"
    return SINGLE_WEIGHT_DECAY if is_gradient and is_single and is_free and is_terminal else 0.0


def _control_variate(
    config: RunConfig, choices: Choices, discount: float, spec: ModelSpec, tokenizer: Tokenizer
) -> str:
    """Return the control variate to use; raises InputError if the chosen one does nothing."""
    counts_edits, is_dense = _counts_edits(config, tokenizer), choices.credit == "dense"
    wanted = config.control_variate or ("potential" if counts_edits else "regression")
    reason = None
    if choices.credit not in ("terminal", "dense") or (is_dense and wanted == "regression"):
        reason = f"with credit {choices.credit} each token has a credit of its own"
    elif choices.baseline == "critic":
        reason = "a critic predicts each token's return already"
    elif discount != (0.0 if is_dense else 1.0):
        reason = f"with discount {discount:g} each token has an advantage of its own"
    if reason and config.control_variate not in (None, "none"):
        raise InputError(f"control_variate {wanted} does nothing here: {reason}.", "Choose control_variate none.")
    if wanted == "potential" and not counts_edits:
        raise InputError(
            f"control_variate potential counts edits, but the reward is {config.reward}.",
            "Choose the reward levenshtein, or control_variate regression.",
        )
    return wanted if reason is None and spec.can(Capability.SMALL_VOCABULARY) else "none"


def _length_limit(config: RunConfig, task: Task, spec: ModelSpec, longest: LongestTexts) -> int:
    """Return the length limit of a completion in tokens: the longest answer, the stop token and some slack."""
    if config.max_length is not None:
        return config.max_length
    if not task.has_targets:
        return min(UNTARGETED_LENGTH, spec.context_length - longest.prompt)
    needed = longest.answer + 1
    room = spec.context_length - longest.prompt
    slack = LENGTH_SLACK if task.has_prompts else spec.family.length_slack
    return max(needed, min(needed + slack, room))


def _usual_batch(choices: Choices, control_variate: str, task: Task) -> int:
    """Return the default number of completions per step."""
    is_dense = choices.credit == "dense"
    is_known = is_dense and control_variate != "none"
    if task.has_prompts:
        return KNOWN_PROMPTED_BATCH if is_known else PROMPTED_BATCH
    return KNOWN_BATCH if is_known else DENSE_BATCH if is_dense else SINGLE_BATCH


def _check_fits(shape: PolicySpec, texts: list[str]) -> None:
    missing = shape.tokenizer.unwritable(texts)
    if missing:
        raise InputError(
            f"The policy's alphabet lacks {missing!r}.",
            "Choose a target within its alphabet, or start a new policy.",
        )
