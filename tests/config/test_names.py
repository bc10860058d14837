"""Names of algorithms, models, devices, alphabets and choices are accepted in any case."""

import pytest

from pgplay.config.fields import ALPHABETS
from pgplay.config.run_config import make_config
from pgplay.tokenizers.alphabet import RESERVED


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("algorithm", "GRPO", "grpo"),
        ("model", "GRU-Small", "gru-small"),
        ("device", "CUDA:1", "cuda:1"),
        ("alphabet", "ASCII", "ascii"),
        ("alphabet", "ABC", "ABC"),
        ("credit", "GAE", "gae"),
        ("target", "Hi", "Hi"),
    ],
)
def test_a_name_is_stored_in_lower_case_and_a_text_unchanged(name: str, typed: str, kept: str) -> None:
    assert getattr(make_config({name: typed}), name) == kept


def test_every_named_alphabet_is_a_name() -> None:
    assert set(ALPHABETS) == set(RESERVED)
