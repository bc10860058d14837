"""`pgplay rewards probe`: from arguments to a verdict, without training."""

import json
from pathlib import Path

import pytest

from pgplay.cli import main


def run(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    status = main(["rewards", "probe", *words])
    captured = capsys.readouterr()
    assert status == 0, captured.err
    return captured.out


def test_one_reward_is_reported_with_its_evidence_and_plots(capsys: pytest.CaptureFixture[str]) -> None:
    first, *lines = run(capsys, "levenshtein", "--target", "hello world").splitlines()
    assert first == "levenshtein: learnable."
    assert "- 8 of 8 climbs by single edits end at the target." in lines
    completions = lines.index("Rewards of a run's first 256 completions:")
    path = lines.index("Mean reward after random edits of the target, by number of edits:")
    assert sum(int(line.split()[-1]) for line in lines[completions + 1 : path - 1]) == 256
    assert lines[path + 1].split() == ["0", "█" * 40, "1.000"]


def test_several_rewards_are_shown_in_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    table = run(capsys, "exact", "levenshtein", "--target", "hello").splitlines()
    assert [line.split("  ")[0] for line in table] == ["reward", "exact", "levenshtein"]
    assert "flat almost everywhere" in table[1]
    assert "100%" in table[1]


def test_json_contains_the_whole_probe(capsys: pytest.CaptureFixture[str]) -> None:
    [probe] = json.loads(run(capsys, "text_length*-1", "--target", "hello", "--json"))["probes"]
    assert probe["verdict"]["kind"] == "short-text"
    assert probe["completions"] == sum(probe["histogram"]["counts"])
    assert {climb["text"] for climb in probe["climbs"]} == {""}


def test_a_preset_sets_the_reward_and_the_task(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    settings = 'task = "reverse:length=3"\nreward = "hamming"\ngroup_size = 4\n'
    file.write_text(f'title = "Mine"\nteaches = "Nothing."\n[settings]\n{settings}')
    [probe] = json.loads(run(capsys, "--preset", str(file), "--json"))["probes"]
    assert (probe["reward"], probe["group_size"]) == ("hamming", 4)
    assert {len(climb["target"]) for climb in probe["climbs"]} == {3}


def test_a_failing_python_reward_exits_with_3(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def reward(text, target, prompt):\n    return 1 / len(text[:0])\n")
    assert main(["rewards", "probe", str(file)]) == 3
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_an_option_only_for_training_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rewards", "probe", "exact", "--lr", "0.1"]) == 2
    assert "no option --lr" in capsys.readouterr().err
