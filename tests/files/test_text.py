import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from pgplay.config.preset_file import read_preset
from pgplay.errors import InputError, PgplayError
from pgplay.files.text import lines_of
from pgplay.library.archive import import_policy
from pgplay.rewards.python.source import read_code
from pgplay.tasks.corpora import read_corpus
from pgplay.tasks.pairs import read_pairs
from pgplay.tasks.target_file import read_target

TEXT = "naïve 床 👩\u200d🚀\nsecond line"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_text_survives_a_round_trip(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "poem.txt"
    path.write_bytes((TEXT + "\n").encode(encoding))
    assert read_target(path) == TEXT


def test_utf_16_of_either_byte_order(tmp_path: Path) -> None:
    path = tmp_path / "poem.txt"
    path.write_bytes(b"\xfe\xff" + TEXT.encode("utf-16-be"))
    assert read_target(path) == TEXT


def test_one_final_newline_is_dropped_and_line_ends_become_newlines(tmp_path: Path) -> None:
    path = tmp_path / "poem.txt"
    path.write_bytes(b"a\r\nb\rc\n\n")
    assert read_target(path) == "a\nb\nc\n"


def test_a_wrong_encoding_is_reported_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes(b"one\ncaf\xe9 au lait")
    with pytest.raises(InputError) as caught:
        read_target(path)
    assert caught.value.problem == f"{path}:2: the byte 0xE9 at position 7 is not UTF-8."
    assert "UTF-8" in caught.value.remedy


def test_the_place_of_a_wrong_byte_counts_the_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "marked.txt"
    path.write_bytes(b"\xef\xbb\xbfab\xff")
    with pytest.raises(InputError, match="0xFF at position 5"):
        read_target(path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"a" * 1_000_001, "is larger than 1,000,000 bytes"),
        (b"ab\x1b[2J", r"contains the control character U\+001B at position 3"),
    ],
)
def test_text_that_cannot_be_a_target_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "target.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=problem):
        read_target(path)


def test_a_missing_file_and_a_folder_get_different_errors(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        read_target(tmp_path / "missing.txt")
    with pytest.raises(InputError, match="is a folder"):
        read_target(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        read_target(Path("nul\0byte.txt"))


def test_only_newlines_and_carriage_returns_end_a_line() -> None:
    within = "a\u2028b\u2029c\x0cd\x0be\x85f\x1cg\x1dh\x1ei"
    assert lines_of(f"{within}\nj\r\nk\rl\n\n") == [within, "j", "k", "l", ""]
    assert lines_of("") == []
    assert lines_of("\n") == [""]


READERS = {
    "target": read_target,
    "task": read_pairs,
    "preset": read_preset,
    "reward": lambda path: read_code(path, str(path)),
    "corpus": lambda path: read_corpus(str(path)),
    "import": import_policy,
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path, reader: Callable[[Path], object]) -> None:
    path = tmp_path / "pipe.toml"
    os.mkfifo(path)
    with pytest.raises(InputError, match="is a named pipe, not a file"):
        reader(path)


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_a_device_is_refused(reader: Callable[[Path], object]) -> None:
    with pytest.raises(InputError, match="is a device, not a file"):
        reader(Path("/dev/zero"))


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_a_file_of_gigabytes_is_not_read(tmp_path: Path, reader: Callable[[Path], object]) -> None:
    path = tmp_path / "sparse.csv"
    with path.open("wb") as file:
        file.truncate(3 * 1024**3)
    tracemalloc.start()
    try:
        with pytest.raises(PgplayError, match=r"larger than|is not a policy"):
            reader(path)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
