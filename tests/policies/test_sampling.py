"""Sampling and training use one distribution, token by token and in one pass."""

import collections
import math

import pytest
import torch

from pgplay.policies import sampler
from pgplay.policies.density import Density
from pgplay.policies.networks.base import draw_masks
from pgplay.policies.policy import Policy
from pgplay.policies.rollout import Rollout
from pgplay.tokenizers.character import DELIMITER
from tests.policies.helpers import FAMILIES, every_completion, generator, rollout_of, small_policy, texts_of

PROMPTS = ["", "ab", "dcbadcba", "a", "", "ddd"] * 4
DENSITIES = {
    "plain": Density(),
    "cold": Density(temperature=0.5),
    "hot": Density(temperature=3.0),
    "top-k": Density(top_k=2),
    "top-p": Density(top_p=0.8),
    "min-p": Density(min_p=0.3),
    "all": Density(1.5, 4, 0.9, 0.05),
}
GREEDY = 5


def sample(policy: Policy, density: Density, dropout: float = 0.0, seed: int = 3) -> Rollout:
    masks = draw_masks(policy.network, len(PROMPTS), dropout, generator(seed)) if dropout else None
    return policy.sampler.sample([policy.prefix(prompt) for prompt in PROMPTS], density, generator(seed), GREEDY, masks)


def rows_of_steps(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that records how many rows each step of the network gets."""
    counts, step = [], policy.network.step

    def watched(tokens: torch.Tensor, *rest: object) -> torch.Tensor:
        counts.append(len(tokens))
        return step(tokens, *rest)

    monkeypatch.setattr(policy.module, "step", watched)
    return counts


def trained(policy: Policy, rollout: Rollout, density: Density) -> torch.Tensor:
    return policy.log_probabilities(rollout.inputs, density, rollout.dropout_masks).detach()


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("density", DENSITIES.values(), ids=DENSITIES)
@pytest.mark.parametrize("model", FAMILIES)
def test_samples_have_the_probabilities_used_in_training(model: str, density: Density, dropout: float) -> None:
    policy = small_policy(model, "abcd", 9, sharpness=6.0)
    rollout = sample(policy, density, dropout)
    again = trained(policy, rollout, density).gather(2, rollout.actions[:, :, None])[:, :, 0]
    gap = (again - rollout.log_probabilities)[rollout.mask].abs()
    assert gap.max() < 1e-5
    assert torch.equal(rollout.log_probabilities[~rollout.mask], torch.zeros(int((~rollout.mask).sum())))


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("model", FAMILIES)
def test_greedy_rows_take_the_most_likely_token_each_time(model: str, dropout: float) -> None:
    policy = small_policy(model, "abcd", 9, sharpness=6.0)
    rollout = sample(policy, Density(), dropout)
    likeliest = trained(policy, rollout, Density()).argmax(-1)
    own = rollout.mask[-GREEDY:]
    assert torch.equal(rollout.actions[-GREEDY:][own], likeliest[-GREEDY:][own])
    sampled = rollout.mask[:-GREEDY]
    assert not torch.equal(rollout.actions[:-GREEDY][sampled], likeliest[:-GREEDY][sampled])


@pytest.mark.parametrize("sharpness", [1.0, 8.0])
@pytest.mark.parametrize("model", FAMILIES)
def test_a_completion_follows_its_prompt_and_ends_at_its_stop_token_or_limit(model: str, sharpness: float) -> None:
    policy = small_policy(model, "abcd", 5, seed=1, sharpness=sharpness)
    rollout = sample(policy, Density())
    written = policy.completions(rollout)
    for row, prompt in enumerate(PROMPTS):
        prefix = policy.prefix(prompt)
        start = len(prefix) - 1
        assert rollout.prefix_lengths[row] == len(prefix)
        assert rollout.inputs[row, : len(prefix)].tolist() == prefix
        count = int(rollout.mask[row].sum())
        assert rollout.mask[row].nonzero()[:, 0].tolist() == list(range(start, start + count))
        own = rollout.actions[row, start : start + count].tolist()
        assert rollout.inputs[row, start + 1 : start + count].tolist() == own[:-1]
        assert DELIMITER not in own[:-1]
        stopped = own[-1] == DELIMITER
        assert count == policy.max_length or stopped
        assert written[row].finished == stopped
        assert written[row].text == policy.tokenizer.decode(own)
        assert len(written[row].pieces) == count - stopped
    assert {completion.finished for completion in written} == {True, False}


@pytest.mark.parametrize("model", FAMILIES)
def test_the_longest_prompt_does_not_affect_the_others(model: str) -> None:
    policy = small_policy(model, "abcd", 6, sharpness=6.0)
    prefixes = [policy.prefix(prompt) for prompt in ("", "ab", "dcbadcba")]
    together = policy.completions(policy.sampler.sample(prefixes, Density(), generator(), 3))
    alone = [policy.completions(policy.sampler.sample([prefix], Density(), generator(), 1))[0] for prefix in prefixes]
    assert together == alone


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("model", FAMILIES)
def test_a_prompt_is_read_once_for_all_its_completions_unless_dropout_masks_differ(
    model: str, dropout: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = small_policy(model, "abcd", 6, sharpness=6.0)
    prefixes = [policy.prefix(prompt) for prompt in ("abc", "dda", "abc", "abc", "dda", "abcd")]
    masks = draw_masks(policy.network, len(prefixes), dropout, generator(3)) if dropout else None
    batches = rows_of_steps(policy, monkeypatch)
    rollout = policy.sampler.sample(prefixes, Density(), generator(4), dropout_masks=masks)
    assert batches[:4] == ([6] * 4 if dropout else [3, 3, 3, 6])
    assert [rollout.inputs[row, : len(prefix)].tolist() for row, prefix in enumerate(prefixes)] == prefixes
    again = trained(policy, rollout, Density()).gather(2, rollout.actions[:, :, None])[:, :, 0]
    assert (again - rollout.log_probabilities)[rollout.mask].abs().max() < 1e-5


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("model", FAMILIES)
def test_rows_that_have_stopped_are_left_out_and_nothing_else_changes(
    model: str, dropout: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = small_policy(model, "abcd", 30, sharpness=0.5)
    monkeypatch.setattr(sampler, "SPARSE", 0.0)
    whole = sample(policy, Density(), dropout)
    monkeypatch.undo()
    batches = rows_of_steps(policy, monkeypatch)
    rollout = sample(policy, Density(), dropout)
    assert batches[0] == len(PROMPTS)
    assert batches[-1] <= len(PROMPTS) // 4
    assert policy.completions(rollout) == policy.completions(whole)
    assert torch.equal(rollout.mask, whole.mask)
    assert torch.allclose(rollout.log_probabilities, whole.log_probabilities, atol=1e-5)


def unlikeliness(counts: dict[str, int], probabilities: dict[str, float]) -> float:
    """Return Pearson's chi-square statistic in standard deviations above its expectation."""
    total, freedom = sum(counts.values()), len(probabilities) - 1
    statistic = sum((counts.get(key, 0) - total * p) ** 2 / (total * p) for key, p in probabilities.items())
    return (statistic - freedom) / math.sqrt(2 * freedom)


@pytest.mark.parametrize("density", [Density(), Density(temperature=0.6), Density(top_k=2), Density(1.4, 0, 0.85, 0.1)])
@pytest.mark.parametrize("model", FAMILIES)
def test_completions_are_as_frequent_as_their_probabilities(model: str, density: Density) -> None:
    policy = small_policy(model, "ab", 2, seed=2, sharpness=6.0)
    completions = every_completion(policy)
    exact = rollout_of(policy, completions, density).log_probabilities.sum(1).exp().tolist()
    keys = [str(actions) for actions in completions]
    probabilities = {key: p for key, p in zip(keys, exact, strict=True) if p > 0}
    assert sum(probabilities.values()) == pytest.approx(1.0, abs=1e-5)
    rollout = policy.sampler.sample([policy.prefix("")] * 20_000, density, generator(1))
    rows = zip(rollout.actions.tolist(), rollout.mask.sum(1).tolist(), strict=True)
    counts = collections.Counter(str(actions[:count]) for actions, count in rows)
    assert set(counts) <= set(probabilities)
    assert unlikeliness(counts, probabilities) < 5
    even = dict.fromkeys(probabilities, 1 / len(probabilities))
    assert unlikeliness(counts, even) > 50


@pytest.mark.parametrize("model", FAMILIES)
def test_same_seed_same_samples(model: str) -> None:
    policy = small_policy(model, "abcd", 9)
    one, same, other = (sample(policy, Density(), seed=seed) for seed in (3, 3, 4))
    assert torch.equal(one.inputs, same.inputs)
    assert torch.equal(one.log_probabilities, same.log_probabilities)
    assert policy.completions(one) != policy.completions(other)


@pytest.mark.parametrize("model", FAMILIES)
def test_sampling_does_not_use_torchs_global_random_numbers(model: str) -> None:
    policy = small_policy(model, "abcd", 9)
    before = torch.get_rng_state()
    sample(policy, Density())
    assert torch.equal(torch.get_rng_state(), before)
    assert all(parameter.grad is None for parameter in policy.module.parameters())


@pytest.mark.parametrize("model", FAMILIES)
def test_one_update_changes_the_next_samples(model: str) -> None:
    policy = small_policy(model, "abcd", 9)
    before = sample(policy, Density())
    reading = before.reading
    log_p = policy.log_probabilities(reading.inputs, Density())[:, :, 1]
    (-log_p[reading.mask].mean()).backward()
    with torch.no_grad():
        for parameter in policy.module.parameters():
            parameter.sub_(parameter.grad)
    after = sample(policy, Density())
    again = trained(policy, after, Density()).gather(2, after.actions[:, :, None])[:, :, 0]
    assert (again - after.log_probabilities)[after.mask].abs().max() < 1e-5
    texts = ["".join(one.text for one in policy.completions(rollout)) for rollout in (before, after)]
    shares = [text.count("a") / len(text) for text in texts]
    assert shares[1] > shares[0] + 0.1


@pytest.mark.parametrize("density", [Density(top_k=1), Density(top_p=0.01), Density(min_p=1.0)])
def test_a_uniform_number_of_exactly_zero_cannot_pick_what_the_filters_removed(
    density: Density, monkeypatch: pytest.MonkeyPatch
) -> None:
    """torch.rand returns 0 about once in 17 million draws, and then the Gumbel noise is minus infinity."""
    policy = small_policy("gru-nano", "abcd", 4, sharpness=6.0)
    monkeypatch.setattr(torch, "rand", lambda *shape, device, **_: torch.zeros(*shape, device=device))
    rollout = policy.sampler.sample([policy.prefix(prompt) for prompt in ("", "ab", "dc")], density, generator())
    assert rollout.log_probabilities.isfinite().all()


@pytest.mark.parametrize("model", FAMILIES)
def test_the_first_rows_of_a_rollout_are_those_rows_without_spare_columns(model: str) -> None:
    policy = small_policy(model, "abcd", 9, sharpness=6.0)
    rollout = sample(policy, Density(), dropout=0.4)
    for count in (1, 2, 3):
        part = rollout.rows(count)
        columns = part.inputs.shape[1]
        assert part.mask[:, -1].any()
        assert not rollout.mask[:count, columns:].any()
        assert torch.equal(part.actions, rollout.actions[:count, :columns])
        assert part.dropout_masks is not None
        assert part.dropout_masks.shape[1] == count
        assert policy.completions(part) == policy.completions(rollout)[:count]


def test_dropout_drops_its_share_and_keeps_the_mean() -> None:
    network = small_policy("transformer-nano").network
    masks = draw_masks(network, 2000, 0.3, generator())
    assert masks.shape == (network.mask_count, 2000, network.width)
    assert masks.unique().tolist() == pytest.approx([0.0, 1 / 0.7])
    assert masks.mean().item() == pytest.approx(1.0, abs=0.01)
    assert (masks == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)


def test_every_completion_is_enumerated() -> None:
    """A check of the other tests' helper: 1 + 2 + 4 * 3 completions of at most 3 tokens from two letters and a stop."""
    policy = small_policy("gru-nano", "ab", 3)
    completions = every_completion(policy)
    assert len(completions) == len({tuple(actions) for actions in completions}) == 15
    assert sorted(texts_of(policy, completions), key=lambda text: (len(text), text))[:7] == [
        "", "a", "b", "aa", "ab", "ba", "bb"
    ]  # fmt: skip
