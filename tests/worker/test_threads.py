"""A run's threads: who decides their number, what is stored, and yielding while others train."""

import json
from types import SimpleNamespace

import pytest
import torch

from pgplay.config.changes import Changes
from pgplay.config.run_config import make_config
from pgplay.learning.inputs import Inputs
from pgplay.learning.plan import read_plan
from pgplay.paths import cores_folder
from pgplay.runs.store import RunStore
from pgplay.worker.session import cpu_cores, threads
from pgplay.worker.session.cpu_cores import Claim, Wish
from pgplay.worker.session.session import Session
from pgplay.worker.session.threads import CLAIM_CHECK_INTERVAL, Threads

SMALL = {"target": "abc", "batch_size": 4, "until": "never", "device": "cpu"}


@pytest.fixture(autouse=True)
def four_cores(monkeypatch):
    monkeypatch.setattr(cpu_cores, "available_cores", lambda: 4)
    monkeypatch.setattr(threads, "available_cores", lambda: 4)
    yield
    torch.set_num_threads(1)


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr("pgplay.worker.session.threads.time.monotonic", lambda: now.seconds)
    return now


@pytest.fixture
def measured(monkeypatch):
    """A measurement that finds all allowed cores fastest, and records how many those were."""
    offered = []

    def measure(policy, rows, most):
        offered.append(most)
        return most

    monkeypatch.setattr(threads, "fastest_threads", measure)
    return offered


def plan(**settings):
    return read_plan(make_config({**SMALL, **settings}))


CPU = SimpleNamespace(device=torch.device("cpu"))


@pytest.mark.parametrize(
    ("settings", "policy", "stored", "chosen"),
    [
        ({"model": "gru-small"}, CPU, None, 1),
        ({"model": "gru-small", "threads": 3}, CPU, None, 3),
        ({"model": "gru-medium", "threads": 3}, CPU, 2, 3),
        ({"model": "gru-medium"}, CPU, 2, 2),
        ({"model": "gru-medium"}, CPU, None, 4),
        ({"model": "gru-medium"}, None, None, 1),
        ({"model": "gru-medium"}, SimpleNamespace(device=torch.device("cuda")), None, 1),
    ],
)
def test_the_user_decides_before_the_run_before_the_measurement(measured, settings, policy, stored, chosen):
    assert Threads.choose(plan(**settings), policy, stored).wanted == chosen
    assert bool(measured) == (chosen == 4)


@pytest.mark.parametrize(
    ("settings", "stored", "chosen"),
    [({}, None, 2), ({}, 4, 2), ({}, 1, 1), ({"threads": 3}, 1, 3)],
)
def test_processes_have_equal_parts_of_the_cores_and_claim_them_together(measured, settings, stored, chosen):
    several = Threads.choose(plan(model="gru-medium", **settings), CPU, stored, processes=2)
    assert (several.wanted, several.processes) == (chosen, 2)
    assert measured == ([2] if settings == {} and stored is None else [])
    several.work()
    (claim,) = cores_folder().glob("*.claim")
    assert claim.name.endswith(f"-fixed-{2 * chosen}.claim")
    several.rest()


def test_only_cores_that_no_other_run_uses_are_measured(measured):
    other = Claim(Wish(3, is_fixed=True))
    other.take()
    assert Threads.choose(plan(model="gru-medium"), CPU).wanted == 1
    other.release()
    assert measured == [1]


def test_a_run_yields_within_a_second_and_grows_back(clock):
    heard = []
    one = Threads(4, is_fixed=False, on_change=lambda *change: heard.append(change))
    one.work()
    assert torch.get_num_threads() == one.present == 4
    other = Threads(4, is_fixed=False)
    other.work()
    assert other.present == 2
    one.work()
    assert one.present == 4
    clock.seconds += CLAIM_CHECK_INTERVAL
    one.work()
    assert torch.get_num_threads() == one.present == 2
    other.rest()
    clock.seconds += CLAIM_CHECK_INTERVAL
    one.work()
    assert torch.get_num_threads() == one.present == one.wanted == 4
    one.rest()
    assert heard == [(4, 2), (2, 4)]
    assert list(cores_folder().glob("*.claim")) == []


def test_a_number_fixed_by_the_user_stays_and_is_taken_from_the_others(clock):
    fixed = Threads(3, is_fixed=True)
    fixed.work()
    other = Threads(4, is_fixed=False)
    other.work()
    clock.seconds += CLAIM_CHECK_INTERVAL
    fixed.work()
    assert (fixed.present, other.present) == (3, 1)
    fixed.rest()
    other.rest()


def test_the_choice_is_stored_reported_and_reused_by_a_resumed_run(measured, home):
    session = Session.begin(make_config({**SMALL, "model": "gru-medium"}), Inputs())
    assert session.info().threads == 4
    assert len(list(cores_folder().glob("*.claim"))) == 1
    session.close("paused")
    assert list(cores_folder().glob("*.claim")) == []
    with RunStore.open(session.run) as store:
        assert [event.words for event in store.events() if event.kind == "threads"] == ["4, as measured"]
    (document,) = (home / "runs" / session.run / "checkpoints").glob("last.json")
    assert json.loads(document.read_text())["state"]["threads"] == 4
    measured.clear()
    resumed = Session.resume(session.run)
    assert (resumed.info().threads, measured) == (4, [])
    resumed.change(Changes(threads=2))
    assert resumed.info().threads == 2
    resumed.close("paused")
    again = Session.resume(session.run)
    assert again.info().threads == 2
    again.close("paused")


def test_a_run_that_yields_says_so_in_its_events(measured):
    session = Session.begin(make_config({**SMALL, "model": "gru-medium"}), Inputs())
    session.rest("paused")
    other = Claim(Wish(3, is_fixed=True))
    other.take()
    session.step()
    assert torch.get_num_threads() == session.info().threads == 1
    assert ("threads", "4 to 1, as other runs begin or end") in [
        (event.kind, event.words) for event in session.store.events()
    ]
    other.release()
    session.close("paused")
