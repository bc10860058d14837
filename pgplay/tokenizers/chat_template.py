"""A model's chat template: its Jinja text, rendered in a sandbox, so that nothing typed can open or end a turn.

The date that some templates write is left out, so that a run's prompts stay the same from day to day.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import msgspec

from pgplay.errors import InputError

if TYPE_CHECKING:
    from jinja2 import Template

_TEMPLATE, TOKENIZER_CONFIG = "chat_template.jinja", "tokenizer_config.json"
_LONGEST = 200_000  # characters of a template; those in use have at most 20,000


class AddedToken(msgspec.Struct, frozen=True):
    """A token beside the vocabulary, as tokenizer.json describes it; some take the spaces beside them."""

    id: int
    content: str
    special: bool = False
    lstrip: bool = False
    rstrip: bool = False


class Piece(NamedTuple):
    """A part of a rendered prompt: plain text, or a control token."""

    text: str
    is_control: bool


class Controls:
    """The tokens that steer a model: those that a template writes, none typed."""

    def __init__(self, tokens: Iterable[AddedToken]) -> None:
        longest_first = sorted(tokens, key=lambda token: len(token.content), reverse=True)
        self._typed = re.compile("|".join(re.escape(token.content) for token in longest_first) or "(?!)")
        self._written = re.compile("|".join(map(_as_written, longest_first)) or "(?!)")

    def marked(self, text: str, mark: str) -> str:
        """Return what was typed, with `mark` inside each control token, which makes it plain text."""
        return self._typed.sub(lambda match: match[0][0] + mark + match[0][1:], text)

    def split(self, text: str, mark: str) -> list[Piece]:
        """Return the pieces of a text in which the control tokens without a `mark` count."""
        pieces, end = [], 0
        for match in self._written.finditer(text):
            pieces += [*_plain(text[end : match.start()], mark), Piece(match[0].strip(), True)]
            end = match.end()
        return [*pieces, *_plain(text[end:], mark)]


def _as_written(token: AddedToken) -> str:
    """Return the pattern of a token where a template writes it."""
    before, after = (r"\s*" if takes_spaces else "" for takes_spaces in (token.lstrip, token.rstrip))
    return f"{before}{re.escape(token.content)}{after}"


def _plain(text: str, mark: str) -> list[Piece]:
    """Return `text` apart at each `mark`, so that no tokenizer joins a control token again."""
    return [Piece(part, False) for part in text.split(mark) if part]


def unused_mark(text: str) -> str:
    """Return a private-use character that is not in `text`."""
    return next(letter for letter in map(chr, range(0xF0000, 0xFFFFE)) if letter not in text)


def template_file(folder: Path) -> Path:
    """Return the file in a model's `folder` that holds its chat template, if it has one."""
    file = folder / _TEMPLATE
    return file if file.is_file() else folder / TOKENIZER_CONFIG


def read_template(folder: Path) -> str:
    """Return the source of a model's chat template, empty where it has none; raises InputError for a damaged one."""
    file = template_file(folder)
    try:
        if file.name == _TEMPLATE:
            return file.read_text(encoding="utf-8")
        content = json.loads(file.read_bytes()) if file.is_file() else {}
    except (OSError, ValueError) as error:
        raise InputError("model.unreadable", field="model", file=str(file), reason=str(error)) from error
    template = content.get("chat_template") if isinstance(content, dict) else None
    if isinstance(template, list):  # several by name
        template = next((entry.get("template") for entry in template if entry.get("name") == "default"), None)
    return template if isinstance(template, str) else ""


class ChatTemplate:
    """A template, which knows the model's `controls` and the `names` (bos_token, …) that it may write."""

    def __init__(self, source: str, controls: Controls, names: Mapping[str, str]) -> None:
        if len(source) > _LONGEST:
            raise InputError("template.too_long", field="template", length=len(source), most=_LONGEST)
        self._controls = controls
        self._names = names
        self._template = _compiled(source)

    def render(self, prompt: str, system: str = "") -> list[Piece]:
        """Return the pieces of a chat in which the model is to answer `prompt`, after a `system` text if there is one.

        Raises InputError for a template that fails, and for one that drops the system text.
        """
        mark = unused_mark(prompt + system)
        messages = [
            {"role": role, "content": self._controls.marked(text, mark)}
            for role, text in (("system", system), ("user", prompt))
            if text or role == "user"
        ]
        rendered = self._rendered(messages)
        if system.strip() not in rendered.replace(mark, ""):
            raise InputError("template.drops_system", field="system")
        return self._controls.split(rendered, mark)

    def _rendered(self, messages: list[dict[str, str]]) -> str:
        from jinja2 import TemplateError

        try:
            return self._template.render(messages=messages, add_generation_prompt=True, **self._names)
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
            raise _failed(error) from error


def _compiled(source: str) -> Template:
    """Return the template of `source`, in the dialect of transformers, whose templates these are."""
    from jinja2 import TemplateError
    from jinja2.ext import Extension, loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(Extension):
        """The tag around what a model says; here it marks nothing."""

        tags = {"generation"}  # noqa: RUF012  (as jinja2 declares it)

        def parse(self, parser: Any) -> Any:
            next(parser.stream)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols]
    )
    environment.filters["tojson"] = lambda value, **options: json.dumps(value, ensure_ascii=False, **options)
    environment.globals["raise_exception"] = _refuse
    try:
        return environment.from_string(source)
    except (TemplateError, RecursionError) as error:
        raise _failed(error) from error


def _refuse(message: str) -> NoReturn:
    from jinja2 import TemplateError

    raise TemplateError(message)


def _failed(error: Exception) -> InputError:
    return InputError("template.fails", field="template", reason=str(error).strip().split("\n")[0])
