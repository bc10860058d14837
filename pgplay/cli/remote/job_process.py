"""`python -m pgplay.cli.remote.job_process FOLDER`: the process of a job, which is pgplay with other streams."""

from __future__ import annotations

import io
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pgplay.cli import main
from pgplay.cli.progress import JOB
from pgplay.cli.resuming import SEEN_AS
from pgplay.errors import is_disk_full
from pgplay.worker.server.jobs import Job

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class JobStream(io.RawIOBase):
    """The job's stream with this `descriptor`; where the disk is full, it goes on in the space that the job keeps."""

    def __init__(self, descriptor: int, job: Job) -> None:
        self._descriptor = descriptor
        self._job = job

    def writable(self) -> bool:
        """Whether it can be written: always."""
        return True

    def fileno(self) -> int:
        """Its descriptor."""
        return self._descriptor

    def write(self, data: ReadableBuffer, /) -> int:
        """Write some of `data`; returns how many bytes."""
        try:
            return os.write(self._descriptor, data)
        except OSError as error:
            if not is_disk_full(error):
                raise
            self._job.free_reserve()
            return os.write(self._descriptor, data)


def text_stream(descriptor: int, job: Job) -> io.TextIOWrapper:
    """Return the job's stream for text."""
    return io.TextIOWrapper(io.BufferedWriter(JobStream(descriptor, job)), encoding="utf-8", line_buffering=True)


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
    status = main(command.words)
    if not command.stays:
        job.delete_sent()
    sys.stdout.flush()
    sys.stderr.flush()
    job.finish(status)
    return status


if __name__ == "__main__":
    sys.exit(run_job(Path(sys.argv[1])))
