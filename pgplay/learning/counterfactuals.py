"""One step's update without one of its parts, and in the plain algorithm: repeated from the same batch and weights.

Every update begins at the weights before the step, and the weights after it are put back. No random number is drawn.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
import torch
from torch import Tensor

from pgplay.learning.algorithms.table import ALGORITHMS
from pgplay.learning.defaults import SGD_LR
from pgplay.learning.objective.adamw import Adam
from pgplay.learning.objective.batch import Batch, Modules
from pgplay.learning.objective.forward import forward
from pgplay.learning.objective.optimisers import make_optimiser
from pgplay.learning.objective.records import UpdateInputs, Updater, UpdateResult
from pgplay.learning.objective.update import make_updates
from pgplay.learning.plan import Plan
from pgplay.learning.trainer import Trainer

MOST_WORK = 200_000_000
"""Most parameters times tokens of a batch for which every part is left out in turn: about a second on two cores."""
MOST_PUSHES = 64
"""Most completions whose own push is measured: each takes a backward pass."""
PLAIN_ALGORITHM = "plain-reinforce"

_PLAIN: dict[str, Any] = {
    **ALGORITHMS[PLAIN_ALGORITHM].choices._asdict(),
    **dict(ALGORITHMS[PLAIN_ALGORITHM].usual),
    "algorithm": PLAIN_ALGORITHM, "updates_per_step": 1, "discount": 1.0, "lr": SGD_LR, "clip_gradient": 0.0,
    **dict.fromkeys(("kl", "replay", "l1", "l2"), 0.0),
}
_PLAIN.pop("batch_size")  # the batch is the run's


class Counterfactual(NamedTuple):
    """A step's update with other settings, and whether Adam forgets the direction of earlier updates."""

    changes: Mapping[str, Any]
    without_momentum: bool = False


def plain_plan(plan: Plan) -> Plan:
    """Return the plan of REINFORCE with a baseline for the batches of `plan`."""
    baseline = "group-mean" if plan.config.group_size > 1 else "batch-mean"
    config = msgspec.structs.replace(plan.config, **{**_PLAIN, "baseline": baseline})
    return plan._replace(config=config, algorithm=ALGORITHMS[PLAIN_ALGORITHM])


def counterfactuals(plan: Plan, entropy_weight: float) -> dict[str, Counterfactual]:
    """Return, for each part of the update that `plan` really has, by its text's code, the update without it."""
    config = plan.config
    by_part = {
        "part.momentum": (config.optimizer == "adam", Counterfactual({}, without_momentum=True)),
        "part.adam": (config.optimizer == "adam", Counterfactual({"optimizer": "sgd", "lr": SGD_LR})),
        "part.entropy": (entropy_weight > 0, Counterfactual({"entropy": 0.0})),
        "part.weight_decay": (config.weight_decay > 0, Counterfactual({"weight_decay": 0.0})),
        "part.control_variate": (config.control_variate != "none", Counterfactual({"control_variate": "none"})),
        "part.further_updates": (config.updates_per_step > 1, Counterfactual({"updates_per_step": 1})),
        "part.kl": (config.kl > 0, Counterfactual({"kl": 0.0})),
        "part.imitation": (config.replay > 0, Counterfactual({"replay": 0.0})),
        "part.penalties": (config.l1 > 0 or config.l2 > 0, Counterfactual({"l1": 0.0, "l2": 0.0})),
        "part.critic": (config.baseline == "critic" and config.critic > 0, Counterfactual({"critic": 0.0})),
    }
    return {name: counterfactual for name, (is_on, counterfactual) in by_part.items() if is_on}


class Before:
    """The state of `trainer` before a step, stored so that its update can be repeated."""

    def __init__(self, trainer: Trainer) -> None:
        self.carried = trainer.carried
        self._trainer = trainer
        self._parameters = list(trainer.optimiser.parameters)
        self._weights = [parameter.detach().clone() for parameter in self._parameters]
        self._moments = {name: tensor.clone() for name, tensor in trainer.optimiser.state().items()}
        self._variate = copy.deepcopy(trainer.variate)

    def update(self, batch: Batch, plan: Plan, counterfactual: Counterfactual) -> UpdateResult:
        """Return the result of updating on `batch` by `plan` with the changes of `counterfactual`, and its record."""
        trainer, config = self._trainer, msgspec.structs.replace(plan.config, **counterfactual.changes)
        plan = plan._replace(config=config)
        optimiser = make_optimiser(config.optimizer, self._parameters)
        if isinstance(optimiser, Adam):
            optimiser.load_state(self._moments)
            if counterfactual.without_momentum:
                optimiser.forget_direction()
        modules = Modules(
            trainer.policy, trainer.critic, trainer.reference, self._variate if plan.uses_control_variate else None
        )
        if config.credit == "terminal":
            batch = batch._replace(token_credit=None)
        if config.control_variate == "none":
            batch = batch._replace(every_credit=None)
        is_other_lr = "lr" in counterfactual.changes or config.algorithm != trainer.plan.config.algorithm
        carried = self.carried._replace(
            lr=config.lr if is_other_lr else self.carried.lr,
            entropy_weight=0.0 if config.entropy == 0.0 else self.carried.entropy_weight,
        )
        now = self._put(self._weights)
        try:
            inputs = UpdateInputs(batch, carried, record=True)
            return make_updates(inputs, Updater(plan, modules, optimiser, trainer.density))
        finally:
            optimiser.clear()
            self._put(now)

    def own_pushes(self, batch: Batch, lr: float) -> list[float]:
        """Return how far each completion's own gradient moves its log p in the plain algorithm, to the first order.

        It is lr A |∇ log p|² / B with A = 1; the rest of a completion's movement comes from the others' gradients.
        """
        trainer = self._trainer
        now = self._put(self._weights)
        try:
            modules = Modules(trainer.policy, trainer.critic, None)
            log_p = forward(batch, modules, trainer.density).log_p
            totals = torch.where(batch.rollout.mask, log_p, 0.0).sum(1)
            parameters = trainer.policy.trainable_parameters()
            squares = []
            for total in totals:
                gradients = torch.autograd.grad(total, parameters, retain_graph=True, allow_unused=True)
                squares.append(sum(float(part.square().sum()) for part in gradients if part is not None))
            return [lr * square / len(squares) for square in squares]
        finally:
            self._put(now)

    @torch.no_grad()
    def _put(self, weights: list[Tensor]) -> list[Tensor]:
        """Put `weights` into the networks; return those that were there."""
        previous = [parameter.detach().clone() for parameter in self._parameters]
        for parameter, weight in zip(self._parameters, weights, strict=True):
            parameter.copy_(weight)
        return previous
