"""Presets: ready-made runs, shipped or personal, one TOML file each."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import msgspec

from pgplay.config.preset_file import PRESET_GROUPS, Preset, read_preset
from pgplay.errors import InputError, look_up
from pgplay.files.stamp import FileStamp, file_stamp
from pgplay.paths import expand_home, personal_presets_folder, shipped


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
    return sorted(usable, key=lambda preset: (PRESET_GROUPS.index(preset.group), preset.order, preset.name))


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
    file = _file_of(str(name_or_path))
    return read_preset(file)


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


def _files() -> dict[str, Path]:
    """Return the file of each preset by name, in order; a personal preset replaces a shipped one."""
    folders = (shipped("presets"), personal_presets_folder())
    paths = {path.stem: path for folder in folders for path in folder.glob("*.toml")}
    return dict(sorted(paths.items()))


def _read_all() -> list[Preset | BrokenPreset]:
    return [_read(name, path, file_stamp(path)) for name, path in _files().items()]


@lru_cache(maxsize=256)
def _read(name: str, path: Path, version: FileStamp | None) -> Preset | BrokenPreset:
    """Return the preset in the file at `path`; `version` is that of the file, which is read once."""
    try:
        return read_preset(path)
    except InputError as error:
        return BrokenPreset(name, path, error)
