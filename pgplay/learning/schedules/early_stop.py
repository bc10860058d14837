"""Early stop: when held-out reward no longer rises."""

from __future__ import annotations

import math

import msgspec


class EarlyStop(msgspec.Struct):
    """The best reward on held-out prompts so far, and for how many measurements it has not been bettered."""

    best: float = -math.inf
    step: int = 0
    waited: int = 0

    def note(self, step: int, reward: float) -> bool:
        """Take in what was measured after `step`; returns whether it is the best so far."""
        if reward > self.best:
            self.best, self.step, self.waited = reward, step, 0
            return True
        self.waited += 1
        return False
