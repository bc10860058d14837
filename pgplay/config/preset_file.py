"""A preset's file: TOML, read and checked as a whole.

It has `title`, `teaches` (one sentence), a table `[settings]` of RunConfig's fields, and optionally `group` with
`order` (its place in the list of presets), `solves` (whether the run should be solved; default true) and `seconds`
(about how long it takes).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from pgplay.config.run_config import RunConfig, fields, make_config
from pgplay.errors import InputError, UnknownName
from pgplay.files.text import parse_toml, read_text

PRESET_LIMIT = 1_000_000
"""Most bytes of a preset's file."""

PRESET_GROUPS = (
    "start here",
    "algorithms",
    "watch it fail",
    "prompts",
    "style",
    "pretrained models",
    "SmolLM2-135M, to be downloaded",
    "other texts",
    "your own",
)
"""The groups of presets, in their order; the last one is that of a file without a group."""

_KEYS = {
    "title": str,
    "teaches": str,
    "group": str,
    "order": float,
    "solves": bool,
    "seconds": float,
    "settings": dict,
}
_OPTIONAL = ("group", "order", "solves", "seconds")
_NOUNS = {str: "noun.quoted_text", bool: "noun.boolean", float: "noun.positive", dict: "noun.table"}


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """A preset as read from `path`, checked; `settings` are RunConfig's fields, `seconds` is 0 if unknown.

    `order` sorts it within its group, the smallest first.
    """

    name: str
    title: str
    teaches: str
    group: str = PRESET_GROUPS[-1]
    order: float = math.inf
    solves: bool = True
    seconds: float = 0.0
    settings: dict[str, Any]
    path: Path

    def config(self) -> RunConfig:
        """Return the preset's run."""
        return make_config(self.settings)


def read_preset(path: Path) -> Preset:
    """Return the preset in the file at `path`; raises InputError as `load_preset` does."""
    text = read_text(path, PRESET_LIMIT)
    document = parse_toml(path, text)
    try:
        _check(document)
        make_config(document["settings"])
    except InputError as error:
        settings = document.get("settings")
        table = settings if isinstance(settings, dict) else {}
        is_default = error.field in fields() and error.field not in {**document, **table}
        line = _line(text, "settings") if is_default else _line(text, error.field, in_settings=error.field in table)
        field = error.field if error.field in fields() else ""
        raise InputError("preset.wrong", field=field, path=path, line=line, cause=error) from error
    document |= {key: float(document[key]) for key in ("order", "seconds") if key in document}
    return Preset(**document, name=path.stem, path=path)


def _check(document: Mapping[str, Any]) -> None:
    """Refuse keys and values that a preset cannot have; the error's field is the key."""
    for key, value in document.items():
        if key not in _KEYS:
            raise UnknownName("key", key, _KEYS, field=key)
        if not _fits(value, _KEYS[key]):
            raise InputError("preset.value", field=key, key=key, value=value, noun=_NOUNS[_KEYS[key]])
    for key, kind in _KEYS.items():
        if key not in document and key not in _OPTIONAL:
            raise InputError("preset.missing", field=key, key=key, noun=_NOUNS[kind])
    if document.get("group", PRESET_GROUPS[-1]) not in PRESET_GROUPS:
        raise UnknownName("group", document["group"], PRESET_GROUPS, field="group")
    for key, value in document["settings"].items():
        if key not in fields():
            raise UnknownName("setting", key, fields(), field=key)
        if not _is_plain(value):
            raise InputError("preset.setting", field=key, key=key, value=value)


def _fits(value: Any, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf
    return isinstance(value, kind) and value != ""


def _is_plain(value: Any) -> bool:
    """Return whether `value` can be a setting: TOML also has tables, dates and times."""
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    return isinstance(value, str | int | float) and not (isinstance(value, int) and abs(value) >= 2**63)


def _line(text: str, key: str, in_settings: bool = False) -> int:
    """Return the line of `key` in the document `text`, at its top or in [settings], or of the table `key`; else 1."""
    table, expected_table = "", "settings" if in_settings else ""
    for number, content in enumerate(text.split("\n"), start=1):
        if header := re.match(r"\s*\[+\s*([^]]*?)\s*\]", content):
            table = header[1]
            if key == table:
                return number
        elif table == expected_table and re.match(rf"""\s*["']?{re.escape(key)}["']?\s*[.=]""", content):
            return number
    return 1
