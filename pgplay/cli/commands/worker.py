"""`pgplay worker`: the worker on standard input and output, for another machine to start over ssh."""

from __future__ import annotations

from collections.abc import Sequence

from pgplay.cli.parsing import Parser


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
    arguments = parser.read(argv)
    if arguments.commands:
        from pgplay.cli.remote.service import serve

        return serve()
    from pgplay.worker.__main__ import main

    return main(stays=arguments.stays)
