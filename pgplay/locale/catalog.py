"""Texts by code, with values filled in: the only place where an error, a finding, a signal or a verdict becomes words.

A text is a format string. Beside Python's own formats a value may be written as

- `{count:plural step|steps}`: the word for 1, or for any other number;
- `{word:quoted}`, `{name:name}`, `{value:setting}`: quoted as Python, as a name, as a recipe writes it;
- `{name:argument}`: as a shell reads it, in a command to copy;
- `{share:percent}`: as percent, which says 0% and 100% only where it is exactly that;
- `{size:bytes}`: in MB or GB; `{seconds:time}`: about how long;
- `{value:ratio}`: with two digits; `{value:change}`: the same with its sign;
- `{names:list}`, `{names:or}`, `{numbers:and}`: with commas, or with that word between;
- `{text:abridged}`: the start of a text, on one line;
- `{reason:text}`: the text of a code, or of a code with its values; words that are no code stay as they are;
- `{advice:sentences}`: several of these, one after the other;
- `{cause:problem}`, `{cause:clause}`, `{cause:remedy}`: what another error says, its problem within a longer sentence,
  and what would be right.
"""

from __future__ import annotations

import difflib
import shlex
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from pgplay.locale.english import ENGLISH
from pgplay.locale.quoting import (
    NOT_FINITE,
    about_time,
    abridged,
    comma_separated,
    memory_size,
    percent,
    quoted_name,
    quoted_setting,
    short_repr,
    two_digits,
)

Value = str | float | bool | None | Sequence["Value | Values"]
"""What a text can be filled with: a number, words, several of them, or a code with its values."""

Values = Mapping[str, Value]
"""The values that a code comes with, by name."""

Coded = tuple[str, Values]
"""A code and what it comes with."""

UNKNOWN_NAME = "name.unknown"
"""The error of a `name` that is no `kind`, beside the `known` names."""


class _Template(string.Formatter):
    """Format strings with the formats of this module."""

    def format_field(self, value: Any, format_spec: str) -> str:
        style, _, words = format_spec.partition(" ")
        if style == "plural":
            singular, _, plural = words.partition("|")
            return singular if value == 1 else plural
        if style in _STYLES:
            return _STYLES[style](value)
        if value in NOT_FINITE:
            value = float(value)
        return str(super().format_field(value, format_spec))


_template = _Template()


def text_of(code: str, values: Values | None = None, texts: Mapping[str, str] = ENGLISH) -> str:
    """Return the text of `code` with its `values`; the code itself if there is none, or a value does not fit."""
    try:
        return _template.vformat(texts[code], (), values or {})
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return code


def sentences_of(texts: Iterable[Coded]) -> tuple[str, ...]:
    """Return the text of each code with its values."""
    return tuple(text_of(code, values) for code, values in texts)


def error_text(code: str, values: Values) -> Coded:
    """Return the text of what was wrong, as its code with the error's values."""
    return f"error.{code}", values


def error_problem(code: str, values: Values) -> str:
    """Return what was wrong."""
    return text_of(*error_text(code, values))


def error_remedy(code: str, values: Values) -> str:
    """Return what would be right, empty for an error that has no remedy."""
    if code == UNKNOWN_NAME:
        return _remedy_for_name(values)
    return _if_known(f"error.{code}.remedy", values)


def finding_message(kind: str, numbers: Values) -> str:
    """Return what a finding of this `kind` says."""
    return text_of(f"finding.{kind}", numbers)


def finding_advice(kind: str, numbers: Values) -> str:
    """Return what to try, empty for a kind that has no advice."""
    return _if_known(f"finding.{kind}.advice", numbers)


def finding_text(kind: str, numbers: Values) -> str:
    """Return what a finding says and what to try."""
    return f"{finding_message(kind, numbers)} {finding_advice(kind, numbers)}".strip()


def signal_meaning(metric: str, numbers: Values, state: Literal["fine", "watch", "bad"]) -> str:
    """Return what the number of a signal means, and what is wrong with it if it is not fine."""
    meaning = text_of(f"signal.{metric}", numbers)
    return meaning if state == "fine" else meaning + _if_known(f"signal.{metric}.worse", numbers)


def signal_advice(metric: str, state: Literal["fine", "watch", "bad"]) -> str:
    """Return what to try where a signal is not fine, empty where it is."""
    return "" if state == "fine" else _if_known(f"signal.{metric}.advice", {})


def verdict_words(kind: str) -> str:
    """Return the verdict on a reward in a few words."""
    return text_of(f"verdict.{kind}")


def evidence_sentences(evidence: Sequence[Coded]) -> tuple[str, ...]:
    """Return the sentences of a verdict's `evidence`."""
    return sentences_of((f"evidence.{code}", values) for code, values in evidence)


def _if_known(code: str, values: Values) -> str:
    return text_of(code, values) if code in ENGLISH else ""


def _remedy_for_name(values: Values) -> str:
    """Return the nearest of the known names, or all of them if none is near."""
    name, known = values.get("name"), values.get("known")
    if not isinstance(name, str) or not isinstance(known, Sequence):
        return ""
    names = [str(other) for other in known]
    if not names:
        return text_of(f"error.{UNKNOWN_NAME}.none")
    nearest = difflib.get_close_matches(name[:_LONGEST_COMPARED], names, n=1, cutoff=0.5)
    if nearest:
        return text_of(f"error.{UNKNOWN_NAME}.nearest", {"nearest": nearest[0]})
    return text_of(f"error.{UNKNOWN_NAME}.known", {"known": names})


_LONGEST_COMPARED = 100
"""Characters of an unknown name that are compared with the known ones."""


def _coded(value: str | Coded) -> Coded:
    """Return a code with its values; a code that came without any has none."""
    if isinstance(value, str):
        return value, {}
    code, values = value
    return code, values


_STYLES: dict[str, Callable[[Any], str]] = {
    "quoted": short_repr,
    "name": quoted_name,
    "setting": quoted_setting,
    "argument": lambda word: shlex.quote(str(word)),
    "percent": percent,
    "bytes": memory_size,
    "time": about_time,
    "ratio": two_digits,
    "change": lambda value: f"+{two_digits(value)}" if value > 0 else two_digits(value),
    "list": comma_separated,
    "text": lambda value: text_of(*_coded(value)),
    "problem": lambda error: error_problem(*_coded(error)),
    "clause": lambda error: error_problem(*_coded(error)).rstrip("."),
    "remedy": lambda error: error_remedy(*_coded(error)),
    "sentences": lambda values: " ".join(sentences_of(map(_coded, values))),
    "abridged": abridged,
    "or": lambda values: " or ".join(map(str, values)),
    "and": lambda values: " and ".join(map(str, values)),
}
