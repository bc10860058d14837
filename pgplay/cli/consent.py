"""The question before Python of others runs: its text with its hash, asked for once, remembered."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pgplay.cli.output import note, print_source
from pgplay.cli.parsing import Parser, confirm
from pgplay.errors import InputError

if TYPE_CHECKING:
    from pgplay.rewards.spec import RewardSpec


def add_consent(parser: Parser | argparse._ArgumentGroup) -> None:
    """Give `parser` the option --yes."""
    parser.add_argument("--yes", action="store_true", help="do not ask before running Python that came with it")


def ask(spec: RewardSpec, yes: bool) -> RewardSpec:
    """Return `spec`, allowed where its Python may run: by an earlier answer, by `yes`, or by asking now.

    The Python is shown as it was read, and that text is what runs. Raises InputError where there is nobody to ask.
    """
    from pgplay.library.consents import allow, recall

    spec = recall(spec)
    if spec.may_run:
        return spec
    note(f"The reward of {spec.origin} is Python (sha256 {spec.sha256}):")
    print_source(spec.code, sys.stderr)
    if yes:
        return spec.allowed()
    if not confirm("Run it on this machine, with your rights? It is asked once.", yes=False):
        return spec
    allow(spec.code)
    return spec.allowed()


def agree(
    specs: Iterable[RewardSpec], yes: bool, remedy: str = "Give another with --reward."
) -> tuple[RewardSpec, ...]:
    """Return `specs` with the person's consent to all of their Python; raises InputError where it is not given."""
    agreed = []
    for spec in specs:
        agreed.append(ask(spec, yes))
        if not agreed[-1].may_run:
            raise InputError(f"The reward of {spec.origin} was not allowed to run.", remedy)
    return tuple(agreed)
