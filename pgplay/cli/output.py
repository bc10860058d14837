"""Printing: tables, JSON and errors, to any terminal, file, or pipe that closes early."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TextIO

from pgplay.cli.resuming import as_typed_there, host_seen
from pgplay.errors import PgplayError, RewardError

_PICTURES = {"\n": "↵", "\t": "→", "\x7f": "␡"}
"""Visible symbols for characters that would move the cursor; other control characters map to U+2400 and up."""


def prepare_streams() -> None:
    """Make the streams print characters that they cannot encode as escapes, and replace closed streams."""
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, _nowhere(descriptor))
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _nowhere(descriptor: int) -> TextIO:
    """Open a standard `descriptor` that is closed, so that no other file gets it, and children inherit it."""
    try:
        os.fstat(descriptor)
    except OSError:
        nowhere = os.open(os.devnull, os.O_RDWR)
        if nowhere != descriptor:
            os.dup2(nowhere, descriptor)
            os.close(nowhere)
        os.set_inheritable(descriptor, True)
    return open(descriptor, "w" if descriptor else "r", encoding="utf-8", closefd=False)


@contextmanager
def read_or_not() -> Iterator[None]:
    """Let standard output be printed, or discard it if its reader is gone."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        silence(sys.stdout)


def silence(stream: TextIO) -> None:
    """Discard all further output of `stream`: its reader is gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def visible(text: str) -> str:
    """Return `text` on one line, with control and direction characters as visible symbols, safe to print."""
    if text.isprintable():
        return text
    return "".join(_sign(character) for character in text)


def _sign(character: str) -> str:
    if character in _PICTURES:
        return _PICTURES[character]
    if ord(character) < 0x20:
        return chr(0x2400 + ord(character))
    if _steers(character):
        return f"\\u{ord(character):04x}"
    return character


def _steers(character: str) -> bool:
    """Whether `character` would move the cursor, change the writing direction, or is no character at all."""
    joins = character in "\u200c\u200d"
    return not joins and unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def say(text: object = "", stream: TextIO | None = None, *, end: str = "\n") -> None:
    """Print `text` with its line breaks; everything else that could steer a terminal is made visible.

    All output of the command line goes through here, except texts written into a pipe (`say_text`).
    """
    lines = "\n".join(visible(line) for line in str(text).split("\n"))
    print(lines, end=end, file=stream, flush=stream is not None)


def say_text(text: str) -> None:
    """Print a completion: made visible on a terminal, unchanged into a file or a pipe."""
    if sys.stdout.isatty():
        say(visible(text))
    else:
        print(text)


def say_at_once(line: str) -> None:
    """Write `line` to standard error from a signal's handler: print may be in use when the signal arrives."""
    os.write(2, f"\n{visible(line)}\n".encode())


def show_cursor() -> None:
    """Show the cursor again: a progress bar hides it, and is not removed if the process ends at once."""
    if os.isatty(2):
        os.write(2, b"\x1b[?25h")


def print_error(error: PgplayError) -> None:
    """Print the problem and its remedy on standard error, one line each.

    If a person's reward failed in a nested call, its traceback comes first. A person at another machine reads on which
    one it happened.
    """
    if isinstance(error, RewardError):
        print_source(error.nested_traceback, sys.stderr)
    if host := host_seen():
        error = PgplayError("ssh.there", host=host, cause=error)
    for line in (error.problem, as_typed_there(error.remedy)):
        if line:
            say(line.strip(), sys.stderr)


def note(line: str, stream: TextIO | None = None) -> None:
    """Print a line on standard error, so that results can be piped.

    If its reader is gone, what heeds a closed terminal is told that its terminal was closed.
    """
    try:
        say(visible(line), stream or sys.stderr)
    except BrokenPipeError:
        hang_up = getattr(signal, "SIGHUP", None)
        if hang_up is None or signal.getsignal(hang_up) is signal.SIG_DFL:
            raise
        silence(sys.stderr)
        signal.raise_signal(hang_up)


def print_json(value: Any) -> None:
    """Print `value` as one line of JSON; non-finite numbers become null."""
    ascii_only = not (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf8")
    text = json.dumps(_finite(value), ensure_ascii=ascii_only, allow_nan=False)
    # json does not escape direction characters and the control characters above 0x7e.
    print(text if text.isprintable() else "".join(map(_json_sign, text)))


def _json_sign(character: str) -> str:
    return json.dumps(character)[1:-1] if _steers(character) else character


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def print_source(source: str, stream: TextIO | None = None) -> None:
    """Print source code, indented and safe for a terminal."""
    from pgplay.files.text import lines_of

    for line in lines_of(source.expandtabs()):
        say(f"  {visible(line)}".rstrip(), stream)


def cells(text: str) -> int:
    """Return the width of `text` in terminal cells; a wide character takes two."""
    from rich.cells import cell_len

    return cell_len(text)


def page_width() -> int:
    """Return the columns of the terminal; 80 where there is none."""
    return shutil.get_terminal_size((80, 24)).columns


def wrapped(text: str, width: int) -> list[str]:
    """Return `text` in lines of at most `width` cells, broken at spaces; a word that is longer stays whole."""
    if cells(text) <= width:
        return [text]
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and cells(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def hanging(lead: str, text: str) -> str:
    """Return `text` after `lead`, wrapped to the terminal; further lines begin below the first one's text."""
    margin = cells(lead)
    return lead + f"\n{' ' * margin}".join(wrapped(text, page_width() - margin))


def format_number(value: float | None) -> str:
    """Return `value` with three decimals, or with an exponent if it is too small or too large; empty for None."""
    if value is None:
        return ""
    if value and (abs(value) < 0.001 or abs(value) >= 1e6):
        return f"{value:.3g}"
    return f"{value + 0.0:.3f}"  # + 0.0: no minus sign before a zero


def shorten(text: str, width: int = 40) -> str:
    """Return `text` on one line in at most `width` terminal cells; … marks a cut."""
    from rich.cells import cell_len, set_cell_size

    line = visible(text)
    return line if cell_len(line) <= width else set_cell_size(line, width - 1).rstrip() + "…"
