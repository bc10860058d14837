"""The process that reads a task of another package and keeps its pairs: `python -m pgplay.tasks.outside_reader`.

Its standard input is a JSON object with `task` and `download` (whether the network may be used); its last line of
output is one too: the numbers of pairs, or an `error` as a code with its values. No code of a data set ever runs:
`datasets` has had no such data sets since version 4, which is the first that is taken.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from pgplay.errors import InputError, PgplayError, UnknownName
from pgplay.files.atomic import write_atomically
from pgplay.files.text import check_text
from pgplay.paths import make_folder
from pgplay.tasks.outside import GYM_ENTRY, HELD_OUT_MARK, MOST_PROMPTS, SOURCES, OutsideTask, as_values, outside_task

_COUNT = 1000
"""Default number of prompts of a reasoning-gym task, and the most that are made with another seed to be held out."""

OTHER_SEED = 1_000_003
"""What the seed of held-out prompts is further on: entry N of a seed is entry N - 1 of the next one."""

LEAST_NEW = 0.1
"""Share of the prompts that another seed must add; of a small task it repeats most, so held-out ones are split off."""

_Row = dict[str, Any]

_FORMATS = {".parquet": "parquet", ".csv": "csv", ".json": "json", ".jsonl": "json", ".arrow": "arrow", ".txt": "text"}


def read_outside(task: OutsideTask, *, download: bool) -> dict[str, int]:
    """Read `task`, keep its pairs, and return how many there are and how many rows had none.

    Raises InputError for a package that is missing, and for what it does not have.
    """
    package = SOURCES[task.source].package
    if not download:
        os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1")
    try:
        library = importlib.import_module(package.replace("-", "_"))
    except ImportError as error:
        raise InputError("outside.lacks_package", field="task", package=package, reason=str(error)) from error
    read = _read_gym if task.source == "reasoning-gym" else _read_data_set
    rows, left_out = _distinct(read(library, task), task)
    if not any(HELD_OUT_MARK not in row for row in rows):
        raise InputError("outside.no_pairs", field="task", task=task.text, left_out=left_out)
    trained_on = [row for row in rows if HELD_OUT_MARK not in row]
    if task.source == "reasoning-gym" and len(rows) - len(trained_on) < LEAST_NEW * len(trained_on):
        rows = trained_on
    encode = msgspec.json.Encoder().encode
    make_folder(task.kept.parent)
    write_atomically(task.kept, (encode(row) + b"\n" for row in rows))
    return {"pairs": len(trained_on), "held_out": len(rows) - len(trained_on), "left_out": left_out}


def _distinct(rows: Iterable[_Row], task: OutsideTask) -> tuple[list[_Row], int]:
    """Return the rows that are pairs, the first of each prompt, and the number of the others."""
    prompt, (target,) = task.columns.prompt, task.columns.answers
    kept: dict[str, _Row] = {}
    left_out = 0
    for row in rows:
        answers = row.get(target) or []
        texts = [row[prompt], *(answers if isinstance(answers, list) else [answers])]
        if not all(map(_is_text, texts)) or not all(texts) or row[prompt] in kept:
            left_out += 1
        else:
            kept[row[prompt]] = row
    has_targets = any(row.get(target) for row in kept.values())
    pairs = [row for row in kept.values() if row.get(target) or not has_targets]
    return pairs, left_out + len(kept) - len(pairs)


def _is_text(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        check_text(value)
    except InputError:
        return False
    return True


# reasoning-gym


def _read_gym(library: Any, task: OutsideTask) -> Iterator[_Row]:
    factory = importlib.import_module("reasoning_gym.factory")
    if task.name not in factory.DATASETS:
        raise UnknownName("gym_task", task.name, factory.DATASETS, field="task")
    options = as_values(dict(task.options))
    count, seed = options.pop("count", _COUNT), options.pop("seed", 0)
    assert isinstance(count, int)
    assert isinstance(seed, int)
    _, config = factory.DATASETS[task.name]
    known = [field.name for field in dataclasses.fields(config) if field.name not in ("seed", "size")]
    for name in options:
        if name not in known:
            raise UnknownName("parameter", name, [*known, "count", "seed"], of=task.name, field="task")
    for held_out, size in ((False, count), (True, min(count, _COUNT))):
        own_seed = seed + OTHER_SEED * held_out
        entry = {"name": task.name, "options": options, "seed": own_seed, "size": size}
        try:
            data = library.create_dataset(task.name, seed=own_seed, size=size, **options)
            for index in range(size):
                made = data[index]
                row = {"prompt": made["question"], GYM_ENTRY: json.dumps({**entry, "index": index})}
                answer = {} if made["answer"] is None else {"target": str(made["answer"])}
                yield row | answer | ({HELD_OUT_MARK: True} if held_out else {})
        except (AssertionError, TypeError, ValueError, AttributeError, IndexError) as error:
            reason = str(error) or type(error).__name__
            raise InputError("outside.refused", field="task", task=task.text, reason=reason) from error


# datasets


def _read_data_set(library: Any, task: OutsideTask) -> Iterator[_Row]:
    options = dict(task.options)
    splits = _load(library, task, options)
    left = int(options.get("count", MOST_PROMPTS))
    yield from _rows(_split(splits, options.get("split", "train"), task), task, left)
    if "held_out_split" in options:
        for row in _rows(_split(splits, options["held_out_split"], task), task, left):
            yield {**row, HELD_OUT_MARK: True}


def _load(library: Any, task: OutsideTask, options: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the splits of the data set; raises InputError."""
    try:
        loaded = (
            _from_disk(library, task.local)
            if task.local
            else library.load_dataset(task.name, options.get("config"), revision=options.get("revision"))
        )
    except InputError:
        raise
    except Exception as error:
        reason = str(error).strip().partition("\n")[0]
        if task.local is None and _is_absent(error):
            raise InputError("outside.not_cached", field="task", name=task.name, task=task.text) from error
        if task.local is None and isinstance(error, library.exceptions.DatasetNotFoundError):
            raise InputError("outside.unknown_data_set", field="task", name=task.name) from error
        if task.local is None and isinstance(error, OSError):
            raise InputError("outside.no_network", field="task") from error
        raise InputError("outside.refused", field="task", task=task.text, reason=reason) from error
    return loaded if isinstance(loaded, Mapping) else {"train": loaded}


def _is_absent(error: Exception) -> bool:
    """Whether the data set is not in the cache, and the network may not be used."""
    if os.environ.get("HF_HUB_OFFLINE") != "1":
        return False
    return "ffline" in f"{type(error).__name__} {error}" or isinstance(error, ConnectionError | FileNotFoundError)


def _from_disk(library: Any, path: Path) -> Any:
    if not path.exists():
        raise InputError("file.missing", field="task", path=path)
    if path.is_dir():
        is_saved = any((path / name).is_file() for name in ("dataset_dict.json", "dataset_info.json"))
        return library.load_from_disk(str(path)) if is_saved else library.load_dataset(str(path))
    if path.suffix.lower() not in _FORMATS:
        raise UnknownName("format", path.suffix.lower(), _FORMATS, field="task")
    return library.load_dataset(_FORMATS[path.suffix.lower()], data_files=str(path))


def _size(task: OutsideTask) -> int:
    """Return the size in bytes of all files of a data set of the Hub."""
    try:
        hub: Any = importlib.import_module("huggingface_hub")
    except ImportError as error:
        package = SOURCES[task.source].package
        raise InputError("outside.lacks_package", field="task", package=package, reason=str(error)) from error
    try:
        info = hub.HfApi().dataset_info(task.name, revision=dict(task.options).get("revision"), files_metadata=True)
    except (hub.errors.RepositoryNotFoundError, hub.errors.HFValidationError) as error:
        raise InputError("outside.unknown_data_set", field="task", name=task.name) from error
    except Exception as error:
        raise InputError("outside.no_network", field="task") from error
    return sum(file.size or 0 for file in info.siblings or ())


def _split(splits: Mapping[str, Any], name: str, task: OutsideTask) -> Any:
    if name in splits:
        return splits[name]
    if "split" not in dict(task.options) and len(splits) == 1 and name == "train":
        return next(iter(splits.values()))
    raise UnknownName("split", name, splits, of=task.name, field="task")


def _rows(data: Any, task: OutsideTask, most: int) -> Iterator[_Row]:
    """Yield the rows of a split: its prompt and its answers as texts, and the further columns that are plain."""
    prompt, (target,) = task.columns.prompt, task.columns.answers
    columns = list(data.column_names)
    asked = [prompt, *([target] if target in dict(task.options).values() else [])]
    for name in asked:
        if name.partition(".")[0] not in columns:
            raise UnknownName("column", name, columns, of=task.name, field="task")
    used = {name.partition(".")[0] for name in (prompt, target)}
    plain = [name for name in columns if name in used or _is_plain(data.features[name])]
    for number, row in enumerate(data.select_columns(plain)):
        if number >= most:
            return
        further = {name: value for name, value in row.items() if name not in used}
        answers = _text(_inner(row, target))
        yield {**further, prompt: _text(_inner(row, prompt))} | ({} if answers is None else {target: answers})


def _is_plain(feature: Any) -> bool:
    """Whether a column holds numbers or texts; pictures and sounds stay out."""
    return "binary" not in str(getattr(feature, "dtype", "binary")) and type(feature).__name__ == "Value"


def _inner(row: Mapping[str, Any], name: str) -> Any:
    """Return a column's value; `answers.text` is the field `text` of the column `answers`."""
    value: Any = row
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _text(value: Any) -> Any:
    """Return a value as text, a list of them as texts; None stays None."""
    if isinstance(value, list | tuple):
        return list(dict.fromkeys(str(item) for item in value))
    return None if value is None else str(value)


def _main() -> int:
    request = json.loads(sys.stdin.readline())
    task = outside_task(request["task"])
    assert task is not None
    try:
        is_size = request.get("size", False)
        answer: dict[str, Any] = (
            {"size": _size(task)} if is_size else read_outside(task, download=request["download"])
        )
    except PgplayError as error:
        answer = {"error": [error.code, error.values]}
    print(json.dumps(answer))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(_main())
