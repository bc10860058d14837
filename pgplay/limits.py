"""The memory of this process, checked before torch is loaded, and the memory for the logits of a pass.

Where there is too little, torch and the libraries that it loads end the process by themselves, each in its own words.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

LOGITS_MEMORY = 2**30
"""Bytes for the logits of a pass over a batch, and for everything computed from them."""

LOGIT_COPIES = 8
"""Numbers kept for each logit: log-probabilities of policy and reference, and what their gradient needs."""

LEAST_FOR_TORCH = 768 * 1024 * 1024
"""Bytes of addresses below which the smallest build of torch does not load, or makes no step."""


def address_limit() -> int | None:
    """Return how many bytes of addresses this process may have (ulimit -v); None where there is no limit."""
    try:
        import resource
    except ImportError:  # Windows has none
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if limit == resource.RLIM_INFINITY else limit


def free_memory() -> int | None:
    """Return how many bytes of memory programs may still take without swapping; None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:  # only Linux has it
        return None
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")), None)


class _TorchFinder(MetaPathFinder):
    """Refuses to load torch where it would abort the process; finds nothing itself."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name == "torch" and (limit := address_limit()) is not None and limit < LEAST_FOR_TORCH:
            raise ImportError(f"cannot allocate memory for torch: the limit is {limit // 2**20} MB")
        return None


def refuse_torch_without_memory() -> None:
    """Make every import of torch fail with a message if the memory limit is too low for it."""
    if not any(isinstance(finder, _TorchFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _TorchFinder())
