"""A reward that is a function of this process, as in a notebook: called as a file's function is, without its limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from pgplay.rewards.python.answers import (
    FunctionAnswers,
    FunctionFailed,
    FunctionMessage,
    ScoredText,
    request_of,
    scores_of,
)
from pgplay.rewards.python.host import CallError, WrongValueError, failure_of, first_line, problem_of, run_scoring
from pgplay.rewards.records import Scores, Triple


class FunctionScorer:
    """Calls `function`, called `name` in errors; raises RewardError if it takes no text."""

    def __init__(self, function: Callable[..., Any], name: str, file: str) -> None:
        self._function = function
        self._answers = FunctionAnswers(file, name)
        code = getattr(function, "__code__", None)
        self._source = code.co_filename if code else ""
        if problem := problem_of(function):
            happened, values = problem
            raise self._answers.error(FunctionFailed(happened, values))

    def score(self, triples: Sequence[Triple]) -> Scores:
        """Return a finite score, and the same named parts, for each of `triples`; raises RewardError."""
        answered: list[ScoredText] = []

        def take(**message: Any) -> None:
            read = msgspec.convert(message, FunctionMessage)
            answered.append(self._answers.check(read, triples, answered))

        try:
            run_scoring(self._function, request_of(triples), take)
        except (WrongValueError, CallError) as error:
            if isinstance(error, CallError) and isinstance(error.error, KeyboardInterrupt):
                raise error.error from None  # the person's, not the function's
            take(**failure_of(error, self._source, first_line(self._function)))
        return scores_of(answered)

    def close(self) -> None:
        """Do nothing; the function is the person's."""
