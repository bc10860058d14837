"""Exported folders load in plain transformers and peft with the same logits, and can be imported again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from pgplay.config.run_config import make_config
from pgplay.errors import InputError, PgplayError
from pgplay.learning.inputs import read_inputs
from pgplay.library.policies import load_policy
from pgplay.policies.policy import Policy
from pgplay.policies.spec import PretrainedSpec
from pgplay.worker.session.model_folders import export_folder, import_folder
from pgplay.worker.session.saved_policies import load_saved_policy
from pgplay.worker.session.session import Session
from tests.pretrained.models import KINDS, chat_folder, model_folder, untied_folder
from tests.worker.helpers import own_rewards

pytestmark = [  # warnings of peft about future transformers, tied and transposed layers
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning"),
    pytest.mark.filterwarnings("ignore:Model has `tie_word_embeddings=True`:UserWarning"),
    pytest.mark.filterwarnings("ignore:fan_in_fan_out:UserWarning"),
]
TOKENS = torch.tensor([[0, 40, 50, 60, 70, 80, 33]])
every_kind = pytest.mark.parametrize("kind", [*KINDS, "untied", "head"])


def base_of(kind: str) -> str:
    return untied_folder() if kind == "untied" else model_folder("llama" if kind == "head" else kind)


def trained(kind: str, **settings: Any) -> Policy:
    """Return a policy, saved as small, whose adapter changes the logits; with the kind head also the output layer."""
    targets = {"lora_targets": "q_proj,lm_head"} if kind == "head" else {}
    chosen = {
        "model": base_of(kind), "target": "", "reward": "distinct", "max_length": 8, "batch_size": 8, "until": "never",
        "device": "cpu", "threads": 1, "lr": 0.05, **targets, **settings,
    }  # fmt: skip
    config = make_config(chosen)
    session = Session.begin(config, read_inputs(config), rewards=own_rewards(config))
    for _ in range(3):
        session.step()
    session.save_policy("small", replace=True)
    policy = session.need_policy()
    session.close("stopped")
    return policy


def logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        whole: torch.Tensor = model.eval()(input_ids=TOKENS).logits
    return whole


def load(folder: str | Path) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


@every_kind
def test_a_merged_folder_has_the_logits_of_the_policy(kind: str, tmp_path: Path) -> None:
    policy = trained(kind)
    folder = export_folder("small", tmp_path / "whole", "hf")
    model = load(folder)
    torch.testing.assert_close(logits(model), logits(policy.module.causal), atol=1e-4, rtol=0)
    assert not torch.allclose(logits(model), logits(load(base_of(kind))), atol=1e-3)
    assert model.config.tie_word_embeddings == (kind in KINDS)
    assert (folder / "tokenizer.json").read_bytes() == (Path(base_of(kind)) / "tokenizer.json").read_bytes()


@every_kind
def test_an_adapters_folder_is_loaded_by_peft(kind: str, tmp_path: Path) -> None:
    from peft import PeftModel

    policy = trained(kind)
    folder = export_folder("small", tmp_path / "adapter", "peft")
    model = PeftModel.from_pretrained(load(base_of(kind)), folder)
    torch.testing.assert_close(logits(model), logits(policy.module.causal), atol=1e-4, rtol=0)


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("form", ["peft", "hf"])
def test_both_can_be_imported_again(form: Any, tmp_path: Path) -> None:
    policy = trained("llama")
    folder = export_folder("small", tmp_path / form, form)
    card = import_folder(folder, "again")
    again = load_saved_policy("again").policy
    torch.testing.assert_close(logits(again.module.causal), logits(policy.module.causal), atol=1e-4, rtol=0)
    assert isinstance(card.shape, PretrainedSpec)
    if form == "peft":
        assert card.task == load_policy("small")[0].task
        assert card.shape.model == model_folder("llama")
    else:
        assert card.shape.model == str(folder)


def test_training_all_weights_gives_a_whole_model_and_no_adapter(tmp_path: Path) -> None:
    policy = trained("gpt2", lora_rank=0, lr=0.001)
    with pytest.raises(InputError, match="no adapter"):
        export_folder("small", tmp_path / "adapter", "peft")
    model = load(export_folder("small", tmp_path / "whole", "hf"))
    torch.testing.assert_close(logits(model), logits(policy.module.causal), atol=1e-4, rtol=0)


def of_peft(folder: Path, base: str, **settings: Any) -> Path:
    """Write an adapter as peft itself does, without pgplay."""
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(**{"r": 2, "lora_alpha": 4, "target_modules": ["q_proj", "v_proj"], **settings})
    model = get_peft_model(load(base), config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(generator=torch.Generator().manual_seed(0))
    model.to(torch.bfloat16).save_pretrained(folder)
    return folder


def test_an_adapter_of_peft_is_imported_with_its_base(tmp_path: Path) -> None:
    from peft import PeftModel

    folder = of_peft(tmp_path / "theirs", chat_folder())
    card = import_folder(folder)
    assert (card.name, card.shape.model) == ("theirs", chat_folder())
    assert isinstance(card.shape, PretrainedSpec)
    assert card.shape.template == "chat"
    policy = load_saved_policy("theirs").policy
    theirs = PeftModel.from_pretrained(load(chat_folder()), folder)
    torch.testing.assert_close(logits(policy.module.causal), logits(theirs), atol=1e-4, rtol=0)


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(
    ("settings", "words"), [({"use_dora": True}, "use_dora"), ({"use_rslora": True}, "use_rslora")]
)
def test_another_kind_of_adapter_is_refused(settings: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words):
        import_folder(of_peft(tmp_path / "theirs", model_folder("llama"), **settings))


def test_an_adapter_of_another_base_is_refused(tmp_path: Path) -> None:
    theirs = of_peft(tmp_path / "theirs", model_folder("llama"), target_modules=["q_proj"])
    described = json.loads((theirs / "adapter_config.json").read_text())
    (theirs / "adapter_config.json").write_text(json.dumps({**described, "target_modules": ["v_proj"]}))
    with pytest.raises(InputError, match="does not fit"):
        import_folder(theirs)
    trained("llama")
    own = export_folder("small", tmp_path / "own", "peft")
    with pytest.raises(InputError, match="not the one that the adapter was trained on"):
        import_folder(own, "again", model_folder("gpt2"))


def test_a_missing_base_is_reported_with_its_path(tmp_path: Path) -> None:
    base = tmp_path / "base"
    shutil.copytree(model_folder("llama"), base)
    theirs = of_peft(tmp_path / "theirs", str(base))
    base.rename(tmp_path / "moved")
    with pytest.raises(InputError, match=r"There is no model in .*base"):
        import_folder(theirs)
    assert import_folder(theirs, base=str(tmp_path / "moved")).shape.model == str(tmp_path / "moved")


def test_a_policy_or_folder_that_cannot_be_exported_or_imported_is_reported(tmp_path: Path) -> None:
    trained("llama")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="not empty"):
        export_folder("small", tmp_path / "full", "peft")
    with pytest.raises(InputError, match="is a file"):
        export_folder("small", tmp_path / "full" / "mine.txt", "hf")
    with pytest.raises(InputError, match="not a pretrained model's policy"):
        export_folder("english", tmp_path / "new", "hf")
    with pytest.raises(InputError, match="neither an adapter"):
        import_folder(tmp_path / "full")
    assert not (tmp_path / "new").exists()
    folder = export_folder("small", tmp_path / "full", "peft", overwrite=True)
    assert (folder / "mine.txt").read_text() == "mine"
    (folder / "adapter_model.safetensors").write_bytes(b"cut short")
    with pytest.raises(PgplayError, match="cut short"):
        import_folder(folder, "again")
