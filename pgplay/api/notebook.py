"""A run in training, drawn live in a notebook's output."""

from __future__ import annotations

import sys
import time
from typing import Any, Self

from pgplay.api.run import TrainedRun

_INTERVAL = 0.5
"""Minimum seconds between two pictures."""
_SHARE_OF_TIME = 0.1
"""The greatest share of the time that drawing may take."""


class LivePicture:
    """The usual curves of `run` in the output of a notebook's cell."""

    def __init__(self, run: TrainedRun, display: Any) -> None:
        self._run = run
        self._handle = display(run.plot(), display_id=True)
        self._next = 0.0

    @classmethod
    def begin(cls, run: str) -> Self | None:
        """Return the picture of the run called `run`, shown; None where this process is no notebook's."""
        ipython: Any = sys.modules.get("IPython")
        if ipython is None or not hasattr(ipython.get_ipython(), "kernel"):
            return None
        return cls(TrainedRun(run), sys.modules["IPython.display"].display)

    def show(self, *, at_once: bool = False) -> None:
        """Draw the curves anew, if that is due."""
        began = time.monotonic()
        if at_once or began >= self._next:
            self._handle.update(self._run.plot())
            ended = time.monotonic()
            self._next = ended + max(_INTERVAL, (ended - began) / _SHARE_OF_TIME)
