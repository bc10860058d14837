"""The worker's outbox, written by its own thread: a slow reader never slows training.

Snapshots share one slot, in which the latest wins and the rows of those that were never written are merged. Every other
event is kept and written in order.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TypeVar

import msgspec

from pgplay.errors import coded
from pgplay.learning.reports.step_report import Trace
from pgplay.locale.catalog import text_of
from pgplay.worker.protocol.codec import encode
from pgplay.worker.protocol.events import Event, Failed, Log, Snapshot, StateChanged
from pgplay.worker.protocol.throttle import LONGEST_LINE, Throttle

MAXIMUM_ROWS = 2_000
SNAPSHOT_INTERVAL = 0.1
MAXIMUM_LOG_LINES = 1_000
"""Maximum number of waiting log lines; of further ones, only the count is sent."""
MAXIMUM_TRACES = 20
"""The most traces in a snapshot; the maps drawn from them have about a hundred columns."""
MetricsRow = tuple[int, dict[str, float]]
Item = TypeVar("Item")


def thin(rows: list[Item], limit: int = MAXIMUM_ROWS) -> list[Item]:
    """Return at most `limit` of `rows`, by dropping every second one repeatedly; the last always stays."""
    while len(rows) > limit:
        rows = rows[(len(rows) - 1) % 2 :: 2]
    return rows


class Outbox:
    """Writes events through `write` from its own thread, snapshots at most once in `interval` seconds.

    `on_broken` is called once, from that thread, when `write` raises OSError: nobody reads any more.
    """

    def __init__(
        self,
        write: Callable[[bytes], None],
        on_broken: Callable[[], None] = lambda: None,
        interval: float = SNAPSHOT_INTERVAL,
    ) -> None:
        self._write = write
        self._on_broken = on_broken
        self._interval = interval
        self._changed = threading.Condition()
        self._events: deque[Event] = deque()
        self._snapshot: Snapshot | None = None
        self._rows: list[MetricsRow] = []
        self._traces: list[tuple[int, Trace]] = []
        self._next_snapshot = 0.0
        self._throttle = Throttle()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self._thread.start()

    def send(self, event: Event) -> None:
        """Queue `event`, after all earlier ones.

        A snapshot that still waits goes out before a change of state, so that a reader sees the last step of a run
        before it learns that the run paused, ended or failed.
        """
        with self._changed:
            if isinstance(event, StateChanged | Failed) and self._snapshot is not None:
                self._events.append(self._take_snapshot())
            self._events.append(event)
            self._changed.notify()

    def post(self, snapshot: Snapshot) -> None:
        """Replace the waiting snapshot by `snapshot`, which keeps its rows, up to MAXIMUM_ROWS."""
        with self._changed:
            self._rows = thin([*self._rows, *snapshot.rows])
            self._traces = thin([*self._traces, *snapshot.traces], MAXIMUM_TRACES)
            self._snapshot = snapshot
            self._changed.notify()

    def log(self, line: str) -> None:
        """Queue a printed line, unless too many came in this second or are waiting."""
        with self._changed:
            if len(self._events) >= MAXIMUM_LOG_LINES:
                self._throttle.leave_out()
            elif self._throttle.admits(time.monotonic()):
                left_out = self._throttle.take_left_out()
                if left_out:
                    self._events.append(Log(line=text_of(*coded("notice.lines_left_out", count=left_out))))
                self._events.append(Log(line=line[:LONGEST_LINE]))
                self._changed.notify()

    def close(self, timeout: float = 1.0) -> None:
        """Write everything that waits and end the thread; give up after `timeout` seconds."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout)

    def _take_snapshot(self) -> Snapshot:
        assert self._snapshot is not None
        snapshot = msgspec.structs.replace(self._snapshot, rows=tuple(self._rows), traces=tuple(self._traces))
        self._snapshot, self._rows, self._traces = None, [], []
        self._next_snapshot = time.monotonic() + self._interval
        return snapshot

    def _next(self) -> Event | None:
        """Wait for the next event to write; None when closed and empty."""
        with self._changed:
            while True:
                if self._events:
                    return self._events.popleft()
                wait = None
                if self._snapshot is not None:
                    wait = self._next_snapshot - time.monotonic()
                    if wait <= 0 or self._closing:
                        return self._take_snapshot()
                elif self._closing:
                    return None
                self._changed.wait(wait)

    def _run(self) -> None:
        while (event := self._next()) is not None:
            try:
                self._write(encode(event))
            except OSError:
                self._on_broken()
                return
