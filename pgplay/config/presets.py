"""Presets: ready-made runs, shipped or personal, one TOML file each.

A file has `title`, `teaches` (one sentence), a table `[settings]` of RunConfig's fields, and optionally `group` with
`order` (its place in the list of presets), `solves` (whether the run should be solved; default true) and `seconds`
(about how long it takes).
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from pgplay.config.run_config import RunConfig, fields, make_config
from pgplay.errors import InputError, UnknownName, look_up
from pgplay.files.text import parse_toml, read_text
from pgplay.paths import expand_home, personal_presets_folder, shipped

PRESET_LIMIT = 1_000_000
"""Most bytes of a preset's file."""

GROUPS = ("start here", "algorithms", "watch it fail", "prompts", "style", "other texts", "your own")
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
    group: str = GROUPS[-1]
    order: float = math.inf
    solves: bool = True
    seconds: float = 0.0
    settings: dict[str, Any]
    path: Path

    def config(self) -> RunConfig:
        """Return the preset's run."""
        return make_config(self.settings)


class BrokenPreset(msgspec.Struct, frozen=True):
    """A preset that cannot be used, with its error."""

    name: str
    path: Path
    error: InputError


def preset_names() -> list[Preset]:
    """Return every usable preset, by group, and in a group by order.

    A personal preset replaces a shipped one of the same name.
    """
    usable = [preset for preset in _read_all() if isinstance(preset, Preset)]
    return sorted(usable, key=lambda preset: (GROUPS.index(preset.group), preset.order, preset.name))


def grouped(presets: Iterable[Preset]) -> list[tuple[str, list[Preset]]]:
    """Return the groups of `presets`, which are sorted, each with its presets."""
    return [(group, list(members)) for group, members in itertools.groupby(presets, lambda preset: preset.group)]


def broken_presets() -> list[BrokenPreset]:
    """Return the presets that cannot be used."""
    return [preset for preset in _read_all() if isinstance(preset, BrokenPreset)]


def load_preset(name_or_path: str | Path) -> Preset:
    """Return the preset with that name, or from the .toml file at that path.

    Raises InputError for an unknown name (with the nearest one) and for a file with a wrong key, type or value (with
    file, line and key).
    """
    return read_preset(_file_of(str(name_or_path)))


def _file_of(name: str) -> Path:
    path = expand_home(name)
    if path.suffix == ".toml" or len(path.parts) > 1:
        return path
    try:
        return look_up("preset", name, _files())
    except InputError:
        if path.is_file():
            return path
        raise


def presets_replacing_shipped() -> list[str]:
    """Return the names of personal presets that replace a shipped one."""
    personal = {path.stem for path in personal_presets_folder().glob("*.toml")}
    return sorted(personal & {path.stem for path in shipped("presets").glob("*.toml")})


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
    if document.get("group", GROUPS[-1]) not in GROUPS:
        raise UnknownName("group", document["group"], GROUPS, field="group")
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


def _files() -> dict[str, Path]:
    """Return the file of each preset by name, in order; a personal preset replaces a shipped one."""
    folders = (shipped("presets"), personal_presets_folder())
    paths = {path.stem: path for folder in folders for path in folder.glob("*.toml")}
    return dict(sorted(paths.items()))


def _read_all() -> list[Preset | BrokenPreset]:
    presets: list[Preset | BrokenPreset] = []
    for name, path in _files().items():
        try:
            presets.append(read_preset(path))
        except InputError as error:
            presets.append(BrokenPreset(name, path, error))
    return presets
