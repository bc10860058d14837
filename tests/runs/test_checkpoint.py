import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from pgplay.errors import InputError, PgplayError
from pgplay.locale.catalog import sentences_of
from pgplay.runs.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from pgplay.runs.checkpoint_files import CHECKPOINT_VERSION, checkpoint_step

WRITER = """
import sys
from pathlib import Path
import torch
from pgplay.runs.checkpoint import Checkpoint, save_checkpoint
for step in range(1, 10_000):
    print(step, flush=True)
    save_checkpoint(Path(sys.argv[1]), Checkpoint({"w": torch.full((20_000,), float(step))}, {"step": step}))
"""

DAMAGES = ["truncated tensors", "edited tensors", "no tensors", "truncated json", "edited json", "newer"]


def make_checkpoint(step: int = 1, **state: Any) -> Checkpoint:
    tensors = {
        "w": torch.arange(6.0).reshape(2, 3) + step,
        "half": torch.ones(3, dtype=torch.bfloat16),
        "count": torch.tensor(step),
        "random": torch.Generator().manual_seed(step).get_state(),
        "empty": torch.zeros(0, 4),
    }
    return Checkpoint(tensors, {"step": step, **state})


def assert_same(one: Checkpoint, other: Checkpoint) -> None:
    assert one.state == other.state
    assert one.tensors.keys() == other.tensors.keys()
    for name, tensor in one.tensors.items():
        assert tensor.dtype == other.tensors[name].dtype
        assert torch.equal(tensor, other.tensors[name])


def files(folder: Path, pattern: str) -> list[Path]:
    return sorted((folder / "checkpoints").glob(pattern))


def test_a_checkpoint_survives_a_round_trip_bit_for_bit(tmp_path: Path) -> None:
    saved = make_checkpoint(3, best=float("-inf"), lr=0.1, counter=2**70, words=["é", "\ud800", "\n"], none=None)
    save_checkpoint(tmp_path, saved)
    assert_same(load_checkpoint(tmp_path), saved)
    assert checkpoint_step(tmp_path) == 3


def test_tensors_that_share_memory_or_are_transposed_are_saved_too(tmp_path: Path) -> None:
    whole = torch.arange(12.0).reshape(3, 4)
    saved = Checkpoint({"whole": whole, "tied": whole, "transposed": whole.T, "row": whole[1]}, {})
    save_checkpoint(tmp_path, saved)
    assert_same(load_checkpoint(tmp_path), saved)


def test_last_and_best_are_kept_apart_and_old_tensors_are_deleted(tmp_path: Path) -> None:
    for step in range(1, 6):
        save_checkpoint(tmp_path, make_checkpoint(step))
        if step == 2:
            save_checkpoint(tmp_path, make_checkpoint(step), kind="best")
    assert load_checkpoint(tmp_path).state["step"] == 5
    assert load_checkpoint(tmp_path, "best").state["step"] == 2
    assert len(files(tmp_path, "*.safetensors")) == 3  # last, the one before it, best


def test_a_checkpoint_of_the_previous_version_is_read(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, make_checkpoint(3))
    document = tmp_path / "checkpoints" / "last.json"
    document.write_text(json.dumps(json.loads(document.read_text()) | {"format_version": CHECKPOINT_VERSION - 1}))
    assert_same(load_checkpoint(tmp_path), make_checkpoint(3))


def test_a_missing_checkpoint_is_reported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no checkpoint"):
        load_checkpoint(tmp_path)
    assert checkpoint_step(tmp_path) is None


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_last_checkpoint_gives_way_to_the_one_before_with_a_note(tmp_path: Path, damage: str) -> None:
    save_checkpoint(tmp_path, make_checkpoint(1))
    save_checkpoint(tmp_path, make_checkpoint(2))
    harm(tmp_path, "last", damage)
    found = load_checkpoint(tmp_path)
    assert_same(found, make_checkpoint(1))
    assert found.note is not None
    (note,) = sentences_of([found.note])
    assert "cannot be read" in note or "newer pgplay" in note
    assert note.endswith("The checkpoint of step 1 is used instead.")


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_without_another_is_reported_with_its_file(tmp_path: Path, damage: str) -> None:
    save_checkpoint(tmp_path, make_checkpoint(1), kind="best")
    harmed = harm(tmp_path, "best", damage)
    with pytest.raises(PgplayError, match=harmed.name) as caught:
        load_checkpoint(tmp_path, "best")
    assert caught.value.remedy


def harm(folder: Path, kind: str, damage: str) -> Path:
    document = folder / "checkpoints" / f"{kind}.json"
    content = json.loads(document.read_text())
    tensors = folder / "checkpoints" / f"{content['tensors_sha256']}.safetensors"
    if damage == "truncated tensors":
        os.truncate(tensors, tensors.stat().st_size // 2)
    elif damage == "edited tensors":
        tensors.write_bytes(tensors.read_bytes()[:-1] + b"!")
    elif damage == "no tensors":
        tensors.unlink()
    elif damage == "truncated json":
        os.truncate(document, document.stat().st_size // 2)
    elif damage == "edited json":
        content["state"]["step"] = 100
        document.write_text(json.dumps(content))
    else:
        content["format_version"] = 99
        document.write_text(json.dumps(content))
    return tensors if "tensors" in damage else document


@pytest.mark.exhaustive
def test_killing_the_writer_at_any_moment_leaves_an_intact_checkpoint(tmp_path: Path) -> None:
    step = 0
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            if (step := int(line)) == 5:
                writer.send_signal(signal.SIGKILL)
                break
    found = load_checkpoint(tmp_path)
    assert found.state["step"] in (step - 1, step)
    assert torch.equal(found.tensors["w"], torch.full((20_000,), float(found.state["step"])))


@pytest.mark.parametrize("call", range(9))
def test_a_crash_at_any_system_call_leaves_the_old_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    save_checkpoint(tmp_path, make_checkpoint(1))
    save_checkpoint(tmp_path, make_checkpoint(2))
    calls = 0

    def crash_at_the_right_one(function: Any) -> Any:
        def crashing(*arguments: Any, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls > call:
                raise KeyboardInterrupt
            return function(*arguments, **options)

        return crashing

    with monkeypatch.context() as patch:
        for name in ("fsync", "replace", "unlink"):
            patch.setattr(os, name, crash_at_the_right_one(getattr(os, name)))
        with contextlib.suppress(KeyboardInterrupt):
            save_checkpoint(tmp_path, make_checkpoint(3))
    assert load_checkpoint(tmp_path).state["step"] in (2, 3)
    save_checkpoint(tmp_path, make_checkpoint(4))
    assert load_checkpoint(tmp_path).state["step"] == 4
    assert len(list((tmp_path / "checkpoints").iterdir())) == 4
