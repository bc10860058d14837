"""The memory that training a pretrained model by a plan takes, compared with the memory that is free."""

from __future__ import annotations

import torch

from pgplay.errors import InputError
from pgplay.learning.plan import Plan
from pgplay.learning.sharing import can_shard
from pgplay.limits import free_memory
from pgplay.policies.memory import Adapter, MemoryForecast, Workload, forecast_memory, sharded_weights
from pgplay.policies.ranks import ALONE, ProcessRanks, Ranks
from pgplay.policies.spec import PretrainedSpec

_PROMPTS = 64
"""The number of prompts that are checked to find the longest."""


def memory_of(plan: Plan, shares: int = 1) -> MemoryForecast | None:
    """Return the predicted memory of training a pretrained model by `plan`; None for another network.

    It is for one of so many equal `shares` of the batch.
    """
    if not isinstance(plan.shape, PretrainedSpec) or not plan.algorithm.trains_network:
        return None
    prompt = max(len(plan.tokenizer.render_prompt(pair.prompt)) for pair in plan.task.training[:_PROMPTS])
    moments = 3 if plan.config.optimizer == "adam" else 1
    return forecast_memory(
        plan.spec,
        plan.tokenizer.vocabulary_size,
        Adapter(plan.shape.rank, plan.shape.targets),
        Workload(-(-plan.config.batch_size // shares), prompt + plan.shape.max_length, moments),
    )


def free_memory_on(device: torch.device) -> int | None:
    """Return the free bytes of memory on `device`; None if nothing says."""
    if device.type == "cuda":
        free: int = torch.cuda.mem_get_info(device)[0]
        return free
    return free_memory()


def sharded_over(plan: Plan, device: torch.device, ranks: Ranks) -> ProcessRanks | None:
    """Return the `ranks` over which the layers of the plan's model are sharded; None if each has all of it.

    They are where the ranks are told to, or where `device` has no memory for them otherwise.
    """
    if not isinstance(ranks, ProcessRanks) or not can_shard(plan):
        return None
    lacks = _lack(plan, device, ranks.count, sharded=False)
    return ranks if ranks.always_shard or lacks else None


def refuse_without_memory(plan: Plan, device: torch.device, ranks: Ranks = ALONE) -> None:
    """Refuse what `device` has no memory for, before `ranks` load it; raises InputError."""
    lack = _lack(plan, device, ranks.count, sharded=sharded_over(plan, device, ranks) is not None)
    if lack is not None:
        raise InputError("model.memory", field="batch_size", model=plan.config.model, **lack)


def _lack(plan: Plan, device: torch.device, processes: int, *, sharded: bool) -> dict[str, int] | None:
    """Return the bytes that training needs and that are free on `device`, by name, if the former are more; else None.

    The CPU's memory is that of all processes and of the whole batch; a GPU's is that of one, and of its share.
    """
    is_shared_memory = device.type == "cpu"
    memory = memory_of(plan, 1 if is_shared_memory else processes)
    free = None if memory is None else free_memory_on(device)
    if memory is None or free is None:
        return None
    copies = processes if is_shared_memory else 1
    weights = copies * memory.weights
    if sharded:
        weights = sharded_weights(memory, plan.spec.shape.layers, processes, is_on_gpus=not is_shared_memory)
    total = weights + copies * (memory.adapter + memory.optimiser) + memory.step
    if total <= free:
        return None
    return {"needed": total, "weights": weights, "step": memory.step, "free": free}
