"""The name of another machine as ssh reads it."""

from __future__ import annotations

from pgplay.errors import InputError


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
    return host
