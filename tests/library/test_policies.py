import hashlib
import io
import json
import math
import os
import signal
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from pgplay.errors import InputError, PgplayError
from pgplay.library.archive import export_policy, import_policy
from pgplay.library.policies import (
    BrokenPolicy,
    check_policy_name,
    delete_policy,
    hiding_policies,
    list_policies,
    load_policy,
    policy_tensors,
    read_policy,
    rename_policy,
    save_policy,
    shipped_policies,
)
from pgplay.library.policy_card import FORMAT_VERSION, PolicyCard, decode_card, encode_card
from pgplay.policies.spec import FreshSpec
from pgplay.tasks.task import Pair, Task
from tests.weights import weights


def make_card(name: str = "first", **changes: Any) -> PolicyCard:
    shape = {"model": "gru-nano", "alphabet": "ab é月", "max_length": 12}
    shape |= {part: changes.pop(part) for part in shape if part in changes}
    return PolicyCard(
        **{
            "name": name, "shape": FreshSpec(**shape), "reward": "my.py:rhymes",
            "task": Task("pairs", (Pair("q", "a\nb"),), (Pair("", "月"),)), "config": {"lr": 0.1, "measure": ["exact"]},
            "recipe": "lr=0.1", "reward_source": "def rhymes(text, target):\n    return 1.0\n",
            "metrics": {"reward_mean": 1 / 3}, "steps": 40, "versions": {"torch": "2.13.0"}, **changes,
        }
    )  # fmt: skip


def make_tensors(number: int) -> bytes:
    return weights(make_card(), number)


TENSORS = make_tensors(0)

WRITER = """
import sys
from pgplay.library.policies import save_policy
from pgplay.policies.spec import FreshSpec
from tests.library.test_policies import make_card, make_tensors
number = int(sys.argv[1])
while True:
    print(number, flush=True)
    save_policy(make_card("shared", steps=number), make_tensors(number), replace=True)
    number += 2
    if number > int(sys.argv[2]):
        break
"""


def names() -> list[str]:
    return [policy.name for policy in list_policies()]


def test_a_saved_policy_survives_a_round_trip() -> None:
    saved = save_policy(make_card("你好 policy"), TENSORS)
    assert read_policy("你好 policy") == saved
    assert policy_tensors("你好 policy") == TENSORS
    assert msgspec.structs.replace(saved, created="", sha256="", size=0) == make_card("你好 policy")
    assert (saved.sha256, saved.size) == (hashlib.sha256(TENSORS).hexdigest(), len(TENSORS))


def test_non_finite_metrics_are_left_out() -> None:
    save_policy(make_card(metrics={"loss": float("nan"), "entropy": 0.5}), TENSORS)
    assert read_policy("first").metrics == {"entropy": 0.5}


def test_the_library_is_empty_at_first_and_lists_the_newest_first(home: Path) -> None:
    assert list_policies() == []
    assert not home.exists()
    for name, created in (("old", "2026-01-01T00:00:00+00:00"), ("new", ""), ("older", "2025-01-01T00:00:00+00:00")):
        save_policy(make_card(name, created=created), TENSORS)
    assert names() == ["new", "old", "older"]


def test_a_taken_name_is_refused_unless_replaced() -> None:
    save_policy(make_card(), TENSORS)
    for name in ("first", "First"):
        with pytest.raises(InputError, match="already a policy called 'first'"):
            save_policy(make_card(name), TENSORS)
    save_policy(make_card(steps=7), make_tensors(7), replace=True)
    assert read_policy("first").steps == 7
    assert policy_tensors("first") == make_tensors(7)


def test_rename_and_delete() -> None:
    save_policy(make_card("a"), TENSORS)
    save_policy(make_card("b"), TENSORS)
    rename_policy("a", "c")
    rename_policy("c", "C")
    assert read_policy("C").name == "C"
    with pytest.raises(InputError, match="already a policy"):
        rename_policy("C", "B")
    with pytest.raises(InputError, match="cannot be the name"):
        rename_policy("C", "../C")
    delete_policy("b")
    assert names() == ["C"]


@pytest.mark.parametrize(
    "use",
    [
        read_policy,
        policy_tensors,
        delete_policy,
        lambda name: rename_policy(name, "x"),
        lambda name: export_policy(name, "x"),
    ],
)
@pytest.mark.parametrize("name", ["frist", "../policies/first", ".lock", ""])
def test_an_unknown_policy_is_reported(use: Callable[[str], object], name: str) -> None:
    save_policy(make_card(), TENSORS)
    with pytest.raises(InputError, match="There is no policy called"):
        use(name)
    assert names() == ["first"]


def edit_card(folder: Path, **changes: Any) -> None:
    content = json.loads((folder / "policy.json").read_bytes())
    (folder / "policy.json").write_text(json.dumps({**content, **changes}))


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "truncated tensors": (lambda folder: os.truncate(folder / "policy.safetensors", 40), "40 bytes"),
    "edited tensors": (lambda folder: (folder / "policy.safetensors").write_bytes(TENSORS[:-1] + b"!"), "was changed"),
    "no tensors": (lambda folder: (folder / "policy.safetensors").unlink(), "has no policy.safetensors"),
    "truncated card": (lambda folder: os.truncate(folder / "policy.json", 100), "cut short"),
    "no card": (lambda folder: (folder / "policy.json").unlink(), "has no policy.json"),
    "edited card": (lambda folder: edit_card(folder, max_length=13), "was changed"),
    "newer": (lambda folder: edit_card(folder, format_version=FORMAT_VERSION + 1), "newer pgplay"),
    "a list": (lambda folder: (folder / "policy.json").write_text("[]"), "not a policy's card"),
    "deep": (lambda folder: (folder / "policy.json").write_text("[" * 100_000), "cut short or changed"),
    "a folder": (lambda folder: ((folder / "policy.json").unlink(), (folder / "policy.json").mkdir()), "has no policy"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_policy_is_reported_and_can_be_deleted(home: Path, damage: str) -> None:
    save_policy(make_card("good"), TENSORS)
    save_policy(make_card("bad"), TENSORS)
    harm, words = DAMAGES[damage]
    harm(home / "policies" / "bad")
    with pytest.raises(PgplayError, match=words) as caught:
        read_policy("bad")
    assert "bad" in caught.value.problem
    assert caught.value.remedy
    if damage != "edited tensors":  # the list trusts the size, for speed
        assert isinstance(list_policies()[-1], BrokenPolicy)
    assert sorted(names()) == ["bad", "good"]
    delete_policy("bad")
    assert names() == ["good"]


def test_shipped_policies_are_listed_apart_and_their_names_are_taken(tmp_path: Path) -> None:
    assert [card.name for card in shipped_policies()] == ["english"]
    save_policy(make_card("mine"), TENSORS)
    file = export_policy("mine", tmp_path)
    takers: tuple[Callable[[str], object], ...] = (
        lambda name: save_policy(make_card(name), TENSORS),
        lambda name: save_policy(make_card(name), TENSORS, replace=True),
        lambda name: rename_policy("mine", name),
        lambda name: import_policy(file, name),
        check_policy_name,
    )
    for take in takers:
        for name in ("english", "English"):
            with pytest.raises(InputError, match="'english' ships with pgplay"):
                take(name)
    assert names() == ["mine"]


def test_an_older_policy_that_hides_a_shipped_one_opens_and_is_reported(home: Path) -> None:
    save_policy(make_card("mine"), TENSORS)
    (home / "policies" / "mine").rename(home / "policies" / "english")
    assert hiding_policies() == ["english"]
    assert shipped_policies() == []
    assert read_policy("english").model == "gru-nano"
    save_policy(make_card("english", steps=9), TENSORS, replace=True)
    assert read_policy("english").steps == 9
    rename_policy("english", "mine")
    assert (hiding_policies(), [card.name for card in shipped_policies()]) == ([], ["english"])


@pytest.mark.parametrize("typed", ["cafe\u0301", "caf\u00e9"])
def test_a_name_is_found_however_its_accents_are_typed(tmp_path: Path, typed: str) -> None:
    assert save_policy(make_card("cafe\u0301"), TENSORS).name == "caf\u00e9"
    assert read_policy(typed).name == "caf\u00e9"
    assert export_policy(typed, tmp_path).name == "caf\u00e9.pgplay"
    rename_policy(typed, f"{typed} 2")
    delete_policy(f"{typed} 2")
    assert names() == []


def test_the_check_before_training_refuses_what_saving_refuses() -> None:
    save_policy(make_card("one"), TENSORS)
    assert check_policy_name("one", replace=True) == "one"
    for name, replace in (("one", False), ("ONE", False), ("ONE", True)):
        with pytest.raises(InputError, match="already a policy called 'one'") as before:
            check_policy_name(name, replace)
        with pytest.raises(InputError) as after:
            save_policy(make_card(name), TENSORS, replace)
        assert str(before.value) == str(after.value)


@pytest.mark.parametrize("tensors", [b"", b"garbage", TENSORS[:-1], TENSORS + b"!", b"\xff" * 100])
def test_bytes_that_are_no_safetensors_are_never_saved(tensors: bytes) -> None:
    with pytest.raises(PgplayError, match="cannot be read"):
        save_policy(make_card(), tensors)
    assert list_policies() == []


@given(st.binary(max_size=200))
def test_any_bytes_are_a_card_or_a_readable_error(data: bytes) -> None:
    with pytest.raises(PgplayError):
        decode_card(data, "it")


def mutate(data: bytes, edits: list[tuple[int, int]], length: int) -> bytes:
    changed = bytearray(data)
    for place, value in edits:
        changed[place % len(changed)] = value
    return bytes(changed[: length % (len(changed) + 1)] if length else changed)


mutations = st.tuples(
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=4), st.just(0) | st.integers(0, 10_000)
)


@given(mutations)
def test_a_card_changed_anywhere_is_reported_or_means_the_same(mutation: tuple[list[tuple[int, int]], int]) -> None:
    data = encode_card(make_card())
    try:
        card = decode_card(mutate(data, *mutation), "it")
    except PgplayError:
        return
    assert card == make_card()


@given(mutation=mutations)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_a_file_changed_anywhere_is_refused_or_imports_the_same(
    tmp_path: Path, mutation: tuple[list[tuple[int, int]], int]
) -> None:
    whole = tmp_path / "whole.pgplay"
    if not whole.exists():
        save_policy(make_card(), TENSORS)
        export_policy("first", whole)
    changed = tmp_path / "changed.pgplay"
    changed.write_bytes(mutate(whole.read_bytes(), *mutation))
    try:
        import_policy(changed, "second")
    except PgplayError:
        assert names() == ["first"]
        return
    assert policy_tensors("second") == TENSORS
    assert msgspec.structs.replace(read_policy("second"), name="first") == read_policy("first")
    delete_policy("second")


def test_a_policy_is_exported_as_one_file(tmp_path: Path) -> None:
    save_policy(make_card(), TENSORS)
    file = export_policy("first", tmp_path / "gift")
    assert file == tmp_path / "gift.pgplay"
    assert export_policy("first", tmp_path) == tmp_path / "first.pgplay"
    assert file.read_bytes() == (tmp_path / "first.pgplay").read_bytes()
    with pytest.raises(InputError, match="already a policy"):
        import_policy(file)
    original = read_policy("first")
    delete_policy("first")
    assert import_policy(file) == original
    assert import_policy(str(file), "other").name == "other"
    assert load_policy("other") == (msgspec.structs.replace(original, name="other"), TENSORS)


def test_a_renamed_policy_is_exported_under_its_new_name(tmp_path: Path) -> None:
    save_policy(make_card("a"), TENSORS)
    rename_policy("a", "b")
    assert import_policy(export_policy("b", tmp_path), "c").name == "c"
    delete_policy("b")
    assert import_policy(tmp_path / "b.pgplay").name == "b"


def test_a_file_is_overwritten_only_on_request(tmp_path: Path) -> None:
    save_policy(make_card(), TENSORS)
    (tmp_path / "x.pgplay").write_text("mine")
    with pytest.raises(InputError, match="already a file"):
        export_policy("first", tmp_path / "x.pgplay")
    assert (tmp_path / "x.pgplay").read_text() == "mine"
    export_policy("first", tmp_path / "x.pgplay", overwrite=True)
    assert import_policy(tmp_path / "x.pgplay", "second").steps == 40
    with pytest.raises(InputError, match="no folder"):
        export_policy("first", tmp_path / "nowhere" / "x.pgplay")


def make_zip(members: list[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def encoded_card(**changes: Any) -> bytes:
    return encode_card(
        make_card(**{"sha256": hashlib.sha256(TENSORS).hexdigest(), "size": len(TENSORS), "created": "2026", **changes})
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is not a policy"),
        (b"PK\x05\x06" + bytes(18), "other files"),
        (make_zip([("policy.json", encoded_card())]), "other files"),
        (make_zip([("policy.json", encoded_card()), ("policy.safetensors", TENSORS), ("x", b"")]), "other files"),
        (make_zip([("policy.json", encoded_card()), ("../policy.safetensors", TENSORS)]), "other files"),
        (
            make_zip([("policy.json", encoded_card()), ("policy.safetensors", bytes(10**7))], zipfile.ZIP_DEFLATED),
            "compressed",
        ),
        (make_zip([("policy.json", encoded_card()), ("policy.safetensors", make_tensors(1))]), "was changed"),
        (make_zip([("policy.json", encoded_card(size=10**6)), ("policy.safetensors", TENSORS)]), "cut short"),
        (make_zip([("policy.json", encoded_card(name="../up")), ("policy.safetensors", TENSORS)]), "cannot be the"),
        (
            make_zip(
                [("policy.json", encoded_card(format_version=FORMAT_VERSION + 1)), ("policy.safetensors", TENSORS)]
            ),
            "newer pgplay",
        ),
        (
            make_zip(
                [
                    ("policy.json", encoded_card(sha256=hashlib.sha256(b"no").hexdigest(), size=2)),
                    ("policy.safetensors", b"no"),
                ]
            ),
            "cannot be read",
        ),
    ],
    ids=lambda value: f"{len(value)} bytes" if isinstance(value, bytes) else None,  # a zip contains its time
)
def test_an_invalid_policy_file_is_refused(home: Path, tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "bad.pgplay").write_bytes(data)
    with pytest.raises(PgplayError, match=words):
        import_policy(tmp_path / "bad.pgplay")
    assert list_policies() == []


def without(name: str) -> bytes:
    found = load(TENSORS)
    del found[name]
    return save(found)


def with_tensor(name: str, tensor: Any) -> bytes:
    return save({**load(TENSORS), name: tensor})


WEIGHT = np.zeros((108, 36), np.float32)
INFINITE = np.full((108, 36), np.inf, np.float32)


@pytest.mark.parametrize(
    ("changes", "tensors", "words"),
    [
        ({"max_length": 0}, TENSORS, "max_length cannot be 0"),
        ({"max_length": -5}, TENSORS, "max_length cannot be -5"),
        ({"max_length": 10**9}, TENSORS, "max_length cannot be"),
        ({"model": "gru-small"}, TENSORS, "embed_tokens.weight is 6 x 36, not 6 x 128, as in a gru-small"),
        ({"model": "transformer-nano"}, TENSORS, "it lacks model.embed_tokens.weight"),
        ({"model": "gru-tiny"}, TENSORS, "no model called"),
        ({"alphabet": "abc"}, TENSORS, "embed_tokens.weight is 6 x 36, not 4 x 36"),
        ({"alphabet": "aabcd"}, TENSORS, "has a character twice"),
        ({"alphabet": "ab\x1bcd"}, TENSORS, "control character"),
        ({"alphabet": ""}, TENSORS, "alphabet is empty"),
        ({"config": {"temperature": -1}}, TENSORS, "temperature cannot be -1"),
        ({"config": {"top_p": "all"}}, TENSORS, "top_p cannot be"),
        ({"config": {"unheard": 1}}, TENSORS, "no setting called 'unheard'"),
        ({"steps": -1}, TENSORS, "steps cannot be -1"),
        ({"format_version": "1"}, TENSORS, "Expected `int`"),
        ({"format_version": True}, TENSORS, "Expected `int`"),
        ({"format_version": 0}, TENSORS, "no format 0"),
        ({"task": {"name": "none", "training": []}}, TENSORS, "has no pairs"),
        ({}, without("lm_head.bias"), "it lacks lm_head.bias"),
        ({}, with_tensor("more", WEIGHT), "unexpected more"),
        ({}, with_tensor("layers.0.weight_hh", WEIGHT.T.copy()), "layers.0.weight_hh is 36 x 108, not 108 x 36"),
        ({}, with_tensor("layers.0.weight_hh", WEIGHT.astype(np.float16)), "layers.0.weight_hh has F16"),
        ({}, with_tensor("layers.0.weight_hh", INFINITE), "a number that is not finite"),
        ({}, with_tensor("layers.0.weight_hh", INFINITE.copy() * np.float32(np.nan)), "a number that is not finite"),
    ],
)
def test_a_policy_whose_parts_do_not_fit_is_refused_in_one_line_on_import_and_on_load(
    home: Path, tmp_path: Path, changes: dict[str, Any], tensors: bytes, words: str
) -> None:
    facts = {"sha256": hashlib.sha256(tensors).hexdigest(), "size": len(tensors), "created": "2026", **changes}
    card = encode_card(make_card(**facts))
    (tmp_path / "odd.pgplay").write_bytes(make_zip([("policy.json", card), ("policy.safetensors", tensors)]))
    with pytest.raises(PgplayError) as refused:
        import_policy(tmp_path / "odd.pgplay")
    assert words in refused.value.problem
    assert "\n" not in refused.value.problem
    assert names() == []

    save_policy(make_card("odd"), TENSORS)
    (home / "policies" / "odd" / "policy.json").write_bytes(card)
    (home / "policies" / "odd" / "policy.safetensors").write_bytes(tensors)
    with pytest.raises(PgplayError) as refused:
        read_policy("odd")
    assert words in refused.value.problem
    delete_policy("odd")


def test_a_policy_that_would_not_load_is_not_saved() -> None:
    with pytest.raises(PgplayError, match="not finite"):
        save_policy(make_card(), make_tensors(0)[:-4] + struct.pack("<f", math.nan))
    assert names() == []


def test_a_missing_file_or_a_folder_is_reported(tmp_path: Path) -> None:
    for path, problem in ((tmp_path / "none.pgplay", "There is no file"), (tmp_path, "is a folder")):
        with pytest.raises(InputError, match=problem):
            import_policy(path)


@pytest.mark.exhaustive
def test_killing_a_writer_at_any_moment_leaves_an_intact_policy(home: Path) -> None:
    for told in (1, 3, 5, 21):
        command = [sys.executable, "-c", WRITER, "1", "1000000"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for line in writer.stdout:
                if int(line) == told:
                    writer.send_signal(signal.SIGKILL)
                    break
        if told > 1:  # the first save ends before the second starts
            card, tensors = load_policy("shared")
            assert tensors == make_tensors(card.steps)
            assert card.steps in (told, told - 2)
    assert names() == ["shared"]


def test_two_writers_and_a_reader_at_once_never_mix_policies() -> None:
    save_policy(make_card("shared", steps=0), make_tensors(0))
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, first, "60"], stdout=subprocess.PIPE) for first in ("1", "2")
    ]
    while any(writer.poll() is None for writer in writers):
        card, tensors = load_policy("shared")
        assert tensors == make_tensors(card.steps)
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    assert read_policy("shared").steps in (59, 60)


def test_a_full_disk_keeps_the_old_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    save_policy(make_card(), TENSORS)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(PgplayError, match=r"the disk is full \(\S+/policies/first\)\."):
            save_policy(make_card(steps=99), make_tensors(99), replace=True)
    assert read_policy("first").steps == 40
    assert policy_tensors("first") == TENSORS


def test_a_home_that_is_a_file_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PGPLAY_HOME", str(tmp_path / "file"))
    with pytest.raises(PgplayError, match="PGPLAY_HOME"):
        save_policy(make_card(), TENSORS)
    assert list_policies() == []


def test_the_library_and_the_store_need_no_torch() -> None:
    modules = "pgplay.library.archive, pgplay.library.policies, pgplay.library.policy_card, pgplay.library.consents"
    modules += ", pgplay.runs.checkpoint_files, pgplay.runs.store, pgplay.export.formats, pgplay.config.recipe"
    code = f"import sys, {modules}; print('torch' in sys.modules, 'textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False False\n"
