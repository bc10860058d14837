"""A .gguf file is converted once, to a folder of its own in pgplay's data, and trained from there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from safetensors.numpy import load_file

from pgplay.cli import main
from pgplay.config.run_config import make_config
from pgplay.errors import InputError
from pgplay.learning.plan import read_plan
from pgplay.model_places import converted_models, is_pretrained
from pgplay.policies.networks import gguf as conversion
from tests.pretrained.models import STOP, TURN, model_folder

LAYERS, WIDTH, HEADS, HIDDEN, WORDS = 1, 32, 4, 64, 300
TEMPLATE = "{% for message in messages %}{{ message.content }}<|im_end|>{% endfor %}"
OPTIONS = ["--target", "", "--reward", "distinct", "--max-length", "8", "--batch-size", "8", "--steps", "1"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A tiny Llama as llama.cpp stores one."""
    path = tmp_path / "tiny.gguf"
    write(path)
    return path


def write(path: Path, architecture: str = "llama") -> None:
    tokenizer = json.loads((Path(model_folder("llama")) / "tokenizer.json").read_text())
    words = sorted(tokenizer["model"]["vocab"], key=tokenizer["model"]["vocab"].__getitem__)
    control, normal = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_block_count(LAYERS)
    writer.add_context_length(128)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(WORDS)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(words)
    writer.add_token_types([control if word in (STOP, TURN) else normal for word in words])
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in tokenizer["model"]["merges"]]
    writer.add_token_merges(merges)
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_chat_template(TEMPLATE)
    random = np.random.default_rng(0)
    shapes: dict[str, tuple[int, ...]] = {"token_embd": (WORDS, WIDTH), "output_norm": (WIDTH,)}
    for layer in range(LAYERS):
        wide = {"ffn_gate": (HIDDEN, WIDTH), "ffn_up": (HIDDEN, WIDTH), "ffn_down": (WIDTH, HIDDEN)}
        square = dict.fromkeys(("attn_q", "attn_k", "attn_v", "attn_output"), (WIDTH, WIDTH))
        norms = dict.fromkeys(("attn_norm", "ffn_norm"), (WIDTH,))
        shapes |= {f"blk.{layer}.{name}": shape for name, shape in {**wide, **square, **norms}.items()}
    for name, shape in shapes.items():
        writer.add_tensor(f"{name}.weight", random.standard_normal(shape).astype(np.float32) * 0.2)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def config_of(file: Path, **settings: Any) -> Any:
    return make_config({"model": str(file), "target": "", "reward": "distinct", "max_length": 8, **settings})


@pytest.mark.exhaustive
def test_a_file_is_converted_once_and_trained_from_its_folder(
    file: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert is_pretrained(file.name)
    with pytest.raises(InputError, match="not been converted") as refused:
        read_plan(config_of(file))
    assert f"pgplay models add {file}" in refused.value.remedy
    assert main(["train", "--model", str(file), *OPTIONS, "--save", "small"]) == 0
    assert "Converting" in capsys.readouterr().err
    [folder] = converted_models()
    assert Path(folder).parent == home / "models"
    before = (Path(folder) / "model.safetensors").stat().st_mtime_ns
    assert main(["train", "--model", str(file), *OPTIONS]) == 0
    assert "Converting" not in capsys.readouterr().err
    assert (Path(folder) / "model.safetensors").stat().st_mtime_ns == before
    file.unlink()
    assert main(["sample", "small", "-n", "1"]) == 0
    assert main(["models", "list"]) == 0
    assert "converted" in capsys.readouterr().out


def test_the_folder_has_the_files_weights_and_tokens(file: Path) -> None:
    folder = conversion.convert_gguf(file)
    tensors = load_file(folder / "model.safetensors")
    kept = {tensor.name: tensor for tensor in gguf.GGUFReader(file).tensors}
    for theirs, own in (("token_embd.weight", "model.embed_tokens.weight"), ("blk.0.ffn_up.weight", "mlp.up_proj")):
        name = next(name for name in tensors if own in name)
        assert np.array_equal(tensors[name], kept[theirs].data.reshape(tensors[name].shape))
    chat = read_plan(config_of(file, system="Be brief.")).prompt_text
    assert chat == f"Be brief.{TURN}{TURN}"
    tokenizer = read_plan(config_of(file)).shape.tokenizer
    assert tokenizer.decode(tokenizer.encode("The cat 早安 🙂")) == "The cat 早安 🙂"
    assert tokenizer.stop_ids == (1,)


def test_a_changed_file_is_another_model(file: Path) -> None:
    first = conversion.convert_gguf(file)
    with file.open("ab") as more:
        more.write(b"\0" * 32)
    assert conversion.converted_folder(file) != first


@pytest.mark.parametrize("content", [b"", b"GGUF", b"not a model at all" * 100])
def test_another_kind_of_file_is_refused_and_leaves_nothing(
    content: bytes, tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(content)
    assert main(["models", "add", str(path)]) == 2
    told = capsys.readouterr().err
    assert "cannot be converted" in told
    assert "Traceback" not in told
    assert converted_models() == []


def test_an_architecture_that_transformers_cannot_read_is_named(tmp_path: Path) -> None:
    write(tmp_path / "odd.gguf", "clip")
    with pytest.raises(InputError, match="clip"):
        conversion.convert_gguf(tmp_path / "odd.gguf")


def test_a_disk_that_fills_up_is_reported_and_leaves_nothing(
    file: Path, tiny_disk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PGPLAY_HOME", str(tiny_disk))
    (tiny_disk / "ballast").write_bytes(b"x" * 560_000)
    monkeypatch.setattr(conversion.shutil, "disk_usage", lambda place: type("Usage", (), {"free": 10**12})())
    assert main(["models", "add", str(file)]) == 1
    told = capsys.readouterr().err
    assert "No space left" in told
    assert "Traceback" not in told
    assert converted_models() == []


def test_a_missing_file_and_a_full_disk_are_reported(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "--model", "nowhere.gguf", *OPTIONS]) == 2
    assert "There is no file" in capsys.readouterr().err
    monkeypatch.setattr(conversion.shutil, "disk_usage", lambda place: type("Usage", (), {"free": 1000})())
    with pytest.raises(InputError, match=r"takes 0 MB when converted; .* has 0 MB free"):
        conversion.convert_gguf(file)
    assert converted_models() == []
