"""A worker on another machine: ssh's command, and its failures in words.

ssh reads ~/.ssh/config as always; PGPLAY_SSH_CONFIG names another file. It never asks: keys must be in place.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable

from pgplay.errors import PgplayError
from pgplay.locale.catalog import Coded
from pgplay.worker.client.client import WorkerClient
from pgplay.worker.exit_reason import coded_exit
from pgplay.worker.protocol.events import AnyEvent, Failed, Refused

SSH_CONFIG = "PGPLAY_SSH_CONFIG"
"""The variable of the environment that names a file to read in place of ~/.ssh/config."""

FAR_WORKER = ("pgplay", "worker")
FAR_COMMANDS = ("pgplay", "worker", "--commands")

_OPTIONS = (
    "BatchMode=yes",
    "ConnectTimeout=20",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=4",  # a silent machine counts as gone after a minute
)
_FAILED = 255  # ssh's own exit status, whatever went wrong
_NOT_FOUND = 127  # a shell's, for a command that it does not know
_USAGE = 2  # pgplay's, for a command that it does not know

_DIFFERENCES = {
    "protocol.other_version": "ssh.other_version",
    "protocol.other_release": "ssh.other_release",
    "protocol.no_greeting": "ssh.no_greeting",
}
"""The errors of the protocol that mean another version of pgplay, as errors of a machine."""

_FAILURES = (
    ("ssh.no_host", r"could not resolve hostname"),
    ("ssh.refused", r"connection refused"),
    ("ssh.host_changed", r"remote host identification has changed"),
    ("ssh.unknown_host", r"host key verification failed|no matching host key|no .* host key is known for"),
    ("ssh.no_key", r"permission denied \([^)]*\)|too many authentication failures"),
    ("ssh.unreachable", r"timed out|no route to host|network is unreachable|host is down"),
    ("ssh.lost", r"not responding|broken pipe|closed by remote host|connection reset|connection to \S+ closed"),
)
"""ssh's messages by what they mean, the first that fits."""


def ssh_command(host: str, words: tuple[str, ...] = FAR_WORKER) -> list[str]:
    """Return the command that runs `words` on `host`, which `parse_host` has checked."""
    config = os.environ.get(SSH_CONFIG)
    options = [part for option in _OPTIONS for part in ("-o", option)]
    return ["ssh", *(("-F", config) if config else ()), "-T", *options, "--", host, *words]


class SshClient(WorkerClient):
    """A WorkerClient whose worker is the command `words` on `host`."""

    def __init__(
        self,
        on_event: Callable[[AnyEvent], None],
        on_exit: Callable[[int, str], None],
        host: str,
        words: tuple[str, ...] = FAR_WORKER,
    ) -> None:
        super().__init__(on_event, on_exit, ssh_command(host, words))

    async def start(self) -> None:
        """Start ssh; the worker there says Ready. Raises PgplayError where there is no ssh."""
        try:
            await super().start()
        except FileNotFoundError as error:
            raise PgplayError("ssh.no_ssh") from error


def ssh_failure(host: str, code: int, tail: str, *, greeted: bool) -> PgplayError:
    """Return why the ssh process of a worker on `host` ended, from its return code and the `tail` of its log.

    `greeted`: whether the worker had begun, so that what broke is the link or the worker.
    """
    last_line = next((line.strip() for line in reversed(tail.splitlines()) if line.strip()), "")
    if code == _FAILED:
        means = next((means for means, pattern in _FAILURES if re.search(pattern, tail, re.IGNORECASE)), "ssh.failed")
        return PgplayError("ssh.lost" if greeted else means, host=host, reason=_or_status(last_line, code))
    if not greeted and code == _NOT_FOUND:
        return PgplayError("ssh.no_pgplay", host=host)
    if not greeted and code == _USAGE:
        return PgplayError("ssh.older_pgplay", host=host)
    if code < 0:
        return PgplayError("ssh.lost", host=host, reason=coded_exit(code))
    return PgplayError("ssh.ended", host=host, reason=coded_exit(code), line=last_line)


def version_failure(host: str, event: Failed | Refused) -> PgplayError | None:
    """Return, with the line that installs it, that `host` has another version of pgplay; None for another event."""
    code = _DIFFERENCES.get(event.code)
    return PgplayError(code, host=host, **event.values) if code else None


def _or_status(line: str, code: int) -> Coded:
    return ("ssh.line", {"line": line}) if line else coded_exit(code)
