"""What a process may use: the number of its cores."""

import os
import sys
from pathlib import Path

import pytest

from pgplay import limits
from pgplay.limits import available_cores, container_quota


def write(system: Path, path: str, text: str) -> None:
    file = system / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_a_containers_quota_counts_in_both_versions(tmp_path: Path) -> None:
    assert container_quota(tmp_path) is None
    write(tmp_path, "proc/self/cgroup", "0::/box/inner\n")
    write(tmp_path, "sys/fs/cgroup/box/inner/cpu.max", "max 100000\n")
    assert container_quota(tmp_path) is None
    write(tmp_path, "sys/fs/cgroup/box/cpu.max", "250000 100000\n")
    assert container_quota(tmp_path) == 2.5
    write(tmp_path, "sys/fs/cgroup/cpu.max", "150000 100000\n")
    assert container_quota(tmp_path) == 1.5
    write(tmp_path, "proc/self/cgroup", "9:name=systemd:/\n4:cpuacct,cpu:/host/box\n")
    write(tmp_path, "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n")
    write(tmp_path, "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n")
    assert container_quota(tmp_path) is None
    write(tmp_path, "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "400000\n")
    assert container_quota(tmp_path) == 4.0


@pytest.mark.skipif(sys.platform != "linux", reason="affinity is Linux's")
def test_only_the_cores_allowed_for_a_process_count() -> None:
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert available_cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)


@pytest.mark.skipif(sys.platform != "linux", reason="control groups are Linux's")
@pytest.mark.parametrize("quota", [0.5, 1.0, 1.9])
def test_a_fraction_of_a_core_is_none(monkeypatch: pytest.MonkeyPatch, quota: float) -> None:
    monkeypatch.setattr(limits, "container_quota", lambda: quota)
    assert available_cores() == 1
