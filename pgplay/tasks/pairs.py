"""Prompts and targets from a .csv, .jsonl or .toml file; any other text file is a single target."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from pgplay.errors import InputError, shown
from pgplay.files.text import check_text, parse_toml, read_text
from pgplay.tasks.target_file import read_target
from pgplay.tasks.task import Pair, single_target

PAIRS_LIMIT = 100_000_000
"""Most bytes of a file of pairs."""

Located = tuple[int, Any, Any]
"""The line of a pair, its prompt and its right answers (one or a list), unchecked; None if missing."""


def read_pairs(path: Path) -> tuple[Pair, ...]:
    """Return the pairs of the file at `path`, in its order, with distinct prompts; a pair given twice counts once.

    A .csv needs the columns prompt and target in its first line, a .jsonl one object {"prompt": ..., "target": ...} per
    line, a .toml tables [[pairs]] with prompt and target. Several right answers are several columns called target (the
    later ones may be empty in a row), or a list. Without targets it is a list of prompts, for a reward that needs no
    target. Raises InputError that names the file and the line.
    """
    rows = _READERS.get(path.suffix.lower())
    if rows is None:
        return single_target(read_target(path)).training
    pairs: dict[str, tuple[int, Pair]] = {}
    for line, prompt, answers in rows(path, read_text(path, PAIRS_LIMIT)):
        pair = _check(path, line, prompt, answers)
        first_line, first = pairs.setdefault(pair.prompt, (line, pair))
        if first != pair:
            raise InputError("pairs.two_targets", path=path, line=line, prompt=pair.prompt, first_line=first_line)
    if not pairs:
        raise InputError("pairs.none", path=path)
    if any(pair.target for _, pair in pairs.values()):
        for line, pair in pairs.values():
            if not pair.target:
                raise InputError("pairs.missing", path=path, line=line, part="target")
    return tuple(pair for _, pair in pairs.values())


def _check(path: Path, line: int, prompt: Any, answers: Any) -> Pair:
    if prompt is None:
        raise InputError("pairs.missing", path=path, line=line, part="prompt")
    targets = answers if isinstance(answers, list) else [] if answers is None else [answers]
    for part, value in (("prompt", prompt), *(("target", answer) for answer in targets)):
        if not isinstance(value, str):
            raise InputError("pairs.no_text", path=path, line=line, part=part, value=shown(value))
        if not value.isprintable():
            check_text(value, ("subject.pair", {"path": str(path), "line": line, "part": part}))
    if answers is not None and not all(targets or [""]):
        raise InputError("pairs.empty_target", path=path, line=line)
    target, *others = dict.fromkeys(targets or [""])
    return Pair(prompt, target, tuple(others))


def _read_csv(path: Path, text: str) -> Iterator[Located]:
    rows = csv.reader(io.StringIO(text), strict=True)
    columns: list[str] = []
    answers: list[int] = []
    line = 1
    try:
        for row in rows:
            if not columns:
                columns = [name.strip() for name in row]
                answers = [number for number, name in enumerate(columns) if name == "target"]
                if columns.count("prompt") != 1 or not (answers or columns == ["prompt"]):
                    raise InputError("pairs.header", path=path, line=line, header=",".join(row))
            elif row:
                if len(row) != len(columns):
                    expected = len(columns)
                    raise InputError("pairs.columns", path=path, line=line, count=len(row), expected=expected)
                texts = [row[number] for number in answers]
                yield line, row[columns.index("prompt")], [*texts[:1], *filter(None, texts[1:])] if texts else None
            line = rows.line_num + 1
    except csv.Error as error:
        raise InputError("pairs.csv", path=path, line=line, reason=str(error)) from error


class _Row(msgspec.Struct):
    prompt: Any = None
    target: Any = None


def _read_jsonl(path: Path, text: str) -> Iterator[Located]:
    decoder = msgspec.json.Decoder(_Row)
    for line, content in enumerate(text.split("\n"), start=1):
        if not content.strip():
            continue
        try:
            row = decoder.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InputError("pairs.jsonl", path=path, line=line, reason=str(error)) from error
        yield line, row.prompt, row.target


def _read_toml(path: Path, text: str) -> Iterator[Located]:
    document = parse_toml(path, text)
    tables = document.get("pairs")
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise InputError("pairs.no_tables", path=path)
    header = re.compile(r"\s*\[\[\s*pairs\s*\]\]")
    lines = [number for number, line in enumerate(text.split("\n"), start=1) if header.match(line)]
    for number, table in enumerate(tables):
        yield lines[number] if len(lines) == len(tables) else 1, table.get("prompt"), table.get("target")


_READERS = {".csv": _read_csv, ".jsonl": _read_jsonl, ".toml": _read_toml}

PAIR_SUFFIXES = tuple(_READERS)
