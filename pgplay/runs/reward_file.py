"""The file of a person's own reward while a run trains with it, which is noticed when it is saved."""

from __future__ import annotations

import os
import time
from pathlib import Path

from pgplay.rewards.python.source import read_code
from pgplay.rewards.spec import RewardSpec
from pgplay.runs.checkpoint_content import RewardStamp

FILE_CHECK_INTERVAL = 0.5
"""Seconds between checks of a reward's file; a check takes some 10 µs."""


class RewardFile:
    """The file of a person's own reward, as it was last seen; empty for any other reward.

    Somebody else's reward runs as it was allowed; its file is not watched.
    """

    def __init__(self, spec: RewardSpec, stamp: RewardStamp | None = None) -> None:
        """`stamp` is that of the text in use; by default that of the present file."""
        self._path = Path(spec.source.file) if spec.source is not None and spec.is_own else None
        self._name = spec.text
        self._next_look = 0.0
        self.stamp = stamp or self._stamp()

    def saved_text(self) -> str | None:
        """Return the file's text if it was saved since last seen, else None; raises InputError if it is not text.

        A missing or empty file is being written and is checked again later.
        """
        stamp = self._stamp()
        if self._path is None or stamp is None or stamp == self.stamp or not stamp.size:
            return None
        self.stamp = stamp
        return read_code(self._path, self._name)

    def is_due(self) -> bool:
        """Whether it is time for another check."""
        now = time.monotonic()
        if self._path is None or now < self._next_look:
            return False
        self._next_look = now + FILE_CHECK_INTERVAL
        return True

    def _stamp(self) -> RewardStamp | None:
        if self._path is None:
            return None
        try:
            status = os.stat(self._path)
        except OSError:
            return None
        return RewardStamp(status.st_mtime_ns, status.st_size)
