"""Dense credit against brute force: every continuation of every text over a small alphabet."""

import functools
import itertools

import Levenshtein
import pytest
import torch

from pgplay.learning.objective.dense_credit import (
    CREDIT_BASELINE,
    CREDIT_FLOOR,
    dense_advantages,
    edit_potentials,
    every_tokens_credit,
    token_credit,
)
from pgplay.policies.density import Density
from pgplay.policies.distribution import EVERY_PREFIX
from pgplay.policies.prefix_tree import of_actions_at, spread
from pgplay.policies.reading import prefixes_of
from pgplay.rewards.reward import build_reward
from pgplay.tasks.task import Pair
from tests.learning.helpers import trainer
from tests.policies.helpers import every_completion, generator, rollout_of, small_policy, texts_of

LETTERS = "ab"


@functools.cache
def fewest_edits(text: str, target: str, room: int) -> int:
    """Return the smallest distance to `target` of `text` and of all its continuations of up to `room` characters."""
    here = Levenshtein.distance(text, target)
    if len(text) == room:
        return here
    return min(here, *(fewest_edits(text + letter, target, room) for letter in LETTERS))


TARGETS = ["".join(letters) for length in (1, 2, 3, 4) for letters in itertools.product(LETTERS, repeat=length)]


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("room", [1, 2, 3, 4])
@pytest.mark.parametrize(("prompt", "shared"), [("", False), ("ba", False), ("", True), ("ba", True)])
def test_potentials_are_the_fewest_edits_over_all_continuations(room: int, prompt: str, shared: bool) -> None:
    policy = small_policy("gru-nano", LETTERS, room)
    completions = every_completion(policy)
    rollout = rollout_of(policy, completions, prompt=prompt)
    count = len(completions)
    prefixes = prefixes_of([rollout.reading], [0] * count if shared else None)
    begins = torch.full((count,), len(prompt))
    for target in TARGETS:
        tokens = policy.tokenizer.encode(target)
        padded = torch.tensor([tokens + [2] * (4 - len(tokens))] * count)
        lengths, rooms = torch.full((count,), len(target)), torch.full((count,), room)
        found = edit_potentials(prefixes, begins, padded, lengths, rooms, policy.tokenizer)
        for row, actions in enumerate(completions):
            text = policy.tokenizer.decode(actions)
            for place in range(len(actions)):
                here = text[:place]
                before = fewest_edits(here, target, room)
                longer = [fewest_edits(here + letter, target, room) for letter in LETTERS]
                after = [Levenshtein.distance(here, target), *longer]
                prefix = prefixes.prefix_index[row, len(prompt) + place]
                assert found.before[prefix] == before, (here, target)
                assert found.after[prefix].tolist() == after, (here, target)


def test_targets_of_different_lengths_share_a_batch() -> None:
    policy = small_policy("gru-nano", LETTERS, 4)
    rollout = rollout_of(policy, [[1, 2, 0], [1, 2, 0]])
    targets = torch.tensor([[1, 2, 0, 0], [2, 1, 2, 1]])
    prefixes = prefixes_of([rollout.reading], [0, 1])
    begins, lengths, rooms = torch.tensor([0, 0]), torch.tensor([2, 4]), torch.tensor([4, 4])
    found = edit_potentials(prefixes, begins, targets, lengths, rooms, policy.tokenizer)
    assert spread(found.before, prefixes.prefix_index).tolist() == [[0, 0, 0], [0, 1, 1]]
    assert of_actions_at(found.after, prefixes.prefix_index, rollout.actions).tolist() == [[0, 0, 0], [1, 1, 2]]


@pytest.mark.parametrize("prompt", ["", "ba"])
def test_credit_for_levenshtein_sums_to_the_remaining_edits(prompt: str) -> None:
    policy = small_policy("gru-nano", LETTERS, 4)
    completions = every_completion(policy)
    rollout = rollout_of(policy, completions, prompt=prompt)
    pairs = [Pair(prompt, TARGETS[number % 14]) for number in range(len(completions))]
    prefixes = prefixes_of([rollout.reading], [number % 14 for number in range(len(completions))])
    everyones = every_tokens_credit(prefixes, pairs, policy)
    assert (everyones.after(EVERY_PREFIX) <= 0).all()
    credit = torch.where(rollout.mask, everyones.of(rollout.actions, prefixes.prefix_index), 0.0)
    distances = [
        -Levenshtein.distance(text, pair.target)
        for text, pair in zip(texts_of(policy, completions), pairs, strict=True)
    ]
    assert credit.sum(1).tolist() == distances


@pytest.mark.parametrize("control_variate", ["none", "potential"])
def test_a_step_credits_only_sampled_completions(control_variate: str) -> None:
    _, record = trainer(credit="dense", control_variate=control_variate).recorded_step()
    credit, mask = record.update.batch.token_credit, record.update.batch.rollout.mask
    assert credit is not None
    assert credit.shape == mask.shape
    assert not mask.all()
    assert credit[mask].any()
    assert not credit[~mask].any()


@pytest.mark.parametrize("prompt", ["", "ba"])
@pytest.mark.parametrize("spec", ["hamming", "1 - 0.5*hamming", "0.5*exact + 0.5*prefix"])
def test_credit_for_another_reward_is_each_actions_effect_on_it(spec: str, prompt: str) -> None:
    policy = small_policy("gru-nano", LETTERS, 3)
    completions = every_completion(policy)
    rollout = rollout_of(policy, completions, prompt=prompt)
    target = "aba"
    reward = build_reward(spec)
    credit = token_credit(rollout, [Pair(prompt, target)] * len(completions), policy, reward)
    assert not credit[~rollout.mask].any()
    for row, (actions, text) in enumerate(zip(completions, texts_of(policy, completions), strict=True)):
        values = reward.score([text[:count] for count in range(len(text) + 1)], [target] * (len(text) + 1),
                              [prompt] * (len(text) + 1)).values  # fmt: skip
        expected = [3 * (after - before) for before, after in itertools.pairwise(values)]
        expected += [0.0] * (actions[-1] == 0)
        assert credit[row][rollout.mask[row]].tolist() == pytest.approx(expected)


def test_credit_for_another_reward_uses_each_rows_own_target() -> None:
    policy = small_policy("gru-nano", LETTERS, 6)
    pairs = [Pair("", "ab"), Pair("b", "bbbb"), Pair("ab", "a")]
    rollout = policy.sampler.sample([policy.prefix(pair.prompt) for pair in pairs], Density(), generator(2))
    reward = build_reward("hamming")
    texts = [completion.text for completion in policy.completions(rollout)]
    scores = reward.score(texts, [pair.target for pair in pairs], ["", "b", "ab"]).values
    expected = [score * len(pair.target) for score, pair in zip(scores, pairs, strict=True)]
    assert token_credit(rollout, pairs, policy, reward).sum(1).tolist() == pytest.approx(expected, abs=1e-6)


def test_dense_advantages_have_a_floor_and_a_baseline() -> None:
    credit = torch.tensor([[0.0, -1.0, -7.0], [1.0, -2.0, -9.0]])
    floored = [[0.0, -1.0, CREDIT_FLOOR], [1.0, -2.0, CREDIT_FLOOR]]
    expected = [[value + CREDIT_BASELINE for value in row] for row in floored]
    assert dense_advantages(credit).tolist() == [pytest.approx(row) for row in expected]
    assert 0 < CREDIT_BASELINE < 1 < -CREDIT_FLOOR
