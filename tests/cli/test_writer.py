"""Nothing that the command line prints steers a terminal: one module writes, and it makes all text visible."""

import ast
import json
import re
import unicodedata
from pathlib import Path

import pytest

import pgplay.cli
from pgplay.cli import main
from pgplay.cli.output import print_error, print_facts, print_json, print_source, print_table, say
from pgplay.errors import PgplayError, RewardError

HOSTILE = "a\x1b]0;owned\x07b\x1b[2J\x9b31m\u202ec\u2066\x7f\x00\x85"
STEERS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
WRITERS = {"output.py"}
BINARY = "sys.stdout.buffer.writelines(pieces)"
"""An exported run on standard output is a file's content, no text for a terminal."""


def writes(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = ast.unparse(node.func)
    return name == "print" or bool(re.fullmatch(r"sys\.(__)?std(out|err)(__)?(\.buffer)?\.write(lines)?", name))


def test_one_module_of_the_command_line_writes() -> None:
    for file in sorted(Path(pgplay.cli.__file__).parent.glob("*.py")):
        if file.name not in WRITERS:
            found = [ast.unparse(node) for node in ast.walk(ast.parse(file.read_text())) if writes(node)]
            assert [call for call in found if call != BINARY] == [], file.name


def test_each_way_of_printing_makes_text_visible(capsys: pytest.CaptureFixture[str]) -> None:
    say(HOSTILE)
    print_error(PgplayError(HOSTILE, HOSTILE))
    print_error(RewardError(HOSTILE, HOSTILE, traceback=f"File {HOSTILE}\nFile {HOSTILE}"))
    print_table((HOSTILE,), [(HOSTILE,)])
    print_facts({HOSTILE: HOSTILE})
    print_source(HOSTILE)
    told = capsys.readouterr()
    assert not STEERS.search(told.out + told.err)


def test_json_stays_json_and_steers_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    value = {HOSTILE: [HOSTILE, "\U000e0041 👩\u200d🚀"]}
    print_json(value)
    told = capsys.readouterr().out
    assert json.loads(told) == value
    assert not STEERS.search(told)


COMMANDS = [
    [HOSTILE],
    [f"--{HOSTILE}"],
    ["train", HOSTILE],
    ["train", f"--{HOSTILE}", "1"],
    ["train", "--target", HOSTILE],
    ["train", "--target-file", HOSTILE],
    ["train", "--task", HOSTILE],
    ["train", "--task", f"{HOSTILE}.csv"],
    ["train", "--preset", HOSTILE],
    ["train", "--recipe", HOSTILE],
    ["train", "--recipe", f"{HOSTILE}=1"],
    ["train", "--reward", HOSTILE],
    ["train", "--reward", f"{HOSTILE}.py"],
    ["train", "--algorithm", HOSTILE],
    ["train", "--model", HOSTILE],
    ["train", "--resume", HOSTILE],
    ["train", "--until", HOSTILE],
    ["train", "--lr", HOSTILE],
    ["train", "--save", HOSTILE, "--steps", "1"],
    ["sample", HOSTILE],
    ["eval", HOSTILE],
    ["compare", HOSTILE, HOSTILE],
    ["score", "--reward", HOSTILE, "a"],
    ["score", "--reward", f'contains("{HOSTILE}")', "--target", "a", "a"],
    ["score", "--reward", "levenshtein", "--target", HOSTILE, HOSTILE],
    ["policies", HOSTILE],
    ["policies", "show", HOSTILE],
    ["policies", "rename", HOSTILE, "a"],
    ["policies", "rename", "english", HOSTILE],
    ["policies", "delete", HOSTILE, "--yes"],
    ["policies", "export", HOSTILE],
    ["policies", "import", HOSTILE],
    ["runs", "show", HOSTILE],
    ["runs", "delete", HOSTILE, "--yes"],
    ["runs", "export", HOSTILE],
    ["presets", "show", HOSTILE],
    ["rewards", "show", HOSTILE],
    ["rewards", "probe", HOSTILE],
    ["algorithms", "show", HOSTILE],
    ["bench", HOSTILE],
    ["doctor", HOSTILE],
]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words).split("a\x1b")[0])
def test_hostile_words_steer_nothing(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    main(words)
    told = capsys.readouterr()
    assert told.out + told.err
    assert not STEERS.search(told.out + told.err)


def test_a_hostile_preset_steers_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    escaped = "".join(f"\\u{ord(character):04x}" for character in HOSTILE if unicodedata.category(character) != "Cs")
    file = tmp_path / "mine.toml"
    file.write_text(f'title = "{escaped}"\nteaches = "{escaped}"\n[settings]\ntarget = "a"\nreward = "{escaped}"\n')
    for words in (["presets", "show", str(file)], ["train", "--preset", str(file), "--steps", "1", "--yes"]):
        main(words)
        told = capsys.readouterr()
        assert told.out + told.err
        assert not STEERS.search(told.out + told.err)


def test_a_reward_that_fails_with_hostile_words_steers_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(f"def reward(text, target, prompt):\n    raise ValueError({HOSTILE!r})  # \x1b[2J\n")
    assert main(["score", "--reward", str(file), "a"]) == 3
    told = capsys.readouterr()
    assert "owned" in told.err
    assert not STEERS.search(told.out + told.err)
