"""The contract of every tokenizer, one suite for all of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgplay.errors import InputError
from pgplay.tokenizers.base import Tokenizer
from pgplay.tokenizers.character import CharacterTokenizer
from tests.tokenizers.pairs import PairTokenizer

ALPHABET = "abc 床é"
TOKENIZERS = [CharacterTokenizer(ALPHABET), PairTokenizer(ALPHABET)]

every_tokenizer = pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=lambda one: type(one).__name__)
texts = st.text(ALPHABET, max_size=9)


@every_tokenizer
@given(text=texts)
def test_a_text_survives_a_round_trip_and_has_the_reported_length(tokenizer: Tokenizer, text: str) -> None:
    tokens = tokenizer.encode(text)
    assert tokenizer.decode(tokens) == text
    assert len(tokens) == tokenizer.length(text)
    assert not set(tokens) & set(tokenizer.stop_ids)


@every_tokenizer
@given(data=st.data())
def test_the_pieces_of_any_sampled_tokens_join_to_their_text(tokenizer: Tokenizer, data: st.DataObject) -> None:
    tokens = data.draw(st.lists(st.integers(0, tokenizer.vocabulary_size - 1), max_size=9))
    pieces = tokenizer.pieces(tokens)
    assert len(pieces) == len(tokens)
    assert "".join(pieces) == tokenizer.decode(tokens)
    assert all(not piece for piece, token in zip(pieces, tokens, strict=True) if token in tokenizer.stop_ids)


@every_tokenizer
@given(prompt=texts, other=texts)
def test_different_prompts_are_rendered_differently_and_none_is_empty(
    tokenizer: Tokenizer, prompt: str, other: str
) -> None:
    rendered = tokenizer.render_prompt(prompt)
    assert rendered
    assert max(rendered) < tokenizer.vocabulary_size
    assert (tokenizer.render_prompt(other) == rendered) == (other == prompt)


@every_tokenizer
def test_every_token_has_a_text_and_special_ones_are_tokens(tokenizer: Tokenizer) -> None:
    assert len(tokenizer.token_texts) == tokenizer.vocabulary_size
    assert tokenizer.stop_ids
    assert {*tokenizer.stop_ids, tokenizer.pad_id} <= set(range(tokenizer.vocabulary_size))
    assert [tokenizer.token_texts[stop] for stop in tokenizer.stop_ids] == [""] * len(tokenizer.stop_ids)


@every_tokenizer
def test_characters_that_cannot_be_written_are_named_and_refused(tokenizer: Tokenizer) -> None:
    assert tokenizer.unwritable(["abc", "za", "Zz"]) == "Zz"
    assert tokenizer.unwritable(["abc", "床"]) == ""
    with pytest.raises(InputError, match="z"):
        tokenizer.encode("az")


@every_tokenizer
@given(text=texts)
def test_edits_of_tokens_are_edits_of_the_text_if_the_tokenizer_says_so(tokenizer: Tokenizer, text: str) -> None:
    if tokenizer.one_token_per_character:
        assert tokenizer.pieces(tokenizer.encode(text)) == list(text)


def test_fingerprints_differ_if_tokens_do() -> None:
    tokenizers = [kind(alphabet) for kind in (CharacterTokenizer, PairTokenizer) for alphabet in ("ab", "ba", "abc")]
    assert len({tokenizer.fingerprint for tokenizer in tokenizers}) == len(tokenizers)
