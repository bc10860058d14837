"""A task's pairs as rows of a data set for TRL, whose columns its rewards get by name, and such columns as pairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pgplay.errors import InputError
from pgplay.tasks.task import Pair, Task

PROMPT, TARGET, OTHERS = "prompt", "target", "others"
TAKEN = {
    *(PROMPT, TARGET, OTHERS),
    *("prompts", "completion", "completions", "completion_ids", "image", "images", "environment", "environments"),
    *("trainer_state", "log_extra", "log_metric"),
}
"""Names of columns that have a meaning here or for TRL."""


def column_in_data_set(column: str) -> str:
    """Return what a further `column` of a task's file is called in the data set."""
    return f"column_{column}" if column in TAKEN else column


def columns_of(task: Task) -> tuple[str, ...]:
    """Return the names of the further columns of a task's file.

    Raises InputError for one that holds both numbers and texts, which no data set can.
    """
    kinds: dict[str, set[type]] = {}
    for pair in task.pairs:
        for name, value in pair.columns:
            kinds.setdefault(name, set()).add(float if type(value) is int else type(value))
    for name, kinds_of_column in kinds.items():
        if len(kinds_of_column - {type(None)}) > 1:
            raise InputError("trl.mixed_column", field="task", column=name, task=task.name)
    return tuple(kinds)


def rows(task: Task, pairs: Sequence[Pair]) -> Iterator[dict[str, Any]]:
    """Yield `pairs` of `task` as rows: prompt, target, other right answers, and every further column."""
    columns = columns_of(task)
    has_others = any(pair.others for pair in task.pairs)
    for pair in pairs:
        row: dict[str, Any] = {PROMPT: pair.prompt}
        if task.has_targets:
            row[TARGET] = pair.target
        if has_others:
            row[OTHERS] = list(pair.others)
        values = dict(pair.columns)
        yield row | {column_in_data_set(name): values.get(name) for name in columns}


def pairs_of(prompts: Sequence[str], columns: Mapping[str, Sequence[Any]], further: Sequence[str]) -> list[Pair]:
    """Return the pairs of B `prompts`, whose `columns` a reward got by name; `further` names a task's own."""
    count = len(prompts)
    targets = columns.get(TARGET) or [""] * count
    others = columns.get(OTHERS) or [()] * count
    values = [columns[column_in_data_set(name)] for name in further]
    named = [tuple(zip(further, row, strict=True)) for row in zip(*values, strict=True)] or [()] * count
    rows_of_batch = zip(prompts, targets, others, named, strict=True)
    return [Pair(prompt, target, tuple(more), own) for prompt, target, more, own in rows_of_batch]
