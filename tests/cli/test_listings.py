"""Lists and pages of the command line: choices, scores of texts, and doctor's findings."""

import io
import json
import sys
from pathlib import Path

import pytest

from pgplay.cli import main
from pgplay.config.presets import preset_names
from pgplay.config.run_config import make_config
from pgplay.learning.algorithms.table import ALGORITHMS, COMPARATORS
from pgplay.learning.reports.metrics import METRICS
from pgplay.rewards.catalogue import EVERY_REWARD


def run(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    status = main(words)
    captured = capsys.readouterr()
    assert status == 0, captured.err
    return captured.out


@pytest.mark.parametrize("command", ["presets", "rewards", "algorithms"])
def test_list_names_every_entry_and_show_describes_it(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    listed = json.loads(run(capsys, command, "list", "--json"))
    algorithms = [*ALGORITHMS, *COMPARATORS]
    known = {"presets": [preset.name for preset in preset_names()], "rewards": EVERY_REWARD, "algorithms": algorithms}
    assert [one["name"] for one in listed] == list(known[command])
    table = run(capsys, command)
    for one in listed:
        assert f"{one['name']} " in table
        assert json.loads(run(capsys, command, "show", one["name"], "--json")) == one
        assert run(capsys, command, "show", one["name"])


def test_a_users_own_preset_is_listed_and_a_broken_one_reported(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = home / "presets"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text('title = "Mine"\nteaches = "A word."\n[settings]\ntarget = "word"\n')
    (folder / "broken.toml").write_text('title = "Broken"\nteaches = "A word."\n[settings]\nlr = 7\n')
    assert main(["presets"]) == 0
    captured = capsys.readouterr()
    assert "mine " in captured.out
    problem, remedy = captured.err.splitlines()
    assert "broken.toml:4: lr cannot be 7" in problem
    assert remedy.startswith("Give a number above 0")
    shown = json.loads(run(capsys, "presets", "show", "mine", "--json"))
    assert make_config(shown["settings"]).target == "word"


def test_every_metric_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    printed = run(capsys, "algorithms", "show").split()
    for name, metric in METRICS.items():
        assert name in printed
        assert set(metric.description.split()) <= set(printed)
    both = json.loads(run(capsys, "algorithms", "show", "ppo", "--metrics", "--json"))
    assert both["choices"]["baseline"] == "critic"
    assert len(both["metrics"]) == len(METRICS)


def test_score_compares_rewards(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["score", "--target", "hello", "--reward", "levenshtein", "--reward", "prefix", "hell", "yello"]
    assert run(capsys, *words).splitlines() == [
        "levenshtein  prefix  alignment  text",
        "      0.800   0.800  ====_      hell",
        "      0.800   0.000  x====      yello",
        "",
        "alignment: = right, x wrong, + extra, _ missing",
    ]
    scored = json.loads(run(capsys, *words, "--json"))
    assert scored["scores"][0] == {
        "text": "hell",
        "rewards": {"levenshtein": 0.8, "prefix": 0.8},
        "parts": {"levenshtein": {}, "prefix": {}},
        "alignment": {"marks": ["right"] * 4, "gaps": [{"position": 4, "missing": 1}]},
    }


def test_score_shows_the_parts_of_a_formula_and_of_python(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "500")  # the path of a file may be long
    file = tmp_path / "mine.py"
    file.write_text("def reward(text, target, prompt):\n    return {'score': 1, 'vowels': text.count('o')}\n")
    words = ["score", "--target", "hello", "--reward", "0.5*lcs + 0*exact", "--reward", str(file), "hallooo"]
    head, row, *_ = run(capsys, *words).splitlines()
    assert head.split("  ")[0] == "0.5*lcs + 0*exact"
    assert head.endswith("· vowels  alignment  text")
    assert row.split() == ["0.286", "0.571", "0.000", "1.000", "3.000", "=x==++=", "hallooo"]
    [scored] = json.loads(run(capsys, *words, "--json"))["scores"]
    assert scored["parts"] == {"0.5*lcs + 0*exact": {"lcs": 4 / 7, "exact": 0.0}, str(file): {"vowels": 3.0}}


def test_score_needs_a_target_only_if_a_reward_compares(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "score", "--reward", "distinct", "abab").splitlines() == ["distinct  text", "   0.667  abab"]
    assert main(["score", "--reward", "lcs", "abab"]) == 2
    assert "--target" in capsys.readouterr().err


def test_score_reads_lines_from_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("ab\nb\n"))
    scored = json.loads(run(capsys, "score", "--reward", "exact", "--target", "ab", "-", "--json"))
    assert [(one["text"], one["rewards"]["exact"]) for one in scored["scores"]] == [("ab", 1.0), ("b", 0.0)]


def test_score_with_a_failing_reward_of_ones_own_exits_with_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def reward(text, target, prompt):\n    return 'good'\n")
    assert main(["score", "--reward", str(file), "--target", "a", "b"]) == 3
    assert "mine.py" in capsys.readouterr().err


def test_locate_follows_the_home(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = json.loads(run(capsys, "locate", "--json"))
    assert folders["policies"] == str(home / "policies")
    assert Path(folders["presets"], "hello.toml").is_file()


def test_doctor_finds_no_problem_on_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(run(capsys, "doctor", "--json"))
    assert found["ok"] is True
    assert found["versions"]["torch"].startswith("2.")
    assert {"name": "cpu", "available": True}.items() <= found["devices"][1].items()
    assert found["folder"]["writable"] is True


def test_doctor_reports_broken_parts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PGPLAY_HOME", str(tmp_path / "file" / "home"))
    assert main(["doctor"]) == 1
    printed = capsys.readouterr().out
    assert "Broken: The folder" in printed
    assert "Set PGPLAY_HOME" in printed


def test_the_comparators_are_listed_apart_from_the_policy_gradients(capsys: pytest.CaptureFixture[str]) -> None:
    listed = {one["name"]: one for one in json.loads(run(capsys, "algorithms", "--json"))}
    assert {name for name, one in listed.items() if one["kind"] == "policy gradient"} == set(ALGORITHMS)
    assert {name for name, one in listed.items() if one["choices"] is None} == set(COMPARATORS)
    rows, comparators = run(capsys, "algorithms").split("For comparison (not policy gradients):")
    for name in COMPARATORS:
        assert f"\n{name} " in comparators
        assert name not in rows
        assert "no policy gradient" in run(capsys, "algorithms", "show", name)
