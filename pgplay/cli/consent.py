"""Asking before Python runs that came from elsewhere: shown with its hash, asked for once, remembered."""

from __future__ import annotations

import argparse
import sys

from pgplay.cli.output import note, print_source
from pgplay.cli.parsing import Parser, confirm
from pgplay.errors import InputError


def add_consent(parser: Parser | argparse._ArgumentGroup) -> None:
    """Give `parser` the option --yes."""
    parser.add_argument("--yes", action="store_true", help="do not ask before running Python that came with it")


def may_run(source: str, origin: str, yes: bool) -> bool:
    """Return whether the Python `source` of `origin` may run: by an earlier answer, by `yes`, or by asking now.

    Raises InputError where there is nobody to ask.
    """
    from pgplay.runs.consents import allow, digest, is_allowed

    if is_allowed(source):
        return True
    note(f"The reward of {origin} is Python (sha256 {digest(source)}):")
    print_source(source, sys.stderr)
    if yes:
        return True
    agreed = confirm("Run it on this machine, with your rights? It is asked once.", yes=False)
    if agreed:
        allow(source)
    return agreed


def require_consent(spec: str, origin: str, yes: bool) -> None:
    """Raise InputError where the reward `spec` of `origin` names a Python file that may not run."""
    from pgplay.rewards.python_reward import is_python, read_python

    if is_python(spec) and not may_run(read_python(spec).text, origin, yes):
        raise InputError(f"The reward of {origin} was not allowed to run.", "Give another with --reward.")
