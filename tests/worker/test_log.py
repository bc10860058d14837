from pathlib import Path

import pytest

from pgplay.worker.client import log_file
from pgplay.worker.client.log_file import TAIL_LINES, WorkerLog
from pgplay.worker.protocol.throttle import LINES_PER_SECOND, Throttle


def test_the_tail_has_the_last_lines_and_the_file_all_of_them(tmp_path):
    path = tmp_path / "deep" / "worker.log"
    written = WorkerLog(path)
    lines = [f"line {number} é" for number in range(TAIL_LINES + 5)]
    for line in lines:
        written.write(line)
    assert written.tail.splitlines() == lines[5:]
    written.close()
    assert path.read_text(encoding="utf-8").splitlines() == lines


def test_a_file_that_has_grown_too_long_starts_again_and_the_old_one_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(log_file, "MAXIMUM_BYTES", 10)
    written = WorkerLog(tmp_path / "worker.log")
    for line in ("twelve bytes", "new"):
        written.write(line)
    written.close()
    assert (tmp_path / "worker.old.log").read_text() == "twelve bytes\n"
    assert (tmp_path / "worker.log").read_text() == "new\n"


def test_a_folder_that_cannot_be_written_is_reported_and_the_tail_continues(tmp_path):
    (tmp_path / "worker.log").mkdir()
    written = WorkerLog(tmp_path / "worker.log")
    written.write("still there")
    assert "worker.log cannot be written" in written.problem
    assert written.tail == f"{written.problem}\nstill there"
    written.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_is_reported_and_the_tail_continues():
    written = WorkerLog(Path("/dev/full"))
    written.write("lost in the file")
    written.write("still there")
    assert "No space left" in written.problem
    assert written.tail.splitlines() == ["lost in the file", written.problem, "still there"]


def test_lines_per_second_are_limited_and_the_rest_is_counted():
    throttle = Throttle()
    admitted = [throttle.admits(5.5) for _ in range(LINES_PER_SECOND + 7)]
    assert sum(admitted) == LINES_PER_SECOND
    assert throttle.take_left_out() == 7
    assert throttle.take_left_out() == 0
    assert throttle.admits(6.0)
