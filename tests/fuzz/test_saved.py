"""Mutants of files that pgplay saved and somebody may have changed: exported policies, their cards, checkpoints."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pgplay.library.archive import export_policy, import_policy
from pgplay.library.policies import delete_policy, save_policy
from pgplay.library.policy_card import PolicyCard, decode_card, encode_card
from pgplay.policies.spec import FreshSpec
from pgplay.runs.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from pgplay.tasks.task import single_target
from tests.fuzz.mutants import accepted_or_refused, byte_mutants, fuzzed
from tests.weights import weights

VALUES: list[Any] = [
    *(None, True, 0, -5, 2**63, 10**400, 1e308, "", "a" * 5000, "\ud800", "\x1b[31m", "notes.py", [], [[]], {}),
    *({"a": {}}, ["x"] * 100, "2024-01-01", "gru-nano", "../up"),
]
CARD = PolicyCard(
    name="a",
    shape=FreshSpec("gru-nano", "abc", 6),
    task=single_target("abc"),
    reward="levenshtein",
    config={"target": "abc"},
    metrics={"greedy_reward": 0.5},
)


@st.composite
def changed_cards(draw: st.DrawFn) -> bytes:
    """A card with one of its values replaced, added or removed, signed as a careful attacker would."""
    content = json.loads(encode_card(CARD))
    del content["checksum"]
    holder = draw(st.sampled_from([content, *(value for value in content.values() if isinstance(value, dict))]))
    key = draw(st.sampled_from([*holder, "another"]))
    holder.pop(key, None)
    if draw(st.integers(0, 5)):
        holder[key] = draw(st.sampled_from(VALUES))
    checksum = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return json.dumps({**content, "checksum": checksum}).encode()


@fuzzed
@given(data=st.one_of(changed_cards(), byte_mutants([encode_card(CARD)])))
def test_cards_of_policies(data: bytes) -> None:
    accepted_or_refused(lambda: encode_card(decode_card(data, "The card")))


def test_exported_policies(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "mutant.pgplay"
    save_policy(CARD, weights(CARD))
    whole = export_policy("a", tmp_path / "whole.pgplay").read_bytes()
    start, middle, end = whole[:2000], whole[2000:-600], whole[-600:]  # the card, tensors, the directory of the zip

    @fuzzed
    @given(parts=st.tuples(byte_mutants([start]) | st.just(start), byte_mutants([end]) | st.just(end)))
    def check(parts: tuple[bytes, bytes]) -> None:
        path.write_bytes(parts[0] + middle + parts[1])
        accepted_or_refused(lambda: delete_policy(import_policy(path, "mutant").name))

    check()


def test_checkpoints(tmp_path: Path) -> None:
    import torch

    save_checkpoint(tmp_path, Checkpoint({"w": torch.arange(6.0).reshape(2, 3)}, {"step": 3, "settings": {}}))
    (document,) = (tmp_path / "checkpoints").glob("*.json")
    (tensors,) = (tmp_path / "checkpoints").glob("*.safetensors")
    written, numbers = document.read_bytes(), tensors.read_bytes()

    @fuzzed
    @given(state=byte_mutants([written]), data=byte_mutants([numbers]), both=st.booleans())
    def check(state: bytes, data: bytes, both: bool) -> None:
        document.write_bytes(state)
        tensors.write_bytes(data if both else numbers)
        accepted_or_refused(lambda: load_checkpoint(tmp_path))

    check()
