"""A sweep's grid: settings that all its rows share, and axes, each a setting with several values."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pgplay.config.recipe import parse_recipe
from pgplay.config.run_config import fields, overlay
from pgplay.errors import InputError, UnknownName
from pgplay.files.text import parse_toml, read_text
from pgplay.rewards.python.source import with_rewards_beside

SWEEP_SEEDS = 10
"""The seeds of each row, unless said otherwise."""

_LONGEST_FILE = 1_000_000
"""Bytes of a sweep's file."""
_OPENING, _CLOSING = "([{", ")]}"
_KEYS: dict[str, type | tuple[type, ...]] = {
    "settings": dict,
    "grid": dict,
    "seeds": (int, str),
    "rank_by": str,
    "until": str,
}


class GridAxis(NamedTuple):
    """A setting and the values that it takes in turn."""

    name: str
    values: tuple[Any, ...]


class SweepFile(NamedTuple):
    """A sweep as a TOML file describes it; `seeds`, `rank_by` and `until` are empty where it does not say."""

    settings: dict[str, Any]
    axes: tuple[GridAxis, ...]
    seeds: str
    rank_by: str
    until: str


NO_FILE = SweepFile({}, (), "", "", "")
"""What a sweep without a file has of it."""


def read_axis(text: str) -> GridAxis:
    """Return the axis that `text` describes, such as lr=0.01,0.03; raises InputError.

    Commas within quotes or brackets belong to a value.
    """
    name, equals, values = text.partition("=")
    name = name.strip().replace("-", "_")
    if not equals or not values.strip():
        raise InputError("sweep.axis", text=text)
    check_grid_setting(name)
    try:
        return axis_of_values(name, values)
    except InputError as error:
        raise InputError("sweep.value", text=text, cause=error) from error


def axis_of_values(name: str, values: str) -> GridAxis:
    """Return the axis of the setting `name` with `values` as a person writes them, between commas.

    Raises InputError.
    """
    check_grid_setting(name)
    return GridAxis(name, tuple(parse_recipe(f"{name}={value}")[name] for value in _split(values)))


def check_grid_setting(name: str) -> None:
    """Raise InputError for a setting that a sweep cannot have: an unknown one, and the seed."""
    if name not in fields():
        raise UnknownName("setting", name, fields())
    if name == "seed":
        raise InputError("sweep.seed")


def _split(text: str) -> Iterator[str]:
    """Yield the parts of `text` between commas outside of quotes and brackets; one with spaces is quoted."""
    depth, quoted, part = 0, False, ""
    for character in text:
        quoted ^= character == '"'
        if not quoted:
            depth += (character in _OPENING) - (character in _CLOSING)
        if character == "," and not quoted and depth <= 0:
            yield _quoted(part)
            part = ""
        else:
            part += character
    yield _quoted(part)


def _quoted(part: str) -> str:
    part = part.strip()
    is_plain = part and not any(character.isspace() or character == '"' for character in part)
    return part if is_plain or part.startswith(('"', "[")) else json.dumps(part, ensure_ascii=False)


def read_sweep_file(path: Path) -> SweepFile:
    """Return the sweep in the TOML file at `path`.

    It has a table `[grid]` of lists, and optionally `[settings]`, `seeds`, `rank_by` and `until`. Raises InputError.
    """
    document = parse_toml(path, read_text(path, _LONGEST_FILE))
    for key, value in document.items():
        if key not in _KEYS:
            raise UnknownName("key", key, _KEYS)
        if not isinstance(value, _KEYS[key]) or isinstance(value, bool):
            raise InputError("sweep.file_value", path=path, key=key)
    settings, grid = document.get("settings", {}), document.get("grid", {})
    for name in (*settings, *grid):
        check_grid_setting(name)
    for name, values in grid.items():
        if not isinstance(values, list) or not values:
            raise InputError("sweep.file_axis", path=path, name=name)
    return SweepFile(
        with_rewards_beside(settings, path),
        tuple(
            GridAxis(name, tuple(with_rewards_beside({name: value}, path)[name] for value in values))
            for name, values in grid.items()
        ),
        str(document.get("seeds", "")),
        document.get("rank_by", ""),
        document.get("until", ""),
    )


def grid_size(axes: Sequence[GridAxis]) -> int:
    """Return the number of rows that `axes` span."""
    return math.prod(len(axis.values) for axis in axes)


def grid_rows(settings: Mapping[str, Any], axes: Sequence[GridAxis]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield for each row of the grid its values of the axes, and all its settings; the last axis varies fastest."""
    for values in itertools.product(*(axis.values for axis in axes)):
        point = {axis.name: value for axis, value in zip(axes, values, strict=True)}
        yield point, overlay(settings, point)
