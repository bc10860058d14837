"""`python -m pgplay.cli.remote.job_process FOLDER`: the process of a job, which is pgplay with other streams."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from pgplay.cli import main
from pgplay.cli.output import note
from pgplay.cli.progress import JOB
from pgplay.cli.resuming import SEEN_AS
from pgplay.cli.signals import INTERRUPTED
from pgplay.worker.server.job_streams import text_stream
from pgplay.worker.server.jobs import Job


def run_job(folder: Path) -> int:
    """Run the job in `folder` and return its exit status."""
    job = Job(folder)
    job.hold()
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the link may go; the job stays
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdout, sys.stderr = (text_stream(descriptor, job) for descriptor in (1, 2))
    command = job.command
    os.environ |= {JOB: str(folder), SEEN_AS: command.engine, "COLUMNS": str(command.columns)}
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # one that came while this process started too
        status = main(command.words)
    except KeyboardInterrupt:
        note("Interrupted.")
        status = INTERRUPTED
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the rest takes no time, and its status is known
    if not command.stays:
        job.delete_sent()
    sys.stdout.flush()
    sys.stderr.flush()
    job.finish(status)
    return status


if __name__ == "__main__":
    sys.exit(run_job(Path(sys.argv[1])))
