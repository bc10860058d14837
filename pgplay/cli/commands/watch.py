"""`pgplay watch`: the app on a run that another process trains."""

from __future__ import annotations

from collections.abc import Sequence

from pgplay.cli.parsing import Parser, add_elsewhere
from pgplay.cli.terminal import need_terminal
from pgplay.errors import InputError


def run_watch(argv: Sequence[str]) -> int:
    """Run `pgplay watch`."""
    parser = Parser(
        "pgplay watch",
        "Watch a run that another process is training; look at any of its steps, or branch from a checkpoint.",
        usage="pgplay watch [RUN]",
    )
    parser.add_argument("run", metavar="RUN", nargs="?", help="default: the newest run that is being trained")
    add_elsewhere(parser)
    arguments = parser.read(argv)
    run = arguments.run or newest_in_training()
    from pgplay.runs.names import find_run

    run = find_run(run).name
    need_terminal()
    from pgplay.app.launch import watch as open_app

    return open_app(run)


def newest_in_training() -> str:
    """Return the name of the newest run that is being trained; raises InputError where none is."""
    from pgplay.runs.summaries import list_runs

    training = [run.name for run in list_runs() if run.state == "training"]
    if not training:
        raise InputError("command.nothing_to_watch")
    return training[0]
