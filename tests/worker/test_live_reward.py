"""A reward that is typed or saved during a run: tried before it is used, and stored with the run."""

import json
import os

import pytest

from pgplay.app.stored_runs.load_history import read_past
from pgplay.config.changes import Changes
from pgplay.config.run_config import make_config
from pgplay.errors import InputError, RewardError
from pgplay.export.formats import export_run
from pgplay.learning.inputs import read_inputs
from pgplay.library.policies import load_policy
from pgplay.rewards.spec import digest, read_spec
from pgplay.runs import reward_file
from pgplay.runs.branches import branch_run
from pgplay.runs.reward_file import RewardFile
from pgplay.runs.store import RunStore
from pgplay.worker.session.session import Session
from tests.worker.helpers import own_rewards

SHORT = "def reward(text, target, prompt):\n    return -float(len(text))\n"
LONG = "def reward(text, target, prompt):\n    return float(len(text))\n"
BROKEN = "def reward(text, target, prompt):\n    share = len(text) / 10\n    return share / (len(text) - len(text))\n"
SMALL = {"model": "gru-nano", "target": "abc", "batch_size": 8, "until": "never"}


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(reward_file, "FILE_CHECK_INTERVAL", 0.0)
    path = tmp_path / "mine.py"
    path.write_text(SHORT)
    return path


def begin(**settings):
    config = make_config({**SMALL, **settings})
    return Session.begin(config, read_inputs(config), rewards=own_rewards(config))


def typed(text, code):
    """Change the reward to Python as the editor sends it."""
    return Changes(reward=text), [read_spec(text, code=code)]


def save(path, text):
    """Save as an editor does, with a time that differs from that of the file before."""
    before = path.stat().st_mtime_ns
    path.write_text(text)
    os.utime(path, ns=(before + 1_000_000, before + 1_000_000))


def test_a_typed_reward_trains_from_the_next_step_on_and_is_stored_without_a_file():
    session = begin()
    session.step()
    session.change(*typed("typed.py", SHORT))
    assert session.step().metrics["reward_max"] <= 0
    assert session.info().reward_source == SHORT
    run = session.run
    session.save_policy("short")
    session.close("paused")
    assert load_policy("short")[0].reward_source == SHORT
    resumed = Session.resume(run)
    assert resumed.info().reward_source == SHORT
    assert resumed.step().metrics["reward_max"] <= 0
    assert (resumed.store.folder / "reward.py").read_text() == SHORT
    changes = [json.loads(event.detail) for event in resumed.store.events() if event.kind == "change"]
    assert changes == [{"reward": "typed.py", "reward_source": SHORT}]
    resumed.close("paused")


def test_a_typed_reward_that_fails_on_the_newest_samples_is_refused_with_its_line_and_the_old_one_stays():
    session = begin()
    session.step()
    with pytest.raises(RewardError, match=r"ZeroDivisionError.*line 3: return share") as failed:
        session.change(*typed("typed.py", BROKEN))
    assert failed.value.line == 3
    assert failed.value.spec == "typed.py"
    assert "the text" in failed.value.remedy
    with pytest.raises(InputError, match="defines no function"):
        session.change(*typed("typed.py", "x = 1"))
    assert session.config.reward == "levenshtein"
    assert session.step().metrics["reward_min"] >= 0
    session.close("paused")


def test_a_reward_typed_before_there_is_a_sample_is_tried_on_the_targets():
    session = begin()
    with pytest.raises(RewardError, match="'abc'") as failed:
        session.change(*typed("typed.py", "def reward(text, target, prompt):\n    raise ValueError(text)\n"))
    assert failed.value.field == "reward"
    session.close("paused")


def test_a_saved_file_requests_one_change_and_a_broken_save_keeps_the_old_reward(file):
    session = begin(reward=str(file))
    assert session.step().metrics["reward_max"] <= 0
    assert session.saved_reward() is None
    save(file, BROKEN)
    change = session.saved_reward()
    with pytest.raises(RewardError):
        session.change(change.settings, change.rewards)
    assert session.saved_reward() is None
    assert session.step().metrics["reward_max"] <= 0
    save(file, LONG)
    change = session.saved_reward()
    session.change(change.settings, change.rewards)
    assert session.step().metrics["reward_min"] >= 0
    assert session.saved_reward() is None
    session.close("paused")


def test_a_missing_empty_or_unchanged_file_requests_nothing(file):
    session = begin(reward=str(file))
    save(file, "")
    assert session.saved_reward() is None
    file.unlink()
    assert session.saved_reward() is None
    file.write_text(SHORT)
    assert session.saved_reward() is None
    session.close("paused")


def test_typed_text_counts_until_the_file_is_saved_again_even_after_a_resume(file):
    session = begin(reward=str(file))
    session.step()
    session.change(*typed(str(file), LONG))
    run = session.run
    session.close("paused")
    resumed = Session.resume(run)
    assert resumed.info().reward_source == LONG
    resumed.close("paused")
    save(file, SHORT + "# saved again\n")
    again = Session.resume(run)
    assert again.info().reward_source.endswith("# saved again\n")
    assert again.step().metrics["reward_max"] <= 0
    again.close("paused")


def test_a_branch_from_before_a_save_has_the_reward_of_that_time(file):
    session = begin(reward=str(file))
    session.step()
    save(file, LONG)
    change = session.saved_reward()
    session.change(change.settings, change.rewards)
    session.step()
    session.close("paused")
    branch = Session.resume(branch_run(session.run, 0))
    assert branch.info().reward_source == SHORT
    assert branch.saved_reward() is None
    save(file, LONG + "# again\n")
    assert branch.saved_reward().rewards[0].code == LONG + "# again\n"
    branch.close("paused")


def test_a_file_is_checked_twice_a_second_at_most(tmp_path, monkeypatch):
    now = [10.0]
    monkeypatch.setattr(reward_file.time, "monotonic", lambda: now[0])
    (tmp_path / "mine.py").write_text(SHORT)
    file = RewardFile(read_spec(str(tmp_path / "mine.py")))
    assert file.is_due()
    now[0] += 0.49
    assert not file.is_due()
    now[0] += 0.02
    assert file.is_due()
    assert not RewardFile(read_spec("levenshtein")).is_due()


def test_a_bare_name_is_found_among_the_saved_rewards(home, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (home / "rewards").mkdir(parents=True)
    (home / "rewards" / "kept.py").write_text(SHORT)
    session = begin(reward="kept.py")
    assert session.step().metrics["reward_max"] <= 0
    session.close("paused")


def test_a_fixed_reward_is_tried_first_on_the_text_that_the_old_one_failed_on():
    session = begin()
    session.step()
    session.change(*typed("typed.py", SHORT))
    session.learner.reward.score = failing_for("zzz")
    with pytest.raises(RewardError):
        session.step()
    only_that = "def reward(text, target, prompt):\n    return 1.0 if text != 'zzz' else [][0]\n"
    with pytest.raises(RewardError, match="IndexError") as refused:
        session.change(*typed("typed.py", only_that))
    assert refused.value.given == ("zzz", "abc", "", ())
    session.change(*typed("typed.py", LONG))
    assert session.step().metrics["reward_min"] >= 0
    session.close("paused")


def failing_for(text):
    def score(texts, targets, prompts, columns=None):
        raise RewardError("text", text="It failed.", given=(text, targets[0], prompts[0]))

    return score


def test_each_step_is_stored_with_the_hash_of_the_reward_that_scored_it(file):
    session = begin(reward=str(file))
    session.step()
    session.change(*typed(str(file), LONG))
    session.step()
    session.change(Changes(reward="prefix"))
    session.step()
    session.close("paused")
    with RunStore.open(session.run) as store:
        hashes = [digest(SHORT), digest(LONG), digest("prefix")]
        assert [(since.step, since.scorer.hash) for since in store.scorers()] == list(enumerate(hashes, start=1))
        rows = [json.loads(row) for row in b"".join(export_run(store, "jsonl")).splitlines()]
        assert [row["reward_hash"] for row in rows] == hashes
        assert [event.step for event in store.events() if event.kind == "change"] == [1, 2]


def test_a_reward_that_was_edited_while_its_run_rested_is_marked_where_the_run_resumes(file):
    session = begin(reward=str(file))
    session.step()
    session.close("paused")
    save(file, LONG)
    resumed = Session.resume(session.run)
    resumed.close("paused")  # its checkpoint has the new text: another resume is no further change
    resumed = Session.resume(session.run)
    resumed.step()
    resumed.close("paused")
    branch = branch_run(session.run, 2)
    with RunStore.open(session.run) as store, RunStore.open(branch) as copy:
        (change,) = (event for event in store.events() if event.kind == "change")
        assert (change.step, json.loads(change.detail)) == (1, {"reward": str(file), "reward_source": LONG})
        assert [since.scorer.hash for since in store.scorers()] == [digest(SHORT), digest(LONG)]
        assert copy.scorers() == store.scorers()
        assert [mark.words for mark in read_past(store).marks].count(f"reward {file}") == 1


def test_a_reward_that_is_mended_after_it_failed_is_marked(file):
    session = begin(reward=str(file))
    save(file, BROKEN)
    assert session.renew_reward()
    with pytest.raises(RewardError):
        session.step()
    session.rest("failed")
    save(file, LONG)
    assert session.renew_reward()
    assert not session.renew_reward()
    session.step()
    session.close("paused")
    with RunStore.open(session.run) as store:
        assert [since.scorer.hash for since in store.scorers()] == [digest(LONG)]
