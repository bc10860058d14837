"""Arguments of the command line: commands, options, and the errors for those that do not fit."""

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgplay.cli import main
from pgplay.cli.commands import COMMANDS
from pgplay.config.run_config import fields


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """Return the lines on standard error of a command that must exit with status 2 and print nothing else."""
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = [line for line in captured.err.splitlines() if line != "starting torch…"]
    assert 1 <= len(lines) <= 2
    return lines


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    for command in COMMANDS:
        assert f"pgplay {command} " in printed


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    printed = capsys.readouterr()
    assert f"pgplay {command}" in printed.out
    assert printed.err == ""


def pages_of_help(capsys: pytest.CaptureFixture[str]) -> Iterator[tuple[str, str]]:
    """Every page of help by the words before --help: pgplay's, each command's, and each listed subcommand's."""
    unread = [()]
    while unread:
        words = unread.pop()
        assert main([*words, "--help"]) == 0
        page = capsys.readouterr().out
        yield " ".join(words), page
        if len(words) < 2:
            listed = re.findall(rf"^  {' '.join(['pgplay', *words])} (\w+)  ", page, re.MULTILINE)
            unread += [(*words, word) for word in listed]


def test_pages_of_help_fit_a_terminal_of_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    pages = dict(pages_of_help(capsys))
    assert {"", *COMMANDS, "rewards probe", "runs export"} <= set(pages)
    wide = [f"{words}: {line}" for words, page in pages.items() for line in page.splitlines() if len(line) > 80]
    assert not wide


def test_train_help_lists_every_setting_with_its_description(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--help"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    for field in fields().values():
        assert f"--{field.name.replace('_', '-')} " in printed
        assert field.description.split(":")[0] in printed
    assert "0.05 to 10; default 1" in printed


@pytest.mark.parametrize(
    ("words", "problem", "remedy"),
    [
        (["trian"], "There is no command or preset called 'trian'.", "Did you mean 'train'?"),
        (
            ["good morning"],
            "There is no command or preset called 'good morning'.",
            "To train on it as the target: pgplay --target 'good morning'",
        ),
        (
            ["床前明月光"],
            "There is no command or preset called '床前明月光'.",
            "To train on it as the target: pgplay --target '床前明月光'",
        ),
        (["train", "--targt", "hi"], "pgplay train has no option --targt.", "Did you mean --target?"),
        (["train", "--batch", "8"], "pgplay train has no option --batch.", "Did you mean --batch-size?"),
        (["train", "--lr"], "--lr needs a value.", "A value that begins with a dash is written --lr=VALUE."),
        (["train", "--model", "gru-smal"], "There is no model called 'gru-smal'.", "Did you mean 'gru-small'?"),
        (["train", "--algorithm", "grop"], "There is no algorithm called 'grop'.", "Did you mean 'grpo'?"),
        (["train", "--reward", "levenstein"], "There is no reward called 'levenstein'.", "Did you mean 'levenshtein'?"),
        (
            ["train", "--target", ""],
            "The target is empty.",
            "Give at least one character to learn, or a reward that needs none, unlike levenshtein.",
        ),
        (["algorithms", "lst"], "There is no command of 'pgplay algorithms' called 'lst'.", "Did you mean 'list'?"),
        (["algorithms", "show", "pppo"], "There is no algorithm called 'pppo'.", "Did you mean 'ppo'?"),
        (["rewards", "show", "prefx"], "There is no reward called 'prefx'.", "Did you mean 'prefix'?"),
        (["score", "--target", "a", "b"], "pgplay score needs --reward.", "See pgplay score --help."),
        (["--target", "hi", "train"], "The command comes first: pgplay train --target hi.", None),
    ],
)
def test_a_wrong_word_gets_the_nearest_right_one(
    words: list[str], problem: str, remedy: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(capsys, *words) == [line for line in (problem, remedy) if line is not None]


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["--lr", "7"], ["lr cannot be 7", "above 0, at most 1"]),
        (["--seed", "-1"], ["seed cannot be -1", "from 0 to 2147483647"]),
        (["--steps", "0"], ["steps cannot be 0", "from 1 to"]),
        (["--dropout", "1"], ["dropout cannot be 1.\n", "from 0, below 1"]),
        (["--lr", "quick"], ["lr cannot be", "quick", "a number"]),
        (["--lr", "nan"], ["lr cannot be nan", "a number"]),
        (["--batch-size", "1"], ["batch_size cannot be 1", "2 to 65536"]),
        (["--batch-size", "2.5"], ["batch_size cannot be", "2.5", "whole number"]),
        (["--credit", "all"], ["credit cannot be", "dense, gae, terminal"]),
        (["--until", "bored"], ["until cannot be", "solved"]),
        (["--batch-size", "64", "--group-size", "7"], ["64 cannot be split into groups of 7"]),
        (["--credit", "gae"], ["gae needs a critic"]),
        (["--recipe", "no recipe at all"], ["recipe"]),
        (["--preset", "nosuch.toml"], ["nosuch.toml"]),
        (["--target-file", "nosuch.txt"], ["nosuch.txt"]),
        (["--target", "hello world", "--max-length", "3"], ["11 characters", "max_length is 3"]),
        (["--columns", "question,answer"], ["--columns needs a file", "--task pairs.csv --columns question,answer"]),
        (["--device", "tpu"], ["There is no device called 'tpu'", "cpu"]),
        (["--resume", "nosuchrun"], ["nosuchrun"]),
        (["--target", "hi", "--save", "../x"], ["../x"]),
    ],
)
def test_bad_input_of_train_is_reported_before_anything_starts(
    words: list[str], parts: list[str], capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    lines = "\n".join(refused(capsys, "train", *words))
    for part in parts:
        assert part in lines
    assert not list((home / "runs").glob("*/run.sqlite"))


def test_a_target_and_a_target_file_are_refused_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "target.txt"
    file.write_text("b")
    assert "Both --target and --target-file" in refused(capsys, "train", "--target", "a", "--target-file", str(file))[0]


def test_a_wrong_key_of_a_preset_is_reported_with_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('title = "Mine"\nteaches = "Nothing."\nsolves = false\n[settings]\ntaget = "hi"\n')
    lines = "\n".join(refused(capsys, "train", "--preset", str(file)))
    assert "mine.toml" in lines
    assert "taget" in lines


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stdin", "named"), [(io.StringIO(), "input"), (Terminal(), "output")])
def test_app_without_a_terminal_says_what_to_use(
    stdin: io.StringIO, named: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", stdin)
    assert refused(capsys) == [
        f"The app needs a terminal, but standard {named} is not one.",
        "Use pgplay train, which needs no screen.",
    ]
