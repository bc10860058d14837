"""The machine's CPU cores: how many this process may use, and how parallel runs share them.

Each run that trains holds a claim, a locked file whose name says how many threads it wants, and all runs work out the
same shares from all claims. A claim ends with its process, however that dies.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pgplay.files.locks import FileLock, locked_folder
from pgplay.paths import cores_folder, make_folder

_ENDING = ".claim"
_FIXED, _FLEXIBLE = "fixed", "flexible"


class Wish(NamedTuple):
    """How many threads a run wants; a fixed one was told so by a person, or wants one, and takes no less."""

    threads: int
    is_fixed: bool


def available_cores() -> int:
    """Return how many cores this process may use: its affinity, and the quota of the containers that it is in."""
    allowed = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    quota = container_quota() if sys.platform == "linux" else None
    # Half a core more is no core for one more thread.
    return allowed if quota is None else max(1, min(allowed, int(quota)))


def let_waiting_threads_sleep() -> None:
    """Have OpenMP's threads sleep while they wait for each other; to be called before torch is loaded.

    By default they spin, and where anything else takes one of their cores, the others spin for whole time slices: with
    two busy processes on two cores a step of gru-medium with two threads took 27 to 50 times as long as with one, with
    sleeping threads 1.1 times. What a person has set stands.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def container_quota(system: Path = Path("/")) -> float | None:
    """Return the smallest CPU quota, in cores, that control groups (version 1 or 2) set; None where none does.

    `system` is the folder that holds `proc` and `sys`.
    """
    quotas = []
    for line in _read(system / "proc/self/cgroup").splitlines():
        _, controllers, group = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        top = system / "sys/fs/cgroup" / ("cpu" if controllers else "")
        own = top / group.lstrip("/")
        # Inside a container the path may be told as the host sees it; the top is then the container's own group.
        for folder in {own, *own.parents, top}:
            if folder.is_relative_to(top):
                quotas += _quota_of(folder, is_first_version=bool(controllers))
    return min(quotas, default=None)


def _quota_of(group: Path, *, is_first_version: bool) -> list[float]:
    names = ("cpu.cfs_quota_us", "cpu.cfs_period_us") if is_first_version else ("cpu.max",)
    words = " ".join(_read(group / name) for name in names).split()
    # Version 2 says 'max' and version 1 says -1 where there is no limit.
    return [int(words[0]) / int(words[1])] if len(words) == 2 and words[0].isdecimal() else []


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # no such system, or nothing said
        return ""


def divide(cores: int, wishes: Sequence[Wish]) -> list[int]:
    """Return the threads that each of `wishes` gets, at least one: the cores less the fixed ones, max-min fairly.

    Nobody gets more than was wished, and what one leaves over goes to the others (Bertsekas and Gallager 1992, Data
    Networks, 6.5.2); an earlier wish is the smaller where the cores can't be split evenly.
    """
    threads = [wish.threads for wish in wishes]
    flexible = sorted((number for number, wish in enumerate(wishes) if not wish.is_fixed), key=lambda n: threads[n])
    left = cores - sum(wish.threads for wish in wishes if wish.is_fixed)
    for rank, number in enumerate(flexible):
        threads[number] = max(1, min(threads[number], left // (len(flexible) - rank)))
        left -= threads[number]
    return threads


class Claim:
    """One run's claim on the cores; it counts from `take` to `release`."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        kind = _FIXED if wish.is_fixed else _FLEXIBLE
        self._lock = FileLock(cores_folder() / f"{secrets.token_hex(8)}-{kind}-{wish.threads}{_ENDING}")

    def take(self) -> None:
        """Make the claim, which the others see from now on; raises PgplayError where it can't be written."""
        if self._lock.held:
            return
        with locked_folder(make_folder(cores_folder())):
            for path in _others(self._lock.path):
                if not _is_held(path):
                    path.unlink(missing_ok=True)
            # Another run may look at this very moment whether the claim is held.
            self._lock.take(patience=1.0)

    def share(self) -> int:
        """Return how many threads this run may use now."""
        others = [path for path in _others(self._lock.path) if _is_held(path)]
        ordered = sorted([*others, self._lock.path])
        shares = divide(available_cores(), [_wish_of(path) for path in ordered])
        return shares[ordered.index(self._lock.path)]

    def release(self) -> None:
        """Give the cores back."""
        if self._lock.held:
            self._lock.release()
            with contextlib.suppress(OSError):  # the next claim sweeps it away
                self._lock.path.unlink()


def _others(own: Path) -> list[Path]:
    return [path for path in own.parent.glob(f"*{_ENDING}") if path != own]


def _is_held(path: Path) -> bool:
    lock = FileLock(path)
    if not lock.take():
        return True
    lock.release()
    return False


def _wish_of(path: Path) -> Wish:
    _, kind, threads = path.name.removesuffix(_ENDING).split("-")
    return Wish(int(threads), kind == _FIXED)
