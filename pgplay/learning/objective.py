"""The objective: from a batch of scored completions to advantages, one loss, and the updates it asks for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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
from pgplay.learning.control_variate import ControlVariate, Drawn, Steadied
from pgplay.learning.credit import dense_advantages
from pgplay.learning.divergence import kl_weight
from pgplay.learning.losses import (
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
from pgplay.policies.density import Density, entropy, kl_divergence
from pgplay.policies.graphs import EAGER, Graphs
from pgplay.policies.policy import Policy
from pgplay.policies.prefixes import Prefixes, of_actions_at, spread
from pgplay.policies.reading import Reading, mean_losses, token_losses
from pgplay.policies.rollout import Rollout
from pgplay.tasks.task import Pair


class Batch(NamedTuple):
    """What one step learns from: B = P x G completions over T columns, prompt by prompt.

    rewards (P, G). greedy_rewards (P,), where the baseline needs them. token_credit (B, T): dense credit, or None.
    measured: the targets that cross-entropy is measured on, None where the task has none. imitated: texts to make
    likelier, or None: the best completions so far, or the targets of the step's prompts where these are what is learnt
    from; then with the dropout masks (M, P, W) under which they are read. prefixes: those of the completions, then of
    the imitated and of the measured texts. every_credit (prefixes, V): the floored credit that every token would have
    had, for the control variate, or None.
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
        """Which prefix each place (B, T) of the completions has."""
        return self.prefixes.places[: len(self.rollout.actions), : self.rollout.actions.shape[1]]

    @property
    def masks(self) -> Tensor | None:
        """The dropout masks of the completions and of the imitated texts."""
        masks = self.rollout.dropout_masks
        if masks is None or self.imitated_masks is None:
            return masks
        return torch.cat([masks, self.imitated_masks], 1)


class Modules(NamedTuple):
    """What takes part; the reference is None where no KL divergence is asked for, the variate where none is used."""

    policy: Policy
    critic: nn.Linear
    reference: Policy | None
    variate: ControlVariate | None = None

    def trained(self, plan: Plan) -> list[nn.Parameter]:
        """Return the parameters that `plan` trains."""
        critic = list(self.critic.parameters()) if plan.choices.baseline == "critic" else []
        return [*self.policy.trainable_parameters(), *critic]


class Forward(NamedTuple):
    """One pass over a batch. All (B, T) but features (P, W) and log_p_all (P, V) of its prefixes, and the last three.

    log_ratio: log p - log q of the actions under policy and reference; kl: exactly, over the vocabulary; None without
    a reference. target_losses (M, L): -log p of the measured targets' tokens, 0 where there is none; the last two are
    scalars.
    """

    features: Tensor
    log_p_all: Tensor
    log_p: Tensor
    values: Tensor
    entropies: Tensor
    log_ratio: Tensor | None
    kl: Tensor | None
    imitation: Tensor | None
    target_losses: Tensor | None
    cross_entropy: Tensor | None


class Past(NamedTuple):
    """What the steps before left to this one; divergence: the last one from the reference, None where there is none."""

    lr: float | Tensor
    entropy_weight: float | Tensor
    moving_average: float | Tensor
    divergence: float | Tensor | None = None


class Learnt(NamedTuple):
    """A step's metrics by name, and the losses (M, L) of the measured targets' tokens before its updates, if any."""

    metrics: dict[str, float]
    target_losses: Tensor | None


class Witness:
    """Keeps what one step went through, for whoever asked how it came about; a step that nobody asked about has none.

    `pairs` are its P prompts, `values` the parts and measures of its B rewards by name. `shared` (B, T) are the
    advantages before the control variate steadied them to `advantages`. `first` is what was seen before the first
    update, `last` before the last one, `gain` that update's policy part, `log_p_after` (B, T) what came of the
    actions' log-probabilities. The last three stay None in a step without an update.
    """

    def __init__(self) -> None:
        self.pairs: Sequence[Pair] = ()
        self.values: Mapping[str, Sequence[float]] = {}
        self.batch: Batch | None = None
        self.first: Forward | None = None
        self.shared: Tensor | None = None
        self.advantages: Tensor | None = None
        self.last: Forward | None = None
        self.gain: Surrogate | None = None
        self.log_p_after: Tensor | None = None


def forward(batch: Batch, modules: Modules, density: Density) -> Forward:
    """Return what the networks say of `batch`; targets and imitated texts share the pass of the completions."""
    policy, prefixes, places, actions = modules.policy, batch.prefixes, batch.places, batch.rollout.actions
    features = policy.features(prefixes, batch.masks)
    logits = policy.network.logits(features)
    log_p_all = density.log_probabilities(logits)
    log_p = of_actions_at(log_p_all, places, actions)
    log_ratio = kl = None
    if modules.reference is not None:
        with torch.no_grad():
            log_q_all = modules.reference.log_probabilities_after(prefixes, Density(density.temperature))
        log_ratio = log_p - of_actions_at(log_q_all, places, actions)
        kl = spread(kl_divergence(log_p_all, log_q_all), places)
    # Texts that were not drawn are read as they are: the filters are those of sampling.
    plain = log_p_all if density == Density() else Density().log_probabilities(logits)
    texts = [reading for reading in (batch.imitated, batch.measured) if reading]
    losses, first = [], len(actions)
    for reading in texts:
        own = prefixes.places[first : first + len(reading.actions), : reading.actions.shape[1]]
        losses.append(token_losses(plain, own, reading))
        first += len(reading.actions)
    cross_entropies = [mean_losses(loss, reading).mean() for loss, reading in zip(losses, texts, strict=True)]
    return Forward(
        features,
        log_p_all,
        log_p,
        spread(modules.critic(features)[:, 0], places),
        spread(entropy(log_p_all), places),
        log_ratio,
        kl,
        imitation=cross_entropies[0] if batch.imitated else None,
        target_losses=losses[-1].detach() if batch.measured else None,
        cross_entropy=cross_entropies[-1].detach() if batch.measured else None,
    )


def advantages_of(batch: Batch, plan: Plan, seen: Forward, moving_average: float | Tensor) -> tuple[Tensor, Tensor]:
    """Return advantages (B, T) by the plan's choices, and the returns (B, T) that a critic is to forecast.

    Both are constants to the gradient. A scale divides advantages only: the critic forecasts rewards as they are.
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


def known_worth(batch: Batch, plan: Plan) -> Tensor | None:
    """Return the dense advantages (P, V) of all tokens where every one's credit is known, else None."""
    if plan.choices.credit != "dense" or batch.every_credit is None:
        return None
    return dense_advantages(batch.every_credit)


def kl_charges(plan: Plan, seen: Forward, mask: Tensor) -> Tensor:
    """Return what each token (B, T) takes off the reward for its log-ratio to the reference; 0 where not asked for."""
    if plan.kl and plan.config.kl_in == "reward" and seen.log_ratio is not None:
        return torch.where(mask, plan.kl * seen.log_ratio.detach(), 0.0)
    return torch.zeros_like(seen.values.detach())


def gain_of(
    seen: Forward, drawn: Forward, batch: Batch, plan: Plan, advantages: Tensor, worth: Tensor | None = None
) -> Surrogate:
    """Return the policy's own per-token part of the loss: as `seen` now, of what was `drawn` then.

    What is known of every token after a prefix, `worth` (P, V), is weighed for all of them; of `advantages` (B, T) only
    the rest is credited to the token that was drawn.
    """
    ratio, limits, rollout = plan.choices.ratio, (plan.config.clip_low, plan.clip_high), batch.rollout

    def of_drawn(values: Tensor) -> Surrogate:
        return surrogate(ratio, seen.log_p, rollout.log_probabilities, values, rollout.mask, *limits)

    gain = of_drawn(advantages)
    if worth is None:
        return gain
    everyones = expected_surrogate(ratio, seen.log_p_all, drawn.log_p_all.detach(), worth, *limits)
    rest = advantages - of_actions_at(worth, batch.places, rollout.actions)
    return gain._replace(losses=spread(everyones, batch.places) + of_drawn(rest).losses)


def loss_of(
    gain: Surrogate,
    seen: Forward,
    batch: Batch,
    plan: Plan,
    modules: Modules,
    returns: Tensor,
    entropy_weight: float | Tensor,
    divergence_weight: Tensor | float,
) -> Tensor:
    """Return the number to minimise, of which `gain` is the policy's own part."""
    config, mask = plan.config, batch.rollout.mask
    loss = aggregated(plan.choices.aggregation, gain.losses, mask, modules.policy.max_length)
    loss = loss - entropy_weight * masked_mean(seen.entropies, mask)
    if plan.kl and config.kl_in == "loss" and seen.kl is not None:
        loss = loss + divergence_weight * masked_mean(seen.kl, mask)
    if plan.choices.baseline == "critic":
        loss = loss + config.critic * masked_mean((seen.values - returns).square(), mask)
    if seen.imitation is not None:
        loss = loss + plan.imitation * seen.imitation
    return loss + parameter_penalty(modules.policy.trainable_parameters(), config.l1, config.l2)


def learn(
    batch: Batch,
    plan: Plan,
    modules: Modules,
    optimiser: Adam,
    density: Density,
    past: Past,
    *,
    update: bool,
    diagnose: bool,
    witness: Witness | None = None,
    graphs: Graphs = EAGER,
) -> Learnt:
    """Make the plan's updates from one batch and return the step's metrics, in one transfer from the device.

    With `update` false all is measured and nothing is changed; `diagnose` adds what costs further passes, and a
    `witness` keeps what the step went through. Raises PgplayError where a gradient is not finite; the parameters are
    then as before that update.
    """
    compute = partial(make_updates, plan, modules, optimiser, density, update, diagnose, witness)
    if witness is not None:
        with graphs.beside():
            done = compute(batch, past)
    else:
        # Lengths of prefixes, which the mask holds, would make constants of themselves.
        lasting = batch._replace(rollout=batch.rollout._replace(prefix_lengths=[]))
        done = graphs.run(compute, ("updates", update, diagnose), lasting, past)
    numbers = torch.stack([value.float() for value in done.told.values()]).tolist()
    metrics = dict(zip(done.told, numbers, strict=True))
    if not math.isfinite(metrics.get("gradient_norm", 0.0)):
        raise PgplayError(
            "Learning diverged: the gradient is not a finite number.", "Resume from a checkpoint with a lower lr."
        )
    if update and modules.variate is not None:
        graphs.run(modules.variate.learn, "variate", done.drawn, done.whole, done.steadied)
    return Learnt(metrics, done.target_losses)


class Done(NamedTuple):
    """What updates left on the device: metrics, losses as in `Learnt`, and what the variate is to learn from."""

    told: dict[str, Tensor]
    target_losses: Tensor | None
    whole: Tensor
    drawn: Drawn | None
    steadied: Steadied | None


def make_updates(
    plan: Plan,
    modules: Modules,
    optimiser: Adam,
    density: Density,
    update: bool,
    diagnose: bool,
    witness: Witness | None,
    batch: Batch,
    past: Past,
) -> Done:
    """Make the plan's updates without asking the device for anything; the numbers of `past` may be tensors ()."""
    mask, parameters = batch.rollout.mask, modules.trained(plan)
    with torch.set_grad_enabled(update):
        seen = first = forward(batch, modules, density)
    advantages, returns = advantages_of(batch, plan, seen, past.moving_average)
    told = _measurements(seen, batch)
    if plan.kl and seen.kl is not None:
        told["kl_weight"] = kl_weight(plan.kl, plan.config.kl_limit, told["kl_reference"], past.divergence)
    if witness is not None:
        witness.batch, witness.first, witness.shared, witness.advantages = batch, first, advantages, advantages
    whole = masked_row_means(advantages, mask)
    worth = known_worth(batch, plan)
    drawn = steadied = None
    if modules.variate is not None:
        baseline, actions = Baseline(plan.choices.baseline, plan.group_size), batch.rollout.actions
        said = seen.features, seen.log_p_all, batch.places
        drawn = modules.variate.drawn(*said, actions, mask, baseline, batch.every_credit)
        steadied = modules.variate.steady(drawn, whole)
        advantages, worth, told["foretold"] = steadied.advantages, steadied.worth, steadied.explained
        if witness is not None:
            witness.advantages = advantages
    if plan.choices.baseline == "critic":
        unexplained = masked_variance(returns - seen.values.detach(), mask)
        told["explained_variance"] = 1 - unexplained / masked_variance(returns, mask).clamp_min(1e-12)
    for number in range(plan.updates_per_step if update else 0):
        if number:
            seen = forward(batch, modules, density)
        if number == 1:
            made = kl_divergence(first.log_p_all.detach(), seen.log_p_all.detach())
            told["kl_first_update"] = masked_mean(spread(made, batch.places), mask)
        charged = told.get("kl_weight", 0.0)
        gain = gain_of(seen, first, batch, plan, advantages, worth)
        loss = loss_of(gain, seen, batch, plan, modules, returns, past.entropy_weight, charged)
        if diagnose and number == 0 and plan.choices.credit != "none":
            told["signal_to_noise"] = _signal_to_noise(gain.losses, mask, plan, modules)
        optimiser.clear()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(parameters, plan.config.clip_gradient or float("inf"))
        optimiser.update(past.lr, plan.weight_decay, norm.isfinite())
        told |= {"loss": loss.detach(), "clip_share": gain.clip_share, "gradient_norm": norm}
        if witness is not None:
            witness.last, witness.gain = seen, gain
    needs_divergence = plan.config.lr_schedule == "kl" and plan.updates_per_step == 1
    if (diagnose or witness is not None or needs_divergence) and update:
        with torch.no_grad():
            after = modules.policy.log_probabilities_after(batch.prefixes, density, batch.masks)
        made = kl_divergence(first.log_p_all.detach(), after)
        told["kl_update"] = masked_mean(spread(made, batch.places), mask)
        if plan.updates_per_step == 1:
            told["kl_first_update"] = told["kl_update"]
        if witness is not None:
            witness.log_p_after = of_actions_at(after, batch.places, batch.rollout.actions)
    return Done(told, first.target_losses, whole, drawn, steadied)


def _measurements(seen: Forward, batch: Batch) -> dict[str, Tensor]:
    mask = batch.rollout.mask
    told = {
        "entropy": masked_mean(seen.entropies.detach(), mask),
        "mismatch": masked_mean((seen.log_p.detach() - batch.rollout.log_probabilities).abs(), mask),
        "length": mask.sum() / mask.shape[0],
        "characters": mask.sum(),
    }
    if seen.cross_entropy is not None:
        told["cross_entropy"] = seen.cross_entropy
    if seen.kl is not None:
        told["kl_reference"] = masked_mean(seen.kl.detach(), mask)
    return told


def _signal_to_noise(losses: Tensor, mask: Tensor, plan: Plan, modules: Modules) -> Tensor:
    """Return the cosine between the policy gradients of the even and of the odd rows."""
    halves = []
    for first in (0, 1):
        half = aggregated(plan.choices.aggregation, losses[first::2], mask[first::2], modules.policy.max_length)
        gradients = torch.autograd.grad(half, modules.policy.trainable_parameters(), retain_graph=True)
        halves.append(torch.cat([gradient.flatten() for gradient in gradients]))
    return torch.cosine_similarity(halves[0], halves[1], dim=0)
