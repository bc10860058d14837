import pytest
import torch

from pgplay.errors import InputError
from pgplay.policies.density import Density
from pgplay.policies.distribution import DenseDistribution
from pgplay.policies.prefix_tree import spread
from pgplay.policies.reading import mean_losses, prefixes_of, token_losses
from pgplay.tasks.task import Pair
from tests.policies.helpers import FAMILIES, generator, read, rollout_of, small_policy


@pytest.mark.parametrize("model", FAMILIES)
def test_cross_entropy_is_the_mean_over_the_target_and_its_stop_token(model: str) -> None:
    policy = small_policy(model, "abc", 8, sharpness=5.0)
    pairs = [Pair("", "ab"), Pair("cab", "c"), Pair("a", "abcabc")]
    by_hand = []
    for pair in pairs:
        text = [*policy.prefix(pair.prompt), *policy.tokenizer.encode(pair.target), 0]
        log_p = policy.network.logits(read(policy.network, torch.tensor([text[:-1]])))[0].log_softmax(-1)
        start = len(pair.prompt)
        surprises = [-log_p[column, text[column + 1]].item() for column in range(start, len(text) - 1)]
        assert len(surprises) == len(pair.target) + 1
        by_hand.append(sum(surprises) / len(surprises))
    assert policy.cross_entropy(pairs) == pytest.approx(by_hand, abs=1e-5)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("model", FAMILIES)
def test_several_readings_in_one_pass_equal_each_alone(model: str, shared: bool) -> None:
    policy = small_policy(model, "abc", 8, sharpness=5.0)
    rollout = policy.sampler.sample([policy.prefix("ab")] * 4, Density(), generator())
    readings = [rollout.reading, policy.reading([Pair("", "abcabcabc"), Pair("c", "a")])]
    prefixes = prefixes_of(readings, [0] * 6 if shared else None)
    features, first = policy.features(prefixes), 0
    for reading in readings:
        rows, columns = reading.inputs.shape
        own = spread(features, prefixes.prefix_index[first : first + rows, :columns])
        alone = read(policy.network, reading.inputs)
        torch.testing.assert_close(own[reading.mask], alone[reading.mask], rtol=0, atol=1e-5)
        first += rows


@pytest.mark.parametrize("model", FAMILIES)
def test_dropout_masks_affect_only_the_first_reading(model: str) -> None:
    policy = small_policy(model, "abc", 8)
    rollout = policy.sampler.sample([policy.prefix("")] * 4, Density(), generator())
    other = policy.reading([Pair("", "abc")])
    masks = torch.zeros(policy.network.mask_count, 4, policy.network.width)
    prefixes = prefixes_of([rollout.reading, other])
    features = spread(policy.features(prefixes, masks), prefixes.prefix_index)
    own, untouched = features[:4, : rollout.inputs.shape[1]], features[4:, : other.inputs.shape[1]]
    torch.testing.assert_close(own, read(policy.network, rollout.inputs, masks), rtol=0, atol=1e-6)
    torch.testing.assert_close(untouched, read(policy.network, other.inputs), rtol=0, atol=1e-6)
    assert not torch.allclose(own[:, :2], read(policy.network, rollout.inputs)[:, :2], atol=1e-3)


def test_greedy_completions_use_no_random_numbers_and_sampled_ones_do() -> None:
    policy = small_policy("gru-nano", "abc", 8, sharpness=3.0)
    prompts = ["", "abc", "b"]
    greedy = [policy.write(prompts, Density(), generator(seed), greedy=True) for seed in (1, 2)]
    free = [policy.write(prompts, Density(), generator(seed)) for seed in (1, 2)]
    assert greedy[0] == greedy[1]
    assert free[0] != free[1]
    assert [len(written) for written in (*greedy, *free)] == [3, 3, 3, 3]


@pytest.mark.parametrize("model", FAMILIES)
def test_a_completion_encoded_again_is_what_was_sampled_with_or_without_stop_token(model: str) -> None:
    """Imitating a completion cut at the length limit must not teach a stop token that was never sampled."""
    policy = small_policy(model, "abc", 3, sharpness=2.0)
    rollout = policy.sampler.sample([policy.prefix("ab")] * 20, Density(), generator())
    written = policy.completions(rollout)
    assert {completion.finished for completion in written} == {True, False}
    for row, completion in enumerate(written):
        reading = policy.reading([Pair("ab", completion.text)])
        columns = reading.inputs.shape[1]
        assert torch.equal(reading.mask[0], rollout.mask[row, :columns])
        assert not rollout.mask[row, columns:].any()
        assert torch.equal(reading.actions[reading.mask], rollout.actions[row][rollout.mask[row]])


def test_a_completion_that_fills_the_context_can_be_encoded_again() -> None:
    policy = small_policy("transformer-nano", "ab", 1024)
    assert policy.cross_entropy([Pair("", "a" * 1024)])[0] > 0


@pytest.mark.parametrize("model", FAMILIES)
def test_a_state_loads_into_another_policy_of_the_same_shape(model: str) -> None:
    one, other = small_policy(model, seed=1, sharpness=4.0), small_policy(model, seed=2)
    other.load_state(one.saved_state())
    completions = [[1, 2, 0], [2, 2, 1]]
    assert torch.equal(rollout_of(one, completions).log_probabilities, rollout_of(other, completions).log_probabilities)


@pytest.mark.parametrize(("model", "alphabet"), [("gru-nano", "abc"), ("gru-small", "ab"), ("transformer-nano", "ab")])
def test_a_state_of_another_shape_is_refused(model: str, alphabet: str) -> None:
    with pytest.raises(InputError, match="do not fit a gru-nano"):
        small_policy("gru-nano", "ab").load_state(small_policy(model, alphabet).saved_state())


def test_a_prompt_that_leaves_no_room_is_refused() -> None:
    policy = small_policy("transformer-nano", "ab", 1000)
    room = policy.spec.context_length - 1000
    assert len(policy.prefix("a" * room)) == room + 1
    with pytest.raises(InputError, match=r"(?s)prompt of 25 tokens.*1024 tokens"):
        policy.prefix("a" * (room + 1))


def test_a_prompt_outside_the_alphabet_is_refused() -> None:
    with pytest.raises(InputError, match="'x' is not in the policy's alphabet"):
        small_policy().write(["ax"], Density(), generator())


def test_the_longest_prompt_and_completion_fill_the_context_exactly() -> None:
    policy = small_policy("transformer-nano", "ab", 4)
    prompt = "ab" * ((policy.spec.context_length - 4) // 2)
    rollout = policy.sampler.sample([policy.prefix(prompt)], Density(), generator())
    assert rollout.inputs.shape[1] <= policy.spec.context_length
    assert rollout.mask.sum() >= 1


def test_mean_losses_count_only_the_mask() -> None:
    policy = small_policy("gru-nano", "ab", 4)
    reading = policy.reading([Pair("ab", "a"), Pair("", "bba")])
    log_p = torch.rand(2, reading.inputs.shape[1], 3, generator=generator()).log()
    expected = []
    for row in range(2):
        chosen = [
            -log_p[row, column, action].item()
            for column, action in enumerate(reading.actions[row].tolist())
            if reading.mask[row, column]
        ]
        expected.append(sum(chosen) / len(chosen))
    assert reading.mask.sum(1).tolist() == [2, 4]
    prefix_index = torch.arange(log_p[:, :, 0].numel()).view(2, -1)
    losses = token_losses(DenseDistribution(log_p.flatten(0, 1)), prefix_index, reading)
    assert mean_losses(losses, reading).tolist() == pytest.approx(expected)
