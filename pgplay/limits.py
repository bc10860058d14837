"""What this process may use: CPU cores, and memory, which is checked before torch is loaded.

Where there is too little, torch and the libraries that it loads end the process by themselves, each in its own words.
"""

from __future__ import annotations

import os
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

CORES = "PGPLAY_CORES"
"""The variable of the environment that limits how many cores a process may use, where others share the machine."""


def available_cores() -> int:
    """Return how many cores this process may use, by its affinity, the quotas of its containers and PGPLAY_CORES."""
    allowed = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    allowed = min(allowed, int(os.environ.get(CORES, allowed)))
    quota = container_quota() if sys.platform == "linux" else None
    # rounded down: a thread on half a core would slow the others
    return allowed if quota is None else max(1, min(allowed, int(quota)))


def container_quota(system: Path = Path("/")) -> float | None:
    """Return the smallest CPU quota of the control groups (version 1 or 2), in cores; None without one.

    `system` is the folder that holds `proc` and `sys`.
    """
    quotas = []
    for line in _read(system / "proc/self/cgroup").splitlines():
        _, controllers, group = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        top = system / "sys/fs/cgroup" / ("cpu" if controllers else "")
        group_folder = top / group.lstrip("/")
        # A container may see the host's path; the top is then the container's own group.
        for folder in {group_folder, *group_folder.parents, top}:
            if folder.is_relative_to(top):
                quotas += _quota_of(folder, is_first_version=bool(controllers))
    return min(quotas, default=None)


def _quota_of(group: Path, *, is_first_version: bool) -> list[float]:
    names = ("cpu.cfs_quota_us", "cpu.cfs_period_us") if is_first_version else ("cpu.max",)
    values = " ".join(_read(group / name) for name in names).split()
    # Without a limit, version 2 has 'max' and version 1 has -1.
    return [int(values[0]) / int(values[1])] if len(values) == 2 and values[0].isdecimal() else []


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # no such file
        return ""


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
