"""The objective: from a batch of scored completions to advantages, a loss, and the updates that minimise it."""

from __future__ import annotations

import math
from functools import partial

import torch
from torch import Tensor, nn

from pgplay.errors import PgplayError
from pgplay.learning.objective.advantage_rules import advantages_of, token_q_values
from pgplay.learning.objective.advantages import (
    Baseline,
)
from pgplay.learning.objective.batch import Batch
from pgplay.learning.objective.control_variate import ControlVariate, SampledTokens
from pgplay.learning.objective.forward import Forward, forward
from pgplay.learning.objective.losses import (
    ClipRange,
    Surrogate,
    aggregated,
    expected_surrogate,
    masked_mean,
    masked_row_means,
    parameter_penalty,
    surrogate,
)
from pgplay.learning.objective.measurements import (
    divergence_of_update,
    explained_variance,
    measurements,
    signal_to_noise,
)
from pgplay.learning.objective.records import (
    Credit,
    LossWeights,
    Regression,
    UpdateInputs,
    Updater,
    UpdateRecord,
    UpdateResult,
)
from pgplay.learning.plan import Plan
from pgplay.learning.schedules.kl_weight import kl_weight, next_level
from pgplay.policies.distribution import TokenDistribution
from pgplay.policies.ranks import ALONE, Ranks


def policy_loss(current: Forward, first: Forward, batch: Batch, plan: Plan, credit: Credit) -> Surrogate:
    """Return the policy's per-token part of the loss in the `current` pass, for tokens sampled under the `first` pass.

    With q-values, all tokens are weighted by theirs, and the sampled token is credited with the rest of its advantage.
    """
    config, rollout = plan.config, batch.rollout
    ratio, clip = config.ratio, ClipRange(config.clip_low, config.clip_high)

    def of_sampled(advantages: Tensor) -> Surrogate:
        return surrogate(ratio, current.log_p, rollout.log_probabilities, advantages, rollout.mask, clip)

    whole = of_sampled(credit.advantages)
    if credit.q_values is None:
        return whole
    expected = expected_surrogate(ratio, current.distribution, first.distribution.detach(), credit.q_values, clip)
    (q,) = batch.ranks.whole([credit.q_values.of(batch.actions, batch.prefix_index)], len(rollout.actions))
    rest = credit.advantages - q
    return whole._replace(losses=batch.at_tokens(expected) + of_sampled(rest).losses)


def total_loss(
    part: Surrogate, current: Forward, batch: Batch, returns: Tensor, weights: LossWeights, updater: Updater
) -> Tensor:
    """Return the number to minimise; `part` is the policy's part of it."""
    config, mask = updater.plan.config, batch.rollout.mask
    policy = updater.modules.policy
    loss = aggregated(config.aggregation, part.losses, mask, policy.max_length)
    loss = loss - weights.entropy * masked_mean(current.entropies, mask)
    if config.kl and config.kl_in == "loss" and current.kl is not None:
        loss = loss + weights.kl * masked_mean(current.kl, mask)
    if config.baseline == "critic":
        loss = loss + config.critic * masked_mean((current.values - returns).square(), mask)
    if current.imitation is not None:
        loss = loss + updater.plan.imitation * current.imitation
    return loss + batch.ranks.once(parameter_penalty(policy.trainable_parameters(), config.l1, config.l2))


def update_policy(inputs: UpdateInputs, updater: Updater) -> tuple[dict[str, float], UpdateResult]:
    """Make the plan's updates from one batch and return the step's metrics, in one transfer from the device.

    Raises PgplayError if a gradient is not finite; the parameters are then as before that update.
    """
    graphs, variate = updater.graphs, updater.modules.variate
    if inputs.record:
        with graphs.eager():
            result = make_updates(inputs, updater)
    else:
        # The lengths of prefixes are in the mask as well; as numbers they would be constants of a recording.
        rollout = inputs.batch.rollout._replace(prefix_lengths=[])
        inputs = inputs._replace(batch=inputs.batch._replace(rollout=rollout))
        result = graphs.run(partial(make_updates, updater=updater), "updates", inputs)
    ranks = inputs.batch.ranks
    values = torch.stack([value.to(torch.get_default_dtype()) for value in result.metrics.values()])
    numbers = ranks.of_first(values).tolist()
    metrics = dict(zip(result.metrics, numbers, strict=True))
    if not math.isfinite(metrics.get("gradient_norm", 0.0)):
        raise PgplayError("learning.diverged")
    if inputs.update and variate is not None and result.regression is not None:
        graphs.run(variate.learn, "variate", *result.regression)
    return metrics, result


def make_updates(inputs: UpdateInputs, updater: Updater) -> UpdateResult:
    """Make the plan's updates without reading a number from the device; those of `inputs.carried` may be tensors ()."""
    batch, carried, plan = inputs.batch, inputs.carried, updater.plan
    config = plan.config
    with torch.set_grad_enabled(inputs.update):
        first = forward(batch, updater.modules, updater.density)
    advantages, returns = advantages_of(batch, plan, first, carried.moving_average)
    metrics = measurements(first, batch)
    if config.kl and first.kl is not None:
        level = next_level(carried.divergence, metrics["kl_reference"], plan.kl_smoothing)
        metrics["kl_weight"] = kl_weight(config.kl, config.kl_limit, level)
    credit, regression = Credit(advantages, returns, token_q_values(batch, plan)), None
    if updater.modules.variate is not None:
        regression = apply_control_variate(updater.modules.variate, batch, plan, first, advantages)
        reduced = regression.reduced
        credit = credit._replace(advantages=reduced.advantages, q_values=reduced.q_values)
        metrics["foretold"] = reduced.explained
    if config.baseline == "critic":
        metrics["explained_variance"] = explained_variance(first, returns, batch.rollout.mask)
    weights = LossWeights(carried.entropy_weight, metrics.get("kl_weight", 0.0))
    current, part = first, None
    for number in range(config.updates_per_step if inputs.update else 0):
        if number:
            current = forward(batch, updater.modules, updater.density)
        if number == 1:
            metrics["kl_first_update"] = divergence_of_update(first, current.distribution.detach(), batch)
        part = policy_loss(current, first, batch, plan, credit)
        if inputs.diagnose and number == 0 and config.credit != "none":
            metrics["signal_to_noise"] = signal_to_noise(part.losses, batch, plan, updater.modules)
        loss = total_loss(part, current, batch, returns, weights, updater)
        metrics |= {"loss": loss.detach(), "clip_share": part.clip_share}
        metrics["gradient_norm"] = one_update(loss, carried.lr, updater, batch.ranks)
    after = measure_after(inputs, updater) if inputs.update else None
    if after is not None:
        metrics["kl_update"] = divergence_of_update(first, after, batch)
        if config.updates_per_step == 1:
            metrics["kl_first_update"] = metrics["kl_update"]
    record = None
    if inputs.record:
        log_p_after = None if after is None else after.log_p(batch.actions, batch.prefix_index)
        record = UpdateRecord(batch, first, advantages, credit.advantages, part, log_p_after)
    return UpdateResult(metrics, first.target_losses, regression, record)


def apply_control_variate(
    variate: ControlVariate, batch: Batch, plan: Plan, first: Forward, advantages: Tensor
) -> Regression:
    """Return the batch's sampled tokens, their completions' advantages, and these with less variance, per token."""
    sampled = SampledTokens(
        described=variate.describe(first.features),
        distribution=first.distribution.detach(),
        prefix_index=batch.prefix_index,
        actions=batch.rollout.actions,
        mask=batch.rollout.mask,
        baseline=Baseline(plan.config.baseline, plan.config.group_size),
        credit=batch.every_credit,
        ranks=batch.ranks,
    )
    of_completions = masked_row_means(advantages, sampled.mask)
    return Regression(sampled, of_completions, variate.apply(sampled, of_completions))


def one_update(loss: Tensor, lr: float | Tensor, updater: Updater, ranks: Ranks = ALONE) -> Tensor:
    """Take one optimiser step down `loss` of all `ranks` and return the gradient's norm () before clipping.

    A gradient that is not finite changes nothing.
    """
    plan, optimiser = updater.plan, updater.optimiser
    optimiser.clear()
    loss.backward()  # type: ignore[no-untyped-call]
    trained = updater.modules.trained(plan)
    ranks.add([parameter.grad for parameter in trained if parameter.grad is not None])
    norm = nn.utils.clip_grad_norm_(trained, plan.config.clip_gradient or float("inf"))
    optimiser.update(lr, plan.config.weight_decay, norm.isfinite())
    return norm


@torch.no_grad()
def measure_after(inputs: UpdateInputs, updater: Updater) -> TokenDistribution | None:
    """Return the distribution after the step's updates; None if nothing asks for the pass that it takes."""
    plan, batch = updater.plan, inputs.batch
    sets_lr = plan.config.lr_schedule == "kl" and plan.config.updates_per_step == 1
    if not (inputs.diagnose or inputs.record or sets_lr):
        return None
    policy = updater.modules.policy
    return policy.distributions(batch.features(policy), [updater.density])[0]


