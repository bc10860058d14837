"""A home of an unknown user counts as a missing file, reported in two lines, wherever a path is given."""

import subprocess
import sys
from pathlib import Path

import pytest

from pgplay.cli import main
from pgplay.errors import InputError
from pgplay.paths import expand_home, make_folder

NOBODY = "~no-such-user-here"


def test_a_tilde_is_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert expand_home("~/a.py") == tmp_path / "a.py"


def test_a_deleted_folder_is_created_again(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    for _ in range(2):
        assert make_folder(folder).is_dir()
        folder.rmdir()


@pytest.mark.parametrize("file", [NOBODY, f"{NOBODY}/a.py", "~\0", "~\udce9/a"])
def test_an_unknown_home_is_refused(file: str) -> None:
    with pytest.raises(InputError, match="There is no file"):
        expand_home(file)


@pytest.mark.parametrize(
    "words",
    [
        ["score", "--reward", f"{NOBODY}.py", "--target", "a", "a"],
        ["train", "--target-file", NOBODY],
        ["train", "--task", f"{NOBODY}.csv"],
        ["train", "--preset", f"{NOBODY}/a.toml"],
        ["rewards", "probe", f"{NOBODY}.py", "--target", "a"],
        ["policies", "import", f"{NOBODY}.pgplay"],
        ["policies", "export", "english", NOBODY],
        ["compare", f"{NOBODY}/a.toml", f"{NOBODY}/b.toml"],
    ],
)
def test_every_command_reports_it_in_plain_lines(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) <= 2
    assert "There is no" in told[0]
    assert NOBODY in told[0]


def test_pgplays_own_home_is_checked_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PGPLAY_HOME", f"{NOBODY}/x")
    for words in (["policies"], ["runs"], ["locate"], ["doctor"]):
        assert main(words) == 2
        assert "There is no file" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no user without a home")
def test_a_process_without_any_home_is_refused_too() -> None:
    lost = "import os, pwd; pwd.getpwuid = lambda *_: (_ for _ in ()).throw(KeyError('uid')); os.environ.clear();"
    run = f"{lost} import sys; from pgplay.cli import main; sys.exit(main(['policies']))"
    done = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("There is no home folder")
