"""What a process of Ray leaves on a node when it is killed: nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

HANGING = 60.0  # seconds


def test_the_store_on_a_node_is_deleted_however_its_process_ends(tmp_path: Path) -> None:
    code = "import os, signal; from pgplay.cluster.node_worker import node_worker_here; node_worker_here()"
    killed = subprocess.run(
        [sys.executable, "-c", f"{code}; os.kill(os.getpid(), signal.SIGKILL)"],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        check=False,
    )
    assert killed.returncode < 0
    give_up = time.monotonic() + HANGING
    while list(tmp_path.glob("pgplay-*")):
        assert time.monotonic() < give_up
        time.sleep(0.05)
