"""Questions that a command asks before it goes on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from pgplay.cli.output import note, say, visible
from pgplay.errors import InputError
from pgplay.locale.catalog import Coded, text_of


def confirm(question: Coded, yes: bool) -> bool:
    """Return whether the person agrees: by `yes`, or by answering on the terminal.

    Raises InputError if there is no terminal to ask on.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise InputError("command.unconfirmed", question=question)
    say(f"{visible(text_of(*question))} [y/N] ", sys.stderr, end="")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def delete_each(
    kind: Callable[[str], str],
    names: Sequence[str],
    find: Callable[[str], object],
    delete: Callable[[str], object],
    *,
    question: Callable[[list[str]], Coded],
    yes: bool,
) -> int:
    """Delete each of `names` once, once all are found and the person agrees to the `question` about them."""
    different = list(dict.fromkeys(names))
    for name in different:
        find(name)
    if confirm(question(different), yes):
        for name in different:
            delete(name)
            note(f"Deleted the {kind(name)} {name}.")
    return 0
