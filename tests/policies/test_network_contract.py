"""The contract of every network, one suite for all families."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from pgplay.policies.build import build_policy
from pgplay.policies.density import Density
from pgplay.policies.families.base import ModelFamily
from pgplay.policies.networks.base import draw_masks
from pgplay.policies.policy import Policy
from pgplay.policies.spec import FreshSpec
from tests.policies.families import every_family, register
from tests.policies.helpers import generator, read

ROWS, COLUMNS = 4, 7
every_dropout = pytest.mark.parametrize("dropout", [0.0, 0.4])


@pytest.fixture(autouse=True)
def families(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)


def policy_of(family: ModelFamily) -> Policy:
    """Return a small policy in double precision whose next token is far from uniform."""
    policy = build_policy(FreshSpec(f"{family.name}-nano", "abc", COLUMNS), torch.device("cpu"), 1)
    policy.module.double()
    with torch.no_grad():
        for parameter in policy.module.lm_head.parameters():
            parameter.mul_(4.0)
    return policy


def tokens_of(policy: Policy) -> Tensor:
    return torch.randint(0, policy.tokenizer.vocabulary_size, (ROWS, COLUMNS), generator=generator(2))


def masks_of(policy: Policy, dropout: float) -> Tensor | None:
    return draw_masks(policy.network, ROWS, dropout, generator(3)).double() if dropout else None


def stepwise(policy: Policy, tokens: Tensor, masks: Tensor | None, start: int = 0, state: object = None) -> Tensor:
    """Return features (B, T, W) after each of `tokens` from column `start` on, computed token by token."""
    state = policy.network.start(*tokens.shape) if state is None else state
    columns = range(start, tokens.shape[1])
    return torch.stack([policy.network.step(tokens[:, column], column, state, masks) for column in columns], 1)


@every_dropout
@every_family
def test_token_by_token_equals_the_full_pass(family: ModelFamily, dropout: float) -> None:
    policy = policy_of(family)
    tokens, masks = tokens_of(policy), masks_of(policy, dropout)
    torch.testing.assert_close(stepwise(policy, tokens, masks), read(policy.network, tokens, masks), rtol=0, atol=1e-12)


@every_dropout
@every_family
def test_a_prompt_read_at_once_equals_a_prompt_read_step_by_step(family: ModelFamily, dropout: float) -> None:
    policy = policy_of(family)
    tokens, masks = tokens_of(policy), masks_of(policy, dropout)
    whole = stepwise(policy, tokens, masks)
    for start in (1, 4, COLUMNS - 1):
        state = policy.network.start(ROWS, COLUMNS)
        policy.network.prefill(tokens[:, :start], state, masks)
        torch.testing.assert_close(stepwise(policy, tokens, masks, start, state), whole[:, start:], rtol=0, atol=1e-12)


@every_family
def test_selected_rows_continue_as_they_would_have(family: ModelFamily) -> None:
    policy = policy_of(family)
    tokens = tokens_of(policy)
    whole = stepwise(policy, tokens, None)
    state = policy.network.start(ROWS, COLUMNS)
    policy.network.prefill(tokens[:, :3], state)
    rows = torch.tensor([2, 0, 2])  # in another order, one twice, and some left out
    selected = policy.network.select_rows(state, rows)
    torch.testing.assert_close(stepwise(policy, tokens[rows], None, 3, selected), whole[rows, 3:], rtol=0, atol=1e-12)


@every_family
def test_a_selection_does_not_change_its_source_state(family: ModelFamily) -> None:
    policy = policy_of(family)
    tokens = tokens_of(policy)
    state = policy.network.start(ROWS, COLUMNS)
    policy.network.prefill(tokens[:, :3], state)
    selected = policy.network.select_rows(state, torch.tensor([1, 3]))
    stepwise(policy, tokens[:2].flip(0), None, 3, selected)
    expected = stepwise(policy, tokens, None)[:, 3:]
    torch.testing.assert_close(stepwise(policy, tokens, None, 3, state), expected, rtol=0, atol=1e-12)


@every_family
def test_a_token_sees_only_what_came_before_it(family: ModelFamily) -> None:
    policy = policy_of(family)
    tokens = tokens_of(policy)
    changed = tokens.clone()
    changed[:, 3] = (tokens[:, 3] + 1) % policy.tokenizer.vocabulary_size
    before, after = read(policy.network, tokens), read(policy.network, changed)
    torch.testing.assert_close(before[:, :3], after[:, :3], rtol=0, atol=1e-12)
    assert (before[:, 3:] - after[:, 3:]).abs().amax((0, 2)).min() > 1e-6


@every_dropout
@every_family
def test_sampling_with_the_cache_has_the_probabilities_of_the_full_pass(family: ModelFamily, dropout: float) -> None:
    policy = policy_of(family)
    policy.module.float()
    prefixes = [policy.prefix(prompt) for prompt in ("", "ab", "abcab", "ab")]
    masks = draw_masks(policy.network, ROWS, dropout, generator(3)) if dropout else None
    density = Density(temperature=1.3)
    rollout = policy.sampler.sample(prefixes, density, generator(4), 1, masks)
    again = policy.log_probabilities(rollout.inputs, density, masks).gather(2, rollout.actions[:, :, None])[:, :, 0]
    assert rollout.mask.any(1).all()
    gap = (again - rollout.log_probabilities)[rollout.mask].abs()
    assert gap.max() < 1e-5


@every_family
def test_features_and_logits_have_the_documented_shapes(family: ModelFamily) -> None:
    policy = policy_of(family)
    features = read(policy.network, tokens_of(policy))
    assert features.shape == (ROWS, COLUMNS, policy.network.width)
    assert policy.network.logits(features).shape == (ROWS, COLUMNS, policy.tokenizer.vocabulary_size)
    assert masks_of(policy, 0.5).shape == (policy.network.mask_count, ROWS, policy.network.width)


@every_family
def test_frozen_logits_stay_when_the_network_is_trained(family: ModelFamily) -> None:
    policy = policy_of(family)
    network, features = policy.network, torch.randn(5, policy.network.width, dtype=torch.float64)
    frozen, before = network.frozen_logits(), network.logits(features)
    with torch.no_grad():
        for parameter in network.trainable_parameters():
            parameter.add_(0.1)
    assert not torch.equal(network.logits(features), before)
    assert torch.equal(frozen(features), before)
    assert not frozen(features).requires_grad
