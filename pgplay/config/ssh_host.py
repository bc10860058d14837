"""The name of another machine as ssh reads it."""

from __future__ import annotations

import re

from pgplay.errors import InputError

_PORT = re.compile(r":([^:\]]*)$")
"""The port at the end of a URL; the colons of an address in brackets belong to it."""


def parse_host(text: str) -> str:
    """Return the host that `text` names: HOST, USER@HOST, an alias of ~/.ssh/config, or ssh://[USER@]HOST[:PORT].

    Raises InputError for what ssh or a shell would read as something else: options, blanks and control characters.
    """
    host = f"ssh:{text}" if text.startswith("//") else text
    bare = host.removeprefix("ssh://")
    user, at, machine = bare.rpartition("@")
    is_safe = host.isprintable() and not any(character.isspace() for character in host)
    if not machine or (at and not user) or not is_safe or any(part.startswith("-") for part in (bare, machine)):
        raise InputError("ssh.host", host=text)
    port = _PORT.search(bare) if bare != host else None
    if port and not (port[1].isdecimal() and 0 < int(port[1]) < 65536):
        raise InputError("ssh.port", port=port[1])
    return host
