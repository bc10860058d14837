"""A run exported to Weights & Biases without its server, read back from its file; skipped where it is not installed."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pgplay.config.run_config import make_config
from pgplay.learning.reports.step_report import Sample, StepReport
from pgplay.runs.store import RunStore

STEPS = 40
FILE_HEADER, BLOCK, RECORD_HEADER = 7, 32 * 1024, struct.Struct("<IHB")


def records(path: Path) -> Iterator[Any]:
    """The records of a .wandb file: LevelDB's log format after a header of 7 bytes."""
    from wandb.proto.wandb_internal_pb2 import Record

    data, place, kept = path.read_bytes(), FILE_HEADER, b""
    while place + RECORD_HEADER.size <= len(data):
        if BLOCK - place % BLOCK < RECORD_HEADER.size:
            place += BLOCK - place % BLOCK
            continue
        _, length, kind = RECORD_HEADER.unpack_from(data, place)
        place += RECORD_HEADER.size
        kept += data[place : place + length]
        place += length
        if kind in (1, 4):  # the whole record, or its last part
            yield Record.FromString(kept)
            kept = b""


@pytest.fixture
def run_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], subprocess.CompletedProcess[str]]:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    with RunStore.create(make_config({"target": "hi"}), "mine") as store:
        for step in range(1, STEPS + 1):
            greedy = Sample("greedy", "", f"text|{step}", "hi", 0.25, step, True, ("*",))
            store.record(StepReport(step, 0.1 * step, step, {"reward_mean": step / STEPS}, (greedy,), False))
    command = [sys.executable, "-m", "pgplay", "runs", "export", "mine", "--to", "wandb:own"]
    return lambda: subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def test_every_step_comes_back_with_its_time_and_its_samples(run_export, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    done = run_export()
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    (path,) = tmp_path.glob("wandb/offline-run-*/*.wandb")
    history = [
        {item.key or ".".join(item.nested_key): json.loads(item.value_json) for item in record.history.item}
        for record in records(path)
        if record.HasField("history")
    ]
    rows = [row for row in history if "train/reward" in row]
    assert [(row["_step"], row["train/reward"]) for row in rows] == [(s, s / STEPS) for s in range(1, STEPS + 1)]
    assert rows[-1]["_timestamp"] - rows[0]["_timestamp"] == pytest.approx(0.1 * (STEPS - 1))
    tables = [json.loads(table.read_text()) for table in tmp_path.glob("wandb/offline-run-*/files/media/table/*.json")]
    assert ["greedy", 0.25, "", "text|7", "hi"] in [row for table in tables for row in table["data"]]


def test_without_a_login_it_says_so_in_one_line(run_export, tmp_path, monkeypatch) -> None:
    for name in ("WANDB_MODE", "WANDB_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    done = run_export()
    assert done.returncode != 0
    assert done.stderr.count("\n") <= 2
    assert "wandb login" in done.stderr
