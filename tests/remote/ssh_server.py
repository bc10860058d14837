"""A real sshd on the loopback with keys, homes and a configuration of its own: the far side of the tests."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
needs_sshd = pytest.mark.skipif(SSHD is None, reason="there is no sshd")


class Machine(NamedTuple):
    """The far side: its `home`, with pgplay's data in `data`; `config` is the near side's ssh configuration."""

    home: Path
    data: Path
    config: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def start_file(self) -> Path:
        """The file that bash reads there before each command."""
        return self.home / ".bashrc"

    def close(self) -> None:
        """End the server."""
        self.process.terminate()
        self.process.wait()


def start_machine(folder: Path, environment: Mapping[str, str] | None = None) -> Machine:
    """Start sshd for the alias `box`; its processes get the `environment` too."""
    home, data = folder / "far-home", folder / "far-data"
    home.mkdir(parents=True)
    for name in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    shutil.copy(folder / "user_key.pub", folder / "authorized_keys")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # Debian's sshd wants it; its service makes it elsewhere
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    bin_folder = Path(sys.executable).parent
    variables = {"HOME": home, "PGPLAY_HOME": data, "PATH": f"{bin_folder}:/usr/bin:/bin", **(environment or {})}
    settings = [
        "ListenAddress 127.0.0.1",
        f"Port {port}",
        f"HostKey {folder}/host_key",
        f"AuthorizedKeysFile {folder}/authorized_keys",
        "PidFile none",
        "UsePAM no",
        "StrictModes no",
        "PermitRootLogin prohibit-password",
        "PasswordAuthentication no",
        "SetEnv " + " ".join(f'"{name}={value}"' for name, value in variables.items()),
    ]
    (folder / "sshd_config").write_text("\n".join(settings) + "\n")
    host_key = (folder / "host_key.pub").read_text().split()[:2]
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {' '.join(host_key)}\n")
    config = folder / "ssh_config"
    config.write_text(
        f"Host box\n HostName 127.0.0.1\n Port {port}\n User {getpass.getuser()}\n IdentityFile {folder}/user_key\n"
        f" IdentitiesOnly yes\n UserKnownHostsFile {folder}/known_hosts\n StrictHostKeyChecking yes\n"
    )
    assert SSHD is not None
    with (folder / "sshd.log").open("wb") as log:
        process = subprocess.Popen([SSHD, "-D", "-e", "-f", folder / "sshd_config"], stderr=log)
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except ConnectionRefusedError:
            continue
    assert process.poll() is None, (folder / "sshd.log").read_text()
    return Machine(home, data, config, port, process)
