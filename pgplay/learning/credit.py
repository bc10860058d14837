"""Dense credit: what each single token did to the best reward that can still be reached.

For edit distance that best is known. With D(i, j) the distance between the first i characters written and the first j
of the target, and m characters of room left, appending target[j:] costs at most

    V(i) = min over j of D(i, j) + max(0, len(target) - j - m)

edits in all: what does not fit must be left out. V is a potential (Ng, Harada and Russell 1999): its differences sum
to the reward's distance from the best, and the optimum stays where it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from pgplay.policies.policy import Policy, Rollout
from pgplay.rewards.scoring import Reward
from pgplay.tasks.task import Pair

CREDIT_FLOOR = -2.0
"""Edits. A stop at the first token loses the whole text; unfloored it would drown every other token's credit."""

CREDIT_BASELINE = 0.3
"""Edits, added to every token's credit: a right token gains, a wrong one loses. A mean per position would vanish once
all completions agree on the same wrong character."""


def edit_potentials(actions: Tensor, mask: Tensor, targets: Tensor, target_lengths: Tensor, room: Tensor) -> Tensor:
    """Return the fewest edits still possible (B, T + 1) before and after each of `actions` (B, T).

    targets (B, L): tokens, padded with anything; target_lengths (B,). room (B,): characters a completion may have. A
    stop token (an action of 0) fixes the text: its potential is the distance reached. Outside `mask` nothing changes.
    """
    batch, columns = actions.shape
    longest = targets.shape[1]
    numbers = torch.arange(longest + 1, device=actions.device)
    beyond = numbers > target_lengths[:, None]
    row = numbers.expand(batch, -1).clone()
    remaining = target_lengths[:, None] - numbers
    written = torch.zeros_like(target_lengths)

    def potential() -> Tensor:
        short = (remaining - (room - written)[:, None]).clamp_min(0)
        return (row + short).masked_fill(beyond, columns + longest).min(1).values

    values = [potential()]
    for column in range(columns):
        token = actions[:, column]
        is_text = mask[:, column] & (token != 0)
        substituted = row[:, :-1] + (targets != token[:, None])
        next_row = torch.cat([row[:, :1] + 1, torch.minimum(row[:, 1:] + 1, substituted)], 1)
        # Insertions: D(i, j) = min over k <= j of next_row(k) + (j - k), a running minimum.
        next_row = (next_row - numbers).cummin(1).values + numbers
        row = torch.where(is_text[:, None], next_row, row)
        written = written + is_text
        stops = mask[:, column] & (token == 0)
        reached = row.gather(1, target_lengths[:, None])[:, 0]
        values.append(torch.where(stops, reached, torch.where(is_text, potential(), values[-1])))
    return torch.stack(values, 1).float()


def dense_advantages(credit: Tensor, mask: Tensor) -> Tensor:
    """Return advantages (B, T) for `credit` (B, T) in edits: floored, and against a constant baseline."""
    return torch.where(mask, credit.clamp_min(CREDIT_FLOOR) + CREDIT_BASELINE, 0.0)


def token_credit(rollout: Rollout, pairs: Sequence[Pair], policy: Policy, reward: Reward) -> Tensor:
    """Return the credit (B, T), in edits, of each action of `rollout`, whose rows answer `pairs`.

    With the reward levenshtein it is the difference of potentials; with any other the difference that the action made
    to the reward of the text so far, in units of one character of the target. Of several right answers the nearest one
    counts at every step: the least of several potentials is a potential too.
    """
    if reward.spec == "levenshtein":
        most = max(len(pair.answers) for pair in pairs)
        answers = ([pair.answers[min(number, len(pair.others))] for pair in pairs] for number in range(most))
        edits = torch.stack([_edits(rollout, texts, policy) for texts in answers]).amin(0)
        return edits[:, :-1] - edits[:, 1:]
    prefixes, places = _prefixes(rollout, policy)
    values = reward.score_pairs(prefixes, [pairs[row] for row, _ in places]).values
    credit = torch.zeros(rollout.mask.shape)
    for number, (row, column) in enumerate(places):
        if number and places[number - 1][0] == row:
            credit[row, column] = (values[number] - values[number - 1]) * max(1, len(pairs[row].target))
    return credit.to(rollout.actions.device)


def _edits(rollout: Rollout, texts: Sequence[str], policy: Policy) -> Tensor:
    """Return the potentials (B, T + 1) of `rollout` towards one text a row."""
    encoded = [policy.tokenizer.encode(text) for text in texts]
    lengths = torch.tensor([len(tokens) for tokens in encoded])
    targets = torch.zeros(len(texts), int(lengths.max()), dtype=torch.long)
    for row, tokens in enumerate(encoded):
        targets[row, : len(tokens)] = torch.tensor(tokens)
    room = torch.full_like(lengths, policy.max_length)
    device = rollout.actions.device
    return edit_potentials(rollout.actions, rollout.mask, *(t.to(device) for t in (targets, lengths, room)))


def _prefixes(rollout: Rollout, policy: Policy) -> tuple[list[str], list[tuple[int, int]]]:
    """Return each row's texts, from the empty one on, and the (row, column) of the action that led to each."""
    texts, places = [], []
    for row, completion in enumerate(policy.completions(rollout)):
        start = rollout.prefix_lengths[row] - 1
        for count in range(len(completion.pieces) + 1):
            texts.append("".join(completion.pieces[:count]))
            places.append((row, start + count - 1))
    return texts, places
