"""Prompts and targets from a .csv, .jsonl or .toml file; any other text file is a single target."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from pgplay.errors import InputError, UnknownName
from pgplay.files.text import check_text, parse_toml, read_text
from pgplay.locale.quoting import short_repr
from pgplay.tasks.target_file import read_target
from pgplay.tasks.task import Pair, single_target

PAIRS_LIMIT = 100_000_000
"""Most bytes of a file of pairs."""

class Columns(NamedTuple):
    """The columns of a file that hold the prompts and the right answers."""

    prompt: str = "prompt"
    answers: tuple[str, ...] = ("target",)

    @property
    def unnamed(self) -> tuple[str, ...]:
        """The columns that a reward gets only as prompt and target; those that a person named it gets by name too."""
        return ("prompt", "target") if self == _USUAL else (self.prompt,)


_USUAL = Columns()


class _Located(NamedTuple):
    """A pair as a file has it at `line`, unchecked: its prompt, its right answers (one or a list), further columns."""

    line: int
    prompt: Any
    answers: Any
    further: dict[str, Any]


def split_columns(task: str) -> tuple[str, Columns]:
    """Return the file that `task` names, and its columns: `pairs.csv:question,answer` names them, prompts first."""
    match = _WITH_COLUMNS.fullmatch(task)
    if match is None:
        return task, _USUAL
    prompt, *answers = (name.strip() for name in match[2].split(","))
    return match[1], Columns(prompt, tuple(answers))


def read_pairs(path: Path, columns: Columns = _USUAL) -> tuple[Pair, ...]:
    """Return the pairs of the file at `path`, in its order, with distinct prompts; a pair given twice counts once.

    A .csv needs `columns` in its first line (by default prompt and target), a .jsonl one object {"prompt": ...,
    "target": ...} per line, a .toml tables [[pairs]] with prompt and target. Several right answers are several columns
    (the later ones may be empty in a row), or a list. Without targets it is a list of prompts, for a reward that needs
    no target. Raises InputError that names the file and the line.
    """
    rows = _READERS.get(path.suffix.lower())
    if rows is None:
        return single_target(read_target(path)).training
    pairs: dict[str, tuple[int, Pair]] = {}
    for row in rows(path, read_text(path, PAIRS_LIMIT), columns):
        pair = _check(path, row)
        first_line, first = pairs.setdefault(pair.prompt, (row.line, pair))
        if first.answers != pair.answers:
            raise InputError("pairs.two_targets", path=path, line=row.line, prompt=pair.prompt, first_line=first_line)
    if not pairs:
        raise InputError("pairs.none", path=path)
    if any(pair.target for _, pair in pairs.values()):
        for line, pair in pairs.values():
            if not pair.target:
                raise InputError("pairs.missing", path=path, line=line, part="target")
    return tuple(pair for _, pair in pairs.values())


def _check(path: Path, row: _Located) -> Pair:
    line, prompt, answers, further = row
    if prompt is None:
        raise InputError("pairs.missing", path=path, line=line, part="prompt")
    targets = answers if isinstance(answers, list) else [] if answers is None else [answers]
    for part, value in (("prompt", prompt), *(("target", answer) for answer in targets)):
        if not isinstance(value, str):
            raise InputError("pairs.no_text", path=path, line=line, part=part, value=short_repr(value))
        if not value.isprintable():
            check_text(value, ("subject.pair", {"path": str(path), "line": line, "part": part}))
    if answers is not None and not all(targets or [""]):
        raise InputError("pairs.empty_target", path=path, line=line)
    target, *others = dict.fromkeys(targets or [""])
    return Pair(prompt, target, tuple(others), tuple((name, _plain(value)) for name, value in further.items()))


def _plain(value: Any) -> str | int | float | bool | None:
    """Return the value of a further column; a list or an object of JSON as its text."""
    return value if value is None or isinstance(value, str | int | float) else json.dumps(value, default=str)


def _read_csv(path: Path, text: str, named: Columns) -> Iterator[_Located]:
    rows = csv.reader(io.StringIO(text), strict=True)
    columns: list[str] = []
    answers: list[int] = []
    line = 1
    try:
        for row in rows:
            if not columns:
                columns = [name.strip() for name in row]
                answers = [number for number, name in enumerate(columns) if name in named.answers]
                _check_header(path, line, columns, named)
            elif row:
                if len(row) != len(columns):
                    expected = len(columns)
                    raise InputError("pairs.columns", path=path, line=line, count=len(row), expected=expected)
                texts = [row[number] for number in answers]
                further = {name: text for name, text in zip(columns, row, strict=True) if name not in named.unnamed}
                right = [*texts[:1], *filter(None, texts[1:])] if texts else None
                yield _Located(line, row[columns.index(named.prompt)], right, further)
            line = rows.line_num + 1
    except csv.Error as error:
        raise InputError("pairs.csv", path=path, line=line, reason=str(error)) from error


def _check_header(path: Path, line: int, columns: Sequence[str], named: Columns) -> None:
    if named == _USUAL:
        if columns.count("prompt") != 1 or not ("target" in columns or columns == ["prompt"]):
            example = f"{path.name}:{','.join(columns[:2])}"
            raise InputError("pairs.header", path=path, line=line, header=",".join(columns), example=example)
        return
    for name in (named.prompt, *named.answers):
        if name not in columns:
            raise UnknownName("column", name, columns, of=path.name, field="task")


def _located(line: int, row: dict[str, Any], named: Columns) -> _Located:
    """Return the pair in `row`; an answer may be a list of right ones."""
    answers = [row[name] for name in named.answers if row.get(name) is not None]
    flat = [text for answer in answers for text in (answer if isinstance(answer, list) else [answer])]
    further = {name: value for name, value in row.items() if name not in named.unnamed}
    return _Located(line, row.get(named.prompt), flat if answers else None, further)


def _read_jsonl(path: Path, text: str, named: Columns) -> Iterator[_Located]:
    decoder = msgspec.json.Decoder(dict[str, Any])
    for line, content in enumerate(text.split("\n"), start=1):
        if not content.strip():
            continue
        try:
            row = decoder.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InputError("pairs.jsonl", path=path, line=line, reason=str(error)) from error
        yield _located(line, row, named)


def _read_toml(path: Path, text: str, named: Columns) -> Iterator[_Located]:
    document = parse_toml(path, text)
    tables = document.get("pairs")
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise InputError("pairs.no_tables", path=path)
    header = re.compile(r"\s*\[\[\s*pairs\s*\]\]")
    lines = [number for number, line in enumerate(text.split("\n"), start=1) if header.match(line)]
    for number, table in enumerate(tables):
        yield _located(lines[number] if len(lines) == len(tables) else 1, table, named)


_READERS = {".csv": _read_csv, ".jsonl": _read_jsonl, ".toml": _read_toml}

PAIR_SUFFIXES = tuple(_READERS)

_WITH_COLUMNS = re.compile(r"(.+\.(?:csv|jsonl|toml)):([^:/\\]+)", re.IGNORECASE)
