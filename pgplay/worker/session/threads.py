"""The CPU threads of one run: chosen at its start, kept with it, and shared with other runs while it trains."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from pgplay.learning.plan import Plan
from pgplay.limits import available_cores
from pgplay.policies.policy import Policy
from pgplay.policies.thread_tuning import fastest_threads
from pgplay.worker.session.cpu_cores import Claim, Wish

CLAIM_CHECK_INTERVAL = 1.0
"""Seconds between checks of other runs' claims; a check takes 0.1 ms."""

OnChange = Callable[[int, int], None]
"""Called with the number of threads before and after a change."""


class Threads:
    """Sets torch's threads for one run; made by `choose`, or with the number that a stored run began with.

    The number of threads decides how sums are split: only the same number gives the same results bit for bit. A fixed
    one never changes; any other is reduced while other runs train. Each of `processes` has as many.
    """

    def __init__(
        self, wanted: int, *, is_fixed: bool, on_change: OnChange | None = None, processes: int = 1
    ) -> None:
        self.wanted = wanted
        self.present = wanted
        self.on_change = on_change
        self._is_fixed = is_fixed
        self.processes = processes
        self._claim = Claim(Wish(wanted * processes, is_fixed))
        self._next_look = 0.0

    @classmethod
    def choose(
        cls, plan: Plan, policy: Policy | None, stored: int | None = None, processes: int = 1
    ) -> Threads:
        """Return the threads of a run: those the person gave, else those `stored` with it, else the fastest.

        Small networks take one; so does a GPU's host, and a search, which has no `policy`. Several `processes` have
        equal parts of the cores, which do not change.
        """
        if plan.config.threads is not None:
            return cls(plan.config.threads, is_fixed=True, processes=processes)
        if processes > 1:
            most = max(1, available_cores() // processes)
            if stored is None and policy is not None and policy.device.type == "cpu":
                stored = fastest_threads(policy, -(-plan.config.batch_size // processes), most)
            return cls(min(stored or 1, most), is_fixed=True, processes=processes)
        if stored is not None:
            return cls(stored, is_fixed=stored == 1)
        if policy is None or policy.device.type != "cpu":
            return cls(1, is_fixed=True)
        free = Claim(Wish(available_cores(), is_fixed=False)).share()
        return cls(fastest_threads(policy, plan.config.batch_size, free), is_fixed=False)

    def work(self) -> None:
        """Claim the cores, check other claims when due, and set torch's threads; called before each step."""
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + CLAIM_CHECK_INTERVAL
            self._claim.take()
            if not self._is_fixed:
                self._take(min(self.wanted, self._claim.share()))
        if torch.get_num_threads() != self.present:
            torch.set_num_threads(self.present)

    def _take(self, threads: int) -> None:
        before, self.present = self.present, threads
        if threads != before and self.on_change:
            self.on_change(before, threads)

    def rest(self) -> None:
        """Release the cores until `work` is called again."""
        self._claim.release()
        self._next_look = 0.0
