"""What `--engine ray` refuses, before anything is stored, and which command takes which engine."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from pgplay.cli import main
from pgplay.cluster.node import difference_to, pgplay_here
from pgplay.cluster.shares import Share, share_of
from pgplay.config.engine import parse_engine
from pgplay.config.run_config import make_config
from pgplay.errors import InputError
from pgplay.runs.summaries import list_runs

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")
GRID = ["--set", "lr=0.01,0.02"]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["train", "--engine", "ray"], "ray is for sweep and compare."),
        (["--engine", "ray:auto"], "ray is for sweep and compare."),
        (["bench", "--engine", "ray"], "ray is for sweep and compare."),
        (["sweep", *GRID, "--engine", "processes:1"], "processes:1 trains one run, and sweep and compare train many."),
        (["compare", "lr=0.01", "lr=0.02", "--engine", "gpus:2"], "gpus:2 trains one run"),
        (["sweep", *GRID, "--engine", "rai"], "There is no engine called 'rai'."),
        (["sweep", *GRID, "--engine", "ray:here"], "'here' is not the address of a Ray cluster."),
        (["sweep", *GRID, "--engine", "ray:host:70000"], "'host:70000' is not the address of a Ray cluster."),
        (["sweep", *GRID, "--engine", "ray:http://host:1"], "'http://host:1' is not the address of a Ray cluster."),
    ],
)
def test_an_engine_that_does_not_fit_is_refused(
    words: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert problem in capsys.readouterr().err
    assert list_runs() == []


@pytest.mark.parametrize("text", ["ray", "ray:auto", "ray:head:6379", "ray:10.0.0.1:6379", "ray:ray://head:10001"])
def test_an_address_is_written_as_it_was_read(text: str) -> None:
    assert str(parse_engine(text)) == text


def test_without_ray_the_error_says_how_to_install_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main(["sweep", *GRID, "--engine", "ray"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "--engine ray needs the package ray.",
        'Install it: pip install "pgplay[ray]"',
    ]


def test_a_run_takes_its_threads_and_on_cuda_a_part_of_a_gpu() -> None:
    assert share_of(make_config({})) == Share(1, 0)
    assert share_of(make_config({"threads": 3, "device": "cuda"})) == Share(3, 0.25)
    with pytest.raises(InputError, match="Ray chooses the GPU of a run"):
        share_of(make_config({"device": "cuda:1"}))
    assert Share(1, 0.25).times_in(Share(8, 1)) == 4
    assert Share(3).times_in(Share(8)) == 2
    assert Share(1, 1).times_in(Share(8)) == 0


def test_a_node_with_another_pgplay_says_which_it_has() -> None:
    version, protocol = pgplay_here()
    assert difference_to(version, protocol) is None
    for other in ((version, protocol + 1), ("9.9", protocol)):
        refusal = difference_to(*other)
        if refusal is not None:
            assert refusal.code == "ray.other_pgplay"
        assert refusal is not None or version == "source"


@needs_ray
@pytest.mark.exhaustive
def test_a_node_without_pgplay_says_so() -> None:
    code = """
import sys
from ray import cloudpickle
from pgplay.cluster import ray_tasks
cloudpickle.register_pickle_by_value(ray_tasks)
sent = cloudpickle.dumps(ray_tasks.train_on_node)
for name in [name for name in sys.modules if name.partition(".")[0] == "pgplay"]:
    del sys.modules[name]
sys.modules["pgplay"] = None
print(cloudpickle.loads(sent)(b"", None, "1.0", 9)[0])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "ray.no_pgplay", done.stderr


@needs_ray
@pytest.mark.exhaustive
def test_a_ray_that_cannot_be_used_is_told_in_one_line() -> None:
    code = """
from ray._private.utils import check_version_info
from pgplay.cluster.ray_cluster import RayCluster, not_connected
from pgplay.errors import PgplayError
try:
    check_version_info({"ray_version": "2.9.0", "python_version": "3.9.1"}, "here")
except RuntimeError as error:
    print(not_connected("head:6379", error).problem)
print(not_connected("auto", ConnectionError("Could not find any running Ray instance.")).problem)
initialization = "Initialization failure from server:\\nTraceback:\\n  File\\nRuntimeError: See its log."
print(not_connected("ray://head:10001", ConnectionError(initialization)).problem)
try:
    with object.__new__(RayCluster):
        raise ConnectionError('GRPC failed: <RPC with:\\n\\tstatus = 5\\n\\tdetails = "No such session"\\n>')
except PgplayError as error:
    print(error.problem)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    told = "The cluster at head:6379 has Ray 2.9.0 on Python 3.9.1; here are Ray 2."
    assert done.stdout.startswith(told), done.stderr
    assert done.stdout.splitlines()[1:] == [
        "No Ray runs on this machine.",
        "The Ray Client server at ray://head:10001 can't be used: RuntimeError: See its log.",
        "The Ray cluster is gone: No such session",
    ]
