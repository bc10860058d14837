"""The objective: from a batch of scored completions to advantages, a loss, and the updates that minimise it."""

from __future__ import annotations

import math
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from pgplay.errors import PgplayError
from pgplay.learning.advantages import (
    Baseline,
    at_the_end,
    batch_scaled,
    discounted_sums,
    generalised_advantages,
    group_baseline,
    group_scaled,
)
from pgplay.learning.control_variate import ControlVariate, SampledTokens, VarianceReduced
from pgplay.learning.credit import dense_advantages
from pgplay.learning.divergence import kl_weight
from pgplay.learning.losses import (
    ClipRange,
    Surrogate,
    aggregated,
    expected_surrogate,
    masked_mean,
    masked_row_means,
    masked_variance,
    parameter_penalty,
    surrogate,
)
from pgplay.learning.optimiser import Adam
from pgplay.learning.plan import Plan
from pgplay.policies.density import Density
from pgplay.policies.distribution import TokenDistribution
from pgplay.policies.graphs import EAGER, Graphs
from pgplay.policies.policy import Policy
from pgplay.policies.prefixes import Prefixes, of_actions_at, spread
from pgplay.policies.reading import Reading, mean_losses, token_losses
from pgplay.policies.rollout import Rollout


class Batch(NamedTuple):
    """The training data of one step: B = P x G completions over T columns, prompt by prompt.

    rewards (P, G). greedy_rewards (P,): for the greedy baseline. token_credit (B, T): dense credit, or None.
    measured: the targets whose cross-entropy is measured, or None. imitated: texts to make more likely, or None: the
    best completions so far, or with supervised learning the targets of the step's prompts, then with the dropout masks
    (M, P, W) for reading them. prefixes: those of the completions, then of the imitated and the measured texts.
    every_credit (prefixes, V): the floored credit of every possible token, for the control variate, or None.
    """

    rollout: Rollout
    prefixes: Prefixes
    rewards: Tensor
    greedy_rewards: Tensor
    token_credit: Tensor | None
    measured: Reading | None
    imitated: Reading | None
    imitated_masks: Tensor | None = None
    every_credit: Tensor | None = None

    @property
    def places(self) -> Tensor:
        """The prefix number (B, T) at each place of the completions."""
        return self.prefixes.places[: len(self.rollout.actions), : self.rollout.actions.shape[1]]

    @property
    def masks(self) -> Tensor | None:
        """The dropout masks of the completions and of the imitated texts."""
        masks = self.rollout.dropout_masks
        if masks is None or self.imitated_masks is None:
            return masks
        return torch.cat([masks, self.imitated_masks], 1)


class Modules(NamedTuple):
    """The trained and frozen networks of a step; the reference is None without a KL term, the variate if unused."""

    policy: Policy
    critic: nn.Linear
    reference: Policy | None
    variate: ControlVariate | None = None

    def trained(self, plan: Plan) -> list[nn.Parameter]:
        """Return the parameters that `plan` trains."""
        critic = list(self.critic.parameters()) if plan.choices.baseline == "critic" else []
        return [*self.policy.trainable_parameters(), *critic]


class Forward(NamedTuple):
    """One pass over a batch: `features` (P, W) and `distribution` per prefix, then tensors (B, T) per token.

    log_ratio: log p - log q of the actions under policy and reference; kl: exact, over the vocabulary; both None
    without a reference. target_losses (M, L): -log p of the measured targets' tokens, 0 outside them. imitation and
    cross_entropy are scalars, or None.
    """

    features: Tensor
    distribution: TokenDistribution
    log_p: Tensor
    values: Tensor
    entropies: Tensor
    log_ratio: Tensor | None
    kl: Tensor | None
    imitation: Tensor | None
    target_losses: Tensor | None
    cross_entropy: Tensor | None


class CarriedState(NamedTuple):
    """State carried over from earlier steps; divergence: the last one from the reference, if there is one."""

    lr: float | Tensor
    entropy_weight: float | Tensor
    moving_average: float | Tensor
    divergence: float | Tensor | None = None


class UpdateInputs(NamedTuple):
    """One step's batch and state. Without `update` everything is measured and nothing changed.

    `diagnose` adds the measurements that need further passes; `record` keeps the step's intermediate tensors.
    """

    batch: Batch
    carried: CarriedState
    update: bool = True
    diagnose: bool = False
    record: bool = False


class Updater(NamedTuple):
    """Everything that stays from step to step: how to update, and what is updated."""

    plan: Plan
    modules: Modules
    optimiser: Adam
    density: Density
    graphs: Graphs = EAGER


class Credit(NamedTuple):
    """The credit of a batch's tokens, constant to the gradient.

    advantages (B, T) are those of the sampled tokens; q_values (P, V) those of every token, if known: of each sampled
    token's advantage that part is then averaged over all tokens. returns (B, T) are the critic's targets.
    """

    advantages: Tensor
    returns: Tensor
    q_values: Tensor | None = None


class LossWeights(NamedTuple):
    """Weights of the loss's terms that change from step to step."""

    entropy: float | Tensor
    kl: float | Tensor = 0.0


class Regression(NamedTuple):
    """A step's data for the control variate: `ControlVariate.learn` takes them once the step has succeeded."""

    sampled: SampledTokens
    advantages: Tensor
    reduced: VarianceReduced


class UpdateRecord(NamedTuple):
    """Intermediate tensors of one step, recorded on request.

    shared (B, T): the advantages before the control variate. first: the pass before the first update. surrogate: the
    policy's part of the last update's loss, and log_p_after (B, T) the actions' log-probabilities after it; both None
    without an update.
    """

    batch: Batch
    first: Forward
    shared: Tensor
    advantages: Tensor
    surrogate: Surrogate | None
    log_p_after: Tensor | None


class UpdateResult(NamedTuple):
    """A step's metrics (), and the losses (M, L) of the measured targets' tokens before its updates, if any."""

    metrics: dict[str, Tensor]
    target_losses: Tensor | None
    regression: Regression | None
    record: UpdateRecord | None


def forward(batch: Batch, modules: Modules, density: Density) -> Forward:
    """Run the networks over `batch`; targets and imitated texts share the pass of the completions."""
    policy, prefixes, places, actions = modules.policy, batch.prefixes, batch.places, batch.rollout.actions
    features = policy.features(prefixes, batch.masks)
    # Texts that were not sampled are read as they are: temperature and filters belong to sampling.
    distribution, unfiltered = policy.distributions(features, [density, Density()])
    log_p = distribution.log_p(actions, places)
    log_ratio = kl = None
    if modules.reference is not None:
        with torch.no_grad():
            frozen = modules.reference.distribution_after(prefixes, Density(density.temperature))
        log_ratio = log_p - frozen.log_p(actions, places)
        kl = spread(distribution.kl(frozen), places)
    texts = [reading for reading in (batch.imitated, batch.measured) if reading]
    losses, first = [], len(actions)
    for reading in texts:
        text_places = prefixes.places[first : first + len(reading.actions), : reading.actions.shape[1]]
        losses.append(token_losses(unfiltered, text_places, reading))
        first += len(reading.actions)
    cross_entropies = [mean_losses(loss, reading).mean() for loss, reading in zip(losses, texts, strict=True)]
    return Forward(
        features,
        distribution,
        log_p,
        spread(modules.critic(features)[:, 0], places),
        spread(distribution.entropy(), places),
        log_ratio,
        kl,
        imitation=cross_entropies[0] if batch.imitated else None,
        target_losses=losses[-1].detach() if batch.measured else None,
        cross_entropy=cross_entropies[-1].detach() if batch.measured else None,
    )


def advantages_of(batch: Batch, plan: Plan, seen: Forward, moving_average: float | Tensor) -> tuple[Tensor, Tensor]:
    """Return advantages (B, T) by the plan's choices, and the returns (B, T) that a critic predicts.

    Both are constant to the gradient. A scale divides advantages only: the critic predicts unscaled rewards.
    """
    choices, mask, values = plan.choices, batch.rollout.mask, seen.values.detach()
    if choices.credit == "none":
        return torch.zeros_like(values), torch.zeros_like(values)
    if batch.token_credit is not None:
        returns = discounted_sums(batch.token_credit, plan.discount)
        if choices.baseline == "critic":
            return torch.where(mask, returns - values, 0.0), returns
        return torch.where(mask, dense_advantages(returns), 0.0), returns
    charged = kl_charges(plan, seen, mask)
    if choices.baseline == "critic":
        token_rewards = at_the_end(batch.rewards.flatten(), mask) - charged
        decay = plan.config.gae_lambda if choices.credit == "gae" else 1.0
        advantages = generalised_advantages(token_rewards, values, mask, plan.discount, decay)
        returns = torch.where(mask, advantages + values, 0.0)
        if choices.scale != "none":
            advantages = batch_scaled(advantages, mask)
        return advantages, returns
    rewards = batch.rewards - charged.sum(1).view_as(batch.rewards)
    baseline = group_baseline(choices.baseline, rewards, moving_average, batch.greedy_rewards)
    advantages = group_scaled(rewards - baseline, rewards, choices.scale)
    advantages = discounted_sums(at_the_end(advantages.flatten(), mask), plan.discount)
    return advantages, torch.zeros_like(values)


def token_q_values(batch: Batch, plan: Plan) -> Tensor | None:
    """Return the dense advantages (P, V) of all tokens if the credit of each is known, else None."""
    if plan.choices.credit != "dense" or batch.every_credit is None:
        return None
    return dense_advantages(batch.every_credit)


def kl_charges(plan: Plan, seen: Forward, mask: Tensor) -> Tensor:
    """Return the KL penalty (B, T) that each token subtracts from the reward; 0 without one."""
    if plan.kl and plan.config.kl_in == "reward" and seen.log_ratio is not None:
        return torch.where(mask, plan.kl * seen.log_ratio.detach(), 0.0)
    return torch.zeros_like(seen.values.detach())


def policy_loss(seen: Forward, first: Forward, batch: Batch, plan: Plan, credit: Credit) -> Surrogate:
    """Return the policy's per-token part of the loss as `seen` now, for tokens sampled under the `first` pass.

    With q-values, all tokens are weighed by theirs, and the sampled token is credited with the rest of its advantage.
    """
    ratio, clip, rollout = plan.choices.ratio, ClipRange(plan.config.clip_low, plan.clip_high), batch.rollout

    def of_sampled(advantages: Tensor) -> Surrogate:
        return surrogate(ratio, seen.log_p, rollout.log_probabilities, advantages, rollout.mask, clip)

    whole = of_sampled(credit.advantages)
    if credit.q_values is None:
        return whole
    expected = expected_surrogate(ratio, seen.distribution, first.distribution.detach(), credit.q_values, clip)
    rest = credit.advantages - of_actions_at(credit.q_values, batch.places, rollout.actions)
    return whole._replace(losses=spread(expected, batch.places) + of_sampled(rest).losses)


def total_loss(
    part: Surrogate, seen: Forward, batch: Batch, returns: Tensor, weights: LossWeights, updater: Updater
) -> Tensor:
    """Return the number to minimise; `part` is the policy's part of it."""
    plan, config, mask = updater.plan, updater.plan.config, batch.rollout.mask
    policy = updater.modules.policy
    loss = aggregated(plan.choices.aggregation, part.losses, mask, policy.max_length)
    loss = loss - weights.entropy * masked_mean(seen.entropies, mask)
    if plan.kl and config.kl_in == "loss" and seen.kl is not None:
        loss = loss + weights.kl * masked_mean(seen.kl, mask)
    if plan.choices.baseline == "critic":
        loss = loss + config.critic * masked_mean((seen.values - returns).square(), mask)
    if seen.imitation is not None:
        loss = loss + plan.imitation * seen.imitation
    return loss + parameter_penalty(policy.trainable_parameters(), config.l1, config.l2)


def update_policy(inputs: UpdateInputs, updater: Updater) -> tuple[dict[str, float], UpdateResult]:
    """Make the plan's updates from one batch and return the step's metrics, in one transfer from the device.

    Raises PgplayError if a gradient is not finite; the parameters are then as before that update.
    """
    graphs, variate = updater.graphs, updater.modules.variate
    if inputs.record:
        with graphs.beside():
            result = make_updates(inputs, updater)
    else:
        # The lengths of prefixes are in the mask as well; as numbers they would be constants of a recording.
        rollout = inputs.batch.rollout._replace(prefix_lengths=[])
        inputs = inputs._replace(batch=inputs.batch._replace(rollout=rollout))
        result = graphs.run(partial(make_updates, updater=updater), "updates", inputs)
    numbers = torch.stack([value.float() for value in result.metrics.values()]).tolist()
    metrics = dict(zip(result.metrics, numbers, strict=True))
    if not math.isfinite(metrics.get("gradient_norm", 0.0)):
        raise PgplayError(
            "Learning diverged: the gradient is not a finite number.", "Resume from a checkpoint with a lower lr."
        )
    if inputs.update and variate is not None and result.regression is not None:
        graphs.run(variate.learn, "variate", *result.regression)
    return metrics, result


def make_updates(inputs: UpdateInputs, updater: Updater) -> UpdateResult:
    """Make the plan's updates without reading a number from the device; those of `inputs.carried` may be tensors ()."""
    batch, carried, plan = inputs.batch, inputs.carried, updater.plan
    with torch.set_grad_enabled(inputs.update):
        first = forward(batch, updater.modules, updater.density)
    advantages, returns = advantages_of(batch, plan, first, carried.moving_average)
    metrics = _measurements(first, batch)
    if plan.kl and first.kl is not None:
        metrics["kl_weight"] = kl_weight(plan.kl, plan.config.kl_limit, metrics["kl_reference"], carried.divergence)
    credit, regression = Credit(advantages, returns, token_q_values(batch, plan)), None
    if updater.modules.variate is not None:
        regression = apply_control_variate(updater.modules.variate, batch, plan, first, advantages)
        reduced = regression.reduced
        credit = credit._replace(advantages=reduced.advantages, q_values=reduced.q_values)
        metrics["foretold"] = reduced.explained
    if plan.choices.baseline == "critic":
        metrics["explained_variance"] = _explained_variance(first, returns, batch.rollout.mask)
    weights = LossWeights(carried.entropy_weight, metrics.get("kl_weight", 0.0))
    seen, part = first, None
    for number in range(plan.updates_per_step if inputs.update else 0):
        if number:
            seen = forward(batch, updater.modules, updater.density)
        if number == 1:
            metrics["kl_first_update"] = _divergence(first, seen.distribution.detach(), batch)
        part = policy_loss(seen, first, batch, plan, credit)
        if inputs.diagnose and number == 0 and plan.choices.credit != "none":
            metrics["signal_to_noise"] = _signal_to_noise(part.losses, batch.rollout.mask, plan, updater.modules)
        loss = total_loss(part, seen, batch, returns, weights, updater)
        metrics |= {"loss": loss.detach(), "clip_share": part.clip_share}
        metrics["gradient_norm"] = one_update(loss, carried.lr, updater)
    after = measure_after(inputs, updater) if inputs.update else None
    if after is not None:
        metrics["kl_update"] = _divergence(first, after, batch)
        if plan.updates_per_step == 1:
            metrics["kl_first_update"] = metrics["kl_update"]
    record = None
    if inputs.record:
        log_p_after = None if after is None else after.log_p(batch.rollout.actions, batch.places)
        record = UpdateRecord(batch, first, advantages, credit.advantages, part, log_p_after)
    return UpdateResult(metrics, first.target_losses, regression, record)


def apply_control_variate(
    variate: ControlVariate, batch: Batch, plan: Plan, first: Forward, advantages: Tensor
) -> Regression:
    """Return the batch's sampled tokens, their completions' advantages, and these with less variance, per token."""
    sampled = SampledTokens(
        described=variate.describe(first.features),
        distribution=first.distribution.detach(),
        places=batch.places,
        actions=batch.rollout.actions,
        mask=batch.rollout.mask,
        baseline=Baseline(plan.choices.baseline, plan.group_size),
        credit=batch.every_credit,
    )
    of_completions = masked_row_means(advantages, sampled.mask)
    return Regression(sampled, of_completions, variate.apply(sampled, of_completions))


def one_update(loss: Tensor, lr: float | Tensor, updater: Updater) -> Tensor:
    """Take one optimiser step down `loss` and return the gradient's norm () before clipping.

    A gradient that is not finite changes nothing.
    """
    plan, optimiser = updater.plan, updater.optimiser
    optimiser.clear()
    loss.backward()  # type: ignore[no-untyped-call]
    norm = nn.utils.clip_grad_norm_(updater.modules.trained(plan), plan.config.clip_gradient or float("inf"))
    optimiser.update(lr, plan.weight_decay, norm.isfinite())
    return norm


@torch.no_grad()
def measure_after(inputs: UpdateInputs, updater: Updater) -> TokenDistribution | None:
    """Return the distribution after the step's updates; None if nothing asks for the pass that it takes."""
    plan, batch = updater.plan, inputs.batch
    sets_lr = plan.config.lr_schedule == "kl" and plan.updates_per_step == 1
    if not (inputs.diagnose or inputs.record or sets_lr):
        return None
    return updater.modules.policy.distribution_after(batch.prefixes, updater.density, batch.masks)


def _divergence(first: Forward, other: TokenDistribution, batch: Batch) -> Tensor:
    """Return the mean KL () per sampled token, from the `first` pass to the `other` distribution."""
    return masked_mean(spread(first.distribution.detach().kl(other), batch.places), batch.rollout.mask)


def _explained_variance(seen: Forward, returns: Tensor, mask: Tensor) -> Tensor:
    unexplained = masked_variance(returns - seen.values.detach(), mask)
    return 1 - unexplained / masked_variance(returns, mask).clamp_min(1e-12)


def _measurements(seen: Forward, batch: Batch) -> dict[str, Tensor]:
    mask = batch.rollout.mask
    metrics = {
        "entropy": masked_mean(seen.entropies.detach(), mask),
        "mismatch": masked_mean((seen.log_p.detach() - batch.rollout.log_probabilities).abs(), mask),
        "length": mask.sum() / mask.shape[0],
        "characters": mask.sum(),
    }
    if seen.cross_entropy is not None:
        metrics["cross_entropy"] = seen.cross_entropy
    if seen.kl is not None:
        metrics["kl_reference"] = masked_mean(seen.kl.detach(), mask)
    return metrics


def _signal_to_noise(losses: Tensor, mask: Tensor, plan: Plan, modules: Modules) -> Tensor:
    """Return the cosine between the policy gradients of the even and of the odd rows."""
    halves = []
    for first in (0, 1):
        half = aggregated(plan.choices.aggregation, losses[first::2], mask[first::2], modules.policy.max_length)
        gradients = torch.autograd.grad(half, modules.policy.trainable_parameters(), retain_graph=True)
        halves.append(torch.cat([gradient.flatten() for gradient in gradients]))
    return torch.cosine_similarity(halves[0], halves[1], dim=0)
