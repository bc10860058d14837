"""Dense credit: each token's effect on the best reward that can still be reached.

For edit distance that best is known. With D(i, j) the distance between the first i characters written and the first j
of the target, and m characters of room left, appending target[j:] costs at most

    V(i) = min over j of D(i, j) + max(0, len(target) - j - m)

edits in all: what does not fit must be left out. V is a potential (Ng, Harada and Russell 1999): its differences sum
to the reward's distance from the best, and the optimum stays where it is.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from pgplay.policies.cuda_graphs import EAGER, GraphCache
from pgplay.policies.distribution import DenseValues, TokenValues
from pgplay.policies.policy import Policy
from pgplay.policies.prefix_tree import Prefixes
from pgplay.policies.rollout import Rollout
from pgplay.policies.sampler import is_none_of
from pgplay.rewards.reward import Reward
from pgplay.tasks.task import Pair
from pgplay.tokenizers.base import Tokenizer

CREDIT_FLOOR = -2.0
"""Edits. A stop at the first token loses the whole text; unfloored it would drown every other token's credit."""

CREDIT_BASELINE = 0.3
"""Edits, added to every token's credit: a right token gains, a wrong one loses. A mean per position would vanish once
all completions agree on the same wrong character."""


COUNT = torch.int16
"""Edits are counted so: no text is longer than 8,192 tokens, and 200 characters take half the time of int64."""


class Potentials(NamedTuple):
    """The fewest edits still possible `before` (P,) the token after each prefix, and `after` every one there (P, V)."""

    before: Tensor
    after: Tensor


def edit_potentials(
    prefixes: Prefixes, begins: Tensor, targets: Tensor, target_lengths: Tensor, room: Tensor, tokenizer: Tokenizer
) -> Potentials:
    """Return the potentials V before and after every token that may follow each of the `prefixes` of N texts.

    begins (N,): the column after which a text is the policy's own. targets (N, L): tokens, padded with anything;
    target_lengths (N,). room (N,): characters that a completion may have. A stop token fixes the text: it leaves the
    distance that was reached. The `tokenizer` has one token per character. What follows no text of its own, or one that
    has stopped, means nothing.
    """
    begins, targets, target_lengths, room = (
        values.index_select(0, prefixes.texts) for values in (begins, targets, target_lengths, room)
    )
    numbers = torch.arange(targets.shape[1] + 1, device=targets.device, dtype=COUNT)
    lengths = target_lengths[:, None].to(COUNT)
    written = (prefixes.columns - begins).clamp_min(0)
    rows = _distances(prefixes, (written > 0) & is_none_of(prefixes.tokens, tokenizer.stop_ids), targets)
    reached = rows.gather(1, target_lengths[:, None])
    beyond = torch.where(numbers > lengths, len(prefixes.widths) + targets.shape[1], 0).to(COUNT)
    costs = rows + beyond
    missing = lengths - numbers - (room - written)[:, None].to(COUNT)
    before = (costs + missing.clamp_min(0)).amin(1)
    # After one more character: it is extra, or it is aligned with target[j], right or wrong.
    short = (missing + 1).clamp_min(0)
    in_place = costs[:, :-1] + short[:, 1:] + beyond[:, 1:]
    wrong = torch.minimum((costs + short).amin(1), in_place.amin(1)) + 1
    after = wrong[:, None].repeat(1, tokenizer.vocabulary_size)
    after.scatter_reduce_(1, targets, in_place, "amin")
    for stop in tokenizer.stop_ids:
        after[:, stop : stop + 1] = reached
    return Potentials(before, after)


def _distances(prefixes: Prefixes, is_character: Tensor, targets: Tensor) -> Tensor:
    """Return D(i, .) (P, L + 1) of each prefix's text so far.

    `is_character` (P,): whether its last token is a character of that text. targets (P, L).
    """
    numbers = torch.arange(targets.shape[1] + 1, device=targets.device, dtype=COUNT)
    rows = torch.empty(len(is_character), len(numbers), device=targets.device, dtype=COUNT)
    is_wrong = targets != prefixes.tokens[:, None]
    rows[: prefixes.widths[0]] = numbers
    for here in itertools.islice(prefixes.by_column(), 1, None):
        row = rows.index_select(0, prefixes.parents[here])
        next_row = torch.empty_like(row)
        next_row[:, 0] = row[:, 0] + 1
        torch.minimum(row[:, 1:] + 1, row[:, :-1] + is_wrong[here], out=next_row[:, 1:])
        # Insertions: D(i, j) = min over k <= j of next_row(k) + (j - k), a running minimum.
        next_row = (next_row - numbers).cummin(1).values + numbers
        torch.where(is_character[here, None], next_row, row, out=rows[here])
    return rows


def dense_advantages(credit: Tensor) -> Tensor:
    """Return advantages (...) for `credit` (...) in edits: floored, and against a constant baseline."""
    return credit.clamp_min(CREDIT_FLOOR) + CREDIT_BASELINE


def token_credit(rollout: Rollout, pairs: Sequence[Pair], policy: Policy, reward: Reward) -> Tensor:
    """Return the credit (B, T), in edits, of each action of `rollout`, whose rows answer `pairs`, by any `reward`.

    It is the difference that the action made to the reward of the text so far, in units of one character of the target.
    """
    prefixes, positions = _prefixes(rollout, policy)
    values = reward.score_pairs(prefixes, [pairs[row] for row, _ in positions]).values
    credit = torch.zeros(rollout.mask.shape)
    for number, (row, column) in enumerate(positions):
        if number and positions[number - 1][0] == row:
            credit[row, column] = (values[number] - values[number - 1]) * max(1, len(pairs[row].target))
    return credit.to(rollout.actions.device)


def every_tokens_credit(
    prefixes: Prefixes, pairs: Sequence[Pair], policy: Policy, graphs: GraphCache = EAGER
) -> TokenValues:
    """Return the credit, at most 0, that every token would have after each prefix, in edits: by levenshtein.

    It is the difference of potentials. The N texts of `prefixes` answer `pairs`. Of several right answers the nearest
    one counts at every step: the least of several potentials is a potential too.
    """
    most = max(len(pair.answers) for pair in pairs)
    texts = ([pair.answers[min(number, len(pair.others))] for pair in pairs] for number in range(most))
    begins = torch.tensor([len(policy.prefix(pair.prompt)) - 1 for pair in pairs], device=policy.device)
    potentials = (_potentials(prefixes, begins, answers, policy, graphs) for answers in texts)
    before, after = map(torch.stack, zip(*potentials, strict=True))
    return DenseValues((before.amin(0)[:, None] - after.amin(0)).to(torch.get_default_dtype()))


def _potentials(
    prefixes: Prefixes, begins: Tensor, texts: Sequence[str], policy: Policy, graphs: GraphCache
) -> Potentials:
    """Return the potentials of `prefixes` towards one text a row."""
    encoded = [policy.tokenizer.encode(text) for text in texts]
    lengths = torch.tensor([len(tokens) for tokens in encoded])
    targets = torch.zeros(len(texts), int(lengths.max()), dtype=torch.long)
    for row, tokens in enumerate(encoded):
        targets[row, : len(tokens)] = torch.tensor(tokens)
    room = torch.full_like(lengths, policy.max_length)
    targets, lengths, room = (tensor.to(policy.device) for tensor in (targets, lengths, room))
    arguments = prefixes, begins, targets, lengths, room
    return graphs.run(partial(edit_potentials, tokenizer=policy.tokenizer), "potentials", *arguments)


def _prefixes(rollout: Rollout, policy: Policy) -> tuple[list[str], list[tuple[int, int]]]:
    """Return each row's texts, from the empty one on, and the (row, column) of the action that led to each."""
    texts, positions = [], []
    for row, completion in enumerate(policy.completions(rollout)):
        start = rollout.prefix_lengths[row] - 1
        for count in range(len(completion.pieces) + 1):
            texts.append("".join(completion.pieces[:count]))
            positions.append((row, start + count - 1))
    return texts, positions
