import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pgplay.config.run_config import RunConfig
from pgplay.errors import InputError, PgplayError
from pgplay.learning.reports.step_report import StepReport
from pgplay.runs.database_reader import DatabaseReader
from pgplay.runs.reader import RunEvent, ScoredSince, StoredScorer
from pgplay.runs.store import RunStore, keeps_samples
from pgplay.runs.summaries import delete_run, list_runs

MakeReport = Callable[..., StepReport]

WRITER = """
import sys
from pgplay.config.run_config import RunConfig
from pgplay.learning.reports.step_report import StepReport
from pgplay.runs.store import RunStore
store = RunStore.create(RunConfig(), "killed")
for step in range(1, 100_000):
    store.record(StepReport(step, step * 0.1, 8, {"reward_mean": step / 7}, (), False))
    print(step, flush=True)
"""

CREATOR = """
from pgplay.config.run_config import RunConfig
from pgplay.runs.store import RunStore
for _ in range(10):
    store = RunStore.create(RunConfig())
    print(store.name)
    store.close()
"""


def test_another_reader_reads_a_run_while_it_is_written(make_report: MakeReport) -> None:
    with RunStore.create(RunConfig(target="你好"), "first") as store:
        for step in (1, 2, 3):
            store.record(make_report(step, reward=step / 3))
        with RunStore.open("first") as reader:
            assert reader.config == RunConfig(target="你好")
            assert reader.rows() == [(step, make_report(step, reward=step / 3).metrics) for step in (1, 2, 3)]
            assert reader.rows(after_step=1, limit=1) == store.rows()[1:2]
            assert reader.samples(2) == make_report(2).samples
            store.record(make_report(4))
            assert [step for step, _ in reader.rows(after_step=3)] == [4]


def test_steps_may_have_different_metrics(make_report: MakeReport) -> None:
    with RunStore.create(RunConfig()) as store:
        store.record(make_report(1, reward=None))
        store.record(make_report(2, reward=1.0))
        store.record(StepReport(3, 0.3, 8, {}, (), False))
        assert [metrics for _, metrics in store.rows()] == [{"entropy": 0.1}, {"reward_mean": 1.0, "entropy": 0.2}, {}]


def test_events_and_the_end_are_stored() -> None:
    with RunStore.create(RunConfig(), "run") as store:
        store.event(0, "warm-start", ("event.warm_start_policy", {"name": "é"}))
        store.change_event(7, {"lr": 0.1})
        store.event(8, "resume")
        store.finish("solved", ("ending.solved", {"seconds": 3.1, "steps": 1000}))
    with RunStore.open("run") as store:
        events = store.events()
        assert [(event.step, event.kind) for event in events] == [(0, "warm-start"), (7, "change"), (8, "resume")]
        assert [event.words for event in events] == ["from the policy é", '{"lr":0.1}', ""]
        assert (store.state, store.message) == ("solved", "solved in 3.1 s, 1,000 steps")


def test_the_ending_of_a_run_stored_as_a_sentence_is_still_shown() -> None:
    with RunStore.create(RunConfig(), "old") as store:
        store._keep(store._database, {"message": "solved in 3.1 s"})
        assert store.message == "solved in 3.1 s"


def test_an_event_stored_as_a_sentence_is_still_shown() -> None:
    for detail in ("20 steps", "from step 3 of mine", '["unfinished', "[1, 2]", "null"):
        assert RunEvent(0, "branch", detail).words == detail


def test_a_run_resumed_from_a_checkpoint_drops_the_steps_after_it(make_report: MakeReport) -> None:
    with RunStore.create(RunConfig()) as store:
        for step in range(1, 6):
            store.record(make_report(step))
            store.event(step, "step")
        store.finish("failed", ("ending.interrupted", {}))
        store.rewind(3)
        store.record(make_report(4, reward=0.9))
        assert [step for step, _ in store.rows()] == [1, 2, 3, 4]
        assert [event.step for event in store.events()] == [1, 2, 3]
        assert store.state == "training"
        assert store.progress().last_reward == 0.9


def test_samples_are_kept_ever_more_thinly_and_the_nearest_earlier_ones_stand_in(make_report: MakeReport) -> None:
    kept = [step for step in range(1, 8001) if keeps_samples(step, solved=False)]
    assert kept[:1000] == list(range(1, 1001))
    assert len(kept) == 1000 + 3 * 500
    assert keeps_samples(1001, solved=True)
    with RunStore.create(RunConfig()) as store:
        store.record(make_report(1000))
        store.record(make_report(1001))
        assert store.samples(1001) == make_report(1000).samples
        assert store.samples(999) == ()


def test_killing_the_writer_at_any_moment_loses_no_reported_step(home: Path) -> None:
    for told in (1, 2, 3, 7, 40, 333):
        with subprocess.Popen([sys.executable, "-c", WRITER], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for line in writer.stdout:
                if int(line) == told:
                    writer.send_signal(signal.SIGKILL)
                    break
        with RunStore.open("killed") as store:
            rows = store.rows()
            assert len(rows) >= told
            assert rows == [(step, {"reward_mean": step / 7}) for step in range(1, len(rows) + 1)]
            assert list_runs()[0].state == "interrupted"
            store.rewind(told - 1)
            assert len(store.rows()) == told - 1
        delete_run("killed")


def test_a_run_is_trained_by_one_process_at_a_time(make_report: MakeReport) -> None:
    with RunStore.create(RunConfig(), "mine") as store, RunStore.open("mine") as other:
        with pytest.raises(InputError, match="training in another pgplay"):
            other.rewind(0)
        with pytest.raises(InputError, match="being trained"):
            delete_run("mine")
        assert list_runs()[0].state == "training"
        store.close()
        other.rewind(0)
        other.record(make_report(1))


def test_two_processes_that_create_runs_at_once_get_different_names() -> None:
    processes = [subprocess.Popen([sys.executable, "-c", CREATOR], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    names = [name for process in processes for name in process.communicate()[0].split()]
    assert len(names) == len(set(names)) == 20
    assert sorted(names) == sorted(run.name for run in list_runs())


def test_a_name_is_made_of_the_date_and_the_target() -> None:
    names = []
    for target in ("Hello, world!\n", "hello world", "🎉", "床前明月光"):
        with RunStore.create(RunConfig(target=target)) as store:
            names.append(store.name[len("2026-11-24") :])
    with RunStore.create(RunConfig(task="pairs/my words.csv")) as store:
        names.append(store.name[len("2026-11-24") :])
    assert names == ["-hello-world", "-hello-world-2", "-run", "-床前明月光", "-my-words"]


@pytest.mark.parametrize("name", ["../up", "a/b", " ", ".hidden", "con", "COM1.x", "-x", "a\n", "x" * 81, "end."])
def test_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="cannot be the name of a run"):
        RunStore.create(RunConfig(), name)


def test_a_name_that_differs_only_in_case_is_taken() -> None:
    RunStore.create(RunConfig(), "Mine").close()
    with pytest.raises(InputError, match="already a run or a sweep called 'mine'"):
        RunStore.create(RunConfig(), "mine")


def test_an_unknown_run_suggests_the_nearest() -> None:
    RunStore.create(RunConfig(), "hello").close()
    with pytest.raises(InputError, match="Did you mean 'hello'"):
        RunStore.open("helo")


def test_the_list_shows_how_far_each_run_got(make_report: MakeReport) -> None:
    with RunStore.create(RunConfig(target="abc", reward="hamming", seed=3), "done") as store:
        for step, reward in ((1, 0.2), (2, 0.9), (3, 0.7)):
            store.record(make_report(step, reward=reward))
        store.finish("finished")
    (run,) = list_runs()
    assert (run.name, run.target, run.reward, run.seed, run.state) == ("done", "abc", "hamming", 3, "finished")
    assert (run.steps, run.best_reward, run.last_reward) == (3, 0.9, 0.7)
    assert run.checkpoint_step is None


def test_broken_runs_are_listed_with_the_reason_and_can_be_deleted(home: Path) -> None:
    for name in ("good", "empty", "garbage", "foreign", "newer", "beheaded", "config"):
        RunStore.create(RunConfig(), name).close()
    runs = home / "runs"
    (runs / "empty" / "run.sqlite").unlink()
    (runs / "garbage" / "run.sqlite").write_bytes(b"garbage" * 1000)
    (runs / "foreign" / "run.sqlite").write_bytes(b"")
    whole = (runs / "beheaded" / "run.sqlite").read_bytes()
    (runs / "beheaded" / "run.sqlite").write_bytes(whole[: len(whole) // 2])
    for name, statement in (("newer", "PRAGMA user_version = 99"), ("config", "UPDATE run SET value = '{\"lr\": 7}'")):
        database = sqlite3.connect(runs / name / "run.sqlite")
        database.execute(statement)
        database.commit()
        database.close()
    listed = {run.name: run for run in list_runs()}
    assert [name for name, run in listed.items() if run.state != "unreadable"] == ["good"]
    assert all(run.problem for name, run in listed.items() if name != "good")
    assert "newer pgplay" in listed["newer"].problem
    assert "lr cannot be 7" in listed["config"].problem
    for name in listed:
        delete_run(name)
    assert list_runs() == []


def test_a_full_store_says_so_and_keeps_what_it_had(make_report: MakeReport, home: Path) -> None:
    with RunStore.create(RunConfig(), "full") as store:
        store.record(make_report(1))
        store._database.execute("PRAGMA max_page_count = 8")
        with pytest.raises(PgplayError, match="full"):  # noqa: PT012 - how many rows fit is SQLite's affair
            for step in range(2, 10_000):
                store.record(make_report(step))
        recorded = len(store.rows())
        assert recorded >= 1
        store._database.execute("PRAGMA max_page_count = 100000")
        store.record(make_report(recorded + 1))
    with RunStore.open("full") as store:
        assert [step for step, _ in store.rows()] == list(range(1, recorded + 2))


def test_a_home_that_cannot_be_written_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PGPLAY_HOME", str(tmp_path / "file"))
    with pytest.raises(PgplayError, match="PGPLAY_HOME"):
        RunStore.create(RunConfig())


def test_leftovers_of_a_crash_are_no_runs_and_are_removed(home: Path) -> None:
    (home / "runs" / ".new-0123").mkdir(parents=True)
    assert list_runs() == []
    RunStore.create(RunConfig(), "a").close()
    assert sorted(os.listdir(home / "runs")) == [".lock", "a"]


def test_a_run_on_a_full_disk_keeps_all_steps_that_it_reported(
    tiny_disk: Path, monkeypatch: pytest.MonkeyPatch, make_report: MakeReport
) -> None:
    monkeypatch.setenv("PGPLAY_HOME", str(tiny_disk))
    step = 0
    with RunStore.create(RunConfig(), "run") as store:
        with pytest.raises(PgplayError, match="full"):  # noqa: PT012 - how many rows fit is the disk's affair
            for step in range(1, 10_000):
                store.record(make_report(step))
        assert [kept for kept, _ in store.rows()] == list(range(1, step))
    with RunStore.open("run") as store:
        assert len(store.rows()) == step - 1
    delete_run("run")
    assert list_runs() == []


def test_runs_on_a_read_only_disk_can_be_read(
    tiny_disk: Path, monkeypatch: pytest.MonkeyPatch, make_report: MakeReport
) -> None:
    monkeypatch.setenv("PGPLAY_HOME", str(tiny_disk))
    with RunStore.create(RunConfig(), "run") as store:
        store.record(make_report(1))
    subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
    (run,) = list_runs()
    assert (run.steps, run.state) == (1, "interrupted")
    with DatabaseReader.open("run") as reader:
        assert reader.samples(1) == make_report(1).samples
    with pytest.raises(PgplayError, match="is not writable"):
        RunStore.open("run")
    with pytest.raises(PgplayError, match="PGPLAY_HOME"):
        RunStore.create(RunConfig())


FIRST, SECOND = StoredScorer("1" * 64, "levenshtein"), StoredScorer("2" * 64, "mine.py")

OLD_STORE = "ALTER TABLE steps DROP COLUMN reward; DROP TABLE rewards;"
"""Makes a store that of an earlier pgplay."""


def test_each_step_names_the_reward_that_scored_it_by_a_number(make_report: MakeReport) -> None:
    scorers = [FIRST, FIRST, SECOND, SECOND, FIRST]
    with RunStore.create(RunConfig(), "edited") as store:
        assert store.scorers() == []
        for step, scorer in enumerate(scorers, start=1):
            store.record(make_report(step), scorer)
        with RunStore.open("edited") as reader:
            (window,) = reader.windows()
            assert window.scorers == scorers
            assert reader.scorers() == [ScoredSince(1, FIRST), ScoredSince(3, SECOND), ScoredSince(5, FIRST)]
            assert reader._database.execute("SELECT reward FROM steps").fetchall() == [(1,), (1,), (2,), (2,), (1,)]
        store.rewind(3)
        assert store.scorers() == [ScoredSince(1, FIRST), ScoredSince(3, SECOND)]


def test_the_store_of_an_earlier_pgplay_opens_with_unknown_rewards_and_takes_further_steps(
    make_report: MakeReport,
) -> None:
    with RunStore.create(RunConfig(), "old") as store:
        for step in (1, 2):
            store.record(make_report(step))
        store._database.executescript(OLD_STORE)
    with DatabaseReader.open("old") as reader:
        assert reader.scorers() == [ScoredSince(1, None)]
        assert [window.scorers for window in reader.windows()] == [[None, None]]
        assert reader.rows() == [(step, make_report(step).metrics) for step in (1, 2)]
    with RunStore.open("old") as store:
        store.record(make_report(3), FIRST)
        assert store.scorers() == [ScoredSince(1, None), ScoredSince(3, FIRST)]
        assert len(store.rows()) == 3
