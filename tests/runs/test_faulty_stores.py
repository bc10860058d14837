"""Stores that are invalid, locked, missing or on a full disk: one accurate sentence each, and all other runs work."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pgplay.cli import main
from pgplay.config.run_config import RunConfig
from pgplay.errors import PgplayError
from pgplay.export.formats import RUN_FORMATS
from pgplay.learning.reports.step_report import StepReport
from pgplay.locale.catalog import Coded, text_of
from pgplay.runs import store as stores
from pgplay.runs.database_reader import DatabaseReader
from pgplay.runs.store import RunStore
from pgplay.runs.summaries import list_runs

MakeReport = Callable[..., StepReport]

ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
ODD = {
    "the parent's step is no number": "INSERT INTO run VALUES ('parent', 'x'), ('parent_step', 'y')",
    "the parent's step is below 0": "INSERT INTO run VALUES ('parent', 'x'), ('parent_step', '-3')",
    "the parent's step is a huge number": f"INSERT INTO run VALUES ('parent', 'x'), ('parent_step', '{'9' * 5000}')",
    "seconds are a text": "UPDATE steps SET seconds = 'soon'",
    "completions are bytes": "UPDATE steps SET completions = x'00'",
    "a state is bytes": "UPDATE run SET value = x'ff00' WHERE key = 'state'",
    "a text is no UTF-8": "UPDATE run SET value = CAST(x'ff00' AS TEXT) WHERE key = 'message'",
    "the date is none": "UPDATE run SET value = 'yesterday' WHERE key = 'created'",
    "the config is no object": "UPDATE run SET value = '[1]' WHERE key = 'config'",
    "a reward is a text": "UPDATE steps SET reward_mean = 'good'",
    "a step's reward is not listed": "UPDATE steps SET reward = 9",
    "a step's reward is a text": "UPDATE steps SET reward = 'good'",
    "numbers are a text": "UPDATE steps SET numbers = '0.5 0.1'",
    "numbers are too few": "UPDATE steps SET numbers = x'00'",
    "names are no list": "UPDATE names SET names = '{\"a\": 1}'",
    "names are twice the same": "UPDATE names SET names = '[\"entropy\", \"entropy\"]'",
    "names are missing": "DELETE FROM names",
    "samples are a number": "UPDATE samples SET samples = 7",
    "an event's detail is bytes": "UPDATE events SET detail = x'00ff'",
    "an event's step is a text": "UPDATE events SET step = 'three'",
    "a table is lacking": "DROP TABLE events",
    "a column is lacking": "ALTER TABLE steps DROP COLUMN seconds",
    "a view that never ends": f"DROP TABLE run; CREATE VIEW run AS {ENDLESS} SELECT i AS key, i AS value FROM n",
    "steps that never end": f"DROP TABLE steps; CREATE VIEW steps AS {ENDLESS} "
    "SELECT i AS step, 1.0 AS seconds, 1 AS completions, 0.5 AS reward_mean, 1 AS names, x'' AS numbers FROM n",
    "a trigger that never ends": "CREATE TRIGGER t AFTER INSERT ON events BEGIN "
    f"INSERT INTO samples {ENDLESS} SELECT i, x'' FROM n; END",
    "no table at all": "CREATE VIRTUAL TABLE more USING fts5(text)",
}  # fmt: skip


def make_run(name: str, make_report: MakeReport) -> None:
    with RunStore.create(RunConfig(), name) as store:
        for step in (1, 2, 3):
            store.record(make_report(step))
        store.change_event(1, {"lr": 0.1})
        store.finish("finished", ("ending.steps", {"steps": 3}))


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("change", ODD.values(), ids=ODD)
def test_a_store_with_an_invalid_value_affects_only_itself(
    change: str, make_report: MakeReport, home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name in ("good", "odd"):
        make_run(name, make_report)
    database = sqlite3.connect(home / "runs" / "odd" / "run.sqlite")
    database.executescript(change)
    database.close()
    assert main(["runs"]) == 0
    assert "finished" in next(line for line in capsys.readouterr().out.splitlines() if line.startswith("good"))
    listed = {run.name: run for run in list_runs()}
    problems = [listed["odd"].problem] if listed["odd"].problem else []
    capsys.readouterr()
    if main(["runs", "show", "odd"]):
        problems.append(capsys.readouterr().err)
    for wanted in RUN_FORMATS:
        capsys.readouterr()
        if main(["runs", "export", "odd", str(tmp_path / f"odd.{wanted}")]):
            problems.append(capsys.readouterr().err)
    assert problems
    assert all("The run 'odd' cannot be read" in problem for problem in problems)
    assert all(len(problem.strip().splitlines()) <= 2 for problem in problems)
    assert main(["runs", "delete", "odd", "--yes"]) == 0


def test_an_endless_query_is_given_up(make_report: MakeReport, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run("slow", make_report)
    monkeypatch.setattr("pgplay.runs.database_reader._READ_LIMIT", 0.05)
    with DatabaseReader.open("slow") as reader, pytest.raises(PgplayError, match="too long"):
        reader._select(tuple[int], f"{ENDLESS} SELECT max(i) FROM n")


def test_a_write_waits_for_another_program_and_says_so(make_report: MakeReport, home: Path) -> None:
    with RunStore.create(RunConfig(), "busy") as store:
        other = sqlite3.connect(home / "runs" / "busy" / "run.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        heard = []

        def let_go(notice: Coded) -> None:
            heard.append(text_of(*notice))
            other.execute("ROLLBACK")

        store.on_wait = let_go
        store.record(make_report(1))
        assert len(store.rows()) == 1
        assert len(heard) == 1
        assert "Another program has locked" in heard[0]
        other.close()


def test_a_store_that_stays_locked_is_reported_as_locked(
    make_report: MakeReport, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "_PATIENCE", 0.0)
    with RunStore.create(RunConfig(), "busy") as store:
        other = sqlite3.connect(home / "runs" / "busy" / "run.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(PgplayError, match="locked by another program"):
            store.record(make_report(1))
        other.close()
        store.record(make_report(1))


def replace(folder: Path) -> None:
    aside = folder.with_name("aside.sqlite")
    shutil.copy(folder / "run.sqlite", aside)
    aside.replace(folder / "run.sqlite")


LOSSES: dict[str, Callable[[Path], object]] = {
    "deleted": shutil.rmtree,
    "moved": lambda folder: folder.rename(folder.with_name("elsewhere")),
    "another in its place": lambda folder: [shutil.copytree(folder, f"{folder}-2"), shutil.rmtree(folder),
                                            Path(f"{folder}-2").rename(folder)],
    "the file replaced": replace,
    "the file deleted": lambda folder: (folder / "run.sqlite").unlink(),
    "the log deleted": lambda folder: (folder / "run.sqlite-wal").unlink(),
}  # fmt: skip


@pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES)
def test_a_run_whose_files_are_taken_away_says_so(
    lose: Callable[[Path], object], make_report: MakeReport, home: Path
) -> None:
    store = RunStore.create(RunConfig(), "lost")
    store.record(make_report(1))
    lose(home / "runs" / "lost")
    assert not store.is_in_place
    with pytest.raises(PgplayError, match="deleted, moved or replaced"):
        store.record(make_report(2))
    with pytest.raises(PgplayError, match="deleted, moved or replaced"):
        store.finish("finished")
    store.close()


def test_a_run_that_was_moved_and_put_back_continues(make_report: MakeReport, home: Path) -> None:
    folder = home / "runs" / "lost"
    with RunStore.create(RunConfig(), "lost") as store:
        store.record(make_report(1))
        folder.rename(home / "runs" / "elsewhere")
        with pytest.raises(PgplayError, match="moved"):
            store.record(make_report(2))
        (home / "runs" / "elsewhere").rename(folder)
        store.record(make_report(2))
        assert len(store.rows()) == 2


VANDAL = """
import os, shutil
runs = os.path.join(os.environ["PGPLAY_HOME"], "runs")
calls = []
def reward(text, target, prompt):
    calls.append(text)
    if len(calls) == 200:
        for name in os.listdir(runs):
            shutil.rmtree(os.path.join(runs, name), ignore_errors=True)
    return len(text) / 10
"""


def test_train_fails_when_the_runs_folder_is_deleted(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "vandal.py").write_text(VANDAL)
    words = ["train", "--target", "ab", "--model", "gru-nano", "--steps", "40", "--reward", str(tmp_path / "vandal.py")]
    assert main(words) == 1
    told = capsys.readouterr()
    assert "deleted, moved or replaced" in told.err
    assert "--resume" not in told.err
    assert told.out == ""
    assert [path.name for path in (home / "runs").iterdir() if path.is_dir()] == []


def fill(disk: Path) -> None:
    with (disk / "filling").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass


KILLED = """
import os
from pgplay.config.run_config import RunConfig
from pgplay.learning.reports.step_report import StepReport
from pgplay.runs.store import RunStore
store = RunStore.create(RunConfig(), "killed")
for step in (1, 2):
    store.record(StepReport(step, 0.1, 8, {"reward_mean": 0.5}, (), False))
os._exit(9)
"""


@pytest.mark.parametrize("is_read_only", [False, True])
def test_stored_runs_are_read_on_a_full_disk(
    tiny_disk: Path, is_read_only: bool, monkeypatch: pytest.MonkeyPatch, make_report: MakeReport
) -> None:
    monkeypatch.setenv("PGPLAY_HOME", str(tiny_disk))
    make_run("rested", make_report)
    subprocess.run([sys.executable, "-c", KILLED], check=False)
    fill(tiny_disk)
    if is_read_only:
        subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
    assert {run.name: (run.steps, run.problem) for run in list_runs()} == {"rested": (3, ""), "killed": (2, "")}
    for name, steps in (("rested", 3), ("killed", 2)):
        with DatabaseReader.open(name) as reader:
            assert len(reader.rows()) == steps
    if not is_read_only:
        with pytest.raises(PgplayError, match="disk is full"), RunStore.open("rested") as store:
            store.event(1, "resume", ("x" * 100_000, {}))
