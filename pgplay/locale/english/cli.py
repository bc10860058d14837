"""Errors of the command line."""

from __future__ import annotations

COMMAND_ERRORS: dict[str, str] = {
    "error.command.text": "There is no command or preset called {word:name}.",
    "error.command.text.remedy": "To learn it as a text: {command}",
    "error.command.not_first": "The command comes first: {command}.",
    "error.command.two_presets": "Two presets are given: {first} and {second}.",
    "error.command.two_presets.remedy": "Give one of them.",
    "error.command.columns_alone": "--columns needs a file of prompts and answers.",
    "error.command.columns_alone.remedy": "Name it with --task: --task pairs.csv --columns question,answer.",
    "error.command.two_targets": "Both --target and --target-file are given.",
    "error.command.two_targets.remedy": "Give one of them.",
    "error.command.no_terminal": "The app needs a terminal, but standard {stream} is not one.",
    "error.command.no_terminal.remedy": "Use pgplay train, which needs no screen.",
    "error.command.nothing_to_watch": "No run is being trained now.",
    "error.command.nothing_to_watch.remedy": "Start one with pgplay train, or name a stored run: pgplay watch RUN.",
    "error.command.output": "Standard output cannot be written: {reason}.",
}
