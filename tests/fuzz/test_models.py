"""Mutants of the files of a pretrained model's folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given

from pgplay.policies.families.pretrained import read_base
from pgplay.tokenizers.subword import RAW, PromptFormat
from tests.fuzz.mutants import accepted_or_refused, as_bytes, fuzzed, mutants
from tests.pretrained.models import chat_folder

FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json", "chat_template.jinja")


def use(folder: Path) -> None:
    """Read the model and a prompt in either format."""
    base = read_base(str(folder))
    for prompts in (PromptFormat("chat", "Be brief."), RAW):
        base.tokenizer(prompts).render_prompt("The cat")


@pytest.mark.parametrize("name", FILES)
def test_a_models_files(name: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(chat_folder(), tmp_path / "model"))
    seed = (folder / name).read_text(encoding="utf-8")

    @fuzzed
    @given(content=mutants([seed]))
    def check(content: str) -> None:
        (folder / name).write_bytes(as_bytes(content))
        accepted_or_refused(lambda: use(folder))

    check()
