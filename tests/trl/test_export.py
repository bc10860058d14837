"""`pgplay trl export`: the folder's script and rewards, and what is refused."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from pgplay.cli import main
from pgplay.config.changes import Changes
from pgplay.config.run_config import RunConfig, make_config
from pgplay.errors import InputError
from pgplay.learning.inputs import read_inputs
from pgplay.learning.plan import Plan, make_plan
from pgplay.rewards.reward import start_reward
from pgplay.rewards.spec import read_spec
from pgplay.tasks.task import Pair
from pgplay.trl.export import files_for_trl
from pgplay.trl.script import ModelName, RewardCall, training_script
from pgplay.trl.settings import trl_settings
from pgplay.worker.session.session import Session
from tests.pretrained.models import chat_folder
from tests.worker.helpers import own_rewards

RHYMES = """
def rhymes(completions, prompts, answer, level):
    return [{"score": len(text) + 10 * each + (prompt == "one"), "vowels": text.count("o")}
            for text, prompt, each in zip(completions, prompts, level)]
"""
PAIRS = [
    {"question": "one", "answer": ["eins", "ein"], "level": 1},
    {"question": "two «\"'\\\n", "answer": "zwei", "level": 2},
]


def plan_of(**settings: Any) -> tuple[RunConfig, Plan]:
    config = make_config({"model": "storybook-1m", "device": "cpu", "threads": 1, **settings})
    return config, make_plan(config, read_inputs(config))


def write_export(folder: Path, **settings: Any) -> dict[str, bytes]:
    config, plan = plan_of(**settings)
    files, _ = files_for_trl("mine", plan, own_rewards(config), 7)
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return files


def module_of(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"exported_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def without_trl(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-ins for the packages that a script imports."""
    monkeypatch.setitem(sys.modules, "trl", SimpleNamespace(GRPOConfig=dict, GRPOTrainer=dict))
    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(Dataset=SimpleNamespace(from_list=list)))
    monkeypatch.setitem(sys.modules, "reward", SimpleNamespace(levenshtein=None, exact=None))


@pytest.fixture
def pairs(tmp_path: Path) -> str:
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(pair) + "\n" for pair in PAIRS))
    (tmp_path / "rhymes.py").write_text(RHYMES)
    return f"{tmp_path / 'pairs.jsonl'}:question,answer"


def test_the_rewards_give_the_same_numbers_as_in_pgplay(tmp_path: Path, pairs: str) -> None:
    python, formula = f"{tmp_path / 'rhymes.py'}:rhymes", "damerau-levenshtein"
    write_export(tmp_path / "out", task=pairs, reward=python, measure=[formula], group_size=2, batch_size=4)
    rows = [json.loads(line) for line in (tmp_path / "out/data.jsonl").read_text().splitlines()]
    assert rows == [
        {"prompt": "one", "target": "eins", "others": ["ein"], "answer": '["eins", "ein"]', "level": 1},
        {"prompt": PAIRS[1]["question"], "target": "zwei", "others": [], "answer": "zwei", "level": 2},
    ]
    exported = module_of(tmp_path / "out/reward.py")
    texts, asked = ["ein", "zwo", "", "zwei"], [rows[0], rows[1], rows[0], rows[1]]
    columns = {name: [row[name] for row in asked] for name in rows[0]}
    prompts = ["<|end|>" + prompt for prompt in columns.pop("prompt")]
    known = [
        Pair(row["prompt"], row["target"], tuple(row["others"]), (("answer", row["answer"]), ("level", row["level"])))
        for row in asked
    ]
    logged: dict[str, float] = {}
    for name, spec in (("reward", python), ("measure_1", formula)):
        given = getattr(exported, name)(prompts=prompts, completions=texts, log_metric=logged.__setitem__,
                                        completion_ids=[], trainer_state=None, **columns)  # fmt: skip
        with start_reward(read_spec(spec)) as reward:
            assert given == reward.score_pairs(texts, known).values
    assert given[0] > 0.9  # the second right answer counts
    assert logged["rewards/vowels/mean"] == 0.25
    messages = [[{"role": "user", "content": prompt}] for prompt in prompts]
    written = [[{"role": "assistant", "content": text}] for text in texts]
    assert exported.measure_1(prompts=messages, completions=written, **columns) == given


@pytest.mark.usefixtures("without_trl")
@pytest.mark.parametrize("is_chat", [False, True], ids=["raw", "chat"])
def test_the_script_reads_prompts_as_pgplay_does(tmp_path: Path, is_chat: bool) -> None:
    chat = {"model": chat_folder(), "template": "chat", "system": 'Say "so".\n'} if is_chat else {"template": "raw"}
    task = {"task": "reverse:count=4", "measure": ["exact"], "held_out": 0.5, "batch_size": 4, "group_size": 2}
    write_export(tmp_path, **task, **chat)
    script = module_of(tmp_path / "train.py")
    (row, *_) = script.read("data.jsonl")
    prompt = json.loads((tmp_path / "data.jsonl").read_text().splitlines()[0])["prompt"]
    tokens = (
        script.tokenizer.apply_chat_template(row["prompt"], add_generation_prompt=True)["input_ids"]
        if is_chat
        else script.tokenizer(row["prompt"])["input_ids"]
    )
    assert list(tokens) == plan_of(**task, **chat)[1].tokenizer.render_prompt(prompt)
    imported = {node.module for node in ast.walk(ast.parse((tmp_path / "train.py").read_text()))
                if isinstance(node, ast.ImportFrom)}  # fmt: skip
    assert imported == {"pathlib", "datasets", "peft", "pgplay", "transformers", "trl", "reward"}


def test_a_stored_run_is_exported_with_its_checkpoints_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, _ = plan_of(target="", reward="distinct", max_length=4, batch_size=4, until="never", kl_limit=0.1)
    session = Session.begin(config, read_inputs(config), rewards=own_rewards(config), name="mine")
    session.change(Changes(lr=0.25))
    session.close("stopped")
    folder = tmp_path / "out"
    assert main(["trl", "export", "mine", str(folder)]) == 0
    out, err = capsys.readouterr()
    assert str(folder / "train.py") in out.splitlines()
    script = (folder / "train.py").read_text()
    assert "learning_rate=0.25," in script
    limit = "steps: the run has no limit; 100 of its steps are exported"
    for lost in ("kl_limit 0.1: the weight of the KL stays 0.15", limit):
        assert f"# - {lost}" in script
        assert f"- {lost}" in err
    assert (folder / "model/model.safetensors").stat().st_size > 1_000_000
    assert main(["trl", "export", "mine", str(folder)]) == 2
    assert "already" in capsys.readouterr().err
    assert main(["trl", "export", "mine", str(folder), "--replace"]) == 0


def test_a_run_of_a_character_network_is_refused_with_the_command_that_would_do(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    config = make_config({"target": "hi you", "model": "gru-nano", "lr": 0.1})
    Session.begin(config, read_inputs(config), name="mine").close("stopped")
    assert main(["trl", "export", "mine", str(tmp_path / "out")]) == 2
    err = capsys.readouterr().err
    assert "character network" in err
    assert "pgplay train --target 'hi you' --model storybook-1m" in err
    assert not (tmp_path / "out").exists()


def test_a_column_of_several_kinds_is_refused(tmp_path: Path) -> None:
    rows = [{"prompt": "a", "target": "b", "level": 1}, {"prompt": "b", "target": "c", "level": "high"}]
    (tmp_path / "mixed.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(InputError, match="level"):
        write_export(tmp_path, task=str(tmp_path / "mixed.jsonl"), batch_size=4, group_size=2)


@pytest.mark.skipif(importlib.util.find_spec("trl") is None, reason="trl is not installed")
def test_the_script_trains_with_trl(tmp_path: Path, pairs: str) -> None:
    write_export(tmp_path / "out", task=pairs, reward=f"{tmp_path / 'rhymes.py'}:rhymes", group_size=2, batch_size=4,
                 kl=0.1, measure=["exact"], max_length=6)  # fmt: skip
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "train.py", "--steps", "2"]
    done = subprocess.run(command, cwd=tmp_path / "out", env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/trained/adapter_config.json").is_file()


def test_a_model_of_the_hub_is_loaded_at_the_runs_commit() -> None:
    config, plan = plan_of(task="reverse:count=4", batch_size=4, group_size=2)
    settings, model = trl_settings(plan._replace(config=replace(plan.config, steps=3))), ModelName("org/it's", "0" * 40)
    script = training_script("mine", plan, settings, model, [RewardCall("levenshtein", config.reward)], "<s>")
    compile(script, "train.py", "exec")
    assert 'MODEL = "org/it\'s"' in script
    assert f'from_pretrained(MODEL, revision="{"0" * 40}")' in script
    assert f'model_init_kwargs={{"dtype": "float32", "revision": "{"0" * 40}"}},' in script
