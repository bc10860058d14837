"""`pgplay policies`: the library of saved policies."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pgplay.cli.consent import ask
from pgplay.cli.output import note, print_json, print_source, say, shorten
from pgplay.cli.parsing import Arguments, Parser, Verb, add_json, add_replace, add_yes, run_verb
from pgplay.cli.questions import delete_each
from pgplay.cli.tables import print_facts, print_table
from pgplay.errors import InputError, coded
from pgplay.locale.catalog import Coded
from pgplay.paths import expand_home

if TYPE_CHECKING:
    from pgplay.library.policy_card import PolicyCard


def run_policies(argv: Sequence[str]) -> int:
    """Run `pgplay policies`."""
    verbs = {
        "list": Verb("list the saved policies, newest first, then the shipped ones", add_json, _list),
        "show": Verb("show a policy: target, settings and results", _add_show, _show),
        "rename": Verb("rename a policy", _add_rename, _rename),
        "delete": Verb("delete policies", _add_delete, _delete),
        "export": Verb("export a policy to a file, or to a folder for transformers", add_policy_export, _export),
        "import": Verb("import a policy from such a file or folder; runs nothing in it", add_policy_import, _import),
    }
    about = "Saved policies; those of another machine with --engine ssh:HOST."
    return run_verb("pgplay policies", about, verbs, argv, "list", goes_elsewhere=True)


def _list(arguments: Arguments) -> int:
    from pgplay.library.policies import BrokenPolicy, hiding_policies, list_policies, shipped_policies

    for name in hiding_policies():
        note(f"Your own policy {name} hides the shipped one of that name; rename yours to see both.")
    saved, shipped = list_policies(), shipped_policies()
    cards = [*saved, *shipped]
    if arguments.json:
        print_json(
            [
                {"name": card.name, "problem": card.reason} if isinstance(card, BrokenPolicy) else _facts(card)
                for card in cards
            ]
        )
        return 0
    if not saved:
        note("You have no saved policies yet. Make one with pgplay train --save NAME.")
    rows: list[tuple[Any, ...]] = []
    for card in cards:
        if isinstance(card, BrokenPolicy):
            rows.append((card.name, "cannot be read", "", None, "", card.reason))
        else:
            date = "ships" if card in shipped else card.created[:10]
            date += f" on {card.host}" if card.host else ""
            rows.append((card.name, card.model, card.reward, card.reached, date, shorten(_target(card))))
    print_table(("name", "model", "reward", "reached", "date", "target"), rows)
    return 0


def _target(card: Any) -> str:
    pairs = card.task.training
    return pairs[0].target if len(pairs) == 1 and not pairs[0].prompt else f"{card.task.name}: {len(pairs)} pairs"


def _facts(card: Any) -> dict[str, Any]:
    return {
        "name": card.name,
        "target": _target(card),
        "model": card.model,
        "reward": card.reward,
        "metrics": card.metrics,
        "steps": card.steps,
        "alphabet": card.shape.alphabet,
        "max_length": card.shape.max_length,
        "recipe": card.recipe,
        "reward_source": card.reward_source,
        "created": card.created,
        "host": card.host,
        "versions": card.versions,
        "sha256": card.sha256,
        "size": card.size,
    }


def _add_show(parser: Parser) -> None:
    parser.add_argument("name", metavar="POLICY")
    add_json(parser)


def _show(arguments: Arguments) -> int:
    from pgplay.library.policies import read_policy

    facts = _facts(read_policy(arguments.name))
    if arguments.json:
        print_json(facts)
        return 0
    source, metrics, versions = (facts.pop(name) for name in ("reward_source", "metrics", "versions"))
    if not facts["host"]:
        del facts["host"]
    versions_line = ", ".join(f"{name} {version}" for name, version in versions.items())
    print_facts({**facts, "alphabet": shorten(facts["alphabet"], 80), "versions": versions_line})
    if metrics:
        say("\nMetrics at its last step:")
        print_facts(metrics)
    if source:
        say("\nIts reward is Python, which runs only with your consent:")
        print_source(source)
    return 0


def _add_rename(parser: Parser) -> None:
    parser.add_argument("name", metavar="POLICY")
    parser.add_argument("new_name", metavar="NAME")


def _rename(arguments: Arguments) -> int:
    from pgplay.library.policies import rename_policy

    rename_policy(arguments.name, arguments.new_name)
    note(f"{arguments.name} is now called {arguments.new_name}.")
    return 0


def _add_delete(parser: Parser) -> None:
    parser.add_argument("names", metavar="POLICY", nargs="+")
    add_yes(parser)


def _delete(arguments: Arguments) -> int:
    from pgplay.library.policies import delete_policy, find_policy

    def kind(name: str) -> str:
        return "policy"

    def question(names: list[str]) -> Coded:
        return coded("question.delete_policies", names=names)

    return delete_each(kind, arguments.names, find_policy, delete_policy, question=question, yes=arguments.yes)


def add_policy_export(parser: Parser) -> None:
    """Add the arguments of `pgplay policies export`."""
    parser.add_argument("name", metavar="POLICY")
    parser.add_argument(
        "file", metavar="FILE", nargs="?", default=".", help="a file or a folder (default: the current folder)"
    )
    parser.add_argument(
        "--format",
        choices=("pgplay", "peft", "hf"),
        default="pgplay",
        help="pgplay (default): one file; for a pretrained model also a folder: peft, the adapter alone, or hf, the "
        "whole model with the adapter merged",
    )
    add_replace(parser)


def _export(arguments: Arguments) -> int:
    from pgplay.library.archive import export_policy

    if arguments.file == "-":
        raise InputError("command.policy_to_output")
    if arguments.format != "pgplay":
        from pgplay.worker.session.model_folders import export_folder

        say(export_folder(arguments.name, arguments.file, arguments.format, arguments.replace))
        return 0
    remedy = "advice.replace"
    say(export_policy(arguments.name, arguments.file, overwrite=arguments.replace, remedy=remedy))
    return 0


def _imported(arguments: Arguments) -> PolicyCard:
    if expand_home(arguments.file).is_dir():
        from pgplay.worker.session.model_folders import import_folder

        return import_folder(arguments.file, arguments.name, arguments.model, overwrite=arguments.replace)
    from pgplay.library.archive import import_policy

    return import_policy(
        arguments.file,
        arguments.name,
        overwrite=arguments.replace,
        remedy="advice.name_or_replace",
    )


def add_policy_import(parser: Parser) -> None:
    """Add the arguments of `pgplay policies import`."""
    parser.add_argument("file", metavar="FILE|FOLDER", help="an exported file, or the folder of an adapter or a model")
    parser.add_argument("--name", metavar="NAME", default="", help="default: the name in the file, or the folder's")
    parser.add_argument("--model", metavar="BASE", default="", help="the base of an adapter, if it is elsewhere")
    add_replace(parser)


def _import(arguments: Arguments) -> int:
    card = _imported(arguments)
    say(card.name)
    if not card.reward_source:
        return 0
    from pgplay.library.consents import is_allowed
    from pgplay.runs.stored_rewards import policy_reward

    if is_allowed(card.reward_source):
        note("Its reward is Python, which you have already allowed to run.")
    elif not sys.stdin.isatty():
        note("Its reward is Python, which runs only with your consent. pgplay policies show prints it.")
    elif not ask(policy_reward(card), yes=False).may_run:
        note("The policy stays in the library: pgplay sample works without its reward, pgplay eval asks again.")
    return 0
