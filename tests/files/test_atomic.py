import contextlib
import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pgplay.errors import InputError, PgplayError
from pgplay.files.atomic import as_user_errors, delete_folder, new_folder, recover, write_atomically
from pgplay.files.locks import FileLock, locked_folder
from pgplay.files.names import check_name


def test_a_full_disk_is_reported_and_the_old_file_stays(tiny_disk: Path) -> None:
    path = tiny_disk / "file"
    write_atomically(path, b"old")
    with pytest.raises(PgplayError, match="the disk is full") as caught:
        write_atomically(path, bytes(1_000_000))
    assert "unchanged" in caught.value.remedy
    assert path.read_bytes() == b"old"
    assert os.listdir(tiny_disk) == ["file"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk is full"),
        (errno.EROFS, "no permission for"),
        (errno.EIO, "failed"),
    ],
)
def test_a_failing_disk_is_reported_in_words_and_the_old_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    write_atomically(tmp_path / "file", b"old")

    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(PgplayError, match=words):
            write_atomically(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_file_where_a_folder_should_be_is_reported(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("")
    with pytest.raises(PgplayError, match="blocked"):
        write_atomically(tmp_path / "blocked" / "file", b"")
    with pytest.raises(PgplayError, match="blocked"), locked_folder(tmp_path / "blocked"):
        pass


def content(folder: Path) -> str:
    return (folder / "a").read_text() + (folder / "b").read_text()


@pytest.mark.parametrize("call", range(12))
def test_a_crash_at_any_moment_of_replacing_a_folder_leaves_the_old_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    def fill(text: str) -> None:
        with new_folder(tmp_path / "folder", replace=True) as aside:
            write_atomically(aside / "a", text.encode())
            write_atomically(aside / "b", text.encode())

    fill("old")
    calls = 0

    class Dead(BaseException):
        """The process is gone: nothing cleans up after it."""

    def die_at_the_right_one(function: Any) -> Any:
        def dying(*arguments: Any, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls > call:
                raise Dead
            return function(*arguments, **options)

        return dying

    with monkeypatch.context() as patch:
        for name in ("fsync", "replace", "rename", "unlink", "rmdir", "mkdir"):
            patch.setattr(os, name, die_at_the_right_one(getattr(os, name)))
        with contextlib.suppress(Dead):
            fill("new")
    recover(tmp_path)
    assert content(tmp_path / "folder") in ("oldold", "newnew")
    assert os.listdir(tmp_path) == ["folder"]


def test_a_folder_is_not_replaced_unasked(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="already"), new_folder(tmp_path / "folder"):
        pass
    assert os.listdir(tmp_path) == ["folder"]


def test_a_deleted_folder_leaves_nothing(tmp_path: Path) -> None:
    with new_folder(tmp_path / "folder") as aside:
        write_atomically(aside / "a", b"")
    delete_folder(tmp_path / "folder")
    assert os.listdir(tmp_path) == []
    with pytest.raises(PgplayError, match="Deleting"):
        delete_folder(tmp_path / "folder")


@pytest.mark.parametrize("name", ["a", "Hello World-2_x.y", "नमस्ते", "é", "x" * 80, "月" * 80, "console", "2"])
def test_good_names(name: str) -> None:
    assert check_name("policy", name) == name


def test_a_decomposed_name_is_composed() -> None:
    assert check_name("policy", "e\u0301") == "é"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"), ("x" * 81, "too long"), ("𠀀" * 80, "too long"), ("a/b", "'/'"), ("a\\b", "contains"),
        ("a\x00", "contains"), ("\ud800", "contains"), ("a\u202eb", "contains"), ("a:b", "':'"), ("..", "begins"),
        (".a", "begins"), ("-a", "begins"), (" a", "begins"), ("a ", "ends"), ("a.", "ends"), ("nul", "device"),
        ("Com3.txt", "device"),
    ],
)  # fmt: skip
def test_bad_names_are_refused_with_the_reason(name: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        check_name("policy", name)
    assert "letters, digits" in caught.value.remedy


HOLDER = """
import sys
from pathlib import Path
from pgplay.files.locks import FileLock
lock = FileLock(Path(sys.argv[1]))
print(lock.take(), flush=True)
sys.stdin.read()
"""


def test_a_lock_is_exclusive_and_is_released_when_its_process_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        lock = FileLock(tmp_path / "lock")
        assert not lock.take()
        holder.kill()
        holder.wait()
        assert lock.take()
    assert not FileLock(tmp_path / "lock").take()
    lock.release()
    assert FileLock(tmp_path / "lock").take()


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="only Linux has files without a name")
@pytest.mark.parametrize("old", [b"", b"old"], ids=["new", "replaced"])
def test_a_process_that_is_killed_while_it_writes_leaves_nothing_behind(tmp_path: Path, old: bytes) -> None:
    if old:
        (tmp_path / "file").write_bytes(old)
    program = (
        "import os, signal, sys; from pathlib import Path; from pgplay.files.atomic import write_atomically\n"
        "def pieces():\n    yield bytes(1000)\n    os.kill(os.getpid(), signal.SIGKILL)\n    yield b''\n"
        "write_atomically(Path(sys.argv[1]), pieces())"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(tmp_path / "file")], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == ({"file": old} if old else {})


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="only Linux has files without a name")
def test_leftovers_between_naming_and_replacing_go_when_the_file_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def die(*arguments: Any) -> None:
        monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)  # a killed process cleans nothing up
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", die)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"new")
    monkeypatch.undo()
    assert len(os.listdir(tmp_path)) == 2
    write_atomically(path, b"newer")
    assert os.listdir(tmp_path) == ["file"]
    assert path.read_bytes() == b"newer"


def test_without_unnamed_files_a_temporary_one_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    for text in (b"old", b"new"):
        write_atomically(tmp_path / "file", text)
        assert (tmp_path / "file").read_bytes() == text
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("reason", [errno.EACCES, errno.EIO])
def test_the_remedy_for_a_folder_depends_on_its_owner(reason: int, home: Path, tmp_path: Path) -> None:
    def remedy(path: Path) -> str:
        with pytest.raises(PgplayError) as caught, as_user_errors("Writing", path):
            raise OSError(reason, "no")
        return caught.value.remedy

    assert "PGPLAY_HOME" in remedy(home / "policies" / "a")
    assert "name a file in another folder" in remedy(tmp_path / "a.csv")
    assert "PGPLAY_HOME" not in remedy(tmp_path / "a.csv")
