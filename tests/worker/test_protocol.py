import collections.abc
import functools
import json
import typing

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgplay.config.run_config import RunConfig
from pgplay.worker.protocol.codec import ProtocolError, decode_command, decode_event, encode
from pgplay.worker.protocol.commands import AnyCommand, Quit, Write
from pgplay.worker.protocol.events import AnyEvent, Failed, Log
from tests.config.test_recipe import configs

finite = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(codec="utf-8"), max_size=20)
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | finite | texts


def messages_of(kind: type) -> st.SearchStrategy:
    """Messages of `kind` from the types of its fields."""
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{field.name: values(hints[field.name]) for field in msgspec.structs.fields(kind)})


@functools.cache
def later(kind: type) -> st.SearchStrategy:
    """Messages of `kind`, which may contain others of their own kind."""
    return st.deferred(lambda: messages_of(kind))


def values(hint: typing.Any) -> st.SearchStrategy:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is RunConfig:
        return configs()
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return later(hint)
    if isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields"):
        return st.builds(hint, **{name: values(one) for name, one in typing.get_type_hints(hint).items()})
    if origin is typing.Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return st.lists(values(arguments[0]), max_size=3).map(tuple)
        return st.tuples(*map(values, arguments))
    if origin in (dict, collections.abc.Mapping):
        return st.dictionaries(texts, values(arguments[1]), max_size=3)
    if hint is typing.Any:
        return scalars
    if hint is msgspec.UnsetType:
        return st.just(msgspec.UNSET)
    if arguments:
        return st.one_of([values(one) for one in arguments])
    numbers = {int: st.integers(-(2**53), 2**53), float: finite, bool: st.booleans()}
    return {**numbers, str: texts, bytes: st.binary(max_size=20), type(None): st.none()}[hint]


commands = st.one_of([messages_of(kind) for kind in typing.get_args(AnyCommand)])
events = st.one_of([messages_of(kind) for kind in typing.get_args(AnyEvent)])


@given(commands)
def test_a_command_survives_a_round_trip_on_one_line(command):
    line = encode(command)
    assert line.count(b"\n") == 1
    # A file of pairs among its texts is equal only to itself.
    assert msgspec.to_builtins(decode_command(line)) == msgspec.to_builtins(command)


@given(events)
def test_an_event_survives_a_round_trip_on_one_line(event):
    line = encode(event)
    assert line.count(b"\n") == 1
    assert decode_event(line) == event


def test_a_lone_surrogate_arrives_as_its_escape_wherever_it_is():
    failed = Failed("run.defect", {"reason": ["a\ud800"]}, details="b\ud800", given=("c\ud800", "", "", ()))
    told = decode_event(encode(failed))
    assert (told.values, told.details) == ({"reason": ["a\\ud800"]}, "b\\ud800")
    assert told.given[0] == "c\\ud800"
    assert decode_command(encode(Write(prompt="d\ud800"))).prompt == "d\\ud800"


@given(st.binary(max_size=60))
def test_only_garbage_is_refused(line):
    for decode in (decode_command, decode_event):
        with pytest.raises(ProtocolError):
            decode(line)


@pytest.mark.parametrize(
    "line",
    [
        {"command": "explode"},
        {"settings": {}},
        {"command": "step", "count": "three"},
        {"command": "step", "count": 1.5},
        {"command": "start"},
        {"command": "start", "settings": []},
        {"command": "write", "seed": "x"},
        {"command": "change", "settings": {"seed": 3}},
        {"command": "change", "settings": {"lr": "fast"}},
        ["command", "quit"],
        {"event": "ready"},
    ],
)
def test_unknown_tags_wrong_types_and_missing_fields_are_refused(line):
    with pytest.raises(ProtocolError) as caught:
        decode_command(json.dumps(line).encode())
    assert "protocol version" in caught.value.problem


def test_an_event_is_no_command_and_a_command_is_no_event():
    with pytest.raises(ProtocolError):
        decode_command(encode(Log(line="hello")))
    with pytest.raises(ProtocolError):
        decode_event(encode(Quit()))


def test_a_line_nested_too_deeply_is_no_message():
    line = b'{"type": "Start", "settings": {"a": ' + b"[" * 5000 + b"]" * 5000 + b"}}"
    for decode in (decode_command, decode_event):
        with pytest.raises(ProtocolError):
            decode(line)
