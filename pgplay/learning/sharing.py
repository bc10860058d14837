"""Whether several processes can share the steps of a plan; without torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pgplay.errors import InputError
from pgplay.learning.plan import Plan
from pgplay.policies.spec import PretrainedSpec

if TYPE_CHECKING:
    from pgplay.policies.ranks import Ranks


def refuse_unshared(plan: Plan, processes: int, *, shards: bool = False) -> None:
    """Refuse a `plan` whose steps that many processes cannot share; raises InputError.

    `shards`: nor its model's layers.
    """
    if processes == 1:
        return
    if not plan.algorithm.is_shared:
        raise InputError("engine.algorithm", field="algorithm", algorithm=plan.config.algorithm)
    if plan.config.batch_size < processes:
        raise InputError("engine.batch", field="batch_size", batch=plan.config.batch_size, processes=processes)
    if shards and not can_shard(plan):
        code = "engine.all_weights" if isinstance(plan.shape, PretrainedSpec) else "engine.own_network"
        raise InputError(code, field="lora_rank", model=plan.config.model)


def can_shard(plan: Plan) -> bool:
    """Return whether ranks can hold a part each of the layers of the plan's model: if nobody trains them."""
    return isinstance(plan.shape, PretrainedSpec) and plan.shape.rank > 0


def refuse_unshared_by(ranks: Ranks, plan: Plan, device: str) -> None:
    """Refuse a `plan` for a `device` of this type that `ranks` cannot share, each on its own; raises InputError."""
    refuse_unshared(plan, ranks.count, shards=ranks.always_shard)
    if ranks.on_gpus is not None and ranks.on_gpus != (device != "cpu"):
        code = "engine.no_gpu" if ranks.on_gpus else "engine.device"
        raise InputError(code, field="device", device=device)
