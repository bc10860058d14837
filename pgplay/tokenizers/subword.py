"""The tokenizer of a pretrained model: byte-level BPE, as its folder describes it. It loads no torch.

A token is some bytes of UTF-8, so a character can be several tokens; tokens that steer the model have no text.
"""

from __future__ import annotations

import codecs
import copy
import functools
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from pgplay.errors import InputError
from pgplay.files.stamp import FileStamp, file_stamp
from pgplay.model_places import CONFIG, model_folder
from pgplay.tokenizers.chat_template import (
    TOKENIZER_CONFIG,
    AddedToken,
    ChatTemplate,
    Controls,
    Piece,
    read_template,
    template_file,
    unused_mark,
)

_TOKENIZER, _GENERATION_CONFIG = "tokenizer.json", "generation_config.json"


class PromptFormat(NamedTuple):
    """How a model gets a prompt: `raw`, as a text to continue, or through its `chat` template.

    `system` is what the template says before the prompt.
    """

    template: str = "raw"
    system: str = ""


RAW = PromptFormat()
TEMPLATES = ("chat", "raw")


class SubwordTokenizer:
    """The byte-level BPE of a model's folder, whose prompts have a format; made by `subword_tokenizer`."""

    one_token_per_character = False

    def __init__(self, folder: Path, prompts: PromptFormat) -> None:
        try:
            from tokenizers import Tokenizer as FastTokenizer  # here, as characters need none of it
        except ImportError as error:
            raise InputError("model.lacks_packages", field="model", reason=str(error)) from error

        data = (folder / _TOKENIZER).read_bytes()
        try:
            described = msgspec.json.decode(data, type=_Described)
            if not described.is_byte_level:
                raise InputError("model.tokenizer_kind", field="model", folder=str(folder))
            self._fast = FastTokenizer.from_str(data.decode())
        except InputError:
            raise
        except Exception as error:  # tokenizers raises nothing more specific for a damaged file
            file, reason = str(folder / _TOKENIZER), str(error)
            raise InputError("model.unreadable", field="model", file=file, reason=reason) from error
        self._fast.no_padding()
        self._fast.no_truncation()
        vocabulary = self._fast.get_vocab(with_added_tokens=True)
        size = _read(folder / CONFIG).get("vocab_size")
        self.vocabulary_size = max(size if isinstance(size, int) else 0, 1 + max(vocabulary.values(), default=0))
        added = {token.id: token for token in described.added_tokens}
        self.stop_ids = _stop_ids(folder, vocabulary, prompts)
        special = {*self.stop_ids, *(token.id for token in described.added_tokens if token.special)}
        self._bytes = [b""] * self.vocabulary_size
        for text, number in vocabulary.items():
            if number not in special:
                self._bytes[number] = text.encode() if number in added else _bytes_of(text, folder)
        self.pad_id = self.stop_ids[0]
        self._start = _start_id(folder, vocabulary, self.stop_ids)
        self.fingerprint = hashlib.sha256(data).hexdigest()
        self.token_texts = tuple(own.decode(errors="replace") for own in self._bytes)
        self._prompts = prompts
        # Some models declare the tokens of their turns as plain text; only their template tells.
        source = read_template(folder) if prompts.template == "chat" else ""
        controls = [token for token in added.values() if token.id in special or _writes(source, token.content)]
        self._numbers = {token.content: token.id for token in controls}
        self._start_text = next(text for text, number in vocabulary.items() if number == self._start)
        self._numbers[self._start_text] = self._start
        self._controls = Controls(controls)
        self._template: ChatTemplate | None = None
        if prompts.template == "chat":
            if not source:
                raise InputError("template.none", field="template", folder=str(folder))
            names = {key: text for key in _NAMED if (text := _text_of(_read(folder / TOKENIZER_CONFIG).get(key)))}
            self._template = ChatTemplate(source, self._controls, names)

    def with_system(self, system: str) -> SubwordTokenizer:
        """Return the tokenizer whose chats begin with `system`; it shares everything else."""
        other = copy.copy(self)
        other._prompts = self._prompts._replace(system=system)
        return other

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
        """Return the tokens before a completion of `prompt`: its chat, or the model's start token and the prompt.

        Raises InputError where the chat template fails.
        """
        tokens: list[int] = []
        for piece in self._pieces_before(prompt):
            tokens += [self._numbers[piece.text]] if piece.is_control else self.encode(piece.text)
        return tokens

    def prompt_text(self, prompt: str) -> str:
        """Return what `render_prompt` makes of `prompt` as text, with its special tokens."""
        return "".join(piece.text for piece in self._pieces_before(prompt))

    def _pieces_before(self, prompt: str) -> list[Piece]:
        if self._template is not None:
            return self._template.render(prompt, self._prompts.system)
        mark = unused_mark(prompt)
        return [Piece(self._start_text, True), *self._controls.split(self._controls.marked(prompt, mark), mark)]

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


def tokenizer_files(folder: Path) -> tuple[Path, ...]:
    """Return the files in a model's `folder` that describe its tokenizer; all but the first may be missing."""
    names = (_TOKENIZER, CONFIG, _GENERATION_CONFIG, TOKENIZER_CONFIG)
    return (*(folder / name for name in names), template_file(folder))


def subword_tokenizer(model: str, prompts: PromptFormat = RAW) -> SubwordTokenizer:
    """Return the tokenizer of a pretrained `model` for prompts of the format `prompts`.

    Raises InputError if it is missing or of another kind, and without the chat template that is asked for.
    """
    folder = model_folder(model)
    if not (folder / _TOKENIZER).is_file():
        raise InputError("model.no_tokenizer", field="model", folder=str(folder))
    return _cached(folder, prompts, tuple(file_stamp(file) for file in tokenizer_files(folder)))


@functools.lru_cache(maxsize=4)
def _cached(folder: Path, prompts: PromptFormat, stamps: tuple[FileStamp | None, ...]) -> SubwordTokenizer:
    return SubwordTokenizer(folder, prompts)


def _byte_values() -> dict[str, int]:
    """Return the byte that each character of a token stands for (GPT-2, Radford et al. 2019)."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [number for number in range(256) if number not in plain]
    return {chr(number): number for number in plain} | {chr(256 + n): number for n, number in enumerate(others)}


_BYTES = _byte_values()


class _Part(msgspec.Struct):
    """A part of tokenizer.json by its kind; a decoder may consist of several."""

    type: str = ""
    decoders: list[_Part] = []


class _Described(msgspec.Struct):
    """What is read of tokenizer.json here."""

    model: _Part
    decoder: _Part | None = None
    added_tokens: list[AddedToken] = []

    @property
    def is_byte_level(self) -> bool:
        """Whether it is byte-level BPE."""
        parts = [] if self.decoder is None else self.decoder.decoders or [self.decoder]
        return self.model.type == "BPE" and any(part.type == "ByteLevel" for part in parts)


def _bytes_of(token: str, folder: Path) -> bytes:
    """Return the bytes that a token of the vocabulary stands for."""
    if any(letter not in _BYTES for letter in token):
        raise InputError("model.tokenizer_kind", field="model", folder=str(folder))
    return bytes(_BYTES[letter] for letter in token)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes()) if path.is_file() else {}
    except ValueError as error:
        raise InputError("model.unreadable", field="model", file=str(path), reason=str(error)) from error
    return content if isinstance(content, dict) else {}


_NAMED = ("bos_token", "eos_token", "unk_token", "pad_token")
"""The special tokens that a template may write by name."""


def _writes(template: str, token: str) -> bool:
    """Whether a template writes `token`; one of spaces alone is no control."""
    return bool(token.strip()) and token in template


def _text_of(token: Any) -> str:
    """Return the text of a special token as the settings name it: a text, or an object with its content."""
    text = token.get("content") if isinstance(token, dict) else token
    return text if isinstance(text, str) else ""


def _named(folder: Path, key: str, vocabulary: Mapping[str, int]) -> list[int]:
    """Return the special tokens that the folder's files call `key`; the tokenizer's own comes last."""
    values = [_read(folder / file).get(f"{key}_id") for file in (_GENERATION_CONFIG, CONFIG)]
    lists = [value if isinstance(value, list) else [value] for value in values if value is not None]
    numbers = [number for numbers_of_file in lists for number in numbers_of_file if number is not None]
    known_numbers = set(vocabulary.values())
    for number in numbers:
        if not isinstance(number, int) or number not in known_numbers:
            raise InputError("model.no_such_token", field="model", folder=str(folder), key=key, number=str(number))
    text = _text_of(_read(folder / TOKENIZER_CONFIG).get(key))
    return [*numbers, *([vocabulary[text]] if text in vocabulary else [])]


def _stop_ids(folder: Path, vocabulary: Mapping[str, int], prompts: PromptFormat) -> tuple[int, ...]:
    """Return every token with which the model ends a text; in a chat the first one ends a turn."""
    stops = _named(folder, "eos_token", vocabulary)
    if not stops:
        raise InputError("model.no_stop_token", field="model", folder=str(folder))
    return tuple(dict.fromkeys(reversed(stops) if prompts.template == "chat" else stops))


def _start_id(folder: Path, vocabulary: Mapping[str, int], stops: tuple[int, ...]) -> int:
    """Return the token before every text: the start token, else the first stop token, as in GPT-2."""
    return (*_named(folder, "bos_token", vocabulary), *stops)[0]
