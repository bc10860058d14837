import itertools
import os
import threading
import time
from functools import partial

import pytest

from pgplay.worker.protocol.codec import decode_event
from pgplay.worker.protocol.events import Log, Snapshot, StateChanged
from pgplay.worker.protocol.throttle import LINES_PER_SECOND
from pgplay.worker.server.outbox import MAXIMUM_ROWS, Outbox, thin
from pgplay.worker.server.standard_streams import write_all
from tests.worker.helpers import snapshot

PATIENCE = 20.0


class Reader:
    """Takes what the outbox writes; it can be held up, like a reader that does not read."""

    def __init__(self):
        self.events, self.times = [], []
        self.open = threading.Event()
        self.open.set()
        self.entered = threading.Event()
        self.written = threading.Condition()

    def write(self, data):
        self.entered.set()
        assert self.open.wait(PATIENCE)
        with self.written:
            self.events.append(decode_event(data))
            self.times.append(time.monotonic())
            self.written.notify_all()

    def hold(self):
        self.open.clear()
        self.entered.clear()

    def wait_for(self, count):
        with self.written:
            assert self.written.wait_for(lambda: len(self.events) >= count, PATIENCE)
        return self.events


def steps_of(events):
    return [step for event in events if isinstance(event, Snapshot) for step, _ in event.rows]


def test_while_nothing_is_read_the_latest_snapshot_wins_and_no_row_is_lost():
    reader = Reader()
    reader.hold()
    outbox = Outbox(reader.write, interval=0.0)
    outbox.send(Log(line="first"))
    assert reader.entered.wait(PATIENCE)
    for step in range(1, 501):
        outbox.post(snapshot(step))
    reader.open.set()
    outbox.close(PATIENCE)
    first, *snapshots = reader.events
    assert first == Log(line="first")
    assert len(snapshots) == 1
    assert snapshots[0].report.step == 500
    assert steps_of(snapshots) == list(range(1, 501))


def test_rows_above_the_limit_are_thinned_and_the_newest_stays():
    reader = Reader()
    reader.hold()
    outbox = Outbox(reader.write, interval=0.0)
    outbox.send(Log(line="first"))
    assert reader.entered.wait(PATIENCE)
    for step in range(1, 5 * MAXIMUM_ROWS + 8):
        outbox.post(snapshot(step))
    reader.open.set()
    outbox.close(PATIENCE)
    steps = steps_of(reader.events)
    assert MAXIMUM_ROWS / 2 - 1 <= len(steps) <= MAXIMUM_ROWS
    assert steps == sorted(set(steps))
    assert steps[-1] == 5 * MAXIMUM_ROWS + 7


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 100])
def test_thinning_keeps_the_last_row(count):
    rows = [(step, {}) for step in range(count)]
    assert thin(rows, 4)[-1] == rows[-1]
    assert len(thin(rows, 4)) <= 4


def test_other_events_keep_their_order_and_none_is_dropped():
    reader = Reader()
    reader.hold()
    outbox = Outbox(reader.write, interval=0.0)
    for number in range(2000):
        outbox.send(Log(line=str(number)))
        outbox.post(snapshot(number + 1))
    reader.open.set()
    outbox.close(PATIENCE)
    assert [event.line for event in reader.events if isinstance(event, Log)] == [str(number) for number in range(2000)]


def test_the_last_snapshot_comes_before_the_pause():
    reader = Reader()
    outbox = Outbox(reader.write, interval=60.0)
    outbox.post(snapshot(1))
    reader.wait_for(1)
    outbox.post(snapshot(2))
    outbox.post(snapshot(3))
    outbox.send(StateChanged(state="paused", step=3))
    events = reader.wait_for(3)
    assert [type(event) for event in events] == [Snapshot, Snapshot, StateChanged]
    assert steps_of(events) == [1, 2, 3]
    outbox.close(PATIENCE)


def test_snapshots_keep_their_minimum_interval():
    reader = Reader()
    outbox = Outbox(reader.write, interval=0.05)
    for count in range(1, 5):
        outbox.post(snapshot(2 * count - 1))
        outbox.post(snapshot(2 * count))
        reader.wait_for(count)
    outbox.close(PATIENCE)
    assert all(later - earlier > 0.03 for earlier, later in itertools.pairwise(reader.times[:4]))
    assert steps_of(reader.events) == list(range(1, 9))


def test_closing_writes_what_is_waiting():
    reader = Reader()
    outbox = Outbox(reader.write, interval=60.0)
    for step in (1, 2, 3):
        outbox.post(snapshot(step))
    outbox.close(PATIENCE)
    assert steps_of(reader.events) == [1, 2, 3]


def test_closing_gives_up_if_nobody_reads():
    reader = Reader()
    reader.hold()
    outbox = Outbox(reader.write)
    outbox.send(Log(line="stuck"))
    assert reader.entered.wait(PATIENCE)
    outbox.close(timeout=0.1)
    assert not reader.open.is_set()
    reader.open.set()


def test_a_reader_that_is_gone_is_reported_once():
    read_end, write_end = os.pipe()
    os.close(read_end)
    gone = threading.Semaphore(0)
    outbox = Outbox(partial(write_all, write_end), on_broken=gone.release)
    outbox.send(Log(line="a"))
    assert gone.acquire(timeout=PATIENCE)
    outbox.send(Log(line="b"))
    outbox.close(PATIENCE)
    assert not gone.acquire(blocking=False)
    os.close(write_end)


def test_a_flood_of_printed_lines_is_cut_and_counted(monkeypatch):
    now = [100.0]
    reader = Reader()
    outbox = Outbox(reader.write)
    monkeypatch.setattr("pgplay.worker.server.outbox.time.monotonic", lambda: now[0])
    for number in range(10 * LINES_PER_SECOND):
        outbox.log(f"line {number}")
    now[0] = 101.0
    outbox.log("later")
    outbox.close(PATIENCE)
    lines = [event.line for event in reader.events]
    assert lines == [*(f"line {n}" for n in range(LINES_PER_SECOND)), "… 450 more lines were left out", "later"]
