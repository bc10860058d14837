"""Texts by code, with numbers filled in: the only place where a finding, a signal or a verdict becomes words.

A text is a format string. Beside Python's own formats it may name a number's plural: `{count:plural step|steps}`.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pgplay.locale.english import ENGLISH

Values = Mapping[str, float | str]
"""The numbers and quoted texts that a code comes with, by name."""

Coded = tuple[str, Values]
"""A code and what it comes with."""


class _Template(string.Formatter):
    """Format strings with plurals: one word for 1, another for any other number."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if not format_spec.startswith("plural "):
            return str(super().format_field(value, format_spec))
        one, _, several = format_spec.removeprefix("plural ").partition("|")
        return one if value == 1 else several


_template = _Template()


def text_of(code: str, values: Values | None = None, texts: Mapping[str, str] = ENGLISH) -> str:
    """Return the text of `code` with its `values`; the code itself if there is none, or a value is missing."""
    try:
        return _template.vformat(texts[code], (), values or {})
    except (KeyError, ValueError):
        return code


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
    return tuple(text_of(f"evidence.{code}", values) for code, values in evidence)


def _if_known(code: str, values: Values) -> str:
    return text_of(code, values) if code in ENGLISH else ""
