"""`python -m pgplay.worker.launcher`: torchrun, which tells the ranks that it starts who started them.

Where the machine lacks what the engine needs, it says so in the place of a worker's first event.
"""

from __future__ import annotations

import os
import sys

from pgplay.config.engine import ENGINE, parse_engine
from pgplay.errors import InputError, PgplayError
from pgplay.worker.protocol.codec import encode
from pgplay.worker.protocol.events import Failed

LAUNCHER = "PGPLAY_LAUNCHER"
"""The variable of the environment with the id of the process that starts the ranks."""


def tell_refusal(error: InputError) -> None:
    """Say why no worker begins, in the place of its first event."""
    sys.stdout.buffer.write(encode(Failed(error.code, error.values)))
    sys.stdout.flush()


def main() -> None:
    """Run torchrun with the arguments of this process; its status is 1 if a rank fails, which it reports."""
    from pgplay.policies.devices import refuse_missing

    try:
        engine = parse_engine(os.environ[ENGINE])
        refuse_missing(engine.processes, on_gpus=engine.kind == "gpus")
    except InputError as error:
        tell_refusal(error)
        os._exit(PgplayError.exit_status)  # 2 would mean to another machine that this is an older pgplay
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import main as torchrun

    os.environ[LAUNCHER] = str(os.getpid())
    status = 0
    sys.argv[1:1] = ["--log-dir", os.devnull]  # torchrun would leave a temporary folder behind
    try:
        torchrun()
    except ChildFailedError as error:
        sys.stderr.write(f"{error}\n")
        status = 1
    sys.stderr.flush()
    os._exit(status)  # taking torch down takes half a second, for which a person would wait


if __name__ == "__main__":
    main()
