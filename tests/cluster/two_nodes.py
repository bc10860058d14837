"""`python -m tests.cluster.two_nodes FOLDER`: a Ray cluster of two nodes on this machine, with one CPU core each.

It keeps its files in FOLDER, and prints its address and that of its client server. It kills the second node at a line
of standard input, and ends with it.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import Any


def add_node(cluster: Any, **options: Any) -> Any:
    """Add a node to `cluster`, which gives up after 30 seconds on a busy machine."""
    for _ in range(3):
        try:
            return cluster.add_node(**options)
        except Exception as error:
            if "timed out during startup" not in str(error):
                raise
    raise TimeoutError


def main(folder: str) -> None:
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_TMPDIR": folder}
    from ray.cluster_utils import Cluster

    options = {"num_cpus": 1, "include_dashboard": False}
    cluster = Cluster()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    add_node(cluster, **options, ray_client_server_port=port)
    node = add_node(cluster, **options)
    cluster.wait_for_nodes(timeout=120)
    sys.stdout.write(f"{cluster.address} ray://{cluster.address.rpartition(':')[0]}:{port}\n")
    sys.stdout.flush()
    if sys.stdin.readline():
        cluster.remove_node(node, allow_graceful=False)
        sys.stdin.read()
    cluster.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])
