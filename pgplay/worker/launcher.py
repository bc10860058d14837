"""`python -m pgplay.worker.launcher`: torchrun, which tells the ranks that it starts who started them."""

from __future__ import annotations

import os

LAUNCHER = "PGPLAY_LAUNCHER"
"""The variable of the environment with the id of the process that starts the ranks."""


def main() -> None:
    """Run torchrun with the arguments of this process."""
    from torch.distributed.run import main as torchrun

    os.environ[LAUNCHER] = str(os.getpid())
    torchrun()


if __name__ == "__main__":
    main()
