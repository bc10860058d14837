"""Prompts and targets from a .csv, .jsonl or .toml file; any other text file is a single target."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

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
    read = _READERS.get(path.suffix.lower())
    if read is None:
        return single_target(read_target(path)).training
    pairs: dict[str, tuple[int, Pair]] = {}
    for line, prompt, answers in read(path, read_text(path, PAIRS_LIMIT)):
        pair = _check(path, line, prompt, answers)
        first_line, first = pairs.setdefault(pair.prompt, (line, pair))
        if first != pair:
            raise InputError(
                f"{path}:{line}: the prompt {shown(pair.prompt)} has another target on line {first_line}.",
                "Give each prompt once; several right answers go into one row.",
            )
    if not pairs:
        raise InputError(f"{path} has no pairs.", "Give at least one prompt and target.")
    if any(pair.target for _, pair in pairs.values()):
        for line, pair in pairs.values():
            if not pair.target:
                _refuse(path, line, "the target is missing", "Give every pair a prompt and a target.")
    return tuple(pair for _, pair in pairs.values())


def _check(path: Path, line: int, prompt: Any, answers: Any) -> Pair:
    if prompt is None:
        _refuse(path, line, "the prompt is missing", "Give every pair a prompt and a target.")
    given = answers if isinstance(answers, list) else [] if answers is None else [answers]
    for name, value in (("prompt", prompt), *(("target", answer) for answer in given)):
        if not isinstance(value, str):
            _refuse(path, line, f"the {name} is not a text: {shown(value)}", "Put it in quotation marks.")
        if not value.isprintable():
            check_text(value, f"{path}:{line}: the {name}")
    if answers is not None and not all(given or [""]):
        _refuse(path, line, "the target is empty", "Give it some text.")
    target, *others = dict.fromkeys(given or [""])
    return Pair(prompt, target, tuple(others))


def _refuse(path: Path, line: int, problem: str, remedy: str) -> NoReturn:
    raise InputError(f"{path}:{line}: {problem}.", remedy)


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
                    header = shown(",".join(row))
                    _refuse(path, line, f"the header is {header}", "The first line must be: prompt,target.")
            elif row:
                if len(row) != len(columns):
                    problem = f"{len(row)} columns where the header has {len(columns)}"
                    _refuse(path, line, problem, "Put a text with a comma in quotation marks.")
                texts = [row[number] for number in answers]
                yield line, row[columns.index("prompt")], [*texts[:1], *filter(None, texts[1:])] if texts else None
            line = rows.line_num + 1
    except csv.Error as error:
        raise InputError(f"{path}:{line}: {error}.", "Close quotation marks; double those in a text.") from error


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
            raise InputError(
                f"{path}:{line}: this is not a pair: {error}.", 'Write each line as {"prompt": "abc", "target": "cba"}.'
            ) from error
        yield line, row.prompt, row.target


def _read_toml(path: Path, text: str) -> Iterator[Located]:
    document = parse_toml(path, text)
    tables = document.get("pairs")
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise InputError(f"{path} has no tables [[pairs]].", "Give each pair a [[pairs]] with prompt and target.")
    header = re.compile(r"\s*\[\[\s*pairs\s*\]\]")
    lines = [number for number, line in enumerate(text.split("\n"), start=1) if header.match(line)]
    for number, table in enumerate(tables):
        yield lines[number] if len(lines) == len(tables) else 1, table.get("prompt"), table.get("target")


_READERS = {".csv": _read_csv, ".jsonl": _read_jsonl, ".toml": _read_toml}

PAIR_SUFFIXES = tuple(_READERS)
