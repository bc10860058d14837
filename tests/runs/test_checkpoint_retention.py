"""The checkpoints kept along a run, and branches that continue from one as the run itself did."""

import itertools
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgplay.config.changes import Changes
from pgplay.config.run_config import make_config
from pgplay.errors import InputError, PgplayError
from pgplay.learning.inputs import Inputs
from pgplay.runs import checkpoint_retention
from pgplay.runs.branches import branch_run
from pgplay.runs.checkpoint_files import all_checkpoints, keep_last, kept_steps, read_checkpoint, write_checkpoint
from pgplay.runs.checkpoint_retention import MOST_CHECKPOINTS, CheckpointRetention, is_spaced, thinned
from pgplay.runs.names import find_run
from pgplay.runs.store import RunStore
from pgplay.runs.summaries import list_runs
from pgplay.worker.session import checkpointer
from pgplay.worker.session.session import Session

CONFIG = {"model": "gru-nano", "target": "abc", "batch_size": 8, "until": "never", "seed": 7}


@given(st.integers(1, 20_000), st.integers(2, MOST_CHECKPOINTS))
def test_the_kept_checkpoints_of_any_run_are_bounded_and_reach_from_end_to_end(last: int, most: int) -> None:
    kept: list[int] = []
    step = 0
    while step <= last:
        if not kept or is_spaced(kept[-1], step, most):
            kept = thinned([*kept, step], most)
        step += 1 + step // 50
    assert len(kept) <= most
    assert kept[0] == 0
    gaps = [math.sqrt(after) - math.sqrt(before) for before, after in itertools.pairwise(kept)]
    assert math.sqrt(last) - math.sqrt(kept[-1]) <= 2.1 * math.sqrt(last) / most + 1
    # No holes: no gap is more than a few times as wide as an even one would be.
    assert max(gaps, default=0) <= 4 * math.sqrt(last) / most + 1


def test_thinning_keeps_the_ends_and_drops_the_closest() -> None:
    assert thinned([0, 1, 4, 5, 16], 4) in ([0, 1, 4, 16], [0, 1, 5, 16])
    assert thinned([0, 9], 2) == [0, 9]
    assert thinned([0, 9], 1) == []


def test_kept_checkpoints_stay_within_their_budget_of_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_retention, "TRAIL_BYTES", 5000)
    along = CheckpointRetention(tmp_path)
    for step in range(0, 2000, 7):
        if along.is_due(step):
            write_checkpoint(tmp_path, step.to_bytes(2, "big") * 500, {"step": step}, "last")
            along.keep()
    assert kept_steps(tmp_path) == along.steps
    assert len(along.steps) == 5
    tensors = list(tmp_path.glob("checkpoints/*.safetensors"))
    assert sum(path.stat().st_size for path in tensors) <= 5000 + 2 * 1000  # plus the last and the one before it
    for step in along.steps:
        assert read_checkpoint(tmp_path, step).state["step"] == step
    monkeypatch.setattr(checkpoint_retention, "TRAIL_BYTES", 1500)
    along.keep()
    assert kept_steps(tmp_path) == []


def test_a_short_run_keeps_few_checkpoints_and_a_long_one_all() -> None:
    size = 4_300_000  # gru-small's
    assert checkpoint_retention.room_for(size, 15) * size < 30_000_000
    assert checkpoint_retention.room_for(size, 15) >= 4
    assert checkpoint_retention.room_for(size, 3600) == min(MOST_CHECKPOINTS, checkpoint_retention.TRAIL_BYTES // size)
    assert [checkpoint_retention.room_for(size, seconds) for seconds in (0, 30, 60, 90)] == sorted(
        checkpoint_retention.room_for(size, seconds) for seconds in (0, 30, 60, 90)
    )
    assert checkpoint_retention.room_for(20_000_000, 1) == 2  # the first and the last, from the start
    assert checkpoint_retention.room_for(checkpoint_retention.TRAIL_BYTES, 3600) < 2


@pytest.fixture
def parent(monkeypatch: pytest.MonkeyPatch) -> str:
    """A run of twelve steps with checkpoints only at 0, 4 and 12, however slow; its learning rate changed after 6."""
    for interval in ("TRAIL_INTERVAL", "CHECKPOINT_INTERVAL", "BEST_INTERVAL"):
        monkeypatch.setattr(checkpointer, interval, 3600.0)
    session = Session.begin(make_config(CONFIG), Inputs(), name="parent")
    for step in range(1, 13):
        session.step()
        if step in (4, 6):
            session._keeper.checkpoint()
        if step == 6:
            session.change(Changes(lr=0.02))
    session.close("finished")
    return session.run


def test_a_branch_repeats_the_steps_of_the_run(parent: str) -> None:
    kept = all_checkpoints(find_run(parent))
    assert {0, 12} <= set(kept)
    assert 4 in kept
    branch = branch_run(parent, 4)
    session = Session.resume(branch)
    assert (session.run, session.step_count, session.config.lr) == ("parent-at-4", 4, None)
    assert kept_steps(session.store.folder) == [4]
    session.step()
    session.step()
    session.change(Changes(lr=0.02))
    session.step()
    session.close("paused")
    with RunStore.open(parent) as one, RunStore.open(branch) as other:
        assert other.parent == (parent, 4)
        assert one.parent is None
        theirs, own = one.rows(), other.rows()
        assert len(theirs) == 12
        for (step, expected), (own_step, found) in zip(theirs, own, strict=False):
            same = [name for name in expected if not name.startswith("seconds")]
            assert (own_step, [found[name] for name in same]) == (step, [expected[name] for name in same])
        assert len(own) == 7
        assert other.samples(3) == one.samples(3)
        assert [(event.step, event.kind) for event in other.events()] == [(4, "branch"), (6, "change")]
        assert other.events()[0].words == f"from step 4 of {parent}"


def test_a_step_without_a_checkpoint_is_refused_with_the_nearest(parent: str) -> None:
    with pytest.raises(InputError, match="no checkpoint at step 11") as refused:
        branch_run(parent, 11)
    assert "and 12" in refused.value.remedy
    assert [branch_run(parent, 12), branch_run(parent, 12)] == ["parent-at-12", "parent-at-12-2"]


def test_no_branch_is_made_from_a_checkpoint_that_cannot_be_resumed(parent: str) -> None:
    """Its hashes are right, its content is not."""
    folder = find_run(parent)
    found = read_checkpoint(folder, 4)
    trainer = found.state["trainer"]
    state = {**found.state, "trainer": {**trainer, "counters": {**trainer["counters"], "waiting": [7]}}}
    write_checkpoint(folder, found.tensors, state, "last")
    keep_last(folder)
    with pytest.raises(PgplayError, match="checkpoint of step 4 of the run 'parent' cannot be used: it has a waiting"):
        branch_run(parent, 4)
    assert [run.name for run in list_runs()] == ["parent"]


def test_a_run_whose_last_checkpoint_is_damaged_drops_what_was_stored_after_the_one_before(parent: str) -> None:
    folder = find_run(parent)
    before = kept_steps(folder)
    assert before[-1] == 12
    (folder / "checkpoints" / "last.json").write_text("{")
    session = Session.resume(parent)
    assert session.step_count == 6
    assert kept_steps(folder) == [step for step in before if step <= 6]
    session.close("paused")
