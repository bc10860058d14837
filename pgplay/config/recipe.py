"""A recipe: a run's whole configuration as one short line, and as a command.

It has the settings that differ from the defaults, as `key=value` separated by spaces. Plain values are bare, others
are JSON strings, and lists are JSON. Non-printing characters (line breaks, joiners, direction marks) are escaped, so a
recipe stays one line wherever it is pasted.
"""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pgplay.config.fields import Field
from pgplay.config.run_config import RunConfig, fields, make_config, to_settings
from pgplay.errors import InputError, UnknownName

_QUOTES = "\"'`\\"
_STARTS_JSON = '"['


def to_recipe(config: RunConfig) -> str:
    """Return `config` as one line; empty if every setting has its default."""
    return " ".join(f"{name}={_write(value)}" for name, value in to_settings(config).items())


def to_words(settings: Mapping[str, Any]) -> str:
    """Return `settings` as a recipe writes them, also those that have their defaults."""
    return " ".join(_part(name, value) for name, value in settings.items())


def differences(configs: Sequence[RunConfig], *, apart_from: Collection[str] = ()) -> list[str]:
    """Return for each of `configs` the settings of its recipe that are not the same in all of them.

    A default is written as 'default'. Settings named in `apart_from` are left out.
    """
    settings = [to_settings(config) for config in configs]
    differing = [
        name
        for name in fields()
        if name not in apart_from and any(other.get(name) != settings[0].get(name) for other in settings)
    ]
    return [" ".join(_part(name, getattr(config, name)) for name in differing) for config in configs]


def deviations(settings: Sequence[Mapping[str, Any]], *, apart_from: Collection[str] = ()) -> list[str]:
    """Return for each of `settings` those whose value is not the most frequent one among them, as in a recipe.

    A default is written as 'default'. Settings named in `apart_from` are left out.
    """
    names = [name for name in fields() if name not in apart_from and any(name in values for values in settings)]
    most_frequent = {name: _most_frequent([values.get(name) for values in settings]) for name in names}
    return [
        " ".join(_part(name, values.get(name)) for name in names if values.get(name) != most_frequent[name])
        for values in settings
    ]


def _most_frequent(values: Sequence[Any]) -> Any:
    written = [json.dumps(value) for value in values]
    return json.loads(Counter(written).most_common(1)[0][0])


def _part(name: str, value: Any) -> str:
    return f"{name}={'default' if value is None else _write(value)}"


def _write(value: Any) -> str:
    if isinstance(value, str):
        plain = value and value[0] not in _STARTS_JSON and not any(map(_needs_quotes, value))
        return value if plain else _escape(json.dumps(value, ensure_ascii=False))
    return _escape(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _needs_quotes(character: str) -> bool:
    return character == " " or character in _QUOTES or not character.isprintable()


def _escape(text: str) -> str:
    return "".join(character if character.isprintable() else json.dumps(character)[1:-1] for character in text)


def from_recipe(text: str) -> RunConfig:
    """Return the configuration of the recipe `text`; raises InputError as `parse_recipe` does, and for other values."""
    return make_config(parse_recipe(text))


def parse_recipe(text: str) -> dict[str, Any]:
    """Return the settings in the recipe `text`, whose parts are separated by any white space.

    Raises InputError that names the part and its position (from 1), with the nearest name for an unknown one.
    """
    settings: dict[str, Any] = {}
    all_fields = fields()
    position = _skip_space(text, 0)
    while position < len(text):
        start = position
        while position < len(text) and text[position] != "=" and not text[position].isspace():
            position += 1
        name = text[start:position]
        part: dict[str, Any] = {"part": _shorten(name), "position": start + 1}
        if position == len(text) or text[position] != "=":
            raise InputError("recipe.no_equals", **part)
        if name not in all_fields:
            raise InputError("recipe.unknown", cause=UnknownName("setting", name, all_fields), **part)
        if name in settings:
            raise InputError("recipe.twice", field=name, **part)
        settings[name], position = _read_value(text, start, position + 1, all_fields[name])
        position = _skip_space(text, position)
    return settings


def _read_value(text: str, start: int, position: int, field: Field) -> tuple[Any, int]:
    """Return the value at `position`, and its end."""
    if text[position : position + 1] in tuple(_STARTS_JSON):
        try:
            value, end = json.JSONDecoder().raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            part = _shorten(text[start:])
            raise InputError("recipe.unclosed", field=field.name, part=part, position=start + 1) from error
        if end < len(text) and not text[end].isspace():
            part = _shorten(text[start : end + 1])
            raise InputError("recipe.text_after_quote", field=field.name, part=part, position=start + 1)
        return value, end
    end = position
    while end < len(text) and not text[end].isspace():
        end += 1
    bare = text[position:end]
    if field.type is str:
        return bare, end
    try:
        return json.loads(bare), end
    except (ValueError, RecursionError) as error:
        part, noun = _shorten(text[start:end]), _NOUNS[field.type]
        raise InputError(
            "recipe.unreadable", field=field.name, part=part, position=start + 1, name=field.name, noun=noun
        ) from error


_NOUNS = {int: "noun.whole_number", float: "noun.number", tuple: "noun.list"}


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _shorten(part: str) -> str:
    return part if len(part) <= 40 else f"{part[:39]}…"


def to_command(config: RunConfig) -> str:
    """Return the `pgplay train` command of `config`, quoted for a POSIX shell; a list repeats its option."""
    command = ["pgplay", "train"]
    for name, value in to_settings(config).items():
        option = f"--{name.replace('_', '-')}"
        for item in value if isinstance(value, list | tuple) else [value]:
            text = item if isinstance(item, str) else json.dumps(item)
            command += [f"{option}={text}"] if text.startswith("-") else [option, text]
    return shlex.join(command)
