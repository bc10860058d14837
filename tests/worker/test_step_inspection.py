"""A step is recorded in full on request, at a step boundary, and is stored with the run."""

from __future__ import annotations

import sqlite3

import msgspec
import pytest
import torch

from pgplay.config.run_config import RunConfig, make_config
from pgplay.errors import InputError
from pgplay.learning.inputs import Inputs
from pgplay.learning.reports.step_report import Trace
from pgplay.runs.branches import branch_run
from pgplay.runs.database_errors import DATABASE
from pgplay.runs.store import RunStore
from pgplay.worker.protocol.codec import decode_event, encode
from pgplay.worker.protocol.commands import InspectStep, Map, Start
from pgplay.worker.protocol.events import Mapped, Refused, Snapshot, StepInspected
from pgplay.worker.session import last_update
from pgplay.worker.session.session import Session
from tests.worker.helpers import report, step_detail
from tests.worker.test_server import PATIENCE, desk  # noqa: F401

SMALL = {"target": "ab", "alphabet": "abc", "model": "gru-nano", "batch_size": 8, "until": "never", "device": "cpu"}


def test_while_training_only_the_next_step_is_recorded(desk):  # noqa: F811
    session = desk.start()
    assert session.at_gate.acquire(timeout=PATIENCE)
    desk.send(InspectStep(request=7))
    session.gate.release(3)
    told = desk.next(StepInspected)
    assert (told.request, told.detail) == (7, step_detail(2))
    assert desk.next(Snapshot).report.step >= 2
    session.gate.release(3)
    assert session.at_gate.acquire(timeout=PATIENCE)
    assert session.apart == [2]


def test_a_paused_run_makes_one_step_and_pauses_again(desk):  # noqa: F811
    desk.send(Start(config=RunConfig(), paused=True))
    desk.state("paused")
    desk.sessions[0].gate.release(100)
    desk.send(InspectStep(request=3))
    assert desk.next(StepInspected).detail.step == 1
    assert desk.state("paused").step == 1
    desk.send(Map(request=4))
    told = desk.next(Mapped)
    assert (told.request, told.map.step) == (4, 1)


@pytest.mark.parametrize("command", [InspectStep(), Map()])
def test_without_a_network_it_is_refused(desk, command):  # noqa: F811
    desk.send(Start(config=RunConfig(), paused=True))
    desk.state("paused")
    desk.sessions[0].policy_problem = InputError("text", text="A search trains no network.")
    desk.send(command)
    assert "no network" in desk.next(Refused).problem
    assert desk.sessions[0].step_count == 0


def test_a_recorded_step_is_a_step_like_any_other():
    plain, looked_at = (Session.begin(make_config(SMALL), Inputs(), name=name) for name in ("plain", "looked"))
    for number in range(4):
        plain.step()
        if number == 1:
            looked_at.inspected_step()
            looked_at.map()
        else:
            looked_at.step()
    for session in (plain, looked_at):
        session.close("paused")
    rows = []
    for name in ("plain", "looked"):
        with RunStore.open(name) as store:
            rows.append([{key: value for key, value in row.items() if "seconds" not in key} for _, row in store.rows()])
            if name == "looked":
                kept = store.step_detail(2)
                assert store.step_detail(1) is None
                assert store.detailed_steps() == [2]
    assert rows[0][2:] == rows[1][2:]
    assert kept is not None
    assert len(kept.samples) == 8
    assert decode_event(encode(StepInspected(detail=kept))) == StepInspected(detail=kept)


def test_a_search_has_nothing_to_record():
    session = Session.begin(make_config({"algorithm": "hill-climb", "until": "never"}), Inputs())
    with pytest.raises(InputError, match="no network"):
        session.inspected_step()
    session.close("paused")


def test_traces_are_stored_copied_to_a_branch_and_dropped_with_their_steps():
    session = Session.begin(make_config(SMALL), Inputs(), name="kept")
    for _ in range(3):
        session.step()
    assert session.snapshot().traces[0][0] == 3
    session.rest("paused")
    for _ in range(2):
        session.step()
    session.close("paused")
    branch = branch_run("kept", session.checkpoint_step)
    with RunStore.open(branch) as store:
        traces = store.traces()
        assert [step for step, _ in traces] == [1, 2, 3, 4, 5]
        assert all(len(trace.target) == 3 and sum(trace.rewards) == 8 for _, trace in traces)
        store.rewind(2)
        assert [step for step, _ in store.traces()] == [1, 2]


def test_a_store_of_an_early_version_takes_them_too():
    with RunStore.create(make_config({}), "early") as store:
        database = store.folder / DATABASE
    connection = sqlite3.connect(database)
    connection.execute("DROP TABLE details")
    connection.close()
    trace = Trace((0.5,), 0.0, 1.0, (8,))
    with RunStore.open("early") as store:
        assert list(store.traces()) == []
        store.record(msgspec.structs.replace(report(1), trace=trace))
        assert list(store.traces()) == [(1, trace)]


def test_a_run_that_has_ended_reports_its_last_update_and_stays_ended(desk):  # noqa: F811
    session = desk.start()
    session.ends_at = 2
    session.gate.release(2)
    desk.state("solved")
    session.last = step_detail(1)
    desk.send(InspectStep(request=5))
    told = desk.next(StepInspected)
    assert (told.request, told.detail.step) == (5, 1)
    assert (session.step_count, session.apart) == (2, [])


def test_an_ended_run_shows_its_last_real_update_recomputed_bit_for_bit(monkeypatch):
    monkeypatch.setattr(last_update, "BETWEEN_SECONDS", 0.0)
    small = {"target": "ab", "alphabet": "ab", "model": "gru-nano", "seed": 1, "batch_size": 16}
    session = Session.begin(make_config(small), Inputs())
    session.watch()
    before: list[dict[str, torch.Tensor]] = []
    while not session.should_stop():
        before.append(clones(session))
        session.step()
    assert len(before) > 2
    end, steps = clones(session), session.step_count
    detail = session.last_update()
    assert detail is not None
    assert (detail.step, detail.is_tried) == (steps - 1, False)  # the step that finds it solved makes no update
    assert session.step_count == steps
    assert all((tensor == end[name]).all() for name, tensor in clones(session).items())
    metrics = session.store.row(steps - 1)
    both = {name for name in detail.metrics.keys() & metrics.keys() if not name.startswith("seconds")}
    assert both >= {"reward_mean", "loss", "gradient_norm", "entropy"}
    assert {name: detail.metrics[name] for name in both} == {name: metrics[name] for name in both}
    assert session.store.detailed_steps() == [steps - 1]
    session.close("solved")


def test_a_last_update_that_cannot_be_reproduced_is_not_shown(monkeypatch):
    session = Session.begin(make_config({"target": "abc", "model": "gru-nano", "batch_size": 8, "steps": 3}), Inputs())
    session.watch()
    for _ in range(3):
        session.step()
    first = session.learner.reward.score

    def other(*given, **named):
        scored = first(*given, **named)
        return scored._replace(values=[value + 1 for value in scored.values])

    monkeypatch.setattr(session.learner.reward, "score", other)
    assert session.last_update() is None
    session.close("finished")


def clones(session: Session) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in session.need_policy().saved_state().items()}


def test_a_solved_run_shows_the_update_it_would_make_and_keeps_its_policy():
    session = Session.begin(make_config({"target": "a", "alphabet": "ab", "model": "gru-nano", "seed": 1}), Inputs())
    while not session.should_stop():
        session.step()
    before = {name: tensor.clone() for name, tensor in session.need_policy().saved_state().items()}
    steps = session.step_count
    tried = session.inspected_step()
    assert tried.is_tried
    assert all(sample.log_p_after is not None for sample in tried.samples)
    assert session.step_count == steps
    assert all((tensor == before[name]).all() for name, tensor in session.need_policy().saved_state().items())
    session.close("solved")
