"""Other people's Python on the command line: shown, asked about once, never run without a yes."""

import io
import json
import sys
from pathlib import Path

import pytest

from pgplay.cli import main
from pgplay.library.archive import export_policy

CODE = "open({ran!r}, 'a').write('x')\ndef reward(text, target, prompt):\n    return float(text == target)\n"
SHORT = ("--steps", "1", "--json")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """The file that the Python reward writes when it runs."""
    return tmp_path / "ran"


@pytest.fixture
def preset(tmp_path: Path, ran: Path) -> Path:
    """A preset as somebody may share it: in a folder with its Python."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "rhyme.py").write_text(CODE.format(ran=str(ran)))
    text = 'title = "T"\nteaches = "R."\n[settings]\ntarget = "hi"\nreward = "rhyme.py:reward"\n'
    (folder / "theirs.toml").write_text(text)
    return folder / "theirs.toml"


def answer(monkeypatch: pytest.MonkeyPatch, *lines: str) -> Terminal:
    terminal = Terminal("".join(f"{line}\n" for line in lines))
    monkeypatch.setattr(sys, "stdin", terminal)
    return terminal


def test_a_preset_with_python_beside_it_asks_once(
    preset: Path, ran: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(monkeypatch, "n")
    assert main(["train", "--preset", str(preset), *SHORT]) == 2
    told = capsys.readouterr().err
    assert "The reward of the preset theirs is Python (sha256 " in told
    assert "    return float(text == target)" in told
    assert "was not allowed to run" in told
    assert not ran.exists()

    answer(monkeypatch, "y")
    assert main(["train", "--preset", str(preset), *SHORT]) == 0
    assert ran.exists()
    capsys.readouterr()

    unasked = answer(monkeypatch, "unread")
    assert main(["train", "--preset", str(preset), *SHORT]) == 0
    assert unasked.tell() == 0
    assert "sha256" not in capsys.readouterr().err


def test_a_changed_file_is_asked_about_again(preset: Path, ran: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "y")
    assert main(["train", "--preset", str(preset), *SHORT]) == 0
    file = preset.with_name("rhyme.py")
    file.write_text(file.read_text() + "\n")
    ran.unlink()
    answer(monkeypatch, "")
    assert main(["train", "--preset", str(preset), *SHORT]) == 2
    assert not ran.exists()


def test_without_a_terminal_only_yes_runs_it(preset: Path, ran: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", "--preset", str(preset), *SHORT]
    assert main(words) == 2
    assert "--yes" in capsys.readouterr().err
    assert not ran.exists()
    assert main([*words, "--yes"]) == 0
    assert ran.exists()
    assert "return float(text == target)" in capsys.readouterr().err
    ran.unlink()
    assert main(words) == 2, "--yes is said anew each time"


@pytest.mark.parametrize("field", ["reward", "measure"])
def test_a_recipe_is_asked_about_and_typed_options_are_not(
    field: str, preset: Path, ran: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = preset.with_name("rhyme.py")
    value = json.dumps([str(file)]) if field == "measure" else file
    assert main(["train", "--recipe", f"target=hi {field}={value}", *SHORT]) == 2
    assert "The reward of the recipe is Python" in capsys.readouterr().err
    assert not ran.exists()
    assert main(["train", "--target", "hi", f"--{field}", str(file), *SHORT]) == 0
    assert ran.exists()


def test_an_option_that_replaces_the_reward_of_a_preset_needs_no_answer(preset: Path, ran: Path) -> None:
    assert main(["train", "--preset", str(preset), "--reward", "levenshtein", *SHORT]) == 0
    assert not ran.exists()


def test_importing_a_policy_asks_and_eval_remembers(
    preset: Path, ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = preset.with_name("rhyme.py")
    assert main(["train", "--target", "hi", "--reward", str(file), *SHORT, "--save", "theirs"]) == 0
    exported = export_policy("theirs", tmp_path)
    ran.unlink()

    assert main(["policies", "import", str(exported), "--name", "unasked"]) == 0
    assert "runs only with your consent" in capsys.readouterr().err
    answer(monkeypatch, "n")
    assert main(["policies", "import", str(exported), "--name", "refused"]) == 0
    assert main(["policies", "show", "refused"]) == 0
    answer(monkeypatch, "y")
    assert main(["policies", "import", str(exported), "--name", "agreed"]) == 0
    assert not ran.exists()
    capsys.readouterr()
    assert main(["eval", "agreed", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["training"]["prompts"] == 1
    assert ran.exists()
