"""The remedy that an error suggests works with the very command that printed it."""

import errno
from pathlib import Path

import pytest

from pgplay.cli import main
from pgplay.cli.commands import doctor
from tests.app.stored_runs import store_run


@pytest.fixture
def archive(tmp_path: Path) -> str:
    """An exported policy, which is also in the library as 'mine'."""
    file = tmp_path / "mine.pgplay"
    assert main(["policies", "export", "english", str(file)]) == 0
    assert main(["policies", "import", str(file), "--name", "mine"]) == 0
    return str(file)


def test_a_taken_name_is_replaced_as_the_error_suggests(archive: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policies", "import", archive, "--name", "mine"]) == 2
    assert "--replace" in capsys.readouterr().err
    assert main(["policies", "import", archive, "--name", "mine", "--replace"]) == 0
    assert main(["policies", "import", archive, "--name", "other"]) == 0


def test_an_existing_file_is_replaced_as_the_error_suggests(archive: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policies", "export", "mine", archive]) == 2
    assert "--replace" in capsys.readouterr().err
    assert main(["policies", "export", "mine", archive, "--replace"]) == 0


def test_a_name_given_twice_is_deleted_once(archive: str, capsys: pytest.CaptureFixture[str]) -> None:
    store_run("a-run", 3)
    capsys.readouterr()
    assert main(["runs", "delete", "a-run", "a-run"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "Delete a-run with all data? There is no terminal to ask on.",
        "Confirm with --yes.",
    ]
    assert main(["policies", "delete", "mine", "mine", "--yes"]) == 0
    assert main(["runs", "delete", "a-run", "a-run", "--yes"]) == 0
    assert capsys.readouterr().err.splitlines() == ["Deleted the policy mine.", "Deleted the run a-run."]


def test_a_dash_is_standard_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(tmp_path)
    store_run("a-run", 3)
    assert main(["runs", "export", "a-run", "-"]) == 0
    assert capfdbinary.readouterr().out.startswith(b"step,")
    assert main(["policies", "export", "english", "-"]) == 2
    assert not list(tmp_path.glob("-*"))


def test_the_error_names_the_missing_folder_not_the_home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store_run("a-run", 3)
    for words in (["runs", "export", "a-run", "a.csv"], ["policies", "export", "english", "a.pgplay"]):
        file = tmp_path / "missing" / words.pop()
        assert main([*words, str(file)]) == 2
        told = capsys.readouterr().err
        assert told.startswith(f"There is no folder {file.parent}.")
        assert "PGPLAY_HOME" not in told


def test_a_larger_model_is_suggested_only_if_there_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--target", "a" * 5000, "--model", "gru-xl"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "Shorten the text."


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_doctor_reports_a_full_disk(
    number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(**_: object) -> None:
        raise OSError(number, "full")

    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", full)
    assert main(["doctor"]) == 1
    printed = capsys.readouterr().out
    assert "Broken: The disk of" in printed
    assert "is full. Free some space" in printed
