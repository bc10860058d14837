"""The worker's three streams: the protocol keeps standard input and output to itself."""

from __future__ import annotations

import faulthandler
import io
import os
import sys
from typing import NamedTuple


class Streams(NamedTuple):
    """The protocol's descriptors, which no child process inherits and no print reaches."""

    commands: int
    events: int


def take_streams() -> Streams:
    """Take standard input and output for the protocol; all other code gets streams that do not disturb it.

    What training code, a person's reward or a C library prints goes to standard error, which the client reads as
    the log: it is still there when this process dies of a signal. Standard input is empty from now on.
    """
    streams = Streams(os.dup(0), os.dup(1))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")
    faulthandler.enable()
    return streams


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`; raises OSError if nobody reads."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
