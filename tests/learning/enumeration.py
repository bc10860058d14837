"""The exact expectation of an update, by enumerating every possible batch, beside the exact gradient."""

from __future__ import annotations

import random
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from pgplay.config.run_config import make_config
from pgplay.learning.objective.adamw import Adam
from pgplay.learning.objective.advantage_rules import advantages_of, token_q_values
from pgplay.learning.objective.advantages import Baseline
from pgplay.learning.objective.batch import Batch, Modules
from pgplay.learning.objective.control_variate import centred, subtract_other_tokens
from pgplay.learning.objective.dense_credit import CREDIT_FLOOR, every_tokens_credit
from pgplay.learning.objective.forward import Forward, forward
from pgplay.learning.objective.losses import masked_row_means
from pgplay.learning.objective.records import Credit, LossWeights, Updater
from pgplay.learning.objective.update import policy_loss, total_loss
from pgplay.learning.plan import Plan, read_plan
from pgplay.policies.density import Density
from pgplay.policies.distribution import DenseValues
from pgplay.policies.policy import Policy
from pgplay.policies.reading import prefixes_of
from pgplay.policies.rollout import Rollout
from pgplay.tasks.task import Pair
from tests.policies.helpers import PLAIN, every_completion, generator, rollout_of, small_policy

VOCABULARY = 3
"""Two letters and the stop token."""
LENGTH_LIMIT = 3
GROUP = 2
MOVING_AVERAGE = 37.0
WITHOUT_EXTRAS = {
    "target": "ab",
    "alphabet": "ab",
    "max_length": LENGTH_LIMIT,
    "batch_size": GROUP,
    "group_size": GROUP,
    "entropy": 0.0,
    "critic": 0.0,
}


class Comparison(NamedTuple):
    """An algorithm's expected ascent direction and the gradient of the expected reward, each flattened to a vector."""

    update: Tensor
    gradient: Tensor

    @property
    def cosine(self) -> float:
        return torch.cosine_similarity(self.update, self.gradient, dim=0).item()

    @property
    def factor(self) -> float:
        """The update's length along the gradient, in units of the gradient."""
        return (self.update @ self.gradient / self.gradient.square().sum()).item()


class World(NamedTuple):
    """A policy in double precision, rewards (N,) of its N completions, and everything else that a loss needs."""

    modules: Modules
    batch: Batch
    seen: Forward
    probabilities: Tensor


def world(model: str, density: Density, critic_seed: int, *, dense: bool, with_reference: bool) -> World:
    policy = double(small_policy(model, "ab", LENGTH_LIMIT, seed=3, sharpness=4.0))
    completions = every_completion(policy)
    likely = rollout_of(policy, completions, density).log_probabilities.isfinite().all(1).tolist()
    completions = [actions for actions, can in zip(completions, likely, strict=True) if can]
    rollout = rollout_of(policy, completions, density)
    pair = Pair("", "ab")
    measured = policy.reading([pair])
    prefixes = prefixes_of([rollout.reading, measured], [0] * (len(completions) + 1))
    credit = every_credit = None
    if dense:
        everyones = every_tokens_credit(prefixes, [pair] * (len(completions) + 1), policy).map(Tensor.double)
        drawn = everyones.of(rollout.actions, prefixes.prefix_index[:-1])
        credit = torch.where(rollout.mask, drawn, 0.0)
        every_credit = everyones.map(lambda edits: edits.clamp_min(CREDIT_FLOOR))
    draw = random.Random(5)
    # So far apart that the floor under their deviation has no effect.
    rewards = torch.tensor([100 * draw.random() for _ in completions], dtype=torch.float64)
    greedy = policy.sampler.sample([policy.prefix("")], density, generator(), 1)
    own = greedy.actions[0][greedy.mask[0]].tolist()
    critic = nn.Linear(policy.network.width, 1).double()
    with torch.no_grad():
        critic.weight.normal_(0.0, 30.0, generator=generator(critic_seed))
    reference = double(small_policy(model, "ab", LENGTH_LIMIT, seed=4, sharpness=4.0)) if with_reference else None
    modules = Modules(policy, critic, reference)
    batch = Batch(
        rollout=rollout,
        prefixes=prefixes,
        rewards=rewards[:, None],
        greedy_rewards=rewards[completions.index(own)][None],
        token_credit=credit,
        reward_unit=torch.ones((), dtype=torch.float64),
        measured=measured,
        imitated=None,
        every_credit=every_credit,
    )
    seen = forward(batch, modules, density)
    sequence_log_p = torch.where(rollout.mask, seen.log_p, 0.0).sum(1)
    return World(modules, batch, seen, sequence_log_p.exp())


def double(policy: Policy) -> Policy:
    policy.module.double()
    return policy


def compare(
    model: str,
    density: Density = PLAIN,
    critic_seed: int = 6,
    variate_seed: int | None = None,
    reward_unit: float = 1.0,
    **settings: object,
) -> Comparison:
    """Return the mean update with `settings` over every pair of completions that one prompt can get.

    With a `variate_seed`, the advantages use a control variate with random values. `reward_unit` is that of the scale.
    """
    dense = settings.get("credit") == "dense"
    here = world(model, density, critic_seed, dense=dense, with_reference="kl" in settings)
    plan = read_plan(make_config({**WITHOUT_EXTRAS, "model": model, **settings}))
    probabilities, rewards = here.probabilities, here.batch.rewards[:, 0]
    parameters = list(here.modules.policy.module.parameters())
    aim = rewards
    if plan.config.kl:
        assert here.seen.log_ratio is not None
        log_ratio = torch.where(here.batch.rollout.mask, here.seen.log_ratio, 0.0).sum(1)
        aim = rewards - plan.config.kl * log_ratio
    gradient = flat(torch.autograd.grad((probabilities * aim).sum(), parameters, retain_graph=True))

    expected = torch.zeros((), dtype=torch.float64)
    weights = probabilities.detach()
    for first in range(len(rewards)):
        for second in range(len(rewards)):
            rows = [first, second]
            batch = here.batch._replace(
                **rows_of(here.batch, rows),
                rewards=rewards[rows][None],
                reward_unit=torch.tensor(reward_unit, dtype=torch.float64),
                token_credit=here.batch.token_credit[rows] if dense else None,
                every_credit=here.batch.every_credit if dense and plan.config.control_variate == "potential" else None,
            )
            seen = seen_rows(here.seen, rows)
            advantages, returns = advantages_of(batch, plan, seen, MOVING_AVERAGE)
            credit = Credit(advantages, returns, token_q_values(batch, plan))
            if variate_seed is not None:
                baseline = Baseline(plan.config.baseline, GROUP)
                credit = variance_reduced(credit, batch, seen, baseline, variate_seed)
            loss = loss_by(plan, here.modules, batch, seen, credit)
            expected = expected + weights[first] * weights[second] * loss
    return Comparison(-flat(torch.autograd.grad(expected, parameters)), gradient)


def updater_of(plan: Plan, modules: Modules, density: Density = PLAIN) -> Updater:
    return Updater(plan, modules, Adam(modules.trained(plan)), density)


def loss_by(plan: Plan, modules: Modules, batch: Batch, seen: Forward, credit: Credit) -> Tensor:
    """Return the loss of a step's first update, with the plan's own weights."""
    part = policy_loss(seen, seen, batch, plan, credit)
    weights = LossWeights(plan.config.entropy, plan.config.kl)
    return total_loss(part, seen, batch, credit.returns, weights, updater_of(plan, modules))


def variance_reduced(credit: Credit, batch: Batch, seen: Forward, baseline: Baseline, seed: int) -> Credit:
    """Return `credit` minus a random function, centred under the policy, in place of a control variate's q-values."""
    mask = batch.rollout.mask
    weight = 30 * torch.randn(seen.features.shape[1], VOCABULARY, generator=generator(seed), dtype=torch.float64)
    q_values = centred(DenseValues(seen.features.detach() @ weight), seen.distribution.detach())
    q = torch.where(mask, q_values.of(batch.rollout.actions, batch.prefix_index), 0.0)
    advantages = subtract_other_tokens(masked_row_means(credit.advantages, mask), q, mask, baseline)
    return credit._replace(advantages=advantages, q_values=q_values.map(lambda q: baseline.own_share(len(mask)) * q))


def rows_of(batch: Batch, rows: list[int]) -> dict[str, Any]:
    """Return the part of `batch` that is the rollout of these `rows`."""
    rollout = batch.rollout
    tensors = (rollout.inputs, rollout.actions, rollout.mask, rollout.log_probabilities, rollout.stopped)
    own = Rollout(*(tensor[rows] for tensor in tensors), [rollout.prefix_lengths[row] for row in rows], None)
    prefix_index = batch.prefixes.prefix_index
    kept = torch.cat([prefix_index[rows], prefix_index[len(rollout.actions) :]])
    return {"rollout": own, "prefixes": batch.prefixes._replace(prefix_index=kept)}


def imitating(batch: Batch) -> Batch:
    """Return `batch` with its measured completions also imitated."""
    index = batch.prefixes.prefix_index
    prefixes = batch.prefixes._replace(prefix_index=torch.cat([index, index[len(batch.rollout.actions) :]]))
    return batch._replace(imitated=batch.measured, prefixes=prefixes)


def seen_rows(seen: Forward, rows: list[int]) -> Forward:
    chosen = {
        name: getattr(seen, name)[rows]
        for name in ("log_p", "values", "entropies", "log_ratio", "kl")
        if getattr(seen, name) is not None
    }
    return seen._replace(**chosen)


def flat(gradients: tuple[Tensor, ...]) -> Tensor:
    return torch.cat([gradient.flatten() for gradient in gradients])
