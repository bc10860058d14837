"""What a process of Ray leaves on a node: nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

HANGING = 60.0  # seconds
KILLED = "os.kill(os.getpid(), signal.SIGKILL)"
ENDED_BY_RAY = "[child.kill() for child in psutil.Process().children()]; os._exit(1)"
CLOSED = "node_worker.close_node_worker()"


@pytest.mark.parametrize("end", [KILLED, ENDED_BY_RAY, CLOSED], ids=["killed", "ended by Ray", "closed"])
def test_the_store_on_a_node_is_deleted_however_its_process_ends(end: str, tmp_path: Path) -> None:
    code = "import os, psutil, signal; from pgplay.cluster import node_worker; node_worker.node_worker_here()"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", f"{code}; {end}"], env=environment, check=False)
    assert (done.returncode == 0) == (end == CLOSED)
    give_up = time.monotonic() + HANGING
    while list(tmp_path.glob("pgplay-*")):
        assert time.monotonic() < give_up
        time.sleep(0.05)
