"""Fixtures of all tests: a home and a torch thread for each, so that no test sees the user's data or another test's.

The suite is distributed over several processes (pytest-xdist).
"""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from pgplay.limits import available_cores

MOST_PROCESSES = 8
"""Each loads torch: a third of a GB."""

ONE_OF, ONE_IN_CI = 24, 12
"""The default run takes one of so many cases of a matrix, and CI, except where a matrix must run in full."""

# A busy machine is slow, which is not the fault of the code under test.
settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-machine")


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a shell's background; tests interrupt processes
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return the number of processes for folders; 0, this process alone, for single files.

    It is one more than there are cores, as apps often wait for their timers.
    """
    names_a_folder = any(Path(argument).is_dir() for argument in config.args)
    return min(available_cores() + 1, MOST_PROCESSES) if names_a_folder else 0


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark most cases of each matrix as exhaustive if CI takes them, else as nightly, before -m selects."""
    cases = Counter[str]()
    for item in items:
        matrix = item.get_closest_marker("matrix")
        if matrix is None:
            continue
        function = item.nodeid.partition("[")[0]
        if cases[function] % ONE_OF:
            is_in_ci = matrix.kwargs.get("whole_in_ci") or not cases[function] % ONE_IN_CI
            item.add_marker("exhaustive" if is_in_ci else "nightly")
        cases[function] += 1


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("PGPLAY_HOME", str(folder))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return folder


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Small matrices are not worth sharing, and the other cores run other tests; torch is not loaded for this."""
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 600 kB, which is soon full."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no disk can be mounted on this machine")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)
