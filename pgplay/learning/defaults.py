"""Default settings that depend on the task, the credit and the model. Measurements: docs/lab-notes.md."""

from __future__ import annotations

import math
from typing import NamedTuple

from pgplay.config.run_config import RunConfig
from pgplay.config.warm_start import Steps
from pgplay.errors import InputError
from pgplay.learning.algorithms.table import Algorithm, AlgorithmChoices
from pgplay.learning.schedules import kl_weight
from pgplay.policies.families.base import Capability, ModelSpec
from pgplay.rewards.reward import facts_of
from pgplay.tasks.task import Task
from pgplay.tokenizers.base import Tokenizer

SINGLE_BATCH = 64

DENSE_BATCH, KNOWN_BATCH = 32, 16
"""Dense credit has little noise, and less still if every token's credit is known: a larger batch then takes more time
but no fewer steps."""

PROMPTED_BATCH, KNOWN_PROMPTED_BATCH = 256, 128
"""The same with prompts."""

ADAPTED_BATCH = 32
"""For a pretrained model, which needs no luck to write something that earns a reward; its completions take long."""

SHOWN_LR = 1 / 6
"""Factor on the learning rate after a warm start on texts, which has no entropy bonus either: the usual values destroy
what the warm start has learned within a few dozen steps."""

USUAL_RANK = 8
"""Rank of an adapter at which the learning rate is the model's own. Updates of all its ranks add up, and so does what
an update changes: the rate falls as the rank grows."""

WHOLE_LR = 1 / 20
"""Factor on the learning rate if every weight of a pretrained model is trained."""

SGD_LR = 0.3
"""Small enough for the first order: the first update moves as many completions in the right direction as a far smaller
one (tests/benchmarks/first_update.py)."""

UNTARGETED_LENGTH = 60
"""Length limit in tokens if there is no target."""

LENGTH_SLACK = 5
"""Tokens that a completion may have beyond its target. With fewer, hitting the limit costs so little that short texts
unlearn to stop; with many more, long texts take more completions. A transformer that writes one text gets none: it
knows positions by number, so it would learn the text from its end, at the limit, with the extra tokens before it."""

LARGE_ALPHABET = 200
"""Tokens above which a longer single text gets none: a stop token is drawn so rarely that the network unlearns to stop
before it needs to, and would learn the text from its end, at the limit, with the extra tokens before it."""

SHORT_TEXT, REPEATS = 20, 8
"""Length in tokens up to which one text gets as many further tokens as it has, and how often a longer one's characters
occur on average if it does. A recurrent network that writes 'zzzz' cannot tell its places apart at first: it may stop
everywhere or nowhere, and with a near limit nowhere costs less."""

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

DEVIATION_FLOOR, FLOOR_EDITS = 0.05, 1.6
"""Smallest standard deviation that advantages are divided by, of rewards from 0 to 1; for a long text less, as many
edits of it. Once nearly all completions agree, dividing by their tiny deviation would punish the last dissenters so
hard that no entropy bonus keeps them alive, and learning stops at a text that is almost right. The rewards of a long
text always differ little: an edit would count less than the entropy."""

LONG_TARGET = 30
"""Target length in tokens up to which the entropy weight stays as it is. With terminal credit one token of a longer
target changes the reward by less, so the same weight would outbid it."""


class LongestTexts(NamedTuple):
    """Tokens of a task's longest prompt and of its longest right answer, 0 where there is no target."""

    prompt: int
    answer: int


class Basis(NamedTuple):
    """What defaults depend on: the algorithm's row, and its choices with the person's own laid over them."""

    config: RunConfig
    algorithm: Algorithm
    choices: AlgorithmChoices
    task: Task
    model: ModelSpec
    tokenizer: Tokenizer
    longest: LongestTexts

    @property
    def is_gradient(self) -> bool:
        """Whether the algorithm is a policy gradient."""
        return self.algorithm.kind == "policy gradient"

    @property
    def is_dense(self) -> bool:
        """Whether every token is credited for itself."""
        return self.choices.credit == "dense"


def longest_of(task: Task, tokenizer: Tokenizer) -> LongestTexts:
    """Return the lengths of the longest texts of `task`, a prompt's with what a chat template adds."""
    added = len(tokenizer.render_prompt("")) - 1
    return LongestTexts(
        prompt=added + max(tokenizer.length(pair.prompt) for pair in task.pairs),
        answer=max(tokenizer.length(answer) for pair in task.pairs for answer in pair.answers),
    )


def edits_are_token_edits(config: RunConfig, tokenizer: Tokenizer) -> bool:
    """Return whether the reward counts edits, each an edit of one token: every token's credit is then known."""
    return counts_text_edits(config) and tokenizer.one_token_per_character


def counts_text_edits(config: RunConfig) -> bool:
    """Return whether the reward counts edits of the text."""
    return config.reward.strip() == "levenshtein"


def follows_edits(config: RunConfig, tokenizer: Tokenizer) -> bool:
    """Return whether the reward is a formula with levenshtein in it: an edit of one token then has a value."""
    return tokenizer.one_token_per_character and "levenshtein" in facts_of(config.reward).components


def usual_lr(basis: Basis) -> float:
    """Return the default learning rate."""
    if basis.config.optimizer == "sgd":
        return SGD_LR
    lr = basis.model.lr * (SHOWN_LR if isinstance(basis.config.starts_from, Steps) else 1.0)
    if basis.model.can(Capability.ADAPTER):
        rank = basis.config.lora_rank
        lr = float(f"{lr * (USUAL_RANK / rank if rank else WHOLE_LR):.2g}")
    return lr


def lora_alpha(config: RunConfig) -> int:
    """Return the scale of an adapter: as asked, else twice its rank."""
    return config.lora_alpha or max(1, 2 * config.lora_rank)


def usual_kl(basis: Basis) -> float:
    """Return the weight of the KL far below its limit."""
    usual = kl_weight.ADAPTER_KL_WEIGHT if basis.model.can(Capability.ADAPTER) else kl_weight.USUAL_KL_WEIGHT
    return kl_weight.start_weight(basis.config.kl, basis.config.kl_limit, usual)


def usual_entropy(basis: Basis) -> float:
    """Return the default entropy weight."""
    task, vocabulary = basis.task, basis.tokenizer.vocabulary_size
    if not basis.is_gradient or isinstance(basis.config.starts_from, Steps):
        return 0.0
    weight = basis.model.entropy * min(1.0, math.sqrt(math.log(USUAL_VOCABULARY) / math.log(vocabulary)))
    if basis.is_dense:
        return weight if task.has_prompts else weight * DENSE_ENTROPY
    if task.has_prompts:
        weight *= PROMPTED_ENTROPY
    return weight * min(1.0, math.sqrt(LONG_TARGET / max(1, basis.longest.answer)))


def usual_entropy_target(basis: Basis) -> float:
    """Return the default entropy of a completion, in nats, below which the bonus grows."""
    if not basis.task.has_prompts:
        return SINGLE_ENTROPY_TARGET
    per_token = PROMPTED_DENSE_TARGET if basis.is_dense else PROMPTED_TARGET
    return per_token * (basis.longest.answer + 1)


def usual_deviation_floor(basis: Basis) -> float:
    """Return the smallest standard deviation that advantages are divided by, in units of the rewards' range."""
    return min(DEVIATION_FLOOR, FLOOR_EDITS / max(1, basis.longest.answer))


def usual_weight_decay(basis: Basis) -> float:
    """Return the default weight decay."""
    config, task = basis.config, basis.task
    is_single = task.has_targets and not task.has_prompts
    is_free = config.starts_from is None and not usual_kl(basis)
    is_terminal = basis.choices.credit == "terminal"
    return SINGLE_WEIGHT_DECAY if basis.is_gradient and is_single and is_free and is_terminal else 0.0


def usual_discount(basis: Basis) -> float:
    """Return the default discount: with dense credit a token answers for itself."""
    return 0.0 if basis.is_dense else 1.0


def usual_control_variate(basis: Basis, discount: float) -> str:
    """Return the control variate to use; raises InputError if the chosen one has no effect.

    With a large vocabulary, as pretrained models have one, it takes further passes, so there it must be asked for.
    """
    config, credit = basis.config, basis.choices.credit
    knows_edits = (edits_are_token_edits if basis.is_dense else follows_edits)(config, basis.tokenizer)
    usual = "none" if basis.model.can(Capability.ADAPTER) else "regression"
    variate = config.control_variate or ("potential" if knows_edits else usual)
    reason = None
    if credit not in ("terminal", "dense") or (basis.is_dense and variate == "regression"):
        reason = "unused.variate_with_credit"
    elif basis.choices.baseline == "critic":
        reason = "unused.variate_with_critic"
    elif discount != usual_discount(basis):
        reason = "unused.variate_with_discount"
    if reason and config.control_variate not in (None, "none"):
        raise InputError(reason, field="control_variate", variate=variate, credit=credit, discount=discount)
    if variate == "potential" and not knows_edits:
        if counts_text_edits(config):
            raise InputError("setting.potential_of_tokens", field="control_variate")
        raise InputError("setting.potential_without_edits", field="control_variate", reward=config.reward)
    return variate if reason is None and basis.model.can(Capability.WEIGHED_TOKENS) else "none"


def usual_length_limit(basis: Basis) -> int:
    """Return the default length limit of a completion in tokens: the longest answer, the stop token and some slack."""
    room = basis.model.context_length - basis.longest.prompt
    if not basis.task.has_targets:
        return min(UNTARGETED_LENGTH, room)
    needed = basis.longest.answer + 1
    slack = LENGTH_SLACK if basis.task.has_prompts else basis.model.family.length_slack
    if slack and not basis.task.has_prompts and basis.model.can(Capability.FRESH_WEIGHTS):
        repeats = basis.longest.answer / len({*basis.task.training[0].target})
        if basis.longest.answer <= SHORT_TEXT or repeats >= REPEATS:
            slack = max(slack, basis.longest.answer)
        elif basis.tokenizer.vocabulary_size > LARGE_ALPHABET:
            slack = 0
    return max(needed, min(needed + slack, room))


def usual_batch(basis: Basis, control_variate: str) -> int:
    """Return the default number of completions per step."""
    if basis.model.can(Capability.ADAPTER):
        return ADAPTED_BATCH
    is_known = basis.is_dense and control_variate != "none"
    if basis.task.has_prompts:
        return KNOWN_PROMPTED_BATCH if is_known else PROMPTED_BATCH
    return KNOWN_BATCH if is_known else DENSE_BATCH if basis.is_dense else SINGLE_BATCH
