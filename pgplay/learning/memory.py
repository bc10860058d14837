"""The memory that training a pretrained model by a plan takes, compared with the memory that is free."""

from __future__ import annotations

import torch

from pgplay.errors import InputError
from pgplay.learning.plan import Plan
from pgplay.limits import free_memory
from pgplay.policies.memory import Adapter, MemoryForecast, Workload, forecast_memory
from pgplay.policies.spec import PretrainedSpec

_PROMPTS = 64
"""The number of prompts that are checked to find the longest."""


def memory_of(plan: Plan) -> MemoryForecast | None:
    """Return the predicted memory of training a pretrained model by `plan`; None for another network."""
    if not isinstance(plan.shape, PretrainedSpec) or not plan.algorithm.trains_network:
        return None
    prompt = max(len(plan.tokenizer.render_prompt(pair.prompt)) for pair in plan.task.training[:_PROMPTS])
    moments = 3 if plan.config.optimizer == "adam" else 1
    return forecast_memory(
        plan.spec,
        plan.tokenizer.vocabulary_size,
        Adapter(plan.shape.rank, plan.shape.targets),
        Workload(plan.config.batch_size, prompt + plan.shape.max_length, moments),
    )


def free_memory_on(device: torch.device) -> int | None:
    """Return the free bytes of memory on `device`; None if nothing says."""
    if device.type == "cuda":
        free: int = torch.cuda.mem_get_info(device)[0]
        return free
    return free_memory()


def refuse_without_memory(plan: Plan, device: torch.device, processes: int = 1) -> None:
    """Refuse what `device` has no memory for, before that many processes load it; raises InputError."""
    memory = memory_of(plan)
    free = None if memory is None else free_memory_on(device)
    if memory is None or free is None:
        return
    step = memory.step  # of the whole batch, which the processes share
    total = processes * (memory.total - step) + step
    if total > free:
        values = {"needed": total, "weights": processes * memory.weights, "step": step, "free": free}
        raise InputError("model.memory", field="batch_size", model=plan.config.model, **values)
