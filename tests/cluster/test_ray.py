"""`--engine ray` with a real Ray: lost nodes, interruptions, rewards that fail, and the numbers of the pool."""

from __future__ import annotations

import importlib.util
import json
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgplay.cli import main
from pgplay.paths import HOME
from pgplay.runs.database_reader import DatabaseReader
from pgplay.runs.summaries import list_runs
from tests.cluster.helpers import (
    HANGING,
    MARK,
    Process,
    addresses_of,
    all_numbers,
    finished,
    marked,
    reward_of,
    start,
    wait_until,
)

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed"),
    pytest.mark.skipif(sys.platform == "win32", reason="there are no signals to send"),
]

@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The value of MARK in the processes that a test starts, none of which outlives it."""
    value = secrets.token_hex(8)
    monkeypatch.setenv(MARK, value)
    yield value
    for process in marked(value):
        process.kill()


@pytest.fixture
def cluster(mark: str) -> Iterator[Process]:
    """A cluster of two nodes, `tests.cluster.two_nodes`."""
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        process = start("tests.cluster.two_nodes", folder)
        yield process
        process.communicate(timeout=HANGING)


def test_runs_of_a_lost_node_go_on_elsewhere_with_the_numbers_of_the_pool(
    cluster: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cluster.stdin is not None
    own = tmp_path / "own.py"
    own.write_text("def reward(text, target):\n    return sum(character in target for character in text) / 20\n")
    words = ["sweep", "--reward", "levenshtein", "--reward", str(own), "--target", "hi", "--model", "gru-nano"]
    words += ["--batch-size", "16", "--until", "never", "--steps", "500", "--seeds", "1"]
    words += ["--rank-by", "exact_match", "--json"]
    address, _ = addresses_of(cluster)
    sweep = start("pgplay", *words, "--engine", f"ray:{address}")
    wait_until(lambda: [run for run in list_runs() if run.checkpoint_step][1:], sweep)
    cluster.stdin.write("kill\n")
    cluster.stdin.flush()
    _, told = finished(sweep)
    assert sweep.returncode == 0, told
    assert "The node of" in told
    assert "Traceback" not in told
    resumed = [run.name for run in list_runs() if "resume" in kinds_of_events(run.name)]
    assert len(resumed) == 1
    on_nodes = all_numbers()
    monkeypatch.setenv(HOME, str(tmp_path / "pool"))
    assert main(words) == 0
    assert all_numbers() == on_nodes


def test_a_cluster_behind_a_client_server_has_the_numbers_of_the_pool(
    cluster: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["sweep", "--reward", "levenshtein", "--reward", "prefix", "--target", "hi", "--model", "gru-nano"]
    words += ["--batch-size", "16", "--until", "never", "--steps", "20", "--seeds", "1"]
    words += ["--rank-by", "exact_match", "--jobs", "1", "--json"]
    _, address = addresses_of(cluster)
    for _ in range(3):
        sweep = start("pgplay", *words, "--engine", f"ray:{address}")
        _, told = finished(sweep)
        if "Starting Ray client server failed" not in told:  # as Ray's own does on a busy machine
            break
    assert sweep.returncode == 0, told
    on_nodes = all_numbers()
    monkeypatch.setenv(HOME, str(tmp_path / "pool"))
    assert main(words) == 0
    assert len(on_nodes) == 2
    assert all_numbers() == on_nodes


def kinds_of_events(run: str) -> list[str]:
    with DatabaseReader.open(run) as store:
        return [event.kind for event in store.events()]


def test_ctrl_c_keeps_every_run_and_leaves_no_process_and_a_failed_reward_ends_its_run_alone(
    mark: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("def reward(text):\n    raise ValueError('no good')\n")
    words = ["sweep", "--reward", str(broken), "--reward", "levenshtein", "--target", "hi", "--model", "gru-nano"]
    words += ["--batch-size", "16", "--until", "never", "--steps", "800", "--seeds", "1"]
    words += ["--rank-by", "exact_match", "--json"]
    sweep = start("pgplay", *words, "--engine", "ray", "--jobs", "1")
    wait_until(lambda: any(run.checkpoint_step and run.state == "training" for run in list_runs()), sweep)
    sweep.send_signal(signal.SIGINT)
    interrupted, told = finished(sweep)
    assert sweep.returncode == 130, told
    assert "no good" in told
    assert f"pgplay sweep --engine ray {interrupted['name']}" in told
    give_up = time.monotonic() + HANGING
    while marked(mark):  # what a person's terminal does not wait for, such as Ray's own files
        assert time.monotonic() < give_up, marked(mark)
        time.sleep(0.1)
    runs = {reward_of(run): run for run in list_runs()}
    assert {reward: run.state for reward, run in runs.items()} == {str(broken): "failed", "levenshtein": "paused"}
    kept = runs["levenshtein"]
    assert kept.checkpoint_step == kept.steps
    assert main(["sweep", interrupted["name"], "--json"]) == 1
    resumed = json.loads(capsys.readouterr().out)
    assert [run["steps"] for row in resumed["recipes"] for run in row["runs"]] == [0, 800]


def test_an_address_without_a_cluster_is_one_clear_error_and_nothing_is_stored(mark: str) -> None:
    sweep = start("pgplay", "sweep", "--set", "lr=0.01,0.02", "--engine", "ray:127.0.0.1:1")
    _, told = finished(sweep)
    assert sweep.returncode == 1
    assert "Nothing answers at 127.0.0.1:1: Connection refused." in told
    assert len(told.splitlines()) == 3
    assert list_runs() == []


def test_rays_folder_is_deleted_also_where_nobody_else_is_left_to_delete_it(mark: str, tmp_path: Path) -> None:
    folder = tmp_path / "ray"
    folder.mkdir()
    process = start("pgplay.cluster", "ray:127.0.0.1:1", "1", "0", str(folder))
    answer, _ = finished(process)
    assert answer["code"] == "ray.unreachable"
    assert not folder.exists()
