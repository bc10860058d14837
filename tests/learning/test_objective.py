import math
import statistics

import pytest
import torch

from pgplay.config.run_config import make_config
from pgplay.learning.objective.advantage_rules import advantages_of
from pgplay.learning.objective.forward import forward
from pgplay.learning.objective.records import CarriedState, Credit, UpdateInputs
from pgplay.learning.objective.update import update_policy
from pgplay.learning.plan import Plan, read_plan
from pgplay.tasks.task import Pair
from tests.learning.enumeration import WITHOUT_EXTRAS, World, imitating, loss_by, rows_of, updater_of, world
from tests.policies.helpers import PLAIN


def plan_of(**settings: object) -> Plan:
    return read_plan(make_config({**WITHOUT_EXTRAS, "clip_gradient": 0.0, "updates_per_step": 1, **settings}))


def exact_divergence(log_p: torch.Tensor, log_q: torch.Tensor, mask: torch.Tensor) -> float:
    """Return the mean over the prefixes of `mask` of sum p (log p - log q), token by token."""
    rows = zip(log_p[mask].tolist(), log_q[mask].tolist(), strict=True)
    sums = [sum(math.exp(a) * (a - b) for a, b in zip(p, q, strict=True)) for p, q in rows]
    return statistics.fmean(sums)


def test_measurements_are_the_exact_sums_in_their_direction() -> None:
    here = world("gru-nano", PLAIN, 6, dense=False, with_reference=True)
    policy, reference, rollout = here.modules.policy, here.modules.reference, here.batch.rollout
    assert reference is not None
    plan = plan_of(algorithm="rloo", kl=0.1, lr=0.05, batch_size=15, group_size=15)
    batch = here.batch._replace(rewards=here.batch.rewards.t())
    before = policy.log_probabilities(rollout.inputs, PLAIN).detach()
    surprise = policy.cross_entropy([Pair("", "ab")])[0]
    carried = CarriedState(plan.config.lr, 0.0, 0.0)
    metrics, _ = update_policy(UpdateInputs(batch, carried, diagnose=True), updater_of(plan, here.modules))
    after = policy.log_probabilities(rollout.inputs, PLAIN).detach()
    other = reference.log_probabilities(rollout.inputs, PLAIN).detach()
    mask = rollout.mask
    own = [-sum(math.exp(a) * a for a in row) for row in before[mask].tolist()]
    assert metrics["entropy"] == pytest.approx(statistics.fmean(own), rel=1e-5)
    assert metrics["kl_reference"] == pytest.approx(exact_divergence(before, other, mask), rel=1e-5)
    assert metrics["kl_update"] == pytest.approx(exact_divergence(before, after, mask), rel=1e-4)
    assert exact_divergence(after, before, mask) != pytest.approx(metrics["kl_update"], rel=1e-2)
    assert metrics["cross_entropy"] == pytest.approx(surprise, rel=1e-5)
    assert metrics["characters"] == mask.sum().item()
    assert metrics["length"] == pytest.approx(mask.sum().item() / 15)
    assert metrics["mismatch"] < 1e-12


def test_without_an_update_everything_is_measured_and_nothing_changes() -> None:
    here = world("gru-nano", PLAIN, 6, dense=False, with_reference=False)
    plan = plan_of(algorithm="ppo", batch_size=15, group_size=15)
    before = {name: tensor.clone() for name, tensor in here.modules.policy.saved_state().items()}
    carried = CarriedState(plan.config.lr, 0.1, 0.0)
    inputs = UpdateInputs(here.batch, carried, update=False, diagnose=True)
    metrics, _ = update_policy(inputs, updater_of(plan, here.modules))
    assert {"entropy", "cross_entropy", "mismatch", "explained_variance"} <= metrics.keys()
    assert not {"loss", "gradient_norm", "kl_update", "signal_to_noise"} & metrics.keys()
    assert all(torch.equal(tensor, before[name]) for name, tensor in here.modules.policy.saved_state().items())


def loss_with(world_: World, **settings: object) -> float:
    plan = plan_of(algorithm="rloo", batch_size=15, group_size=15, **settings)
    batch = world_.batch._replace(rewards=world_.batch.rewards.t())
    advantages, returns = advantages_of(batch, plan, world_.seen, 0.0)
    return loss_by(plan, world_.modules, batch, world_.seen, Credit(advantages, returns)).item()


def test_every_term_of_the_loss_has_its_weight_and_sign() -> None:
    here = world("gru-nano", PLAIN, 6, dense=False, with_reference=True)
    assert here.seen.kl is not None
    mask, plain = here.batch.rollout.mask, loss_with(here)
    here = here._replace(batch=imitating(here.batch))
    here = here._replace(seen=forward(here.batch, here.modules, PLAIN))
    parameters = torch.cat([parameter.flatten() for parameter in here.modules.policy.module.parameters()])
    terms = {
        "entropy": -here.seen.entropies[mask].mean(),
        "kl": here.seen.kl[mask].mean(),
        "replay": here.seen.cross_entropy,
        "l1": parameters.abs().sum(),
        "l2": parameters.square().sum() / 2,
    }
    for name, term in terms.items():
        weight = 0.3
        expected = plain + weight * term.item()
        assert loss_with(here, **{name: weight}) == pytest.approx(expected, rel=1e-9), name


def test_dense_advantages_are_within_the_mask() -> None:
    here = world("gru-nano", PLAIN, 6, dense=True, with_reference=False)
    found = advantages_of(here.batch, plan_of(algorithm="reinforce", credit="dense"), here.seen, 0.0)
    mask = here.batch.rollout.mask
    assert not mask.all()
    for values in found:
        assert values[mask].any()
        assert not values[~mask].any()


def test_signal_to_noise_is_one_if_both_halves_agree_and_minus_one_if_they_are_opposite() -> None:
    for signs, expected in (((1, 1), 1.0), ((1, -1), -1.0)):
        here = world("gru-nano", PLAIN, 6, dense=False, with_reference=False)
        rewards = torch.tensor([[float(sign) for sign in signs]]).double()
        batch = here.batch._replace(**rows_of(here.batch, [1, 1]), rewards=rewards)
        plan = plan_of(algorithm="reinforce")
        carried = CarriedState(plan.config.lr, 0.0, 0.0)
        metrics, _ = update_policy(UpdateInputs(batch, carried, diagnose=True), updater_of(plan, here.modules))
        assert metrics["signal_to_noise"] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("scale", ["none", "batch-std"])
@pytest.mark.parametrize("credit", ["terminal", "gae"])
def test_the_critic_is_judged_and_trained_by_the_rewards_themselves(credit: str, scale: str) -> None:
    """However the advantages are scaled for the policy, the critic's target is the reward."""
    here = world("gru-nano", PLAIN, 6, dense=False, with_reference=False)
    plan = plan_of(
        algorithm="ppo", scale=scale, credit=credit, critic=1.0, **({"gae_lambda": 1.0} if credit == "gae" else {})
    )
    carried = CarriedState(plan.config.lr, 0.0, 0.0)
    metrics, _ = update_policy(UpdateInputs(here.batch, carried), updater_of(plan, here.modules))
    mask = here.batch.rollout.mask
    returns = here.batch.rewards.expand_as(mask)[mask]
    values = here.seen.values.detach()[mask]
    expected = 1 - (returns - values).var() / returns.var()
    assert metrics["explained_variance"] == pytest.approx(expected.item(), rel=1e-5)
    slope = 2 * (values - returns).mean().item()
    assert here.modules.critic.bias.grad.item() == pytest.approx(slope, rel=1e-5)
