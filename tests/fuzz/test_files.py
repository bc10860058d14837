"""Mutants of files of text: targets, tasks, presets, app.json, and the lines of the worker's protocol."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from pgplay.app.state import saved_state
from pgplay.config.preset_file import read_preset
from pgplay.config.run_config import make_config
from pgplay.paths import shipped
from pgplay.tasks.pairs import read_pairs
from pgplay.tasks.target_file import read_target
from pgplay.worker.protocol.codec import decode_command, decode_event, encode
from pgplay.worker.protocol.commands import Start, Step
from tests.fuzz.mutants import accepted_or_refused, as_bytes, fuzzed, mutants
from tests.tasks.loading import load_task

CSV = ["prompt,target\nabc,cba\n\"a,b\",b\n", "prompt,target,target\na,b,c\r\nd,e,\n", "prompt\nabc\n"]
JSONL = ['{"prompt": "abc", "target": "cba"}\n{"prompt": "d", "target": ["e", "f"]}\n', '{"prompt": "x"}\n']
TOML = ['[[pairs]]\nprompt = "abc"\ntarget = "cba"\n\n[[pairs]]\nprompt = "d"\ntarget = ["e", "f"]\n']
PRESETS = [path.read_text(encoding="utf-8") for path in sorted(shipped("presets").glob("*.toml"))[:6]]
MEMORY = ['{"theme": "pgplay-dark", "shown": ["reward_mean"], "smoothing": 1, "logarithmic": ["entropy"]}', "{}"]
LINES = [
    encode(Start(config=make_config({"target": "hello", "lr": 0.1}), request=3)).decode(),
    encode(Step(count=None, until="reward>=0.9")).decode(),
]


@fuzzed
@given(content=mutants(["hello world\n", "naïve 床\nsecond line\n"]))
def test_targets(tmp_path: Path, content: str) -> None:
    path = tmp_path / "target.txt"
    path.write_bytes(as_bytes(content))
    accepted_or_refused(lambda: read_target(path))


@pytest.mark.parametrize(("ending", "seeds"), [("csv", CSV), ("jsonl", JSONL), ("toml", TOML)])
def test_tasks(tmp_path: Path, ending: str, seeds: list[str]) -> None:
    path = tmp_path / f"pairs.{ending}"

    @fuzzed
    @given(content=mutants(seeds))
    def check(content: str) -> None:
        path.write_bytes(as_bytes(content))
        accepted_or_refused(lambda: (read_pairs(path), load_task(make_config({"task": str(path), "held_out": 0.5}))))

    check()


@fuzzed
@given(content=mutants(PRESETS))
def test_presets(tmp_path: Path, content: str) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(as_bytes(content))
    accepted_or_refused(lambda: read_preset(path).config())


@fuzzed
@given(content=mutants(MEMORY))
def test_the_apps_session(home: Path, content: str) -> None:
    home.mkdir(exist_ok=True)
    (home / saved_state.STATE_FILE).write_bytes(as_bytes(content))
    accepted_or_refused(lambda: saved_state.described_problems(saved_state.load_saved_state().problems).encode())


@fuzzed
@given(line=mutants(LINES))
def test_lines_of_the_protocol(line: str) -> None:
    for decode in (decode_command, decode_event):
        accepted_or_refused(lambda decode=decode: decode(as_bytes(line)))
