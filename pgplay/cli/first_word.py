"""The first word of a command line without a command: a preset, a file, or a mistake."""

from __future__ import annotations

import difflib
import shlex
from pathlib import Path

from pgplay.cli.commands import COMMANDS
from pgplay.config.presets import preset_names
from pgplay.errors import InputError, UnknownName


def preset_named(word: str, argv: list[str]) -> str:
    """Return `word` if it names a preset or a file; raises InputError with the nearest command or preset."""
    presets = [preset.name for preset in preset_names()]
    if word in COMMANDS:
        others = [argument for argument in argv if argument != word]
        raise InputError("command.not_first", command=" ".join(["pgplay", word, *others]))
    if word in presets or word.endswith(".toml") or len(Path(word).parts) > 1:
        return word
    names = [*COMMANDS, *presets]
    if " " not in word and difflib.get_close_matches(word, names, n=1, cutoff=0.5):
        raise UnknownName("command_or_preset", word, names)
    raise InputError("command.text", word=word, command=f"pgplay --target {shlex.quote(word)}")
