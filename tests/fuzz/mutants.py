"""Mutants of valid inputs, and what must hold for each: it is accepted, or refused in one or two plain lines, quickly.

A run makes a few hundred mutants in all, always the same. `PGPLAY_FUZZ=2000 pytest tests/fuzz` makes 2000 for each kind
of input, different ones each time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from pgplay.errors import PgplayError

_WANTED = int(os.environ.get("PGPLAY_FUZZ", "0"))
SECONDS = 20.0
"""CPU time that no small input takes on any machine, unless a cost grows with more than its length."""
LONGEST_ERROR = 3000
"""Characters; known names, paths and formats are part of an error."""

fuzzed = settings(
    max_examples=_WANTED or 30,
    derandomize=not _WANTED,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)

PIECES = [
    *("", "\x00", "\ud800", "\u2028", "\x1b[31m", "\x85", "\r", "\n", "\t", " ", "é", "床", "\U0001f469\u200d"),
    *('"', "'", "\\", "=", ",", ".", ":", "#", "-", "(", ")", "[", "]", "{", "}", "**", "..", "~", "~nobody/", "/"),
    *("-1", "0", "-0.0", "1e999", "-1e999", "nan", "NaN", "Infinity", "null", "true", "[]", "{}", "1_0", "٣", "2**63"),
    *("9" * 25, "9" * 5000, "0x" + "f" * 5000, "a" * 3000, "[" * 3000, "(" * 300),
    *('{"a":' * 3000, ".a" * 3000, "+2" * 300),
    *("\\ud800", "\\u0000", "[[pairs]]", "prompt", "target", "levenshtein", "reward", "until"),
]


@st.composite
def mutants(draw: st.DrawFn, seeds: Sequence[str]) -> str:
    """One of `seeds` with one to three edits: a piece inserted, deleted, moved, or doubled."""
    text = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 1, 1, 2, 5, 40, 10_000])))
        kind = draw(st.sampled_from(["insert", "replace", "delete", "double"]))
        middle = {"insert": text[start:end], "double": text[start:end] * 2}.get(kind, "")
        piece = draw(st.sampled_from(PIECES)) if kind in ("insert", "replace") else ""
        text = text[:start] + piece + middle + text[end:]
    return text


@st.composite
def byte_mutants(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """One of `seeds` with one to three edits: bytes changed, deleted, inserted, or everything after them cut off."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from([0, 1, 1, 4, 16, 1000])))
        piece = draw(st.one_of(st.binary(max_size=8), st.sampled_from([b"\xff" * 8, b"\x00" * 8, b"PK\x05\x06", b""])))
        data = data[:start] + piece + (data[end:] if draw(st.integers(0, 9)) else b"")
    return data


def as_bytes(text: str) -> bytes:
    """Return `text` as a file could contain it, lone surrogates included."""
    return text.encode("utf-8", "surrogatepass")


def accepted_or_refused(read: Callable[[], object]) -> None:
    """Check that `read` returns, or raises a PgplayError of one or two printable lines, quickly."""
    begun = time.process_time()
    try:
        read()
    except PgplayError as error:
        words = str(error)
        words.encode()
        assert words.strip()
        assert len(words.splitlines()) <= 2
        assert len(words) <= LONGEST_ERROR
        assert "Traceback" not in words
    assert time.process_time() - begun < SECONDS
