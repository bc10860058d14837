"""Dense credit of tokens that are several characters: the same potential as in `dense_credit`, over texts.

A token is credited with the potential before it less the one after it, each of the whole characters written so far: a
token that ends within a character leaves the text as it is. Only sampled tokens are credited.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pgplay.policies.policy import Policy
from pgplay.policies.rollout import Completion, Rollout
from pgplay.tasks.task import Pair

Distances = NDArray[np.int64]


def text_credit(rollout: Rollout, pairs: Sequence[Pair], policy: Policy) -> Tensor:
    """Return the credit (B, T), in edits, of each action of `rollout`, whose rows answer `pairs`: by levenshtein.

    Of several right answers the nearest one counts at every token.
    """
    longest = max(map(len, policy.tokenizer.token_texts))
    credit = torch.zeros(rollout.mask.shape)
    for row, (completion, pair) in enumerate(zip(policy.completions(rollout), pairs, strict=True)):
        of_answers = [fewest_edits(completion, answer, policy.max_length, longest) for answer in pair.answers]
        potentials = np.minimum.reduce(of_answers)
        start = rollout.prefix_lengths[row] - 1
        credit[row, start : start + len(potentials) - 1] = torch.tensor(potentials[:-1] - potentials[1:])
    return credit.to(rollout.actions.device)


def fewest_edits(completion: Completion, target: str, max_length: int, longest: int) -> Distances:
    """Return the fewest edits of `target` still possible before the first token and after each, the stop token too.

    A completion has room for `max_length` tokens of at most `longest` characters.
    """
    goal, numbers = np.array([*target]), np.arange(len(target) + 1)
    distances, potentials = numbers.copy(), []
    for count, piece in enumerate(["", *completion.pieces]):
        for character in piece:
            distances = _after(distances, goal != character, numbers)
        lacking = (len(target) - numbers - (max_length - count) * longest).clip(0)
        potentials.append((distances + lacking).min())
    if completion.finished:
        potentials.append(distances[-1])
    return np.array(potentials)


def _after(distances: Distances, is_wrong: NDArray[np.bool_], numbers: Distances) -> Distances:
    """Return the distances to each prefix of the target after one more character."""
    following = distances + 1
    following[1:] = np.minimum(following[1:], distances[:-1] + is_wrong)
    row: Distances = np.minimum.accumulate(following - numbers) + numbers
    return row
