"""The list of runs reads only stores that have changed, and is never out of date."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pgplay.config.run_config import RunConfig
from pgplay.learning.reports.step_report import StepReport
from pgplay.paths import runs_index_file
from pgplay.runs import index, summaries
from pgplay.runs.database_reader import DatabaseReader
from pgplay.runs.store import RunStore
from pgplay.runs.summaries import delete_run, list_runs

MakeReport = Callable[..., StepReport]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the runs whose stores the list opens, in order."""
    names: list[str] = []

    class Watched(DatabaseReader):
        def __init__(self, folder: Path) -> None:
            names.append(folder.name)
            super().__init__(folder)

    monkeypatch.setattr(summaries, "DatabaseReader", Watched)
    monkeypatch.setattr(index, "_SETTLED", 0)
    return names


def make_run(name: str, make_report: MakeReport, steps: int = 2) -> None:
    with RunStore.create(RunConfig(), name) as store:
        for step in range(1, steps + 1):
            store.record(make_report(step))
        store.finish("paused")


def test_only_changed_stores_are_read_again(make_report: MakeReport, opened: list[str]) -> None:
    for name in ("a", "b", "c"):
        make_run(name, make_report)
    first = list_runs()
    assert sorted(opened) == ["a", "b", "c"]
    opened.clear()
    assert list_runs() == first
    assert opened == []
    with RunStore.open("b") as store:
        store.record(make_report(3))
        assert {run.name: run.steps for run in list_runs()} == {"a": 2, "b": 3, "c": 2}
        assert opened == ["b"]
        store.record(make_report(4))
        assert {run.name: run.steps for run in list_runs()} == {"a": 2, "b": 4, "c": 2}
    delete_run("a")
    make_run("a", make_report, steps=1)
    assert {run.name: run.steps for run in list_runs()} == {"a": 1, "b": 4, "c": 2}


def test_a_change_visible_neither_in_size_nor_in_time_is_noticed(make_report: MakeReport, opened: list[str]) -> None:
    make_run("a", make_report)
    path = DatabaseReader.open("a").folder / "run.sqlite"
    list_runs()
    before = os.stat(path)
    database = sqlite3.connect(path)
    database.execute("UPDATE run SET value = 'solved' WHERE key = 'state'")
    database.commit()
    database.close()
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert [run.state for run in list_runs()] == ["solved"]


def test_a_store_that_was_just_written_is_read_again(
    make_report: MakeReport, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "_SETTLED", 3600 * 10**9)
    make_run("a", make_report)
    list_runs()
    list_runs()
    assert opened == ["a", "a"]


def test_the_state_of_a_killed_run_is_not_cached(opened: list[str]) -> None:
    program = (
        "import time\nfrom pgplay.config.run_config import RunConfig\nfrom pgplay.runs.store import RunStore\n"
        "store = RunStore.create(RunConfig(), 'a')\nprint('made', flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        assert [run.state for run in list_runs()] == ["training"]
        assert [run.state for run in list_runs()] == ["training"]
        writer.kill()
    assert [run.state for run in list_runs()] == ["interrupted"]


@pytest.mark.parametrize("text", [b"", b"[]", b'{"a": 1}', b"\xff" * 100, b'{"a": [[], {"name": "a"}]}'])
def test_a_damaged_index_is_rebuilt(make_report: MakeReport, opened: list[str], text: bytes) -> None:
    make_run("a", make_report)
    good = list_runs()
    runs_index_file().write_bytes(text)
    assert list_runs() == good
    opened.clear()
    assert list_runs() == good
    assert opened == []


def test_of_many_runs_none_is_opened_twice(make_report: MakeReport, opened: list[str], home: Path) -> None:
    make_run("run-0", make_report)
    for number in range(1, 300):
        folder = home / "runs" / f"run-{number}"
        folder.mkdir()
        os.link(home / "runs" / "run-0" / "run.sqlite", folder / "run.sqlite")
    assert len(list_runs()) == 300
    assert len(opened) == 300
    assert len(list_runs()) == 300
    assert len(opened) == 300
