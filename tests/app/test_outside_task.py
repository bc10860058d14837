"""A task of another package in the app: it is read by another process before the run starts, once."""

from __future__ import annotations

import pytest
from textual.widgets import Static

from pgplay.app.model_command import TaskReader
from pgplay.app.screens.dialogs.get_task import GetTaskDialog
from pgplay.app.screens.dialogs.new_sweep import SweepDialog
from pgplay.config.run_config import make_config
from pgplay.errors import InputError
from pgplay.tasks.outside import OutsideTask
from pgplay.tasks.outside_pairs import NOT_CACHED
from pgplay.worker.protocol.commands import Start
from tests.app.fake_worker import Bench, opened, until

GYM, DATA_SET = "reasoning-gym:sums,count=2", "dataset:org/name"


def keep(task: OutsideTask) -> None:
    """Keep two pairs, as the other process does."""
    task.kept.parent.mkdir(parents=True, exist_ok=True)
    task.kept.write_text('{"prompt": "1 plus 1", "target": "2"}\n{"prompt": "2 plus 1", "target": "3"}\n')


def said(bench: Bench) -> str:
    return str(bench.app.screen.query_one(".words", Static).render())


async def test_a_start_reads_the_task_first_and_the_run_names_its_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    async def read(self: TaskReader, task: OutsideTask, *, download: bool) -> None:
        assert not download
        keep(task)

    monkeypatch.setattr(TaskReader, "read", read)
    bench = Bench(make_config({"task": GYM}))
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: bench.workers and bench.worker.alive)
        bench.worker.ready()
        await until(pilot, lambda: bench.app.state.worker == "ready")
        await pilot.press("space")
        await until(pilot, lambda: bench.sent(Start))
        assert bench.sent(Start)[0].config.task.startswith(f"{GYM},sha256=")
        bench.worker.build(task=bench.sent(Start)[0].config.task)
        await until(pilot, lambda: bench.app.state.run == "training")
        assert bench.app.state.settings == {"task": bench.sent(Start)[0].config.task}, "no change waits for a start"


async def test_a_sweep_of_the_setup_reads_the_task_too(monkeypatch: pytest.MonkeyPatch) -> None:
    async def read(self: TaskReader, task: OutsideTask, *, download: bool) -> None:
        keep(task)

    monkeypatch.setattr(TaskReader, "read", read)
    async with opened() as (bench, pilot):
        bench.app.main.setup.load(make_config({"task": GYM}))
        await pilot.press("W")
        await until(pilot, lambda: isinstance(bench.app.screen, SweepDialog))


async def test_a_data_set_is_downloaded_only_after_a_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    downloads = []

    async def read(self: TaskReader, task: OutsideTask, *, download: bool) -> None:
        downloads.append(download)
        if not download:
            raise InputError(NOT_CACHED, name=task.name, task=task.text)
        keep(task)

    async def size(self: TaskReader, task: OutsideTask) -> int:
        return 3_000_000

    monkeypatch.setattr(TaskReader, "read", read)
    monkeypatch.setattr(TaskReader, "size", size)
    bench = Bench(make_config({"task": DATA_SET}))
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: bench.workers and bench.worker.alive)
        bench.worker.ready()
        await pilot.press("space")
        await until(pilot, lambda: isinstance(bench.app.screen, GetTaskDialog) and "(3 MB in all)" in said(bench))
        assert downloads == [False]
        await pilot.press("enter")
        await until(pilot, lambda: bench.sent(Start))
        assert downloads == [False, True]


async def test_a_package_that_is_missing_is_named_and_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    async def read(self: TaskReader, task: OutsideTask, *, download: bool) -> None:
        raise InputError("outside.lacks_package", package="reasoning-gym", reason="it is missing")

    monkeypatch.setattr(TaskReader, "read", read)
    async with opened() as (bench, pilot):
        bench.app.main.setup.load(make_config({"task": GYM}))
        await pilot.press("space")
        await until(pilot, lambda: isinstance(bench.app.screen, GetTaskDialog) and "Reading" not in said(bench))
        assert "pip install reasoning-gym" in said(bench)
        await pilot.press("escape")
        await until(pilot, lambda: bench.app.screen is bench.app.main)
        assert bench.sent(Start) == []
