"""`pgplay tasks`: list the tasks, and read one of another package so that runs can train on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pgplay.cli.fetching import fetch_task
from pgplay.cli.output import print_json, say
from pgplay.cli.parsing import Arguments, Parser, Verb, add_json, add_yes, run_verb
from pgplay.cli.tables import print_table
from pgplay.errors import InputError

if TYPE_CHECKING:
    from pgplay.tasks.outside import OutsideTask

_ABOUT_TASK = "reasoning-gym:NAME or dataset:ORG/NAME, with options: ,count=500"


def run_tasks(argv: Sequence[str]) -> int:
    """Run `pgplay tasks`."""
    verbs = {
        "list": Verb("list the generators and the shipped data sets", add_json, _list),
        "show": Verb("show whether a task of another package was read, and a data set's size", _add_show, _show),
        "add": Verb("read a task of reasoning-gym or a data set, so that runs can train on it", _add_add, _add),
    }
    about = "Tasks. --task also takes a file: pairs.csv."
    return run_verb("pgplay tasks", about, verbs, argv, "list", goes_elsewhere=True)


def _list(arguments: Arguments) -> int:
    from pgplay.tasks.datasets import shipped_data_sets
    from pgplay.tasks.generators import GENERATORS

    rows: list[dict[str, Any]] = [
        {"name": name, "parameters": [*generator.parameters, "count"], "description": generator.description}
        for name, generator in GENERATORS.items()
    ]
    rows += [
        {"name": name, "parameters": [], "description": "prompts and answers that ship with pgplay"}
        for name in shipped_data_sets()
    ]
    if arguments.json:
        print_json(rows)
    else:
        shown = [(row["name"], ", ".join(row["parameters"]), row["description"]) for row in rows]
        print_table(("name", "parameters", "description"), shown)
    return 0


def _add_show(parser: Parser) -> None:
    parser.add_argument("task", metavar="TASK", help=_ABOUT_TASK)
    add_json(parser)


def _show(arguments: Arguments) -> int:
    from pgplay.tasks.outside_pairs import data_set_size

    task = _outside(arguments.task)
    is_here = task.kept.is_file()
    size = None if is_here or task.source != "dataset" or task.local is not None else data_set_size(task)
    if arguments.json:
        print_json({"name": task.name, "task": task.text, "here": is_here, "size": size})
    else:
        state = "read" if is_here else "not read yet; read it: pgplay tasks add"
        say(f"{task.text}: {state}{'' if size is None else f' ({size / 1e6:,.0f} MB on the Hub)'}")
    return 0


def _outside(task: str) -> OutsideTask:
    from pgplay.tasks.outside import outside_task

    outside = outside_task(task)
    if outside is None:
        raise InputError("outside.unknown_source", field="task", task=task)
    return outside


def _add_add(parser: Parser) -> None:
    parser.add_argument("task", metavar="TASK", help=_ABOUT_TASK)
    parser.add_argument("--local", action="store_true", help="do not use the network: fail if a download is needed")
    add_yes(parser)


def _add(arguments: Arguments) -> int:
    from pgplay.tasks.load import read_task

    _outside(arguments.task)
    if not fetch_task(arguments.task, yes=arguments.yes, local=arguments.local):
        return 1
    file = read_task(arguments.task)
    assert file is not None
    say(file.setting)
    return 0
