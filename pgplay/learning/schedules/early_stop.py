"""Early stopping: held-out reward no longer rises."""

from __future__ import annotations

import math

import msgspec


class EarlyStop(msgspec.Struct):
    """The best held-out reward so far, its step, and the evaluations since then."""

    best: float = -math.inf
    step: int = 0
    waited: int = 0

    def note(self, step: int, reward: float) -> bool:
        """Record the held-out `reward` after `step`; return whether it is the best so far."""
        if reward > self.best:
            self.best, self.step, self.waited = reward, step, 0
            return True
        self.waited += 1
        return False
