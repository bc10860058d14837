"""What commands print: tables, JSON and errors, on any terminal, into any file and into a pipe that closes early."""

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
"""Signs for characters that would move the cursor; the other control characters have pictures from U+2400 on."""


def prepare_streams() -> None:
    """Let a stream whose encoding lacks a character show its escape instead of failing, and a closed one take all."""
    if sys.stdout is None:
        sys.stdout = io.StringIO()
    if sys.stderr is None:
        sys.stderr = io.StringIO()
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def silence_output() -> None:
    """Send what is still to be written to standard output nowhere: its reader has gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def visible(text: str) -> str:
    """Return `text` on one line that cannot steer a terminal: control and direction characters become signs."""
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
    """Tell whether `character` would move the cursor, turn the direction of writing or be no character at all."""
    joins = character in "\u200c\u200d"
    return not joins and unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def say(text: object = "", stream: TextIO | None = None, *, end: str = "\n") -> None:
    """Print `text`, its lines as lines and all else that could steer a terminal made visible.

    Everything that the command line prints goes through here, except texts written into a pipe (`say_text`).
    """
    lines = "\n".join(visible(line) for line in str(text).split("\n"))
    print(lines, end=end, file=stream, flush=stream is not None)


def say_text(text: str) -> None:
    """Print a completion: made visible on a terminal, as it is into a file or a pipe, where it is data."""
    if sys.stdout.isatty():
        say(visible(text))
    else:
        print(text)


def print_error(error: PgplayError) -> None:
    """Print the problem and its remedy on standard error, one line each.

    Where a person's reward failed deeper than in its first function, the way there comes first.
    """
    if isinstance(error, RewardError):
        print_source(error.way, sys.stderr)
    for line in (error.problem, error.remedy):
        if line:
            say(line.strip(), sys.stderr)


def note(line: str, stream: TextIO | None = None) -> None:
    """Print a line that is not the result: on standard error, so that results can be piped."""
    say(visible(line), stream or sys.stderr)


def print_json(value: Any) -> None:
    """Print `value` as one line of JSON; a number that is not finite becomes null."""
    ascii_only = not (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf8")
    written = json.dumps(_finite(value), ensure_ascii=ascii_only, allow_nan=False)
    # json leaves the control characters above 0x7e and those of direction as they are.
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
    """Print program text, indented, so that it cannot steer the terminal it is read on."""
    from pgplay.files.text import lines_of

    for line in lines_of(source.expandtabs()):
        say(f"  {visible(line)}".rstrip(), stream)


def cells(text: str) -> int:
    """Return how many cells of a terminal `text` takes: a wide character takes two."""
    from rich.cells import cell_len

    return cell_len(text)


def print_table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print `rows` in columns under `headers`; numbers are set to the right, wide characters count as two."""
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
    """Return `value` with three decimals, or in powers of ten where that would hide it; nothing for None."""
    if value is None:
        return ""
    if value and (abs(value) < 0.001 or abs(value) >= 1e6):
        return f"{value:.3g}"
    return f"{value + 0.0:.3f}"  # + 0.0: no minus sign before a zero


def shorten(text: str, width: int = 40) -> str:
    """Return `text` on one line in at most `width` terminal cells, its end marked by … where it was cut."""
    from rich.cells import cell_len, set_cell_size

    line = visible(text)
    return line if cell_len(line) <= width else set_cell_size(line, width - 1).rstrip() + "…"


def print_facts(facts: Mapping[str, Any]) -> None:
    """Print named facts, one a line, their values set below each other; empty ones are left out."""
    shown = {visible(name): _cell(value) for name, value in facts.items() if value not in (None, "", (), [])}
    width = max(map(cells, shown), default=0)
    for name, text in shown.items():
        say(f"{name}{' ' * (width - cells(name))}  {text}")
