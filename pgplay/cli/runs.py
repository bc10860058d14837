"""`pgplay runs`: the stored runs, their histories, and exporting those."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from pgplay.cli.output import note, print_facts, print_json, print_table, shorten
from pgplay.cli.parsing import Arguments, Parser, Verb, add_json, add_yes, confirm, run_verb
from pgplay.errors import InputError, PgplayError

_FORMATS = ("csv", "jsonl")


def runs(words: Sequence[str]) -> int:
    """Run `pgplay runs`."""
    verbs = {
        "list": Verb("list the runs, newest first", add_json, _list),
        "show": Verb("show a run: its settings, how far it got, what happened", _add_show, _show),
        "delete": Verb("delete runs with all they kept", _add_delete, _delete),
        "export": Verb("write a run's metrics, one row a step", _add_export, _export),
    }
    return run_verb("pgplay runs", "Runs: every training that was started here.", verbs, words, "list")


def _list(arguments: Arguments) -> int:
    import msgspec

    from pgplay.runs.index import list_runs

    found = list_runs()
    if arguments.json:
        print_json(msgspec.to_builtins(found))
        return 0
    if not found:
        note("There are no runs yet. pgplay train makes one.")
        return 0
    print_table(
        ("name", "state", "steps", "seconds", "best", "reward", "model", "target"),
        [
            (
                run.name, run.state, run.steps, f"{run.seconds:.1f}", run.best_reward, shorten(run.reward, 24), run.model,
                shorten(run.problem or run.task or run.target),
            )
            for run in found
        ],
    )  # fmt: skip
    return 0


def _add_show(parser: Parser) -> None:
    parser.add_argument("name", metavar="RUN")
    add_json(parser)


def _show(arguments: Arguments) -> int:
    from pgplay.config import to_settings
    from pgplay.runs.recipes import to_command, to_recipe
    from pgplay.runs.store import RunStore

    with RunStore.open(arguments.name) as store:
        progress = store.progress()
        facts: dict[str, Any] = {
            "name": store.name,
            "state": store.state,
            "message": store.message,
            "created": store.created,
            "steps": progress.steps,
            "seconds": progress.seconds,
            "best_reward": progress.best_reward,
            "last_reward": progress.last_reward,
            "recipe": to_recipe(store.config),
            "command": to_command(store.config),
            "folder": str(store.folder),
        }
        settings, events = to_settings(store.config), store.events()
    if arguments.json:
        print_json({**facts, "settings": settings, "events": [event._asdict() for event in events]})
        return 0
    print_facts(facts)
    if settings:
        print("\nWhat it sets:")
        print_facts(settings)
    if events:
        print("\nWhat happened:")
        print_table(("step", "what", "detail"), events)
    return 0


def _add_delete(parser: Parser) -> None:
    parser.add_argument("names", metavar="RUN", nargs="+")
    add_yes(parser)


def _delete(arguments: Arguments) -> int:
    from pgplay.runs.index import delete_run, find_run

    for name in arguments.names:
        find_run(name)
    if not confirm(f"Delete {', '.join(arguments.names)} with all that was kept?", arguments.yes):
        return 0
    for name in arguments.names:
        delete_run(name)
        note(f"Deleted the run {name}.")
    return 0


def _add_export(parser: Parser) -> None:
    parser.add_argument("name", metavar="RUN")
    parser.add_argument("file", metavar="FILE", nargs="?", help="where to; default: standard output")
    parser.add_argument("--format", choices=_FORMATS, help="default: what FILE ends in, else csv")


def _export(arguments: Arguments) -> int:
    from pgplay.runs.store import RunStore

    with RunStore.open(arguments.name) as store:
        rows = store.rows()
    ending = Path(arguments.file or "").suffix.lstrip(".")
    chosen = arguments.format or (ending if ending in _FORMATS else "")
    if ending and not chosen:
        raise InputError(f"{arguments.file} ends in neither .csv nor .jsonl.", "Say which with --format.")
    write = _write_jsonl if chosen == "jsonl" else _write_csv
    if arguments.file is None:
        write(rows, sys.stdout)
        return 0
    try:
        with Path(arguments.file).open("x", encoding="utf-8", newline="") as file:
            write(rows, file)
    except FileExistsError as error:
        raise InputError(f"There is already a file {arguments.file}.", "Name another one, or remove it.") from error
    except OSError as error:
        raise PgplayError(f"{arguments.file} cannot be written: {error.strerror}.") from error
    note(f"Wrote {len(rows)} steps to {arguments.file}.")
    return 0


def _write_csv(rows: Sequence[tuple[int, dict[str, float]]], file: TextIO) -> None:
    names = list(dict.fromkeys(name for _, metrics in rows for name in metrics))
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["step", *names])
    writer.writerows([step, *(metrics.get(name, "") for name in names)] for step, metrics in rows)


def _write_jsonl(rows: Sequence[tuple[int, dict[str, float]]], file: TextIO) -> None:
    for step, metrics in rows:
        file.write(json.dumps({"step": step, **metrics}, allow_nan=False) + "\n")
