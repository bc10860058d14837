"""supervised: the gradient of the targets' cross-entropy, without any reward."""

import copy

import pytest
import torch

from pgplay.config.run_config import make_config
from pgplay.learning.objective.advantage_rules import advantages_of
from pgplay.learning.objective.forward import forward
from pgplay.learning.objective.records import Credit
from pgplay.learning.plan import read_plan
from pgplay.learning.reports.diagnosis import WINDOW
from pgplay.learning.trainer import Trainer
from pgplay.policies.policy import Policy
from pgplay.tasks.task import Pair
from tests.learning.enumeration import WITHOUT_EXTRAS, flat, imitating, loss_by, world
from tests.learning.helpers import COPYING, diagnose, steps, trainer, weights
from tests.learning.test_bias import TURNED
from tests.policies.helpers import FAMILIES, PLAIN, rollout_of

SUPERVISED = {"algorithm": "supervised", "clip_gradient": 0.0}


def cross_entropy_gradient(policy: Policy, pairs: list[Pair]) -> torch.Tensor:
    """Return the gradient of the mean cross-entropy over `pairs`, in nats per token, one text at a time."""
    losses = []
    for pair in pairs:
        actions = [*policy.tokenizer.encode(pair.target), 0]
        read = rollout_of(policy, [actions], prompt=pair.prompt)
        log_p = policy.log_probabilities(read.inputs, PLAIN).gather(2, read.actions[:, :, None])[:, :, 0]
        losses.append(-log_p[read.mask].sum() / len(actions))
    loss = torch.stack(losses).mean()
    return flat(torch.autograd.grad(loss, list(policy.module.parameters())))


@pytest.mark.parametrize("groups", [1, 3])
@pytest.mark.parametrize("model", FAMILIES)
def test_the_gradient_is_that_of_the_cross_entropy_of_the_prompts_of_the_step(model: str, groups: int) -> None:
    one = trainer(COPYING, model=model, batch_size=8 * groups, group_size=8, temperature=1.5, top_p=0.9, **SUPERVISED)
    steps(one, 2)
    pairs = Trainer._next_pairs(copy.deepcopy(one))
    assert len(pairs) == groups
    expected = cross_entropy_gradient(one.policy, pairs)
    one.step()
    found = flat(tuple(parameter.grad for parameter in one.policy.module.parameters()))
    assert torch.allclose(found, expected, rtol=1e-4, atol=1e-7)


def test_no_reward_has_any_effect() -> None:
    ends = []
    for reward in ("levenshtein", "length", "1"):
        one = trainer(COPYING, reward=reward, **SUPERVISED)
        steps(one, 4)
        ends.append(torch.cat([tensor.flatten() for tensor in weights(one).values()]))
    assert torch.equal(ends[0], ends[1])
    assert torch.equal(ends[0], ends[2])


def test_its_update_is_not_the_policy_gradient() -> None:
    """With rewards unrelated to the target the two differ, and it needs no expectation."""
    here = world("gru-nano", PLAIN, 6, dense=False, with_reference=False)
    parameters = list(here.modules.policy.module.parameters())
    gradient = flat(
        torch.autograd.grad((here.probabilities * here.batch.rewards[:, 0]).sum(), parameters, retain_graph=True)
    )
    own = {name: value for name, value in WITHOUT_EXTRAS.items() if name != "critic"}
    plan = read_plan(make_config(own | SUPERVISED | {"batch_size": 15, "group_size": 15}))
    batch = imitating(here.batch)._replace(rewards=here.batch.rewards.t())
    seen = forward(batch, here.modules, PLAIN)
    advantages, returns = advantages_of(batch, plan, seen, 0.5)
    loss = loss_by(plan, here.modules, batch, seen, Credit(advantages, returns))
    update = -flat(torch.autograd.grad(loss, parameters))
    expected = -cross_entropy_gradient(here.modules.policy, [Pair("", "ab")])
    assert (update - expected).norm() < 1e-12 * expected.norm()
    assert torch.cosine_similarity(update, gradient, dim=0) < 1 - TURNED


def test_a_target_is_trained_with_a_dropout_mask() -> None:
    """The masks are those of the sampled completions: without them nothing would be dropped from the targets."""
    own = {"model": "gru-nano", "batch_size": 16, "group_size": 8, **SUPERVISED}
    dropped, plain = trainer(COPYING, dropout=0.5, **own), trainer(COPYING, **own)
    pairs = Trainer._next_pairs(copy.deepcopy(dropped))
    steps(dropped, 1)
    steps(plain, 1)
    found, without = (
        flat(tuple(parameter.grad for parameter in each.policy.module.parameters())) for each in (dropped, plain)
    )
    assert torch.allclose(without, cross_entropy_gradient(trainer(COPYING, **own).policy, pairs), rtol=1e-4, atol=1e-7)
    assert not torch.allclose(found, without, rtol=0.05)


def test_there_is_no_entropy_bonus_unless_the_user_asks_for_one() -> None:
    assert trainer(algorithm="supervised").step().metrics["entropy_weight"] == 0.0
    assert trainer(algorithm="supervised", entropy=0.2).step().metrics["entropy_weight"] == 0.2


def test_a_reward_without_a_signal_is_no_problem() -> None:
    rows = [trainer(algorithm="supervised", reward="exact", target="abcab").step().metrics] * WINDOW
    assert rows[0]["reward_max"] == 0.0
    assert [finding.kind for finding in diagnose(rows, "policy gradient")] == ["no-signal"]
    assert diagnose(rows, "cross-entropy") == ()
