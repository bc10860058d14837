from pathlib import Path

import pytest

from pgplay.errors import InputError
from pgplay.tasks.files import read_target

TEXT = "naïve 床 👩\u200d🚀\nsecond line"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_text_comes_back_as_it_was_saved(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "poem.txt"
    path.write_bytes((TEXT + "\n").encode(encoding))
    assert read_target(path) == TEXT


def test_utf_16_of_either_byte_order(tmp_path: Path) -> None:
    path = tmp_path / "poem.txt"
    path.write_bytes(b"\xfe\xff" + TEXT.encode("utf-16-be"))
    assert read_target(path) == TEXT


def test_one_newline_at_the_end_is_dropped_and_line_ends_become_newlines(tmp_path: Path) -> None:
    path = tmp_path / "poem.txt"
    path.write_bytes(b"a\r\nb\rc\n\n")
    assert read_target(str(path)) == "a\nb\nc\n"


def test_a_wrong_encoding_is_told_with_its_place(tmp_path: Path) -> None:
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
        (b"ab\x1b[2J", r"holds the control character U\+001B at position 3"),
    ],
)
def test_what_cannot_be_a_target_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "target.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=problem):
        read_target(path)


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        read_target(tmp_path / "missing.txt")
    with pytest.raises(InputError, match="is a folder"):
        read_target(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        read_target("nul\0byte.txt")
