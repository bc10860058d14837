"""A pretrained model in a session with its store, in the library, and as the start of other runs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from safetensors.numpy import save as save_file

from pgplay.config.run_config import RunConfig, make_config
from pgplay.errors import InputError, PgplayError
from pgplay.learning.inputs import read_inputs
from pgplay.learning.plan import read_plan
from pgplay.learning.reports.step_report import StepReport
from pgplay.library.policies import load_policy
from pgplay.locale.catalog import Coded, text_of
from pgplay.runs.summaries import list_runs
from pgplay.worker.protocol.commands import Write
from pgplay.worker.session.interface import NotNeededError
from pgplay.worker.session.saved_policies import answer_write_with_saved, load_saved_policy
from pgplay.worker.session.session import Session
from tests.pretrained.models import model_folder
from tests.worker.helpers import own_rewards

SETTINGS = {
    "target": "", "reward": "distinct", "max_length": 8, "batch_size": 8, "until": "never", "device": "cpu", "kl": 0.1,
    "threads": 1,  # different numbers of threads round differently
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A model of this test's own, which it may damage."""
    return str(shutil.copytree(model_folder("llama"), tmp_path / "model"))


def metrics(report: StepReport) -> dict[str, float]:
    return {name: value for name, value in report.metrics.items() if not name.startswith("seconds")}


@contextmanager
def begun(config: RunConfig) -> Iterator[Session]:
    session = Session.begin(config, read_inputs(config), rewards=own_rewards(config))
    yield session
    session.close("stopped")


@contextmanager
def resumed(run: str) -> Iterator[Session]:
    session = Session.resume(run)
    yield session
    session.close("stopped")


@pytest.mark.exhaustive
def test_a_run_resumes_bit_for_bit_and_its_adapter_is_stored_without_the_base(folder: str) -> None:
    config = make_config({**SETTINGS, "model": folder})
    with begun(config) as session:
        reports = [session.step() for _ in range(4)]
    with begun(config) as session:
        for _ in range(2):
            session.step()
        session.rest("paused")
        run = session.run
    with resumed(run) as session:
        again = [session.step() for _ in range(2)]
        assert [metrics(report) for report in again] == [metrics(report) for report in reports[2:]]
        detail = session.inspected_step()
        assert any(token.is_part for one in detail.samples for token in one.tokens)
        assert all("".join(one.pieces) == one.text for one in detail.samples)
        assert session.map().written
        session.save_policy("small")
        present = session.need_policy().saved_state()
    card, tensors = load_policy("small")
    assert card.shape.model == folder
    assert len(tensors) < 60_000 < (Path(folder) / "model.safetensors").stat().st_size
    loaded = load_saved_policy("small").policy.saved_state()
    assert all((loaded[name] == tensor).all() for name, tensor in present.items())
    written = answer_write_with_saved(Write(policy="small", count=3)).samples
    assert all("".join(sample.tokens) == sample.text for sample in written)


def test_the_base_samples_beside_the_policy_with_the_same_seed(folder: str) -> None:
    command = Write(count=4, prompt="The cat", seed=1)
    with begun(make_config({**SETTINGS, "model": folder, "lr": 0.05})) as session:
        texts = session.write(command)
        assert (texts.other, len(texts.samples)) == ("base", 4)
        assert texts.samples == texts.other_samples
        for _ in range(3):
            session.step()
        later = session.write(command)
        assert later.other_samples == texts.samples != later.samples
        session.save_policy("tuned")
    saved = answer_write_with_saved(replace(command, policy="tuned"))
    assert (saved.samples, saved.other_samples) == (later.samples, later.other_samples)


def test_no_base_is_left_if_every_weight_is_trained(folder: str) -> None:
    with begun(make_config({**SETTINGS, "model": folder, "lora_rank": 0, "kl": 0.0})) as session:
        assert session.write(Write(count=2)).other == ""


def test_loading_counts_the_bytes_of_the_weights_and_can_be_cancelled(folder: str) -> None:
    config, told, told_again = make_config({**SETTINGS, "model": folder}), list[Coded](), list[Coded]()
    session = Session.begin(config, read_inputs(config), rewards=own_rewards(config), on_progress=told.append)
    session.close("stopped")
    size = (Path(folder) / "model.safetensors").stat().st_size
    assert [code for code, _ in told] == ["progress.packages", "progress.weights"]
    assert told[-1][1] == {"count": size, "whole": size}
    assert text_of(*told[-1]).startswith("reading the model's weights: 1 MB of")
    Session.resume(session.run, on_progress=told_again.append).close("stopped")
    assert told_again == told

    def leave(stage: Coded) -> None:
        if stage[0] == "progress.weights":
            raise NotNeededError

    with pytest.raises(NotNeededError):
        Session.begin(config, read_inputs(config), rewards=own_rewards(config), on_progress=leave)
    assert len(list_runs()) == 1
    with pytest.raises(NotNeededError):
        Session.resume(session.run, on_progress=leave)
    Session.resume(session.run).close("stopped")


def test_a_run_that_starts_from_an_adapter_has_it_as_its_reference(folder: str) -> None:
    with begun(make_config({**SETTINGS, "model": folder, "lr": 0.05})) as session:
        for _ in range(3):
            session.step()
        session.save_policy("first")
    with begun(make_config({**SETTINGS, "warm_start": "first"})) as session:
        assert session.step().metrics["kl_reference"] == 0.0
        assert session.step().metrics["kl_reference"] > 0.0


def test_a_missing_or_different_base_is_reported(folder: str) -> None:
    with begun(make_config({**SETTINGS, "model": folder})) as session:
        session.save_policy("small")
        run = session.run
    path = Path(folder) / "config.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "rms_norm_eps": 0.5}))
    with pytest.raises(PgplayError, match="not the one"):
        load_saved_policy("small")
    with pytest.raises(PgplayError, match="not the one"), resumed(run):
        pass
    path.unlink()
    with pytest.raises(PgplayError, match=r"no config\.json"):
        load_saved_policy("small")


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("config.json", {"architectures": ["BertModel"]}, "no causal language model"),
        ("config.json", {"quantization_config": {"bits": 4}}, "quantised"),
        ("config.json", None, "no config.json"),
        ("model.safetensors", None, "no safetensors weights"),
        ("tokenizer.json", None, "no tokenizer"),
    ],
)
def test_a_folder_that_cannot_be_trained_is_refused_in_one_line(
    folder: str, file: str, content: dict[str, object] | None, words: str
) -> None:
    path = Path(folder) / file
    if content is None:
        path.unlink()
    else:
        path.write_text(json.dumps(json.loads(path.read_text()) | content))
    with pytest.raises(InputError) as refused:
        read_plan(make_config({**SETTINGS, "model": folder}))
    assert words in refused.value.problem
    assert refused.value.field == "model"


def test_damaged_and_quantised_weights_are_refused_in_one_line(folder: str) -> None:
    path = Path(folder) / "model.safetensors"
    whole = path.read_bytes()
    for content, words in (
        (whole[: len(whole) // 2], "cannot be read"),
        (b"", "cannot be read"),
        (save_file({"lm_head.weight": np.zeros((4, 4), np.int8)}), "quantised"),
    ):
        path.write_bytes(content)
        with pytest.raises(InputError, match=words) as refused:
            read_plan(make_config({**SETTINGS, "model": folder}))
        assert refused.value.field == "model"


def test_the_folder_of_an_adapter_is_refused_as_a_model_with_the_way_to_import_it(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(InputError, match="contains an adapter") as refused:
        read_plan(make_config({**SETTINGS, "model": str(tmp_path)}))
    assert "pgplay policies import" in refused.value.remedy


def test_texts_beyond_the_context_are_refused(folder: str) -> None:
    with pytest.raises(InputError, match="128"):
        read_plan(make_config({**SETTINGS, "model": folder, "max_length": 200}))
