"""`pgplay worker`: the worker on standard input and output, for another machine to start over ssh."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from pgplay.cli.output import say
from pgplay.cli.parsing import Parser
from pgplay.config.engine import parse_engine
from pgplay.errors import InputError, PgplayError
from pgplay.worker.launcher import tell_refusal


def run_worker(argv: Sequence[str]) -> int:
    """Run `pgplay worker`."""
    parser = Parser(
        "pgplay worker",
        "A worker that speaks pgplay's protocol on standard input and output, one JSON object per line.\n"
        "--engine ssh:HOST starts it on HOST; nobody needs to start it by hand.",
    )
    help_ = "run pgplay's commands as they are sent, and report what they print; without it: train, for the app"
    parser.add_argument("--commands", action="store_true", help=help_)
    parser.add_argument("--stays", action="store_true", help="train on when the other side is gone without a word")
    help_ = "processes:N or gpus:N, to train on several processes of this machine"
    parser.add_argument("--engine", metavar="ENGINE", default="local", help=help_)
    arguments = parser.read(argv)
    say("")  # ends the line of a greeting that a shell's start file may have printed without an end
    sys.stdout.flush()
    if arguments.commands:
        from pgplay.cli.remote.service import serve

        return serve()
    try:
        engine = parse_engine(arguments.engine)
    except InputError as error:
        tell_refusal(error)
        return PgplayError.exit_status  # that of a usage error means, over there, that this is another version
    if engine.processes > 1:
        from pgplay.worker.client.client import default_command, worker_environment

        command = [*default_command(engine), *(["--stays"] if arguments.stays else [])]
        os.execve(sys.executable, command, worker_environment(engine))
    from pgplay.worker.__main__ import main

    return main(stays=arguments.stays)
