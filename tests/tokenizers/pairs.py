"""A second tokenizer, for tests: pairs of letters are tokens too, two tokens stop, and the padding is a letter."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import pytest

from pgplay.errors import InputError
from pgplay.tokenizers.registry import GROUP

ROOT = Path(__file__).parents[2]
START, STOP, FULL_STOP = 0, 1, 2


class PairTokenizer(msgspec.Struct, frozen=True):
    """Start, two stop tokens, the letters of `alphabet`, then every pair of them; texts are encoded by pairs."""

    alphabet: str

    @property
    def token_texts(self) -> tuple[str, ...]:
        pairs = ("".join(pair) for pair in itertools.product(self.alphabet, repeat=2))
        return ("", "", "", *self.alphabet, *pairs)

    @property
    def vocabulary_size(self) -> int:
        return len(self.token_texts)

    @property
    def stop_ids(self) -> tuple[int, ...]:
        return STOP, FULL_STOP

    @property
    def pad_id(self) -> int:
        return FULL_STOP + 1

    @property
    def one_token_per_character(self) -> bool:
        return False

    @property
    def fingerprint(self) -> str:
        return f"pairs {self.alphabet}"

    def length(self, text: str) -> int:
        return (len(text) + 1) // 2

    def unwritable(self, texts: Iterable[str]) -> str:
        return "".join(sorted(set().union(*texts) - set(self.alphabet)))

    def encode(self, text: str) -> list[int]:
        if missing := self.unwritable([text]):
            raise InputError("alphabet.lacks", character=missing[0], count=len(self.alphabet), alphabet=self.alphabet)
        return [self.token_texts.index(text[place : place + 2]) for place in range(0, len(text), 2)]

    def prompt_text(self, prompt: str) -> str:
        """Return `prompt`."""
        return prompt

    def render_prompt(self, prompt: str) -> list[int]:
        return [*self.encode(prompt), START]

    def pieces(self, tokens: Sequence[int]) -> list[str]:
        return [self.token_texts[token] for token in tokens]

    def decode(self, tokens: Sequence[int]) -> str:
        return "".join(self.pieces(tokens))


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Register this tokenizer as "pairs", in this process and its children, like an installed package's."""
    package = folder / "pgplay_pairs-1.0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: pgplay-pairs\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(f"[{GROUP}]\npairs = {__name__}:PairTokenizer\n")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (folder, ROOT))))
