"""`pgplay runs`: the stored runs and sweeps, their histories and exports."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pgplay.cli.output import note, print_json, say, shorten
from pgplay.cli.parsing import Arguments, Parser, Verb, add_json, add_replace, add_yes, run_verb
from pgplay.cli.questions import delete_each
from pgplay.cli.resuming import to_continue, to_resume
from pgplay.cli.tables import print_facts, print_table
from pgplay.errors import InputError, coded
from pgplay.locale.catalog import Coded

if TYPE_CHECKING:
    from pgplay.runs.database_reader import DatabaseReader

_TARGET_WIDTH = 14
_HASH_WIDTH = 12
_SWEPT_WIDTH = 24


def run_runs(argv: Sequence[str]) -> int:
    """Run `pgplay runs`."""
    verbs = {
        "list": Verb("list the runs and sweeps, newest first", add_json, _list),
        "show": Verb("show a run with its settings, results, events and checkpoints; or a sweep", _add_show, _show),
        "rename": Verb("rename a run or a sweep", _add_rename, _rename),
        "note": Verb("add a note to a run or a sweep, shown in the list", _add_note, _note),
        "stop": Verb("end a run that a command from another machine trains here", _add_stop, _stop),
        "delete": Verb("delete runs with all their data, sweeps with all their runs", _add_delete, _delete),
        "export": Verb("export a run: metrics, curves, a page, or to a tracker; or a sweep", add_run_export, _export),
    }
    about = "Stored runs; those of another machine with --engine ssh:HOST."
    return run_verb("pgplay runs", about, verbs, argv, "list", goes_elsewhere=True)


def _list(arguments: Arguments) -> int:
    import msgspec

    from pgplay.experiments.sweep_list import in_no_sweep, list_sweeps
    from pgplay.runs.summaries import list_runs, what_differs

    summaries = list_runs()
    sweeps = list_sweeps(summaries)
    if arguments.json:
        names = {name: sweep.name for sweep in sweeps for name in sweep.runs}
        print_json([msgspec.to_builtins(run) | {"sweep": names.get(run.name, "")} for run in summaries])
        return 0
    if not summaries and not sweeps:
        note("There are no runs yet. Start one with pgplay train.")
        return 0
    rows: list[tuple[str, tuple[Any, ...]]] = []
    for sweep in sweeps:
        text = shorten(sweep.target, _TARGET_WIDTH)
        description = " · ".join(filter(None, (text, sweep.problem, sweep.note, sweep.size if sweep.rows else "")))
        what = [shorten(words, _SWEPT_WIDTH) for words in (sweep.algorithm, sweep.reward)]
        seeds = f"×{sweep.seeds}" if sweep.rows else ""
        rows.append((sweep.created, (sweep.name, *what, seeds, sweep.best_reward, sweep.progress, description)))
    alone = in_no_sweep(summaries, sweeps)
    for run, differs in zip(alone, what_differs(alone), strict=True):
        text = shorten(run.task or run.target, _TARGET_WIDTH)
        trainer = f"trained by {run.trainer}" if run.trainer else ""
        description = " · ".join(filter(None, (text, trainer, run.problem, run.note, differs)))
        what = [run.algorithm, run.reward]
        rows.append((run.created, (run.name, *what, run.seed, run.best_reward, run.state, description)))
    rows.sort(key=lambda row: row[0], reverse=True)
    titles = ("name", "algorithm", "reward", "seed", "best", "state", "target, note, what differs")
    print_table(titles, [cells for _, cells in rows])
    return 0


def _add_rename(parser: Parser) -> None:
    parser.add_argument("name", metavar="RUN")
    parser.add_argument("new_name", metavar="NAME")


def _rename(arguments: Arguments) -> int:
    from pgplay.experiments.sweeps import is_sweep, rename_sweep
    from pgplay.runs.labels import rename_run

    sweep = is_sweep(arguments.name)
    (rename_sweep if sweep else rename_run)(arguments.name, arguments.new_name)
    note(f"The {'sweep' if sweep else 'run'} {arguments.name} is now called {arguments.new_name}.")
    return 0


def _add_note(parser: Parser) -> None:
    parser.add_argument("name", metavar="RUN")
    parser.add_argument("text", metavar="TEXT", help="an empty text removes the note")


def _note(arguments: Arguments) -> int:
    from pgplay.experiments.sweeps import is_sweep, write_sweep_note
    from pgplay.runs.labels import write_note

    (write_sweep_note if is_sweep(arguments.name) else write_note)(arguments.name, arguments.text)
    return 0


def _add_show(parser: Parser) -> None:
    parser.add_argument("name", metavar="RUN")
    add_json(parser)


def _show(arguments: Arguments) -> int:
    from pgplay.experiments.sweeps import is_sweep

    return _show_sweep(arguments) if is_sweep(arguments.name) else _show_run(arguments)


def _show_sweep(arguments: Arguments) -> int:
    from pgplay.cli.results import print_results
    from pgplay.experiments.records import to_record
    from pgplay.experiments.sweep_view import SweepReader

    view = SweepReader(arguments.name).look()
    plan, state = view.sweep.plan, view.state
    if arguments.json:
        facts = {"name": view.sweep.name, "state": state, "created": plan.created, "note": plan.note}
        print_json({**facts, **to_record(view.summary(), plan.seeds, interrupted=view.ended < len(view.trials))})
        return 0
    ended = f"{view.ended} of {len(view.trials)}"
    print_facts({"name": view.sweep.name, "state": state, "created": plan.created, "note": plan.note, "ended": ended})
    say()
    print_results(view.summary(), plan.jobs)
    return 0


def _show_run(arguments: Arguments) -> int:
    from pgplay.config.recipe import to_command, to_recipe
    from pgplay.config.run_config import to_settings
    from pgplay.runs.database_reader import DatabaseReader
    from pgplay.runs.summaries import summary_of

    with DatabaseReader.open(arguments.name) as store:
        summary = summary_of(store.folder)
        facts: dict[str, Any] = {
            "name": store.name,
            "state": summary.state,
            "message": summary.message,
            "note": summary.note,
            "created": summary.created,
            "steps": summary.steps,
            "seconds": summary.seconds,
            "best_reward": summary.best_reward,
            "last_reward": summary.last_reward,
            "checkpoint_step": summary.checkpoint_step,
            "parent": " at step ".join(map(str, store.parent)) if store.parent is not None else None,
            "trainer": summary.trainer,
            "recipe": "" if summary.trainer else to_recipe(store.config),
            "command": "" if summary.trainer else to_command(store.config),
            "folder": str(store.folder),
        }
        settings, events, checkpoints = to_settings(store.config), store.events(), _checkpoints(store)
        scorers = [(since.step, *(since.scorer or (None, None))) for since in store.scorers()]
    if arguments.json:
        event_rows = [event._asdict() | {"detail": event.words} for event in events]
        rewards = [{"step": step, "hash": sha256, "reward": text} for step, sha256, text in scorers]
        parts = {"settings": settings, "rewards": rewards, "events": event_rows, "checkpoints": checkpoints}
        print_json({**facts, **parts})
        return 0
    print_facts(facts)
    if settings:
        say("\nSettings:")
        print_facts(settings)
    if scorers:
        say("\nRewards:")
        rows = [(step, (sha256 or "unknown")[:_HASH_WIDTH], text or "") for step, sha256, text in scorers]
        print_table(("from step", "SHA-256", "reward"), rows)
    if events:
        say("\nEvents:")
        print_table(
            ("step", "event", "detail"), [(event.step, event.kind, shorten(event.words, 80)) for event in events]
        )
    if checkpoints:
        say("\nCheckpoints (a new run from one: pgplay train --resume RUN --at STEP):")
        rows = [(row["step"], row["reward_mean"], row["greedy"]) for row in checkpoints]
        print_table(("step", "reward", "greedy completion"), rows)
    return 0


def _checkpoints(store: DatabaseReader) -> list[dict[str, Any]]:
    """Return each checkpoint with the run's mean reward and greedy completion at that step."""
    rows = []
    for step in store.checkpoints():
        step_rows = store.rows(after_step=step - 1, limit=1)
        metrics = step_rows[0][1] if step_rows and step_rows[0][0] == step else {}
        greedy = next((sample.text for sample in store.samples(step) if sample.role == "greedy"), None)
        rows.append({"step": step, "reward_mean": metrics.get("reward_mean"), "greedy": greedy})
    return rows


def _add_stop(parser: Parser) -> None:
    parser.add_argument("name", metavar="RUN")


def _stop(arguments: Arguments) -> int:
    from pgplay.experiments.sweeps import is_sweep
    from pgplay.runs.names import find_run
    from pgplay.worker.server.jobs import stop_run

    sweep = is_sweep(arguments.name)
    name = arguments.name if sweep else find_run(arguments.name).name
    stop_run(name)
    note(f"{name} is stopped, and everything is saved. To resume: {to_continue(name) if sweep else to_resume(name)}")
    return 0


def _add_delete(parser: Parser) -> None:
    parser.add_argument("names", metavar="RUN", nargs="+")
    add_yes(parser)


def _delete(arguments: Arguments) -> int:
    from pgplay.experiments.sweep_list import list_sweeps
    from pgplay.experiments.sweeps import delete_sweep, is_sweep
    from pgplay.runs.names import find_run
    from pgplay.runs.summaries import delete_run, list_runs

    sweeps = [name for name in arguments.names if is_sweep(name)]
    swept = [run for sweep in list_sweeps(list_runs()) if sweep.name in sweeps for run in sweep.runs] if sweeps else []

    def find(name: str) -> object:
        return name if name in sweeps else find_run(name)

    def delete(name: str) -> None:
        if name in sweeps:
            delete_sweep(name)
        elif name not in swept:  # else it is gone with its sweep
            delete_run(name)

    def question(names: list[str]) -> Coded:
        if sweeps:
            return coded("question.delete_sweeps", names=names, runs=len(swept))
        return coded("question.delete_runs", names=names)

    def kind(name: str) -> str:
        return "sweep" if name in sweeps else "run"

    return delete_each(kind, arguments.names, find, delete, question=question, yes=arguments.yes)


def add_run_export(parser: Parser) -> None:
    """Add the arguments of `pgplay runs export`."""
    from pgplay.export.formats import RUN_FORMATS
    from pgplay.trackers.catalogue import ABOUT_TRACKERS

    parser.add_argument("name", metavar="RUN")
    parser.add_argument("file", metavar="FILE", nargs="?", help="the file to write; default, and -: standard output")
    parser.add_argument("--format", choices=RUN_FORMATS, help="default: the ending of FILE, else csv")
    parser.add_argument(
        "--metric",
        metavar="NAME",
        action="append",
        help="a curve for svg, png and pdf; repeat for more (default: the usual ones)",
    )
    parser.add_argument("--to", metavar="TRACKER[:PLACE]", help=f"write the whole run to a tracker: {ABOUT_TRACKERS}")
    add_replace(parser)


def _export(arguments: Arguments) -> int:
    return _export_to_file(arguments) if arguments.to is None else _export_to_tracker(arguments)


def _export_to_tracker(arguments: Arguments) -> int:
    from pgplay.cli.progress import LongWait
    from pgplay.runs.database_reader import DatabaseReader
    from pgplay.trackers.catalogue import read_tracker
    from pgplay.trackers.copying import copy_run

    if arguments.file or arguments.format or arguments.metric or arguments.replace:
        raise InputError("command.to_alone")
    choice = read_tracker(arguments.to)
    wait = LongWait(f"Exporting {arguments.name}")
    with DatabaseReader.open(arguments.name) as run:
        choice.check()
        copy_run(run, choice, wait.show)
    note(f"Wrote the run {arguments.name} to {choice}. To look at it: {choice.to_look}")
    return 0


def _export_to_file(arguments: Arguments) -> int:
    from pgplay.cli.progress import LongWait
    from pgplay.experiments.sweeps import is_sweep
    from pgplay.export.formats import RUN_FORMATS, export_run
    from pgplay.files.atomic import check_destination, write_atomically
    from pgplay.paths import expand_home
    from pgplay.runs.database_reader import DatabaseReader

    if is_sweep(arguments.name):
        return _export_sweep(arguments)
    ending = Path(arguments.file or "").suffix.lstrip(".").lower()
    format = arguments.format or ending or "csv"
    if format not in RUN_FORMATS:
        raise InputError("command.no_format", file=arguments.file, endings=[f".{ending}" for ending in RUN_FORMATS])
    path = None if arguments.file in (None, "-") else expand_home(arguments.file)
    if path is not None:
        check_destination(path, arguments.replace, "advice.replace")
    if path is None and format in ("png", "pdf") and sys.stdout.isatty():
        raise InputError("command.picture_to_terminal")
    wait = LongWait(f"Exporting {arguments.name}")
    with DatabaseReader.open(arguments.name) as run:
        pieces = export_run(run, format, arguments.metric or (), wait.show)
        if path is None:
            sys.stdout.flush()
            sys.stdout.buffer.writelines(pieces)
            return 0
        write_atomically(path, pieces)
    note(f"Wrote the run {arguments.name} to {path}.")
    return 0


def _export_sweep(arguments: Arguments) -> int:
    from pgplay.experiments.files import SUMMARY_FORMATS, save_summary, summary_ending
    from pgplay.experiments.sweep_view import SweepReader
    from pgplay.files.atomic import check_destination
    from pgplay.paths import expand_home

    if arguments.file in (None, "-") or arguments.format or arguments.metric:
        endings = [f".{known}" for known in SUMMARY_FORMATS]
        raise InputError("command.sweep_to_file", name=arguments.name, endings=endings)
    path = expand_home(arguments.file)
    summary_ending(path)
    check_destination(path, arguments.replace, "advice.replace")
    save_summary(SweepReader(arguments.name).look().summary(), path)
    note(f"Wrote the sweep {arguments.name} to {path}.")
    return 0
