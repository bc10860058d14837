"""Presets: ready-made runs, shipped or personal, one TOML file each.

A file has `title`, `teaches` (one sentence), a table `[settings]` of RunConfig's fields, and optionally `group` with
`order` (its place in the list of presets), `solves` (whether the run should be solved; default true) and `seconds`
(about how long it takes).
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from pgplay.config.run_config import RunConfig, fields, make_config
from pgplay.errors import InputError, look_up, shown, unknown_name
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
_NOUNS = {str: "a text in quotation marks", bool: "true or false", float: "a number above 0", dict: "a table"}


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
    path = expand_home(name_or_path)
    if path.suffix == ".toml" or len(path.parts) > 1:
        return read_preset(path)
    try:
        file = look_up("preset", str(name_or_path), _files())
    except InputError:
        if not path.is_file():
            raise
        file = path
    return read_preset(file)


def presets_replacing_shipped() -> list[str]:
    """Return the names of personal presets that replace a shipped one."""
    personal = {path.stem for path in personal_presets_folder().glob("*.toml")}
    return sorted(personal & {path.stem for path in shipped("presets").glob("*.toml")})


def read_preset(path: Path) -> Preset:
    """Return the preset in the file at `path`; raises InputError as `load_preset` does."""
    text = read_text(path, PRESET_LIMIT)
    document = parse_toml(path, text)
    for key in document:
        if key not in _KEYS:
            raise _located(path, text, key, unknown_name("key", key, _KEYS))
    for key, kind in _KEYS.items():
        if key not in document:
            if key in _OPTIONAL:
                continue
            raise InputError(f"{path}: the key {key} is missing.", f"Add it: {_NOUNS[kind]}.")
        if not _fits(document[key], kind):
            error = InputError(f"{key} cannot be {shown(document[key])}.", f"Give {_NOUNS[kind]}.")
            raise _located(path, text, key, error)
    if document.get("group", GROUPS[-1]) not in GROUPS:
        raise _located(path, text, "group", unknown_name("group", document["group"], GROUPS))
    settings = document["settings"]
    for key, value in settings.items():
        if key not in fields():
            raise _located(path, text, key, unknown_name("setting", key, fields()), settings)
        if not _is_plain(value):
            remedy = "Give a text, a number or a list of texts."
            error = InputError(f"{key} cannot be {shown(value)}.", remedy, field=key)
            raise _located(path, text, key, error, settings)
    try:
        make_config(settings)
    except InputError as error:
        key = error.field if error.field in settings else "settings"
        raise _located(path, text, key, error, settings) from error
    document |= {key: float(document[key]) for key in ("order", "seconds") if key in document}
    return Preset(**document, name=path.stem, path=path)


def _fits(value: Any, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf
    return isinstance(value, kind) and value != ""


def _is_plain(value: Any) -> bool:
    """Return whether `value` can be a setting: TOML also has tables, dates and times."""
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    return isinstance(value, str | int | float) and not (isinstance(value, int) and abs(value) >= 2**63)


def _located(path: Path, text: str, key: str, error: InputError, settings: Iterable[str] = ()) -> InputError:
    """Return `error` with the file and the line of `key`, which is in [settings] if it is one of `settings`."""
    expected_table = "settings" if key in settings else ""
    table, line = "", 1
    for number, content in enumerate(text.split("\n"), start=1):
        if header := re.match(r"\s*\[+\s*([^]]*?)\s*\]", content):
            table = header[1]
            if key == table:
                line = number
                break
        elif table == expected_table and re.match(rf"""\s*["']?{re.escape(key)}["']?\s*[.=]""", content):
            line = number
            break
    return InputError(f"{path}:{line}: {error.problem}", error.remedy, field=error.field)


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
