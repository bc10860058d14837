"""Errors of runs on another machine, over ssh."""

from __future__ import annotations

_INSTALL = (
    "Install it there, in a clone of its repository: python -m pip install -c constraints.txt . ; ssh {host} pgplay "
    "doctor must find it."
)
_SAME_VERSION = "Install the same one there: in a clone of its repository, python -m pip install -c constraints.txt ."

SSH_ERRORS: dict[str, str] = {
    "ssh.line": "{line}",
    "ssh.waiting": (
        "pgplay on {host} has not answered yet. Ctrl-C gives up; see whether ssh {host} pgplay doctor works."
    ),
    "error.engine.not_elsewhere": "This command does not train, so {engine} is no engine for it.",
    "error.engine.not_elsewhere.remedy": "Name another machine, ssh:HOST, or leave --engine out.",
    "error.ssh.host": "{host!r} is not the name of a machine for ssh.",
    "error.ssh.host.remedy": "Write ssh:HOST, ssh:USER@HOST or ssh://USER@HOST:PORT, or an alias of ~/.ssh/config.",
    "error.ssh.port": "{port!r} is not a port.",
    "error.ssh.port.remedy": "Write a whole number from 1 to 65535, as in ssh://HOST:22.",
    "error.ssh.no_ssh": "There is no program called ssh on this machine.",
    "error.ssh.no_ssh.remedy": "Install OpenSSH's client.",
    "error.ssh.no_host": "ssh knows no machine called {host}.",
    "error.ssh.no_host.remedy": "Check the name, or give it an entry in ~/.ssh/config.",
    "error.ssh.refused": "{host} refuses the connection: no ssh server answers at its port.",
    "error.ssh.refused.remedy": "Start sshd there, or name its port: ssh://HOST:PORT, or Port in ~/.ssh/config.",
    "error.ssh.unreachable": "{host} does not answer: {reason:text}.",
    "error.ssh.unreachable.remedy": "Check the network and whether the machine is on.",
    "error.ssh.no_key": "{host} accepts none of your keys, and pgplay asks for no password.",
    "error.ssh.no_key.remedy": "Add your key there (ssh-copy-id {host}) or load it (ssh-add): ssh {host} must not ask.",
    "error.ssh.unknown_host": "ssh does not know the host key of {host} yet.",
    "error.ssh.unknown_host.remedy": "Connect once with ssh {host}, check the fingerprint and accept it.",
    "error.ssh.host_changed": "The host key of {host} is another one than ssh knows: it may be another machine.",
    "error.ssh.host_changed.remedy": "If it was reinstalled, forget the old key: ssh-keygen -R {host}.",
    "error.ssh.failed": "ssh to {host} failed: {reason:text}.",
    "error.ssh.failed.remedy": "See whether ssh {host} works by itself.",
    "error.ssh.lost": "The link to {host} broke: {reason:text}.",
    "error.ssh.lost.remedy": "Connect again when {host} is reachable.",
    "error.ssh.lost_run": "{cause:problem}",
    "error.ssh.lost_run.remedy": (
        "The run {run} trains on there. To come back: pgplay train --engine ssh:{host} --resume {run:argument}"
    ),
    "error.ssh.lost_sweep": "{cause:problem}",
    "error.ssh.lost_sweep.remedy": (
        "The sweep {run} trains on there. To come back: pgplay sweep {run:argument} --engine ssh:{host}"
    ),
    "error.ssh.lost_start": "{cause:problem}",
    "error.ssh.lost_start.remedy": "If the run had begun, it trains on there: pgplay runs --engine ssh:{host}",
    "error.ssh.ended": "pgplay on {host} ended: {reason:text}. {line}",
    "error.ssh.ended.remedy": "See whether ssh {host} pgplay doctor works.",
    "error.ssh.no_pgplay": "There is no pgplay on {host}, or not where ssh's commands look for programs.",
    "error.ssh.no_pgplay.remedy": _INSTALL,
    "error.ssh.older_pgplay": "pgplay on {host} is another version: it has no pgplay worker --commands.",
    "error.ssh.older_pgplay.remedy": _SAME_VERSION,
    "error.ssh.other_version": "pgplay on {host} speaks protocol version {version}; this one speaks version {own}.",
    "error.ssh.other_version.remedy": _SAME_VERSION,
    "error.ssh.other_release": "pgplay on {host} is version {version}; this one is {own}.",
    "error.ssh.other_release.remedy": _SAME_VERSION,
    "error.ssh.no_greeting": "pgplay on {host} is another version: it did not begin with its protocol's version.",
    "error.ssh.no_greeting.remedy": _SAME_VERSION,
    "error.ssh.there": "On {host}: {cause:problem}",
    "error.ssh.there.remedy": "{cause:remedy}",
    "error.ssh.job_died": "The command on {host} ended without an exit status: it was killed.",
    "error.ssh.job_died.remedy": "A run is kept up to its last checkpoint: pgplay runs --engine ssh:{host}",
    "error.run.no_job": "{run} is not trained by a command from another machine now.",
    "error.run.no_job.remedy": "Press Ctrl-C where it trains; pgplay runs lists the runs with their states.",
    "error.ssh.no_job": "No command from another machine trains {run} on {host} now.",
    "error.ssh.no_job.remedy": "To train on: pgplay train --engine ssh:{host} --resume {run:argument}",
    "error.ssh.no_jobs": "No command from another machine trains a run on {host} now.",
    "error.ssh.no_jobs.remedy": "Start one: pgplay train --engine ssh:{host}",
    "error.ssh.not_fetched": "The policy {name} is saved on {host}, but did not arrive here: {reason:text}",
    "error.ssh.not_fetched.remedy": "Fetch it later: pgplay policies export {name:argument} --engine ssh:{host}",
    "ssh.interrupted": "interrupted.",
    "error.ssh.damaged_file": "The file {name} arrived damaged.",
    "error.ssh.damaged_file.remedy": "Try again.",
    "error.ssh.runs_there": "The runs are stored on {host}, and the app changes no store there.",
    "error.ssh.runs_there.remedy": "Use pgplay runs rename, note or delete --engine ssh:{host}.",
    "error.ssh.policies_there": "The policies are on {host}, and the app reads no library there.",
    "error.ssh.policies_there.remedy": "Use pgplay policies --engine ssh:{host}.",
    "error.ssh.lost_in_app": "The worker on {host} is gone: {cause:problem}",
    "error.ssh.lost_in_app.remedy": (
        "If {run} was training, it trains on there. Resume takes it over; to look on: "
        "pgplay watch --engine ssh:{host} {run:argument}"
    ),
    "error.ssh.no_sweep_there": "The app trains sweeps on this machine only, and its worker is on {host}.",
    "error.ssh.no_sweep_there.remedy": "Use pgplay sweep --engine ssh:{host}, or start pgplay without --engine.",
    "error.ssh.results_there": "--out would write {file} on {host}.",
    "error.ssh.results_there.remedy": "Print the results: --json > FILE, or pgplay sweep NAME --engine ssh:{host}.",
    "ssh.saved_there": "Saved as {name} on {host}.",
    "ssh.kept_here": "The policy {name} is saved here too.",
    "ssh.not_kept_here": (
        "The policy {name} is not saved here: {cause:problem} It is on {host}: "
        "pgplay policies export {name:argument} --engine ssh:{host}"
    ),
    "error.ssh.only_files": "Over ssh a policy travels as one file, not as {format}: {name}.",
    "error.ssh.only_files.remedy": "Leave --format out, or work on the other machine.",
    "error.ssh.folder": "Over ssh a policy travels as one file, and {name} is a folder.",
    "error.ssh.folder.remedy": "Name the .pgplay file of the policy, or work on the other machine.",
    "error.ssh.file_there": "runs export would write {file} on {host}.",
    "error.ssh.file_there.remedy": (
        "Write to standard output: pgplay runs export {run:argument} --format FORMAT --engine ssh:{host} > FILE"
    ),
}
