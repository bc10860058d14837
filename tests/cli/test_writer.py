"""Nothing that the command line prints steers a terminal: one module writes, and it makes all text printable."""

import ast
import io
import json
import re
import unicodedata
from pathlib import Path

import pytest

import pgplay.cli
from pgplay.cli import main
from pgplay.cli.output import print_error, print_json, print_source, say
from pgplay.cli.progress import BarProgress, RunsProgress
from pgplay.cli.resuming import SEEN_AS
from pgplay.cli.tables import print_facts, print_table
from pgplay.errors import PgplayError, RewardError
from pgplay.learning.reports.step_report import Sample, StepReport
from pgplay.model_places import not_downloaded
from pgplay.worker.protocol.records import SecondsLeft
from tests import hostile
from tests.hostile import STEERS

HOSTILE = f"{hostile.HOSTILE}\x00"

WRITER = "output.py"
BINARY = "sys.stdout.buffer.writelines(pieces)"
"""An exported run on standard output is a file's content, not text for a terminal."""


ABOVE_A_BAR = "self._console.print(visible(line), markup=False, soft_wrap=True)"
"""A line that stays above a progress bar."""


def writes(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = ast.unparse(node.func)
    return (
        name in ("print", "os.write")
        or name.endswith("onsole.print")
        or bool(re.fullmatch(r"sys\.(__)?std(out|err)(__)?(\.buffer)?\.write(lines)?", name))
    )


def test_one_module_of_the_command_line_writes() -> None:
    files = sorted(Path(pgplay.cli.__file__).parent.rglob("*.py"))
    assert len(files) > 15
    for file in files:
        if file.name != WRITER:
            calls = [ast.unparse(node) for node in ast.walk(ast.parse(file.read_text())) if writes(node)]
            assert [call for call in calls if call not in (BINARY, ABOVE_A_BAR)] == [], file.name


def test_a_progress_bar_draws_no_text_that_steers(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stderr", terminal)
    sample = Sample("greedy", "", HOSTILE, "", 0.5, 1, True, tuple(HOSTILE))
    report = StepReport(1, 0.1, 64, {"reward_mean": 0.5}, (sample,), False)
    with BarProgress() as bar:
        bar.prepare(f"\x1b]0;prepared\x07{HOSTILE}")
        bar.show(report, 0.5, SecondsLeft(0.5, 1.0, 2.0))
        bar.say(HOSTILE)
    with RunsProgress(1) as runs:
        runs.show(0, HOSTILE, report, 0.5)
        runs.end(0, HOSTILE)
    drawn = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|[\r\n]", "", terminal.getvalue())  # the bar's own control characters
    assert drawn.count("owned") >= 3
    assert "\x1b]" not in terminal.getvalue()
    assert "\x1b[2J\x9b" not in terminal.getvalue()
    assert not STEERS.search(drawn)


def test_each_way_of_printing_makes_text_printable(capsys: pytest.CaptureFixture[str]) -> None:
    say(HOSTILE)
    failed = {"who": HOSTILE, "happened": HOSTILE, "where": "", "advice": [HOSTILE]}
    print_error(PgplayError("python_reward.failed", **failed))
    print_error(RewardError("python_reward.failed", **failed, traceback=f"File {HOSTILE}\nFile {HOSTILE}"))
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


def test_an_error_told_on_another_machine_names_this_one_and_the_command_as_it_is_typed_there(capsys, monkeypatch):
    monkeypatch.setenv(SEEN_AS, "ssh:box")
    print_error(not_downloaded("org/model"))
    print_error(PgplayError("outside.not_cached", name="org/data", task="dataset:org/data,config=a b"))
    told = capsys.readouterr().err
    assert told.startswith("On box: The model org/model")
    assert "pgplay models add org/model --engine ssh:box, or" in told
    assert "pgplay tasks add 'dataset:org/data,config=a b' --engine ssh:box" in told
