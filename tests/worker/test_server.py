"""The server with a small session instead of the real one: when commands take effect, and what is reported."""

import math
import queue
import threading
from functools import partial
from typing import Any

import pytest

from pgplay.config.changes import Changes
from pgplay.config.run_config import RunConfig, make_config
from pgplay.errors import InputError, LostRankError, PgplayError, RewardError, coded
from pgplay.learning.reports.step_detail import PolicyMap
from pgplay.rewards.spec import read_spec
from pgplay.worker.protocol.codec import ProtocolError, decode_command, decode_event, encode
from pgplay.worker.protocol.commands import Change, Pace, Pause, Quit, Reset, Resume, Save, Start, Step, Stop, Write
from pgplay.worker.protocol.events import Changed, Failed, Refused, Saved, Snapshot, StateChanged, Written
from pgplay.worker.protocol.records import RunInfo
from pgplay.worker.server.inbox import Inbox, RankLost
from pgplay.worker.server.outbox import Outbox
from pgplay.worker.server.server import Server
from pgplay.worker.session.interface import NotNeededError, SessionFactory, Texts
from pgplay.worker.session.stop_conditions import Ending
from tests.worker.helpers import snapshot, step_detail

PATIENCE = 20.0


def failure(who: str, happened: str, advice: str) -> dict[str, Any]:
    """The values of a Python reward's error."""
    return {"who": who, "happened": happened, "where": "", "advice": [advice]}


REFUSED_LR = 0.9
"""A learning rate that a session refuses."""


class SmallSession:
    """Steps that wait for the test, so that it decides what happens between two of them."""

    def __init__(self, name="run-1"):
        self.run = name
        self.config = make_config({})
        self.step_count = 0
        self.checkpoint_step = 0
        self.is_damaged = False
        self.is_kept = True
        self.errors = {}
        self.ends_at = None
        self.gate = threading.Semaphore(0)
        self.at_gate = threading.Semaphore(0)
        self.rests, self.calls = [], []
        self.saved = []
        self.policy_problem = None
        self.apart = []
        self.last = None

    def info(self):
        return RunInfo(
            run=self.run, config=self.config, recipe="", model="gru-nano", parameters=1, device="cpu", threads=1,
            alphabet="a", max_length=2, targets=("a",), prompts=("",), notes=(),
        )

    def need_policy(self):
        if self.policy_problem:
            raise self.policy_problem

    def inspected_step(self):
        self.step()
        self.apart.append(self.step_count)
        return step_detail(self.step_count)

    def last_update(self):
        return self.last

    def map(self):
        self.need_policy()
        return PolicyMap(self.step_count, "", ("a", ""), (0.5, 0.5), ("a",), (0.7,), ("a",), ((0.5,),))

    def step(self):
        self.at_gate.release()
        assert self.gate.acquire(timeout=PATIENCE)
        if self.step_count + 1 in self.errors:
            error = self.errors.pop(self.step_count + 1)
            self.is_damaged = not isinstance(error, PgplayError)
            raise error
        self.step_count += 1

    def snapshot(self):
        return snapshot(self.step_count)

    def should_stop(self):
        is_over = self.ends_at and self.step_count >= self.ends_at
        return Ending("solved", coded("ending.steps", steps=self.step_count), "solved") if is_over else None

    def change(self, changes, rewards=()):
        if changes.lr == REFUSED_LR:
            raise InputError("setting.invalid", field="lr", reason="it is refused")
        if any("broken" in spec.code for spec in rewards):
            raise RewardError("text", text="It is broken.", line=3)
        self.calls.append(("change", self.step_count))

    def saved_reward(self):
        return self.saved.pop() if self.saved else None

    def renew_reward(self):
        self.calls.append(("renew", self.step_count))

    def rest(self, state, reason=None):
        if not self.is_damaged:
            self.checkpoint_step = self.step_count
        self.rests.append((state, self.step_count))

    def log_failure(self, details):
        self.calls.append(("log", details))

    def close(self, state):
        self.calls.append(("close", state))

    def save_policy(self, name, *, replace=False):
        self.calls.append(("save", name, self.step_count))

    def write(self, command):
        return Texts((), "levenshtein")


class Desk:
    """A server in its own thread, with its inbox and the events that it sends."""

    def __init__(self):
        self.told = queue.SimpleQueue()
        self.inbox = Inbox()
        self.outbox = Outbox(lambda data: self.told.put(decode_event(data)), interval=0.0)
        self.sessions = []
        self.begin = lambda command, tell: SmallSession(f"run-{len(self.sessions) + 1}")
        makers = SessionFactory(
            self._prepare, self.find, self.branch, self._resume, lambda command: Texts((), ""), self.probe,
            self.look,
        )
        self.server = Server(self.inbox, self.outbox, makers)
        self.thread = threading.Thread(target=self.server.serve)
        self.thread.start()

    def branch(self, run: str, step: int):
        if step != 5:
            raise InputError("run.no_checkpoint_at", name=run, step=step, nearest=[5])
        return f"{run}-at-{step}"

    def _prepare(self, command: Start):
        if command.config.target == "refuse me":
            raise InputError("policy.taken", name="x", advice="Choose another.")
        return partial(self._begin, command)

    def probe(self, command):
        raise InputError("text", text="There is nothing to look at.")

    def look(self, command):
        raise InputError("text", text="There is nothing to look at first.")

    def find(self, name, command):
        if not name.startswith("run-"):
            raise InputError("text", text=f"There is no run called '{name}'.")

    def _begin(self, command, tell):
        session = self.begin(command, tell)
        self.sessions.append(session)
        return session

    def _resume(self, name, command, tell):
        self.sessions.append(SmallSession(name))
        return self.sessions[-1]

    def send(self, *commands):
        for command in commands:
            self.inbox.put(command)

    def next(self, kind):
        while True:
            event = self.told.get(timeout=PATIENCE)
            if isinstance(event, kind):
                return event

    def state(self, wanted):
        while True:
            event = self.next(StateChanged)
            if event.state == wanted:
                return event

    def start(self, **settings):
        self.send(Start(config=make_config(settings), request=1))
        self.state("training")
        return self.sessions[-1]

    def close(self):
        self.send(Quit())
        for session in self.sessions:
            session.gate.release(1000)
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()
        self.outbox.close(PATIENCE)


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.close()


def test_a_rank_that_is_lost_between_two_steps_fails_the_run_which_is_saved(desk):
    session = desk.start()
    session.gate.release()
    desk.next(Snapshot)
    desk.send(RankLost(PgplayError("engine.rank_lost", number=1, count=2, process=99)))
    session.gate.release()
    failed = desk.next(Failed)
    assert (failed.code, failed.run, failed.checkpoint_step) == ("engine.rank_lost", "run-1", session.step_count)
    desk.thread.join(PATIENCE)
    assert session.rests == [("failed", session.step_count)]


def test_a_rank_that_is_lost_while_the_run_rests_fails_nothing(desk):
    session = desk.start()
    desk.send(Pause())
    session.gate.release()
    desk.state("paused")
    desk.send(RankLost(PgplayError("engine.rank_lost", number=1, count=2, process=99)))
    desk.thread.join(PATIENCE)
    assert session.calls[-1] == ("close", "paused")
    assert session.rests == [("paused", session.step_count)]


def test_a_run_is_paused_where_who_quits_ends_a_rank_in_the_middle_of_a_step(desk):
    session = desk.start()
    assert session.at_gate.acquire(timeout=PATIENCE)
    session.errors[1] = LostRankError("engine.rank_lost", number=1, count=2, process=99)
    desk.send(Quit())
    session.gate.release()
    desk.thread.join(PATIENCE)
    assert session.calls[-1] == ("close", "paused")
    assert session.rests == []


def test_a_run_is_built_reported_and_trained(desk):
    desk.send(Start(config=make_config({"target": "hello"}), request=5))
    preparing, training = desk.next(StateChanged), desk.next(StateChanged)
    assert (preparing.state, preparing.request) == ("preparing", 5)
    assert (training.state, training.request, training.info.run) == ("training", 5, "run-1")
    desk.sessions[0].gate.release()
    assert desk.next(Snapshot).report.step == 1


def test_a_pause_takes_effect_at_the_next_step_boundary_with_a_checkpoint(desk):
    session = desk.start()
    assert session.at_gate.acquire(timeout=PATIENCE)
    desk.send(Pause(request=9))
    session.gate.release(5)
    paused = desk.state("paused")
    assert (paused.step, paused.request) == (1, 9)
    assert session.rests == [("paused", 1)]


def test_the_snapshot_of_the_last_step_comes_before_the_pause(desk):
    session = desk.start()
    session.gate.release(1)
    assert session.at_gate.acquire(timeout=PATIENCE)
    desk.send(Pause())
    session.gate.release(1)
    seen = []
    while not (isinstance(event := desk.told.get(timeout=PATIENCE), StateChanged) and event.state == "paused"):
        seen.append(event)
    assert seen[-1].report.step == event.step


def test_a_paused_start_makes_only_the_steps_requested(desk):
    desk.send(Start(config=RunConfig(), paused=True))
    assert desk.state("paused").info is not None
    session = desk.sessions[0]
    session.gate.release(100)
    desk.send(Step())
    assert desk.state("paused").step == 1
    desk.send(Step(count=3))
    assert desk.state("paused").step == 4
    desk.send(Resume(request=3))
    assert desk.state("training").request == 3


def test_steps_to_a_goal_that_the_reward_cannot_reach_are_refused(desk):
    desk.send(Start(config=RunConfig(), paused=True))
    assert desk.state("paused").info is not None
    desk.send(Step(count=None, until="reward>=95"))
    assert "never reached" in desk.next(Refused).problem


def test_steps_that_cannot_be_made_are_refused(desk):
    desk.send(Step(count=0))
    assert "0 steps" in desk.next(Refused).problem


def test_changes_saves_and_samples_happen_between_steps(desk):
    session = desk.start()
    assert session.at_gate.acquire(timeout=PATIENCE)
    desk.send(Change(settings=Changes(lr=0.1), request=2), Save(name="mine", request=3), Write(request=4))
    session.gate.release(1)
    changed = desk.next(Changed)
    assert (changed.settings, changed.step, changed.request) == (Changes(lr=0.1), 1, 2)
    assert changed.info == session.info()
    assert desk.next(Saved) == Saved(name="mine", request=3)
    assert desk.next(Written) == Written(policy="", samples=(), scored_by="levenshtein", request=4)
    assert session.calls == [("change", 1), ("save", "mine", 1)]


@pytest.mark.parametrize("command", [Pause(), Resume(), Step(), Change(settings=Changes()), Save(name="a"), Write()])
def test_commands_that_need_a_run_are_refused_without_one(desk, command):
    desk.send(command)
    assert desk.next(Refused).problem.startswith("There is no run")


def test_invalid_settings_are_refused_and_the_run_continues(desk):
    session = desk.start()
    with pytest.raises(ProtocolError, match="lr") as malformed:
        decode_command(encode(Start(config=make_config({}), request=1)).replace(b'"lr":null', b'"lr":"fast"'))
    desk.send(malformed.value, Start(config=make_config({"target": "refuse me"}), request=2))
    refused = Change(settings=Changes(lr=REFUSED_LR), request=3)
    desk.send(refused, Resume(run="never-heard-of", request=4), Resume(request=5))
    session.gate.release(1)
    refusals = [desk.next(Refused) for _ in range(5)]
    assert [refusal.request for refusal in refusals] == [1, 2, 3, 4, 5]
    assert refusals[2].field == "lr"
    session.gate.release(1)
    while desk.next(Snapshot).report.step < 2:
        pass
    assert session.calls == []


def test_a_line_that_is_no_command_is_refused(desk):
    desk.send(ProtocolError("protocol.no_message", version=1, reason="it is empty"))
    assert desk.next(Refused).problem == "This is not a message of protocol version 1: it is empty."


def test_a_failing_reward_pauses_the_run_which_resumes_with_the_reward_built_again(desk):
    session = desk.start()
    session.errors[3] = RewardError(
        "python_reward.failed", **failure("Line 4", "divides by zero", "Mend it and resume.")
    )
    session.gate.release(3)
    assert desk.state("failed").step == 2
    failed = desk.next(Failed)
    assert (failed.problem, failed.remedy) == ("Line 4 divides by zero.", "Mend it and resume.")
    assert (failed.run, failed.step, failed.checkpoint_step) == ("run-1", 2, 2)
    desk.send(Resume())
    desk.state("training")
    session.gate.release(1)
    assert desk.next(Snapshot).report.step == 3
    assert ("renew", 2) in session.calls
    assert len(desk.sessions) == 1


def test_an_unexpected_failure_resumes_from_the_last_checkpoint(desk):
    session = desk.start()
    session.errors[2] = ZeroDivisionError("a defect")
    session.gate.release(2)
    failed = desk.next(Failed)
    assert "a defect" in failed.problem
    assert "Traceback" in failed.details
    assert (failed.step, failed.checkpoint_step) == (1, 0)
    desk.send(Step(request=8))
    assert desk.next(Refused).request == 8
    desk.send(Resume())
    desk.state("training")
    assert [one.run for one in desk.sessions] == ["run-1", "run-1"]
    assert session.calls[-1] == ("close", "paused")


def test_a_solved_run_ends_keeps_its_policy_and_is_not_resumed_by_mistake(desk):
    session = desk.start()
    session.ends_at = 2
    session.gate.release(2)
    solved = desk.state("solved")
    assert (solved.step, solved.message) == (2, "2 steps done")
    assert session.rests == [("solved", 2)]
    desk.send(Save(name="done"), Resume())
    assert desk.next(Saved).name == "done"
    assert "until" in desk.next(Refused).remedy
    session.ends_at = None
    desk.send(Resume())
    desk.state("training")


def test_a_stopped_run_keeps_its_policy_and_a_reset_discards_it(desk):
    session = desk.start()
    session.gate.release(1)
    desk.send(Stop())
    stopped = desk.state("finished")
    assert (stopped.message, stopped.cause) == ("stopped", "stopped")
    desk.send(Write())
    desk.next(Written)
    desk.send(Reset())
    desk.state("idle")
    assert session.calls == [("close", "finished")]
    desk.send(Write())
    desk.next(Refused)


def test_a_pause_says_why_no_checkpoint_was_written(desk):
    session = desk.start()

    def fill_the_disk(state, reason=None):
        raise PgplayError("run.disk_full")

    session.rest = fill_the_disk
    session.gate.release(1)
    desk.send(Pause())
    assert desk.state("paused").message == (
        "paused, but no checkpoint was written: The disk is full. Free some space, then resume."
    )
    del session.rest


def test_a_new_start_keeps_the_old_run(desk):
    session = desk.start()
    session.gate.release(10)
    desk.start()
    assert session.calls == [("close", "paused")]
    assert desk.sessions[1].run == "run-2"


def test_quitting_closes_the_run():
    desk = Desk()
    session = desk.start()
    desk.close()
    assert session.calls == [("close", "paused")]


def test_preparing_reports_its_progress_and_ends_when_it_is_no_longer_needed(desk):
    heard, outcome = threading.Event(), []

    def begin(command, tell):
        tell(coded("progress.warm_start", step=1, most=2, loss=math.nan))
        assert heard.wait(PATIENCE)
        try:
            tell(coded("progress.warm_start", step=2, most=2, loss=1.0))
        except NotNeededError as error:
            outcome.append(error)
            raise
        return SmallSession()

    desk.begin = begin
    desk.send(Start(config=RunConfig()))
    assert desk.next(StateChanged).state == "preparing"
    assert desk.next(StateChanged).message == "warm start: step 1 of 2, cross-entropy nan nats"
    desk.send(Stop())
    heard.set()
    assert desk.next(StateChanged).state == "idle"
    assert desk.next(StateChanged | Refused).state == "idle"
    assert len(outcome) == 1


def test_a_run_that_cannot_be_built_leaves_the_worker_idle_and_responsive(desk):
    def begin(command, tell):
        raise MemoryError

    good, desk.begin = desk.begin, begin
    desk.send(Start(config=RunConfig(), request=6))
    assert "memory" in desk.state("idle").message
    refused = desk.next(Refused)
    assert (refused.problem, refused.request) == ("There was not enough memory.", 6)
    desk.begin = good
    desk.start()


def saved(source):
    return Change(settings=Changes(reward="mine.py"), rewards=(read_spec("mine.py", code=source),))


def test_a_saved_reward_is_used_from_the_next_step_on_and_reported_as_a_change(desk):
    session = desk.start()
    assert session.at_gate.acquire(timeout=PATIENCE)
    session.saved.append(saved("mended"))
    session.gate.release(1)
    changed = desk.next(Changed)
    assert (changed.settings, changed.step, changed.request) == (Changes(reward="mine.py"), 1, 0)


def test_a_reward_saved_with_a_mistake_is_reported_with_its_line_and_the_run_continues(desk):
    session = desk.start()
    assert session.at_gate.acquire(timeout=PATIENCE)
    session.saved.append(saved("broken"))
    session.gate.release(2)
    refused = desk.next(Refused)
    assert (refused.problem, refused.line, refused.request) == ("It is broken.", 3, 0)
    assert refused.saved_reward
    assert desk.next(Snapshot).report.step == 2


def test_a_run_stopped_by_its_reward_says_so_and_continues_when_the_fixed_file_is_saved(desk):
    session = desk.start()
    error = RewardError("python_reward.failed", line=7, **failure("It", "failed", "It was given 'x'."))
    error.spec = "mine.py"
    session.errors[1] = error
    session.gate.release(1)
    failed = desk.next(Failed)
    assert (failed.reward, failed.line, failed.step) == ("mine.py", 7, 0)
    session.saved.append(saved("mended"))
    assert desk.next(Changed).step == 0
    desk.state("training")
    session.gate.release(1)
    assert desk.next(Snapshot).report.step == 1


def test_a_branch_is_loaded_at_its_step_and_pauses_on_request(desk):
    first = desk.start()
    desk.send(Resume(at=7, request=2))
    first.gate.release()
    assert desk.next(Refused).problem == "The run 'run-1' has no checkpoint at step 7."
    assert ("close", "paused") not in first.calls
    desk.send(Resume(run="run-9", at=5, paused=True, request=3))
    first.gate.release()
    event = desk.state("paused")
    assert (event.info.run, event.request) == ("run-9-at-5", 3)
    assert ("close", "paused") in first.calls
    assert desk.sessions[-1].step_count == 0


def test_steps_to_a_goal_end_at_the_goal_or_after_their_time_whichever_comes_first(desk):
    session = desk.start()
    desk.send(Pause())
    session.gate.release()
    desk.state("paused")
    desk.send(Step(count=None, until="reward>=0.5", request=3))
    session.gate.release()
    assert desk.state("paused").step == session.step_count == 2  # this session's reward is always 0.5
    desk.send(Step(count=5, seconds=1e-9))
    session.gate.release()
    assert desk.state("paused").step == 3
    for wrong in (Step(count=0), Step(seconds=0.0), Step(count=None, until="dawn"), Pace(seconds=-1.0)):
        desk.send(wrong)
        assert desk.next(Refused).problem


def test_slow_motion_delays_steps_but_no_command(desk):
    session = desk.start()
    session.gate.release()
    assert desk.next(Snapshot).report.step == 1
    desk.send(Pace(seconds=50.0), Pause())
    session.gate.release()
    assert desk.state("paused").step == 2
    desk.send(Resume())
    desk.state("training")
    session.gate.release()
    assert desk.next(Snapshot).report.step == 3
    desk.send(Pause())  # long before the next step is due
    assert desk.state("paused").step == 3
    desk.send(Pace(seconds=0.0), Resume())
    session.gate.release()
    assert desk.next(Snapshot).report.step == 4
