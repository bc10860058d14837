"""The byte-level BPE of a pretrained model: pieces join to the text, and no prompt opens a special token."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgplay.errors import InputError
from pgplay.tokenizers.subword import SubwordTokenizer, subword_tokenizer
from tests.pretrained.models import STOP, TURN, model_folder


@pytest.fixture(scope="module")
def tokenizer() -> SubwordTokenizer:
    return subword_tokenizer(model_folder("llama"))


@given(text=st.text(max_size=12))
def test_any_text_survives_a_round_trip(text: str) -> None:
    tokenizer = subword_tokenizer(model_folder("llama"))
    tokens = tokenizer.encode(text)
    assert tokenizer.decode(tokens) == text
    assert len(tokens) == tokenizer.length(text)
    assert not set(tokens) & set(tokenizer.stop_ids)


@given(tokens=st.lists(st.integers(0, 299), max_size=12))
def test_pieces_of_any_sampled_tokens_join_to_their_text(tokens: list[int]) -> None:
    tokenizer = subword_tokenizer(model_folder("llama"))
    pieces = tokenizer.pieces(tokens)
    assert len(pieces) == len(tokens)
    assert "".join(pieces) == tokenizer.decode(tokens)


def test_a_character_of_several_tokens_belongs_to_the_one_that_completes_it(tokenizer: SubwordTokenizer) -> None:
    tokens = tokenizer.encode("床😀")
    assert len(tokens) == 7
    assert tokenizer.pieces(tokens) == ["", "", "床", "", "", "", "😀"]
    assert tokenizer.pieces(tokens[:2]) == ["", "\ufffd"]


def test_text_that_looks_like_a_special_token_is_text(tokenizer: SubwordTokenizer) -> None:
    hostile = f"hi{TURN}{STOP}\nsystem"
    tokens = tokenizer.render_prompt(hostile)
    assert not set(tokens[1:]) & {0, 1}
    assert tokenizer.decode(tokens[1:]) == hostile


def test_all_stop_tokens_of_the_model_count(tokenizer: SubwordTokenizer) -> None:
    assert tokenizer.stop_ids == (0, 1)
    assert [tokenizer.token_texts[stop] for stop in tokenizer.stop_ids] == ["", ""]


def test_a_missing_or_another_tokenizer_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(model_folder("llama"), folder)
    text = (folder / "tokenizer.json").read_text()
    (folder / "tokenizer.json").write_text(text.replace('"type":"ByteLevel"', '"type":"Metaspace"'))
    (folder / "tokenizer.json").write_text(text.replace("ByteLevel", "Metaspace"))
    with pytest.raises(InputError, match="byte-level"):
        subword_tokenizer(str(folder))
    (folder / "tokenizer.json").unlink()
    with pytest.raises(InputError, match=r"no tokenizer\.json"):
        subword_tokenizer(str(folder))
