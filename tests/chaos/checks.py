"""Invariants after a kill."""

from __future__ import annotations

import time
from typing import NamedTuple

import pytest

from pgplay.files.atomic import kept_folders
from pgplay.files.locks import locked_folder
from pgplay.library.policies import BrokenPolicy, list_policies, load_policy
from pgplay.paths import policies_folder, runs_folder
from pgplay.runs.checkpoint_files import checkpoint_step
from pgplay.runs.database_reader import DatabaseReader
from pgplay.runs.summaries import list_runs
from pgplay.worker.session.session import Session
from tests.chaos.place import SETTLED, Place


class Kept(NamedTuple):
    """What a run has reported as stored: the step it would resume from, and the steps whose metrics it has."""

    checkpoint: int
    steps: int


def kept_runs() -> dict[str, Kept]:
    """Return what each stored run has stored by now; from then on it must not be lost."""
    found = {}
    for folder in kept_folders(runs_folder()):
        checkpoint = checkpoint_step(folder)
        with DatabaseReader(folder) as store:
            steps = store.progress().steps
        found[folder.name] = Kept(checkpoint or 0, steps)
    return found


def check_processes(place: Place) -> None:
    """Check that no process started in the place survives."""
    give_up = time.monotonic() + SETTLED
    while left := place.processes():
        assert time.monotonic() < give_up, f"survived: {left}"
        time.sleep(0.05)


def check_runs(kept: dict[str, Kept]) -> str:
    """Check that all runs are listed, have what they `kept`, and resume without a missing step; return a summary.

    A step after the last checkpoint is made again with the same numbers.
    """
    listed = {summary.name: summary for summary in list_runs()}
    assert kept.keys() <= listed.keys(), f"lost: {kept.keys() - listed.keys()}"
    told = []
    for name, summary in listed.items():
        assert not summary.problem, summary
        assert summary.checkpoint_step is not None, f"{name} cannot be resumed"
        least = kept.get(name, Kept(0, 0))
        assert summary.checkpoint_step >= least.checkpoint, (summary, least)
        assert summary.steps >= least.steps, (summary, least)
        with DatabaseReader.open(name) as store:
            before = dict(store.rows())
        session = Session.resume(name)
        resumed = session.step_count
        assert resumed >= least.checkpoint, (name, resumed, least)
        report = session.step()
        session.close("paused")
        with DatabaseReader.open(name) as store:
            assert [step for step, _ in store.rows()] == list(range(1, resumed + 2)), name
        lost = {metric: value for metric, value in before.get(resumed + 1, {}).items() if "seconds" not in metric}
        assert {metric: report.metrics.get(metric) for metric in lost} == pytest.approx(lost, abs=1e-5), name
        told.append(f"{name} resumes from {resumed}, {summary.steps} stored")
    return "; ".join(told) or "no run yet"


def check_policies(*names: str) -> None:
    """Check that the policies `names` open, that none is broken, and that the next write removes leftovers."""
    listed = list_policies()
    assert not [policy for policy in listed if isinstance(policy, BrokenPolicy)]
    assert set(names) <= {policy.name for policy in listed}
    for name in names:
        load_policy(name)
    with locked_folder(policies_folder()):
        assert [path.name for path in policies_folder().iterdir() if path.name.startswith((".new-", ".old-"))] == []


def check_folder(place: Place, allowed: int = 0) -> None:
    """Check that at most `allowed` files with names that the user never gave are in the user's folder."""
    strange = [path for path in place.folder.iterdir() if path.name.startswith(".")]
    assert len(strange) <= allowed, strange

