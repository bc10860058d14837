"""Dense credit: what each single token did to the best reward that can still be reached.

For edit distance that best is known. With D(i, j) the distance between the first i characters written and the first j
of the target, and m characters of room left, appending target[j:] costs at most

    V(i) = min over j of D(i, j) + max(0, len(target) - j - m)

edits in all: what does not fit must be left out. V is a potential (Ng, Harada and Russell 1999): its differences sum
to the reward's distance from the best, and the optimum stays where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from pgplay.policies.graphs import EAGER, Graphs
from pgplay.policies.policy import Policy, Rollout, of_actions
from pgplay.rewards.scoring import Reward
from pgplay.tasks.task import Pair

CREDIT_FLOOR = -2.0
"""Edits. A stop at the first token loses the whole text; unfloored it would drown every other token's credit."""

CREDIT_BASELINE = 0.3
"""Edits, added to every token's credit: a right token gains, a wrong one loses. A mean per position would vanish once
all completions agree on the same wrong character."""


COUNT = torch.int16
"""Edits are counted so: no text is longer than 8,192 tokens, and 200 characters take half the time of int64."""


class Potentials(NamedTuple):
    """The fewest edits still possible `before` each place (B, T), and `after` each token there (B, T, V)."""

    before: Tensor
    after: Tensor


def edit_potentials(
    actions: Tensor, mask: Tensor, targets: Tensor, target_lengths: Tensor, room: Tensor, vocabulary: int
) -> Potentials:
    """Return the potentials V before and after every token at each place of what was written.

    actions, mask (B, T): what was written. targets (B, L): tokens, padded with anything; target_lengths (B,). room
    (B,): characters that a completion may have. A stop token (0) fixes the text: it leaves the distance that was
    reached. Outside `mask` they mean nothing.
    """
    numbers = torch.arange(targets.shape[1] + 1, device=actions.device, dtype=COUNT)
    lengths = target_lengths[:, None].to(COUNT)
    is_text = mask & (actions != 0)
    rows = _distances(actions, is_text, targets)
    reached = rows.gather(2, target_lengths[:, None, None].expand(-1, rows.shape[1], 1))
    beyond = torch.where(numbers > lengths, actions.shape[1] + targets.shape[1], 0).to(COUNT)[:, None]
    costs = rows + beyond
    left = (room[:, None] - is_text.cumsum(1) + is_text).to(COUNT)[:, :, None]
    lacking = (lengths - numbers)[:, None] - left
    before = (costs + lacking.clamp_min(0)).amin(2)
    # After one more character: it is one too many, or it stands for target[j], rightly or not.
    short = (lacking + 1).clamp_min(0)
    in_place = costs[:, :, :-1] + short[:, :, 1:] + beyond[:, :, 1:]
    wrong = torch.minimum((costs + short).amin(2), in_place.amin(2)) + 1
    after = wrong[:, :, None].repeat(1, 1, vocabulary)
    after.scatter_reduce_(2, targets[:, None].expand(-1, rows.shape[1], -1), in_place, "amin")
    after[:, :, :1] = reached
    return Potentials(before, after)


def _distances(actions: Tensor, is_text: Tensor, targets: Tensor) -> Tensor:
    """Return D(i, .) (B, T, L + 1) before each of `actions` (B, T), of which those in `is_text` are written."""
    batch, columns = actions.shape
    numbers = torch.arange(targets.shape[1] + 1, device=actions.device, dtype=COUNT)
    rows = torch.empty(columns, batch, len(numbers), device=actions.device, dtype=COUNT)
    rows[0] = numbers
    for column in range(columns - 1):
        row, next_row = rows[column], torch.empty_like(rows[column])
        next_row[:, 0] = row[:, 0] + 1
        torch.minimum(row[:, 1:] + 1, row[:, :-1] + (targets != actions[:, column, None]), out=next_row[:, 1:])
        # Insertions: D(i, j) = min over k <= j of next_row(k) + (j - k), a running minimum.
        next_row = (next_row - numbers).cummin(1).values + numbers
        torch.where(is_text[:, column, None], next_row, row, out=rows[column + 1])
    return rows.transpose(0, 1)


def dense_advantages(credit: Tensor, mask: Tensor) -> Tensor:
    """Return advantages (B, T) for `credit` (B, T) in edits: floored, and against a constant baseline."""
    return torch.where(mask, credit.clamp_min(CREDIT_FLOOR) + CREDIT_BASELINE, 0.0)


def token_credit(
    rollout: Rollout, pairs: Sequence[Pair], policy: Policy, reward: Reward, graphs: Graphs = EAGER
) -> Tensor:
    """Return the credit (B, T), in edits, of each action of `rollout`, whose rows answer `pairs`.

    With the reward levenshtein it is the difference of potentials; with any other the difference that the action made
    to the reward of the text so far, in units of one character of the target. Of several right answers the nearest one
    counts at every step: the least of several potentials is a potential too.
    """
    if reward.spec == "levenshtein":
        return of_actions(every_tokens_credit(rollout, pairs, policy, graphs), rollout.actions)
    prefixes, places = _prefixes(rollout, policy)
    values = reward.score_pairs(prefixes, [pairs[row] for row, _ in places]).values
    credit = torch.zeros(rollout.mask.shape)
    for number, (row, column) in enumerate(places):
        if number and places[number - 1][0] == row:
            credit[row, column] = (values[number] - values[number - 1]) * max(1, len(pairs[row].target))
    return credit.to(rollout.actions.device)


def every_tokens_credit(
    rollout: Rollout, pairs: Sequence[Pair], policy: Policy, graphs: Graphs = EAGER
) -> Tensor:
    """Return the credit (B, T, V), at most 0, that every token would have had at each place of `rollout`, in edits."""
    most = max(len(pair.answers) for pair in pairs)
    texts = ([pair.answers[min(number, len(pair.others))] for pair in pairs] for number in range(most))
    found = (_potentials(rollout, answers, policy, graphs) for answers in texts)
    before, after = map(torch.stack, zip(*found, strict=True))
    credit = before.amin(0)[:, :, None] - after.amin(0)
    return torch.where(rollout.mask[:, :, None], credit, 0).float()


def _potentials(rollout: Rollout, texts: Sequence[str], policy: Policy, graphs: Graphs) -> Potentials:
    """Return the potentials of `rollout` towards one text a row."""
    encoded = [policy.tokenizer.encode(text) for text in texts]
    lengths = torch.tensor([len(tokens) for tokens in encoded])
    targets = torch.zeros(len(texts), int(lengths.max()), dtype=torch.long)
    for row, tokens in enumerate(encoded):
        targets[row, : len(tokens)] = torch.tensor(tokens)
    room = torch.full_like(lengths, policy.max_length)
    targets, lengths, room = (tensor.to(policy.device) for tensor in (targets, lengths, room))
    vocabulary = policy.tokenizer.vocabulary_size
    given = rollout.actions, rollout.mask, targets, lengths, room
    return graphs.run(partial(edit_potentials, vocabulary=vocabulary), ("potentials", vocabulary), *given)


def _prefixes(rollout: Rollout, policy: Policy) -> tuple[list[str], list[tuple[int, int]]]:
    """Return each row's texts, from the empty one on, and the (row, column) of the action that led to each."""
    texts, places = [], []
    for row, completion in enumerate(policy.completions(rollout)):
        start = rollout.prefix_lengths[row] - 1
        for count in range(len(completion.pieces) + 1):
            texts.append("".join(completion.pieces[:count]))
            places.append((row, start + count - 1))
    return texts, places
