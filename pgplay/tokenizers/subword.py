"""The tokenizer of a pretrained model: byte-level BPE, as its folder describes it. It loads no torch.

A token is some bytes of UTF-8, so a character can be several tokens; special tokens have no text.
"""

from __future__ import annotations

import codecs
import functools
import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pgplay.errors import InputError
from pgplay.files.stamp import FileStamp, file_stamp
from pgplay.paths import model_folder

FILE, CONFIG, GENERATION, SETTINGS = "tokenizer.json", "config.json", "generation_config.json", "tokenizer_config.json"


class SubwordTokenizer:
    """The byte-level BPE of a model's folder; made by `subword_tokenizer`."""

    one_token_per_character = False

    def __init__(self, folder: Path) -> None:
        try:
            from tokenizers import Tokenizer as FastTokenizer  # here, as characters need none of it
        except ImportError as error:
            raise InputError("model.lacks_packages", field="model", reason=str(error)) from error

        data = (folder / FILE).read_bytes()
        described = json.loads(data)
        if not _is_byte_level(described):
            raise InputError("model.tokenizer_kind", field="model", folder=str(folder))
        self._fast = FastTokenizer.from_str(data.decode())
        self._fast.no_padding()
        self._fast.no_truncation()
        vocabulary = self._fast.get_vocab(with_added_tokens=True)
        self.vocabulary_size = max(_read(folder / CONFIG).get("vocab_size", 0), 1 + max(vocabulary.values()))
        special = {token["id"] for token in described.get("added_tokens", ()) if token.get("special")}
        added = {token["id"]: token["content"] for token in described.get("added_tokens", ())}
        self._bytes = [b""] * self.vocabulary_size
        for text, number in vocabulary.items():
            if number not in special:
                own = text.encode() if number in added else bytes(_BYTES[letter] for letter in text)
                self._bytes[number] = own
        self.stop_ids = _stop_ids(folder, vocabulary)
        self.pad_id = self.stop_ids[0]
        self._start = _start_id(folder, vocabulary, self.stop_ids)
        self.fingerprint = hashlib.sha256(data).hexdigest()
        self.token_texts = tuple(own.decode(errors="replace") for own in self._bytes)

    def length(self, text: str) -> int:
        """Return the number of tokens of `text`, without special ones."""
        return len(self.encode(text))

    def unwritable(self, texts: Iterable[str]) -> str:
        """Return nothing: every character is some bytes."""
        return ""

    def encode(self, text: str) -> list[int]:
        """Return the tokens of `text`; what is written like a special token is plain text."""
        self._fast.encode_special_tokens = True
        numbers: list[int] = self._fast.encode(text, add_special_tokens=False).ids
        return numbers

    def render_prompt(self, prompt: str) -> list[int]:
        """Return the tokens before a completion of `prompt`; a text begins with the model's start token."""
        tokens = self.encode(prompt)
        return [self._start, *tokens]

    def pieces(self, tokens: Sequence[int]) -> list[str]:
        """Return the whole characters that each of `tokens` completes; joined, they are `decode(tokens)`."""
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        pieces = [decoder.decode(self._bytes[token]) for token in tokens]
        if rest := decoder.decode(b"", final=True):
            pieces[-1] += rest
        return pieces

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of `tokens`."""
        return "".join(self.pieces(tokens))


def subword_tokenizer(model: str) -> SubwordTokenizer:
    """Return the tokenizer of a pretrained `model`; raises InputError for a missing or another kind of one."""
    folder = model_folder(model)
    if not (folder / FILE).is_file():
        raise InputError("model.no_tokenizer", field="model", folder=str(folder))
    return _kept(folder, file_stamp(folder / FILE))


@functools.lru_cache(maxsize=4)
def _kept(folder: Path, stamp: FileStamp | None) -> SubwordTokenizer:
    return SubwordTokenizer(folder)


def _byte_values() -> dict[str, int]:
    """Return the byte that each character of a token stands for (GPT-2, Radford et al. 2019)."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [number for number in range(256) if number not in plain]
    return {chr(number): number for number in plain} | {chr(256 + n): number for n, number in enumerate(others)}


_BYTES = _byte_values()


def _is_byte_level(described: dict[str, Any]) -> bool:
    decoder = described.get("decoder") or {}
    parts = decoder.get("decoders", [decoder])
    return described.get("model", {}).get("type") == "BPE" and any(one.get("type") == "ByteLevel" for one in parts)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes()) if path.is_file() else {}
    except ValueError as error:
        raise InputError("model.unreadable", field="model", file=str(path), reason=str(error)) from error
    return found if isinstance(found, dict) else {}


def _named(folder: Path, key: str, vocabulary: dict[str, int]) -> list[int]:
    """Return the special tokens that the folder's files call `key`."""
    found = [_read(folder / file).get(f"{key}_id") for file in (GENERATION, CONFIG)]
    numbers = [number for one in found for number in (one if isinstance(one, list) else [one]) if number is not None]
    text = _read(folder / SETTINGS).get(key)
    text = text.get("content") if isinstance(text, dict) else text
    return [*numbers, *([vocabulary[text]] if text in vocabulary else [])]


def _stop_ids(folder: Path, vocabulary: dict[str, int]) -> tuple[int, ...]:
    """Return every token with which the model ends a text."""
    stops = dict.fromkeys(_named(folder, "eos_token", vocabulary))
    if not stops:
        raise InputError("model.no_stop_token", field="model", folder=str(folder))
    return tuple(stops)


def _start_id(folder: Path, vocabulary: dict[str, int], stops: tuple[int, ...]) -> int:
    """Return the token before every text: the start token, else the first stop token, as in GPT-2."""
    return (*_named(folder, "bos_token", vocabulary), *stops)[0]
