"""Loads a pretrained model for a run, and reports how far it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from pgplay.errors import coded
from pgplay.learning.plan import Plan
from pgplay.policies.build import build_policy
from pgplay.policies.devices import resolve_device
from pgplay.policies.families.pretrained import weight_files
from pgplay.policies.policy import Policy
from pgplay.policies.spec import PretrainedSpec
from pgplay.worker.session.interface import OnProgress

_CHUNK = 16 * 2**20


def load_pretrained(plan: Plan, on_progress: OnProgress) -> Policy | None:
    """Return the pretrained policy that a run of `plan` begins with; None for another one, which takes no time.

    Its files are read once before they are mapped, so that the bytes can be counted. Raises InputError where it cannot
    be loaded, and what `on_progress` raises.
    """
    spec = plan.shape
    if not isinstance(spec, PretrainedSpec) or not plan.algorithm.trains_network:
        return None
    on_progress(coded("progress.packages"))
    for package in ("transformers", "peft"):
        with suppress(ImportError):  # building the policy says what is missing
            import_module(package)
    files = weight_files(spec.model)
    whole = sum(file.stat().st_size for file in files)
    for count in bytes_read(files):
        on_progress(coded("progress.weights", count=count, whole=whole))
    return build_policy(spec, resolve_device(plan.config.device), plan.config.seed)


def bytes_read(files: Sequence[Path]) -> Iterator[int]:
    """Read `files`, and yield the number of bytes read so far after each part."""
    count = 0
    for path in files:
        with path.open("rb", buffering=0) as file:
            while part := file.read(_CHUNK):
                count += len(part)
                yield count
