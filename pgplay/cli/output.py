"""Printing: tables, JSON and errors, to any terminal, file, or pipe that closes early."""

from __future__ import annotations

import io
import json
import math
import os
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

from pgplay.errors import PgplayError, RewardError

_PICTURES = {"\n": "↵", "\t": "→", "\x7f": "␡"}
"""Visible symbols for characters that would move the cursor; other control characters map to U+2400 and up."""


def prepare_streams() -> None:
    """Make the streams print characters that they cannot encode as escapes, and replace closed streams."""
    if sys.stdout is None:
        sys.stdout = io.StringIO()
    if sys.stderr is None:
        sys.stderr = io.StringIO()
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def silence_output() -> None:
    """Discard all further standard output: its reader is gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
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
    """Write `line` to standard error from a signal's handler: print may be in use where the signal came in between."""
    os.write(2, f"\n{visible(line)}\n".encode())


def show_cursor() -> None:
    """Show the cursor again: a progress bar hides it, and is not taken down where the process ends at once."""
    if os.isatty(2):
        os.write(2, b"\x1b[?25h")


def print_error(error: PgplayError) -> None:
    """Print the problem and its remedy on standard error, one line each.

    If a person's reward failed in a nested call, its traceback comes first.
    """
    if isinstance(error, RewardError):
        print_source(error.way, sys.stderr)
    for line in (error.problem, error.remedy):
        if line:
            say(line.strip(), sys.stderr)


def note(line: str, stream: TextIO | None = None) -> None:
    """Print a line on standard error, so that results can be piped."""
    say(visible(line), stream or sys.stderr)


def print_json(value: Any) -> None:
    """Print `value` as one line of JSON; non-finite numbers become null."""
    ascii_only = not (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf8")
    written = json.dumps(_finite(value), ensure_ascii=ascii_only, allow_nan=False)
    # json does not escape direction characters and the control characters above 0x7e.
    print(written if written.isprintable() else "".join(map(_json_sign, written)))


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


def print_table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print `rows` in columns under `headers`, numbers aligned right."""
    body = [[_cell(value) for value in row] for row in rows]
    raw = [[visible(header) for header in headers], *body]
    widths = [max(cells(row[column]) for row in raw) for column in range(len(headers))]
    numeric = [bool(body) and all(_looks_numeric(row[column]) for row in body) for column in range(len(headers))]
    for row in raw:
        columns = []
        for text, width, right in zip(row, widths, numeric, strict=True):
            gap = " " * (width - cells(text))
            columns.append(gap + text if right else text + gap)
        say("  ".join(columns).rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value)
    return visible(str(value))


def _looks_numeric(text: str) -> bool:
    return not text or (text.lstrip("-")[:1].isdigit() and not text.strip("-+.0123456789eE,"))


def number(value: float | None) -> str:
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


def print_facts(facts: Mapping[str, Any]) -> None:
    """Print named facts, one per line, their values aligned; empty ones are left out."""
    texts = {visible(name): _cell(value) for name, value in facts.items() if value not in (None, "", (), [])}
    width = max(map(cells, texts), default=0)
    for name, text in texts.items():
        say(f"{name}{' ' * (width - cells(name))}  {text}")
