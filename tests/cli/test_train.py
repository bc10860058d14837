"""`pgplay train` and the commands for its results: real training, of two characters."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pgplay.cli import main
from pgplay.cli.progress import PlainProgress
from pgplay.errors import InputError, PgplayError
from pgplay.library.policies import read_policy

ROOT = Path(__file__).parents[2]
KEYS = [
    *("solved", "steps", "samples", "seconds", "startup_seconds", "reward_mean", "greedy", "cross_entropy"),
    *("held_out", "chars_per_second", "seconds_per_stage", "device", "threads", "seed", "run", "policy"),
    *("recipe", "versions", "engine"),
]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return the standard output of a command that must succeed."""
    status = main(words)
    captured = capsys.readouterr()
    assert status == 0, captured.err
    return captured.out


def train(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    printed = run(capsys, "train", "--target", "hi", "--json", *words)
    assert len(printed.splitlines()) == 1
    result = json.loads(printed)
    assert isinstance(result, dict)
    return result


def test_json_is_the_documented_object(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    result = train(capsys)
    assert list(result) == KEYS
    assert result["solved"] is True
    assert result["greedy"] == [{"prompt": "", "text": "hi", "target": "hi", "reward": 1.0}]
    assert result["samples"] == 64 * int(str(result["steps"]))
    assert set(result["seconds_per_stage"]) == {"sample", "score", "learn"}
    assert (result["device"], result["threads"]) == ("cpu", 1)
    assert result["policy"] is None
    recipe = str(result["recipe"])
    (tmp_path / "mine.recipe").write_text(f"{recipe}\n")
    for handed_out in (recipe, str(tmp_path / "mine.recipe")):
        again = train(capsys, "--recipe", handed_out)
        assert (again["steps"], again["cross_entropy"]) == (result["steps"], result["cross_entropy"])


def test_a_search_is_trained_like_any_algorithm_and_has_no_cross_entropy(capsys: pytest.CaptureFixture[str]) -> None:
    result = train(capsys, "--algorithm", "hill-climb")
    assert list(result) == KEYS
    assert (result["solved"], result["cross_entropy"], result["policy"]) == (True, None, None)
    assert result["greedy"] == [{"prompt": "", "text": "hi", "target": "hi", "reward": 1.0}]
    assert result["samples"] == 64 * int(str(result["steps"]))
    assert set(result["seconds_per_stage"]) == {"sample", "score", "learn"}
    again = train(capsys, "--recipe", str(result["recipe"]))
    assert again["steps"] == result["steps"]
    printed = run(capsys, "train", "--target", "hi", "--algorithm", "random-search", "--steps", "2")
    assert "cross-entropy" not in printed


def test_a_search_is_not_started_if_its_policy_should_be_saved(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    search = ["train", "--target", "hi", "--algorithm", "hill-climb", "--until", "never", "--steps", "3"]
    assert main([*search, "--save", "mine"]) == 2
    assert capsys.readouterr().err.startswith("hill-climb trains no network, so there is no policy.\n")
    assert not list(home.glob("runs/*"))
    begun = json.loads(run(capsys, *search, "--json"))
    assert main(["train", "--resume", begun["run"], "--steps", "9", "--save", "mine"]) == 2
    assert "no policy" in capsys.readouterr().err
    (kept,) = json.loads(run(capsys, "runs", "--json"))
    assert kept["steps"] == 3
    resumed = json.loads(run(capsys, "train", "--resume", begun["run"], "--steps", "9", "--json"))
    assert resumed["steps"] == 9


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("option", ["--lr=0.1", "--baseline=critic", "--temperature=2", "--warm-start=3"])
def test_settings_without_effect_on_a_search_are_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--algorithm", "random-search", option]) == 2
    assert "trains no network, so" in capsys.readouterr().err


def test_a_limit_ends_an_unsolved_run_with_status_0(capsys: pytest.CaptureFixture[str]) -> None:
    result = train(capsys, "--steps", "1", "--seed", "3")
    assert (result["solved"], result["steps"], result["seed"]) == (False, 1, 3)


def test_the_summary_names_run_and_outcome(capsys: pytest.CaptureFixture[str]) -> None:
    printed = run(capsys, "train", "--target", "hi\n月", "--steps", "1")
    assert "1 step done" in printed
    assert "hi↵月" in printed
    assert re.search(r"^run +\S+-hi", printed, re.MULTILINE)


def test_a_policy_that_was_not_saved_can_be_saved_with_the_suggested_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["train", "--target", "hi"]) == 0
    told = capsys.readouterr().err
    said = re.search(r"^To save this policy: pgplay (.*) NAME$", told, re.MULTILINE)
    assert said is not None
    assert main([*said[1].split(), "kept"]) == 0
    assert "To save this policy" not in capsys.readouterr().err
    assert run(capsys, "sample", "kept", "--greedy").strip() == "hi"
    assert main(["train", "--target", "hi", "--algorithm", "hill-climb"]) == 0
    assert "To save this policy" not in capsys.readouterr().err


def test_options_override_the_preset_and_a_target_its_task(capsys: pytest.CaptureFixture[str]) -> None:
    result = train(capsys, "--preset", "reverse", "--steps", "1", "--batch-size", "8")
    assert [one["target"] for one in result["greedy"]] == ["hi"]
    assert "batch_size=8" in str(result["recipe"])
    assert "task=" not in str(result["recipe"])


def test_a_saved_policy_is_sampled_and_evaluated_with_its_own_temperature_and_filters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    train(capsys, "--steps", "2", "--top-k", "1", "--save", "sure")
    sample = ["sample", "sure", "-n", "20", "--seed", "1", "--json"]
    written = json.loads(run(capsys, *sample))
    assert written["sampling"] == {"temperature": 1.0, "top_k": 1, "top_p": 1.0, "min_p": 0.0}
    (greedy,) = json.loads(run(capsys, "sample", "sure", "--greedy", "--json"))["completions"]
    assert [one["text"] for one in written["completions"]] == [greedy["text"]] * 20
    assert len({one["text"] for one in json.loads(run(capsys, *sample, "--top-k", "0"))["completions"]}) > 1
    assert len({one["text"] for one in json.loads(run(capsys, *sample, "--top-p", "0.001"))["completions"]}) == 1

    sure, wide = (
        json.loads(run(capsys, "eval", "sure", "--json", *more))["training"] for more in ((), ("--top-k", "0"))
    )
    assert wide["reward_mean"] != sure["reward_mean"]
    assert wide["cross_entropy"] == sure["cross_entropy"]
    assert "top_k 1" in run(capsys, "eval", "sure")
    assert main(["eval", "sure", "--temperature", "0"]) == 2


def test_a_saved_policy_is_listed_sampled_and_evaluated(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    train(capsys, "--save", "greeting")
    assert main(["train", "--target", "hi", "--save", "greeting"]) == 2
    assert "already a policy called 'greeting'" in capsys.readouterr().err
    assert [one["name"] for one in json.loads(run(capsys, "policies", "--json"))] == ["greeting", "english"]
    listed = run(capsys, "policies")
    assert re.search(r"^greeting .* levenshtein +1\.000 ", listed, re.M)
    assert re.search(r"^english .* ships *$", listed, re.M)

    assert run(capsys, "sample", "greeting", "--greedy") == "hi\n"
    several = ["sample", "greeting", "-n", "5", "--seed", "1", "--temperature", "2.5", "--json"]
    written = json.loads(run(capsys, *several))
    assert len(written["completions"]) == 5
    assert json.loads(run(capsys, *several)) == written
    assert main(["sample", "greeting", "--temperature", "0"]) == 2
    assert main(["sample", "greeting", "-n", "0"]) == 2
    assert main(["sample", "greetin"]) == 2
    assert "Did you mean 'greeting'?" in capsys.readouterr().err

    measured = json.loads(run(capsys, "eval", "greeting", "--json"))
    assert measured["held_out"] is None
    assert list(measured["training"]) == ["prompts", "exact_match", "reward_mean", "cross_entropy"]
    assert measured["training"]["exact_match"] == 1.0
    assert 0.0 < measured["training"]["reward_mean"] <= 1.0

    run(capsys, "policies", "rename", "greeting", "hello")
    (file,) = run(capsys, "policies", "export", "hello", str(tmp_path)).split()
    assert run(capsys, "policies", "import", file, "--name", "copy") == "copy\n"
    run(capsys, "policies", "delete", "hello", "--yes")
    assert [one["name"] for one in json.loads(run(capsys, "policies", "--json"))] == ["copy", "english"]
    assert "hi" in run(capsys, "policies", "show", "copy")


def test_runs_are_listed_shown_exported_and_deleted(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    result = train(capsys, "--steps", "2")
    name = str(result["run"])
    (listed,) = json.loads(run(capsys, "runs", "--json"))
    assert (listed["name"], listed["steps"], listed["state"]) == (name, 2, "finished")
    shown = json.loads(run(capsys, "runs", "show", name, "--json"))
    assert shown["recipe"] == result["recipe"]
    assert shown["command"] == "pgplay train --target hi --steps 2"
    csv_text = run(capsys, "runs", "export", name)
    assert csv_text.startswith("step,")
    assert len(csv_text.splitlines()) == 3
    run(capsys, "runs", "export", name, str(tmp_path / "run.jsonl"))
    rows = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [1, 2]
    assert rows[1]["reward_mean"] == result["reward_mean"]
    assert main(["runs", "export", name, str(tmp_path / "run.jsonl")]) == 2
    assert main(["runs", "delete", name]) == 2
    assert "--yes" in capsys.readouterr().err
    run(capsys, "runs", "delete", name, "--yes")
    assert json.loads(run(capsys, "runs", "--json")) == []


def test_a_finished_run_continues_to_a_new_limit_as_if_never_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    whole = train(capsys, "--steps", "4", "--until", "never")
    half = train(capsys, "--steps", "2", "--until", "never")
    resumed = json.loads(run(capsys, "train", "--resume", str(half["run"]), "--steps", "4", "--json"))
    assert (resumed["steps"], resumed["run"]) == (4, half["run"])
    assert resumed["cross_entropy"] == whole["cross_entropy"]
    assert main(["train", "--resume", str(half["run"]), "--model", "gru-nano"]) == 2
    assert "model cannot be changed" in capsys.readouterr().err


def test_a_policy_that_cannot_be_saved_is_not_lost(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(*arguments: object, **options: object) -> None:
        raise InputError("policy.taken", name="mine", advice="Choose another name.")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("pgplay.worker.session.policy_requests.save_policy", taken)
        assert main(["train", "--target", "hi", "--steps", "2", "--save", "mine"]) == 2
    advice = re.search(r"^The run is stored.*pgplay (train --resume \S+ --save) NAME$", capsys.readouterr().err, re.M)
    assert advice
    run(capsys, *advice[1].split(), "other")
    assert json.loads(run(capsys, "policies", "--json"))[0]["steps"] == 2


def test_a_run_whose_last_checkpoint_cannot_be_written_says_from_where_it_resumes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise PgplayError("text", text="No room is left.")

    monkeypatch.setattr("pgplay.worker.session.session.Session.rest", full)
    assert main(["train", "--target", "hi", "--steps", "2"]) == 1
    lines = capsys.readouterr().err.splitlines()
    # On a slow machine a checkpoint is due before the end.
    assert any(re.match("The run is saved up to step [012]: pgplay train --resume", line) for line in lines)
    assert lines[-1] == "No room is left."


def test_a_failing_reward_exits_with_3_and_its_own_message(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def reward(text, target, prompt):\n    return 1 / 0\n")
    assert main(["train", "--target", "hi", "--reward", str(file)]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "ZeroDivisionError" in captured.err
    assert "Traceback" not in captured.err
    assert 'File "' not in captured.err
    deep = "def deep():\n    return 1 / 0\n"
    file.write_text(deep + "def reward(text, target, prompt):\n    print('!')\n    return deep()\n")
    assert main(["train", "--target", "hi", "--reward", str(file)]) == 3
    told = capsys.readouterr().err
    assert "!\n" in told
    assert re.search(r'mine\.py", line 5, in reward\n.*\n.*mine\.py", line 2, in deep\n', told)


def test_python_that_came_with_a_policy_runs_only_when_allowed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def reward(text, target, prompt):\n    return float(text == target)\n")
    train(capsys, "--reward", str(file), "--steps", "1", "--save", "foreign")
    file.unlink()
    assert main(["eval", "foreign", "--json"]) == 2
    captured = capsys.readouterr()
    assert "sha256" in captured.err
    assert "return float(text == target)" in captured.err
    assert "--yes" in captured.err
    assert json.loads(run(capsys, "eval", "foreign", "--yes", "--json"))["training"]["prompts"] == 1


def start(*words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "pgplay", "train", "--target", "hello world", "--until", "never", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def interrupt_at(process: "subprocess.Popen[str]", beginning: str, number: int) -> tuple[str, str]:
    """Send a signal once a line with this beginning appears on standard error; return the output after it."""
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(beginning):
            process.send_signal(number)
            break
    return process.communicate(timeout=60)


@pytest.mark.exhaustive
@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_is_saved_and_resumes(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    process = start("--json", "--save", "halfway")
    out, err = interrupt_at(process, "step 1 ", number)
    assert process.returncode == 130
    assert "Traceback" not in err
    result = json.loads(out)
    assert result["steps"] >= 1
    assert f"pgplay train --resume {result['run']}" in err
    assert run(capsys, "policies", "show", "halfway")
    limit = str(result["steps"] + 2)
    resumed = json.loads(run(capsys, "train", "--resume", result["run"], "--steps", limit, "--json"))
    assert resumed["steps"] == result["steps"] + 2


def test_an_interruption_while_torch_loads_exits_without_a_traceback(home: Path) -> None:
    process = start()
    out, err = interrupt_at(process, "starting torch", signal.SIGINT)
    assert (process.returncode, out, err.strip()) == (130, "", "Interrupted.")
    assert not list(home.glob("runs/*/run.sqlite"))


def test_ctrl_c_as_soon_as_a_run_has_a_name_still_saves_its_policy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(PlainProgress, "begin", lambda progress, run: signal.raise_signal(signal.SIGINT))
    monkeypatch.setattr(os, "_exit", lambda status: pytest.fail("it ended at once"))
    assert main(["train", "--target", "a", "--save", "mine"]) == 130
    assert "Interrupted at step 0" in capsys.readouterr().out
    assert read_policy("mine").steps == 0


def test_ctrl_c_before_the_command_line_is_loaded_exits_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "argparse.py").write_text("raise KeyboardInterrupt\n")
    early = subprocess.run(
        [sys.executable, "-m", "pgplay", "--help"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        cwd=tmp_path,
    )
    assert (early.returncode, early.stdout, early.stderr) == (130, "", "")


def test_a_branch_continues_from_a_checkpoint_and_names_its_parent(capsys: pytest.CaptureFixture[str]) -> None:
    parent = train(capsys)
    shown = json.loads(run(capsys, "runs", "show", str(parent["run"]), "--json"))
    assert [one["step"] for one in shown["checkpoints"]][:: len(shown["checkpoints"]) - 1] == [0, parent["steps"]]
    assert shown["checkpoints"][-1]["greedy"] == "hi"
    assert [(since["step"], since["reward"]) for since in shown["rewards"]] == [(1, "levenshtein")]
    words = ["train", "--resume", str(parent["run"]), "--at", "0"]
    branch = json.loads(run(capsys, *words, "--json"))
    assert branch["run"] == f"{parent['run']}-at-0"
    assert (branch["steps"], branch["cross_entropy"]) == (parent["steps"], parent["cross_entropy"])
    assert f"parent           {parent['run']} at step 0" in run(capsys, "runs", "show", branch["run"])
    assert main([*words[:-1], str(parent["steps"] + 1)]) == 2  # type: ignore[operator]
    assert "has no checkpoint at step" in capsys.readouterr().err
    assert main(["train", "--at", "3"]) == 2
    assert "--resume" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [["--target=a", "--save=mine"], ["--target=a", "--engine=processes:2"], ["--preset=story-number", "--save=mine"]],
)
def test_nothing_loads_torch_before_an_interruption_ends_the_command(words: list[str]) -> None:
    """A KeyboardInterrupt in the middle of it may be lost, abort the process, or leave a package half loaded."""
    code = (
        "import sys\nfrom pgplay.cli.commands import train\n"
        "train.interruptible = lambda: sys.exit('torch' in sys.modules)\n"
        "train.run_train(sys.argv[1:])"
    )
    assert subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT).returncode == 0
