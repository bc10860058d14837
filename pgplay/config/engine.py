"""Engines: where a run is computed, such as local or processes:2. No recipe names one: it changes no result."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, get_args

from pgplay.config.ssh_host import parse_host
from pgplay.errors import InputError
from pgplay.limits import available_cores

EngineKind = Literal["local", "processes", "gpus", "ssh", "ray"]

ENGINE_KINDS: tuple[EngineKind, ...] = get_args(EngineKind)
SYNTAX = "local|processes:N[:sharded]|gpus:N[:sharded]|ssh:HOST"
"""What trains one run."""
SYNTAX_FOR_MANY = "local|ray|ray:ADDRESS|ssh:HOST"
"""What trains many runs at once."""
_SHARDED = ":sharded"
ENGINE = "PGPLAY_ENGINE"
"""The variable of the environment that names the engine to each of its processes."""


class Engine(NamedTuple):
    """One process of this machine, or several `processes` that share each step: on its CPU cores or on its GPUs.

    always_shard: each process has a part of a pretrained model, also where the whole would fit.

    Or the machine called `host`, over ssh; `there` is its own engine, empty for one process. Or the Ray cluster at
    `address`, for many runs; an empty one means a Ray that is started on this machine for them.
    """

    kind: EngineKind = "local"
    processes: int = 1
    host: str = ""
    there: str = ""
    address: str = ""
    always_shard: bool = False

    def __str__(self) -> str:
        if self.kind in ("processes", "gpus"):
            return f"{self.kind}:{self.processes}{_SHARDED if self.always_shard else ''}"
        return ":".join(filter(None, (self.kind, self.host, self.there, self.address)))

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of its processes from the `given` one: their engine, and equal shares of the cores.

        torchrun would set one thread without saying so.
        """
        threads = max(1, available_cores() // self.processes)
        return {"OMP_NUM_THREADS": str(threads), **given, "PYTHONUTF8": "1", ENGINE: str(self)}


LOCAL = Engine()
_HOST = re.compile(r"(.*?)(?::((?:processes|gpus):\d+(?::sharded)?))?", re.DOTALL)
"""A host, and its own engine."""
_RAY_ADDRESS = re.compile(r"auto|(?:ray://)?(?:[\w.-]+|\[[\da-fA-F:]+\]):(\d{1,5})", re.ASCII)
"""A Ray that runs on this machine, or the host and the port of a cluster."""


def parse_engine(text: str) -> Engine:
    """Return the engine that `text` names; raises InputError, also for more processes than pgplay may use cores."""
    word, _, number = text.strip().partition(":")
    kind = next((kind for kind in ENGINE_KINDS if kind == word), None)
    if kind is None or (kind == "local" and number):
        raise InputError("engine.unknown", engine=text, syntax=SYNTAX)
    if kind == "local":
        return LOCAL
    if kind == "ssh":
        host, there = _HOST.fullmatch(number).groups("")  # type: ignore[union-attr]  # it fits any text
        return Engine(kind, host=parse_host(host), there=there)
    if kind == "ray":
        address = _RAY_ADDRESS.fullmatch(number)
        if number and (address is None or int(address[1] or 0) > 65535):
            raise InputError("ray.address", address=number)
        return Engine(kind, address=number)
    count = number.removesuffix(_SHARDED)
    if ":" in count:
        raise InputError("engine.unknown", engine=text, syntax=SYNTAX)
    if not count.isascii() or not count.isdecimal() or int(count) < 1:
        raise InputError("engine.count", engine=text, kind=kind)
    engine, cores = Engine(kind, int(count), always_shard=count != number), available_cores()
    if kind == "processes" and engine.processes > cores:
        raise InputError("engine.cores", count=engine.processes, cores=cores)
    return engine


def parse_engine_of_one(text: str) -> Engine:
    """Return the engine that `text` names for one run; raises InputError as `parse_engine` does, and for Ray."""
    engine = parse_engine(text)
    if engine.kind == "ray":
        raise InputError("engine.for_many", engine=text)
    return engine


def parse_engine_of_many(text: str) -> Engine:
    """Return the engine that `text` names for many runs: local or Ray; raises InputError for any other."""
    engine = parse_engine(text)
    if engine.kind not in ("local", "ray"):
        raise InputError("engine.for_one", engine=text)
    return engine


def split_engine(words: Sequence[str]) -> tuple[Engine, list[str]]:
    """Return the engine that the words of a command name with --engine, local if none, and the other words."""
    rest = list(words)
    for number, word in enumerate(rest):
        if word == "--":
            break
        name, equals, value = word.partition("=")
        if name == "--engine":
            if not equals and number + 1 == len(rest):
                raise InputError("command.option_needs_value", name=name)
            del rest[number : number + (1 if equals else 2)]
            return parse_engine(value if equals else words[number + 1]), rest
    return LOCAL, rest
