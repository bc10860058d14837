"""Whether several processes can share the steps of a plan."""

from __future__ import annotations

from pgplay.errors import InputError
from pgplay.learning.plan import Plan
from pgplay.policies.ranks import ProcessRanks, Ranks


def refuse_unshared(plan: Plan, processes: int) -> None:
    """Refuse a `plan` whose steps that many processes cannot share; raises InputError."""
    if processes == 1:
        return
    if not plan.algorithm.is_shared:
        raise InputError("engine.algorithm", field="algorithm", algorithm=plan.config.algorithm)
    if plan.config.batch_size < processes:
        raise InputError("engine.batch", field="batch_size", batch=plan.config.batch_size, processes=processes)


def refuse_unshared_by(ranks: Ranks, plan: Plan, device: str) -> None:
    """Refuse a `plan` for a `device` of this type that `ranks` cannot share, each on its own; raises InputError."""
    refuse_unshared(plan, ranks.count)
    if isinstance(ranks, ProcessRanks) and ranks.on_gpus != (device != "cpu"):
        code = "engine.no_gpu" if ranks.on_gpus else "engine.device"
        raise InputError(code, field="device", device=device)
