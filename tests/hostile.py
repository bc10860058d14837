"""Text that would steer a terminal, in everything that other people may send: policies, runs, presets."""

from __future__ import annotations

import hashlib
import json
import math
import re
import struct
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from pgplay.config.run_config import make_config, to_settings
from pgplay.learning.reports.step_report import Sample, StepReport
from pgplay.library.policies import CARD, TENSORS
from pgplay.library.policy_card import PolicyCard, encode_card
from pgplay.paths import policies_folder
from pgplay.policies.spec import FreshSpec
from pgplay.runs.checkpoint_files import keep_last, write_checkpoint
from pgplay.runs.store import RunStore
from pgplay.tasks.task import Pair, Task
from tests.weights import learner_state, weights

HOSTILE = "a\x1b]0;owned\x07[@click=app.quit][b\x1b[2J\x9b31m\u202ec\u2066\x7f\x85"
STEERS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
TASKS = {
    "task name": Task(HOSTILE, (Pair("", "ab"), Pair("a", "b"))),
    "target": Task("", (Pair("", HOSTILE),)),
    "prompts": Task("pairs", (Pair(HOSTILE, HOSTILE, others=(HOSTILE,)), Pair("b", HOSTILE)), (Pair("c", HOSTILE),)),
}
CARDS: dict[str, dict[str, Any]] = {
    **{what: {"task": task} for what, task in TASKS.items()},
    "name": {"name": HOSTILE},
    "model": {"shape": FreshSpec(HOSTILE, "abc", 4)},
    "alphabet": {"shape": FreshSpec("gru-nano", "".join(sorted(set(HOSTILE))), 4)},
    "bidi alphabet": {"shape": FreshSpec("gru-nano", "abc\u202e\u2066", 4)},
    "tokenizer": {"shape": FreshSpec("gru-nano", "abc", 4, HOSTILE)},
    "reward": {"reward": HOSTILE},
    "formula": {"reward": f'contains("{HOSTILE}")'},
    "config value": {"config": {"reward": HOSTILE, "target": HOSTILE, "warm_text": HOSTILE}},
    "config name": {"config": {HOSTILE: 1}},
    "recipe": {"recipe": HOSTILE},
    "source": {"reward": "mine.py", "reward_source": f"def reward(text):  # {HOSTILE}\n    raise ValueError(text)\n"},
    "metrics": {"metrics": {HOSTILE: 1.0, "reward_mean": 0.5}},
    "versions": {"versions": {HOSTILE: HOSTILE}},
    "created": {"created": HOSTILE},
}
"""The hostile fields of a policy's card, by what is hostile."""


def policy_files(what: str) -> tuple[bytes, bytes]:
    """Return card and tensors of a policy whose `what` is hostile, with the right hash and checksum."""
    fields = {
        "name": "theirs", "shape": FreshSpec("gru-nano", "abc", 4),
        "task": Task("", (Pair("", "ab"),)), "reward": "levenshtein", "metrics": {"reward_mean": 0.5}, "steps": 3,
    }  # fmt: skip
    card = PolicyCard(**(fields | CARDS.get(what, {})))  # type: ignore[arg-type]
    sound = msgspec.structs.replace(card, shape=FreshSpec("gru-nano", card.shape.alphabet, 4))
    tensors = renamed(weights(sound)) if what == "tensors" else weights(sound)
    digest = hashlib.sha256(tensors).hexdigest()
    return encode_card(msgspec.structs.replace(card, sha256=digest, size=len(tensors))), tensors


def renamed(tensors: bytes) -> bytes:
    """Return `tensors` with a hostile name instead of the first."""
    (length,) = struct.unpack("<Q", tensors[:8])
    header = json.loads(tensors[8 : 8 + length])
    first = next(iter(header))
    encoded = json.dumps({HOSTILE: header.pop(first), **header}).encode()
    return struct.pack("<Q", len(encoded)) + encoded + tensors[8 + length :]


def keep_policy(what: str) -> str:
    """Store a policy whose `what` is hostile, as somebody with access to the home could; return its name."""
    name = HOSTILE if what == "name" else "theirs"
    folder = policies_folder() / name
    folder.mkdir(parents=True)
    for file, content in zip((CARD, TENSORS), policy_files(what), strict=True):
        (folder / file).write_bytes(content)
    return name


def keep_run(name: str = "theirs", roles: tuple[str, ...] = ("greedy", "best")) -> str:
    """Store a run in which every text is hostile, its samples with these `roles`; return its name."""
    config = make_config({"target": "ab", "reward": f'contains("{HOSTILE}")'})
    with RunStore.create(config, "made") as store:
        for step in range(1, 4):
            samples = tuple(
                Sample(role, HOSTILE, HOSTILE, HOSTILE, 0.5, step, True, tuple(HOSTILE))  # type: ignore[arg-type]
                for role in roles
            )
            metrics = {"reward_mean": step / 4, f"part:{HOSTILE}": 0.5, "entropy": math.exp(-step)}
            store.record(StepReport(step, step / 50, step * 64, metrics, samples, False))
            tensors, state = learner_state(config.algorithm, step)
            write_checkpoint(store.folder, tensors, {**state, "settings": to_settings(config)}, "last")
            keep_last(store.folder)
        store.event(2, HOSTILE, (HOSTILE, {HOSTILE: HOSTILE}))
        store.change_event(3, {"reward": HOSTILE, HOSTILE: HOSTILE})
        store.finish("failed", ("error.text", {"text": HOSTILE}))
        folder = store.folder
    folder.rename(folder.with_name(name))
    return name


def preset_text() -> str:
    """Return a preset in which every text is hostile."""
    escaped = "".join(f"\\u{ord(character):04x}" for character in HOSTILE)
    lines = (
        f'title = "{escaped}"\nteaches = "{escaped}"\n[settings]\ntarget = "{escaped}"\nwarm_text = "{escaped}"\n'
        f'reward = "contains(\\"{escaped}\\")"\n'
    )
    tomllib.loads(lines)
    return lines


def keep_preset(home: Path) -> str:
    """Save that preset among the user's own, under a hostile name; return it."""
    folder = home / "presets"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{HOSTILE}.toml").write_text(preset_text())
    return HOSTILE
