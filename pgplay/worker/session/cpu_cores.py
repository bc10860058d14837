"""How parallel runs share the machine's CPU cores.

Each training run holds a claim, a locked file whose name says how many threads it wants, and every run computes the
same shares from all claims. A claim ends with its process.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pgplay.files.locks import FileLock, locked_folder
from pgplay.limits import available_cores
from pgplay.paths import cores_folder, make_folder

_ENDING = ".claim"
_FIXED, _FLEXIBLE = "fixed", "flexible"


class Wish(NamedTuple):
    """How many threads a run wants; a fixed number, set by the person or 1, is never reduced."""

    threads: int
    is_fixed: bool


def let_waiting_threads_sleep() -> None:
    """Have OpenMP's threads sleep while they wait for each other; to be called before torch is loaded.

    By default they spin, for whole time slices if another process holds one of their cores, which slows a step tens of
    times. A policy that the person has set is kept.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def divide(cores: int, wishes: Sequence[Wish]) -> list[int]:
    """Return the threads that each of `wishes` gets, at least one: the cores less the fixed ones, max-min fairly.

    No wish gets more than it asks for, and the surplus goes to the others (Bertsekas and Gallager 1992, Data Networks,
    6.5.2); if the cores can't be split evenly, earlier wishes get less.
    """
    threads = [wish.threads for wish in wishes]
    flexible = sorted((number for number, wish in enumerate(wishes) if not wish.is_fixed), key=lambda n: threads[n])
    spare = cores - sum(wish.threads for wish in wishes if wish.is_fixed)
    for rank, number in enumerate(flexible):
        threads[number] = max(1, min(threads[number], spare // (len(flexible) - rank)))
        spare -= threads[number]
    return threads


class Claim:
    """One run's claim on the cores; it counts from `take` to `release`."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        kind = _FIXED if wish.is_fixed else _FLEXIBLE
        self._lock = FileLock(cores_folder() / f"{secrets.token_hex(8)}-{kind}-{wish.threads}{_ENDING}")

    def take(self) -> None:
        """Make the claim visible to other runs; raises PgplayError if it can't be written."""
        if self._lock.held:
            return
        with locked_folder(make_folder(cores_folder())):
            for path in _others(self._lock.path):
                if not _is_held(path):
                    path.unlink(missing_ok=True)
            # Another run may be probing this lock right now.
            self._lock.take(patience=1.0)

    def share(self) -> int:
        """Return how many threads this run may use now."""
        others = [path for path in _others(self._lock.path) if _is_held(path)]
        ordered = sorted([*others, self._lock.path])
        shares = divide(available_cores(), [_wish_of(path) for path in ordered])
        return shares[ordered.index(self._lock.path)]

    def release(self) -> None:
        """Release the cores."""
        if self._lock.held:
            self._lock.release()
            with contextlib.suppress(OSError):  # the next claim removes it
                self._lock.path.unlink()


def _others(claim: Path) -> list[Path]:
    return [path for path in claim.parent.glob(f"*{_ENDING}") if path != claim]


def _is_held(path: Path) -> bool:
    lock = FileLock(path)
    if not lock.take():
        return True
    lock.release()
    return False


def _wish_of(path: Path) -> Wish:
    _, kind, threads = path.name.removesuffix(_ENDING).split("-")
    return Wish(int(threads), kind == _FIXED)
