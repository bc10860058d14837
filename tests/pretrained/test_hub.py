"""Models of the Hub: found offline in the local cache, pinned to their commit, and downloaded on request."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import huggingface_hub
import pytest
from huggingface_hub import errors

from pgplay.cli import main
from pgplay.config.recipe import to_recipe
from pgplay.config.run_config import RunConfig, make_config
from pgplay.errors import InputError
from pgplay.learning.inputs import read_inputs
from pgplay.learning.plan import read_plan
from pgplay.library.policies import load_policy
from pgplay.model_places import downloaded_models, hub_model, model_folder, model_place
from pgplay.policies.spec import PretrainedSpec
from pgplay.worker.session.model_folders import export_folder, import_folder
from pgplay.worker.session.saved_policies import load_saved_policy
from pgplay.worker.session.session import Session
from tests.pretrained.models import model_folder as tiny_model
from tests.worker.helpers import own_rewards

COMMIT, NEWER = "a" * 40, "b" * 40
ID = "someone/tiny-llama"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The Hub's cache with one model, as its packages store it: files are links to blobs."""
    cache = tmp_path / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(cache))
    add(cache, COMMIT)
    return cache


def add(cache: Path, commit: str, branch: str = "main") -> Path:
    model = cache / "models--someone--tiny-llama"
    snapshot = model / "snapshots" / commit
    snapshot.mkdir(parents=True)
    for file in Path(tiny_model("llama")).iterdir():
        blob = model / "blobs" / f"{commit[:1]}-{file.name}"
        blob.parent.mkdir(exist_ok=True)
        shutil.copy(file, blob)
        (snapshot / file.name).symlink_to(blob)
    (model / "refs").mkdir(exist_ok=True)
    (model / "refs" / branch).write_text(commit)
    return snapshot


def config_of(model: str) -> RunConfig:
    settings = {
        "model": model, "target": "", "reward": "distinct", "max_length": 8, "batch_size": 8, "until": "never",
        "device": "cpu", "threads": 1,
    }  # fmt: skip
    return make_config(settings)


@pytest.mark.parametrize("name", [ID, f"{ID}@main", f"{ID}@{COMMIT}"])
def test_a_downloaded_model_is_found_offline_and_pinned(name: str, cache: Path) -> None:
    plan = read_plan(config_of(name))
    assert plan.shape.model == plan.written.model == f"{ID}@{COMMIT}"
    assert f"model={ID}@{COMMIT}" in to_recipe(plan.written)
    assert downloaded_models() == [ID]


def test_a_run_and_its_policy_keep_their_commit_when_the_branch_moves_on(cache: Path, tmp_path: Path) -> None:
    config = config_of(ID)
    session = Session.begin(config, read_inputs(config), rewards=own_rewards(config))
    session.step()
    session.save_policy("small")
    session.close("paused")
    newer = add(cache, NEWER)
    (newer / "config.json").unlink()
    resumed = Session.resume(session.run)
    assert resumed.config.model == f"{ID}@{COMMIT}"
    resumed.step()
    resumed.close("stopped")
    card, _ = load_policy("small")
    assert card.shape.model == card.config["model"] == f"{ID}@{COMMIT}"
    assert load_saved_policy("small").policy.shape == card.shape
    folder = export_folder("small", tmp_path / "adapter", "peft")
    (folder / "policy.json").unlink()
    imported = import_folder(folder, "again").shape
    assert isinstance(imported, PretrainedSpec)
    assert imported.model == f"{ID}@{COMMIT}"


def test_a_folder_of_that_name_takes_precedence(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(tiny_model("gpt2"), tmp_path / "someone" / "tiny-llama")
    monkeypatch.chdir(tmp_path)
    assert hub_model(ID) is None
    assert model_folder(model_place(ID)) == tmp_path / "someone" / "tiny-llama"


@pytest.mark.parametrize("name", ["someone/other", f"{ID}@v2", f"{ID}@{NEWER}"])
def test_a_model_that_is_not_here_is_reported_with_the_folder_and_the_models_that_are(name: str, cache: Path) -> None:
    with pytest.raises(InputError) as refused:
        read_plan(config_of(name))
    assert refused.value.field == "model"
    assert name in refused.value.problem
    assert str(cache) in refused.value.problem
    assert f"pgplay models add {name}" in refused.value.remedy
    assert f"storybook-1m, {ID}" in refused.value.remedy


def test_a_partial_download_is_reported(cache: Path) -> None:
    snapshot = model_folder(f"{ID}@{COMMIT}")
    index = '{"weight_map": {"a": "model.safetensors", "b": "model-00002-of-00002.safetensors"}}'
    (snapshot / "model.safetensors.index.json").write_text(index)
    with pytest.raises(InputError, match=r"is incomplete: model-00002-of-00002\.safetensors missing"):
        read_plan(config_of(ID))


class File(NamedTuple):
    """A file as the Hub describes it."""

    rfilename: str
    size: int


class Hub:
    """A Hub with one model that records its requests."""

    def __init__(self, cache: Path, files: list[File]) -> None:
        self.cache, self.files, self.downloads = cache, files, 0

    def model_info(self, name: str, *, revision: str, files_metadata: bool) -> Any:
        assert files_metadata
        return type("Info", (), {"sha": NEWER, "siblings": self.files})()

    def download(self, name: str, *, revision: str, cache_dir: Path, allow_patterns: list[str]) -> str:
        assert not any("py" in pattern or "bin" in pattern for pattern in allow_patterns)
        self.downloads += 1
        return str(add(cache_dir, NEWER, revision))


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    files = [File("config.json", 1000), File("model.safetensors", 3_000_000), File("pytorch_model.bin", 9_000_000_000)]
    hub = Hub(tmp_path / "hub", files)
    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", lambda self, *a, **k: hub.model_info(*a, **k))
    monkeypatch.setattr(huggingface_hub, "snapshot_download", hub.download)
    return hub


class Terminal(io.StringIO):
    """A terminal with a user."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "status"), [("y\n", 0), ("n\n", 1)])
def test_a_download_is_asked_about_with_its_size(
    typed: str, status: int, hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    assert main(["models", "add", ID]) == status
    told = capsys.readouterr()
    assert f"Download {ID} (3 MB, commit {NEWER[:12]})" in told.err
    assert hub.downloads == (status == 0)
    assert told.out == (f"{ID}@{NEWER}\n" if status == 0 else "")
    assert downloaded_models() == ([ID] if status == 0 else [])


def test_train_asks_too_but_not_for_a_model_that_is_here(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--target", "", "--reward", "distinct", "--max-length", "8", "--batch-size", "8", "--steps", "1"]
    assert main(["train", "--model", ID, *options]) == 2
    assert "Download" in capsys.readouterr().err
    assert main(["models", "add", ID, "--yes"]) == 0
    assert main(["models", "add", ID]) == 0
    assert main(["train", "--model", ID, *options]) == 0
    assert hub.downloads == 1
    capsys.readouterr()
    assert main(["models"]) == 0
    assert NEWER[:12] in capsys.readouterr().out


def answered(kind: type[errors.HfHubHTTPError]) -> Exception:
    return kind("refused", response=httpx2.Response(404, request=httpx2.Request("GET", "https://example.org")))


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (lambda: errors.OfflineModeIsEnabled("offline"), "cannot be reached"),
        (lambda: httpx2.ConnectError("no route"), "cannot be reached"),
        (lambda: answered(errors.RepositoryNotFoundError), "has no model"),
        (lambda: answered(errors.RevisionNotFoundError), "no revision main"),
        (lambda: answered(errors.GatedRepoError), "is gated"),
        (lambda: answered(errors.HfHubHTTPError), "refused"),
    ],
)
def test_a_failure_of_the_hub_is_one_line(
    failure: Callable[[], Exception],
    words: str,
    hub: Hub,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise failure()

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", refuse)
    assert main(["models", "add", ID, "--yes"]) != 0
    told = capsys.readouterr().err
    assert words in told
    assert "Traceback" not in told
    assert ("storybook-1m" in told) == (words == "cannot be reached")


def test_a_full_disk_is_reported_before_the_download(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    hub.files.append(File("model-00002-of-00002.safetensors", 10**18))
    assert main(["models", "add", ID, "--yes"]) == 2
    assert "takes 1,000,000,000,003 MB" in capsys.readouterr().err
    assert hub.downloads == 0


def test_a_model_with_only_pickled_weights_is_refused(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    hub.files.remove(File("model.safetensors", 3_000_000))
    assert main(["models", "add", ID, "--yes"]) == 2
    assert "no safetensors weights" in capsys.readouterr().err
