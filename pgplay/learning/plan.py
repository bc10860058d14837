"""A plan: a RunConfig with every name looked up, every default filled in, and every contradiction refused."""

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
from pgplay.policies.catalogue import chosen_model, model_spec
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
"""With dense credit, which has little noise, and with less still where every token's credit is known. Then 8, 16 and 32
completions take as many steps: with 16, 60 characters take 3.5 s in place of 4.9, and 200 take 34 s in place of 57."""
PROMPTED_BATCH, KNOWN_PROMPTED_BATCH = 256, 128
"""The same with prompts: where every token's credit is known, reversing 5 letters takes 5.5 s with 128 and 7.7 s with
256."""
SHOWN_LR = 1 / 6
"""After a warm start on texts, so many times the learning rate, and no entropy bonus: with the usual ones 47 steps of
policy gradient left none of the 93% of held-out French sentences that the warm start had right."""
UNTARGETED_LENGTH = 60
"""Longest completion, in tokens, where there is no target to go by."""
LENGTH_SLACK = 5
"""Characters that a completion may have too many. With fewer, running into the limit costs so little that short texts
unlearn to stop; with many more, 30 characters take half as many completions again. A transformer that writes one text
gets none: it tells places by their number, and learns the text from its end, at the limit, with as many characters too
many before it (29 characters: 5 of 6 runs solved in 500 steps, in place of 2; longer ones stay hard for it)."""
SINGLE_WEIGHT_DECAY = 0.3
"""With terminal credit, one text, and a policy that begins from scratch and is held near no other. What was learnt
while a text was shifted can leave the right character at a millionth of the others' chance, where neither its reward
nor the entropy's gradient finds it any more; decay forgets what nothing holds up. Of 6 runs on 60 characters all are
solved, in 352 to 437 steps, in place of 5 in 300 to 648; of 12 on 29 of 100 printable ones all in 421, in place of 10
in 680. With dense credit, which counts every character, it costs a tenth more steps."""

USUAL_VOCABULARY = 28
"""Tokens up to which the weight of entropy stays as it is. A larger alphabet has more entropy to win, and the same
weight would outbid the reward: with 300 characters 0.05 learns and 0.08 does not."""
DENSE_ENTROPY = 1.4
"""With dense credit, which counts in edits, so many times the weight of entropy: 30 characters take a fifth fewer
completions, and 200 are learnt, which at 0.9 times they are not. With prompts the weight stays as it is: they explore
side by side, and with more the last of 5 reversed letters comes later."""
PROMPTED_ENTROPY = 0.6
"""With terminal credit and prompts, so many times that weight. With 0.25 reversing 5 letters is at a reward of 0.45
after 160 steps, certain and wrong; with 0.5 it takes an eighth longer. A character too many, which may be any, can be
worth its edit: the more the weight, the longer a run may end every copy with one."""
SINGLE_ENTROPY_TARGET = 15.0
PROMPTED_TARGET, PROMPTED_DENSE_TARGET = 0.8, 0.5
"""Nats a token. With dense credit and none, reversing 8 letters takes half as many steps again; with 1.0, 5 letters
stay for 60 steps at a share of 0.95. With terminal credit and 0.5 they can stay certain and wrong about one letter."""
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
        """What moves the run's algorithm."""
        return row_of(self.config.algorithm).kind

    @property
    def trains_network(self) -> bool:
        """Whether there is a policy to train, to write with and to save."""
        return trains_network(self.config.algorithm)

    @property
    def parameters(self) -> int:
        """The network's number of parameters, 0 where none is trained."""
        return self.spec.parameter_count(self.shape.tokenizer.vocabulary_size) if self.trains_network else 0

    @property
    def uses_control_variate(self) -> bool:
        """Whether a control variate is fitted; with dense credit the tokens' q-values are known or not used."""
        return self.control_variate != "none" and self.choices.credit == "terminal"

    @property
    def counts_edits(self) -> bool:
        """Whether the credit of every token is known exactly, as edits of the text."""
        return _counts_edits(self.config, self.shape.tokenizer)

    @property
    def imitation(self) -> float:
        """The weight of imitating texts: the targets where they are what is learnt from, else the best completions."""
        return 1.0 if self.kind == "cross-entropy" else self.config.replay

    @property
    def lr_choices(self) -> tuple[object, ...]:
        """What decides the learning rate: with another one, it begins anew."""
        return self.lr, self.config.lr_schedule, self.config.lr_target

    @property
    def recovers(self) -> bool:
        """Whether a collapsed policy is taken back; without an entropy bonus nothing would keep it from collapsing."""
        can_recover = self.spec.can(Capability.FRESH_WEIGHTS)
        return can_recover and self.config.recovery != "none" and self.entropy > 0

    @property
    def advantage_choices(self) -> tuple[object, ...]:
        """What decides how large the advantages are: with another one, what was learnt about them is worth nothing."""
        return self.task, self.choices, self.control_variate

    @property
    def entropy_choices(self) -> tuple[object, ...]:
        """What decides the weight of entropy: with another one, it begins anew."""
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
        raise InputError(
            f"The longest prompt and completion need {longest.prompt + shape.max_length} tokens; "
            f"{spec.name} reads and writes {spec.context_length}.",
            "Shorten the text or choose a larger model.",
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
    """Return how long the texts of `task` are."""
    return LongestTexts(
        prompt=max(tokenizer.length(pair.prompt) for pair in task.pairs),
        answer=max(tokenizer.length(answer) for pair in task.pairs for answer in pair.answers),
    )


def _unit(tokenizer: Tokenizer) -> str:
    return "characters" if tokenizer.one_token_per_character else "tokens"


def _counts_edits(config: RunConfig, tokenizer: Tokenizer) -> bool:
    """Return whether the reward counts edits that are edits of tokens too: then every token's credit is known."""
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
    """Whether the policy begins with what a warm start on texts taught it, and not from scratch or from a saved one."""
    return config.warm_start.isdecimal()


def _usual_entropy(
    config: RunConfig, spec: ModelSpec, choices: Choices, task: Task, longest: int, vocabulary: int
) -> float:
    """Return the weight of the entropy bonus that suits a beginning, a model, a credit, a task and a vocabulary.

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
    """Return the entropy of a completion, in nats, below which the bonus grows."""
    if not task.has_prompts:
        return SINGLE_ENTROPY_TARGET
    per_token = PROMPTED_DENSE_TARGET if choices.credit == "dense" else PROMPTED_TARGET
    return per_token * (longest + 1)


def _usual_weight_decay(config: RunConfig, choices: Choices, task: Task) -> float:
    """Return the weight decay that suits a beginning, a credit and a task."""
    is_gradient = row_of(config.algorithm).kind == "policy gradient"
    is_single = task.has_targets and not task.has_prompts
    is_free = not config.warm_start and not divergence.start_weight(config.kl, config.kl_limit)
    is_terminal = choices.credit == "terminal"
    return SINGLE_WEIGHT_DECAY if is_gradient and is_single and is_free and is_terminal else 0.0


def _control_variate(
    config: RunConfig, choices: Choices, discount: float, spec: ModelSpec, tokenizer: Tokenizer
) -> str:
    """Return by what noise is taken from the advantages: those that the tokens of a completion share, or dense ones."""
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
    """Return the longest completion in tokens: room for the stop token and for some characters too many."""
    if config.max_length is not None:
        return config.max_length
    if not task.has_targets:
        return min(UNTARGETED_LENGTH, spec.context_length - longest.prompt)
    needed = longest.answer + 1
    room = spec.context_length - longest.prompt
    slack = LENGTH_SLACK if task.has_prompts else spec.family.length_slack
    return max(needed, min(needed + slack, room))


def _usual_batch(choices: Choices, control_variate: str, task: Task) -> int:
    """Return how many completions a step suit a credit and a task: one of many prompts is a small part of it."""
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
