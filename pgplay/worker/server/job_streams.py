"""What a job prints, which must not be lost on a full disk."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

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
