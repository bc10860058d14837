"""Errors of any package: unknown names, missing memory and packages; and the kinds of things that have names."""

from __future__ import annotations

_MEMORY = "Close other programs, or raise the limit (ulimit -v): training takes about 1 GB."

GENERAL_ERRORS: dict[str, str] = {
    "error.text": "{text}",
    "error.name.unknown": "There is no {kind:text} called {name:name}.",
    "error.name.unknown.nearest": "Did you mean '{nearest}'?",
    "error.name.unknown.known": "Available: {known:list}.",
    "error.name.unknown.none": "There are none yet.",
    "error.system.memory": "There was not enough memory.",
    "error.system.memory.remedy": _MEMORY,
    "error.system.memory_to_load": "There is not enough memory to load a library that pgplay needs.",
    "error.system.memory_to_load.remedy": _MEMORY,
    "error.system.memory_to_load_torch": "There is not enough memory to load torch.",
    "error.system.memory_to_load_torch.remedy": _MEMORY,
    "error.system.package": "A package that pgplay needs cannot be loaded: {reason}.",
    "error.system.package.remedy": "Install pgplay again.",
}
"""`error.CODE` is the problem, `error.CODE.remedy` what would be right."""
