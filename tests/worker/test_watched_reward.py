"""The file of a reward with which a worker on another machine trains."""

import pytest

from pgplay.config.run_config import make_config
from pgplay.library.consents import remember_own
from pgplay.rewards.spec import Origin, read_spec
from pgplay.worker.client.watched_reward import WatchedReward
from pgplay.worker.protocol.records import RunInfo

OLD = "def reward(text):\n    return 0.0\n"
NEW = "def reward(text):\n    return 1.0\n"


def info(file, code=OLD):
    return RunInfo(
        run="a-run",
        config=make_config({"reward": str(file)}),
        recipe="",
        model="gru-nano",
        parameters=1,
        device="cpu",
        threads=1,
        alphabet="a",
        max_length=1,
        targets=("a",),
        prompts=("",),
        notes=(),
        reward_source=code,
    )


async def changes_of(prepare):
    """Return what is reported in three looks, after `prepare` has told of a run: the changes, and the errors."""
    changes, errors = [], []
    watched = WatchedReward(changes.append, errors.append)
    prepare(watched)
    for _ in range(3):
        await watched.look()
    return [change.rewards[0].code for change in changes], [error.problem for error in errors]


@pytest.fixture
def file(home, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(NEW)
    return path


async def test_a_run_that_is_resumed_gets_what_was_saved_meanwhile_once(file):
    remember_own(read_spec(str(file), code=OLD))

    def resume(watched):
        watched.enter("training")
        watched.take(info(file), is_new=True)

    assert await changes_of(resume) == ([NEW], [])


async def test_the_file_of_somebody_elses_reward_is_not_read(file):
    theirs = read_spec(str(file), Origin("preset", "theirs"), OLD)

    def start(watched):
        watched.send([theirs.allowed()])
        watched.enter("training")
        watched.take(info(file), is_new=True)

    assert await changes_of(start) == ([], [])


async def test_a_run_that_has_ended_takes_no_saved_reward(file):
    def end(watched):
        watched.send([read_spec(str(file), code=OLD)])
        watched.take(info(file), is_new=True)
        watched.enter("solved")

    assert await changes_of(end) == ([], [])


async def test_a_saved_file_that_is_no_text_is_reported_once(file):
    file.write_bytes(b"# -*- coding: utf-8 -*-\n\xff\xfe\xff")

    def start(watched):
        watched.send([read_spec(str(file), code=OLD)])
        watched.enter("paused")
        watched.take(info(file), is_new=True)

    changes, errors = await changes_of(start)
    assert not changes
    assert len(errors) == 1
