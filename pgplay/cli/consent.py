"""Consent to run Python written by others: shown with its hash, asked for once, remembered."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pgplay.cli.output import note, print_source
from pgplay.cli.parsing import Parser
from pgplay.cli.questions import confirm
from pgplay.errors import InputError
from pgplay.locale.catalog import text_of

if TYPE_CHECKING:
    from pgplay.rewards.spec import RewardSpec


def add_consent(parser: Parser | argparse._ArgumentGroup) -> None:
    """Add the option --yes."""
    parser.add_argument("--yes", action="store_true", help="run Python rewards written by others without asking")


def ask(spec: RewardSpec, yes: bool) -> RewardSpec:
    """Return `spec`, allowed if its Python may run: by an earlier answer, by `yes`, or by asking now.

    Exactly the text that is shown is what runs. Raises InputError if there is no terminal to ask on.
    """
    from pgplay.library.consents import allow, recall

    spec = recall(spec)
    if spec.may_run:
        return spec
    assert spec.origin is not None, "a person's own Python may run"
    note(f"The reward of {text_of(*spec.origin.text)} is Python (sha256 {spec.sha256}):")
    print_source(spec.code, sys.stderr)
    if yes:
        return spec.allowed()
    if not confirm(("question.run_python", {}), yes=False):
        return spec
    allow(spec.code)
    return spec.allowed()


def agree(
    specs: Iterable[RewardSpec], yes: bool, remedy: str = "advice.give_reward"
) -> tuple[RewardSpec, ...]:
    """Return `specs`, allowed, once the person consents to all their Python; raises InputError if refused."""
    agreed = []
    for spec in specs:
        agreed.append(ask(spec, yes))
        if spec.origin is not None and not agreed[-1].may_run:
            raise InputError("command.reward_not_allowed", origin=spec.origin.text, advice=remedy)
    return tuple(agreed)
