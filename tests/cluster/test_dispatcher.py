"""What becomes of runs whose tasks are lost, refused or stopped, with a cluster that runs nothing."""

from __future__ import annotations

import queue
from pathlib import Path

import msgspec
import pytest

from pgplay.cluster.dispatcher import Dispatcher
from pgplay.cluster.messages import (
    Advanced,
    Begun,
    ClusterAnswer,
    Ended,
    NodeMessage,
    Order,
    RunInput,
    StopRuns,
    TaskRefusal,
    Told,
    Train,
)
from pgplay.cluster.shares import Share
from pgplay.config.run_config import make_config
from pgplay.errors import coded
from pgplay.learning.reports.step_report import StepReport
from pgplay.paths import HOME
from pgplay.runs.copies import RunChanges, RunFollower
from pgplay.runs.database_reader import DatabaseReader
from pgplay.runs.store import RunStore
from pgplay.runs.summaries import list_runs
from pgplay.worker.client.pool import RunOutcome
from pgplay.worker.protocol.commands import Resume, Start

CONFIG = make_config({"target": "hi"})
REPORT = StepReport(1, 1.0, 64, {"reward_mean": 0.5}, (), solved=True)
SOLVED = RunOutcome("solved", ("ending.stopped", {}), "its name there", REPORT)

Ends = list[tuple[list[NodeMessage], TaskRefusal | str | None]]


class Script:
    """A cluster whose tasks send messages and end as `ends` say, one after another; further ones never end."""

    def __init__(self, ends: Ends) -> None:
        self._ends = ends
        self._messages: list[bytes] = []
        self._results: dict[int, TaskRefusal | str | None] = {}
        self.run_inputs: list[RunInput] = []
        self.cancelled: list[int] = []

    def submit(self, run_input: bytes, share: Share) -> int:
        self.run_inputs.append(msgspec.msgpack.decode(run_input, type=RunInput))
        task = len(self.run_inputs)
        if self._ends:
            messages, self._results[task] = self._ends.pop(0)
            self._messages += [msgspec.msgpack.encode(message) for message in messages]
        return task

    def ended(self, tasks: list[int]) -> list[int]:
        return [task for task in tasks if task in self._results]

    def messages(self, patience: float) -> list[bytes]:
        messages, self._messages = self._messages, []
        return messages

    def result(self, task: int) -> TaskRefusal | str | None:
        return self._results[task]

    def stop(self) -> None:
        pass

    def cancel(self, task: int, *, force: bool = False) -> None:
        self.cancelled.append(task)
        self._results[task] = "lost"


def dispatched(cluster: Script, *orders: Order) -> list[ClusterAnswer]:
    """Return the answers of a dispatcher that gets `orders`, and None once a run has ended."""
    waiting: queue.SimpleQueue[Order | None] = queue.SimpleQueue()
    answers: list[ClusterAnswer] = []

    def answer(message: ClusterAnswer) -> None:
        answers.append(message)
        if isinstance(message, Ended):
            waiting.put(None)

    for order in orders:
        waiting.put(order)
    Dispatcher(cluster, waiting, answer, None).serve()  # type: ignore[arg-type]
    return answers


def train(number: int = 0) -> Train:
    return Train(number, Start(config=CONFIG, sweep="its sweep"), Share(1))


def message(attempt: int, changes: RunChanges | None = None, outcome: RunOutcome | None = None) -> NodeMessage:
    report = REPORT if changes is not None else None
    return NodeMessage(number=0, attempt=attempt, begun_at=0, report=report, changes=changes, outcome=outcome)


@pytest.fixture
def changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunChanges:
    """What comes back of a run of one step on another machine."""
    with monkeypatch.context() as there:
        there.setenv(HOME, str(tmp_path / "there"))
        with RunStore.create(CONFIG, "there") as store:
            store.record(REPORT)
            store.finish("solved", ("ending.stopped", {}))
            with RunFollower("there") as follower:
                return follower.changes()


def test_a_run_is_stored_under_a_name_of_this_machine_and_belongs_to_its_sweep(changes: RunChanges) -> None:
    answers = dispatched(Script([([message(1, changes), message(1, None, SOLVED)], None)]), train())
    (run,) = list_runs()
    assert (run.state, run.steps, run.sweep) == ("solved", 1, "its sweep")
    assert answers == [
        Begun(0, run.name),
        Advanced(0, REPORT, None),
        Ended(0, SOLVED._replace(run=run.name)),
    ]


def test_a_lost_run_goes_on_from_what_came_back_and_letters_of_the_lost_task_count_no_more(changes: RunChanges) -> None:
    late = message(1, changes, RunOutcome("failed", ("ending.stopped", {})))
    cluster = Script([([message(1, changes)], "lost"), ([late, message(2, None, SOLVED)], None)])
    answers = dispatched(cluster, train())
    (run,) = list_runs()
    assert [type(run_input.command) for run_input in cluster.run_inputs] == [Start, Resume]
    assert cluster.run_inputs[1].packed is not None
    assert cluster.run_inputs[1].packed.name == run.name
    told = [answer for answer in answers if isinstance(answer, Told)]
    assert [notice.code for notice in told] == ["ray.goes_on"]
    assert answers[-1] == Ended(0, SOLVED._replace(run=run.name))
    with DatabaseReader.open(run.name) as store:
        assert store.progress().steps == 1


def test_a_run_that_is_lost_ten_times_without_a_checkpoint_fails(changes: RunChanges) -> None:
    answers = dispatched(Script([([message(1, changes)], "lost"), *[([], "lost")] * 9]), train())
    (run,) = list_runs()
    assert run.state == "failed"
    ended = answers[-1]
    assert isinstance(ended, Ended)
    assert ended.outcome is not None
    assert ended.outcome.reason == coded("ray.lost_too_often", count=10)


def test_a_node_that_refuses_fails_its_run_with_the_reason() -> None:
    refusal = TaskRefusal("ray.no_pgplay", {"node": "n1", "reason": "No module named 'pgplay'", "version": "1.0"})
    ended = dispatched(Script([([], refusal)]), train())[-1]
    assert isinstance(ended, Ended)
    assert ended.outcome is not None
    assert (ended.outcome.state, ended.outcome.run) == ("failed", "")
    assert ended.outcome.reason == refusal.reason


def test_runs_that_wait_for_a_node_end_without_an_outcome_when_stopped() -> None:
    cluster = Script([])
    assert dispatched(cluster, train(0), StopRuns())[-1] == Ended(0, None)
    assert cluster.run_inputs == []


def test_a_run_that_is_stored_by_another_process_is_refused(changes: RunChanges) -> None:
    with RunStore.create(CONFIG, "trained") as store:
        store.record(REPORT)
        ended = dispatched(Script([]), Train(0, Resume(run="trained"), Share(1)))[-1]
    assert isinstance(ended, Ended)
    assert ended.outcome is not None
    assert ended.outcome.state == "failed"
