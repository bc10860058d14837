"""Every source on the command line × every way to run: a stranger's Python runs after a yes, and not before."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pgplay.cli import main
from tests.consent.strangers import Stranger

Prepare = Callable[[Stranger, Path], list[str]]

SHORT = ("--json",)
GRID = ("--set", "lr=0.001,0.002", "--seeds", "1")
ASKS: dict[tuple[str, str], Prepare] = {
    ("preset", "train"): lambda them, _: ["train", "--preset", str(them.preset()), *SHORT],
    ("preset", "probe"): lambda them, _: ["rewards", "probe", "--preset", str(them.preset())],
    ("preset", "compare"): lambda them, _: ["compare", str(them.preset()), "--seeds", "1"],
    ("preset", "sweep"): lambda them, _: ["sweep", "--preset", str(them.preset()), *GRID],
    ("preset", "the app"): lambda them, _: ["--preset", str(them.preset())],
    ("recipe", "train"): lambda them, _: ["train", "--recipe", them.recipe(), *SHORT],
    ("recipe", "probe"): lambda them, _: ["rewards", "probe", "--recipe", them.recipe()],
    ("recipe", "sweep"): lambda them, _: ["sweep", "--recipe", them.recipe(), *GRID],
    ("recipe", "the app"): lambda them, _: ["--recipe", them.recipe()],
    ("run", "resume"): lambda them, home: ["train", "--resume", them.run(home), "--steps", "3", *SHORT],
    ("run", "branch"): lambda them, home: ["train", "--resume", them.run(home), "--at", "0", "--steps", "3", *SHORT],
    ("run", "compare"): lambda them, home: ["compare", them.run(home), "--seeds", "1"],
    ("run without Python", "resume"): lambda them, home: ["train", "--resume", them.nameless_run(home), *SHORT],
}
ASKS_FOR_THE_REWARD: dict[tuple[str, str], Prepare] = {
    ("policy", "eval"): lambda them, _: ["eval", them.policy(), *SHORT],
    ("policy without Python", "eval"): lambda them, _: ["eval", them.nameless_policy(), *SHORT],
}
"""A policy's measures are not evaluated."""

NEVER_RUNS: dict[tuple[str, str], Prepare] = {
    ("policy", "import"): lambda them, _: ["policies", "import", str(them.folder / "theirs.pgplay")],
    ("policy", "show"): lambda them, _: ["policies", "show", them.policy()],
    ("policy", "sample"): lambda them, _: ["sample", them.policy()],
    ("policy without Python", "sample"): lambda them, _: ["sample", them.nameless_policy()],
    ("policy", "warm start"): lambda them, _: ["train", "--warm-start", them.policy(), "--target=hi", "--steps=1"],
    ("policy", "reference"): lambda them, _: [
        *("train", "--reference", them.policy(), "--warm-start", "theirs", "--target=hi", "--steps=1", "--kl=0.1"),
    ],
    ("run", "show"): lambda them, home: ["runs", "show", them.run(home)],
    ("run", "export"): lambda them, home: ["runs", "export", them.run(home), str(them.folder / "run.csv")],
    ("preset", "show"): lambda them, _: ["presets", "show", str(them.preset())],
    ("preset", "its reward replaced"): lambda them, _: [
        *("train", "--preset", str(them.preset()), "--reward=exact", "--measure=lcs", *SHORT),
    ],
}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def answer(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(f"{words}\n"))


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("way", [*ASKS, *ASKS_FOR_THE_REWARD], ids=" to ".join)
def test_it_is_shown_with_its_hash_and_not_run(
    way: tuple[str, str], them: Stranger, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if way in ASKS_FOR_THE_REWARD and them.field != "reward":
        pytest.skip("a policy's measures are not evaluated")
    words = (ASKS | ASKS_FOR_THE_REWARD)[way](them, home)
    capsys.readouterr()
    assert main(words) == 2
    told = capsys.readouterr().err
    assert "is Python (sha256 " in told
    assert "return float(text == target)" in told
    assert not them.has_run


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("way", NEVER_RUNS, ids=" to ".join)
def test_commands_that_need_no_reward_run_none_of_theirs(way: tuple[str, str], them: Stranger, home: Path) -> None:
    assert main(NEVER_RUNS[way](them, home)) == 0
    assert not them.has_run


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(
    "way", [("preset", "train"), ("recipe", "train"), ("run", "resume"), ("run", "branch")], ids=" to ".join
)
def test_after_a_yes_it_runs_and_is_not_asked_about_again(
    way: tuple[str, str], them: Stranger, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, "y")
    words = ASKS[way](them, home)
    assert main(words) == 0
    assert them.has_run
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    if "--resume" not in words:
        assert main(words) == 0


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("way", [("preset", "train"), ("recipe", "train"), ("run", "resume")], ids=" to ".join)
def test_the_source_shown_runs_and_a_run_continues_with_it_whatever_its_file_says_later(
    way: tuple[str, str], them: Stranger, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ASKS[way](them, home)

    class Swapping(Terminal):
        def readline(self, size: int | None = -1, /) -> str:
            them.write("swapped")  # while the question is open
            return super().readline()

    monkeypatch.setattr(sys, "stdin", Swapping("y\n"))
    assert main(words) == 0
    assert set(them.ran.read_text()) == {"x"}
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    (run,) = (folder.name for folder in (home / "runs").iterdir() if not folder.name.startswith("."))
    assert main(["train", "--resume", run, "--steps", "4", "--json"]) == 0
    assert set(them.ran.read_text()) == {"x"}
    assert main(words) == (0 if "--resume" in words else 2), "another text is another question"
    assert set(them.ran.read_text()) == {"x"}


def test_with_yes_on_the_command_line_it_runs_and_nothing_is_stored(them: Stranger, home: Path) -> None:
    words = ASKS[("recipe", "train")](them, home)
    assert main([*words, "--yes"]) == 0
    assert them.has_run
    them.ran.unlink()
    (run,) = (folder.name for folder in (home / "runs").iterdir() if not folder.name.startswith("."))
    assert main(["train", "--resume", run, "--steps", "4"]) == 2
    assert not them.has_run
    assert main(["train", "--resume", run, "--steps", "4", "--yes"]) == 0
    assert them.has_run


@pytest.mark.exhaustive
def test_a_reward_that_the_user_names_is_never_asked_about(them: Stranger, home: Path, tmp_path: Path) -> None:
    own = ["train", "--target=hi", "--model=gru-nano", f"--{them.field}={them.file}", "--json"]
    assert main([*own, "--steps", "1"]) == 0
    (run,) = (folder.name for folder in (home / "runs").iterdir() if not folder.name.startswith("."))
    them.ran.unlink()
    assert main(["train", "--resume", run, "--steps", "2", "--json"]) == 0
    assert them.has_run
    them.ran.unlink()
    assert main(["score", "--reward", str(them.file), "--target=hi", "hi"]) == 0
    assert them.has_run
    them.ran.unlink()
    assert main(["compare", them.recipe(), "--seeds", "1", "--steps", "1"]) == 0
    assert them.has_run


def test_a_run_that_names_a_file_uses_no_other_file_of_that_name(
    them: Stranger, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["train", "--target=hi", "--model=gru-nano", f"--{them.field}=theirs.py", "--steps=1", "--json"]) == 0
    (run,) = (folder.name for folder in (home / "runs").iterdir() if not folder.name.startswith("."))
    monkeypatch.chdir(tmp_path)
    other = tmp_path / "other"
    (tmp_path / "theirs.py").write_text(f"open({str(other)!r}, 'w')\ndef reward(text, target, prompt):\n    return 0\n")
    assert main(["train", "--resume", run, "--steps", "2", "--json"]) == 0
    assert not other.exists()
