"""Jobs: what a command prints for another machine."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pgplay.errors import PgplayError
from pgplay.paths import jobs_folder
from pgplay.worker.protocol.commands import RunJob
from pgplay.worker.server import jobs
from pgplay.worker.server.job_streams import text_stream
from pgplay.worker.server.jobs import STDERR, Job

LISTING = RunJob(words=("runs", "list"), engine="ssh:box", stays=False)


def test_a_job_says_what_went_wrong_where_no_space_is_left_but_what_it_keeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, write = Job(tmp_path), os.write
    job.keep_reserve()
    (reserve,) = tmp_path.iterdir()

    def write_to_a_full_disk(descriptor: int, data: bytes) -> int:
        if reserve.exists():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data)

    with (tmp_path / STDERR).open("wb") as file, text_stream(file.fileno(), job) as stream:
        monkeypatch.setattr(os, "write", write_to_a_full_disk)
        print("The disk is full.", file=stream)
    assert (tmp_path / STDERR).read_text() == "The disk is full.\n"


def test_a_job_that_cannot_be_written_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, data: bytes) -> None:
        raise PgplayError("disk.full", action="Writing", path=path)

    monkeypatch.setattr(jobs, "write_atomically", refuse)
    with pytest.raises(PgplayError, match="the disk is full"):
        Job.start(LISTING)
    assert list(jobs_folder().iterdir()) == []
