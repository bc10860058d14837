"""Builds the policy that a run begins with; of a pretrained one it reports how far its files are read."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module

import torch

from pgplay.errors import coded
from pgplay.files.chunks import bytes_read
from pgplay.learning.followers import policy_over
from pgplay.learning.memory import sharded_over
from pgplay.learning.plan import Plan
from pgplay.policies.families.pretrained import weight_files
from pgplay.policies.policy import Policy
from pgplay.policies.ranks import ALONE, Ranks
from pgplay.policies.spec import PretrainedSpec
from pgplay.worker.session.interface import OnProgress


def first_policy(
    plan: Plan, device: torch.device, on_progress: OnProgress, ranks: Ranks = ALONE
) -> Policy | None:
    """Return the untrained or pretrained policy that a run of `plan` begins with; None for one that trains none.

    A pretrained one's layers are sharded over `ranks` where `sharded_over` says so. Its files are read once before they
    are mapped, so that the bytes can be counted. Raises InputError where it cannot be loaded, and what `on_progress`
    raises.
    """
    if not plan.algorithm.trains_network:
        return None
    if isinstance(plan.shape, PretrainedSpec):
        on_progress(coded("progress.packages"))
        for package in ("transformers", "peft"):
            with suppress(ImportError):  # building the policy says what is missing
                import_module(package)
        files = weight_files(plan.shape.model)
        total = sum(file.stat().st_size for file in files)
        for count in bytes_read(files):
            on_progress(coded("progress.weights", count=count, whole=total))
    return policy_over(sharded_over(plan, device, ranks), plan.shape, device, plan.config.seed)
