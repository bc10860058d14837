"""The inputs and the results of an update."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from pgplay.learning.objective.batch import Batch, Modules
from pgplay.learning.objective.control_variate import SampledTokens, VarianceReduced
from pgplay.learning.objective.forward import Forward
from pgplay.learning.objective.losses import Surrogate
from pgplay.learning.objective.optimisers import Optimiser
from pgplay.learning.plan import Plan
from pgplay.learning.schedules.kl_weight import KlLevel
from pgplay.policies.cuda_graphs import EAGER, GraphCache
from pgplay.policies.density import Density
from pgplay.policies.distribution import TokenValues


class CarriedState(NamedTuple):
    """State carried over from earlier steps; divergence: from the reference, if there is one."""

    lr: float | Tensor
    entropy_weight: float | Tensor
    moving_average: float | Tensor
    divergence: KlLevel | None = None


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
    """The parts of an update that stay the same from step to step: how to update, and the modules."""

    plan: Plan
    modules: Modules
    optimiser: Optimiser
    density: Density
    graphs: GraphCache = EAGER


class Credit(NamedTuple):
    """The credit of a batch's tokens, constant to the gradient.

    advantages (B, T) are those of the sampled tokens; q_values those of every token, if known: of each sampled
    token's advantage that part is then averaged over all tokens. returns (B, T) are the critic's targets.
    """

    advantages: Tensor
    returns: Tensor
    q_values: TokenValues | None = None


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
