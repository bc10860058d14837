"""Stand-ins for reasoning-gym and datasets, as small as what pgplay uses of them, written as packages to import."""

from __future__ import annotations

from pathlib import Path

GYM = '''
from reasoning_gym.factory import DATASETS


def create_dataset(name, **config):
    kind, settings = DATASETS[name]
    return kind(settings(**config))
'''

GYM_FACTORY = '''
from dataclasses import dataclass


@dataclass
class Config:
    most: int = 1000
    words: list[str] = ("plus", "and")
    seed: int = 0
    size: int = 500

    def __post_init__(self):
        assert self.most > 0, "most must be positive"


class Sums:
    def __init__(self, config):
        self.config = config

    def __getitem__(self, index):
        first = (self.config.seed * 10_000 + index) % self.config.most
        question = f"{first} {self.config.words[0]} 1"
        return {"question": question, "answer": str(first + 1), "metadata": {"sum": first + 1}}

    def score_answer(self, answer, entry):
        return 1.0 if int(answer) == entry["metadata"]["sum"] else 0.25


DATASETS = {"sums": (Sums, Config), "chain_sum": (Sums, Config)}
'''

DATA_SETS = '''
import json
import os
from types import SimpleNamespace

class DatasetsError(Exception): ...
class DatasetNotFoundError(DatasetsError, FileNotFoundError): ...

exceptions = SimpleNamespace(DatasetsError=DatasetsError, DatasetNotFoundError=DatasetNotFoundError)

class Value:
    dtype = "string"

class Image:
    dtype = "PIL.Image.Image"

class Struct:
    dtype = "struct"

class Dataset:
    def __init__(self, rows):
        self.rows = rows
        self.column_names = list(rows[0])
        kinds = {"picture": Image(), "answer": Struct()}
        self.features = {name: kinds.get(name, Value()) for name in self.column_names}

    def select_columns(self, names):
        return Dataset([{name: row[name] for name in names} for row in self.rows])

    def __iter__(self):
        return iter(self.rows)

ROWS = [{"question": f"q{number // 2 * 2}", "answer": {"text": [f"a{number}", "yes"]}, "level": number, "picture": b""}
        for number in range(20)]

def load_dataset(name, config=None, revision=None, data_files=None):
    if data_files is not None:
        with open(data_files) as file:
            return {"train": Dataset([json.loads(line) for line in file])}
    if os.environ.get("HF_HUB_OFFLINE") == "1" and name != "org/cached":
        raise ConnectionError("Couldn't reach the Hub: offline mode is enabled.")
    if name == "org/unknown":
        raise DatasetNotFoundError("Dataset doesn't exist")
    if name == "org/unreachable":
        raise ConnectionError("no network")
    if config == "broken":
        raise ValueError("BuilderConfig 'broken' not found. Available: ['main']")
    return {"train": Dataset(ROWS), "test": Dataset([{**row, "question": "t" + row["question"]} for row in ROWS[:6]])}
'''


def write_packages(folder: Path) -> Path:
    """Write both stand-ins into `folder` and return it."""
    for package, files in {
        "reasoning_gym": {"__init__.py": GYM, "factory.py": GYM_FACTORY},
        "datasets": {"__init__.py": DATA_SETS},
    }.items():
        (folder / package).mkdir(parents=True)
        for name, text in files.items():
            (folder / package / name).write_text(text, encoding="utf-8")
    return folder
